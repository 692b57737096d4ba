// Generic behaviour: what every server must accept.
extension Conformance {
    private static let get = Frames.headers()
    private static let openGet = Frames.headers(flags: Frames.endHeaders)
    private static let ping = Frames.ping(zeros(8))
    private static let pong = Expectation.pingAck(zeros(8))
    private static let pongOrClosed = Expectation.pingAckOrClosed(zeros(8))
    /// No answer ends, as the windows of new streams are empty.
    private static let noWindow = Frames.settings((4, 0))

    /// The first five bytes of a request's header block.
    private static let beginning = Frames.headers(Array(FieldBlocks.get[..<5]), flags: Frames.endStream)

    static let generic: [ConformanceCase] = [
        .init(
            .generic,
            "1",
            1,
            "Sends a client connection preface",
            [.send(Frames.preface + Frames.settings((4, 65_535))), .expect(.settings)]
        ),
        .init(.generic, "2", 1, "Sends a PRIORITY frame on idle stream", Frames.priority(1) + ping, pong),
        .init(
            .generic,
            "2",
            2,
            "Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
            noWindow + get + Frames.windowUpdate(1, 1),
            .data(length: nil)
        ),
        .init(
            .generic,
            "2",
            3,
            "Sends a PRIORITY frame on half-closed (remote) stream",
            noWindow + get + Frames.priority(1) + Frames.windowUpdate(1, 1),
            .data(length: nil)
        ),
        .init(
            .generic,
            "2",
            4,
            "Sends a RST_STREAM frame on half-closed (remote) stream",
            get + Frames.reset(stream: 1) + ping,
            pongOrClosed
        ),
        .init(
            .generic,
            "2",
            5,
            "Sends a PRIORITY frame on closed stream",
            [.handshake, .send(get), .expect(.streamEnd), .send(Frames.priority(1) + ping), .expect(pong)]
        ),
        .init(.generic, "3.1", 1, "Sends a DATA frame", Frames.post() + Frames.data(), .headers(1)),
        .init(
            .generic,
            "3.1",
            2,
            "Sends multiple DATA frames",
            Frames.post() + Frames.data(flags: 0) + Frames.data(),
            .headers(1)
        ),
        .init(
            .generic,
            "3.1",
            3,
            "Sends a DATA frame with padding",
            Frames.post()
                + Frames.data([5] + Array("test".utf8) + zeros(5), flags: Frames.padded | Frames.endStream),
            .headers(1)
        ),
        .init(.generic, "3.2", 1, "Sends a HEADERS frame", get, .headers(1)),
        .init(
            .generic,
            "3.2",
            2,
            "Sends a HEADERS frame with padding",
            Frames.headers([8] + FieldBlocks.get + zeros(8), flags: whole | Frames.padded),
            .headers(1)
        ),
        .init(
            .generic,
            "3.2",
            3,
            "Sends a HEADERS frame with priority",
            Frames.headers([0, 0, 0, 0, 255] + FieldBlocks.get, flags: whole | Frames.priority),
            .headers(1)
        ),
        .init(
            .generic,
            "3.3",
            1,
            "Sends a PRIORITY frame with priority 1",
            Frames.priority(1, weight: 0) + get,
            .headers(1)
        ),
        .init(.generic, "3.3", 2, "Sends a PRIORITY frame with priority 256", Frames.priority(1) + get, .headers(1)),
        .init(
            .generic,
            "3.3",
            3,
            "Sends a PRIORITY frame with stream dependency",
            Frames.priority(3, on: 1, weight: 0) + get,
            .headers(1)
        ),
        .init(
            .generic,
            "3.3",
            4,
            "Sends a PRIORITY frame with exclusive",
            Frames.priority(1, on: 0x8000_0000, weight: 0) + get,
            .headers(1)
        ),
        .init(
            .generic,
            "3.3",
            5,
            "Sends a PRIORITY frame for an idle stream, then send a HEADER frame for a lower stream ID",
            Frames.priority(3) + get,
            .headers(1)
        ),
        .init(
            .generic,
            "3.4",
            1,
            "Sends a RST_STREAM frame",
            openGet + Frames.reset(stream: 1) + ping,
            pongOrClosed
        ),
        .init(
            .generic,
            "3.5",
            1,
            "Sends a SETTINGS frame",
            Frames.settings((1, 4_096), (2, 1), (3, 100), (4, 65_535), (5, 16_384), (6, 100)),
            .settingsAck
        ),
        .init(.generic, "3.7", 1, "Sends a PING frame", Frames.ping(), .pingAck(Frames.pingPayload)),
        .init(
            .generic,
            "3.8",
            1,
            "Sends a GOAWAY frame",
            Frames.goaway(0, data: Array("h2spec".utf8)) + Frames.ping(),
            .pingAckOrClosed(Frames.pingPayload)
        ),
        .init(
            .generic,
            "3.9",
            1,
            "Sends a WINDOW_UPDATE frame with stream ID 0",
            Frames.windowUpdate(0, 1) + ping,
            pong
        ),
        .init(
            .generic,
            "3.9",
            2,
            "Sends a WINDOW_UPDATE frame with stream ID 1",
            get + Frames.windowUpdate(1, 1),
            .headers(1)
        ),
        .init(
            .generic,
            "3.10",
            1,
            "Sends a CONTINUATION frame",
            beginning + Frames.continuation(Array(FieldBlocks.get[5...])),
            .headers(1)
        ),
        .init(
            .generic,
            "3.10",
            2,
            "Sends multiple CONTINUATION frames",
            beginning + Frames.continuation(Array(FieldBlocks.get[5..<10]), flags: 0)
                + Frames.continuation(Array(FieldBlocks.get[10...])),
            .headers(1)
        ),
        .init(.generic, "4", 1, "Sends a GET request", get, .headers(1)),
        .init(.generic, "4", 2, "Sends a HEAD request", Frames.headers(FieldBlocks.head), .headers(1)),
        .init(.generic, "4", 3, "Sends a POST request", Frames.post() + Frames.data(), .headers(1)),
        .init(
            .generic,
            "4",
            4,
            "Sends a POST request with trailers",
            Frames.post(FieldBlocks.literal(("trailer", "x-test"))) + Frames.data(flags: 0)
                + Frames.headers(FieldBlocks.literal(("x-test", "ok"))),
            .headers(1)
        ),
    ]

