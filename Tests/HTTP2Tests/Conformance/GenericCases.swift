// Generic behaviour: what every server must accept.
extension Conformance {
    private static let get = Frames.headers()
    private static let openGet = Frames.headers(flags: Frames.endHeaders)
    private static let pong = Expectation.pingAck(Frames.pingPayload)

    private static func weighted(_ weight: UInt8, on dependency: UInt32 = 0) -> [UInt8] {
        Frames.priority(1, on: dependency, weight: weight) + get
    }

    static let generic: [ConformanceCase] = [
        .init(
            .generic,
            "1",
            1,
            "Sends a client connection preface",
            [.send(Frames.preface + Frames.settings), .expect(.settings)]
        ),
        .init(.generic, "2", 1, "Sends a PRIORITY frame on idle stream", Frames.priority(1) + get, .headers(1)),
        .init(
            .generic,
            "2",
            2,
            "Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
            get + Frames.windowUpdate(1, 1),
            .headers(1)
        ),
        .init(
            .generic,
            "2",
            3,
            "Sends a PRIORITY frame on half-closed (remote) stream",
            get + Frames.priority(1),
            .headers(1)
        ),
        .init(
            .generic,
            "2",
            4,
            "Sends a RST_STREAM frame on half-closed (remote) stream",
            get + Frames.reset(stream: 1) + Frames.ping(),
            pong
        ),
        .init(
            .generic,
            "2",
            5,
            "Sends a PRIORITY frame on closed stream",
            [.handshake, .send(get), .expect(.streamEnd), .send(Frames.priority(1) + Frames.ping()), .expect(pong)]
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
                + Frames.data([6] + Array("test".utf8) + zeros(6), flags: Frames.padded | Frames.endStream),
            .headers(1)
        ),
        .init(.generic, "3.2", 1, "Sends a HEADERS frame", get, .headers(1)),
        .init(
            .generic,
            "3.2",
            2,
            "Sends a HEADERS frame with padding",
            Frames.headers([6] + FieldBlocks.get + zeros(6), flags: whole | Frames.padded),
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
        .init(.generic, "3.3", 1, "Sends a PRIORITY frame with priority 1", weighted(0), .headers(1)),
        .init(.generic, "3.3", 2, "Sends a PRIORITY frame with priority 256", weighted(255), .headers(1)),
        .init(.generic, "3.3", 3, "Sends a PRIORITY frame with stream dependency", weighted(255, on: 3), .headers(1)),
        .init(
            .generic,
            "3.3",
            4,
            "Sends a PRIORITY frame with exclusive",
            weighted(255, on: 0x8000_0003),
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
            openGet + Frames.reset(stream: 1) + Frames.ping(),
            pong
        ),
        .init(.generic, "3.5", 1, "Sends a SETTINGS frame", Frames.settings((3, 100)), .settingsAck),
        .init(.generic, "3.7", 1, "Sends a PING frame", Frames.ping(), pong),
        .init(
            .generic,
            "3.8",
            1,
            "Sends a GOAWAY frame",
            Frames.goaway(0) + Frames.ping(),
            .pingAckOrClosed(Frames.pingPayload)
        ),
        .init(
            .generic,
            "3.9",
            1,
            "Sends a WINDOW_UPDATE frame with stream ID 0",
            Frames.windowUpdate(0, 1) + get,
            .headers(1)
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
            Frames.headers(flags: Frames.endStream) + Frames.continuation(FieldBlocks.literal(("x-dummy", "x"))),
            .headers(1)
        ),
        .init(
            .generic,
            "3.10",
            2,
            "Sends multiple CONTINUATION frames",
            Frames.headers(flags: Frames.endStream)
                + Frames.continuation(FieldBlocks.literal(("x-dummy0", "x")), flags: 0)
                + Frames.continuation(FieldBlocks.literal(("x-dummy1", "x"))),
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
            Frames.post() + Frames.data(flags: 0) + Frames.headers(FieldBlocks.literal(("x-test", "ok"))),
            .headers(1)
        ),
    ]

    /// The ways to write a field (RFC 7541, section 6).
    static let genericHPACK: [ConformanceCase] = {
        let names: [(String, [UInt8])] = [
            ("with incremental indexing", [0x40]), ("without indexing", [0x00]), ("never indexed", [0x10]),
        ]
        // The prefix of the name's index: six bits, else four.
        func indexedName(_ prefix: UInt8) -> [UInt8] { prefix == 0x40 ? [0x40 | 58] : [prefix | 0x0F, 58 - 15] }
        var fields: [(String, [UInt8])] = [("Sends a indexed header field representation", [0x80 | 58])]
        for (name, prefix) in names {
            let title = "Sends a literal header field \(name)"
            let coded = name == "with incremental indexing" ? "(with Huffman coding)" : "(huffman encoded)"
            let ofIndexed = name == "without indexing" ? "(with Huffman coding)" : coded
            let (plain, huffman) = (FieldBlocks.plainValue, FieldBlocks.huffman("h2spec"))
            fields += [
                ("\(title) - indexed name", indexedName(prefix[0]) + plain),
                ("\(title) - indexed name \(ofIndexed)", indexedName(prefix[0]) + huffman),
                ("\(title) - new name", prefix + FieldBlocks.string("x-test") + plain),
                ("\(title) - new name \(coded)", prefix + FieldBlocks.huffman("x-test") + huffman),
            ]
        }
        var cases = fields.enumerated().map { index, field in
            ConformanceCase(
                .generic,
                "5",
                index + 1,
                field.0,
                Frames.headers(FieldBlocks.get + field.1),
                .headers(1)
            )
        }
        let updates: [(String, [UInt8])] = [
            ("Sends a dynamic table size update", [0x20]),
            ("Sends multiple dynamic table size update", [0x20, 0x3F, 0xE1, 0x1F]),
        ]
        for (index, update) in updates.enumerated() {
            let block = Frames.headers(update.1 + FieldBlocks.get)
            cases.append(.init(.generic, "5", 14 + index, update.0, block, .headers(1)))
        }
        return cases
    }()

    static let whole = Frames.endHeaders | Frames.endStream

    static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
