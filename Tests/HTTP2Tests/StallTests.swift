import Sockets
import Testing

@testable import HTTP2

/// Clients that stop in the middle.
@Suite struct StallTests {
    @Test func `A client that begins a request and does not go on is cut off`() throws {
        var limits = ServerLimits()
        limits.requestStallMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let stream = try unreadStream(of: fixture)
        _ = try stream.send(Frames.request("POST", "/", stream: 1, ends: false).span)
        fixture.wait { $0.connectionsAccepted == 1 && $0.connectionsOpen == 0 }
    }

    @Test func `A client that gives no window for an answer is cut off`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let stream = try unreadStream(of: fixture)
        let noWindow = Frames.frame(type: 4, [0, 4, 0, 0, 0, 0])
        _ = try stream.send((noWindow + Frames.request("GET", "/peer", stream: 1)).span)
        fixture.wait { $0.requests == 1 && $0.connectionsOpen == 0 }
    }

    private func unreadStream(of fixture: ServerFixture) throws -> FileDescriptor {
        let deadline = MonotonicClock.milliseconds() + 10_000
        let socket = try FileDescriptor(connectingTo: fixture.server.cleartext[0], deadline: deadline)
        let hello = Frames.preface + Frames.settings
        #expect(try socket.send(hello.span) == .bytes(hello.count))
        return socket
    }
}
