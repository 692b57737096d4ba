/// What a client of HTTP/1 is granted besides what ``ServerLimits`` grants to all: its head and its body are bounded
/// as those of HTTP/2 are.
package struct HTTP1Limits: Sendable {
    /// Time for the whole head, from its first bytes or from the end of the TLS handshake.
    package var headMilliseconds: UInt64 = 10_000

    /// Time for a body, from the end of the head; it grows with what has come (``bodyBytesPerSecondMin``).
    package var bodyMilliseconds: UInt64 = 10_000

    /// The rate that a body must keep up beyond ``bodyMilliseconds``, so that a client that sends a byte now and then
    /// is cut off. A body of 64 KiB may so take 74 s.
    package var bodyBytesPerSecondMin: UInt64 = 1_024

    /// Time for which input is read and dropped after the answer (RFC 9112, section 9.6): a close while bytes are
    /// under way resets the connection, and the client may lose the answer that it has not read.
    package var lingerMilliseconds: UInt64 = 10_000

    /// Time without any input after which there is no need to linger on.
    package var lingerIdleMilliseconds: UInt64 = 2_000

    /// Bytes that are dropped at the most after the answer: more than any body that is worth waiting for.
    package var lingerBytesMax = 16_777_216

    /// The defaults.
    package init() {}

    /// Time for a body of which `count` bytes have come.
    func bodyMilliseconds(after count: Int) -> UInt64 {
        bodyMilliseconds + UInt64(clamping: count) * 1_000 / max(1, bodyBytesPerSecondMin)
    }
}
