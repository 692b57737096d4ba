import Glibc
import Sockets
import TLS
import Testing

@testable import HTTP2

/// The last word of a server reaches its client, and how long it is waited for has limits.
@Suite struct GoodbyeTests {
    private static let hello = Frames.preface + Frames.settings

    @Test(arguments: [false, true]) func `GOAWAY arrives although the client goes on sending`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw(overTLS: overTLS, protocols: ["h2"])
        // DATA on stream 0 breaks the rules; what follows is more than one read takes.
        let rest = (0..<30).flatMap { _ in Frames.frame(type: 0, stream: 1, [UInt8](repeating: 0, count: 16_000)) }
        try client.send(Self.hello + Frames.frame(type: 0, stream: 0, [1]) + rest)
        try client.readToEnd()
        #expect(client.hasEnded)
        #expect(ReceivedFrame.all(in: client.received).last?.type == 7)
        client.close()
        fixture.wait { $0[.protocolError] == 1 && $0.connectionsOpen == 0 }
    }

    @Test func `A client at fault that sends for ever is cut off`() throws {
        var limits = ServerLimits()
        limits.goodbyeBytesMax = 200_000
        limits.goodbyeMilliseconds = 3_600_000
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw()
        try client.send(Self.hello + Frames.frame(type: 0, stream: 0, [1]))
        #expect(throws: (any Error).self) {
            for _ in 0..<100_000 { try client.send(Conformance.zeros(65_536)) }
        }
        fixture.wait { $0[.protocolError] == 1 && $0.connectionsOpen == 0 }
        #expect(fixture.server.counters.bytesReceived < 400_000)
    }

    @Test func `A client that does not close after GOAWAY is closed`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw()
        try client.send(Self.hello + Frames.frame(type: 0, stream: 0, [1]))
        fixture.wait { $0[.protocolError] == 1 && $0.connectionsOpen == 0 }
        try client.readToEnd()
    }

    @Test func `After an error of TLS the alert goes out, also when frames wait`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let context = try TLSContext.client(authorityPath: fixture.certificatePath, protocols: ["h2"])
        let client = try RawClient(to: fixture.server.tls[0], tls: context)
        // A record of application data that nobody has encrypted, right behind a request.
        try client.send(Self.hello + Frames.headers(), thenInTheClear: [0x17, 3, 3, 0, 20] + Conformance.zeros(20))
        let error = #expect(throws: TLSError.self) { try client.readToEnd() }
        #expect("\(error as Any)".contains("alert"), "\(error as Any)")
        fixture.wait { $0[.tls] == 1 && $0.connectionsOpen == 0 }
    }

    @Test(arguments: [[], [2], [6, 200, 1]] as [[Int]]) func `A frame that stops anywhere has an end`(
        cuts: [Int]
    ) throws {
        let session = try Session()
        try session.exchange(Self.hello, at: 500)
        let frame = Frames.frame(type: 0x77, Conformance.zeros(1_024))
        var start = 0
        for count in cuts {
            try session.exchange(Array(frame[start..<start + count]), at: 1_000)
            start += count
        }
        // A second more for each 1,024 bytes that have come.
        let earned = UInt64(start) * 1_000 / 1_024
        #expect(!session.cutOffSlow(at: 30_999 + earned))
        #expect(session.cutOffSlow(at: 31_000 + earned) == !cuts.isEmpty)
        #expect(session.end == (cuts.isEmpty ? nil : .slowRequest))
    }

    @Test func `A frame that is complete has no such end, however it was cut`() throws {
        let session = try Session()
        for byte in Self.hello + Frames.ping() + Frames.headers() + Frames.ping() {
            try session.exchange([byte], at: 1_000)
        }
        #expect(!session.cutOffSlow(at: 10_000_000))
        #expect(session.heard().count == 1)
    }

    /// Hears requests, and answers none.
    private final class SilentService: Service {
        func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {}
    }

    @Test func `A client that goes on asking after GOAWAY notices that the server has gone`() throws {
        let fixture = try ServerFixture { _ in SilentService() }
        let client = try fixture.connect()
        try client.send(ClientRequest("GET", "/held"))
        fixture.wait { $0.requests == 1 }
        // The request that is held keeps the connection for half a second, in which new ones are refused.
        let stopper = try SharedThread(named: "stopper") { fixture.stop(timeoutMilliseconds: 500) }
        defer { stopper.join() }
        let deadline = MonotonicClock.milliseconds() + 10_000
        while !client.isClosed, MonotonicClock.milliseconds() < deadline {
            _ = try? client.queue(ClientRequest("GET", "/more"))
            _ = client.receive(timeoutMilliseconds: 20)
        }
        #expect(client.isClosed)
    }

    @Test func `A handshake that is under way when the server stops is completed, to say GOAWAY`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        let context = try TLSContext.client(authorityPath: fixture.certificatePath, protocols: ["h2"])
        let stopper = Lock<SharedThread?>(nil)
        let client = try RawClient(to: fixture.server.tls[0], tls: context) {
            // The server has its hello and waits for the rest.
            let thread = try SharedThread(named: "stopper") { fixture.stop() }
            stopper.withLock { $0 = thread }
            usleep(300_000)
        }
        defer { stopper.withLock { $0 }?.join() }
        try client.send(Self.hello + Frames.headers())
        try client.readToEnd()
        let frames = ReceivedFrame.all(in: client.received)
        #expect(frames.last?.type == 7)
        #expect(frames.last.map { ReceivedFrame.number($0.payload[0..<4]) } == 0, "nothing is carried out")
        client.close()
    }

    @Test func `A handshake that does not go on does not hold up a stop`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        let client = try fixture.connectPlain(to: fixture.server.tls[0])
        try client.send([0x16, 3, 1])
        fixture.wait { $0.bytesReceived == 3 }
        let start = MonotonicClock.milliseconds()
        fixture.stop(timeoutMilliseconds: 600_000)
        #expect(MonotonicClock.milliseconds() - start < 300_000)
        #expect(try client.readToEnd().isEmpty)
    }

    @Test(
        arguments: [
            ("GET / HTTP/1.1\r\n\r\n", .protocolError), ("GET / HTTP/3.0\r\n\r\n", .protocolError),
            ("GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", .notSupported),
            ("GET / HTTP/1.1\r\nHost: x\r\nExpect: it\r\n\r\n", .notSupported),
            ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\n", .headers),
            ("GET / HTTP/1.1\r\nHo", .slowRequest), ("", .idle),
        ] as [(String, SessionEnd)]
    )
    func `A connection of HTTP1 that is ended or refused is counted by its reason`(
        text: String,
        end: SessionEnd
    ) throws {
        var limits = ServerLimits()
        limits.http1.headMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        // Over TLS, ALPN says that it is HTTP/1 before a word is sent.
        let client = try fixture.connectRaw(overTLS: true)
        if !text.isEmpty { try client.send(text) }
        try client.readToEnd()
        client.close()
        fixture.wait { $0[end] == 1 && $0.connectionsOpen == 0 }
    }
}
