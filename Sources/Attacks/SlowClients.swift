// Attacks that take their time: each would hold a connection, and what it costs, for ever.
extension Attack {
    /// All of them.
    package static let slowClients = silentClients + drippingClients + slowReaders

    /// Clients that say nothing more.
    private static let silentClients = [
        Attack("an idle connection", opening: [], pace: .everySecond, doors: [.cleartext, .belowTLS]),
        Attack("half a handshake", opening: halfHandshake, pace: .everySecond, doors: [.belowTLS]),
        Attack("an idle session", pace: .everySecond),
        Attack("half a header block", opening: Frame.hello + openBlock, pace: .everySecond),
        Attack("a body that does not come", opening: Frame.hello + endlessPost(0), pace: .everySecond),
    ]

    /// The first bytes of a record with a ClientHello (RFC 8446, section 5.1).
    private static let halfHandshake: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC]

    /// Clients that say a byte a second.
    private static let drippingClients = [
        Attack("a slow preface", opening: [], pace: .everySecond) { byte($0, of: Frame.hello) },
        Attack(
            "a slow frame",
            opening: Frame.hello + endlessPost(0) + [0x00, 0x40, 0x00, 0x00, 0x00] + Frame.bigEndian(1),
            pace: .everySecond
        ) { _ in [0x20] },
        Attack("a slow body", opening: Frame.hello + endlessPost(0), pace: .everySecond) { _ in
            Frame.make(.data, stream: 1, [0x20])
        },
        Attack("a slow HTTP/1.1 head", opening: [], pace: .everySecond, doors: [.cleartext]) {
            byte($0, of: http1("GET /healthz", "X-Long: " + String(repeating: "x", count: 1_000)))
        },
        Attack(
            "a slow HTTP/1.1 body",
            opening: http1("POST /v1/offers", "Content-Length: 1000"),
            pace: .everySecond,
            doors: [.cleartext]
        ) { _ in [0x20] },
    ]

    /// Clients that take an answer slowly, or not at all.
    private static let slowReaders = [
        Attack("no window", opening: hello(window: 0) + wholeGet, pace: .everySecond),
        Attack("a window of a byte a second", opening: hello(window: 0) + wholeGet, pace: .everySecond) { _ in
            Frame.windowUpdate(1, 1)
        },
        // More answers than the kernel keeps for a socket. A server that has ended the connection takes no PING.
        Attack(
            "nothing read",
            opening: hello(window: 0x7FFF_FFFF) + Frame.windowUpdate(0, 0x7FFF_0000)
                + (0..<100).flatMap { Frame.make(.headers, .request, stream: stream($0), Frame.get) },
            pace: .everySecond,
            reads: false
        ) { _ in ping },
    ]

    private static let wholeGet = Frame.make(.headers, .request, stream: 1, Frame.get)

    private static func hello(window: UInt32) -> [UInt8] { Frame.hello + Frame.settings((4, window)) }

    private static func byte(_ number: UInt32, of bytes: [UInt8]) -> [UInt8] {
        Int(number) < bytes.count ? [bytes[Int(number)]] : []
    }
}
