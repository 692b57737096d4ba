internal import Cryptography
internal import Engine
internal import Exchange
internal import Postgres
internal import Provenance
internal import Units

/// Rows of what workers are measured by, of broken promises, and of statements in the log that one transaction writes.
struct PerformanceRows {
    var policies: [(terms: MeasurementPolicyTerms, sequence: SequenceNumber, at: LogicalTime)] = []
    var breaches: [ServiceBreachRow] = []
    var statements: [(record: StatementRecord, sequence: SequenceNumber)] = []
    /// The last state of each.
    private(set) var performances: [RowKey: (record: PerformanceRecord, sequence: SequenceNumber)] = [:]

    mutating func add(_ event: LeaseEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .measurementPolicySet(let terms): policies.append((terms, sequence, time))
        case .serviceBreached(let lease, let number, let refunded):
            breaches.append(
                ServiceBreachRow(lease: lease, number: number, refunded: refunded, sequence: sequence, at: time)
            )
        case .stated(let record): statements.append((record, sequence))
        case .performanceSet(let record): performances[RowKey(record)] = (record, sequence)
        default: preconditionFailure("every other event has its rows elsewhere")
        }
    }
}

/// A row of `market.service_breaches`.
struct ServiceBreachRow {
    let lease: LeaseID
    let number: UInt32
    let refunded: NanoTON
    let sequence: SequenceNumber
    let at: LogicalTime
}

extension RowKey {
    fileprivate init(_ record: PerformanceRecord) {
        self.init(first: record.account.rawValue, second: record.model.rawValue)
    }
}

// MARK: - Writing

extension Projector {
    func write(_ rows: PerformanceRows) throws(StoreError) {
        try copy(.measurementPolicy, rows.policies) { $0.add($1.terms, $1.sequence, $1.at) }
        try copy(.breaches, rows.breaches) { $0.add($1) }
        try copy(.statements, rows.statements) { $0.add($1.record, $1.sequence) }
        for (_, entry) in rows.performances.sorted(by: { $0.key < $1.key }) {
            try change(Self.performanceStatement, entry.record.parameters + [.int8(entry.sequence.rawValue)])
        }
    }

    private static let performanceStatement: Statement = {
        let names = PerformanceRecord.columns.split(separator: ", ") + ["sequence"]
        let values = names.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        let changes = names.dropFirst(2).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        return Statement(
            prepared: "performance_set",
            """
            INSERT INTO market.performances (\(names.joined(separator: ", "))) VALUES (\(values))
            ON CONFLICT (account, model) DO UPDATE SET \(changes)
            """
        )
    }()
}

extension PerformanceRecord {
    static let columns =
        "account, model, tokens, milliseconds, intervals, first_token_ms, first_tokens, succeeded, jobs, "
        + "throughput_tps, ttft_ms, success_bp, halved_at, published_at, expires_at"

    /// In the order of ``columns``.
    var parameters: [Parameter] {
        let numbers = [account.rawValue, model.rawValue] + tally.numbers + [throughputTPS, ttftMS, successBP]
        let isShown = publishedAt != .zero
        return numbers.map { .int8($0) } + [
            .timestamp(microsecondsSince1970: halvedAt.microseconds), .orNull(isShown ? publishedAt : .never),
            .orNull(isShown ? expiresAt : .never),
        ]
    }

    init(_ row: Row) throws(PostgresError) {
        self.init(account: AccountID(try row.int8(0)), model: ModelID(try row.int8(1)), at: try row.time(12))
        var numbers: [Int64] = []
        for column in 2..<9 { numbers.append(try row.int8(column)) }
        guard let tally = PerformanceTally(numbers: numbers) else {
            throw .unexpectedResult("a sum of what was measured is below 0")
        }
        self.tally = tally
        throughputTPS = try row.int8(9)
        ttftMS = try row.int8(10)
        successBP = try row.int8(11)
        if !row.isNull(13) { publishedAt = try row.time(13) }
        if !row.isNull(14) { expiresAt = try row.time(14) }
    }
}

