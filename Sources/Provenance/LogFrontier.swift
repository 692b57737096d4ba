package import Cryptography

/// What must be known of a log to add to it and to give its root: its size and the roots of the complete subtrees that
/// its leaves make up, one for each bit of the size that is 1.
package struct LogFrontier: Hashable, Sendable {
    /// How many leaves the log has.
    package private(set) var size: Int64
    /// The largest subtree first; at most 63.
    package private(set) var hashes: [Digest256]

    /// A log without leaves.
    package init() {
        size = 0
        hashes = []
    }

    /// A log of `size` leaves; `nil` unless there is a hash for each bit of it that is 1.
    package init?(size: Int64, hashes: [Digest256]) {
        guard size >= 0, hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// Adds a leaf, whose index is the size before. Hashes one node on average, and as many as the size has bits at
    /// most.
    package mutating func append(_ leaf: Digest256) {
        append(leaf) { _, _, _ in }
    }

    /// Adds a leaf, and says which subtrees it completes: the level (0 for the leaf itself), the index among the
    /// subtrees of that level, and the root.
    package mutating func append(
        _ leaf: Digest256,
        completing complete: (_ level: Int, _ index: Int64, _ hash: Digest256) -> Void
    ) {
        var hash = leaf
        var level = 0
        complete(level, size, hash)
        // Each trailing 1 of the size is a subtree as large as the one that has just become complete.
        while size >> Int64(level) & 1 == 1, let left = hashes.popLast() {
            hash = MerkleHash.node(left, hash)
            level += 1
            complete(level, size >> Int64(level), hash)
        }
        hashes.append(hash)
        size += 1
    }

    /// The root of the tree over all leaves.
    package var root: Digest256 {
        guard var hash = hashes.last else { return MerkleHash.empty }
        for left in hashes.dropLast().reversed() { hash = MerkleHash.node(left, hash) }
        return hash
    }
}
