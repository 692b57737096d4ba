package import Engine
internal import Exchange
internal import Ledger
package import Postgres
internal import Provenance
internal import Units

/// What a starting server finds in the tables.
package struct LoadedState: Sendable {
    /// As of ``cursor``.
    package let state: EngineState
    /// The batch whose end the tables show.
    package let cursor: ProjectionCursor
    /// What the journal says of the engine's state at that batch; `nil` when there is none yet. A server whose engine
    /// has another digest must not start.
    package let stateDigest: StateDigest?
    /// The rules of that batch; `nil` when there is none yet.
    package let rulesVersion: Int32?
    /// Verifies the batches behind the cursor: give it to ``JournalReader``.
    package let chain: JournalChain
}

/// Reads the whole state of the engine from the tables.
package enum StateLoader {
    /// Reads everything in one transaction, so that all of it belongs to one batch, while a projector may go on
    /// writing. Rows come as a stream: nothing is in memory twice.
    package static func load(_ connection: Connection) throws(StoreError) -> LoadedState {
        try stored { () throws(PostgresError) in
            try connection.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }
        do throws(StoreError) {
            let loaded = try read(connection)
            try stored { () throws(PostgresError) in try connection.commit() }
            return loaded
        } catch {
            if connection.isUsable { try? connection.rollback() }
            throw error
        }
    }

    private static func read(_ connection: Connection) throws(StoreError) -> LoadedState {
        let cursor = try stored { () throws(PostgresError) in try ProjectionCursor.read(connection) }
        var state = EngineState()
        state.sequence = cursor.sequence
        state.time = cursor.time
        state.lastTrade = cursor.lastTrade
        state.grace = cursor.grace
        try stored { () throws(PostgresError) in
            try readNames(connection, into: &state)
            try readRows(connection, into: &state)
        }
        guard cursor.batch > 0 else {
            return LoadedState(state: state, cursor: cursor, stateDigest: nil, rulesVersion: nil, chain: JournalChain())
        }
        guard let batch = try JournalReader.batch(cursor.batch, connection) else {
            throw .brokenChain(batch: cursor.batch, reason: "the tables end with it, but the journal has it not")
        }
        guard batch.lastSequence == cursor.sequence, batch.time == cursor.time else {
            throw .brokenChain(batch: cursor.batch, reason: "the tables end with it, but at another sequence or time")
        }
        // What is written behind a broken batch would have to be thrown away with it.
        var chain = try chain(before: batch.number, connection)
        try chain.append(batch)
        return LoadedState(
            state: state,
            cursor: cursor,
            stateDigest: batch.stateDigest,
            rulesVersion: batch.rulesVersion,
            chain: chain
        )
    }

    /// What the batch must continue.
    private static func chain(before number: Int64, _ connection: Connection) throws(StoreError) -> JournalChain {
        guard let previous = try JournalReader.batch(number - 1, connection) else {
            return try JournalArchive.start(connection)
        }
        return JournalChain(endingWith: previous)
    }

    /// What requests are checked against: keys, models, classes, profiles, fees and market control.
    static func readNames(_ connection: Connection, into state: inout EngineState) throws(PostgresError) {
        let known = Self.knownKeys
        state.keys = try rows(
            connection,
            "SELECT \(KeyRecord.columns) FROM market.keys \(known) ORDER BY key"
        ) { row throws(PostgresError) in try KeyRecord(row) }
        state.keyStandings = try rows(
            connection,
            "SELECT \(KeyStanding.columns) FROM market.key_standings \(known) ORDER BY key"
        ) { row throws(PostgresError) in try KeyStanding(row) }
        state.models = try rows(
            connection,
            "SELECT \(ModelRecord.columns) FROM market.models ORDER BY model, version"
        ) { row throws(PostgresError) in try ModelRecord(row) }
        state.classes = try rows(
            connection,
            "SELECT class, \(Capability.columns) FROM market.capability_classes ORDER BY class"
        ) { row throws(PostgresError) in (ClassID(try row.int8(0)), try Capability(row)) }
        state.profiles = try rows(
            connection,
            "SELECT profile, \(Requirement.columns) FROM market.requirement_profiles ORDER BY profile"
        ) { row throws(PostgresError) in (ProfileID(try row.int8(0)), try Requirement(row)) }
        let fees = try rows(
            connection,
            "SELECT \(FeeTerms.columns) FROM market.fees ORDER BY sequence DESC LIMIT 1"
        ) { row throws(PostgresError) in try FeeTerms(row) }
        state.fees = fees.first ?? .initial
        state.feeNotice = try rows(
            connection,
            "SELECT \(FeeNoticeTerms.columns) FROM market.fee_notice"
        ) { row throws(PostgresError) in try FeeNoticeTerms(row) }.first
        state.controls = try rows(
            connection,
            "SELECT \(MarketControlRecord.columns) FROM market.controls ORDER BY model"
        ) { row throws(PostgresError) in try MarketControlRecord(row) }
    }

    /// Of a table with a row a key: without those that are forgotten.
    private static let knownKeys = "WHERE key NOT IN (SELECT key FROM market.forgotten_keys)"

    private static func readRows(_ connection: Connection, into state: inout EngineState) throws(PostgresError) {
        state.checkpoint = try rows(
            connection,
            "SELECT \(CheckpointRecord.columns) FROM projection.checkpoints ORDER BY sequence DESC LIMIT 1"
        ) { row throws(PostgresError) in try CheckpointRecord(row) }.first
        state.accounts = try rows(
            connection,
            "SELECT \(AccountRecord.columns) FROM market.accounts ORDER BY account"
        ) { row throws(PostgresError) in try AccountRecord(row) }
        state.operations = try rows(
            connection,
            "SELECT \(MassOperation.columns) FROM market.mass_operations ORDER BY sequence, ordinal"
        ) { row throws(PostgresError) in try MassOperation(row) }
        state.attestations = try rows(
            connection,
            "SELECT \(AttestationRecord.columns) FROM market.attestations ORDER BY account"
        ) { row throws(PostgresError) in try AttestationRecord(row) }
        state.measurements = try rows(
            connection,
            "SELECT \(MeasurementRecord.columns) FROM market.measurements ORDER BY account, model"
        ) { row throws(PostgresError) in try MeasurementRecord(row) }
        state.orders = try rows(
            connection,
            "SELECT \(OrderRecord.columns) FROM market.orders WHERE close_reason IS NULL ORDER BY id"
        ) { row throws(PostgresError) in try OrderRecord(row) }
        state.leases = try rows(connection, LeaseRecord.openQuestion) { row throws(PostgresError) in
            try LeaseRecord(row)
        }
        try readDelivery(connection, into: &state.delivery)
        try readSettlement(connection, into: &state.settlement)
        state.balances = try rows(
            connection,
            "SELECT account, debits, credits FROM ledger.accounts ORDER BY account"
        ) { row throws(PostgresError) in
            let counters = LedgerCounters(debits: try row.numeric(1), credits: try row.numeric(2))
            return (LedgerAccount(rawValue: try row.int8(0)), counters)
        }
        state.remembered = try rows(
            connection,
            "SELECT \(RememberedRequest.columns) FROM projection.requests ORDER BY sequence"
        ) { row throws(PostgresError) in try RememberedRequest(row) }
        state.keySpendings = try rows(
            connection,
            "SELECT \(KeySpending.columns) FROM market.key_spendings \(knownKeys) ORDER BY key"
        ) { row throws(PostgresError) in try KeySpending(row) }
        state.logins = try rows(connection, LoginRecord.presentQuestion) { row throws(PostgresError) in
            try LoginRecord(row)
        }
        state.budgetedOrders = try rows(connection, BudgetedOrder.openQuestion) { row throws(PostgresError) in
            BudgetedOrder(order: OrderID(try row.int8(0)), key: KeyID(try row.int8(1)))
        }
    }

    private static func readDelivery(
        _ connection: Connection,
        into state: inout DeliveryState
    ) throws(PostgresError) {
        state.profiles = try rows(connection, ProfileRecord.keptQuestion) { row throws(PostgresError) in
            try ProfileRecord(row)
        }
        state.standings = try rows(
            connection,
            "SELECT \(StandingRecord.columns) FROM market.standings ORDER BY account"
        ) { row throws(PostgresError) in try StandingRecord(row) }
        state.slashes = try rows(
            connection,
            "SELECT \(SlashRecord.columns) FROM market.slashes WHERE outcome IS NULL ORDER BY lease"
        ) { row throws(PostgresError) in try SlashRecord(row) }
        let policy = try rows(
            connection,
            "SELECT \(LeasePolicyTerms.columns) FROM market.lease_policy ORDER BY sequence DESC LIMIT 1"
        ) { row throws(PostgresError) in try LeasePolicyTerms(row) }
        state.policy = policy.first ?? .initial
        state.log = try LogFrontier.read(connection)
        state.performances = try rows(
            connection,
            "SELECT \(PerformanceRecord.columns) FROM market.performances ORDER BY account, model"
        ) { row throws(PostgresError) in try PerformanceRecord(row) }
        let measurement = try rows(
            connection,
            "SELECT \(MeasurementPolicyTerms.columns) FROM market.measurement_policy ORDER BY sequence DESC LIMIT 1"
        ) { row throws(PostgresError) in try MeasurementPolicyTerms(row) }
        state.measurementPolicy = measurement.first ?? .initial
        state.signingKeys = try rows(connection, SigningKeyRecord.question) { row throws(PostgresError) in
            try SigningKeyRecord(row)
        }
    }

    static func rows<Value>(
        _ connection: Connection,
        _ sql: String,
        _ read: (Row) throws(PostgresError) -> Value
    ) throws(PostgresError) -> [Value] {
        var values: [Value] = []
        let stream = try connection.stream(Statement(sql))
        while let row = try stream.next() { values.append(try read(row)) }
        return values
    }
}
