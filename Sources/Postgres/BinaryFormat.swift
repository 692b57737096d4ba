/// The binary form of values, as the server's `*_send` and `*_recv` functions define it: big-endian throughout.
///
/// One set of appends serves parameters, array elements and COPY rows, so that they cannot differ.
enum BinaryFormat {
    /// 2000-01-01 in microseconds since 1970-01-01: the zero of `timestamptz`.
    static let epochMicroseconds: Int64 = 946_684_800_000_000

    /// Microseconds since 1970 as `timestamptz` has them. Wraps at the ends of Int64, which are centuries outside of
    /// what the server accepts, so it refuses them.
    static func timestamp(_ microsecondsSince1970: Int64) -> Int64 { microsecondsSince1970 &- epochMicroseconds }
}

extension [UInt8] {
    /// Appends the bytes of an integer, the most significant first.
    @inline(__always)
    mutating func appendBigEndian<Integer: FixedWidthInteger>(_ value: Integer) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { bytes in unsafe append(contentsOf: bytes) }
    }

    /// Appends the UTF-8 bytes of a text.
    mutating func appendText(_ text: String) {
        append(contentsOf: text.utf8)
    }

    /// Appends a length of four bytes and what `body` appends.
    mutating func appendSized(_ body: (inout [UInt8]) -> Void) {
        let start = count
        appendBigEndian(Int32(0))
        body(&self)
        let length = UInt32(count - start - 4)
        for index in 0..<4 { self[start + index] = UInt8(truncatingIfNeeded: length >> (24 - 8 * UInt32(index))) }
    }
}
