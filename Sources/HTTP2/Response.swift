/// An answer.
package struct Response: Sendable {
    /// A field besides `content-type` and `content-length`.
    package struct Field: Sendable {
        /// The name, in lower case.
        package var name: StaticString
        /// The value: visible ASCII and spaces inside.
        package var value: [UInt8]

        /// A field with a value of bytes.
        package init(_ name: StaticString, _ value: [UInt8]) {
            self.name = name
            self.value = value
        }

        /// A field with a value of text.
        package init(_ name: StaticString, _ value: String) {
            self.init(name, Array(value.utf8))
        }
    }

    /// 200…599.
    package var status: Int
    /// The value of `content-type`; empty for none.
    package var contentType: StaticString
    /// The content; for HEAD only its length is sent.
    package var body: [UInt8]
    /// The value of `location`, the field of every answer that tells of something new; empty for none.
    package var location: [UInt8]
    /// Further fields; none costs nothing.
    package var fields: [Field]

    /// An answer of these parts.
    package init(
        status: Int,
        contentType: StaticString = "",
        body: [UInt8] = [],
        location: [UInt8] = [],
        fields: [Field] = []
    ) {
        self.status = status
        self.contentType = contentType
        self.body = body
        self.location = location
        self.fields = fields
    }

    /// Whether the status allows content (RFC 9110, section 6.4.1).
    var mayHaveContent: Bool { status != 204 && status != 304 }
}
