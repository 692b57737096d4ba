import Cryptography
import Provenance
import Testing

/// The tree of RFC 9162 as its definitions say, without any cleverness: what the fast ones are compared with.
struct NaiveTree {
    let leaves: [Digest256]
    /// The roots that were asked for before, so that the recursion ends on the same day.
    private var known: [Range<Int>: Digest256] = [:]

    init(_ leaves: [Digest256]) { self.leaves = leaves }

    /// MTH(D[range]), section 2.1.1.
    mutating func root(_ range: Range<Int>) -> Digest256 {
        if let root = known[range] { return root }
        guard range.count > 1 else { return range.isEmpty ? SHA256.hash([]) : leaves[range.lowerBound] }
        let middle = range.lowerBound + split(range.count)
        let left = root(range.lowerBound..<middle)
        let root = SHA256.hash([1] + left.bytes + root(middle..<range.upperBound).bytes)
        known[range] = root
        return root
    }

    /// PATH(m, D[n]), section 2.1.3.1.
    mutating func path(_ index: Int, _ range: Range<Int>) -> [Digest256] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + split(range.count)
        let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
        return index < middle ? path(index, left) + [root(right)] : path(index, right) + [root(left)]
    }

    /// SUBPROOF(m, D[n], b), section 2.1.4.1.
    mutating func subproof(_ count: Int, _ range: Range<Int>, _ isKnown: Bool) -> [Digest256] {
        if count == range.count { return isKnown ? [] : [root(range)] }
        let half = split(range.count)
        let middle = range.lowerBound + half
        let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
        return count <= half
            ? subproof(count, left, isKnown) + [root(right)] : subproof(count - half, right, false) + [root(left)]
    }

    private func split(_ count: Int) -> Int {
        var power = 1
        while power * 2 < count { power *= 2 }
        return power
    }
}

/// A log beside the naive recursion, for all sizes up to 300.
@Suite struct MerkleTests {
    static let sizeMax = 300
    static let leaves = (0..<sizeMax).map { MerkleHash.leaf(Array("leaf-\($0)".utf8)) }

    static let roots = {
        var naive = NaiveTree(leaves)
        return (0...sizeMax).map { naive.root(0..<$0) }
    }()

    /// A complete subtree.
    private struct Place: Hashable {
        let level: Int
        let index: Int64
    }

    /// The subtrees that the frontier names, as a store of hashes would keep them.
    private static let subtrees = {
        var subtrees: [Place: Digest256] = [:]
        var frontier = LogFrontier()
        for leaf in leaves {
            frontier.append(leaf) { subtrees[Place(level: $0, index: $1)] = $2 }
        }
        return subtrees
    }()

    private static var tree: MerkleTree<Never> {
        MerkleTree(size: Int64(sizeMax)) { level, index in
            guard let hash = subtrees[Place(level: level, index: index)] else {
                preconditionFailure("a subtree that is not complete is asked for")
            }
            return hash
        }
    }

    @Test func `Frontier and tiles have the root of every size`() throws {
        var frontier = LogFrontier()
        var tiles = LogTiles()
        for size in 0...Self.sizeMax {
            #expect(frontier.size == Int64(size) && frontier.hashes.count == size.nonzeroBitCount)
            #expect(frontier.root == Self.roots[size], "\(size)")
            #expect(Self.tree.root(of: Int64(size)) == Self.roots[size], "\(size)")
            #expect(tiles.tree.root(of: Int64(size)) == Self.roots[size], "\(size)")
            let again = try #require(LogFrontier(size: frontier.size, hashes: frontier.hashes))
            #expect(again == frontier)
            guard size < Self.sizeMax else { break }
            frontier.append(Self.leaves[size])
            tiles.append(Self.leaves[size])
        }
        #expect(LogFrontier(size: 3, hashes: []) == nil && LogFrontier(size: -1, hashes: []) == nil)
    }

