package import Engine
internal import Postgres
package import Units

/// A deposit by the chain as the tables have it.
package struct ChainDepositRow: Sendable {
    package let deposit: ChainDeposit
    /// The command with which it arrived.
    package let sequence: SequenceNumber
    package let at: LogicalTime
}

/// A batch of payouts as the tables have it.
package struct SettlementHistoryRow: Sendable {
    package let record: SettlementRecord
    /// Payouts that the reader may see, and what they come to.
    package let count: Int64
    package let amount: NanoTON
}

// Money that entered and left by the chain. An owner of `nil` may see everybody's.
extension HistoryReader {
    /// What an account has paid in, the newest first, of those before `before`; at most `limit`.
    package func chainDeposits(
        of account: AccountID,
        before: SequenceNumber? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[ChainDepositRow]> {
        let parameters = [account.rawValue, before?.rawValue ?? .max, Int64(limit)].map { Parameter.int8($0) }
        return try page(Self.depositsStatement, parameters) { row throws(PostgresError) in
            try ChainDepositRow(row, from: 2)
        }
    }

    /// The newest withdrawals with a smaller number than `before`, in one state unless it is `nil`; at most `limit`.
    package func withdrawals(
        of account: AccountID?,
        in state: WithdrawalState? = nil,
        before: WithdrawalID? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[WithdrawalRecord]> {
        let place: [Parameter] = [
            .int8(before?.rawValue ?? .max), .int8(Int64(limit)), .int2(Int16(state?.rawValue ?? 0)),
        ]
        let found: (Row) throws(PostgresError) -> WithdrawalRecord = { row throws(PostgresError) in
            try WithdrawalRecord(row, from: 2)
        }
        guard let account else { return try page(Self.allWithdrawalsStatement, place, found) }
        return try page(Self.withdrawalsStatement, place + [.int8(account.rawValue)], found)
    }

    /// A withdrawal in whatever state; `nil` when there is none, or it is another's.
    package func withdrawal(_ id: WithdrawalID, of owner: AccountID?) throws(StoreError) -> AsOf<WithdrawalRecord?> {
        let parameters: [Parameter] = [.int8(id.rawValue), .int8(owner?.rawValue ?? 0)]
        let found = try page(Self.withdrawalStatement, parameters) { row throws(PostgresError) in
            try WithdrawalRecord(row, from: 2)
        }
        return AsOf(value: found.value.first, sequence: found.sequence)
    }

    /// The newest batches with payouts of the account, with a smaller number than `before`; at most `limit`.
    package func settlements(
        of account: AccountID?,
        before: SettlementID? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[SettlementHistoryRow]> {
        let place: [Parameter] = [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]
        let found: (Row) throws(PostgresError) -> SettlementHistoryRow = { row throws(PostgresError) in
            try SettlementHistoryRow(row, from: 2)
        }
        guard let account else { return try page(Self.allSettlementsStatement, place, found) }
        return try page(Self.settlementsStatement, place + [.int8(account.rawValue)], found)
    }

    /// A batch; `nil` when there is none, or none of its payouts is the owner's.
    package func settlement(
        _ id: SettlementID,
        of owner: AccountID?
    ) throws(StoreError) -> AsOf<SettlementHistoryRow?> {
        let parameters: [Parameter] = [.int8(id.rawValue), .int8(owner?.rawValue ?? 0)]
        let found = try page(Self.settlementStatement, parameters) { row throws(PostgresError) in
            try SettlementHistoryRow(row, from: 2)
        }
        return AsOf(value: found.value.first, sequence: found.sequence)
    }

    /// The payouts of a batch, in their order: those of the owner, or all.
    package func payouts(of batch: SettlementID, to owner: AccountID?) throws(StoreError) -> AsOf<[PayoutRecord]> {
        let parameters: [Parameter] = [.int8(batch.rawValue), .int8(owner?.rawValue ?? 0)]
        return try page(Self.payoutsStatement, parameters) { row throws(PostgresError) in
            try PayoutRecord(row, from: 2)
        }
    }

    /// Money that is nobody's yet, the newest first, of entries with a smaller number than `before`; at most `limit`.
    package func suspense(before: SuspenseID? = nil, limit: Int) throws(StoreError) -> AsOf<[SuspenseRecord]> {
        let place: [Parameter] = [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]
        return try page(Self.suspenseStatement, place) { row throws(PostgresError) in try SuspenseRecord(row, from: 2) }
    }
}

// MARK: - Rows

extension ChainDepositRow {
    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        guard let memo = DepositMemo(reading: try row.text(first + 7)) else {
            throw .unexpectedResult("a memo that is none")
        }
        deposit = ChainDeposit(
            account: AccountID(try row.int8(first + 1)),
            wallet: WalletID(try row.int8(first + 2)),
            position: ChainPosition(
                logicalTime: UInt64(bitPattern: try row.int8(first + 3)),
                hash: try row.chainHash(first + 4)
            ),
            source: try row.chainHash(first + 5),
            amount: NanoTON(try row.int8(first + 6)),
            memo: memo
        )
        sequence = SequenceNumber(try row.int8(first))
        at = try row.time(first + 8)
    }
}

extension SettlementHistoryRow {
    fileprivate static let columns = CheckedTable.batches.columnList + ", payout_count, payout_sum"

    /// Batches with what of their payouts is seen; `seen` chooses among payouts called `p` of the batch `b`.
    fileprivate static func question(where seen: String, _ rest: String) -> String {
        """
        (
            SELECT b.*, s.payout_count, s.payout_sum FROM settlement.batches b CROSS JOIN LATERAL (
                SELECT count(*) AS payout_count, coalesce(sum(p.amount), 0)::bigint AS payout_sum
                FROM settlement.payouts p WHERE p.batch = b.id AND \(seen)
            ) AS s
        ) AS batches WHERE \(rest)
        """
    }

    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        record = try SettlementRecord(row, from: first)
        let next = first + CheckedTable.batches.columns.count
        count = try row.int8(next)
        amount = NanoTON(try row.int8(next + 1))
    }
}

// MARK: - Statements

extension HistoryReader {
    private static let depositsStatement = Statement(
        prepared: "history_chain_deposits",
        withCursor(
            CheckedTable.chainDeposits.columnList,
            "settlement.chain_deposits WHERE account = $1 AND sequence < $2 ORDER BY sequence DESC LIMIT $3",
            "found.sequence DESC"
        )
    )

