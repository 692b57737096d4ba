package import Engine
internal import Postgres
package import Units

/// Rows of keys' tables that one transaction writes: the last state of each.
struct KeyRows {
    private(set) var standings: [KeyID: (record: KeyStanding, sequence: SequenceNumber)] = [:]
    private(set) var spendings: [KeyID: (record: KeySpending, sequence: SequenceNumber)] = [:]
    var budgeted: [BudgetedOrder] = []
    var audit: [AuditRow] = []
    var logins: [LoginRecord] = []
    var loginEnds: [LoginEndRow] = []
    var forgotten: [ForgottenKeyRow] = []

    mutating func set(_ standing: KeyStanding, _ sequence: SequenceNumber) {
        standings[standing.key] = (standing, sequence)
    }

    mutating func set(_ spending: KeySpending, _ sequence: SequenceNumber) {
        spendings[spending.key] = (spending, sequence)
    }
}

/// A row of `market.audit`.
package struct AuditRow: Hashable, Sendable {
    package let entry: AuditEntry
    package let sequence: SequenceNumber
    package let at: LogicalTime
}

/// A row of `market.login_ends`.
struct LoginEndRow: Hashable {
    let login: SequenceNumber
    let sequence: SequenceNumber
    let at: LogicalTime
}

/// A row of `market.forgotten_keys`.
struct ForgottenKeyRow: Hashable {
    let key: KeyID
    let sequence: SequenceNumber
    let at: LogicalTime
}

extension Projector {
    func upsert(_ rows: KeyRows) throws(StoreError) {
        for (record, sequence) in rows.standings.values.sorted(by: { $0.record.key < $1.record.key }) {
            try change(Self.standingStatement, record.parameters + [.int8(sequence.rawValue)])
        }
        for (record, sequence) in rows.spendings.values.sorted(by: { $0.record.key < $1.record.key }) {
            try change(Self.spendingStatement, record.parameters + [.int8(sequence.rawValue)])
        }
    }

    private static let standingStatement = Statement(
        prepared: "key_standing_set",
        """
        INSERT INTO market.key_standings (key, made_by, revoked_at, order_budget, day_budget, total_budget, networks,
            sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (key) DO UPDATE SET made_by = excluded.made_by, revoked_at = excluded.revoked_at,
            order_budget = excluded.order_budget, day_budget = excluded.day_budget,
            total_budget = excluded.total_budget, networks = excluded.networks, sequence = excluded.sequence
        """
    )

    private static let spendingStatement = Statement(
        prepared: "key_spending_set",
        """
        INSERT INTO market.key_spendings (key, day, on_day, total, sequence) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (key) DO UPDATE SET day = excluded.day, on_day = excluded.on_day, total = excluded.total,
            sequence = excluded.sequence
        """
    )
}

// MARK: - Columns

extension KeyStanding {
    static let columns = "key, made_by, revoked_at, order_budget, day_budget, total_budget, networks"

    /// In the order of ``columns``.
    var parameters: [Parameter] {
        [
            .int8(key.rawValue), .orNull(madeBy.rawValue == 0 ? nil : madeBy.rawValue), .orNull(revokedAt),
            .orNull(limits.perOrder?.count), .orNull(limits.perDay?.count), .orNull(limits.total?.count),
            .textArray(limits.networks.map(\.description)),
        ]
    }

    init(_ row: Row) throws(PostgresError) {
        var limits = KeyLimits(
            perOrder: try row.int8OrNull(3).map(NanoTON.init),
            perDay: try row.int8OrNull(4).map(NanoTON.init),
            total: try row.int8OrNull(5).map(NanoTON.init)
        )
        for text in try row.textArray(6) {
            guard let network = NetworkPrefix(text: text.utf8) else {
                throw .unexpectedResult("\"\(text)\" is no block of addresses")
            }
            limits.networks.append(network)
        }
        self.init(
            key: KeyID(try row.int8(0)),
            madeBy: KeyID(try row.int8OrNull(1) ?? 0),
            revokedAt: row.isNull(2) ? .never : try row.time(2),
            limits: limits
        )
    }
}

