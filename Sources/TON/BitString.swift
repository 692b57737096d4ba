/// A string of bits: the content of a cell, the key of a dictionary, a label.
package struct BitString: Hashable, Sendable {
    /// The bits, the first in the highest of the first byte; behind the last bit stand zeros.
    package private(set) var bytes: [UInt8] = []
    package private(set) var count = 0

    /// No bits.
    package init() {}

    /// All bits of the bytes.
    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
        count = bytes.count * 8
    }

    /// The lowest `count` bits of a number, the highest first; `count` is in 0…64.
    package init(_ value: UInt64, count: Int) { append(value, count: count) }

    /// The first `count` bits of the bytes; `nil` unless they end in the last byte and zeros stand behind them.
    package init?(_ bytes: [UInt8], count: Int) {
        guard count >= 0, bytes.count == (count + 7) / 8 else { return nil }
        if count % 8 != 0, let last = bytes.last, last & (0xFF >> UInt8(count % 8)) != 0 { return nil }
        self.bytes = bytes
        self.count = count
    }

    /// The bit at `index`, which is in 0..<``count``.
    package subscript(index: Int) -> Bool { bytes[index / 8] & (0x80 >> UInt8(index % 8)) != 0 }

    /// Adds one bit.
    package mutating func append(_ bit: Bool) {
        if count % 8 == 0 { bytes.append(0) }
        if bit { bytes[bytes.count - 1] |= 0x80 >> UInt8(count % 8) }
        count += 1
    }

    /// Adds the lowest `count` bits of a number, the highest first; `count` is in 0…64.
    package mutating func append(_ value: UInt64, count added: Int) {
        for shift in stride(from: added - 1, through: 0, by: -1) { append(value >> UInt64(shift) & 1 == 1) }
    }

    /// Adds whole bytes.
    package mutating func append(_ added: [UInt8]) {
        let shift = UInt8(count % 8)
        count += added.count * 8
        guard shift > 0 else {
            bytes += added
            return
        }
        for byte in added {
            bytes[bytes.count - 1] |= byte >> shift
            bytes.append(byte << (8 - shift))
        }
    }

    /// Adds the bits of another string.
    package mutating func append(_ other: BitString) {
        append(Array(other.bytes.prefix(other.count / 8)))
        for index in (other.count / 8 * 8)..<other.count { append(other[index]) }
    }

    /// The bits of a range, which lies in 0…``count``.
    package subscript(range: Range<Int>) -> BitString {
        var result = BitString(bytes(range.count / 8, from: range.lowerBound))
        for index in (range.lowerBound + range.count / 8 * 8)..<range.upperBound { result.append(self[index]) }
        return result
    }

    /// The number that the bits of a range write, the highest first: at most 64 of them.
    func number(_ range: Range<Int>) -> UInt64 {
        range.reduce(0) { $0 << 1 | (self[$1] ? 1 : 0) }
    }

    /// `count` whole bytes from the bit `start` on, which must be there.
    func bytes(_ count: Int, from start: Int) -> [UInt8] {
        let shift = UInt8(start % 8)
        let first = start / 8
        guard shift > 0 else { return Array(bytes[first..<first + count]) }
        return (first..<first + count).map { bytes[$0] << shift | bytes[$0 + 1] >> (8 - shift) }
    }

    /// How many bits two strings have in common from their beginnings on.
    func commonPrefix(with other: BitString) -> Int {
        let shorter = min(count, other.count)
        var index = 0
        while index + 8 <= shorter, bytes[index / 8] == other.bytes[index / 8] { index += 8 }
        while index < shorter, self[index] == other[index] { index += 1 }
        return index
    }
}

extension BitString: Comparable {
    /// In the order of a dictionary's keys: as binary numbers of the same length.
    package static func < (left: Self, right: Self) -> Bool {
        left.bytes == right.bytes ? left.count < right.count : left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
