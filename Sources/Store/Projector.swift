internal import Engine
internal import Ledger
package import Postgres
internal import Units

/// Writes what durable batches did into the tables. Has a connection of its own, and one thread.
///
/// Each ``apply(_:)`` is one transaction that moves `projection.cursor` from the end of one batch to the end of
/// another, so the tables always show the state as of one sequence number. After ``StoreError/unknown(_:)`` make a new
/// projector: it reads where the cursor is, and ``apply(_:)`` passes over batches that are already in.
package final class Projector {
    private let connection: Connection
    /// Where the tables stand.
    package private(set) var cursor: ProjectionCursor
    /// One for each table that is copied into, so that the buffers keep their memory.
    private var writers: [CopyWriter]

    /// Reads where the tables stand.
    package init(_ connection: Connection) throws(StoreError) {
        self.connection = connection
        writers = CopiedTable.allCases.map { CopyWriter(columnCount: $0.columnCount) }
        cursor = try stored { () throws(PostgresError) in
            try connection.execute(Self.session)
            return try ProjectionCursor.read(connection)
        }
    }

    /// Writes the batches behind ``cursor``, in order and without gaps, and moves the cursor to the last one. All of
    /// them or none.
    package func apply(_ batches: [ProjectedBatch]) throws(StoreError) {
        var plan = ProjectionPlan(after: cursor)
        for batch in batches where batch.number > cursor.batch { try plan.add(batch) }
        try apply(plan)
    }

    func apply(_ plan: ProjectionPlan) throws(StoreError) {
        guard plan.end.batch > plan.start.batch else { return }
        try stored { () throws(PostgresError) in
            try connection.begin()
            try connection.execute(Self.unhurried)
        }
        do throws(StoreError) {
            try write(plan)
        } catch {
            // The first error says what happened; if this fails too, the session ends and its transaction with it.
            if connection.isUsable { try? connection.rollback() }
            // Nothing of a transaction without a commit remains, whatever became of its statement.
            if case .unknown(let failure) = error { throw .refused(failure) }
            throw error
        }
        try stored { () throws(PostgresError) in try connection.commit() }
        cursor = plan.end
    }

    /// A lost commit only costs what the journal gives again, so nothing waits for the disk here. For the transaction
    /// alone: a proxy may give the session to somebody whose commits must wait.
    private static let unhurried = Statement(
        prepared: "projector_unhurried",
        "SELECT set_config('synchronous_commit', 'off', true)"
    )

    /// Every statement gets the plan that goes through the index, whatever the statistics say of a table that has just
    /// grown.
    private static let session = Statement(
        """
        SELECT set_config('plan_cache_mode', 'force_generic_plan', false),
            set_config('enable_hashjoin', 'off', false), set_config('enable_mergejoin', 'off', false),
            set_config('work_mem', '64MB', false)
        """
    )
}

extension ProjectionCursor {
    static func read(_ connection: Connection) throws(PostgresError) -> ProjectionCursor {
        let row = try connection.execute(readStatement).onlyRow()
        return ProjectionCursor(
            batch: try row.int8(0),
            sequence: SequenceNumber(try row.int8(1)),
            time: LogicalTime(microseconds: try row.int8(2)),
            lastTrade: TradeID(try row.int8(3)),
            grace: try row.int8(4)
        )
    }

    private static let readStatement = Statement(
        prepared: "cursor_read",
        "SELECT batch, sequence, logical_time_us, last_trade, grace_us FROM projection.cursor"
    )
}

// MARK: - Writing

extension Projector {
    private func write(_ plan: ProjectionPlan) throws(StoreError) {
        try moveCursor(plan)
        try copy(plan)
        try copyRegistry(plan.registry)
        try upsert(plan.registry)
        try move(plan.orderMoves)
        try upsert(plan.registry.keyRows)
        try changeOrders(plan.orderChanges)
        try change(plan.registry.control)
        try changeLeases(plan.leaseChanges)
        try write(plan.deliveries)
        try write(plan.settlement)
        try move(plan.movements)
    }

