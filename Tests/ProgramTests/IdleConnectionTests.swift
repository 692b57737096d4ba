import Foundation
import HTTP2
import ProgramTesting
import Sockets
import TLS
import Testing

/// Clients that connect and then want nothing.
@Suite(.serialized) struct IdleConnectionTests {
    /// So many connections through one door.
    struct Crowd: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let count: Int
        let isTLS: Bool
        /// What each of them may cost the server.
        let kibibytesMax: Int
        /// How often orders come beside them.
        let rounds: Int
    }

    private static let crowds = [
        Crowd(testDescription: "15,000 in the clear", count: 15_000, isTLS: false, kibibytesMax: 24, rounds: 20),
        // Keys, buffers and the state of a session of TLS come to what HTTP/2 needs.
        Crowd(testDescription: "2,000 over TLS", count: 2_000, isTLS: true, kibibytesMax: 56, rounds: 5),
    ]

    /// So many of a crowd say something in the end.
    private static let awakened = 100

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

    /// Connects a crowd. Whoever can ask something later is a client; in the clear the others are bare sockets, of
    /// which this process has room for more.
    private func connect(_ crowd: Crowd, to server: TestServer) throws -> (clients: [ClientConnection], others: [Idle])
    {
        let address = try #require(SocketAddress(crowd.isTLS ? server.https : server.http))
        let context = crowd.isTLS ? try TLSContext.client(authorityPath: server.certificate) : nil
        var (clients, others): ([ClientConnection], [Idle]) = ([], [])
        for number in 0..<crowd.count {
            if crowd.isTLS || number % (crowd.count / Self.awakened) == 0 {
                clients.append(try ClientConnection(to: address, tls: context, timeoutMilliseconds: 20_000))
            } else {
                others.append(try Idle(address))
            }
        }
        return (clients, others)
    }

    /// Connections that the server says are open.
    private func open(_ server: TestServer, _ client: TestClient) throws -> Int {
        let metrics = try PrometheusText(client.call("GET", "/metrics").text)
        return Int(try #require(metrics.families["bombyx_http_connections"]?.samples.first).value)
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

    /// Orders through several connections at once, in rounds; then how long requests beside them take.
    private func trade(_ rounds: Int, on clients: [TestClient], as worker: Scenario.Party, beside health: TestClient)
        throws -> [UInt64]
    {
        let offer = TestClient.request(
            "POST",
            "/v1/offers",
            key: worker.key,
            Scenario.offer(price: 20_000_000, lots: 1)
        )
        var busy: [UInt64] = []
        for _ in 0..<rounds {
            for client in clients { for _ in 0..<20 { _ = try client.connection.send(offer) } }
            busy += try times(10, health)
            for client in clients {
                for completion in client.connection.receive(timeoutMilliseconds: 20_000) {
                    let answer = try TestClient.answer(completion.result.get())
                    #expect(answer.status == 201, "\(answer.text)")
                }
            }
        }
        return busy.sorted()
    }

    @Test(arguments: crowds)
    func `Idle connections cost a bounded part of the memory, orders go on beside them, and they are all kept`(
        crowd: Crowd
    ) throws {
        DescriptorLimit.raise()
        // Some for what else this process has open: other tests run beside this one.
        try #require(DescriptorLimit.current >= crowd.count + 2_000, "ulimit -n is too low for this test")
        let server = try TestServer(arguments: ["--connections", "17000", "--connections-per-address", "16000"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let (descriptorsBefore, before) = (try descriptors(server), try kibibytes(server))
        var (idle, others) = try connect(crowd, to: server)
        let health = try server.connect()
        let alone = try times(300, health)
        let held = try descriptors(server)
        #expect(held > crowd.count, "all of them are held")

        let clients = try (0..<8).map { _ in try server.connect() }
        let busy = try trade(crowd.rounds, on: clients, as: worker, beside: health)
        let grown = try kibibytes(server) - before
        let figures = """
            \(crowd.testDescription): \(grown * 1_024 / crowd.count) bytes each, /healthz p99 \
            \(alone[alone.count * 99 / 100]) µs, \(busy[busy.count * 99 / 100]) µs with orders\n
            """
        FileHandle.standardError.write(Data(figures.utf8))
        if ProcessInfo.processInfo.environment["BOMBYX_SANITIZER"] == nil {
            #expect(grown < crowd.count * crowd.kibibytesMax, "\(grown) KiB for \(crowd.count) connections")
        }
        #expect(try open(server, health) >= crowd.count + 1 + clients.count, "the load has cost nobody the connection")
        #expect(try descriptors(server) >= held + clients.count)
        for number in 0..<Self.awakened {
            let connection = idle[number * idle.count / Self.awakened]
            #expect(try connection.request(TestClient.request("GET", "/healthz")).status == 200)
        }
        idle.removeAll()
        others.removeAll()
        for client in clients { client.connection.close() }
        for _ in 0..<200 where try descriptors(server) > descriptorsBefore + 1 { usleep(100_000) }
        #expect(try descriptors(server) <= descriptorsBefore + 1, "the health client has the one that is left")
    }
}
