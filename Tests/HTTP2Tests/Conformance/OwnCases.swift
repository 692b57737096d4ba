// What h2spec does not ask.
extension Conformance {
    private static let get = Frames.headers()
    private static let openGet = Frames.headers(flags: Frames.endHeaders)
    private static let protocolError = Expectation.connectionError([.protocolError])

    static let own: [ConformanceCase] =
        indexedNames + [
            .init(
                .own,
                "6.3",
                1,
                "PRIORITY of 4 octets on an open stream",
                openGet + Frames.frame(type: 2, stream: 1, [0x80, 0, 0, 1]),
                .streamError([.frameSize])
            ),
            .init(
                .own,
                "6.4",
                1,
                "RST_STREAM of 3 octets on an open stream",
                openGet + Frames.frame(type: 3, stream: 1, [0, 0, 0]),
                .connectionError([.frameSize])
            ),
            .init(
                .own,
                "5.3.1",
                1,
                "PRIORITY of an idle stream of the server that depends on itself",
                Frames.priority(2, on: 2),
                .streamError([.protocolError])
            ),
            .init(
                .own,
                "5.1.1",
                1,
                "HEADERS on a later stream that is half closed (remote)",
                Frames.headers(stream: 5) + Frames.headers(stream: 5),
                .streamError([.streamClosed])
            ),
            .init(
                .own,
                "5.5",
                1,
                "An unknown frame of the same stream in the middle of a header block",
                Frames.headers(flags: Frames.endStream) + Frames.frame(type: 0xFF, stream: 1, Frames.pingPayload)
                    + Frames.continuation(FieldBlocks.long(1)),
                protocolError
            ),
            .init(
                .own,
                "6.10",
                1,
                "CONTINUATION preceded by DATA on an open stream",
                Frames.post() + Frames.data(flags: 0) + Frames.continuation(FieldBlocks.long(1)),
                protocolError
            ),
            .init(
                .own,
                "8.1.2.1",
                1,
                "A pseudo-header field among the trailers that end the stream",
                Frames.post() + Frames.data(flags: 0) + Frames.headers(FieldBlocks.literal((":method", "POST"))),
                .streamError([.protocolError])
            ),
            .init(
                .own,
                "8.1.2.3",
                1,
                "A request without :method but with all else",
                Frames.headers(Array(FieldBlocks.get.dropFirst())),
                .streamError([.protocolError])
            ),
            .init(
                .own,
                "7541-6.3",
                1,
                "The dynamic table is emptied",
                Frames.headers([0x20] + FieldBlocks.get),
                .headers(1)
            ),
        ]

    /// Literals whose name is `user-agent` of the static table (RFC 7541, section 6.2): the index has a prefix of six
    /// bits, else of four.
    private static let indexedNames: [ConformanceCase] = {
        let names: [(String, [UInt8])] = [
            ("with incremental indexing", [0x40 | 58]), ("without indexing", [0x0F, 58 - 15]),
            ("never indexed", [0x1F, 58 - 15]),
        ]
        let values = [("", FieldBlocks.string("h2spec")), (" in Huffman's code", FieldBlocks.huffman("h2spec"))]
        let fields = names.flatMap { name in values.map { (name.0 + $0.0, name.1 + $0.1) } }
        return fields.enumerated().map { index, field in
            let block = Frames.headers(FieldBlocks.get + field.1)
            return .init(.own, "7541-6.2", index + 1, "An indexed name \(field.0)", block, .headers(1))
        }
    }()
}
