package import Cryptography

/// The hashes of a log as its tiles hold them: what is served, and what proofs are made of.
///
/// It takes 32 bytes and an eighth for each leaf; a leaf is added in constant time on average.
package struct LogTiles: Sendable {
    /// For each level the roots of its complete subtrees, each over 256 of the level below.
    private var levels: [[Digest256]] = [[]]

    /// A log without leaves.
    package init() {}

    /// How many leaves the log has.
    package var size: Int64 { Int64(levels[0].count) }

    /// Adds a leaf.
    package mutating func append(_ leaf: Digest256) {
        var hash = leaf
        for level in 0...LogTile.levelMax {
            if level == levels.count { levels.append([]) }
            levels[level].append(hash)
            guard levels[level].count % LogTile.fullWidth == 0 else { return }
            hash = Self.root(of: levels[level].suffix(LogTile.fullWidth))
        }
    }

    /// The bytes of a tile of hashes; `nil` unless the log is so large that it has the tile in this width.
    package func bytes(of tile: LogTile) -> [UInt8]? {
        guard case .hashes(let level) = tile.content, level < levels.count,
            tile.index <= Int64(levels[level].count / LogTile.fullWidth)
        else { return nil }
        let start = Int(tile.index) * LogTile.fullWidth
        guard start + tile.width <= levels[level].count else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(tile.width * Digest256.byteCount)
        for hash in levels[level][start..<start + tile.width] { hash.append(to: &bytes) }
        return bytes
    }

    /// The root of a complete subtree, as ``MerkleTree`` asks for it: at most 255 hashes of a tile are put together.
    package func subtree(level: Int, index: Int64) -> Digest256 {
        let width = 1 << (level % 8)
        let start = Int(index) * width
        precondition(
            level / 8 < levels.count && start + width <= levels[level / 8].count,
            "the log does not have the subtree"
        )
        return Self.root(of: levels[level / 8][start..<start + width])
    }

    /// Roots and proofs of any size up to this one.
    package var tree: MerkleTree<Never> {
        MerkleTree(size: size) { [self] level, index in subtree(level: level, index: index) }
    }

    /// The root over `hashes`, whose number is a power of two.
    private static func root(of hashes: ArraySlice<Digest256>) -> Digest256 {
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { MerkleHash.node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }
}
