import Glibc
import Sockets
import Testing

@testable import HTTP2

/// What is left of a session whose last word has gone out, while its client does not go.
@Suite struct RemainsTests {
    private static let streams = 100

    /// A conversation that was ended with many requests under way, and where their streams come from.
    private func ended() throws -> (conversation: Conversation, pool: StreamPool) {
        let pool = StreamPool()
        var conversation = Conversation(
            limits: ServerLimits(),
            pool: pool,
            peer: .loopback(port: 0),
            isTLS: false
        )
        let requests = (0..<Self.streams).flatMap { Frames.post().on(UInt32(2 * $0 + 1)) }
        try conversation.receive((Frames.preface + Frames.settings + requests).span, at: 0)
        conversation.takeRequests { _, _ in }
        conversation.terminate(because: .idleFrames)
        var output: [UInt8] = []
        _ = try conversation.drain(into: &output, upTo: .max)
        return (conversation, pool)
    }

    @Test func `Its streams are free when it is released, and not before`() throws {
        var (conversation, pool) = try ended()
        #expect(unsafe pool.state.pointee.freeCount == 0)
        conversation.release()
        #expect(unsafe pool.state.pointee.freeCount == Self.streams)
    }

    @Test func `It still says why it ended and what there was`() throws {
        var (conversation, _) = try ended()
        let (resets, requests) = (conversation.resetCounts, conversation.requestCount)
        conversation.release()
        #expect(conversation.end == .idleFrames)
        #expect(conversation.resetCounts == resets && conversation.requestCount == requests)
        #expect(conversation.isEstablished && conversation.isFinished && !conversation.isUndecided)
    }

    @Test func `It hears nothing, says nothing and answers nothing`() throws {
        var (conversation, _) = try ended()
        conversation.release()
        try conversation.receive(Frames.headers(stream: 301).span, at: 1)
        var heard = 0
        conversation.takeRequests { _, _ in heard += 1 }
        var output: [UInt8] = []
        #expect(try !conversation.drain(into: &output, upTo: .max))
        #expect(heard == 0 && output.isEmpty)
        #expect(!conversation.isOpen(1) && !conversation.respond(Response(status: 200), on: 1))
        #expect(conversation.openStreamCount == 0)
    }

    /// Over sockets: the service is told of an answer that went on when the server has said its last word, not when the
    /// client goes at last.
    @Test(arguments: [false, true])
    func `An answer that went on has ended when the connection only lingers`(overTLS: Bool) throws {
        let counts = Counts()
        var limits = ServerLimits()
        limits.goodbyeMilliseconds = 60_000
        limits.goodbyeIdleMilliseconds = 60_000
        let fixture = try ServerFixture(limits: limits) { _ in EndlessService(counts) }
        defer { fixture.stop(timeoutMilliseconds: 0) }
        let client = try fixture.transport(overTLS: overTLS)
        try client.send(Frames.preface + Frames.settings + Frames.headers())
        #expect(counts.wait { $0.begun == 1 })
        // More PRIORITY than any client needs.
        for _ in 0..<3 {
            try client.send((0..<1_000).flatMap { _ in Frames.priority(5) })
        }
        #expect(counts.wait { $0.ended == 1 }, "while the client is still there")
        #expect(fixture.server.counters.connectionsOpen == 1)
    }
}

/// Answers without an end.
private final class EndlessService: Service {
    private let counts: Counts

    init(_ counts: Counts) { self.counts = counts }

    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        server.begin(stream, Response(status: 200, contentType: "text/plain", body: [1]))
        counts.change { $0.begun += 1 }
    }

    func ended(_ stream: StreamReference, on server: LoopServer) { counts.change { $0.ended += 1 } }
}

/// What the service was told, for the test's thread.
private final class Counts: Sendable {
    private let counts = Lock<(begun: Int, ended: Int)>((0, 0))

    func change(_ change: (inout (begun: Int, ended: Int)) -> Void) { counts.withLock { change(&$0) } }

    /// Whether it became so within ten seconds.
    func wait(until isSo: ((begun: Int, ended: Int)) -> Bool) -> Bool {
        let deadline = MonotonicClock.milliseconds() + 10_000
        while !counts.withLock({ isSo($0) }), MonotonicClock.milliseconds() < deadline { usleep(1_000) }
        return counts.withLock { isSo($0) }
    }
}
