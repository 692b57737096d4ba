/// Reads what a server says over HTTP/2 for the end of a stream by RST_STREAM, or of the connection by GOAWAY
/// (RFC 9113, sections 6.4 and 6.8). Keeps at most the head of one frame.
package struct EndScanner: Sendable {
    private var head: [UInt8] = []
    /// Bytes of the present frame's content that are to come.
    private var rest = 0
    /// Whether the server has ended something.
    package private(set) var hasEnd = false

    /// Before the first byte.
    package init() {}

    /// Takes the next bytes, cut anywhere.
    package mutating func take(_ bytes: [UInt8]) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            if rest > 0 {
                let skipped = min(rest, bytes.count)
                bytes = bytes.dropFirst(skipped)
                rest -= skipped
                continue
            }
            head.append(bytes.removeFirst())
            guard head.count == Self.headBytes else { continue }
            rest = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            if head[3] == Frame.Kind.reset.rawValue || head[3] == Frame.Kind.goodbye.rawValue { hasEnd = true }
            head = []
        }
    }

    private static let headBytes = 9
}
