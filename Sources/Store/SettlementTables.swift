internal import Postgres

/// The tables of settlement: every column is known from the events alone.
extension CheckedTable {
    package static let settlementTerms = CheckedTable(
        "settlement.terms",
        [
            "sequence", "payout_minimum", "wallet_reserve", "capital_reserve", "account_day_max",
            "approval_threshold", "cooling_off_us", "dust_limit", "payee_fee", "at",
        ],
        key: ["sequence"]
    )
    package static let holds = CheckedTable(
        "settlement.holds",
        [
            "sequence", "reason", "since", "wallet", "logical_time", "expected", "found", "note",
            "resumed_at",
        ],
        key: ["sequence"]
    )
    package static let wallets = CheckedTable(
        "settlement.wallets",
        [
            "wallet", "address", "public_key", "subwallet", "timeout_s", "start_logical_time",
            "start_hash", "start_time_s", "start_balance", "registered", "last_logical_time",
            "last_hash", "balance", "scanned_to_s", "queries", "unexplained", "first_query", "retired_by",
        ],
        key: ["wallet"]
    )
    package static let querySets = CheckedTable(
        "settlement.query_sets",
        [
            "wallet", "number", "used_at_s",
        ],
        key: ["wallet", "number"]
    )
    package static let transits = CheckedTable(
        "settlement.transits",
        [
            "sequence", "index", "wallet", "message", "amount",
        ],
        key: ["sequence", "index"]
    )
    package static let memos = CheckedTable(
        "settlement.deposit_memos",
        [
            "sequence", "account", "memo", "created_at",
        ],
        key: ["sequence"]
    )
    package static let addresses = CheckedTable(
        "settlement.addresses",
        [
            "sequence", "account", "address", "usable_at",
        ],
        key: ["sequence"]
    )
    package static let payoutTerms = CheckedTable(
        "settlement.payout_terms",
        [
            "account", "address", "bounceable", "threshold", "set_at", "usable_at", "suspended",
        ],
        key: ["account"]
    )
    package static let withdrawals = CheckedTable(
        "settlement.withdrawals",
        [
            "id", "account", "address", "bounceable", "amount", "comment", "fee", "requested_at",
            "due_at", "needs_approval", "approved_by", "state", "batch", "payout_index",
        ],
        key: ["id"]
    )
    package static let withdrawalDays = CheckedTable(
        "settlement.withdrawal_days",
        [
            "account", "day", "amount",
        ],
        key: ["account"]
    )
    package static let batches = CheckedTable(
        "settlement.batches",
        [
            "id", "wallet", "phase", "place", "created_at_s", "timeout_s", "value", "planned_at",
            "outside_logical_time", "outside_hash", "own_message", "inside_logical_time",
            "inside_hash", "block", "decided_at_s", "code", "ended",
        ],
        key: ["id"]
    )
    package static let payouts = CheckedTable(
        "settlement.payouts",
        [
            "batch", "index", "account", "withdrawal", "address", "bounceable", "amount", "fee",
            "comment", "state", "message", "returned", "reference",
        ],
        key: ["batch", "index"]
    )
    package static let suspense = CheckedTable(
        "settlement.suspense",
        [
            "id", "wallet", "reason", "amount", "source", "comment", "arrived_at", "assigned_to",
        ],
        key: ["id"]
    )
    package static let walletTransactions = CheckedTable(
        "settlement.wallet_transactions",
        [
            "sequence", "wallet", "logical_time", "hash", "previous_logical_time", "previous_hash",
            "time_s", "block", "fee", "balance", "incoming", "amount", "place", "created_at_s",
            "message", "source", "comment", "sent_amounts", "sent_addresses", "sent_messages",
            "code", "skipped",
        ],
        key: ["sequence"]
    )
    package static let chainDeposits = CheckedTable(
        "settlement.chain_deposits",
        [
            "sequence", "account", "wallet", "logical_time", "hash", "source", "amount", "memo",
            "at",
        ],
        key: ["sequence"]
    )

    /// Those that only grow.
    static let settlementGrowing = [walletTransactions, chainDeposits]
    /// Those that are compared in their last state.
    static let settlementFinal = [
        settlementTerms, holds, wallets, querySets, transits, memos, addresses, payoutTerms, withdrawals,
        withdrawalDays, batches, payouts, suspense, anchorPolicies, anchorRequests, anchors,
    ]

    /// Puts a row in the place of the one with its key.
    var upsert: Statement {
        let values = columns.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let insert = "INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(values))"
        let prepared = name.split(separator: ".").joined(separator: "_") + "_set"
        guard !Self.settlementGrowing.contains(self) else { return Statement(prepared: prepared, insert) }
        let changes = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
        let change = changes.isEmpty ? "DO NOTHING" : "DO UPDATE SET \(changes.joined(separator: ", "))"
        return Statement(
            prepared: prepared,
            """
            \(insert) ON CONFLICT (\(key.joined(separator: ", "))) \(change)
            """
        )
    }

    /// Takes the row with a key away.
    var removal: Statement {
        let condition = key.enumerated().map { "\($0.element) = $\($0.offset + 1)" }.joined(separator: " AND ")
        return Statement(
            prepared: name.split(separator: ".").joined(separator: "_") + "_drop",
            "DELETE FROM \(name) WHERE \(condition)"
        )
    }
}
