import HTTP2

/// A session of the server, fed with what a client might send.
///
/// The first byte of the input says how the rest is cut into reads and whether the preface and SETTINGS of a proper
/// client come before it; the rest are the client's bytes.
enum HTTP2Driver {
    static func run(_ input: [UInt8]) throws {
        guard let first = input.first else { return }
        var bytes = Array(input.dropFirst())
        if first & 1 == 1 { bytes = hello + bytes }
        let chunk = [1, 3, 9, 64, 500, 4_096, 16_384, 65_536][Int(first >> 1 & 7)]
        try serve(bytes, inChunksOf: chunk, answerBytes: [0, 5, 100, 20_000][Int(first >> 4 & 3)])
        let whole = try hear(bytes, inChunksOf: max(1, bytes.count)).requests
        let cut = try hear(bytes, inChunksOf: chunk)
        // A client that has said goodbye and has nothing under way is not heard any more, but for what it said with it.
        // And nghttp2 counts a CONTINUATION once for each read that has a part of its header, and allows eight.
        let mayEndEarly = cut.isFinished || cut.isBroken && chunk < frameHeaderBytes
        let expected = mayEndEarly ? Array(whole.prefix(cut.requests.count)) : whole
        try check(cut.requests == expected, "it matters how the network cuts the bytes")
    }

    /// What a client says first (RFC 9113, section 3.4).
    private static let hello = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    /// RFC 9113, section 4.1.
    private static let frameHeaderBytes = 9

    /// The requests of one client, and how its connection stood after them.
    private struct Hearing {
        var requests: [Heard] = []
        var isFinished = false
        var isBroken = false
    }

    /// Low enough to be reached by an input.
    private static let limits: ServerLimits = {
        var limits = ServerLimits()
        limits.concurrentStreamsMax = 8
        limits.bodyBytesMax = 512
        limits.headerBytesMax = 1_024
        limits.headerFieldsMax = 20
        return limits
    }()

    /// Answers every request at once, as a connection does after each read, and holds the bounds of memory and output.
    private static func serve(_ bytes: [UInt8], inChunksOf size: Int, answerBytes: Int) throws {
        let session = try Session(limits: limits)
        let answer = [UInt8](repeating: 0x61, count: answerBytes)
        var requests = 0
        var output = 0
        var isBroken = false
        var start = 0
        while start < bytes.count, !isBroken, !session.isFinished {
            let end = min(start + size, bytes.count)
            do { try session.receive(bytes[start..<end].span) } catch { isBroken = true }
            start = end
            try checkBounds(session, read: end)
            var streams: [Int32] = []
            var isTooLong = false
            session.takeRequests { request, stream in
                streams.append(stream)
                if request.bodyByteCount > limits.bodyBytesMax { isTooLong = true }
                for field in RequestField.allCases where request.has(field) { _ = request.bytes(of: field) }
            }
            try check(!isTooLong, "a body above its limit is kept")
            requests += streams.count
            for stream in streams {
                session.respond(Response(status: 200, contentType: "text/plain", body: answer), on: stream)
            }
            output += try drain(session)
        }
        if session.resetAnswered() { output += try drain(session) }
        // Settings, a goodbye, and for each byte that came what the smallest frame can bring about.
        let outputMax = 256 + bytes.count * 3 + requests * (answerBytes + answerBytes / 64 + 256)
        try check(output <= outputMax, "\(bytes.count) bytes and \(requests) requests brought \(output) bytes")
        session.terminate()
        _ = try drain(session)
        try check(session.queuedFrameCount == 0, "frames wait after the end")
    }

    private static func checkBounds(_ session: Session, read count: Int) throws {
        // A frame has nine bytes at least, and brings one frame of an answer at most beside the settings and the end.
        try check(
            session.queuedFrameCount <= count / frameHeaderBytes + 4,
            "\(session.queuedFrameCount) frames for \(count) bytes"
        )
        // A stream that the client has reset is closed before its successor is opened.
        try check(session.openStreamCount <= Int(limits.concurrentStreamsMax), "too many streams are open")
        try check(session.incompleteRequestCount <= session.openStreamCount, "requests without streams")
    }

    private static func drain(_ session: Session) throws -> Int {
        var output: [UInt8] = []
        var total = 0
        var isMore = true
        while isMore {
            output.removeAll(keepingCapacity: true)
            // A connection that is broken gives what it has, and then says so.
            do { isMore = try session.drain(into: &output, upTo: 4_096) } catch { isMore = false }
            total += output.count
        }
        return total
    }

    /// A request, as far as it must not depend on how its bytes came.
    private struct Heard: Equatable {
        let stream: Int32
        let method: Method
        let fields: [[UInt8]?]
        let body: [UInt8]
        let isBodyTooLarge: Bool

        init(_ request: borrowing Request, _ stream: Int32) {
            self.stream = stream
            method = request.method
            fields = RequestField.allCases.map { request.bytes(of: $0) }
            body = request.body
            isBodyTooLarge = request.isBodyTooLarge
        }
    }

    /// What is heard of a client that is answered nothing.
    private static func hear(_ bytes: [UInt8], inChunksOf size: Int) throws -> Hearing {
        let session = try Session(limits: limits)
        var hearing = Hearing()
        for start in stride(from: 0, to: bytes.count, by: size) where !hearing.isBroken && !session.isFinished {
            do {
                try session.receive(bytes[start..<min(start + size, bytes.count)].span)
            } catch {
                hearing.isBroken = true
            }
            _ = try drain(session)
        }
        hearing.isFinished = session.isFinished
        session.takeRequests { request, stream in hearing.requests.append(Heard(request, stream)) }
        return hearing
    }
}