    private static let withdrawalStatement = Statement(
        prepared: "history_withdrawal",
        withCursor(
            CheckedTable.withdrawals.columnList,
            "settlement.withdrawals WHERE id = $1 AND ($2 = 0 OR account = $2)",
            "found.id"
        )
    )

    private static let withdrawalsStatement = Statement(
        prepared: "history_withdrawals",
        withCursor(
            CheckedTable.withdrawals.columnList,
            """
            settlement.withdrawals WHERE id < $1 AND ($3 = 0 OR state = $3) AND account = $4
            ORDER BY id DESC LIMIT $2
            """,
            "found.id DESC"
        )
    )

    private static let allWithdrawalsStatement = Statement(
        prepared: "history_withdrawals_all",
        withCursor(
            CheckedTable.withdrawals.columnList,
            "settlement.withdrawals WHERE id < $1 AND ($3 = 0 OR state = $3) ORDER BY id DESC LIMIT $2",
            "found.id DESC"
        )
    )

    private static let settlementStatement = Statement(
        prepared: "history_settlement",
        withCursor(
            SettlementHistoryRow.columns,
            SettlementHistoryRow.question(
                where: "($2 = 0 OR p.account = $2)",
                "batches.id = $1 AND (batches.payout_count > 0 OR $2 = 0)"
            ),
            "found.id"
        )
    )

    private static let settlementsStatement = Statement(
        prepared: "history_settlements",
        withCursor(
            SettlementHistoryRow.columns,
            SettlementHistoryRow.question(
                where: "p.account = $3",
                """
                batches.id IN (
                    SELECT DISTINCT batch FROM settlement.payouts WHERE account = $3 AND batch < $1
                    ORDER BY batch DESC LIMIT $2
                )
                """
            ),
            "found.id DESC"
        )
    )

    private static let allSettlementsStatement = Statement(
        prepared: "history_settlements_all",
        withCursor(
            SettlementHistoryRow.columns,
            SettlementHistoryRow.question(where: "true", "batches.id < $1 ORDER BY batches.id DESC LIMIT $2"),
            "found.id DESC"
        )
    )

    private static let payoutsStatement = Statement(
        prepared: "history_payouts",
        withCursor(
            CheckedTable.payouts.columnList,
            "settlement.payouts WHERE batch = $1 AND ($2 = 0 OR account = $2)",
            "found.batch, found.index"
        )
    )

    private static let suspenseStatement = Statement(
        prepared: "history_suspense",
        withCursor(
            CheckedTable.suspense.columnList,
            "settlement.suspense WHERE assigned_to IS NULL AND id < $1 ORDER BY id DESC LIMIT $2",
            "found.id DESC"
        )
    )
}
