package import Cryptography
internal import Engine
internal import Postgres
internal import Units

/// An entry of the transparency log as the tables have it.
package struct LogLeafRow: Sendable {
    package let index: Int64
    package let entry: [UInt8]
    package let leaf: Digest256
    /// What the entry commits to, where that is public.
    package let statement: [UInt8]?
}

// The transparency log. Its rows are only ever added, so that what several statements find fits together.
extension HistoryReader {
    /// How many entries there are.
    package func logSize() throws(StoreError) -> AsOf<Int64> {
        let found = try page(Self.logSizeStatement, []) { row throws(PostgresError) in try row.int8(2) }
        return AsOf(value: found.value.first.map { $0 + 1 } ?? 0, sequence: found.sequence)
    }

    /// Entries from `start` on, in their order; at most `limit`.
    package func logEntries(from start: Int64, limit: Int) throws(StoreError) -> AsOf<[LogLeafRow]> {
        try page(Self.logEntriesStatement, [.int8(start), .int8(Int64(limit))]) { row throws(PostgresError) in
            LogLeafRow(
                index: try row.int8(2),
                entry: try row.bytea(3),
                leaf: try row.digest(4),
                statement: row.isNull(5) ? nil : try row.bytea(5)
            )
        }
    }

    /// The roots of complete subtrees of a level, from `start` on, in their order; at most `limit`. Level 0 has the
    /// leaves.
    package func logHashes(level: Int, from start: Int64, limit: Int) throws(StoreError) -> [Digest256] {
        let place: [Parameter] = [.int8(start), .int8(Int64(limit))]
        return try stored { () throws(PostgresError) in
            let rows =
                level == 0
                ? try connection.execute(Self.logLeavesStatement, place)
                : try connection.execute(Self.logNodesStatement, place + [.int4(Int32(level))])
            var hashes: [Digest256] = []
            for row in rows { hashes.append(try row.digest(0)) }
            return hashes
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
        withCursor("index", "log.leaves ORDER BY index DESC LIMIT 1", "found.index")
    )

    private static let logEntriesStatement = Statement(
        prepared: "history_log_entries",
        withCursor(
            "index, entry, hash, body",
            """
            (SELECT l.index, l.entry, l.hash, s.body FROM log.leaves l LEFT JOIN log.statements s USING (index)
                WHERE l.index >= $1 ORDER BY l.index LIMIT $2) AS leaves
            """,
            "found.index"
        )
    )

    private static let logLeavesStatement = Statement(
        prepared: "history_log_leaves",
        "SELECT hash FROM log.leaves WHERE index >= $1 ORDER BY index LIMIT $2"
    )

    private static let logNodesStatement = Statement(
        prepared: "history_log_nodes",
        "SELECT hash FROM log.nodes WHERE level = $3 AND index >= $1 ORDER BY index LIMIT $2"
    )

    private static let logIndexStatement = Statement(
        prepared: "history_log_index",
        "SELECT index FROM log.leaves WHERE hash = $1 ORDER BY index LIMIT 1"
    )
}

extension Row {
    /// A digest of 32 bytes.
    func digest(_ column: Int) throws(PostgresError) -> Digest256 {
        guard let digest = Digest256(try bytea(column)) else { throw .unexpectedResult("a digest has 32 bytes") }
        return digest
    }
}
