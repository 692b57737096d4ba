import Sockets
import Testing

@testable import HTTP2

/// Header blocks and bodies that are too large, and requests that are too slow, without a socket.
@Suite struct HeaderLimitTests {
    private let hello = Frames.preface + Frames.settings

    @Test(arguments: [(100, true), (101, false)]) func `A request has at most a hundred fields`(
        count: Int,
        isGood: Bool
    ) throws {
        let session = try Session()
        // Four of them are in every request.
        let fields = (4..<count).map { ("x-\($0)", "1") }
        let bytes = hello + Frames.headers(FieldBlocks.get + Frames.block(fields))
        if isGood { try session.feed(bytes) } else { #expect(throws: HTTP2Error.self) { try session.feed(bytes) } }
        #expect(session.heard().count == (isGood ? 1 : 0))
        #expect(session.end == (isGood ? nil : .headers))
        #expect(session.isFinished == false || !isGood)
    }

    @Test func `Fields of trailers count together with those of the head`() throws {
        for (count, end) in [(96, nil), (97, .headers)] as [(Int, SessionEnd?)] {
            let session = try Session()
            let trailers = Frames.block((0..<count).map { ("x-\($0)", "1") })
            let bytes = hello + Frames.post() + Frames.data(flags: 0) + Frames.headers(trailers)
            if end == nil {
                try session.feed(bytes)
            } else {
                #expect(throws: HTTP2Error.self) { try session.feed(bytes) }
            }
            #expect(session.end == end)
        }
    }

    /// One entry of almost 4,000 bytes, then its index again and again: one byte each (HPACK bomb).
    private var bomb: [UInt8] {
        let name = [0x40] + FieldBlocks.string("x-bomb")
        let value: [UInt8] = [0x7F, 0xA1, 0x1D] + [UInt8](repeating: UInt8(ascii: "b"), count: 3_872)
        return Frames.headers(FieldBlocks.get + name + value + [UInt8](repeating: 0xBE, count: 4_000))
    }

    @Test func `Fields that the table repeats end the session, too`() throws {
        let session = try Session()
        #expect(throws: HTTP2Error.self) { try session.feed(hello + bomb) }
        #expect(session.end == .headers)
        #expect(try session.frames().last?.errorCode == ErrorCode.enhanceYourCalm.rawValue)
        #expect(session.heard().isEmpty)
        #expect(session.isFinished)
    }

    @Test func `Of a block that is too long nothing more is decoded`() throws {
        let session = try Session()
        #expect(throws: HTTP2Error.self) { try session.feed(hello + bomb + Frames.headers(stream: 3)) }
        // The first time it is remembered, three times it is repeated, and then it was too much.
        let fields = unsafe session.core.pointee.open?.pointee.headerFields
        #expect(fields == 4 + 1 + 4)
        #expect(session.openStreamCount == 1)
    }

    @Test(arguments: [(8, true), (9, false)]) func `A block has at most eight continuations`(
        count: Int,
        isGood: Bool
    ) throws {
        let session = try Session()
        var bytes = hello + Frames.headers(flags: Frames.endStream)
        for index in 0..<count {
            let isLast = index == count - 1
            bytes += Frames.continuation(
                FieldBlocks.literal(("x-\(index)", "1")),
                flags: isLast ? Frames.endHeaders : 0
            )
        }
        if isGood {
            try session.feed(bytes)
            #expect(session.heard().count == 1)
        } else {
            #expect(throws: HTTP2Error.self) { try session.feed(bytes) }
            #expect(session.isFinished || session.end == .protocolError)
        }
    }

    @Test func `Long fields are told in words before they end the session`() throws {
        let session = try Session()
        // Each counts 1,000 bytes; those of every request about 160.
        func fields(_ count: Int) -> [UInt8] {
            Frames.block((10..<10 + count).map { ("x-\($0)", String(repeating: "v", count: 964)) })
        }
        var seen: [Bool] = []
        for (index, count) in [12, 13, 16].enumerated() {
            try session.feed(
                (index == 0 ? hello : []) + Frames.headers(FieldBlocks.get + fields(count)).on(UInt32(2 * index + 1))
            )
            session.takeRequests { request, _ in seen.append(request.isHeaderTooLarge) }
        }
        #expect(seen == [false, true, true])
        #expect(session.end == nil)
        let head = Frames.headers(FieldBlocks.get, stream: 7, flags: Frames.endStream)
        try session.feed(head + Frames.continuation(fields(8), stream: 7, flags: 0))
        let more = Frames.block((50..<59).map { ("x-\($0)", String(repeating: "v", count: 964)) })
        #expect(throws: HTTP2Error.self) { try session.feed(Frames.continuation(more, stream: 7)) }
        #expect(session.end == .headers)
    }

    @Test func `Incomplete bodies take at most what a connection may keep, and the oldest come through`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 1_000
        limits.bodyBytesPerConnectionMax = 2_000
        let session = try Session(limits: limits)
        try session.feed(hello)
        let part = [UInt8](repeating: 1, count: 900)
        for stream in [1, 3] as [UInt32] {
            try session.exchange(Frames.post().on(stream) + Frames.data(part, stream: stream, flags: 0))
        }
        #expect(session.bodyBytesKept == 1_800)
        let refusal = try session.exchange(Frames.post().on(5) + Frames.data(part, stream: 5, flags: 0))
        #expect(refusal.map(\.type) == [3])
        #expect(refusal.first?.errorCode == ErrorCode.refusedStream.rawValue)
        #expect(session.bodyBytesKept == 1_800)
        try session.exchange(Frames.data([], stream: 1) + Frames.data([], stream: 3))
        #expect(session.heard().map(\.body.count) == [900, 900])
        #expect(session.bodyBytesKept == 0)
        #expect(session.end == nil)
    }