extension MeasurementPolicyTerms {
    static let columns = "samples_min, half_life_us, interval_us, lifetime_us"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            samplesMin: try row.int8(0),
            halfLife: try row.int8(1),
            interval: try row.int8(2),
            lifetime: try row.int8(3)
        )
    }
}

extension SigningKeyRecord {
    static let question = "SELECT index, body FROM log.statements WHERE kind = 3 ORDER BY index"

    init(_ row: Row) throws(PostgresError) {
        let statement = LogStatement(kind: .keyRotation, bytes: try row.bytea(1))
        guard let key = statement.signingKey else { throw .unexpectedResult("a statement of a key names none") }
        self.init(
            terms: SigningKeyTerms(publicKey: key.publicKey, from: LogicalTime(microseconds: key.from)),
            index: try row.int8(0)
        )
    }
}

extension CopyWriter {
    mutating func add(_ terms: MeasurementPolicyTerms, _ sequence: SequenceNumber, _ at: LogicalTime) {
        beginRow()
        int8(sequence.rawValue)
        for number in terms.numbers { int8(number) }
        timestamp(microsecondsSince1970: at.microseconds)
    }

    mutating func add(_ row: ServiceBreachRow) {
        beginRow()
        for number in [row.lease.rawValue, Int64(row.number), row.refunded.count, row.sequence.rawValue] {
            int8(number)
        }
        timestamp(microsecondsSince1970: row.at.microseconds)
    }

    mutating func add(_ record: StatementRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(record.index)
        int2(Int16(record.statement.kind.rawValue))
        bytea(record.statement.bytes)
        int8(sequence.rawValue)
    }
}

// MARK: - What replay expects

/// What these tables must show, by the events alone.
struct ExpectedPerformances: Sendable {
    // Since they were last taken.
    private var breaches: [ServiceBreachRow] = []
    private var statements: [(record: StatementRecord, sequence: SequenceNumber)] = []
    // All of them.
    private var policies: [(terms: MeasurementPolicyTerms, sequence: SequenceNumber, at: LogicalTime)] = []
    private var performances: [RowKey: (record: PerformanceRecord, sequence: SequenceNumber?)] = [:]

    /// As a checkpoint has them, or of an exchange that has done nothing.
    init(_ state: DeliveryState = DeliveryState()) {
        for record in state.performances { performances[RowKey(record)] = (record, nil) }
    }

    mutating func add(_ event: LeaseEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        var rows = PerformanceRows()
        rows.add(event, sequence, time)
        breaches += rows.breaches
        statements += rows.statements
        policies += rows.policies
        for (key, entry) in rows.performances { performances[key] = (entry.record, entry.sequence) }
    }

    mutating func take(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow] {
        switch table {
        case .breaches:
            defer { breaches = [] }
            return tables.rows(
                table,
                breaches,
                key: { RowKey(first: $0.sequence.rawValue) }
            ) { $0.add($1) }
        case .statements:
            defer { statements = [] }
            return tables.rows(table, statements, key: { RowKey(first: $0.record.index) }) {
                $0.add($1.record, $1.sequence)
            }
        default: preconditionFailure("every growing table has its rows")
        }
    }

    func rows(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow]? {
        switch table {
        case .performances:
            return tables.rows(
                table,
                Array(performances),
                key: { $0.key },
                isLate: { $0.value.sequence == nil }
            ) { $0.add($1.value.record.parameters + [.int8($1.value.sequence?.rawValue ?? 0)]) }
        case .measurementPolicy:
            return tables.rows(table, policies, key: { RowKey(first: $0.sequence.rawValue) }) {
                $0.add($1.terms, $1.sequence, $1.at)
            }
        default: return nil
        }
    }
}

extension CheckedTable {
    package static let breaches = CheckedTable(.breaches, key: ["sequence"])
    package static let statements = CheckedTable(.statements, key: ["index"])
    package static let measurementPolicy = CheckedTable(.measurementPolicy, key: ["sequence"])
    package static let performances = CheckedTable(
        "market.performances",
        PerformanceRecord.columns.split(separator: ", ").map(String.init) + ["sequence"],
        key: ["account", "model"],
        late: ["sequence"]
    )
}
