package import Cryptography
internal import Engine
internal import Postgres
package import Units

/// An entry of the transparency log as the tables have it.
package struct LogLeafRow: Sendable {
    package let index: Int64
    package let entry: [UInt8]
    package let leaf: Digest256
}

// The transparency log. Its rows are only ever added, so that what several statements find fits together.
extension HistoryReader {
    /// How many entries there are.
    package func logSize() throws(StoreError) -> AsOf<Int64> {
        let found = try page(Self.logSizeStatement, []) { row throws(PostgresError) in try row.int8(2) }
        return AsOf(value: found.value.first ?? 0, sequence: found.sequence)
    }

    /// Entries from `start` on, in their order; at most `limit`.
    package func logEntries(from start: Int64, limit: Int) throws(StoreError) -> AsOf<[LogLeafRow]> {
        try page(Self.logEntriesStatement, [.int8(start), .int8(Int64(limit))]) { row throws(PostgresError) in
            LogLeafRow(
                index: try row.int8(2),
                entry: try row.bytea(3),
                leaf: try row.digest(4)
            )
        }
    }

    /// The leaf hashes from `start` on, in their order; at most `limit`.
    package func logLeaves(from start: Int64, limit: Int) throws(StoreError) -> [Digest256] {
        try stored { () throws(PostgresError) in
            var leaves: [Digest256] = []
            leaves.reserveCapacity(limit)
            for row in try connection.execute(Self.logLeavesStatement, [.int8(start), .int8(Int64(limit))]) {
                leaves.append(try row.digest(0))
            }
            return leaves
        }
    }

    /// The first entry with this leaf hash.
    package func logIndex(of leaf: Digest256) throws(StoreError) -> Int64? {
        try stored { () throws(PostgresError) in
            try connection.execute(Self.logIndexStatement, [.bytea(leaf.bytes)]).firstRow()
                .map { row throws(PostgresError) in try row.int8(0) }
        }
    }

    private static let logSizeStatement = Statement(
        prepared: "history_log_size",
        withCursor("entry_index", "log.leaves ORDER BY entry_index DESC LIMIT 1", "1")
    )

    private static let logEntriesStatement = Statement(
        prepared: "history_log_entries",
        withCursor(
            "entry_index, entry, leaf_hash",
            "log.leaves WHERE entry_index >= $1 ORDER BY entry_index LIMIT $2",
            "found.entry_index"
        )
    )

    private static let logLeavesStatement = Statement(
        prepared: "history_log_leaves",
        "SELECT leaf_hash FROM log.leaves WHERE entry_index >= $1 ORDER BY entry_index LIMIT $2"
    )

    private static let logIndexStatement = Statement(
        prepared: "history_log_index",
        "SELECT entry_index FROM log.leaves WHERE leaf_hash = $1 ORDER BY entry_index LIMIT 1"
    )
}

extension Row {
    /// A digest of 32 bytes.
    func digest(_ column: Int) throws(PostgresError) -> Digest256 {
        guard let digest = Digest256(try bytea(column)) else { throw .unexpectedResult("a digest has 32 bytes") }
        return digest
    }
}
