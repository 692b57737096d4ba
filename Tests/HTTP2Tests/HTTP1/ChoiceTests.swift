import Testing

@testable import HTTP2

/// What the first bytes of a connection say about its protocol.
@Suite struct ProtocolChoiceTests {
    @Test(
        arguments: [
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .http2), ("PRI ", .http2), ("PRI / HTTP/1.1\r\n", .http2),
            ("PRI", .undecided), ("P", .undecided), ("", .undecided), ("GET", .undecided), ("PURGE ", .undecided),
            ("GET ", .http1), ("GET / HTTP/1.1\r\n", .http1), ("GET\r\n", .http1), ("CONNECT x:1", .http1),
            ("GET garbage", .http1), ("PATCH ", .http1), ("PURGE /", .http1), ("get http://", .http1),
            ("M-SEARCH *", .http1),
            // h2spec 3.5/2, a handshake of TLS, SSH, SMTP, and what nobody knows.
            ("INVALID CONNECTION PREFACE\r\n\r\n", .http2), ("\u{16}\u{3}\u{1}\0", .http2),
            ("SSH-2.0-OpenSSH_9.2\r\n", .http2), ("EHLO example.com\r\n", .http2), ("\r\nGET / HTTP/1.1\r\n", .http2),
            (" GET / HTTP/1.1\r\n", .http2), ("\0\0\0", .http2), ("PRIX", .undecided), ("PURGE\t/", .http2),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF", .undecided), ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF /", .http1),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG", .http2), ("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG /", .http2),
        ] as [(String, ProtocolChoice)]
    )
    func `The first bytes choose`(text: String, choice: ProtocolChoice) {
        #expect(ProtocolChoice(Array(text.utf8)) == choice)
    }

    @Test func `Every good request is HTTP1, and its beginnings are nothing else`() {
        for good in Heads.good {
            let bytes = Array(good.text.utf8)
            #expect(ProtocolChoice(bytes) == .http1, "\(good.text)")
            for count in bytes.indices { #expect(ProtocolChoice(Array(bytes[..<count])) != .http2) }
        }
    }
}
