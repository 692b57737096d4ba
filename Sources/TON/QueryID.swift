/// The number of a message of a highload wallet v3: a bit in one of the wallet's sets of 1,023. The wallet carries out
/// each number once, and remembers it for its timeout at least.
package struct QueryID: Hashable, Sendable {
    /// 23 bits: the set in 13, and the bit in 10.
    package let rawValue: UInt32

    /// Bits in a set. The contract's cell has no room for one more.
    package static let bitsPerShift: UInt32 = 1_023
    /// Sets.
    package static let shifts: UInt32 = 8_192
    /// All numbers there are.
    package static let capacity = shifts * bitsPerShift
    /// Numbers that are given out: the last two are kept for emergencies (``isReserved``).
    package static let ordinary = capacity - 2

    /// `nil` if the bit is one that the contract has not, or the number has more than 23 bits.
    package init?(rawValue: UInt32) {
        guard rawValue >> 23 == 0, rawValue & 1_023 < Self.bitsPerShift else { return nil }
        self.rawValue = rawValue
    }

    /// The number at a place in the order in which they are used, from 0 on: a set is used up before the next, which
    /// costs the least. `nil` from ``capacity`` on.
    package init?(place: UInt32) {
        guard place < Self.capacity else { return nil }
        rawValue = (place / Self.bitsPerShift) << 10 | place % Self.bitsPerShift
    }

    /// The ordinary number of a counter that counts on for ever: after the last one comes the first.
    package init(counter: UInt64) {
        let place = UInt32(counter % UInt64(Self.ordinary))
        rawValue = (place / Self.bitsPerShift) << 10 | place % Self.bitsPerShift
    }

    /// The set.
    package var shift: UInt32 { rawValue >> 10 }
    /// The bit in the set.
    package var bit: UInt32 { rawValue & 1_023 }
    /// See ``init(place:)``.
    package var place: UInt32 { shift * Self.bitsPerShift + bit }
    /// 8,388,605 and 8,388,606: with these a wallet is emptied when its counter is lost.
    package var isReserved: Bool { place >= Self.ordinary }
}
