package import Cryptography

/// The hashes of a Merkle tree (RFC 9162, section 2.1.1): leaves and nodes differ in their first byte, so that no
/// leaf can pass for a node.
package enum MerkleHash {
    /// The root of the tree without leaves: SHA-256 of nothing.
    package static let empty = SHA256.hash([])

    /// SHA-256 of 0 and the entry.
    package static func leaf(_ entry: [UInt8]) -> Digest256 { SHA256.hash([0] + entry) }

    /// SHA-256 of 1 and the two hashes below.
    package static func node(_ left: Digest256, _ right: Digest256) -> Digest256 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + 2 * Digest256.byteCount)
        bytes.append(1)
        left.append(to: &bytes)
        right.append(to: &bytes)
        return SHA256.hash(bytes)
    }
}
