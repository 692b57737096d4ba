import Testing

@testable import HTTP2

/// A header block that is rejected ends nothing but its own stream, also when other streams' frames come with it.
@Suite struct RejectedBlockTests {
    /// Frames of stream 3 of which the last block is malformed (RFC 9113, section 8.1.1).
    struct Rejected: Sendable, CustomStringConvertible {
        let description: String
        let frames: [UInt8]
    }

    /// A method, a scheme and an authority.
    private static let pathless: [UInt8] = [0x82, 0x86, 0x01, 1, UInt8(ascii: "x")]
    private static let capital: [UInt8] = [0x00, 1, UInt8(ascii: "X"), 1, UInt8(ascii: "x")]
    private static let post = Frames.post().on(3)

    static let rejected: [Rejected] = [
        .init(description: "no path", frames: Frames.headers(pathless, stream: 3)),
        .init(description: "no path, and a body", frames: Frames.headers(pathless, stream: 3, flags: 4)),
        .init(
            description: "no path, in two frames",
            frames: Frames.headers(pathless, stream: 3, flags: Frames.endStream) + Frames.continuation([], stream: 3)
        ),
        .init(description: "a capital", frames: Frames.headers(FieldBlocks.get + capital, stream: 3)),
        .init(description: "a capital in trailers", frames: post + Frames.headers(capital, stream: 3)),
        .init(description: "a path in trailers", frames: post + Frames.headers([0x84], stream: 3)),
        .init(description: "trailers that end nothing", frames: post + Frames.headers([], stream: 3, flags: 4)),
    ]

    @Test(
        arguments: rejected,
        [Frames.data([7]), Frames.data([7], flags: 0) + Frames.headers([]), Frames.data([7], flags: 0)]
    )
    func `The stream beside it goes on, and no service sees the rejected one`(
        rejected: Rejected,
        rest: [UInt8]
    ) throws {
        let session = try Session()
        try session.feed(Frames.preface + Frames.settings + Frames.post() + rejected.frames + rest)
        if rest == Frames.data([7], flags: 0) {
            #expect(heard(session).isEmpty, "it has not ended")
            try session.feed(Frames.data([]))
        }
        #expect(heard(session) == [1: [7]])
        #expect(session.respond(ConformanceService.answer, on: 1))
        let frames = try session.frames()
        #expect(frames.filter { $0.stream == 1 }.map(\.type) == [1, 0], "HEADERS, DATA")
        let ends = frames.filter { $0.stream == 3 }
        #expect(ends.map(\.type) == [3] && ends.first?.errorCode == ErrorCode.protocolError.rawValue)
        #expect(session.end == nil && session.openStreamCount == 0)
    }

    @Test(arguments: rejected) func `What follows on its own stream reaches no service`(rejected: Rejected) throws {
        let session = try Session()
        let rest = Frames.data(stream: 3) + Frames.headers([], stream: 3)
        try session.feed(Frames.preface + Frames.settings + rejected.frames + rest)
        #expect(heard(session).isEmpty)
        #expect(!session.respond(ConformanceService.answer, on: 3))
    }

    @Test(arguments: rejected) func `Its time is not counted any more`(rejected: Rejected) throws {
        let limits = ServerLimits()
        let session = try Session(limits: limits)
        try session.feed(Frames.preface + Frames.settings + rejected.frames)
        _ = session.cutOffSlow(at: limits.headerMilliseconds)
        #expect(session.end == nil)
    }

    /// The bodies that the service sees, by stream.
    private func heard(_ session: Session) -> [Int32: [UInt8]] {
        var bodies: [Int32: [UInt8]] = [:]
        session.takeRequests { request, id in bodies[id] = request.body }
        return bodies
    }
}
