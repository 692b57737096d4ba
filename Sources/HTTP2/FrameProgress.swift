/// Where in a frame the input ends, so that one that stops half-way is noticed: nghttp2 does not tell.
struct FrameProgress: BitwiseCopyable {
    /// Bytes of the preface or of a payload that are still to come.
    private var rest = 24
    /// Bytes of the frame's head that have come, of nine (RFC 9113, section 4.1).
    private var headCount = 0
    private var length = 0
    /// When the frame began, in milliseconds.
    private(set) var beganAt: UInt64
    /// Bytes of the frame that have come.
    private(set) var byteCount = 0

    /// Before the preface.
    init(at now: UInt64) { beganAt = now }

    /// The frame is not complete.
    var isInside: Bool { rest > 0 || headCount > 0 }

    /// Takes what came in.
    mutating func take(_ bytes: Span<UInt8>, at now: UInt64) {
        var index = 0
        while index < bytes.count {
            if rest > 0 {
                let count = min(rest, bytes.count - index)
                rest -= count
                byteCount += count
                index += count
                continue
            }
            if headCount == 0 { (beganAt, byteCount, length) = (now, 0, 0) }
            if headCount < 3 { length = length << 8 | Int(bytes[index]) }
            headCount += 1
            byteCount += 1
            index += 1
            if headCount == 9 { (rest, headCount) = (length, 0) }
        }
    }
}
