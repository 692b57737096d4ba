internal import Engine
internal import Postgres
internal import Units

/// What an event makes of a row of settlement's tables.
enum SettlementChange {
    /// The whole row, in the order of its columns.
    case put(CheckedTable, RowKey, [Parameter])
    case drop(CheckedTable, RowKey)
    /// One column of a row that is there.
    case patch(CheckedTable, RowKey, column: String, Parameter)
    /// Of the hold that lasts: when it ended.
    case resume(Parameter)
}

/// Rows of settlement's tables that one transaction writes: the last state of each.
struct SettlementRows {
    /// `nil` when the row is taken away.
    private(set) var rows: [CheckedTable: [RowKey: [Parameter]?]] = [:]
    /// Of rows that are in the tables already.
    private(set) var patches: [(table: CheckedTable, key: RowKey, column: String, value: Parameter)] = []
    /// Of the hold that is in the tables already.
    private(set) var resumedAt: Parameter?

    mutating func add(_ event: SettlementEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        for change in event.changes(sequence, time) { add(change) }
    }

    private mutating func add(_ change: SettlementChange) {
        switch change {
        case .put(let table, let key, let row): rows[table, default: [:]].updateValue(row, forKey: key)
        case .drop(let table, let key): rows[table, default: [:]].updateValue(nil, forKey: key)
        case .patch(let table, let key, let column, let value):
            if var row = rows[table]?[key] ?? nil, let place = table.columns.firstIndex(of: column) {
                row[place] = value
                rows[table]?.updateValue(row, forKey: key)
            } else {
                patches.append((table, key, column, value))
            }
        case .resume(let at):
            let last = CheckedTable.holds.columns.count - 1
            for (key, row) in rows[.holds] ?? [:] {
                guard var row, case .null = row[last] else { continue }
                row[last] = at
                rows[.holds]?.updateValue(row, forKey: key)
                return
            }
            resumedAt = at
        }
    }
}

// MARK: - Writing

extension Projector {
    func write(_ rows: SettlementRows) throws(StoreError) {
        // What was there ends before something of the same kind begins.
        if let at = rows.resumedAt {
            let ended = try change(
                Statement("UPDATE settlement.holds SET resumed_at = $1 WHERE resumed_at IS NULL"),
                [at]
            )
            guard ended == 1 else { throw .inconsistent("\(ended) holds of settlement were in the tables, not 1") }
        }
        for table in CheckedTable.settlementFinal + CheckedTable.settlementGrowing {
            guard let changed = rows.rows[table] else { continue }
            let (upsert, removal) = (table.upsert, table.removal)
            for (key, row) in changed.sorted(by: { $0.key < $1.key }) {
                if let row {
                    try change(upsert, row)
                } else {
                    try change(
                        removal,
                        table.key.count == 1 ? [.int8(key.first)] : [.int8(key.first), .int8(key.second)]
                    )
                }
            }
        }
        for patch in rows.patches {
            let statement = Statement(
                "UPDATE \(patch.table.name) SET \(patch.column) = $2 WHERE \(patch.table.key[0]) = $1"
            )
            try change(statement, 1, "changed rows of \(patch.table.name)", [.int8(patch.key.first), patch.value])
        }
    }
}

// MARK: - Verification

/// What settlement's tables must show, by the events alone.
struct ExpectedSettlement: Sendable {
    private var rows: [CheckedTable: [RowKey: [Parameter]]] = [:]

    /// Of an exchange that has done nothing.
    init() {}

    /// As a checkpoint has it.
    init(_ state: SettlementState) {
        var events: [SettlementEvent] = state.hold.map { [.held($0)] } ?? []
        events += state.wallets.map { .walletSet($0) }
        events += state.querySets.map { .querySetUsed($0) }
        events += state.transits.map { .transitBegan($0) }
        events += state.memos.map { .memoOpened($0) }
        events += state.addresses.map { .addressNamed($0) }
        events += state.payoutTerms.map { .payoutTermsSet($0) }
        events += state.withdrawals.map { .withdrawalSet($0) }
        events += state.days.map { .withdrawalDaySet($0) }
        events += state.batches.map { .batchSet($0) }
        events += state.payouts.map { .payoutSet($0) }
        events += state.suspense.map { .suspended($0) }
        if let request = state.anchors.request { events.append(.anchorRequested(request)) }
        for anchor in [state.anchors.last, state.anchors.open] {
            if let anchor { events.append(.anchorSet(anchor)) }
        }
        for event in events { add(event, .none, .zero) }
    }

    mutating func add(_ event: SettlementEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        for change in event.changes(sequence, time) {
            switch change {
            case .put(let table, let key, let row): rows[table, default: [:]][key] = row
            case .drop(let table, let key): rows[table]?[key] = nil
            case .patch(let table, let key, let column, let value):
                if let place = table.columns.firstIndex(of: column) { rows[table]?[key]?[place] = value }
            case .resume(let at):
                let last = CheckedTable.holds.columns.count - 1
                for (key, row) in rows[.holds] ?? [:] {
                    if case .null = row[last] { rows[.holds]?[key]?[last] = at }
                }
            }
        }
    }

    /// The rows of a growing table since they were last taken.
    mutating func take(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow] {
        defer { rows[table] = nil }
        return rows(table, in: tables) ?? []
    }

    /// `nil` for a table that is not settlement's.
    func rows(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow]? {
        guard CheckedTable.settlementFinal.contains(table) || CheckedTable.settlementGrowing.contains(table) else {
            return nil
        }
        return tables.rows(table, Array(rows[table] ?? [:]), key: { $0.key }) { $0.add($1.value) }
    }
}
