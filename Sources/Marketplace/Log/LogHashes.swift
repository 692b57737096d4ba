internal import Cryptography
internal import Provenance
internal import Store

/// The hashes of the log's tree, from the tables: what roots, proofs and tiles are made of. The tables have the root of
/// every complete subtree, and show only what is durable.
struct LogHashes {
    let reader: HistoryReader

    /// The tree over the first `size` entries, all of which the tables must have.
    func tree(of size: Int64) -> MerkleTree<StoreError> {
        MerkleTree(size: size) { [reader] level, index throws(StoreError) in
            guard let hash = try reader.logHashes(level: level, from: index, limit: 1).first else {
                throw .inconsistent("the log lacks a hash of level \(level)")
            }
            return hash
        }
    }

    /// The bytes of a tile of hashes; `nil` unless the log of `size` entries has it in its width.
    func bytes(of tile: LogTile, size: Int64) throws(StoreError) -> [UInt8]? {
        guard case .hashes(let level) = tile.content else { return nil }
        guard let most = LogTile.of(tile.content, index: tile.index, in: size), tile.width <= most.width else {
            return nil
        }
        let start = tile.index * Int64(LogTile.fullWidth)
        let hashes = try reader.logHashes(level: 8 * level, from: start, limit: tile.width)
        guard hashes.count == tile.width else { throw .inconsistent("the log lacks hashes of level \(8 * level)") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * Digest256.byteCount)
        for hash in hashes { hash.append(to: &bytes) }
        return bytes
    }
}
