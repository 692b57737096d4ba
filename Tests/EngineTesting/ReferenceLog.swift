import Cryptography
import Engine
import Provenance
import Units

extension ReferenceEngine {
    /// Says something in the log. Of the subtrees above its leaf, those are whole whose last leaf it is.
    mutating func log(_ statement: LogStatement) {
        let index = Int64(leaves.count)
        let milliseconds = time.microseconds / 1_000
        guard
            let entry = LogEntry(
                kind: statement.kind,
                milliseconds: milliseconds,
                payload: SHA256.hash(statement.bytes)
            )
        else { return }
        leaves.append(SHA256.hash([0] + entry.bytes))
        emit(.lease(.stated(StatementRecord(index: index, statement: statement))))
        var nodes: [LoggedLeaf.Node] = []
        for level in 1...40 where leaves.count.isMultiple(of: 1 << level) {
            let hash = root(leaves.suffix(1 << level))
            nodes.append(LoggedLeaf.Node(level: level, index: Int64(leaves.count >> level) - 1, hash: hash))
        }
        let leaf = LoggedLeaf(index: index, entry: entry, hash: leaves[leaves.count - 1], nodes: nodes)
        emit(.lease(.logged(leaf)))
    }

    /// Of a number of leaves that is a power of 2.
    private func root(_ leaves: ArraySlice<Digest256>) -> Digest256 {
        guard leaves.count > 1 else { return leaves.first ?? .zero }
        let half = leaves.count / 2
        return SHA256.hash([1] + root(leaves.prefix(half)).bytes + root(leaves.suffix(half)).bytes)
    }
}
