internal import Cryptography

/// Reads fields of a fixed form from bytes of strangers, big-endian; a field that is not whole gives nothing.
struct ByteReader {
    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Whether every byte has been read.
    var isAtEnd: Bool { offset == bytes.count }

    mutating func take(_ count: Int) -> [UInt8]? {
        guard count >= 0, count <= bytes.count - offset else { return nil }
        defer { offset += count }
        return Array(bytes[offset..<offset + count])
    }

    mutating func unsigned(_ byteCount: Int) -> UInt64? {
        guard byteCount <= bytes.count - offset else { return nil }
        defer { offset += byteCount }
        return bytes[offset..<offset + byteCount].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A number of eight bytes that is at most `maximum`.
    mutating func number(upTo maximum: Int64 = .max) -> Int64? {
        guard let value = unsigned(8), value <= UInt64(maximum) else { return nil }
        return Int64(value)
    }

    mutating func digest() -> Digest256? { take(Digest256.byteCount).flatMap { Digest256($0) } }

    /// A text with its length in `lengthBytes` bytes before it; nothing if it is too long or not UTF-8.
    mutating func text(lengthBytes: Int, upTo maximum: Int) -> String? {
        guard let count = unsigned(lengthBytes), count <= UInt64(maximum), let bytes = take(Int(count)) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Adds the low `byteCount` bytes of `value`, the most significant first.
    mutating func append(_ value: UInt64, byteCount: Int) {
        for shift in stride(from: byteCount * 8 - 8, through: 0, by: -8) {
            append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
        }
    }

    /// Adds a number in eight bytes.
    mutating func append(number value: Int64) { append(UInt64(bitPattern: value), byteCount: 8) }

    /// Adds a text with its length in `lengthBytes` bytes before it.
    mutating func append(text: String, lengthBytes: Int) {
        append(UInt64(text.utf8.count), byteCount: lengthBytes)
        append(contentsOf: text.utf8)
    }
}

/// Puts `domain` and a zero byte before `content`, so that bytes signed or hashed for one purpose serve no other.
func prefixed(_ domain: StaticString, _ content: [UInt8]...) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(domain.utf8CodeUnitCount + 1 + content.reduce(0) { $0 + $1.count })
    bytes.append(contentsOf: domain.description.utf8)
    bytes.append(0)
    for part in content { bytes += part }
    return bytes
}
