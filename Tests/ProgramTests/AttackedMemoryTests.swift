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
        /// The frames with this number.
        let next: @Sendable (UInt32) -> [UInt8]
    }

    private static func frame(_ type: UInt8, _ flags: UInt8 = 0, _ stream: UInt32 = 0, _ payload: [UInt8] = [])
        -> [UInt8]
    {
        let count = payload.count
        let length = [UInt8(count >> 16), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)]
        return length + [type, flags] + bigEndian(stream) + payload
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * UInt32($0))) }
    }

    private static func literal(_ name: String, _ value: String) -> [UInt8] {
        [0x00, UInt8(name.utf8.count)] + Array(name.utf8) + [UInt8(value.utf8.count)] + Array(value.utf8)
    }

    /// GET of the longest public answer: the whole contract.
    private static let get = [0x82, 0x86, 0x04, 13] + Array("/openapi.yaml".utf8) + literal(":authority", "x")
    private static let post = [0x83, 0x86, 0x04, 10] + Array("/v1/offers".utf8) + literal(":authority", "x")

    private static let floods: [Flood] = [
        Flood(description: "requests") { frame(1, 5, 2 * $0 + 1, get) },
        Flood(description: "requests without a window", first: frame(4, 0, 0, [0, 4, 0, 0, 0, 0])) {
            frame(1, 5, 2 * $0 + 1, get)
        },
        Flood(description: "cancelled requests") {
            frame(1, 5, 2 * $0 + 1, get) + frame(3, 0, 2 * $0 + 1, [0, 0, 0, 8])
        },
        Flood(description: "streams that the server must reset") {
            frame(1, 4, 2 * $0 + 1, post) + frame(8, 0, 2 * $0 + 1, [0, 0, 0, 0])
        },
        // Fewer streams than may be open, and together more than the server keeps of bodies: 128 MiB a loop.
        Flood(description: "bodies without an end", bytesMax: 6_000_000) {
            let stream = 2 * $0 + 1
            let part = frame(0, 0, stream, [UInt8](repeating: 32, count: 16_000))
            return frame(1, 4, stream, post) + part + part + part
        },
        Flood(description: "PING") { _ in frame(6, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]) },
        Flood(description: "SETTINGS") { _ in frame(4, 0, 0, [0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0]) },
        Flood(description: "a header block without an end") {
            $0 == 0 ? frame(1, 1, 1, get) : frame(9, 0, 1, [UInt8](repeating: 0x90, count: 16_384))
        },
        Flood(description: "a field of the table again and again", first: frame(1, 5, 1, get + bomb)) {
            frame(1, 5, 2 * $0 + 3, get + [UInt8](repeating: 0xBE, count: 8_000))
        },
        Flood(description: "unknown frames") { _ in frame(0xFA, 0, 0, [UInt8](repeating: 1, count: 16_384)) },
    ]

    /// A field of 4,000 bytes that goes into the dynamic table (RFC 7541, section 6.2.1).
    private static let bomb = [0x40, 1, UInt8(ascii: "x"), 0x7F, 0xA1, 0x1E] + [UInt8](repeating: 120, count: 4_000)

    private static let connections = 24

    /// Sends until the server takes no more for a while, ends the connection, or has had all; then how much it took.
    private func attack(_ flood: Flood, _ address: SocketAddress) throws -> SocketBox {
        let socket = try FileDescriptor(connectingTo: address, deadline: MonotonicClock.milliseconds() + 10_000)
        var bytes = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + Self.frame(4) + flood.first
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
            if Self.memoryIsOurs { #expect(after - before < Self.growthMaxKibibytes, "\(figures)") }
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
