/// The client's side of one HTTP/2 connection for very many small requests: bytes in, answers out; no socket, no TLS.
///
/// It writes its frames itself and keeps nothing of a request but a number, so that a generator of load takes less of
/// the processor than what it measures. Bodies of requests are at most ``bodyBytesMax``; what a server may say
/// (RFC 9113) is understood in full, but it must not push.
package final class ClientPipeline {
    /// What became of a request.
    package struct Answer {
        /// The caller's number of the request.
        package let token: Int
        /// The status; 0 if there is none.
        package let status: Int
        /// The answer says `idempotency-replayed: true`.
        package let isReplayed: Bool
        /// Seconds of `retry-after`; 0 without it.
        package let retryAfterSeconds: Int
        /// Where the content lies in ``bodies``.
        package let body: Range<Int>
        /// The error code with which the server reset the stream (RFC 9113, section 7), if it did. Code 7 says that
        /// the request was not processed.
        package let resetCode: UInt32?
    }

    /// What has been completed since ``forgetAnswers()``.
    package private(set) var answers: [Answer] = []
    /// The contents of ``answers``, one behind the other.
    package private(set) var bodies: [UInt8] = []
    /// Frames to send; the caller takes them away.
    package var output: [UInt8] = []
    /// Requests without an answer.
    package private(set) var openCount = 0
    /// The server's settings have come.
    package private(set) var isReady = false
    /// No further request can be sent over this connection: the server goes away, or its numbers are used up.
    package private(set) var isRetiring = false

    /// Bytes of a request's body at most: one frame that every server takes.
    package static let bodyBytesMax = 16_384

    private let fields: ClientFieldReader
    /// Input whose frame is not complete.
    private var partial: [UInt8] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int32] = []
    private var ring = StreamRing()
    /// Header block fragments until END_HEADERS.
    private var block: [UInt8] = []
    private var blockStream: Int32 = 0
    private var blockEndsStream = false

    private var sendWindow = 65_535
    private var streamWindow = 65_535
    /// Requests that the server takes at once on this connection.
    package private(set) var streamsMax = 100
    private var received = 0

    /// One request under way.
    private struct Slot {
        var token = 0
        var status = 0
        var isReplayed = false
        var retryAfterSeconds = 0
        /// What has come of the content.
        var body: [UInt8] = []

        mutating func take(_ said: ClientFieldReader.Fields) {
            status = said.status
            isReplayed = said.isReplayed
            retryAfterSeconds = said.retryAfterSeconds
        }

        /// Gives out what has come, and is ready for another request.
        mutating func finish(
            into bodies: inout [UInt8]
        ) -> (token: Int, status: Int, isReplayed: Bool, retryAfterSeconds: Int) {
            bodies += body
            body.removeAll(keepingCapacity: true)
            defer { (status, isReplayed, retryAfterSeconds) = (0, false, 0) }
            return (token, status, isReplayed, retryAfterSeconds)
        }
    }

    /// The windows that are opened to the server: answers of some MiB without waiting.
    private static let window = 16 * 1_048_576

    /// A connection that has sent nothing: the preface is in ``output``.
    package init() throws(HTTP2Error) {
        fields = try ClientFieldReader()
        output += "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8
        // ENABLE_PUSH 0, INITIAL_WINDOW_SIZE.
        frame(.settings, count: 12, stream: 0)
        output += [0, 2, 0, 0, 0, 0, 0, 4]
        appendNumber(Self.window)
        openWindow(by: Self.window - 65_535)
    }

    /// A request with a body of so many bytes can be sent now.
    package func canBegin(bodyCount: Int) -> Bool {
        isReady && !isRetiring && openCount < streamsMax && bodyCount <= min(sendWindow, streamWindow)
            && !ring.isFull
    }

    /// Sends a request, which ``canBegin(bodyCount:)`` allows: the bytes of its head and of its body. `token` comes
    /// back with the answer.
    package func begin(head: Span<UInt8>, body: Span<UInt8>, token: Int) {
        precondition(canBegin(bodyCount: body.count) && body.count <= Self.bodyBytesMax)
        precondition(head.count <= ClientHead.bytesMax)
        let slot = freeSlots.popLast() ?? Int32(slots.count)
        if Int(slot) == slots.count { slots.append(Slot()) }
        slots[Int(slot)].token = token
        let stream = ring.append(slot)
        openCount += 1
        // END_HEADERS, and END_STREAM if that is all.
        frame(.headers, flags: body.isEmpty ? 0x5 : 0x4, count: head.count, stream: stream)
        append(head)
        if !body.isEmpty {
            frame(.data, flags: 0x1, count: body.count, stream: stream)
            append(body)
            sendWindow -= body.count
        }
        if ring.isExhausted { isRetiring = true }
    }

    /// Feeds what the socket gave.
    package func receive(_ bytes: Span<UInt8>) throws(HTTP2Error) {
        if partial.isEmpty {
            let used = try readFrames(bytes)
            append(bytes.extracting(used..<bytes.count), to: &partial)
        } else {
            append(bytes, to: &partial)
            var whole: [UInt8] = []
            swap(&whole, &partial)
            let used = try readFrames(whole.span)
            append(whole.span.extracting(used..<whole.count), to: &partial)
        }
        if received >= Self.window / 2 {
            openWindow(by: received)
            received = 0
        }
    }

    /// Empties ``answers`` and ``bodies``.
    package func forgetAnswers() {
        answers.removeAll(keepingCapacity: true)
        bodies.removeAll(keepingCapacity: true)
    }

    /// The tokens of all requests without an answer, which are forgotten: the connection has ended.
    package func abandon() -> [Int] {
        var tokens: [Int] = []
        ring.removeAll { slot in tokens.append(slots[Int(slot)].token) }
        openCount = 0
        isRetiring = true
        return tokens
    }

    /// Says goodbye.
    package func sayGoodbye() {
        frame(.goAway, count: 8, stream: 0)
        output += [0, 0, 0, 0, 0, 0, 0, 0]
        isRetiring = true
    }
}