extension KeySpending {
    static let columns = "key, day, on_day, total"

    /// In the order of ``columns``.
    var parameters: [Parameter] { [.int8(key.rawValue), .int8(day), .int8(onDay.count), .int8(total.count)] }

    init(_ row: Row) throws(PostgresError) {
        self.init(
            key: KeyID(try row.int8(0)),
            day: try row.int8(1),
            onDay: NanoTON(try row.int8(2)),
            total: NanoTON(try row.int8(3))
        )
    }
}

extension BudgetedOrder {
    /// The budgeted orders that are open, and their keys.
    static let openQuestion = """
        SELECT b.id, b.key FROM market.budgeted_orders b JOIN market.orders o ON o.id = b.id
        WHERE o.close_reason IS NULL ORDER BY b.id
        """
}

extension LoginRecord {
    static let columns = "sequence, account, subject, created_at"
    /// Those that are not over.
    static let presentQuestion = """
        SELECT \(columns) FROM market.logins l
        WHERE NOT EXISTS (SELECT FROM market.login_ends e WHERE e.login = l.sequence) ORDER BY sequence
        """

    init(_ row: Row) throws(PostgresError) {
        self.init(
            sequence: SequenceNumber(try row.int8(0)),
            account: AccountID(try row.int8(1)),
            subject: try row.text(2),
            createdAt: try row.time(3)
        )
    }
}

extension AuditRow {
    static let columns = "sequence, account, key, action, target, rejection, at"

    init(_ row: Row, from first: Int) throws(PostgresError) {
        let entry = AuditEntry(
            account: AccountID(try row.int8(first + 1)),
            key: KeyID(try row.int8(first + 2)),
            action: try row.code(first + 3),
            target: try row.text(first + 4),
            rejection: row.isNull(first + 5) ? nil : try row.code(first + 5)
        )
        self.init(entry: entry, sequence: SequenceNumber(try row.int8(first)), at: try row.time(first + 6))
    }
}

extension CopyWriter {
    mutating func add(_ entry: BudgetedOrder) {
        beginRow()
        int8(entry.order.rawValue)
        int8(entry.key.rawValue)
    }

    mutating func add(_ row: AuditRow) {
        beginRow()
        int8(row.sequence.rawValue)
        int8(row.entry.account.rawValue)
        int8(row.entry.key.rawValue)
        int2(Int16(row.entry.action.rawValue))
        text(row.entry.target)
        if let rejection = row.entry.rejection { int4(Int32(rejection.rawValue)) } else { null() }
        timestamp(microsecondsSince1970: row.at.microseconds)
    }

    mutating func add(_ row: LoginEndRow) {
        beginRow()
        int8(row.login.rawValue)
        int8(row.sequence.rawValue)
        timestamp(microsecondsSince1970: row.at.microseconds)
    }

    mutating func add(_ row: ForgottenKeyRow) {
        beginRow()
        int8(row.key.rawValue)
        int8(row.sequence.rawValue)
        timestamp(microsecondsSince1970: row.at.microseconds)
    }

    mutating func add(_ record: LoginRecord) {
        beginRow()
        int8(record.sequence.rawValue)
        int8(record.account.rawValue)
        text(record.subject)
        timestamp(microsecondsSince1970: record.createdAt.microseconds)
    }

    fileprivate mutating func add(_ parameters: [Parameter], _ sequence: SequenceNumber) {
        beginRow()
        for parameter in parameters { value(parameter) }
        int8(sequence.rawValue)
    }
}

// MARK: - Verification