    @Test func `When a loop is full, those who keep much give way to those who keep little`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 1_000
        limits.bodyBytesPerLoopMax = 3_000
        let pool = StreamPool()
        let part = [UInt8](repeating: 1, count: 900)
        func session() throws -> Session {
            let session = try Session(limits: limits, pool: pool, peer: .loopback(port: 0), isTLS: false)
            try session.exchange(hello)
            return session
        }
        let greedy = try session()
        for stream in [1, 3, 5] as [UInt32] {
            try greedy.exchange(Frames.post().on(stream) + Frames.data(part, stream: stream, flags: 0))
        }
        #expect(greedy.bodyBytesKept == 2_700)
        let modest = try session()
        try modest.exchange(Frames.post() + Frames.data(part, flags: 0))
        #expect(modest.bodyBytesKept == 900, "it is above the bound of the loop, but keeps one body")
        try greedy.exchange(Frames.data([1], stream: 5, flags: 0))
        #expect(greedy.bodyBytesKept == 1_800)
        #expect(pool.bodyBytesKept == 2_700)
        try modest.exchange(Frames.data([]))
        #expect(modest.heard().count == 1)
    }

    @Test func `The connection's window opens when bodies are heard, and not before`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 50_000
        limits.bodyBytesPerConnectionMax = 100_000
        let session = try Session(limits: limits)
        try session.exchange(hello)
        let body = Conformance.zeros(12_500)
        let bytes = Frames.post() + (0..<4).flatMap { Frames.data(body, flags: $0 == 3 ? Frames.endStream : 0) }
        for stream in [1, 3] as [UInt32] {
            let frames = try session.exchange(bytes.chunkedOn(stream))
            #expect(!frames.contains { $0.type == 8 }, "nobody has heard it")
        }
        #expect(session.heard().count == 2)
        let update = try #require(try session.frames().first { $0.type == 8 })
        #expect(update.stream == 0)
        #expect(ReceivedFrame.number(update.payload[...]) == 100_000)
    }

    @Test(arguments: [(16_000, StreamState.initialCapacity), (1_000, 2_000)])
    func `A large body takes no memory when it is heard or cut off, whatever the client takes`(
        count: Int,
        capacityMax: Int
    ) throws {
        let session = try Session()
        let body = Conformance.zeros(count)
        let heard = Frames.post() + Frames.data(body)
        let cutOff = Frames.post().on(3) + Frames.data(body, stream: 3, flags: 0)
        try session.exchange(hello + Frames.settings((4, 0)) + heard + cutOff)
        #expect(session.heard().map(\.body) == [body])
        #expect(session.respond(ConformanceService.answer, on: 1))
        #expect(session.cutOffSlow(at: 60_000))
        // Its frames wait: both streams are open.
        #expect(session.openStreamCount == 2)
        #expect(session.bufferCapacities.count == 2)
        #expect(session.bufferCapacities.allSatisfy { $0 <= capacityMax })
    }

    @Test func `Streams that are cancelled give their bytes back`() throws {
        let session = try Session()
        try session.exchange(hello + Frames.post() + Frames.data(Conformance.zeros(16_000), flags: 0))
        #expect(session.bodyBytesKept == 16_000)
        try session.exchange(Frames.reset(stream: 1))
        #expect(session.bodyBytesKept == 0)
    }
}

extension Session {
    /// What the requests of open streams take.
    fileprivate var bufferCapacities: [Int] {
        var capacities: [Int] = []
        var next = unsafe core.pointee.open
        while let stream = unsafe next {
            capacities.append(unsafe stream.pointee.byteCapacity)
            unsafe next = stream.pointee.next
        }
        return capacities
    }
}

extension [UInt8] {
    /// The same frames, all of one stream, on another stream.
    func chunkedOn(_ stream: UInt32) -> [UInt8] {
        var rest = self
        var moved: [UInt8] = []
        while rest.count >= 9 {
            let end = 9 + Int(ReceivedFrame.number(rest[0..<3]))
            moved += Array(rest[..<end]).on(stream)
            rest.removeFirst(end)
        }
        return moved
    }
}
