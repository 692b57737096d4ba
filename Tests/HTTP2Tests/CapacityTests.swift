import Glibc
import Sockets
import Testing

@testable import HTTP2

/// Caps of connections, the end of descriptors, fairness, and slow clients, over real sockets.
@Suite struct CapacityTests {
    @Test(arguments: [1, 2]) func `An address has at most its share of connections, over all loops`(
        loops: Int
    ) throws {
        var limits = ServerLimits()
        limits.connectionsPerAddressMax = 3
        let fixture = try ServerFixture(loops: loops, limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let clients = try (0..<3).map { _ in try fixture.connect() }
        for client in clients { #expect(try client.request(ClientRequest("GET", "/peer")).status == 200) }
        let refused = try fixture.connect()
        #expect(refused.waitForEnd(timeoutMilliseconds: 10_000))
        fixture.wait { $0[.address] == 1 && $0.connectionsRefused == 1 }
        clients[0].close()
        fixture.wait { $0.connectionsOpen == 2 }
        #expect(try fixture.connect().request(ClientRequest("GET", "/peer")).status == 200)
    }

    @Test func `A server has at most so many connections in total`() throws {
        var limits = ServerLimits()
        limits.connectionsMax = 2
        let fixture = try ServerFixture(loops: 2, limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let clients = try (0..<2).map { _ in try fixture.connect() }
        for client in clients { #expect(try client.request(ClientRequest("GET", "/peer")).status == 200) }
        #expect(try fixture.connect().waitForEnd(timeoutMilliseconds: 10_000))
        fixture.wait { $0[ConnectionRefusal.full] == 1 }
    }

    @Test func `A process without a descriptor left refuses, and goes on when there is one`() async throws {
        await #expect(processExitsWith: .success) {
            let fixture = try ServerFixture { _ in EchoService() }
            let first = try fixture.connect()
            #expect(try first.request(ClientRequest("GET", "/peer")).status == 200)
            // From here there are twenty descriptors for both sides of each connection.
            let probe = try FileDescriptor(owning: unsafe open("/dev/null", O_RDONLY | O_CLOEXEC), from: "open")
            var limit = rlimit(rlim_cur: rlim_t(probe.rawValue) + 20, rlim_max: 4_096)
            try #require(unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            _ = consume probe

            var clients: [ClientConnection] = []
            while fixture.server.counters[.descriptors] == 0, clients.count < 20 {
                // The client's own socket may be the one that is not to be had.
                guard let client = try? fixture.connect() else {
                    clients.removeLast().close()
                    continue
                }
                clients.append(client)
                _ = client.waitForEnd(timeoutMilliseconds: 50)
            }
            #expect(fixture.server.counters[.descriptors] > 0)
            #expect(try first.request(ClientRequest("GET", "/peer")).status == 200, "who is in, is served")
            for client in clients { client.close() }
            fixture.wait { $0.connectionsOpen == 1 }
            #expect(try fixture.connect().request(ClientRequest("GET", "/peer")).status == 200)
            fixture.stop()
        }
    }

    @Test func `A client that sends without a pause does not keep others waiting`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let greedy = try fixture.connect(overTLS: true)
        let body = [UInt8](repeating: 1, count: 30_000)
        let modest = try fixture.connect()
        for _ in 0..<100 {
            for _ in 0..<20 { try greedy.queue(ClientRequest("POST", "/", body: body)) }
            _ = greedy.receive(timeoutMilliseconds: 0)
            let before = fixture.server.counters.requests
            #expect(try modest.request(ClientRequest("GET", "/peer")).status == 200)
            // Far fewer than the greedy one has sent were heard first.
            #expect(fixture.server.counters.requests - before < 2_000)
        }
    }

    @Test func `A client that dribbles a body is cut off`() throws {
        var limits = ServerLimits()
        limits.requestMilliseconds = 500
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let slow = try fixture.transport()
        try slow.send(Frames.preface + Frames.settings + Frames.post())
        let reset = try dribble(Frames.data([1], flags: 0), through: slow)
        #expect(reset?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
        fixture.wait { $0.streamsReset == 1 && $0.bodyBytesKept == 0 }
    }

    @Test func `A client that takes an answer byte by byte is cut off`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 500
        let fixture = try ServerFixture(limits: limits) { _ in ConformanceService() }
        defer { fixture.stop() }
        let slow = try fixture.transport()
        try slow.send(Frames.preface + Frames.settings((4, 1)) + Frames.headers())
        let reset = try dribble(Frames.windowUpdate(1, 1), through: slow)
        #expect(reset?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
        fixture.wait { $0.streamsReset == 1 }
    }

    /// Sends a little every 50 ms until the stream is reset.
    private func dribble(_ bytes: [UInt8], through transport: ClientTransport) throws -> ReceivedFrame? {
        let deadline = MonotonicClock.milliseconds() + 20_000
        var input: [UInt8] = []
        while MonotonicClock.milliseconds() < deadline {
            try transport.send(bytes)
            usleep(50_000)
            if case .bytes(let more) = try transport.receive(deadline: MonotonicClock.milliseconds()) {
                input += more
            }
            while let frame = ReceivedFrame.first(in: &input) { if frame.type == 3 { return frame } }
        }
        return nil
    }

    @Test(
        arguments: [
            ("says nothing", [], .slowHandshake),
            ("stops in the preface", Array(Frames.preface.prefix(10)), .slowHandshake),
            ("stops before its settings", Frames.preface, .slowHandshake),
            ("asks for nothing", Frames.preface + Frames.settings, .idle),
            (
                "stops in a header block", Frames.preface + Frames.settings + Frames.headers(flags: Frames.endStream),
                .slowRequest
            ),
            ("stops in a frame", Frames.preface + Frames.settings + Frames.headers().dropLast(3), .slowRequest),
        ] as [(String, [UInt8], SessionEnd)]
    )
    func `A client that stops is cut off for the right reason`(name: String, bytes: [UInt8], end: SessionEnd) throws {
        var limits = ServerLimits()
        limits.handshakeMilliseconds = 1
        limits.idleMilliseconds = 1
        limits.headerMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.transport()
        try client.send(bytes)
        fixture.wait { $0[end] == 1 && $0.connectionsOpen == 0 }
    }
}
