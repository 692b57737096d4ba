import Testing

@testable import HTTP2

/// What one connection may waste: each limit is kept on both sides, byte by byte, without a socket.
@Suite struct BudgetTests {
    /// A frame that brings nothing forward, and what must have come before it.
    struct IdleFrame: Sendable, CustomStringConvertible {
        let description: String
        var before: [UInt8] = []
        let bytes: [UInt8]
    }

    static let openPost = Frames.post()
    static let idleFrames: [IdleFrame] = [
        .init(description: "PING", bytes: Frames.ping()),
        .init(description: "PING with ACK", bytes: Frames.ping(flags: Frames.ack)),
        .init(description: "PRIORITY", bytes: Frames.priority(1)),
        .init(description: "SETTINGS", bytes: Frames.settings),
        .init(description: "table sizes", bytes: Frames.settings((1, 0), (1, 4_096))),
        .init(description: "WINDOW_UPDATE", bytes: Frames.windowUpdate(0, 1)),
        .init(description: "unknown type", bytes: Frames.frame(type: 0xFA, Frames.pingPayload)),
        .init(description: "PRIORITY_UPDATE", bytes: Frames.frame(type: 0x10, [0, 0, 0, 1] + Array("u=3".utf8))),
        .init(description: "empty DATA", before: openPost, bytes: Frames.data([], flags: 0)),
        .init(description: "tiny DATA", before: openPost, bytes: Frames.data([1], flags: 0)),
        .init(
            description: "padding",
            before: openPost,
            bytes: Frames.data([255] + Conformance.zeros(255), flags: Frames.padded)
        ),
        .init(
            description: "RST_STREAM on a closed stream",
            before: openPost + Frames.reset(stream: 1),
            bytes: Frames.reset(stream: 1)
        ),
    ]

    @Test(arguments: idleFrames)
    func `Frames that bring nothing forward end the session when the burst is used up`(idle: IdleFrame) throws {
        var limits = ServerLimits()
        limits.idleFrameBurst = 50
        limits.idleFramesPerSecond = 10
        let session = try Session(limits: limits)
        // The client's first SETTINGS count, too.
        try session.feed(Frames.preface + Frames.settings + idle.before)
        for _ in 1..<50 { try session.exchange(idle.bytes) }
        #expect(session.end == nil)
        // After a second there are ten more.
        for _ in 0..<10 { try session.exchange(idle.bytes, at: 1_000) }
        #expect(session.end == nil)
        let last = try session.exchange(idle.bytes, at: 1_000)
        #expect(session.end == .idleFrames)
        #expect(last.last?.type == 7)
        #expect(last.last?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
        #expect(session.isFinished)
    }

    @Test func `Bytes that are ignored count, and what was under way when a stream was reset does no harm`() throws {
        var limits = ServerLimits()
        limits.concurrentStreamsMax = 1
        limits.idleFrameBurst = 10
        limits.idleFramesPerSecond = 0
        let session = try Session(limits: limits)
        try session.exchange(Frames.preface + Frames.settings + Frames.headers())
        // The second stream is refused, and its block is decoded for nobody.
        let block = Frames.headers([UInt8](repeating: 0x82, count: 16_000), stream: 3, flags: Frames.endStream)
        let continuation = Frames.continuation([UInt8](repeating: 0x82, count: 16_000), stream: 3, flags: 0)
        try session.exchange(block + continuation)
        #expect(session.end == nil)
        try session.exchange(continuation + continuation)
        #expect(session.end == .idleFrames)
    }

