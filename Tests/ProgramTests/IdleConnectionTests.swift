import Foundation
import HTTP2
import ProgramTesting
import Sockets
import Testing

/// Clients that connect and then want nothing.
@Suite(.serialized) struct IdleConnectionTests {
    private static let count = 15_000

    /// Lets an array hold sockets.
    private final class Idle {
        let socket: FileDescriptor

        /// Connects and says what every client of HTTP/2 says first.
        init(_ address: SocketAddress) throws {
            let deadline = MonotonicClock.milliseconds() + 20_000
            socket = try FileDescriptor(connectingTo: address, deadline: deadline)
            let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]
            guard case .bytes(preface.count) = try socket.send(preface.span) else {
                throw TestServer.Failure("the first bytes do not go out")
            }
        }
    }

    private func descriptors(_ server: TestServer) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").count
    }

    private func kibibytes(_ server: TestServer) throws -> Int {
        let pages = try String(contentsOfFile: "/proc/\(server.pid)/statm", encoding: .utf8).split(separator: " ")
        return try #require(pages.dropFirst().first.flatMap { Int($0) }) * 4
    }

    /// Microseconds of each of so many requests, sorted.
    private func times(_ count: Int, _ client: TestClient) throws -> [UInt64] {
        try (0..<count).map { _ in
            let begin = MonotonicClock.nanoseconds()
            let answer = try client.call("GET", "/healthz")
            #expect(answer.status == 200)
            return (MonotonicClock.nanoseconds() - begin) / 1_000
        }
        .sorted()
    }

    @Test func `15,000 idle connections cost a bounded part of the memory, and orders go on beside them`() throws {
        DescriptorLimit.raise()
        // Some for what else this process has open: other tests run beside this one.
        try #require(DescriptorLimit.current >= Self.count + 2_000, "ulimit -n is too low for this test")
        let server = try TestServer(arguments: ["--connections", "17000", "--connections-per-address", "16000"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let (descriptorsBefore, before) = (try descriptors(server), try kibibytes(server))
        let address = try #require(SocketAddress(server.http))
        var idle: [Idle] = []
        for _ in 0..<Self.count { idle.append(try Idle(address)) }
        let health = try server.connect()
        let alone = try times(300, health)
        #expect(try descriptors(server) > Self.count, "all of them are held")

        let clients = try (0..<8).map { _ in try server.connect() }
        let offer = TestClient.request(
            "POST",
            "/v1/offers",
            key: worker.key,
            Scenario.offer(price: 20_000_000, lots: 1)
        )
        var busy: [UInt64] = []
        for _ in 0..<20 {
            for client in clients { for _ in 0..<20 { _ = try client.connection.send(offer) } }
            busy += try times(10, health)
            for client in clients {
                for completion in client.connection.receive(timeoutMilliseconds: 20_000) {
                    let answer = try TestClient.answer(completion.result.get())
                    #expect(answer.status == 201, "\(answer.text)")
                }
            }
        }
        let grown = try kibibytes(server) - before
        let figures = """
            \(Self.count) idle connections: \(grown * 1_024 / Self.count) bytes each, /healthz p99 \
            \(alone[alone.count * 99 / 100]) µs, \(busy.sorted()[busy.count * 99 / 100]) µs with orders\n
            """
        FileHandle.standardError.write(Data(figures.utf8))
        if ProcessInfo.processInfo.environment["BOMBYX_SANITIZER"] == nil {
            #expect(grown < Self.count * 24, "\(grown) KiB: at most 24 KiB for each connection")
        }
        idle.removeAll()
        for client in clients { client.connection.close() }
        for _ in 0..<200 where try descriptors(server) > descriptorsBefore + 1 { usleep(100_000) }
        #expect(try descriptors(server) <= descriptorsBefore + 1, "the health client has the one that is left")
    }
}
