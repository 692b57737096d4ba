internal import Cryptography

/// A cell of TON: up to 1,023 bits and four references to other cells.
///
/// An ordinary cell holds data. The others, which are called exotic, stand for cells that are elsewhere
/// (``Kind-swift.enum``). Where cells are left out, a cell has several hashes: the hash at level 0 is that of the tree
/// with nothing left out, and the representation's that of the cell as it is.
package final class Cell: Sendable {
    /// What a cell is. All but ``ordinary`` begin with a byte that says it.
    package enum Kind: UInt8, Sendable {
        case ordinary = 0
        /// The hashes and depths of a tree that is left out.
        case prunedBranch = 1
        /// The hash of a cell in the library of the chain.
        case library = 2
        /// A tree in which parts may be left out, with the hash that it has with them.
        case merkleProof = 3
        /// Two such trees: before and after a change.
        case merkleUpdate = 4
    }

    package let kind: Kind
    package let bits: BitString
    package let references: [Cell]
    /// At which levels something is left out below.
    package let levels: LevelMask
    /// One for each level that matters, the lowest first, and at last that of the representation.
    private let hashes: [[UInt8]]
    private let depths: [Int]

    package static let bitsMax = 1_023
    package static let referencesMax = 4
    /// As the node limits it.
    package static let depthMax = 1_024

    /// An ordinary cell, or, if `isExotic`, the one that the first byte says. `nil` unless the parts are within the
    /// limits, no bit is set behind the last, and an exotic cell is well formed and says the truth of what it refers
    /// to.
    package convenience init?(data: [UInt8], bitCount: Int, references: [Cell] = [], isExotic: Bool = false) {
        guard let bits = BitString(data, count: bitCount) else { return nil }
        self.init(bits: bits, references: references, isExotic: isExotic)
    }

    /// The same, of a string of bits.
    package init?(bits: BitString, references: [Cell] = [], isExotic: Bool = false) {
        guard bits.count <= Self.bitsMax, references.count <= Self.referencesMax else { return nil }
        guard let kind = isExotic ? Self.exoticKind(bits, references) : .ordinary else { return nil }
        let below = references.reduce(LevelMask.zero) { $0.union($1.levels) }
        let levels: LevelMask =
            switch kind {
            case .ordinary: below
            case .prunedBranch: LevelMask(bits.bytes[1])
            case .library: .zero
            case .merkleProof, .merkleUpdate: below.lowered
            }
        let parts = Parts(kind: kind, bits: bits, references: references, levels: levels)
        guard let (hashes, depths) = parts.hashesAndDepths() else { return nil }
        self.kind = kind
        self.bits = bits
        self.references = references
        self.levels = levels
        self.hashes = hashes
        self.depths = depths
    }

    /// The bits, the first in the highest of the first byte; behind them zeros.
    package var data: [UInt8] { bits.bytes }
    package var bitCount: Int { bits.count }

    /// SHA-256 of the cell's representation, which names it with all that is below.
    package var hash: [UInt8] { hashes[hashes.count - 1] }
    /// References to the deepest cell below.
    package var depth: Int { depths[depths.count - 1] }

    /// The hash at a level: what is left out at this level and above is counted as if it were there.
    package func hash(at level: Int) -> [UInt8] { hashes[levels.index(of: level)] }

    /// The depth at a level, counted in the same way.
    package func depth(at level: Int) -> Int { depths[levels.index(of: level)] }

    /// `count` whole bytes from the bit `start` on; `nil` when there are not so many.
    package func bytes(_ count: Int, from start: Int) -> [UInt8]? {
        guard start >= 0, count >= 0, start <= bitCount, count <= (bitCount - start) / 8 else { return nil }
        return bits.bytes(count, from: start)
    }

    /// The different cells below this one and their bits: what the chain charges for when it carries a message.
    package func sizeBelow() -> (cells: Int, bits: Int) {
        var seen: Set<Cell> = []
        var stack = references
        while let cell = stack.popLast() {
            if seen.insert(cell).inserted { stack += cell.references }
        }
        return (seen.count, seen.reduce(0) { $0 + $1.bitCount })
    }

    /// The first byte of a cell's form: references, whether it is exotic, and levels.
    func descriptor(_ levels: LevelMask) -> UInt8 { Self.descriptor(kind, references.count, levels) }

    fileprivate static func descriptor(_ kind: Kind, _ references: Int, _ levels: LevelMask) -> UInt8 {
        UInt8(references) + (kind == .ordinary ? 0 : 8) + levels.mask << 5
    }
}

