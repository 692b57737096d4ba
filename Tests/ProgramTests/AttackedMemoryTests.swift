import Attacks
import Foundation
import ProgramTesting
import Sockets
import Testing

/// What clients that send without end, and read nothing, cost the real server in memory.
@Suite(.serialized) struct AttackedMemoryTests {
    /// Frames of HTTP/2 that go on for ever.
    private struct Flood: Sendable, CustomStringConvertible {
        let description: String
        var first: [UInt8] = []
        /// What is sent on one connection, if the server lets it.
        var bytesMax = 2 << 20
        /// By how much the server may grow.
        var growthMax = AttackedMemoryTests.growthMaxKibibytes
        /// The frames with this number.
        let next: @Sendable (UInt32) -> [UInt8]
    }

    private static func stream(_ number: UInt32) -> UInt32 { Attack.stream(number) }

    private static let floods: [Flood] = [
        Flood(description: "requests") { Frame.make(.headers, .request, stream: stream($0), Frame.get) },
        Flood(description: "requests without a window", first: Frame.settings((4, 0))) {
            Frame.make(.headers, .request, stream: stream($0), Frame.get)
        },
        Flood(description: "cancelled requests") {
            Frame.make(.headers, .request, stream: stream($0), Frame.get) + Frame.cancel(stream($0))
        },
        Flood(description: "streams that the server must reset") {
            Frame.make(.headers, .endHeaders, stream: stream($0), Frame.post) + Frame.windowUpdate(stream($0), 0)
        },
        // Before the others with bodies: what the allocator keeps of them would hide it.
        Flood(
            description: "bodies whose answers are not taken",
            first: Frame.settings((4, 0)),
            bytesMax: 3_000_000,
            growthMax: 8 << 10
        ) { number in
            let id = stream(number)
            let part = [UInt8](repeating: 32, count: 16_000)
            let parts = (0..<4).flatMap { Frame.make(.data, $0 == 3 ? .endStream : [], stream: id, part) }
            return Frame.make(.headers, .endHeaders, stream: id, Frame.post) + parts
        },
        // Fewer streams than may be open, and together more than the server keeps of bodies: 128 MiB a loop.
        Flood(description: "bodies without an end", bytesMax: 6_000_000) {
            let part = Frame.make(.data, stream: stream($0), [UInt8](repeating: 32, count: 16_000))
            return Frame.make(.headers, .endHeaders, stream: stream($0), Frame.post) + part + part + part
        },
        Flood(description: "PING") { _ in Frame.make(.ping, [], [UInt8](repeating: 0, count: 8)) },
        Flood(description: "SETTINGS") { _ in Frame.settings((1, 0), (1, 4_096)) },
        Flood(description: "a header block without an end") {
            $0 == 0
                ? Frame.make(.headers, .endStream, stream: 1, Frame.get)
                : Frame.make(.continuation, stream: 1, [UInt8](repeating: 0x90, count: 16_384))
        },
        Flood(
            description: "a field of the table again and again",
            first: Frame.make(.headers, .request, stream: 1, Frame.get + bomb)
        ) {
            let again = [UInt8](repeating: Frame.indexed, count: 8_000)
            return Frame.make(.headers, .request, stream: stream($0 + 1), Frame.get + again)
        },
        Flood(description: "unknown frames") { _ in
            Frame.make(.unknown, [], [UInt8](repeating: 1, count: 16_384))
        },
    ]

    /// A field of 4,000 bytes that goes into the dynamic table.
    private static let bomb = Frame.remembered("x", String(repeating: "x", count: 4_000))

    private static let connections = 24

    /// Sends until the server takes no more for a while, ends the connection, or has had all; then how much it took.
    private func attack(_ flood: Flood, _ address: SocketAddress) throws -> SocketBox {
        let socket = try FileDescriptor(connectingTo: address, deadline: MonotonicClock.milliseconds() + 10_000)
        var bytes = Frame.hello + flood.first
        var (sent, number): (Int, UInt32) = (0, 0)
        while sent < flood.bytesMax {
            while bytes.count < 65_536 {
                bytes += flood.next(number)
                number += 1
            }
            do {
                switch try socket.send(bytes.span) {
                case .bytes(let count):
                    bytes.removeFirst(count)
                    sent += count
                case .wouldBlock:
                    let patience = MonotonicClock.milliseconds() + 200
                    if try !socket.wait(for: .writable, deadline: patience) { return SocketBox(socket, sent) }
                }
            } catch {
                // The server has ended the connection, as it should.
                return SocketBox(socket, sent)
            }
        }
        return SocketBox(socket, sent)
    }

    /// A figure of `/proc/PID/status`, in KiB.
    private func kibibytes(_ name: String, of server: TestServer) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(name):") })
        return try #require(
            line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        )
    }

    @Test func `Floods that nobody reads the answers of cost a bounded part of the memory`() throws {
        let server = try TestServer(arguments: ["--io-threads", "1"])
        defer { server.remove() }
        let address = try #require(SocketAddress(server.http))
        // What every server needs once.
        for _ in 0..<50 { #expect(try server.connect().call("GET", "/openapi.yaml").status == 200) }
        let before = try kibibytes("VmRSS", of: server)
        for flood in Self.floods {
            var sockets: [SocketBox] = []
            for _ in 0..<Self.connections { sockets.append(try attack(flood, address)) }
            let after = try kibibytes("VmRSS", of: server)
            // Others are served meanwhile.
            #expect(try server.connect().call("GET", "/healthz").status == 200, "\(flood)")
            let sent = sockets.reduce(0) { $0 + $1.sent }
            let figures = "\(flood): \(sent >> 10) KiB sent, the server has \((after - before) >> 10) MiB more"
            FileHandle.standardError.write(Data("attacked memory: \(figures)\n".utf8))
            #expect(sent > Self.connections << 12, "\(figures)")
            if Self.memoryIsOurs { #expect(after - before < flood.growthMax, "\(figures)") }
        }
        let peak = try kibibytes("VmHWM", of: server)
        if Self.memoryIsOurs { #expect(peak - before < Self.growthMaxKibibytes, "the peak of all of them") }
    }

    /// A sanitizer keeps notes of every byte and what was freed, several times what the server has.
    private static var memoryIsOurs: Bool { ProcessInfo.processInfo.environment["BOMBYX_SANITIZER"] == nil }

    /// Bodies of a loop, 128 MiB; what waits to be sent, 256 KiB for each connection; and as much again for streams
    /// and the allocator.
    private static let growthMaxKibibytes = (128 << 10) + 2 * connections * 256 + (20 << 10)

    /// Lets an array hold sockets, each with the bytes that were sent.
    private final class SocketBox {
        let socket: FileDescriptor
        let sent: Int

        init(_ socket: consuming FileDescriptor, _ sent: Int) {
            self.socket = socket
            self.sent = sent
        }
    }
}