/// What keys' tables must show, by the events alone.
struct ExpectedKeyTables: Sendable {
    private var standings: [KeyID: (record: KeyStanding, sequence: SequenceNumber?)] = [:]
    private var spendings: [KeyID: (record: KeySpending, sequence: SequenceNumber?)] = [:]
    private var budgeted: [BudgetedOrder] = []
    private var audit: [AuditRow] = []
    private var logins: [LoginRecord] = []
    private var loginEnds: [LoginEndRow] = []
    private var forgotten: [ForgottenKeyRow] = []

    init() {}

    /// As a checkpoint has them.
    init(_ state: EngineState) {
        for standing in state.keyStandings { standings[standing.key] = (standing, nil) }
        for spending in state.keySpendings { spendings[spending.key] = (spending, nil) }
        budgeted = state.budgetedOrders
        logins = state.logins
    }

    mutating func add(_ event: Event, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .keyStandingSet(let standing, _): standings[standing.key] = (standing, sequence)
        case .keySpent(let spending): spendings[spending.key] = (spending, sequence)
        case .orderBudgeted(let order, let key): budgeted.append(BudgetedOrder(order: order, key: key))
        case .loginCreated(let record), .loginLinked(let record): logins.append(record)
        case .loginUnlinked(let record):
            loginEnds.append(LoginEndRow(login: record.sequence, sequence: sequence, at: time))
        case .keyForgotten(let record):
            forgotten.append(ForgottenKeyRow(key: record.id, sequence: sequence, at: time))
        case .operated(let entry): audit.append(AuditRow(entry: entry, sequence: sequence, at: time))
        default: break
        }
    }

    func rows(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow] {
        switch table {
        case .keyStandings:
            return tables.rows(
                table,
                standings.values.map { $0 },
                key: { RowKey(first: $0.record.key.rawValue) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.record.parameters, $1.sequence ?? .none) }
        case .keySpendings:
            return tables.rows(
                table,
                spendings.values.map { $0 },
                key: { RowKey(first: $0.record.key.rawValue) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.record.parameters, $1.sequence ?? .none) }
        case .budgetedOrders:
            return tables.rows(table, budgeted, key: { RowKey(first: $0.order.rawValue) }) { $0.add($1) }
        case .logins:
            return tables.rows(table, logins, key: { RowKey(first: $0.sequence.rawValue) }) { $0.add($1) }
        case .loginEnds:
            return tables.rows(table, loginEnds, key: { RowKey(first: $0.login.rawValue) }) { $0.add($1) }
        case .forgottenKeys:
            return tables.rows(table, forgotten, key: { RowKey(first: $0.key.rawValue) }) { $0.add($1) }
        case .audit:
            return tables.rows(table, audit, key: { RowKey(first: $0.sequence.rawValue) }) { $0.add($1) }
        default: preconditionFailure("every table has its rows")
        }
    }
}

// MARK: - History

extension HistoryReader {
    /// The newest entries of the audit log, of those older than `before`; at most `limit`.
    package func audit(before: SequenceNumber?, limit: Int) throws(StoreError) -> AsOf<[AuditRow]> {
        try page(Self.auditStatement, [.int8(before?.rawValue ?? .max), .int8(Int64(limit))]) {
            row throws(PostgresError) in try AuditRow(row, from: 2)
        }
    }

    private static let auditStatement = Statement(
        prepared: "history_audit",
        withCursor(
            AuditRow.columns,
            "market.audit WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2",
            "found.sequence DESC"
        )
    )

    /// A key as it stands now, for a repetition of a command that revoked or limited it.
    func standing(of key: KeyID) throws(StoreError) -> [Event] {
        try stored { () throws(PostgresError) in
            let record = try connection.execute(
                "SELECT \(KeyRecord.columns) FROM market.keys WHERE key = $1",
                [.int8(key.rawValue)]
            ).onlyRow()
            let standing = try connection.execute(
                "SELECT \(KeyStanding.columns) FROM market.key_standings WHERE key = $1",
                [.int8(key.rawValue)]
            ).onlyRow()
            return [.keyStandingSet(try KeyStanding(standing), try KeyRecord(record))]
        }
    }
}
