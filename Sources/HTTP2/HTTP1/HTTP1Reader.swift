/// Reads one request of HTTP/1.1 or HTTP/1.0 (RFC 9112), as a value: bytes in, a request or a refusal out. No socket,
/// no TLS, no clock, and no difference how the bytes are cut.
///
/// A connection carries one request. What follows it is dropped: it is never read as another one.
package struct HTTP1Reader: Sendable {
    /// How far the request has come.
    package enum Phase: Hashable, Sendable {
        /// The head is not complete.
        case head
        /// The body is not complete.
        case body
        /// The request is complete, or its body was announced as too long.
        case complete
        /// It will never be one.
        case refused(HTTP1Refusal)
    }

    /// How far the request has come.
    package private(set) var phase = Phase.head
    /// Head and body, as they came, but for the names of fields, which are in lower case.
    package private(set) var bytes: [UInt8] = []
    /// The body is longer than ``ServerLimits/bodyBytesMax``; none of it is kept.
    package private(set) var isBodyTooLarge = false

    private var parser: HTTP1HeadParser
    private let headBytesMax: Int
    private let limits: ServerLimits
    private var lineStart = 0
    private var bodyStart = 0
    private var isBehindReturn = false

    /// A reader for a connection with these limits, over TLS or not.
    package init(limits: ServerLimits = ServerLimits(), isTLS: Bool = false) {
        parser = HTTP1HeadParser(limits: limits, isTLS: isTLS)
        headBytesMax = limits.headerBytesMax
        self.limits = limits
    }

    /// What the head says. Places are those of ``bytes``; it is complete with the phase ``Phase/body``.
    package var head: HTTP1Head { parser.head }

    /// The part of the body that has come.
    package var body: ArraySlice<UInt8> { phase == .body || phase == .complete ? bytes[bodyStart...] : [] }

    /// Takes what came from the client.
    package mutating func receive(_ input: Span<UInt8>) {
        var index = 0
        while index < input.count, phase == .head {
            do throws(HTTP1Refusal) {
                try takeHead(input[index])
            } catch {
                phase = .refused(error)
            }
            index += 1
        }
        if phase == .body {
            let end = min(input.count, index + bodyStart + parser.head.contentLength - bytes.count)
            let part = input.extracting(index..<end)
            unsafe part.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
            if bytes.count - bodyStart == parser.head.contentLength { phase = .complete }
        }
    }

    /// Gives up: what has come by now is not a request, and will not be waited for.
    package mutating func giveUp(_ refusal: HTTP1Refusal) {
        if phase == .head || phase == .body { phase = .refused(refusal) }
    }

    /// Forgets the bytes, when nobody needs them any more.
    mutating func dropBytes() {
        bytes = []
        (lineStart, bodyStart) = (0, 0)
    }

    /// One byte of the head: lines end with CR LF and hold neither.
    private mutating func takeHead(_ byte: UInt8) throws(HTTP1Refusal) {
        guard bytes.count < headBytesMax else { throw lineStart == 0 ? .targetTooLong : .headTooLarge }
        bytes.append(byte)
        if isBehindReturn {
            guard byte == 0x0A else { throw .bareCarriageReturn }
            isBehindReturn = false
            return try endLine()
        }
        switch byte {
        case 0x0D: isBehindReturn = true
        case 0x0A: throw .bareLineFeed
        case _ where HTTP1Grammar.isControl(byte): throw .controlByte
        case _ where HTTP1Grammar.isWhiteSpace(byte) && lineStart > 0 && bytes.count - 1 == lineStart:
            throw .foldedLine
        default: break
        }
    }

    private mutating func endLine() throws(HTTP1Refusal) {
        let line = lineStart..<(bytes.count - 2)
        let isFirst = lineStart == 0
        lineStart = bytes.count
        if isFirst { return try parser.requestLine(bytes, line) }
        guard line.isEmpty else { return try parser.field(&bytes, line) }

        try parser.finish(bytes)
        bodyStart = bytes.count
        isBodyTooLarge = parser.head.contentLength > limits.bodyBytesMax(for: bytes[parser.head.path])
        phase = isBodyTooLarge || parser.head.contentLength == 0 ? .complete : .body
    }
}