    @Test func `The frontier names each subtree that becomes complete, once`() {
        var frontier = LogFrontier()
        var naive = NaiveTree(Self.leaves)
        var named: [String: Digest256] = [:]
        for leaf in Self.leaves {
            frontier.append(leaf) { level, index, hash in
                #expect(named.updateValue(hash, forKey: "\(level) \(index)") == nil)
                let start = Int(index) << level
                #expect(hash == naive.root(start..<start + 1 << level), "\(level) \(index)")
            }
        }
        #expect(named.count == (0..<9).reduce(0) { $0 + Self.sizeMax >> $1 })
    }

    @Test func `Every leaf of every size is proven, by the proof that the standard defines and no other`() throws {
        var naive = NaiveTree(Self.leaves)
        for size in 1...Self.sizeMax {
            for index in 0..<size {
                let proof = try #require(Self.tree.inclusionProof(of: Int64(index), in: Int64(size)))
                #expect(proof == naive.path(index, 0..<size), "\(index) of \(size)")
                func isIncluded(_ leaf: Int, _ index: Int, _ proof: [Digest256]) -> Bool {
                    MerkleVerifier.isIncluded(
                        Self.leaves[leaf],
                        at: Int64(index),
                        in: Int64(size),
                        root: Self.roots[size],
                        proof: proof
                    )
                }
                #expect(isIncluded(index, index, proof), "\(index) of \(size)")
                guard (index + size) % 11 == 0 else { continue }
                #expect(!isIncluded(index, (index + 1) % size, proof) || size == 1, "another index")
                #expect(!isIncluded((index + 1) % Self.sizeMax, index, proof), "another leaf")
                #expect(!isIncluded(index, index, proof + [.zero]), "one hash more")
                #expect(size == 1 || !isIncluded(index, index, proof.dropLast()), "one hash less")
            }
        }
        #expect(Self.tree.inclusionProof(of: 5, in: 5) == nil)
        #expect(Self.tree.inclusionProof(of: -1, in: 5) == nil)
        #expect(Self.tree.inclusionProof(of: 0, in: 301) == nil)
    }

    @Test func `Every size is shown to be the beginning of every later one`() throws {
        var naive = NaiveTree(Self.leaves)
        for new in 1...Self.sizeMax {
            for old in 1...new {
                let proof = try #require(Self.tree.consistencyProof(from: Int64(old), to: Int64(new)))
                #expect(proof == naive.subproof(old, 0..<new, true), "\(old) to \(new)")
                func isConsistent(_ oldRoot: Digest256, _ newRoot: Digest256, _ proof: [Digest256]) -> Bool {
                    MerkleVerifier.isConsistent(
                        from: Int64(old),
                        root: oldRoot,
                        to: Int64(new),
                        root: newRoot,
                        proof: proof
                    )
                }
                let (oldRoot, newRoot) = (Self.roots[old], Self.roots[new])
                #expect(isConsistent(oldRoot, newRoot, proof), "\(old) to \(new)")
                guard (old + new) % 11 == 0 else { continue }
                #expect(!isConsistent(.zero, newRoot, proof) && !isConsistent(oldRoot, .zero, proof), "another root")
                #expect(!isConsistent(oldRoot, newRoot, proof + [.zero]), "one hash more")
                #expect(proof.isEmpty || !isConsistent(oldRoot, newRoot, proof.dropLast()), "one hash less")
            }
        }
        #expect(Self.tree.consistencyProof(from: 0, to: 5) == nil)
        #expect(Self.tree.consistencyProof(from: 6, to: 5) == nil)
        #expect(Self.tree.consistencyProof(from: 6, to: 301) == nil)
    }

    @Test func `A tree asks its source for no more than twice the bits of its size`() throws {
        let size: Int64 = 1 << 40 + 12_345
        var asked = 0
        let tree = MerkleTree(size: size) { level, index in
            asked += 1
            return SHA256.hash([UInt8(level)] + "\(index)".utf8)
        }
        for index in [0, 1 << 20, size / 2, size - 1] {
            asked = 0
            let proof = try #require(tree.inclusionProof(of: index, in: size))
            #expect(proof.count <= 41 && asked <= 82, "\(index): \(asked)")
        }
    }
}