    /// The ways to write a field (RFC 7541, section 6). The titles that speak of an indexed name send the name as text;
    /// our own cases send its index.
    static let genericHPACK: [ConformanceCase] = {
        let agent = FieldBlocks.string("user-agent") + FieldBlocks.string("h2spec")
        let codedAgent = FieldBlocks.huffman("user-agent") + FieldBlocks.huffman("h2spec")
        let test = FieldBlocks.string("x-test") + FieldBlocks.string("h2spec")
        let codedTest = FieldBlocks.huffman("x-test") + FieldBlocks.huffman("h2spec")
        let incremental = "Sends a literal header field with incremental indexing"
        let without = "Sends a literal header field without indexing"
        let never = "Sends a literal header field never indexed"
        let fields: [(String, [UInt8])] = [
            ("Sends a indexed header field representation", [0x80 | 58]),
            ("\(incremental) - indexed name", [0x40] + codedAgent),
            ("\(incremental) - indexed name (with Huffman coding)", [0x40] + agent),
            ("\(incremental) - new name", [0x40] + test),
            ("\(incremental) - new name (with Huffman coding)", [0x40] + codedTest),
            ("\(without) - indexed name", [0x00] + agent),
            ("\(without) - indexed name (with Huffman coding)", [0x00] + codedAgent),
            ("\(without) - new name", [0x00] + test),
            ("\(without) - new name (huffman encoded)", [0x00] + codedTest),
            ("\(never) - indexed name", [0x10] + agent),
            ("\(never) - indexed name (huffman encoded)", [0x10] + codedAgent),
            ("\(never) - new name", [0x10] + codedTest),
            ("\(never) - new name (huffman encoded)", [0x10] + codedTest),
        ]
        // To 128 bytes; to 128, then to 4,096.
        let updates: [(String, [UInt8])] = [
            ("Sends a dynamic table size update", [0x3F, 0x61]),
            ("Sends multiple dynamic table size update", [0x3F, 0x61, 0x3F, 0xE1, 0x1F]),
        ]
        let blocks =
            fields.map { ($0.0, FieldBlocks.get + $0.1) } + updates.map { ($0.0, $0.1 + FieldBlocks.get) }
        return blocks.enumerated().map { index, block in
            ConformanceCase(.generic, "5", index + 1, block.0, Frames.headers(block.1), .headers(1))
        }
    }()

    static let whole = Frames.endHeaders | Frames.endStream

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    static func letters(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(ascii: "x"), count: count) }
}
