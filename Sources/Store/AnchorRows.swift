package import Engine
internal import Postgres
internal import Units

// Anchors of the log: their tables, what is loaded of them, and what is asked.

extension CheckedTable {
    package static let anchorPolicies = CheckedTable(
        "settlement.anchor_policies",
        ["sequence", "enabled", "interval_us", "amount", "at"],
        key: ["sequence"]
    )
    package static let anchorRequests = CheckedTable("settlement.anchor_requests", ["sequence"], key: ["sequence"])
    package static let anchors = CheckedTable(
        "settlement.anchors",
        [
            "batch", "wallet", "origin", "size", "root", "amount", "planned_at", "state", "message", "logical_time",
            "hash", "block", "time_s",
        ],
        key: ["batch"]
    )
}

extension AnchorPolicy {
    func row(_ sequence: SequenceNumber, _ time: LogicalTime) -> [Parameter] {
        [.int8(sequence.rawValue), .bool(isEnabled), .int8(interval), .int8(amount.count), .time(time)]
    }
}

extension AnchorRecord {
    var row: [Parameter] {
        [
            .int8(batch.rawValue), .int8(wallet.rawValue), .bytea(origin.bytes), .int8(size), .bytea(root.bytes),
            .int8(amount.count), .time(plannedAt), .int2(Int16(state.rawValue)), .orNull(message),
            .orNull(transaction?.logicalTime), .orNull(transaction?.hash), .int8(Int64(block)),
            .int8(Int64(chainTime)),
        ]
    }

    fileprivate init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        self.init(
            batch: SettlementID(try row.int8(first)),
            wallet: WalletID(try row.int8(first + 1)),
            origin: try row.chainHash(first + 2),
            size: try row.int8(first + 3),
            root: try row.chainHash(first + 4),
            amount: NanoTON(try row.int8(first + 5)),
            plannedAt: try row.time(first + 6)
        )
        state = try row.code(first + 7)
        message = try row.chainHashOrNull(first + 8)
        transaction = try row.position(first + 9)
        block = try row.unsigned(first + 11)
        chainTime = try row.unsigned(first + 12)
    }
}

extension StateLoader {
    static func readAnchors(_ connection: Connection) throws(PostgresError) -> AnchorsState {
        var anchors = AnchorsState()
        anchors.policy =
            try rows(
                connection,
                CheckedTable.anchorPolicies.list + " ORDER BY sequence DESC LIMIT 1"
            ) { row throws(PostgresError) in
                AnchorPolicy(
                    isEnabled: try row.bool(1),
                    interval: try row.int8(2),
                    amount: NanoTON(try row.int8(3))
                )
            }.first ?? .initial
        let table = CheckedTable.anchors
        anchors.open = try rows(
            connection,
            table.selection(where: "state IN (1, 2)")
        ) { row throws(PostgresError) in try AnchorRecord(row) }.first
        anchors.last = try rows(
            connection,
            table.list + " WHERE state = 3 ORDER BY batch DESC LIMIT 1"
        ) { row throws(PostgresError) in try AnchorRecord(row) }.first
        // A request waits until an anchor that was planned behind it is confirmed.
        let confirmed = anchors.last?.batch.rawValue ?? 0
        anchors.request = try rows(
            connection,
            CheckedTable.anchorRequests.selection(where: "sequence > \(confirmed)")
        ) { row throws(PostgresError) in SequenceNumber(try row.int8(0)) }.last
        return anchors
    }
}

// MARK: - History

/// An anchor as the tables have it, with its wallet's address.
package struct AnchorHistoryRow: Sendable {
    package let record: AnchorRecord
    package let address: ChainHash

    fileprivate static let columns = CheckedTable.anchors.columnList + ", address"
    fileprivate static let source = """
        (SELECT a.*, w.address FROM settlement.anchors a JOIN settlement.wallets w USING (wallet)) AS anchors
        """

    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        record = try AnchorRecord(row, from: first)
        address = try row.chainHash(first + CheckedTable.anchors.columns.count)
    }
}

extension HistoryReader {
    /// The newest anchors, in whatever state, of batches with a smaller number than `before`; at most `limit`.
    package func anchors(before: SettlementID? = nil, limit: Int) throws(StoreError) -> AsOf<[AnchorHistoryRow]> {
        let place: [Parameter] = [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]
        return try page(Self.anchorsStatement, place) { row throws(PostgresError) in
            try AnchorHistoryRow(row, from: 2)
        }
    }

    /// The first confirmed anchor of a log with more than `index` entries and at most `size`; `nil` if there is none.
    package func anchor(covering index: Int64, upTo size: Int64) throws(StoreError) -> AnchorHistoryRow? {
        try page(Self.coveringStatement, [.int8(index), .int8(size)]) { row throws(PostgresError) in
            try AnchorHistoryRow(row, from: 2)
        }.value.first
    }

    private static let anchorsStatement = Statement(
        prepared: "history_anchors",
        withCursor(
            AnchorHistoryRow.columns,
            "\(AnchorHistoryRow.source) WHERE batch < $1 ORDER BY batch DESC LIMIT $2",
            "found.batch DESC"
        )
    )

    private static let coveringStatement = Statement(
        prepared: "history_anchor_covering",
        withCursor(
            AnchorHistoryRow.columns,
            "\(AnchorHistoryRow.source) WHERE state = 3 AND size > $1 AND size <= $2 ORDER BY size LIMIT 1",
            "found.size"
        )
    )
}
