// Attacks that take their time: each would hold a connection, and what it costs, for ever.
extension Attack {
    /// All of them.
    package static let slowClients = silentClients + drippingClients + slowReaders

    private static func slow(
        _ description: String,
        endedBy timers: Timer...,
        opening: [UInt8] = Frame.hello,
        reads: Bool = true,
        doors: [Door] = [.cleartext, .tls],
        next: @escaping @Sendable (UInt32) -> [UInt8] = { _ in [] }
    ) -> Attack {
        Attack(
            description,
            opening: opening,
            pace: .everySecond,
            reads: reads,
            doors: doors,
            endedBy: timers,
            next: next
        )
    }

    /// Clients that say nothing more.
    private static let silentClients = [
        slow("an idle connection", endedBy: .handshake, opening: [], doors: [.cleartext, .belowTLS]),
        slow("half a handshake", endedBy: .handshake, opening: halfHandshake, doors: [.belowTLS]),
        slow("an idle session", endedBy: .idle),
        slow("half a header block", endedBy: .headers, opening: Frame.hello + openBlock),
        slow("a body that does not come", endedBy: .request, opening: Frame.hello + endlessPost(0)),
        slow(
            "half an HTTP/1.1 head",
            endedBy: .http1Head,
            opening: http1("GET /healthz", end: nil),
            doors: [.cleartext]
        ),
    ]

    /// The first bytes of a record with a ClientHello (RFC 8446, section 5.1).
    private static let halfHandshake: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC]

    /// Clients that say a byte a second.
    private static let drippingClients = [
        slow("a slow preface", endedBy: .handshake, opening: []) { byte($0, of: Frame.hello) },
        slow("a slow frame", endedBy: .frame, opening: Frame.hello + head(of: .unknown)) { _ in [0x20] },
        slow(
            "a slow frame of a body",
            endedBy: .request,
            opening: Frame.hello + endlessPost(0) + head(of: .data)
        ) { _ in [0x20] },
        slow("a slow header block", endedBy: .headers, opening: Frame.hello + openBlock) {
            Frame.make(.continuation, stream: 1, byte($0, of: longField))
        },
        slow(
            "a slow CONTINUATION",
            endedBy: .headers,
            opening: Frame.hello + openBlock + head(of: .continuation)
        ) { byte($0, of: longField) },
        slow("a slow body", endedBy: .request, opening: Frame.hello + endlessPost(0)) { _ in
            Frame.make(.data, stream: 1, [0x20])
        },
        // Its first letters may be those of HTTP/2.
        slow("a slow HTTP/1.1 head", endedBy: .handshake, .http1Head, opening: [], doors: [.cleartext]) {
            byte($0, of: http1("GET /healthz", "X-Long: " + String(repeating: "x", count: 1_000)))
        },
        slow(
            "a slow HTTP/1.1 body",
            endedBy: .http1Body,
            opening: http1("POST /v1/offers", "Content-Length: 1000"),
            doors: [.cleartext]
        ) { _ in [0x20] },
    ]

    private static let longField = Frame.literal("x", String(repeating: "x", count: 16_000))

    /// The head of a frame of 16,384 bytes.
    private static func head(of kind: Frame.Kind) -> [UInt8] {
        Array(Frame.make(kind, stream: 1, [UInt8](repeating: 0, count: 16_384)).prefix(9))
    }

    /// Clients that take an answer slowly, or not at all.
    private static let slowReaders = [
        slow("no window", endedBy: .answer, opening: hello(window: 0) + wholeGet),
        slow("a window of a byte a second", endedBy: .answer, opening: hello(window: 0) + wholeGet) { _ in
            Frame.windowUpdate(1, 1)
        },
        // More answers than the kernel keeps for a socket. A server that has ended the connection takes no PING.
        slow(
            "nothing read",
            endedBy: .answer,
            opening: hello(window: 0x7FFF_FFFF) + Frame.windowUpdate(0, 0x7FFF_0000)
                + (0..<100).flatMap { Frame.make(.headers, .request, stream: stream($0), Frame.get) },
            reads: false
        ) { _ in ping },
    ]

    private static let wholeGet = Frame.make(.headers, .request, stream: 1, Frame.get)

    /// What a client says first that lets the server send so many bytes of each answer.
    static func hello(window: UInt32) -> [UInt8] { Frame.hello + Frame.settings((4, window)) }

    private static func byte(_ number: UInt32, of bytes: [UInt8]) -> [UInt8] {
        Int(number) < bytes.count ? [bytes[Int(number)]] : []
    }
}
