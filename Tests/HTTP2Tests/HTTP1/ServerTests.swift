import Sockets
import TLS
import Testing

@testable import HTTP2

/// HTTP/1 over real sockets, beside HTTP/2 on the same ports.
@Suite struct HTTP1ServerTests {
    private static let get = "GET /a?b HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let post = "POST /v1/offers HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"

    @Test(arguments: [false, true]) func `The service hears what it hears over HTTP2`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        let answer = try fixture.ask(
            """
            POST /v1/offers HTTP/1.1\r\nHost: x:1\r\nAuthorization: Bearer k\r\nIDEMPOTENCY-KEY: 7\r
            content-type: application/json\r\ncontent-length: 5\r\naccept: */*\r\ncookie: a\r\n\r\nhello
            """,
            overTLS: overTLS
        )
        #expect(answer.status == 200)
        #expect(answer["connection"] == "close")
        #expect(answer["content-length"] == "\(answer.body.utf8.count)")
        #expect(answer["date"]?.hasSuffix(" GMT") == true)
        let fields = [(name: "authorization", value: "Bearer k"), ("idempotency-key", "7"), ("accept", "*/*")]
        let client = try fixture.connect(overTLS: overTLS)
        let same = ClientRequest(
            "POST",
            "/v1/offers",
            fields: fields + [("content-type", "application/json")],
            body: Array("hello".utf8)
        )
        func lines(_ text: String) -> [Substring] {
            text.split(separator: "\n").filter { !$0.hasPrefix(":authority=") }
        }
        #expect(try lines(client.request(same).text) == lines(answer.body))
        #expect(answer.body.contains(":authority=x:1\n"))
        #expect(answer.body.contains(":scheme=\(overTLS ? "https" : "http")\n"))
    }

    @Test(arguments: [false, true]) func `Good requests are answered and bad ones refused, and all are closed`(
        overTLS: Bool
    ) throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        // What begins no request of HTTP/1 is for HTTP/2 to refuse, where the first bytes choose.
        func isHeard(_ text: String) -> Bool { overTLS || ProtocolChoice(Array(text.utf8)) == .http1 }
        for good in Heads.good where !overTLS || !good.text.lowercased().contains(" http://") {
            let answer = try fixture.ask(good.text, overTLS: overTLS)
            #expect(answer.status == 200, "\(good.text.debugDescription)")
            #expect(answer.body.isEmpty == (good.method == "HEAD"))
            if !answer.body.isEmpty { #expect(answer.body.contains(":path=\(good.path)\n")) }
        }
        for bad in Heads.bad where isHeard(bad.text) && !(overTLS && bad.refusal == .schemeDisagrees) {
            let answer = try fixture.ask(bad.text, overTLS: overTLS)
            let isOtherScheme = overTLS && answer.body.contains("scheme")
            #expect(answer.status == (isOtherScheme ? 400 : bad.refusal.status), "\(bad.text.debugDescription)")
            #expect(isOtherScheme || answer.body == "\(bad.refusal.rule)\n")
            #expect(answer["connection"] == "close")
        }
    }

    @Test(arguments: [false, true]) func `A request may come in two reads, cut anywhere`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        let bytes = Array(Self.post.utf8)
        var clients: [RawClient] = []
        for cut in 1..<bytes.count {
            let client = try fixture.connectRaw(overTLS: overTLS)
            try client.send(Array(bytes[..<cut]))
            clients.append(client)
        }
        fixture.wait { $0.bytesReceived >= UInt64(bytes.count * (bytes.count - 1) / 2) }
        for (cut, client) in zip(1..., clients) { try client.send(Array(bytes[cut...])) }
        for (cut, client) in zip(1..., clients) {
            let answer = try RawAnswer(client.readToEnd())
            #expect(answer.status == 200 && answer.body.hasSuffix("\nhello"), "cut at \(cut)")
        }
    }

    @Test(arguments: [false, true]) func `The preface of HTTP2 may come byte by byte`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw(overTLS: overTLS, protocols: ["h2"])
        let bytes = Frames.preface + Frames.settings + Frames.request("GET", "/peer", stream: 1)
        for byte in bytes { try client.send([byte]) }
        try client.read { _ in
            ReceivedFrame.all(in: client.received).contains { $0.type == 0 && $0.stream == 1 }
        }
        let types = ReceivedFrame.all(in: client.received).map(\.type)
        #expect(types.first == 4, "its settings come first")
        #expect(types.contains(1))
    }

    @Test(
        arguments: [
            ("a second request behind the first", get + get),
            ("a request in place of a body", "POST / HTTP/1.1\r\nHost: x\r\n\r\n" + get),
            ("a body longer than its length", post + "0\r\n\r\n" + get),
            (
                "a chunked request in front",
                "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get
            ),
            ("two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 33\r\n\r\n" + get),
            ("both framings", post.replacing("Host", with: "Transfer-Encoding: chunked\r\nHost") + get),
            ("HTTP/2 behind HTTP/1", get + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            ("a folded length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n 5\r\n\r\nhello" + get),
        ]
    )
    func `One connection is one request and one answer`(name: String, text: String) throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw()
        try client.send(text)
        let received = try client.readToEnd()
        #expect(received.components(of: "HTTP/1.1 ") == 1, "\(name): \(received)")
        fixture.wait { $0.connectionsOpen == 1 || $0.connectionsOpen == 0 }
        #expect(fixture.server.counters.requests <= 1)
    }

    @Test(arguments: [false, true], [false, true])
    func `A body that is too long is refused, also while the client sends it`(
        overTLS: Bool,
        endsSending: Bool
    ) throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        let length = 4 * 1_048_576
        let client = try fixture.connectRaw(overTLS: overTLS)
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(length)\r\n\r\n")
        // It does not look for an answer before all is sent; a reset would make this fail.
        let part = [UInt8](repeating: 7, count: 65_536)
        for _ in 0..<(length / part.count) { try client.send(part) }
        if endsSending { try client.endSending() }
        #expect(try RawAnswer(client.readToEnd()).status == 413)
        #expect(client.hasEnded)
    }

    @Test(arguments: [false, true]) func `A client that has ended its direction gets its answer, also a late one`(
        overTLS: Bool
    ) throws {
        let late = LateAnswers()
        let fixture = try ServerFixture { _ in LateService(late) }
        defer { fixture.stop() }
        let client = try fixture.connectRaw(overTLS: overTLS)
        try client.send(Self.get)
        try client.endSending()
        let stream = try #require(late.waitForOne())
        fixture.server.post(LateAnswer(stream: stream), to: 0)
        #expect(try RawAnswer(client.readToEnd()).body == "late")
        fixture.wait { $0.connectionsOpen == 0 }
    }

    @Test func `A client that ends in the middle of a request gets nothing`() throws {
        let fixture = try ServerFixture { _ in MirrorService() }
        defer { fixture.stop() }
        for text in ["GE", "GET / HTTP/1.1\r\nHo", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel"] {
            let client = try fixture.connectRaw()
            try client.send(text)
            try client.endSending()
            #expect(try client.readToEnd().isEmpty)
        }
        fixture.wait { $0.connectionsOpen == 0 && $0.requests == 0 }
    }

    @Test func `A large answer arrives whole`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 4 * 1_048_576
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let body = [UInt8](repeating: 0x61, count: 3 * 1_048_576)
        for overTLS in [false, true] {
            let client = try fixture.connectRaw(overTLS: overTLS)
            try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: \(body.count)\r\n\r\n")
            try client.send(body)
            #expect(try RawAnswer(client.readToEnd()).body.utf8.elementsEqual(body))
        }
    }
}

extension String {
    /// How often `part` comes.
    func components(of part: String) -> Int { ranges(of: part).count }
}