    /// First of all: the row's lock keeps another projector out until this transaction ends.
    private func moveCursor(_ plan: ProjectionPlan) throws(StoreError) {
        let moved = try change(
            Self.cursorStatement,
            [
                .int8(plan.start.batch), .int8(plan.end.batch), .int8(plan.end.sequence.rawValue),
                .int8(plan.end.time.microseconds), .int8(plan.end.lastTrade.rawValue), .int8(plan.end.grace),
            ]
        )
        guard moved == 1 else { throw .cursorMoved(expected: plan.start.batch) }
    }

    private func copy(_ plan: ProjectionPlan) throws(StoreError) {
        if plan.forgotten > .none {
            try change(Self.forgetStatement, [.int8(plan.forgotten.rawValue)])
        }
        try copy(.orders, plan.orders) { $0.add($1) }
        try copy(.trades, plan.trades) { $0.add($1) }
        if !plan.candles.changes.isEmpty { try change(CandleFold.statement, plan.candles.parameters) }
        try copy(.leases, plan.leases) { $0.add($1) }
        try copy(.transfers, plan.transfers) { $0.add($1) }
        try copy(.requests, plan.keptRequests) { $0.add($1) }
    }

    private func copyRegistry(_ registry: ProjectionPlan.Registry) throws(StoreError) {
        try copy(.accounts, registry.accounts) { $0.add($1.record, $1.sequence) }
        try copy(.keys, registry.keys) { $0.add($1.record, $1.sequence) }
        try copy(.classes, registry.classes) { $0.add($1.id, $1.capability) }
        try copy(.profiles, registry.profiles) { $0.add($1.id, $1.requirement) }
        try copy(.fees, registry.fees) { $0.add($1.terms, $1.sequence, $1.at) }
        try copy(.checkpoints, registry.checkpoints) { $0.add($1) }
        try copy(.budgetedOrders, registry.keyRows.budgeted) { $0.add($1) }
        try copy(.logins, registry.keyRows.logins) { $0.add($1) }
        try copy(.loginEnds, registry.keyRows.loginEnds) { $0.add($1) }
        try copy(.forgottenKeys, registry.keyRows.forgotten) { $0.add($1) }
        try copy(.audit, registry.keyRows.audit) { $0.add($1) }
    }

    func copy<Value>(
        _ table: CopiedTable,
        _ values: [Value],
        _ add: (inout CopyWriter, Value) -> Void
    ) throws(StoreError) {
        guard !values.isEmpty, let place = CopiedTable.allCases.firstIndex(of: table) else { return }
        writers[place].removeAll()
        for value in values { add(&writers[place], value) }
        let written = try stored { () throws(PostgresError) in
            try connection.copy(table.sql, from: writers[place])
        }
        guard written == values.count else {
            throw .inconsistent("\(written) of \(values.count) rows were copied into \(table.rawValue)")
        }
    }

    @discardableResult
    func change(_ statement: Statement, _ parameters: [Parameter]) throws(StoreError) -> Int {
        try stored { () throws(PostgresError) in try connection.execute(statement, parameters).affectedRows }
    }

    /// Each change belongs to one row that is there.
    func change(
        _ statement: Statement,
        _ count: Int,
        _ what: String,
        _ parameters: [Parameter]
    ) throws(StoreError) {
        let changed = try change(statement, parameters)
        guard changed == count else { throw .inconsistent("\(changed) of \(count) \(what) are in the tables") }
    }

    private func changeOrders(_ unsorted: [OrderChange]) throws(StoreError) {
        guard !unsorted.isEmpty else { return }
        let changes = unsorted.sorted { $0.id < $1.id }
        try change(
            Self.ordersStatement,
            changes.count,
            "changed orders",
            [
                .int8Array(changes.map(\.id)), .int8Array(changes.map(\.remaining)), .int8Array(changes.map(\.opened)),
                .int8Array(changes.map(\.classID)), .int2Array(changes.map(\.closeReason)),
                .int8Array(changes.map(\.lastSequence)),
            ]
        )
    }

    private func move(_ unsorted: [Movement]) throws(StoreError) {
        guard !unsorted.isEmpty else { return }
        let movements = unsorted.sorted { $0.account < $1.account }
        try change(
            Self.balancesStatement,
            [
                .int8Array(movements.map(\.account.rawValue)), .numericArray(movements.map(\.debits)),
                .numericArray(movements.map(\.credits)),
            ]
        )
    }

