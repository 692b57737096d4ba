// RFC 9113: messages (section 8); RFC 7541.
extension Conformance {
    private static let protocolError = Expectation.connectionError([.protocolError])
    private static let test = FieldBlocks.literal(("x-test", "ok"))
    private static let authority = Array(FieldBlocks.get[3...])
    private static let method: [UInt8] = [0x82]
    private static let scheme: [UInt8] = [0x86]
    private static let path: [UInt8] = [0x84]
    private static let oneByte = FieldBlocks.literal(("content-length", "1"))

    /// `x-test` with a value in Huffman's code, as it is.
    private static func coded(_ bytes: [UInt8]) -> [UInt8] {
        [0x00] + FieldBlocks.huffman("x-test") + [0x80 | UInt8(bytes.count)] + bytes
    }

    static let messages: [ConformanceCase] = [
        .init(
            .http2,
            "8.1",
            1,
            "Sends a second HEADERS frame without the END_STREAM flag",
            Frames.post() + Frames.data(flags: 0) + Frames.headers(test, flags: Frames.endHeaders),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2",
            1,
            "Sends a HEADERS frame that contains the header field name in uppercase letters",
            Frames.headers(FieldBlocks.get + FieldBlocks.literal(("X-TEST", "ok"))),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.1",
            1,
            "Sends a HEADERS frame that contains a unknown pseudo-header field",
            Frames.headers(FieldBlocks.get + FieldBlocks.literal((":test", "ok"))),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.1",
            2,
            "Sends a HEADERS frame that contains the pseudo-header field defined for response",
            Frames.headers(FieldBlocks.get + FieldBlocks.literal((":status", "200"))),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.1",
            3,
            "Sends a HEADERS frame that contains a pseudo-header field as trailers",
            Frames.post() + Frames.data(flags: 0)
                + Frames.headers(FieldBlocks.literal((":method", "POST")), flags: Frames.endHeaders),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.1",
            4,
            "Sends a HEADERS frame that contains a pseudo-header field that "
                + "appears in a header block after a regular header field",
            Frames.headers(test + FieldBlocks.get),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.2",
            1,
            "Sends a HEADERS frame that contains the connection-specific header field",
            Frames.headers(FieldBlocks.get + FieldBlocks.literal(("connection", "keep-alive"))),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.2",
            2,
            "Sends a HEADERS frame that contains the TE header field with any value other than \"trailers\"",
            Frames.headers(FieldBlocks.get + FieldBlocks.literal(("trailers", "test"), ("te", "trailers, deflate"))),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            1,
            "Sends a HEADERS frame with empty \":path\" pseudo-header field",
            Frames.headers(method + scheme + FieldBlocks.literal((":path", "")) + authority),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            2,
            "Sends a HEADERS frame that omits \":method\" pseudo-header field",
            Frames.headers(path + authority),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            3,
            "Sends a HEADERS frame that omits \":scheme\" pseudo-header field",
            Frames.headers(method + path + authority),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            4,
            "Sends a HEADERS frame that omits \":path\" pseudo-header field",
            Frames.headers(method + scheme + authority),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            5,
            "Sends a HEADERS frame with duplicated \":method\" pseudo-header field",
            Frames.headers(FieldBlocks.get + method),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            6,
            "Sends a HEADERS frame with duplicated \":scheme\" pseudo-header field",
            Frames.headers(FieldBlocks.get + scheme),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.3",
            7,
            "Sends a HEADERS frame with duplicated \":path\" pseudo-header field",
            Frames.headers(FieldBlocks.get + path),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.6",
            1,
            "Sends a HEADERS frame with the \"content-length\" header field which "
                + "does not equal the DATA frame payload length",
            Frames.post(oneByte) + Frames.data(),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.1.2.6",
            2,
            "Sends a HEADERS frame with the \"content-length\" header field which "
                + "does not equal the sum of the multiple DATA frames payload length",
            Frames.post(oneByte) + Frames.data(flags: 0) + Frames.data(),
            .streamError([.protocolError])
        ),
        .init(
            .http2,
            "8.2",
            1,
            "Sends a PUSH_PROMISE frame",
            Frames.frame(type: 5, flags: Frames.endHeaders, stream: 1, Frames.bigEndian(3) + FieldBlocks.get),
            protocolError
        ),
    ]

    static let hpack: [ConformanceCase] = [
        .init(
            .hpack,
            "2.3.3",
            1,
            "Sends a indexed header field representation with invalid index",
            Frames.headers(FieldBlocks.get + [0xC6]),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "2.3.3",
            2,
            "Sends a literal header field representation with invalid index",
            Frames.headers(FieldBlocks.get + [0x7F, 7, 0]),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "4.2",
            1,
            "Sends a dynamic table size update at the end of header block",
            Frames.headers(FieldBlocks.get + [0x21]),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "5.2",
            1,
            "Sends a Huffman-encoded string literal representation with padding longer than 7 bits",
            Frames.headers(FieldBlocks.get + coded([0x49, 0x50, 0x9F, 0xFF])),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "5.2",
            2,
            "Sends a Huffman-encoded string literal representation padded by zero",
            Frames.headers(FieldBlocks.get + coded([0x49, 0x50, 0x90])),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "5.2",
            3,
            "Sends a Huffman-encoded string literal representation containing the EOS symbol",
            Frames.headers(FieldBlocks.get + coded([0x49, 0x51, 0xFF, 0xFF, 0xFF, 0xFA, 0x7F])),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "6.1",
            1,
            "Sends a indexed header field representation with index 0",
            Frames.headers(FieldBlocks.get + [0x80]),
            .connectionError([.compression])
        ),
        .init(
            .hpack,
            "6.3",
            1,
            "Sends a dynamic table size update larger than the value of SETTINGS_HEADER_TABLE_SIZE",
            Frames.headers([0x3F, 0xE2, 0x1F] + FieldBlocks.get),
            .connectionError([.compression])
        ),
    ]
}