    @Test func `A client that reads long answers may open windows as often as frames come`() throws {
        var limits = ServerLimits()
        limits.idleFrameBurst = 10
        limits.idleFramesPerSecond = 0
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for number in 0..<20 as Range<UInt32> {
            let stream = 2 * number + 1
            try session.feed(Frames.headers(stream: stream))
            session.takeRequests { _, id in
                session.respond(Response(status: 200, body: [UInt8](repeating: 1, count: 200_000)), on: id)
            }
            var received = 0
            while received < 200_000 {
                for frame in try session.frames() where frame.type == 0 {
                    received += frame.payload.count
                    // In parts of 4 KiB, as some libraries do.
                    let parts = max(1, frame.payload.count / 4_096)
                    for part in 0..<parts {
                        let share = frame.payload.count / parts + (part == 0 ? frame.payload.count % parts : 0)
                        try session.feed(Frames.windowUpdate(0, UInt32(share)))
                        let isEnd = frame.flags & Frames.endStream != 0
                        if !isEnd { try session.feed(Frames.windowUpdate(stream, UInt32(share))) }
                    }
                }
                try #require(session.end == nil)
            }
        }
    }

    @Test func `A client that reads many short answers may open windows for each`() throws {
        var limits = ServerLimits()
        limits.idleFrameBurst = 10
        limits.idleFramesPerSecond = 0
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for number in 0..<5_000 as Range<UInt32> {
            try session.feed(Frames.headers(stream: 2 * number + 1))
            session.takeRequests { _, id in session.respond(Response(status: 200, body: [1]), on: id) }
            _ = try session.exchange(Frames.windowUpdate(0, 1) + Frames.windowUpdate(0, 1))
            try #require(session.end == nil)
        }
    }