    private func upsert(_ registry: ProjectionPlan.Registry) throws(StoreError) {
        for (record, sequence) in registry.models {
            let terms = record.terms
            try change(
                Self.modelStatement,
                [
                    .int8(record.id.rawValue), .int4(record.version), .text(terms.name), .text(terms.huggingFaceID),
                    .text(terms.revision), .text(terms.weightsSHA256), .int2(Int16(terms.weightSet.rawValue)),
                    .orNull(terms.quality), .int8(terms.contextLength),
                    .timestamp(microsecondsSince1970: record.createdAt.microseconds), .int8(sequence.rawValue),
                ]
            )
        }
        for (record, sequence) in registry.attestations {
            try change(
                Self.attestationStatement,
                [
                    .int8(record.terms.account.rawValue), .int4(Int32(record.terms.tees)),
                    .orNull(record.terms.expiresAt),
                    .timestamp(microsecondsSince1970: record.setAt.microseconds), .int8(sequence.rawValue),
                    .int2(Int16(record.terms.tcbStatus)), .orNull(record.terms.attestedAt ?? .never),
                ]
            )
        }
        for (record, sequence) in registry.measurements {
            try change(Self.measurementStatement, Self.parameters(record, sequence))
        }
    }
}

// MARK: - Statements

extension Projector {
    private static let cursorStatement = Statement(
        prepared: "cursor_move",
        """
        UPDATE projection.cursor SET batch = $2, sequence = $3, logical_time_us = $4, last_trade = $5,
            grace_us = $6, moved_at = clock_timestamp()
        WHERE only_row AND batch = $1
        """
    )

    private static let forgetStatement = Statement(
        prepared: "requests_forget",
        "DELETE FROM projection.requests WHERE sequence <= $1"
    )

    private static let ordersStatement = Statement(
        prepared: "orders_change",
        """
        UPDATE market.orders o SET
            remaining = CASE WHEN c.remaining < 0 THEN o.remaining ELSE c.remaining END,
            open_lots = o.open_lots + c.opened,
            class = CASE WHEN c.class = 0 THEN o.class ELSE c.class END,
            close_reason = CASE WHEN c.close_reason = 0 THEN o.close_reason ELSE c.close_reason END,
            last_sequence = c.last_sequence
        FROM unnest($1, $2, $3, $4, $5, $6) AS c (id, remaining, opened, class, close_reason, last_sequence)
        WHERE o.id = c.id
        """
    )

    private static let balancesStatement = Statement(
        prepared: "balances_move",
        """
        WITH moved AS MATERIALIZED (
            SELECT * FROM unnest($1, $2, $3) AS m (account, debits, credits)
        ), changed AS (
            UPDATE ledger.accounts a SET debits = a.debits + m.debits, credits = a.credits + m.credits
            FROM moved m WHERE a.account = m.account
            RETURNING a.account
        )
        INSERT INTO ledger.accounts (account, debits, credits)
        SELECT account, debits, credits FROM moved WHERE account NOT IN (SELECT account FROM changed)
        """
    )

    private static let modelStatement = Statement(
        prepared: "model_set",
        """
        INSERT INTO market.models (model, version, name, hugging_face_id, revision, weights_sha256, weight_set, quality,
            context_length, created_at, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (model, version) DO UPDATE SET name = excluded.name, hugging_face_id = excluded.hugging_face_id,
            revision = excluded.revision, weights_sha256 = excluded.weights_sha256, weight_set = excluded.weight_set,
            quality = excluded.quality, context_length = excluded.context_length, created_at = excluded.created_at,
            sequence = excluded.sequence
        """
    )

    private static let attestationStatement = Statement(
        prepared: "attestation_set",
        """
        INSERT INTO market.attestations (account, tees, expires_at, set_at, sequence, tcb_status, attested_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account) DO UPDATE SET tees = excluded.tees, expires_at = excluded.expires_at,
            set_at = excluded.set_at, sequence = excluded.sequence, tcb_status = excluded.tcb_status,
            attested_at = excluded.attested_at
        """
    )
}
