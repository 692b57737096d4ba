package import Cryptography

/// Checks proofs with nothing but hashes (RFC 9162, sections 2.1.3.2 and 2.1.4.2).
package enum MerkleVerifier {
    /// Whether `proof` shows that `leaf` is the leaf `index` of the tree of `size` leaves with `root`.
    ///
    /// An index that is not below the size, and a proof with a hash too many or too few, show nothing.
    package static func isIncluded(
        _ leaf: Digest256,
        at index: Int64,
        in size: Int64,
        root: Digest256,
        proof: [Digest256]
    ) -> Bool {
        guard 0 <= index, index < size else { return false }
        var (node, last) = (index, size - 1)
        var hash = leaf
        for sibling in proof {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                hash = MerkleHash.node(sibling, hash)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = MerkleHash.node(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && hash == root
    }

    /// Whether `proof` shows that the tree of `old` leaves with `oldRoot` is the beginning of the tree of `new` leaves
    /// with `newRoot`.
    ///
    /// Equal sizes need equal roots and an empty proof. The empty tree is the beginning of every tree, so nothing can
    /// be shown of it: `old` is 1 or more. A smaller new tree, and a proof with a hash too many or too few, show
    /// nothing.
    package static func isConsistent(
        from old: Int64,
        root oldRoot: Digest256,
        to new: Int64,
        root newRoot: Digest256,
        proof: [Digest256]
    ) -> Bool {
        guard 1 <= old, old <= new else { return false }
        if old == new { return proof.isEmpty && oldRoot == newRoot }
        guard !proof.isEmpty else { return false }
        // An old tree that is complete is a node of the new one, and stands in front of the proof.
        let path = old & (old - 1) == 0 ? [oldRoot] + proof : proof
        var (node, last) = (old - 1, new - 1)
        while node & 1 == 1 {
            node >>= 1
            last >>= 1
        }
        var (oldHash, newHash) = (path[0], path[0])
        for sibling in path.dropFirst() {
            guard last > 0 else { return false }
            if node & 1 == 1 || node == last {
                oldHash = MerkleHash.node(sibling, oldHash)
                newHash = MerkleHash.node(sibling, newHash)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                newHash = MerkleHash.node(newHash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 && oldHash == oldRoot && newHash == newRoot
    }
}