    @Test(arguments: 1...33 as ClosedRange<UInt32>) func `A client with a tiny window reads all of an answer`(
        window: UInt32
    ) throws {
        var limits = ServerLimits()
        limits.idleFrameBurst = 10
        limits.idleFramesPerSecond = 0
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings((4, window)) + Frames.headers())
        session.takeRequests { _, id in
            session.respond(Response(status: 200, body: [UInt8](repeating: 1, count: 2_000)), on: id)
        }
        var received = 0
        var hasEnded = false
        while !hasEnded {
            let data = try session.frames().filter { $0.type == 0 }
            try #require(!data.isEmpty, "after \(received) bytes")
            for frame in data {
                received += frame.payload.count
                hasEnded = frame.flags & Frames.endStream != 0
                let count = UInt32(frame.payload.count)
                if count == 0 { continue }
                try session.feed(Frames.windowUpdate(0, count))
                if !hasEnded { try session.feed(Frames.windowUpdate(1, count)) }
            }
        }
        #expect(received == 2_000)
        #expect(session.end == nil)
    }

    @Test func `A client that opens windows more often than it was sent something is cut off`() throws {
        var limits = ServerLimits()
        limits.idleFrameBurst = 50
        limits.idleFramesPerSecond = 0
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings((4, 0)) + Frames.headers())
        session.takeRequests { _, id in session.respond(ConformanceService.answer, on: id) }
        // One byte is sent and explains two; of the others only the settings are within the burst.
        for _ in 0..<52 - 1 { try session.exchange(Frames.windowUpdate(0, 1)) }
        try session.exchange(Frames.windowUpdate(1, 1))
        #expect(session.end == .idleFrames)
    }

    @Test func `Trailers that were under way when all streams were reset are no error`() throws {
        var limits = ServerLimits()
        limits.errorResetBurst = 1_000
        let streams = (0..<limits.concurrentStreamsMax).map { 2 * $0 + 1 }
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for stream in streams { try session.exchange(Frames.post().on(stream)) }
        #expect(session.cutOffSlow(at: 20_000))
        #expect(try session.frames().count { $0.type == 3 } == streams.count)
        for stream in streams { try session.exchange(Frames.headers([], stream: stream), at: 20_000) }
        #expect(session.end == nil)
        // A number that was passed over is one.
        try session.exchange(Frames.headers(stream: streams.last.map { $0 + 4 } ?? 0), at: 20_000)
        #expect(session.end == nil)
        try session.exchange(Frames.headers(stream: streams.last.map { $0 + 2 } ?? 0), at: 20_000)
        #expect(session.end == .protocolError)
    }

    @Test func `A client may make the server reset a hundred streams a minute`() throws {
        let limits = ServerLimits()
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        var next: UInt32 = 1
        func err(at now: UInt64) throws {
            // A window that overflows: the server resets what the client opened (CVE-2025-8671).
            let overflow = Frames.windowUpdate(next, 0x7FFF_FFFF)
            try session.exchange(Frames.headers(flags: Frames.endHeaders).on(next) + overflow + overflow, at: now)
            next += 2
        }
        for _ in 0..<100 { try err(at: 0) }
        #expect(session.end == nil)
        #expect(session.resetCounts == ResetCounts(reset: 100))
        for _ in 0..<100 { try err(at: 60_000) }
        #expect(session.end == nil)
        try err(at: 60_000)
        #expect(session.end == .errorResets)
        #expect(session.isFinished)
    }

    @Test(
        arguments: [
            [0x00, 0x00, 0x00], [0x00, 1, UInt8(ascii: "X"), 1, UInt8(ascii: "x")],
            FieldBlocks.literal(("content-length", "x")),
        ] as [[UInt8]]
    )
    func `Malformed requests count as resets that the client caused`(field: [UInt8]) throws {
        var limits = ServerLimits()
        limits.errorResetBurst = 3
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for number in 0..<3 as Range<UInt32> {
            try session.exchange(Frames.headers(FieldBlocks.get + field, stream: 2 * number + 1))
        }
        #expect(session.end == nil)
        try session.exchange(Frames.headers(FieldBlocks.get + field, stream: 7))
        #expect(session.end == .errorResets)
    }

    @Test func `A client that goes on opening streams beyond its number is cut off`() throws {
        var limits = ServerLimits()
        limits.concurrentStreamsMax = 1
        limits.refusedStreamsMax = 5
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for number in 0...5 as ClosedRange<UInt32> { try session.exchange(Frames.headers(stream: 2 * number + 1)) }
        #expect(session.resetCounts == ResetCounts(refused: 5))
        #expect(session.end == nil)
        let last = try session.exchange(Frames.headers(stream: 13))
        #expect(session.end == .refusedStreams)
        #expect(last.last?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test func `Cancelled streams are counted, and too many end the session`() throws {
        var limits = ServerLimits()
        limits.resetBurst = 10
        limits.resetsPerSecond = 1
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings)
        for number in 0..<10 as Range<UInt32> {
            try session.exchange(Frames.headers(stream: 2 * number + 1) + Frames.reset(stream: 2 * number + 1))
        }
        #expect(session.end == nil)
        #expect(session.resetCounts == ResetCounts(cancelled: 10))
        // A second may have passed, which allows one more.
        for number in 10..<14 as Range<UInt32> where session.end == nil {
            try session.exchange(Frames.headers(stream: 2 * number + 1) + Frames.reset(stream: 2 * number + 1))
        }
        #expect(session.end == .cancelledStreams)
    }

    @Test func `Answers that are not read end the session with the right word`() throws {
        let session = try Session()
        try session.feed(Frames.preface + Frames.settings)
        #expect(throws: HTTP2Error.self) { for _ in 0..<300 { try session.feed(Frames.ping()) } }
        #expect(session.end == .unreadAnswers)
        #expect(try session.frames().last?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
    }

    @Test func `Errors of the protocol are told as such`() throws {
        let session = try Session()
        try session.exchange(Frames.preface + Frames.settings + Frames.data(stream: 0))
        #expect(session.end == .protocolError)
    }
}

extension Session {
    /// Feeds, and drains what the session says to it.
    @discardableResult
    func exchange(_ bytes: [UInt8], at now: UInt64 = 0) throws -> [ReceivedFrame] {
        try receive(bytes.span, at: now)
        return try frames()
    }
}

extension [UInt8] {
    /// The same frame on another stream.
    func on(_ stream: UInt32) -> [UInt8] { Array(self[..<5]) + Frames.bigEndian(stream) + Array(self[9...]) }
}
