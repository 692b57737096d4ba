/// The sequence numbers of acknowledgements, one bit each.
package struct SequenceRecord: Sendable {
    /// The last sequence number before the load.
    package let base: Int64
    private var words: [UInt64] = []
    /// Numbers that were acknowledged.
    package private(set) var count: Int64 = 0
    /// The largest of them; ``base`` if there is none.
    package private(set) var last: Int64
    /// The first number that two acknowledgements had.
    package private(set) var duplicate: Int64?
    /// Acknowledgements whose number was taken.
    package private(set) var duplicateCount: Int64 = 0
    /// The first number that cannot be: not above ``base``, or absurdly far from it.
    package private(set) var impossible: Int64?

    /// Numbers that one record can hold: 1 GiB of bits.
    package static let spanMax: Int64 = 1 << 33

    /// A record of what comes after `base`.
    package init(after base: Int64) {
        self.base = base
        last = base
    }

    /// An acknowledgement had this number.
    package mutating func add(_ sequence: Int64) {
        guard sequence > base, sequence - base < Self.spanMax else {
            impossible = impossible ?? sequence
            return
        }
        let index = Int(sequence - base)
        let mask = UInt64(1) << UInt64(index & 63)
        if index >> 6 >= words.count {
            // In steps of 2 MiB, so that it is not copied all the time.
            words += repeatElement(0, count: max(index >> 6 - words.count + 1, 262_144))
        }
        if words[index >> 6] & mask != 0 {
            duplicateCount += 1
            duplicate = duplicate ?? sequence
        } else {
            words[index >> 6] |= mask
            count += 1
            last = max(last, sequence)
        }
    }

    /// Takes the numbers of another thread, which has the same base.
    package mutating func add(_ other: SequenceRecord) {
        precondition(other.base == base, "records of one load have one base")
        if other.words.count > words.count {
            words += repeatElement(0, count: other.words.count - words.count)
        }
        for (index, word) in other.words.enumerated() where word != 0 {
            let both = words[index] & word
            if both != 0 {
                duplicateCount += Int64(both.nonzeroBitCount)
                duplicate = duplicate ?? base + Int64(index) * 64 + Int64(both.trailingZeroBitCount)
            }
            words[index] |= word
            count += Int64(word.nonzeroBitCount - both.nonzeroBitCount)
        }
        last = max(last, other.last)
        duplicate = duplicate ?? other.duplicate
        duplicateCount += other.duplicateCount
        impossible = impossible ?? other.impossible
    }

    /// The numbers up to `end` that nobody acknowledged to us.
    package func missing(upTo end: Int64) -> Int64 { max(0, end - base - count) }
}
