/// The levels at which parts of a tree of cells are left out: bit `i` is level `i + 1`, and there are three.
package struct LevelMask: Hashable, Sendable {
    package let mask: UInt8

    /// Nothing is left out.
    package static let zero = LevelMask(0)

    init(_ mask: UInt8) { self.mask = mask & 7 }

    /// The highest level at which something is left out; 0 if nothing is.
    package var level: Int { 8 - mask.leadingZeroBitCount }

    /// Hashes of a cell with this mask.
    var hashCount: Int { mask.nonzeroBitCount + 1 }

    func union(_ other: LevelMask) -> LevelMask { LevelMask(mask | other.mask) }

    /// As the mask is seen from outside of a proof.
    var lowered: LevelMask { LevelMask(mask >> 1) }

    /// What of it is at `level` and below.
    func below(_ level: Int) -> LevelMask { LevelMask(mask & (1 << UInt8(min(level, 3)) - 1)) }

    /// Whether a cell with this mask has a hash of its own at `level`.
    func matters(_ level: Int) -> Bool { level == 0 || mask >> UInt8(level - 1) & 1 == 1 }

    /// Which of the hashes is that of `level`.
    func index(of level: Int) -> Int { below(level).mask.nonzeroBitCount }
}
