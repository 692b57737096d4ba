package import Cryptography

/// Roots and proofs of a log of any size up to that of its source (RFC 9162, section 2.1).
///
/// It keeps no hash: the source gives the roots of complete subtrees. That of level `l` and index `i` stands over the
/// leaves from `i · 2^l` to before `(i + 1) · 2^l`. A proof asks for as many as twice the bits of the size.
package struct MerkleTree<Failure: Error> {
    /// Leaves that the source knows.
    package let size: Int64
    private let subtree: (_ level: Int, _ index: Int64) throws(Failure) -> Digest256

    package init(size: Int64, subtree: @escaping (_ level: Int, _ index: Int64) throws(Failure) -> Digest256) {
        precondition(size >= 0, "a tree has no negative size")
        self.size = size
        self.subtree = subtree
    }

    /// The root over the first `size` leaves, 0…``size``.
    package func root(of size: Int64) throws(Failure) -> Digest256 {
        precondition((0...self.size).contains(size), "the tree is not so large")
        return size == 0 ? MerkleHash.empty : try hash(from: 0, to: size)
    }

    /// Why the leaf `index` is in the tree of the first `size` leaves: the hashes beside its path, from below
    /// (section 2.1.3.1). `nil` unless `0 ≤ index < size ≤` ``size``.
    package func inclusionProof(of index: Int64, in size: Int64) throws(Failure) -> [Digest256]? {
        guard 0 <= index, index < size, size <= self.size else { return nil }
        var proof: [Digest256] = []
        var (start, end) = (0 as Int64, size)
        while end - start > 1 {
            let middle = start + largestPowerOfTwo(below: end - start)
            if index < middle {
                proof.append(try hash(from: middle, to: end))
                end = middle
            } else {
                proof.append(try hash(from: start, to: middle))
                start = middle
            }
        }
        return proof.reversed()
    }

    /// Why the first `old` leaves of the tree of `new` leaves are a tree by themselves (section 2.1.4.1). `nil` unless
    /// `1 ≤ old ≤ new ≤` ``size``; empty for equal sizes.
    package func consistencyProof(from old: Int64, to new: Int64) throws(Failure) -> [Digest256]? {
        guard 1 <= old, old <= new, new <= size else { return nil }
        var proof: [Digest256] = []
        var (start, end) = (0 as Int64, new)
        // Down to where the old tree ends; it is whole there.
        while old < end {
            let middle = start + largestPowerOfTwo(below: end - start)
            if old <= middle {
                proof.append(try hash(from: middle, to: end))
                end = middle
            } else {
                proof.append(try hash(from: start, to: middle))
                start = middle
            }
        }
        // The verifier knows the root of the old tree, unless it is a part of what was come through.
        if start > 0 { proof.append(try hash(from: start, to: end)) }
        return proof.reversed()
    }

    /// The root over the leaves from `start` to before `end`; `start` is a multiple of every subtree's size in it.
    private func hash(from start: Int64, to end: Int64) throws(Failure) -> Digest256 {
        var start = start
        var lefts: [Digest256] = []
        while true {
            let count = end - start
            let level = count.trailingZeroBitCount
            if count == 1 << Int64(level) {
                var hash = try subtree(level, start >> Int64(level))
                for left in lefts.reversed() { hash = MerkleHash.node(left, hash) }
                return hash
            }
            let width = largestPowerOfTwo(below: count)
            lefts.append(try subtree(width.trailingZeroBitCount, start >> Int64(width.trailingZeroBitCount)))
            start += width
        }
    }
}

/// The largest power of two that is less than `count`, which is 2 or more.
private func largestPowerOfTwo(below count: Int64) -> Int64 {
    1 << Int64(63 - (count - 1).leadingZeroBitCount)
}