// Frames out (RFC 9113, section 4.1).
extension ClientPipeline {
    private enum Kind: UInt8 {
        case data, headers, priority, reset, settings, push, ping, goAway, windowUpdate, continuation
    }

    private func frame(_ kind: Kind, flags: UInt8 = 0, count: Int, stream: Int32) {
        Self.appendFrame(kind, flags, count: count, stream: stream, to: &output)
    }

    /// One access to the output instead of nine: this runs twice for every request.
    private static func appendFrame(
        _ kind: Kind,
        _ flags: UInt8,
        count: Int,
        stream: Int32,
        to output: inout [UInt8]
    ) {
        output.append(UInt8(truncatingIfNeeded: count >> 16))
        output.append(UInt8(truncatingIfNeeded: count >> 8))
        output.append(UInt8(truncatingIfNeeded: count))
        output.append(kind.rawValue)
        output.append(flags)
        appendNumber(Int(stream), to: &output)
    }

    private static func appendNumber(_ number: Int, to output: inout [UInt8]) {
        output.append(UInt8(truncatingIfNeeded: number >> 24))
        output.append(UInt8(truncatingIfNeeded: number >> 16))
        output.append(UInt8(truncatingIfNeeded: number >> 8))
        output.append(UInt8(truncatingIfNeeded: number))
    }

    private func appendNumber(_ number: Int) { Self.appendNumber(number, to: &output) }

    private func append(_ bytes: Span<UInt8>) { append(bytes, to: &output) }

    private func append(_ bytes: Span<UInt8>, to target: inout [UInt8]) {
        unsafe bytes.withUnsafeBufferPointer { unsafe target.append(contentsOf: $0) }
    }

    private func openWindow(by count: Int) {
        frame(.windowUpdate, count: 4, stream: 0)
        appendNumber(count)
    }
}

// Frames in.
extension ClientPipeline {
    private static func violation(_ what: String) -> HTTP2Error {
        // NGHTTP2_ERR_PROTO
        .session(call: "a frame of the server: " + what, code: -505)
    }

    /// Reads all frames that are complete, and returns where the rest begins.
    private func readFrames(_ bytes: Span<UInt8>) throws(HTTP2Error) -> Int {
        var start = 0
        while start + 9 <= bytes.count {
            let count = Int(bytes[start]) << 16 | Int(bytes[start + 1]) << 8 | Int(bytes[start + 2])
            // We have not allowed larger ones.
            guard count <= 16_384 else { throw Self.violation("larger than 16,384 bytes") }
            let end = start + 9 + count
            guard end <= bytes.count else { break }
            let stream = Int32(truncatingIfNeeded: Self.number(bytes, at: start + 5) & 0x7FFF_FFFF)
            let payload = bytes.extracting(start + 9..<end)
            try read(Kind(rawValue: bytes[start + 3]), flags: bytes[start + 4], stream, payload)
            start = end
        }
        return start
    }

    private static func number(_ bytes: Span<UInt8>, at index: Int) -> Int {
        Int(bytes[index]) << 24 | Int(bytes[index + 1]) << 16 | Int(bytes[index + 2]) << 8 | Int(bytes[index + 3])
    }

