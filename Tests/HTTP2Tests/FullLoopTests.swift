import Glibc
import Sockets
import Testing

@testable import HTTP2

/// A loop whose service has as many requests as it needs reads on only from those that ask for little.
@Suite struct FullLoopTests {
    /// Requests that are held until they are let go.
    private final class Held: Sendable {
        struct State {
            var paths: [String] = []
            var streams: [StreamReference] = []
            var isLetGo = false
            /// Those that are held now are answered, and what comes later is held again.
            var areAnswered = false
        }
        let state = Lock(State())

        /// How often a path was asked for.
        func count(_ path: String) -> Int { state.withLock { state in state.paths.count { $0 == path } } }

        func wait(for path: String) {
            let deadline = MonotonicClock.milliseconds() + 10_000
            while count(path) == 0, MonotonicClock.milliseconds() < deadline { usleep(1_000) }
            #expect(count(path) > 0, "\(path) is not heard")
        }
    }

    private final class HoldingService: Service {
        private let held: Held

        init(_ held: Held) { self.held = held }

        func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
            let path = String(decoding: request.bytes(of: .path) ?? [], as: UTF8.self)
            let isLetGo = held.state.withLock { state in
                state.paths.append(path)
                if !state.isLetGo { state.streams.append(stream) }
                return state.isLetGo
            }
            if isLetGo { answer(stream, on: server) }
        }

        func tick(on server: LoopServer) {
            let streams = held.state.withLock { state in
                guard state.isLetGo || state.areAnswered else { return [] as [StreamReference] }
                defer { (state.streams, state.areAnswered) = ([], false) }
                return state.streams
            }
            for stream in streams { answer(stream, on: server) }
        }

        private func answer(_ stream: StreamReference, on server: LoopServer) {
            server.respond(to: stream, Response(status: 200, contentType: "text/plain", body: [1]))
        }
    }

    private var limits: ServerLimits {
        var limits = ServerLimits()
        limits.readBytesPerTurn = 256
        limits.waitingRequestsCalm = 8
        limits.waitingRequestsOutOfLine = 4
        return limits
    }

    /// Queues requests on one connection.
    private func ask(_ client: ClientConnection, _ path: String, count: Int) throws {
        for _ in 0..<count { try client.queue(ClientRequest("GET", path)) }
        client.wait(timeoutMilliseconds: 0)
    }

    private func expectAnswers(_ clients: [ClientConnection]) throws {
        for client in clients {
            while client.openCount > 0 {
                let answers = client.receive(timeoutMilliseconds: 10_000)
                try #require(!answers.isEmpty)
                for answer in answers { #expect(try answer.result.get().status == 200) }
            }
            client.close()
        }
    }

    @Test(arguments: [false, true])
    func `Who has much under way waits unread, who asks for little is heard, and all are answered`(tls: Bool) throws {
        let held = Held()
        let fixture = try ServerFixture(limits: limits) { _ in HoldingService(held) }
        defer { fixture.stop() }
        let (greedy, modest) = (try fixture.connect(overTLS: tls), try fixture.connect(overTLS: tls))
        try ask(greedy, "/greedy", count: 90)
        held.wait(for: "/greedy")
        try ask(modest, "/modest", count: 1)
        held.wait(for: "/modest")
        usleep(100_000)
        let heard = held.count("/greedy")
        // Over TLS a record is read whole.
        #expect(tls || heard < 60, "\(heard) of 90 were read")
        held.state.withLock { $0.isLetGo = true }
        try expectAnswers([greedy, modest])
        #expect(held.count("/greedy") == 90)
    }

    /// Its requests gather while it waits, which must not make it wait again.
    @Test func `Who has waited in line and had little to say is heard at once from then on`() throws {
        var limits = limits
        limits.readBytesPerTurn = 4_096
        limits.readBytesCrowded = 256
        limits.readBytesForgiven = 2_048
        limits.waitingRequestsOutOfLine = 1_000
        let held = Held()
        let fixture = try ServerFixture(limits: limits) { _ in HoldingService(held) }
        defer { fixture.stop() }
        let (steady, other) = (try fixture.connect(), try fixture.connect())
        // So many bytes that it waits in line from now on, and so many requests that the loop is full.
        try ask(steady, "/first", count: 30)
        held.wait(for: "/first")
        // They gather meanwhile, and come all at once.
        try ask(steady, "/second", count: 30)
        usleep(100_000)
        #expect(held.count("/second") == 0, "it waits in line")
        held.state.withLock { $0.areAnswered = true }
        held.wait(for: "/second")
        try ask(other, "/other", count: 30)
        held.wait(for: "/other")
        // The loop is full again.
        try ask(steady, "/third", count: 1)
        held.wait(for: "/third")
        held.state.withLock { $0.isLetGo = true }
        try expectAnswers([steady, other])
    }

    @Test func `A loop that is not full reads all that comes`() throws {
        var limits = limits
        limits.waitingRequestsCalm = 1_000
        let held = Held()
        let fixture = try ServerFixture(limits: limits) { _ in HoldingService(held) }
        defer { fixture.stop() }
        let client = try fixture.connect()
        try ask(client, "/greedy", count: 90)
        let deadline = MonotonicClock.milliseconds() + 10_000
        while held.count("/greedy") < 90, MonotonicClock.milliseconds() < deadline { usleep(1_000) }
        #expect(held.count("/greedy") == 90)
        held.state.withLock { $0.isLetGo = true }
        try expectAnswers([client])
    }

    /// What would open the client's windows is among what is not read; so these must not count.
    @Test func `A request waits until it is answered, whether or not its client takes the answer, or until it is gone`()
        throws
    {
        let session = try Session()
        // No byte of an answer's body may go out: SETTINGS_INITIAL_WINDOW_SIZE is 0.
        try session.feed(Frames.preface + Frames.frame(type: 4, [0, 4, 0, 0, 0, 0]))
        for stream in [1, 3, 5, 7] as [UInt32] { try session.feed(Frames.request("GET", "/", stream: stream)) }
        #expect(session.waitingRequestCount == 4, "the service has not even seen them")
        #expect(session.heard().count == 4)
        session.respond(Response(status: 200, contentType: "text/plain", body: [1, 2, 3]), on: 1)
        _ = try session.frames()
        #expect(session.answersUnderWay == 1)
        #expect(session.waitingRequestCount == 3)
        #expect(session.begin(Response(status: 200, contentType: "text/event-stream", body: []), on: 3, at: 0))
        #expect(session.waitingRequestCount == 2, "an answer that goes on is one")
        try session.feed(Frames.frame(type: 3, stream: 5, [0, 0, 0, 8]))
        #expect(session.waitingRequestCount == 1)
        session.respond(Response(status: 204), on: 7)
        _ = try session.frames()
        #expect(session.waitingRequestCount == 0)
    }
}
