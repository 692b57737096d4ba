/// An amount of nanoTON, or of a jetton's smallest unit, as cells hold it: 0 to 2¹²⁰ − 1.
package struct Coins: Hashable, Comparable, Sendable {
    package let nanoTON: UInt128

    package static let zero = Coins(0)

    /// Any amount of 64 bits.
    package init(_ nanoTON: UInt64) { self.nanoTON = UInt128(nanoTON) }

    /// `nil` if it is 2¹²⁰ or more.
    package init?(exactly nanoTON: UInt128) {
        guard nanoTON >> 120 == 0 else { return nil }
        self.nanoTON = nanoTON
    }

    package static func < (left: Self, right: Self) -> Bool { left.nanoTON < right.nanoTON }
}
