/// A request to send.
package struct ClientRequest: Sendable {
    /// The method, such as `POST`.
    package var method: String
    /// The path and the query.
    package var path: String
    /// Further fields; names in lower case.
    package var fields: [(name: String, value: String)]
    /// The content; empty for none.
    package var body: [UInt8]

    /// A request of these parts.
    package init(
        _ method: String,
        _ path: String,
        fields: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) {
        self.method = method
        self.path = path
        self.fields = fields
        self.body = body
    }
}

/// Names a request on its connection.
package struct RequestID: Hashable, Sendable {
    let stream: Int32
}

/// An answer that has come completely.
package struct ClientResponse: Sendable {
    /// The status.
    package var status: Int
    /// The fields, in order; names are in lower case.
    package var fields: [(name: String, value: String)]
    /// The content.
    package var body: [UInt8]

    /// The value of the first field of that name.
    package func field(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// The content as text.
    package var text: String { String(decoding: body, as: UTF8.self) }
}

/// What became of a request.
package struct ClientCompletion: Sendable {
    /// Which one.
    package let id: RequestID
    /// The answer, or why there is none.
    package let result: Result<ClientResponse, HTTP2Error>
    /// When it was sent, by ``MonotonicClock/nanoseconds()``.
    package let sentAt: UInt64
    /// When its answer was complete, by the same clock.
    package let completedAt: UInt64

    /// The time that the answer took.
    package var latencyNanoseconds: UInt64 { completedAt &- sentAt }
}
