import Testing

@testable import HTTP2

/// Answers that go on: what a session does with pieces that come when they come.
@Suite struct OngoingTests {
    private let hello = Frames.preface + Frames.settings

    /// A session with one request that is answered with the first piece.
    private func begun(_ limits: ServerLimits = ServerLimits(), window: UInt32? = nil) throws -> Session {
        let session = try Session(limits: limits)
        try session.feed(hello + (window.map { Frames.settings((4, $0)) } ?? []) + Frames.headers())
        session.takeRequests { _, id in
            #expect(session.begin(Response(status: 200, body: Array("first".utf8)), on: id, at: 0))
        }
        return session
    }

    private func content(_ frames: [ReceivedFrame]) -> String {
        String(decoding: frames.filter { $0.type == 0 }.flatMap(\.payload), as: UTF8.self)
    }

    @Test func `It has no length and no end until it is given one`() throws {
        let session = try begun()
        let frames = try session.frames()
        #expect(content(frames) == "first")
        #expect(frames.allSatisfy { $0.type == 4 || $0.flags & Frames.endStream == 0 })
        #expect(session.openStreamCount == 1 && session.waitingBytes(on: 1) == 0)
        #expect(try session.frames().isEmpty)
        #expect(session.write(Array(" second".utf8), on: 1, at: 1) == .taken)
        #expect(content(try session.frames()) == " second")
        session.finish(1, with: Array(" end".utf8), at: 2)
        let last = try session.frames()
        #expect(content(last) == " end" && last.last?.flags == Frames.endStream)
        #expect(session.openStreamCount == 0 && session.takeEnded() == [1])
        #expect(session.write([1], on: 1, at: 3) == .gone)
        #expect(session.waitingBytes(on: 1) == nil)
    }

    @Test func `A session that has announced its end waits for it`() throws {
        let session = try begun()
        _ = try session.frames()
        session.announceShutdown()
        session.refuseNewStreams()
        #expect(try session.frames().map(\.type) == [7, 7])
        #expect(!session.isFinished)
        session.finish(1, with: [], at: 1)
        _ = try session.frames()
        #expect(session.isFinished)
    }

    @Test func `A reader's window holds it up, and the bound holds up the writer`() throws {
        var limits = ServerLimits()
        limits.streamBytesMax = 100
        let session = try begun(limits, window: 10)
        _ = try session.frames()
        #expect(session.write(Conformance.zeros(1_000), on: 1, at: 0) == .taken, "one piece always fits")
        #expect(try session.frames().first?.payload.count == 5)
        #expect(session.waitingBytes(on: 1) == 995)
        #expect(session.write([1], on: 1, at: 0) == .full)
        #expect(try session.exchange(Frames.windowUpdate(1, 1_000)).first?.payload.count == 995)
        for _ in 0..<5 { #expect(session.write(Conformance.zeros(1), on: 1, at: 0) == .taken) }
        #expect(try session.frames().map(\.payload.count) == [5])
        session.finish(1, with: Conformance.zeros(2_000), at: 0)
        #expect(session.write([1], on: 1, at: 0) == .gone)
    }

    @Test func `An idle one lives for ever, a reader that stops does not`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 5_000
        limits.bytesPerSecondMin = 1_000
        let session = try begun(limits, window: 10)
        _ = try session.frames()
        #expect(session.answersUnderWay == 0)
        #expect(!session.cutOffSlow(at: 100_000_000))
        #expect(session.write(Conformance.zeros(20), on: 1, at: 100_000_000) == .taken)
        _ = try session.frames()
        #expect(session.answersUnderWay == 1)
        #expect(!session.cutOffSlow(at: 100_004_999), "it counts from the piece, not from the answer")
        #expect(session.cutOffSlow(at: 100_005_005))
        #expect(try session.frames().map(\.type) == [3])
        #expect(session.takeEnded() == [1] && session.answersUnderWay == 0)
    }

    @Test func `A reader that catches up has its whole time again`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 5_000
        let session = try begun(limits, window: 10)
        _ = try session.frames()
        for round in 1...10 as ClosedRange<UInt64> {
            #expect(session.write(Conformance.zeros(50), on: 1, at: round * 4_000) == .taken)
            _ = try session.frames()
            #expect(!session.cutOffSlow(at: round * 4_000 + 3_999))
            try session.exchange(Frames.windowUpdate(1, 50), at: round * 4_000 + 3_999)
        }
        #expect(session.waitingBytes(on: 1) == 0)
    }

    @Test func `A client that cancels it is told to the service`() throws {
        let session = try begun()
        _ = try session.frames()
        try session.exchange(Frames.reset(stream: 1))
        #expect(session.takeEnded() == [1])
        #expect(session.takeEnded().isEmpty, "once")
        #expect(session.write([1], on: 1, at: 0) == .gone)
    }

    @Test func `A hundred go on beside each other, each with its own pieces`() throws {
        let session = try Session()
        try session.feed(hello)
        let ids = (0..<100).map { Int32(2 * $0 + 1) }
        for id in ids { try session.feed(Frames.headers(stream: UInt32(id))) }
        session.takeRequests { _, id in #expect(session.begin(Response(status: 200), on: id, at: 0)) }
        _ = try session.frames()
        let shared = Array("to all ".utf8)
        for round in 0..<10 {
            for id in ids {
                #expect(session.write(shared, on: id, at: 0) == .taken)
                #expect(session.write(Array("\(id).\(round)".utf8), on: id, at: 0) == .taken)
            }
            let frames = try session.frames()
            for id in ids {
                #expect(content(frames.filter { $0.stream == UInt32(id) }) == "to all \(id).\(round)")
            }
        }
        #expect(session.answersUnderWay == 0 && session.openStreamCount == 100)
    }

    @Test func `One of HTTP 1 ends with its connection`() throws {
        let session = HTTP1Session()
        session.receive(Array("GET / HTTP/1.1\r\nhost: x\r\n\r\n".utf8).span)
        session.takeRequests { _, _ in }
        session.respond(Response(status: 200, body: Array("first".utf8)), goesOn: true)
        func drained() -> String {
            var output: [UInt8] = []
            session.drain(into: &output, upTo: .max)
            return String(decoding: output, as: UTF8.self)
        }
        let head = drained()
        #expect(head.hasSuffix("\r\n\r\nfirst") && head.contains("connection: close") && !head.contains("length"))
        #expect(!session.isFinished)
        #expect(session.write(Array("more".utf8), limit: 10) == .taken)
        #expect(session.write(Array("too much".utf8), limit: 10) == .full)
        #expect(drained() == "more" && !session.isFinished)
        session.finish(with: Array("end".utf8))
        #expect(session.takeEnded() && !session.takeEnded())
        #expect(session.write([1], limit: 10) == .gone)
        #expect(drained() == "end" && session.isFinished)
    }
}
