internal import Cryptography
internal import Provenance
internal import Sockets
internal import Store

/// The hashes of the log's tree above its leaves, as far as somebody has asked: what roots and proofs are made of. The
/// leaves stay in the tables, from which 256 are read at a time, so this takes an eighth of a byte for each byte of
/// theirs.
///
/// The log only grows, and the tables show only what is durable: what is here is never wrong, only short.
final class LogHashes: Sendable {
    private let levels = Lock<[[Digest256]]>([[]])

    /// Full tiles of leaves whose roots are known.
    private var tileCount: Int { levels.withLock { $0[0].count } }

    /// The tree over the first `size` leaves, all of which the tables must have.
    func tree(of size: Int64, _ reader: HistoryReader) throws(StoreError) -> MerkleTree<StoreError> {
        try extend(to: size, reader)
        let leaves = LeafTiles(reader)
        return MerkleTree(size: size) { [self] level, index throws(StoreError) in
            level < 8
                ? try leaves.subtree(level: level, index: index)
                : subtree(level: level, index: index)
        }
    }

    /// The bytes of a tile of hashes; `nil` unless the log of `size` leaves has it in its width.
    func bytes(of tile: LogTile, size: Int64, _ reader: HistoryReader) throws(StoreError) -> [UInt8]? {
        guard case .hashes(let level) = tile.content else { return nil }
        guard let most = LogTile.of(tile.content, index: tile.index, in: size), tile.width <= most.width else {
            return nil
        }
        let start = tile.index * Int64(LogTile.fullWidth)
        let hashes: [Digest256]
        if level == 0 {
            hashes = try reader.logLeaves(from: start, limit: tile.width)
        } else {
            try extend(to: size, reader)
            hashes = levels.withLock { Array($0[level - 1][Int(start)..<Int(start) + tile.width]) }
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * Digest256.byteCount)
        for hash in hashes { hash.append(to: &bytes) }
        return bytes
    }

    /// The root of a complete subtree of 256 leaves or more.
    private func subtree(level: Int, index: Int64) -> Digest256 {
        let width = 1 << (level % 8)
        let start = Int(index) * width
        return levels.withLock { MerkleHash.root(of: $0[level / 8 - 1][start..<start + width]) }
    }

    /// Takes in the full tiles of leaves up to `size`. Several readers may do so at once: each adds what is still
    /// missing.
    private func extend(to size: Int64, _ reader: HistoryReader) throws(StoreError) {
        let wanted = Int(size / Int64(LogTile.fullWidth))
        while tileCount < wanted {
            let first = tileCount
            let count = min(Self.tilesAtOnce, wanted - first)
            let full = LogTile.fullWidth
            let leaves = try reader.logLeaves(from: Int64(first * full), limit: count * full)
            guard leaves.count == count * full else { throw .inconsistent("the log lacks some of \(size) entries") }
            let roots = (0..<count).map { MerkleHash.root(of: leaves[$0 * full..<($0 + 1) * full]) }
            levels.withLock { levels in
                for (offset, root) in roots.enumerated() where first + offset == levels[0].count {
                    Self.append(root, to: &levels)
                }
            }
        }
    }

    private static let tilesAtOnce = 64

    private static func append(_ root: Digest256, to levels: inout [[Digest256]]) {
        var hash = root
        for level in 0..<LogTile.levelMax {
            if level == levels.count { levels.append([]) }
            levels[level].append(hash)
            guard levels[level].count % LogTile.fullWidth == 0 else { return }
            hash = MerkleHash.root(of: levels[level].suffix(LogTile.fullWidth))
        }
    }
}

/// Tiles of leaves that one proof looks at: each is read once.
private final class LeafTiles {
    private let reader: HistoryReader
    private var tiles: [Int64: [Digest256]] = [:]

    init(_ reader: HistoryReader) { self.reader = reader }

    /// The root of a complete subtree of at most 128 leaves.
    func subtree(level: Int, index: Int64) throws(StoreError) -> Digest256 {
        let width = 1 << level
        let start = index << Int64(level)
        let number = start >> 8
        let offset = Int(start & 255)
        let tile: [Digest256]
        if let known = tiles[number] {
            tile = known
        } else {
            tile = try reader.logLeaves(from: number << 8, limit: LogTile.fullWidth)
            tiles[number] = tile
        }
        guard offset + width <= tile.count else { throw .inconsistent("the log lacks the entry \(start)") }
        return MerkleHash.root(of: tile[offset..<offset + width])
    }
}

extension MerkleHash {
    /// The root over hashes whose number is a power of two.
    fileprivate static func root(of hashes: ArraySlice<Digest256>) -> Digest256 {
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { node(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }
}
