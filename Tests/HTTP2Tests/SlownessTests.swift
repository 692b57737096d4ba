import Testing

@testable import HTTP2

/// Every slow phase has an end: what a session cuts off, by a clock that the test moves.
@Suite struct SlownessTests {
    private let hello = Frames.preface + Frames.settings

    @Test func `A header block must come in time`() throws {
        let session = try Session()
        try session.exchange(hello + Frames.headers(flags: Frames.endStream), at: 1_000)
        #expect(!session.cutOffSlow(at: 10_999))
        #expect(session.end == nil)
        #expect(session.cutOffSlow(at: 11_000))
        #expect(session.end == .slowRequest)
        #expect(try session.frames().last?.type == 7)
        #expect(session.isFinished)
    }

    @Test func `A block that is complete has no such end`() throws {
        let session = try Session()
        try session.exchange(hello + Frames.headers(), at: 1_000)
        #expect(!session.cutOffSlow(at: 1_000_000), "the answer is ours to give")
    }

    @Test func `A body must come at the least rate`() throws {
        var limits = ServerLimits()
        limits.requestMilliseconds = 5_000
        limits.bytesPerSecondMin = 100
        let session = try Session(limits: limits)
        try session.exchange(hello + Frames.post() + Frames.data([1], flags: 0))
        #expect(!session.cutOffSlow(at: 4_999))
        // 1,000 bytes more are worth ten seconds more.
        try session.exchange(Frames.data(Conformance.zeros(999), flags: 0), at: 4_999)
        #expect(!session.cutOffSlow(at: 14_999))
        #expect(session.cutOffSlow(at: 15_000))
        let reset = try session.frames()
        #expect(reset.map(\.type) == [3])
        #expect(reset.first?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
        #expect(session.bodyBytesKept == 0)
        #expect(session.openStreamCount == 0)
        #expect(session.end == nil, "the others on this connection go on")
        try session.exchange(Frames.headers(stream: 3), at: 15_000)
        #expect(session.heard().count == 1)
    }

    @Test func `An answer must be taken at the least rate`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 5_000
        limits.bytesPerSecondMin = 100
        let session = try Session(limits: limits)
        try session.exchange(hello + Frames.settings((4, 0)) + Frames.headers())
        session.takeRequests { _, id in session.respond(Response(status: 200, body: Conformance.zeros(5_000)), on: id) }
        _ = try session.frames()
        #expect(!session.cutOffSlow(at: 4_999))
        try session.exchange(Frames.windowUpdate(1, 1_000), at: 4_999)
        #expect(!session.cutOffSlow(at: 14_999))
        #expect(session.cutOffSlow(at: 15_000))
        #expect(try session.frames().map(\.type) == [3])
        #expect(session.openStreamCount == 0)
    }

    @Test func `An answer that nobody has given is not slow`() throws {
        let session = try Session()
        try session.exchange(hello + Frames.headers())
        #expect(session.heard().count == 1)
        #expect(!session.cutOffSlow(at: 10_000_000))
        #expect(session.respond(Response(status: 200), on: 1))
    }

    @Test func `Many slow requests end the session`() throws {
        var limits = ServerLimits()
        limits.errorResetBurst = 20
        let session = try Session(limits: limits)
        try session.feed(hello)
        for number in 0..<28 as Range<UInt32> { try session.exchange(Frames.post().on(2 * number + 1)) }
        #expect(session.cutOffSlow(at: 20_000))
        #expect(try session.frames().last?.type == 7)
        #expect(session.end == .errorResets)
    }
}