    private func read(_ kind: Kind?, flags: UInt8, _ stream: Int32, _ payload: Span<UInt8>) throws(HTTP2Error) {
        guard blockStream == 0 || kind == .continuation && stream == blockStream else {
            throw Self.violation("between HEADERS and CONTINUATION")
        }
        switch kind {
        case .data:
            received += payload.count
            let content = try Self.unpadded(payload, flags)
            try readData(stream, payload.extracting(content), endsStream: flags & 1 != 0)
        case .headers: try readHeaders(stream, flags: flags, payload)
        case .continuation:
            guard blockStream != 0 else { throw Self.violation("CONTINUATION without HEADERS") }
            try addToBlock(payload, isEnd: flags & 4 != 0)
        case .reset:
            guard payload.count == 4 else { throw Self.violation("RST_STREAM") }
            finish(stream, resetCode: UInt32(truncatingIfNeeded: Self.number(payload, at: 0)))
        case .settings: try readSettings(payload, isAcknowledgement: flags & 1 != 0)
        case .ping:
            guard payload.count == 8 else { throw Self.violation("PING") }
            if flags & 1 == 0 {
                frame(.ping, flags: 1, count: 8, stream: 0)
                append(payload)
            }
        case .goAway: try readGoAway(payload)
        case .windowUpdate:
            guard payload.count == 4 else { throw Self.violation("WINDOW_UPDATE") }
            // A stream's own window never matters: bodies are sent whole or not at all.
            if stream == 0 { sendWindow += Self.number(payload, at: 0) & 0x7FFF_FFFF }
        case .push: throw Self.violation("PUSH_PROMISE")
        // Unknown kinds are ignored (RFC 9113, section 5.5).
        case .priority, nil: break
        }
    }

    /// Where the content lies, without the padding, if the flag PADDED says that there is one.
    private static func unpadded(_ payload: Span<UInt8>, _ flags: UInt8) throws(HTTP2Error) -> Range<Int> {
        guard flags & 8 != 0 else { return 0..<payload.count }
        guard payload.count > 0, Int(payload[0]) < payload.count else { throw violation("padding") }
        return 1..<payload.count - Int(payload[0])
    }

    private func readData(_ stream: Int32, _ content: Span<UInt8>, endsStream: Bool) throws(HTTP2Error) {
        // A stream that is gone may still get what was under way.
        guard let slot = ring.slot(of: stream) else { return }
        append(content, to: &slots[Int(slot)].body)
        guard slots[Int(slot)].body.count < Self.window else { throw Self.violation("an answer of 16 MiB") }
        if endsStream { finish(stream, resetCode: nil) }
    }

    private func readHeaders(_ stream: Int32, flags: UInt8, _ payload: Span<UInt8>) throws(HTTP2Error) {
        var range = try Self.unpadded(payload, flags)
        if flags & 0x20 != 0 {
            // The priority, which says nothing.
            guard range.count >= 5 else { throw Self.violation("HEADERS") }
            range = range.lowerBound + 5..<range.upperBound
        }
        let fragment = payload.extracting(range)
        blockEndsStream = flags & 1 != 0
        guard flags & 4 == 0 else { return try takeBlock(fragment, stream) }
        blockStream = stream
        block.removeAll(keepingCapacity: true)
        try addToBlock(fragment, isEnd: false)
    }

    private func addToBlock(_ fragment: Span<UInt8>, isEnd: Bool) throws(HTTP2Error) {
        append(fragment, to: &block)
        guard block.count <= 262_144 else { throw Self.violation("a head of 256 KiB") }
        guard isEnd else { return }
        let stream = blockStream
        blockStream = 0
        let whole = block
        try takeBlock(whole.span, stream)
    }

    private func takeBlock(_ block: Span<UInt8>, _ stream: Int32) throws(HTTP2Error) {
        let said = try fields.read(block)
        guard let slot = ring.slot(of: stream) else { return }
        // A final status: an interim one (RFC 9110, section 15.2) says nothing of the answer, and trailers have none.
        if said.status >= 200 { slots[Int(slot)].take(said) }
        if blockEndsStream { finish(stream, resetCode: nil) }
    }

    private func readSettings(_ payload: Span<UInt8>, isAcknowledgement: Bool) throws(HTTP2Error) {
        if isAcknowledgement { return }
        guard payload.count % 6 == 0 else { throw Self.violation("SETTINGS") }
        for start in stride(from: 0, to: payload.count, by: 6) {
            let value = Self.number(payload, at: start + 2)
            switch Int(payload[start]) << 8 | Int(payload[start + 1]) {
            case 3: streamsMax = value
            case 4: streamWindow = value
            // Our heads need no table, and our frames are the smallest that are allowed.
            default: break
            }
        }
        isReady = true
        frame(.settings, flags: 1, count: 0, stream: 0)
    }

    /// Requests above the last stream that the server names were not processed (RFC 9113, section 6.8).
    private func readGoAway(_ payload: Span<UInt8>) throws(HTTP2Error) {
        guard payload.count >= 8 else { throw Self.violation("GOAWAY") }
        isRetiring = true
        let last = Int32(truncatingIfNeeded: Self.number(payload, at: 0) & 0x7FFF_FFFF)
        // REFUSED_STREAM
        for stream in ring.streams(above: last) { finish(stream, resetCode: 7) }
    }

    private func finish(_ stream: Int32, resetCode: UInt32?) {
        guard let slot = ring.remove(stream) else { return }
        let start = bodies.count
        let said = slots[Int(slot)].finish(into: &bodies)
        answers.append(
            Answer(
                token: said.token,
                status: said.status,
                isReplayed: said.isReplayed,
                retryAfterSeconds: said.retryAfterSeconds,
                body: start..<bodies.count,
                resetCode: resetCode
            )
        )
        freeSlots.append(slot)
        openCount -= 1
    }
}
