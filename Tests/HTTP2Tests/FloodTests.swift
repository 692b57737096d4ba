import Sockets
import Testing

@testable import HTTP2

/// Clients that make the server answer and do not read.
@Suite struct FloodTests {
    @Test func `A client that opens too many streams and does not read is not read any more`() throws {
        let fixture = try ServerFixture { _ in LateService(LateAnswers()) }
        defer { fixture.stop(timeoutMilliseconds: 0) }
        // Above what the kernel buffers on both sides, by far. Each stream above the limit is refused, with a frame.
        let bytesMax = 256 * 1_048_576
        let stream = try unreadStream(of: fixture)
        var sent = 0
        var id: UInt32 = 1
        sending: while sent < bytesMax {
            var bytes: [UInt8] = []
            while bytes.count < 65_536 {
                bytes += Frames.frame(type: 1, flags: Frames.endHeaders | Frames.endStream, stream: id, Self.block)
                id += 2
            }
            var start = 0
            while start < bytes.count {
                switch try stream.send(bytes.span.extracting(start..<bytes.count)) {
                case .bytes(let count): start += count
                case .wouldBlock:
                    let soon = MonotonicClock.milliseconds() + 500
                    guard try stream.wait(for: .writable, deadline: soon) else { break sending }
                }
            }
            sent += bytes.count
        }
        #expect(sent < bytesMax, "the server stops reading")
        // Others are served meanwhile.
        #expect(try fixture.connect(overTLS: true).request(ClientRequest("GET", "/now")).status == 200)
    }

    @Test func `A client that sends PING and does not read is cut off`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let stream = try unreadStream(of: fixture)
        let pings = [[UInt8]](repeating: Frames.frame(type: 6, [UInt8](repeating: 0, count: 8)), count: 4_096)
            .flatMap { $0 }
        let deadline = MonotonicClock.milliseconds() + 30_000
        #expect(throws: SystemError.self) {
            while MonotonicClock.milliseconds() < deadline {
                if try stream.send(pings.span) == .wouldBlock {
                    _ = try stream.wait(for: .writable, deadline: MonotonicClock.milliseconds() + 10)
                }
            }
        }
        fixture.wait { $0.connectionsOpen == 0 }
    }

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

    /// GET /, with fields of the static table (RFC 7541, appendix A).
    private static let block: [UInt8] = [0x82, 0x87, 0x84, 0x41, 1, UInt8(ascii: "x")]

    private func unreadStream(of fixture: ServerFixture) throws -> FileDescriptor {
        let deadline = MonotonicClock.milliseconds() + 10_000
        let socket = try FileDescriptor(connectingTo: fixture.server.cleartext[0], deadline: deadline)
        let hello = Frames.preface + Frames.settings
        #expect(try socket.send(hello.span) == .bytes(hello.count))
        return socket
    }
}