extension Cell: Hashable {
    package static func == (left: Cell, right: Cell) -> Bool { left.hash == right.hash }
    package func hash(into hasher: inout Hasher) { hasher.combine(hash) }
}

extension Cell {
    /// The hash of a representation: descriptors, data, and depths and hashes of what it refers to. The second
    /// descriptor tells how many bits the cell has, also where the hash of a lower level stands for them.
    static func representationHash(
        _ descriptor: UInt8,
        _ bitCount: Int,
        _ data: [UInt8],
        _ references: [(depth: Int, hash: [UInt8])]
    ) -> [UInt8] {
        var bytes: [UInt8] = [descriptor, UInt8(bitCount / 8 + (bitCount + 7) / 8)]
        bytes += data
        for reference in references {
            bytes += [UInt8(truncatingIfNeeded: reference.depth >> 8), UInt8(truncatingIfNeeded: reference.depth)]
        }
        for reference in references { bytes += reference.hash }
        return SHA256.hash(bytes).bytes
    }

    /// Which exotic cell these parts are; `nil` if none. Depths and hashes that are stated must be right.
    private static func exoticKind(_ bits: BitString, _ references: [Cell]) -> Kind? {
        guard bits.count >= 8, let kind = Kind(rawValue: bits.bytes[0]), kind != .ordinary else { return nil }
        /// Whether the hash and the depth at these places are those of a reference with nothing left out.
        func states(_ reference: Int, hashAt hash: Int, depthAt depth: Int) -> Bool {
            bits.bytes(32, from: hash) == references[reference].hash(at: 0)
                && bits.number(depth..<depth + 16) == UInt64(references[reference].depth(at: 0))
        }
        let isGood =
            switch kind {
            case .ordinary: false
            case .prunedBranch: isPrunedBranch(bits, references)
            case .library: bits.count == 264 && references.isEmpty
            case .merkleProof:
                bits.count == 280 && references.count == 1 && states(0, hashAt: 8, depthAt: 264)
            case .merkleUpdate:
                bits.count == 552 && references.count == 2 && states(0, hashAt: 8, depthAt: 520)
                    && states(1, hashAt: 264, depthAt: 536)
            }
        return isGood ? kind : nil
    }

    private static func isPrunedBranch(_ bits: BitString, _ references: [Cell]) -> Bool {
        guard references.isEmpty, bits.count >= 16, (1...7).contains(bits.bytes[1]) else { return false }
        let hashes = bits.bytes[1].nonzeroBitCount
        guard bits.count == 16 + hashes * (256 + 16) else { return false }
        return (0..<hashes).allSatisfy { index in
            let start = 16 + hashes * 256 + index * 16
            return bits.number(start..<start + 16) <= UInt64(depthMax)
        }
    }

    /// A cell before its hashes are known.
    private struct Parts {
        let kind: Kind
        let bits: BitString
        let references: [Cell]
        let levels: LevelMask

        /// `nil` if it is too deep.
        func hashesAndDepths() -> ([[UInt8]], [Int])? {
            var hashes: [[UInt8]] = []
            var depths: [Int] = []
            if kind == .prunedBranch {
                let stored = levels.mask.nonzeroBitCount
                for index in 0..<stored {
                    let depth = 16 + stored * 256 + index * 16
                    hashes.append(bits.bytes(32, from: 16 + index * 256))
                    depths.append(Int(bits.number(depth..<depth + 16)))
                }
                hashes.append(representationHash(descriptor(kind, 0, levels), bits.count, bits.padded, []))
                depths.append(0)
                return (hashes, depths)
            }
            // A proof's own content is a level below that of the tree in which it stands.
            let step = kind == .merkleProof || kind == .merkleUpdate ? 1 : 0
            for level in 0...levels.level where levels.matters(level) {
                let below = references.map { (depth: $0.depth(at: level + step), hash: $0.hash(at: level + step)) }
                let depth = below.map { $0.depth + 1 }.max() ?? 0
                guard depth <= Cell.depthMax else { return nil }
                let first = descriptor(kind, references.count, levels.below(level))
                hashes.append(representationHash(first, bits.count, hashes.last ?? bits.padded, below))
                depths.append(depth)
            }
            return (hashes, depths)
        }
    }
}

extension BitString {
    /// Whole bytes: behind bits that do not fill the last one stand a 1 and zeros.
    var padded: [UInt8] {
        guard count % 8 != 0 else { return bytes }
        var bytes = bytes
        bytes[bytes.count - 1] |= 0x80 >> UInt8(count % 8)
        return bytes
    }
}
