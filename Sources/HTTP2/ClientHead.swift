/// The head of requests that are alike, encoded once: a generator of load then copies bytes and encodes only what
/// differs.
///
/// Nothing in it refers to the dynamic table (RFC 7541, section 2.3.2), so the same bytes are right on every connection
/// and at every time.
package struct ClientHead: Sendable {
    /// Method, scheme, authority and, if it is fixed, the path.
    private let front: [UInt8]
    /// The other fields that are always the same.
    private let back: [UInt8]

    /// Bytes that a head takes at most: a frame that every peer accepts (RFC 9113, section 4.2).
    package static let bytesMax = 16_384

    /// A head with these parts; `path` is `nil` where it differs from request to request. Names are in lower case.
    package init(
        _ method: String,
        _ path: String?,
        isTLS: Bool,
        authority: String,
        fields: [(name: String, value: String)]
    ) {
        var front: [UInt8] = []
        switch method {
        // Entries of the static table (RFC 7541, appendix A).
        case "GET": front.append(0x82)
        case "POST": front.append(0x83)
        default: Self.append(Array(method.utf8).span, nameIndex: 2, to: &front)
        }
        front.append(isTLS ? 0x87 : 0x86)
        Self.append(Array(authority.utf8).span, nameIndex: 1, to: &front)
        if let path { Self.append(Array(path.utf8).span, nameIndex: 4, to: &front) }
        self.front = front
        var back: [UInt8] = []
        for field in fields { Self.append(field.name, Array(field.value.utf8).span, to: &back) }
        self.back = back
    }

    /// Appends the whole head. `path` is for a head without a fixed one; `bodyCount` adds `content-length`.
    package func append(to block: inout [UInt8], path: [UInt8]? = nil, bodyCount: Int = 0) {
        block += front
        if let path { Self.append(path.span, nameIndex: 4, to: &block) }
        block += back
        guard bodyCount > 0 else { return }
        // The digits in place, most significant first: this runs once for every request.
        var divisor = 1
        var count: UInt8 = 1
        while bodyCount / divisor >= 10 {
            divisor *= 10
            count += 1
        }
        // Literal without indexing, name 28, `content-length`.
        block.append(0x0F)
        block.append(28 - 15)
        block.append(count)
        while divisor > 0 {
            block.append(UInt8(truncatingIfNeeded: 0x30 + bodyCount / divisor % 10))
            divisor /= 10
        }
    }

    /// Appends one more field, a literal that is never indexed (RFC 7541, section 6.2.3).
    package static func append(_ name: String, _ value: Span<UInt8>, to block: inout [UInt8]) {
        block.append(0x10)
        appendString(Array(name.utf8).span, to: &block)
        appendString(value, to: &block)
    }

    /// A literal without indexing whose name is in the static table (RFC 7541, section 6.2.2).
    private static func append(_ value: Span<UInt8>, nameIndex: UInt8, to block: inout [UInt8]) {
        block.append(nameIndex)
        appendString(value, to: &block)
    }

    /// A string without Huffman coding (RFC 7541, section 5.2).
    private static func appendString(_ bytes: Span<UInt8>, to block: inout [UInt8]) {
        if bytes.count < 127 {
            block.append(UInt8(truncatingIfNeeded: bytes.count))
        } else {
            block.append(127)
            var rest = bytes.count - 127
            while rest >= 128 {
                block.append(UInt8(truncatingIfNeeded: rest & 127 | 128))
                rest >>= 7
            }
            block.append(UInt8(truncatingIfNeeded: rest))
        }
        for index in bytes.indices { block.append(bytes[index]) }
    }
}
