internal import Engine
internal import Exchange
internal import Ledger
internal import Postgres
internal import Units

/// The tables whose rows come with the migrations: they must be what this program says.
enum ConstantTables {
    static func check(_ connection: Connection) throws(VerificationError) {
        try check(
            "market.codes",
            "SELECT field || ' ' || code || ' ' || name FROM market.codes",
            codes,
            connection
        )
        try check(
            "market.weight_sets",
            """
            SELECT weight_set || ' ' || name || ' ' || prompt || '/' || cached || '/' || completion || '/' || reasoning
            FROM market.weight_sets
            """,
            Set(
                WeightSet.registered.map { set in
                    "\(set.id.rawValue) \(set.name) \(set.prompt)/\(set.cached)/\(set.completion)/\(set.reasoning)"
                }
            ),
            connection
        )
        try check(
            "ledger.transfer_kinds",
            "SELECT kind || ' ' || name FROM ledger.transfer_kinds",
            Set(Transfer.Kind.allCases.map { "\($0.rawValue) \($0.name)" }),
            connection
        )
        try checkMeanings(connection)
    }

    private static func check(
        _ table: String,
        _ sql: String,
        _ expected: Set<String>,
        _ connection: Connection
    ) throws(VerificationError) {
        var found: Set<String> = []
        for row in try asked({ () throws(PostgresError) in try connection.execute(sql) }) {
            found.insert(try asked { () throws(PostgresError) in try row.text(0) })
        }
        if let missing = expected.subtracting(found).min() {
            throw .difference("\(table): the row \"\(missing)\" is missing")
        }
        if let added = found.subtracting(expected).min() {
            throw .difference("\(table): the row \"\(added)\" should not be there")
        }
    }

    /// The explanations stand only in the migrations, word for word.
    private static func checkMeanings(_ connection: Connection) throws(VerificationError) {
        let source = Schema.migrations.map { String(decoding: $0.up, as: UTF8.self) }.joined()
        let rows = try asked { () throws(PostgresError) in
            try connection.execute(
                """
                SELECT name, '(' || kind || ', ' || quote_literal(name) || ', ' || quote_literal(meaning) || ')'
                FROM ledger.transfer_kinds ORDER BY kind
                """
            )
        }
        for row in rows {
            let (name, literal) = try asked { () throws(PostgresError) in (try row.text(0), try row.text(1)) }
            guard source.contains(literal) else {
                throw .difference("ledger.transfer_kinds, \(name): meaning is not what the migration wrote")
            }
        }
    }

    /// `market.codes`: field, number and name.
    static var codes: Set<String> {
        var codes: Set<String> = []
        func add(_ field: String, _ code: some BinaryInteger, _ name: String) {
            codes.insert("\(field) \(code) \(name)")
        }
        for side in Side.allCases { add("side", side.rawValue, side.name) }
        for value in TimeInForce.allCases { add("time_in_force", value.rawValue, value.name) }
        for reason in CloseReason.allCases { add("close_reason", reason.rawValue, reason.name) }
        for tee in TEE.allCases { add("tee", tee.rawValue, tee.name) }
        for value in Quantization.allCases { add("quantization", value.rawValue, value.name) }
        for (bit, name) in Features.names.enumerated() { add("feature", bit, name) }
        for (field, trait) in [
            ("modality", Trait.modalities), ("gpu_model", .gpuModel), ("data_retention", .dataRetention),
            ("tcb_status", .tcbStatus),
        ] {
            switch trait.kind {
            case .choice(let names): for (index, name) in names.enumerated() { add(field, index + 1, name) }
            case .set(let names): for (bit, name) in names.enumerated() { add(field, bit, name) }
            case .number, .flag: break
            }
        }
        for (bit, name) in Scopes.names.enumerated() { add("scope", bit, name) }
        for rejection in Rejection.allCases { add("rejection", rejection.rawValue, rejection.code) }
        for mode in SelfTradePrevention.allCases { add("self_trade_prevention", mode.rawValue, mode.name) }
        for (bit, name) in OrderRules.flagNames.enumerated() { add("order_flag", bit, name) }
        for kind in MassOperation.Kind.allCases { add("mass_operation", kind.rawValue, kind.name) }
        for action in AuditAction.allCases { add("audit_action", action.rawValue, action.name) }
        for end in LeaseEnd.allCases { add("lease_end", end.rawValue, end.name) }
        for outcome in SlashOutcome.allCases { add("slash_outcome", outcome.rawValue, outcome.name) }
        for state in WithdrawalState.allCases { add("withdrawal_state", state.rawValue, state.name) }
        for state in PayoutState.allCases { add("payout_state", state.rawValue, state.name) }
        for reason in SuspenseReason.allCases { add("suspense_reason", reason.rawValue, reason.name) }
        for reason in SettlementHoldReason.allCases { add("hold_reason", reason.rawValue, reason.name) }
        for state in AnchorState.allCases { add("anchor_state", state.rawValue, state.name) }
        for (index, name) in WalletTransaction.Incoming.names.enumerated() { add("incoming_message", index + 1, name) }
        return codes
    }
}
