internal import Cryptography
internal import Engine
internal import Exchange
internal import Postgres
internal import Provenance
internal import Units

/// Rows of receipts, parties, breaches and the log that one transaction writes.
struct DeliveryRows {
    var receipts: [(record: ReceiptRecord, sequence: SequenceNumber, at: LogicalTime)] = []
    var equivocations: [(record: EquivocationRecord, sequence: SequenceNumber, at: LogicalTime)] = []
    var profiles: [(record: ProfileRecord, sequence: SequenceNumber)] = []
    var policies: [(terms: LeasePolicyTerms, sequence: SequenceNumber, at: LogicalTime)] = []
    var leaves: [(leaf: LoggedLeaf, sequence: SequenceNumber)] = []
    var performances = PerformanceRows()
    /// The last state of each.
    var standings: [AccountID: (record: StandingRecord, sequence: SequenceNumber)] = [:]
    var slashes: [LeaseID: SlashRow] = [:]
    /// Of breaches that are in the table already.
    private(set) var slashEnds: [LeaseID: SlashEnd] = [:]

    /// What became of a breach.
    struct SlashEnd {
        let outcome: SlashOutcome
        let paid: NanoTON
        let sequence: SequenceNumber
    }

    mutating func add(_ event: LeaseEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .receiptRecorded(let record): receipts.append((record, sequence, time))
        case .equivocated(let record): equivocations.append((record, sequence, time))
        case .profileSet(let record): profiles.append((record, sequence))
        case .policySet(let terms): policies.append((terms, sequence, time))
        case .logged(let leaf): leaves.append((leaf, sequence))
        case .standingSet(let record): standings[record.account] = (record, sequence)
        case .slashSet(let record): slashes[record.lease] = SlashRow(record: record, sequence: sequence)
        case .slashEnded(let lease, let outcome, let paid):
            let end = SlashEnd(outcome: outcome, paid: paid, sequence: sequence)
            if slashes[lease] == nil { slashEnds[lease] = end } else { slashes[lease]?.end(end) }
        case .stated, .measurementPolicySet, .performanceSet, .serviceBreached:
            performances.add(event, sequence, time)
        case .progressed, .receiptRepeated, .claimDisputed, .claimPaid, .rebidRefused, .signingKeyRecorded: break
        }
    }

    /// Above the leaves.
    var nodes: [(node: LoggedLeaf.Node, sequence: SequenceNumber)] {
        leaves.flatMap { entry in entry.leaf.nodes.map { ($0, entry.sequence) } }
    }
}

/// A row of `market.slashes`.
struct SlashRow {
    let record: SlashRecord
    var outcome: SlashOutcome?
    var paid = NanoTON.zero
    /// `nil` when a checkpoint has it.
    var sequence: SequenceNumber?

    init(record: SlashRecord, sequence: SequenceNumber?) {
        self.record = record
        self.sequence = sequence
    }

    mutating func end(_ end: DeliveryRows.SlashEnd) {
        outcome = end.outcome
        paid = end.paid
        sequence = end.sequence
    }
}

// MARK: - Writing

extension Projector {
    func write(_ rows: DeliveryRows) throws(StoreError) {
        try copy(.receipts, rows.receipts) { $0.add($1.record, $1.sequence, $1.at) }
        try copy(.equivocations, rows.equivocations) { $0.add($1.record, $1.sequence, $1.at) }
        try copy(.partyProfiles, rows.profiles) { $0.add($1.record, $1.sequence) }
        try copy(.leasePolicy, rows.policies) { $0.add($1.terms, $1.sequence, $1.at) }
        try copy(.leaves, rows.leaves) { $0.add($1.leaf, $1.sequence) }
        try copy(.nodes, rows.nodes) { $0.add($1.node, $1.sequence) }
        try write(rows.performances)
        for (account, entry) in rows.standings.sorted(by: { $0.key < $1.key }) {
            if entry.record.saysNothing {
                try change(Self.noStandingStatement, [.int8(account.rawValue)])
            } else {
                try change(Self.standingStatement, entry.record.parameters + [.int8(entry.sequence.rawValue)])
            }
        }
        for (_, row) in rows.slashes.sorted(by: { $0.key < $1.key }) { try change(Self.slashStatement, row.parameters) }
        for (lease, end) in rows.slashEnds.sorted(by: { $0.key < $1.key }) {
            try change(
                Self.slashEndStatement,
                1,
                "ended breaches",
                [
                    .int8(lease.rawValue), .int2(Int16(end.outcome.rawValue)), .int8(end.paid.count),
                    .int8(end.sequence.rawValue),
                ]
            )
        }
    }

    private static let standingStatement = Statement(
        prepared: "standing_set",
        """
        INSERT INTO market.standings (account, strikes, disputes, delivered, sequence) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account) DO UPDATE SET strikes = excluded.strikes, disputes = excluded.disputes,
            delivered = excluded.delivered, sequence = excluded.sequence
        """
    )

    private static let noStandingStatement = Statement(
        prepared: "standing_drop",
        "DELETE FROM market.standings WHERE account = $1"
    )

    private static let slashStatement = Statement(
        prepared: "slash_set",
        """
        INSERT INTO market.slashes (lease, worker, buyer, amount, due, reason, outcome, paid, sequence)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """
    )

    private static let slashEndStatement = Statement(
        prepared: "slash_end",
        "UPDATE market.slashes SET outcome = $2, paid = $3, sequence = $4 WHERE lease = $1 AND outcome IS NULL"
    )
}

extension StandingRecord {
    static let columns = "account, strikes, disputes, delivered"

    /// In the order of ``columns``.
    var parameters: [Parameter] { [account.rawValue, strikes, disputes, delivered].map { .int8($0) } }

    /// A row is kept only as long as it says something.
    var saysNothing: Bool { strikes == 0 && disputes == 0 && delivered == 0 }

    init(_ row: Row) throws(PostgresError) {
        self.init(account: AccountID(try row.int8(0)))
        strikes = try row.int8(1)
        disputes = try row.int8(2)
        delivered = try row.int8(3)
    }
}

extension SlashRow {
    var parameters: [Parameter] {
        [
            .int8(record.lease.rawValue), .int8(record.worker.rawValue), .int8(record.buyer.rawValue),
            .int8(record.amount.count), .timestamp(microsecondsSince1970: record.due.microseconds),
            .int2(Int16(record.reason.rawValue)), outcome.map { .int2(Int16($0.rawValue)) } ?? .null(.int2),
            .int8(paid.count), .int8(sequence?.rawValue ?? 0),
        ]
    }
}

extension SlashRecord {
    static let columns = "lease, worker, buyer, amount, due, reason"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            lease: LeaseID(try row.int8(0)),
            worker: AccountID(try row.int8(1)),
            buyer: AccountID(try row.int8(2)),
            amount: NanoTON(try row.int8(3)),
            due: try row.time(4),
            reason: try row.code(5)
        )
    }
}

extension ProfileRecord {
    /// Those that the engine keeps: the first ones, the current ones, and those that open leases name.
    static let keptQuestion = """
        SELECT p.account, p.version, p.endpoint, p.receipt_key, p.set_at FROM market.profiles p
        WHERE p.version = 1 OR p.version = (SELECT max(version) FROM market.profiles c WHERE c.account = p.account)
            OR EXISTS (SELECT FROM market.leases l WHERE NOT l.ended
                AND (l.buyer = p.account AND l.buyer_profile = p.version
                    OR l.worker = p.account AND l.worker_profile = p.version))
        ORDER BY p.account, p.version
        """

    init(_ row: Row) throws(PostgresError) {
        let terms = ProfileTerms(
            endpoint: try row.text(2),
            receiptKey: row.isNull(3) ? nil : try row.bytea(3)
        )
        self.init(
            account: AccountID(try row.int8(0)),
            version: try row.int8(1),
            terms: terms,
            setAt: try row.time(4)
        )
    }
}

extension LeasePolicyTerms {
    static let columns = "step, dispute_window_us, bond_per_lot, slash_bps, appeal_window_us, newcomer_lots_max"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            step: AdjustedTokens(try row.int8(0)),
            disputeWindow: try row.int8(1),
            bondPerLot: NanoTON(try row.int8(2)),
            slashShare: BasisPoints(try row.int8(3)),
            appealWindow: try row.int8(4),
            newcomerLotsMax: try row.int8OrNull(5).map { Lots($0) }
        )
    }
}

// MARK: - Columns

extension CopyWriter {
    mutating func add(_ record: ReceiptRecord, _ sequence: SequenceNumber, _ at: LogicalTime) {
        let signed = record.terms.signed
        let receipt = signed.receipt
        beginRow()
        int8(record.index)
        int8(receipt.lease.rawValue)
        int8(Int64(receipt.sequence))
        int8(sequence.rawValue)
        int8(record.account.rawValue)
        int2(Int16(receipt.flags.rawValue))
        int8(Int64(receipt.timeToFirstToken))
        for number in [
            receipt.usage.prompt, receipt.usage.completion, receipt.usage.cached, receipt.usage.reasoning,
            receipt.adjusted.count, receipt.amount.count, receipt.startedAt, receipt.endedAt,
        ] {
            int8(number)
        }
        bytea(receipt.request.bytes)
        bytea(receipt.response.bytes)
        bytea(receipt.bytes)
        bytea(record.terms.hash.bytes)
        bytea(signed.workerSignature)
        if let signature = signed.appSignature { bytea(signature) } else { null() }
        bytea(record.terms.salt)
        int8(orNull: record.charged?.count)
        timestamp(microsecondsSince1970: at.microseconds)
    }

    mutating func add(_ record: EquivocationRecord, _ sequence: SequenceNumber, _ at: LogicalTime) {
        beginRow()
        int8(record.index)
        int8(record.lease.rawValue)
        int8(record.worker.rawValue)
        int8(Int64(record.sequence))
        int8(sequence.rawValue)
        bytea(record.earlierHash.bytes)
        if let earlier = record.earlier { bytea(earlier.receipt.bytes) } else { null() }
        if let earlier = record.earlier { bytea(earlier.workerSignature) } else { null() }
        bytea(record.later.receipt.bytes)
        bytea(record.later.workerSignature)
        bytea(record.salt)
        timestamp(microsecondsSince1970: at.microseconds)
    }

    mutating func add(_ record: ProfileRecord, _ sequence: SequenceNumber) {
        beginRow()
        int8(record.account.rawValue)
        int8(record.version)
        text(record.terms.endpoint)
        if let key = record.terms.receiptKey { bytea(key) } else { null() }
        timestamp(microsecondsSince1970: record.setAt.microseconds)
        int8(sequence.rawValue)
    }

    mutating func add(_ terms: LeasePolicyTerms, _ sequence: SequenceNumber, _ at: LogicalTime) {
        beginRow()
        int8(sequence.rawValue)
        int8(terms.step.count)
        int8(terms.disputeWindow)
        int8(terms.bondPerLot.count)
        int8(terms.slashShare.count)
        int8(terms.appealWindow)
        int8(orNull: terms.newcomerLotsMax?.count)
        timestamp(microsecondsSince1970: at.microseconds)
    }

    mutating func add(_ leaf: LoggedLeaf, _ sequence: SequenceNumber) {
        beginRow()
        int8(leaf.index)
        int2(Int16(leaf.entry.kind.rawValue))
        bytea(leaf.entry.bytes)
        bytea(leaf.hash.bytes)
        int8(sequence.rawValue)
    }

    mutating func add(_ node: LoggedLeaf.Node, _ sequence: SequenceNumber) {
        beginRow()
        int4(Int32(node.level))
        int8(node.index)
        bytea(node.hash.bytes)
        int8(sequence.rawValue)
    }

    mutating func add(_ parameters: [Parameter]) {
        beginRow()
        for parameter in parameters { value(parameter) }
    }
}

// MARK: - The log's frontier

extension LogFrontier {
    /// The size and the roots of the subtrees that make it up.
    static func read(_ connection: Connection) throws(PostgresError) -> LogFrontier {
        let size = try connection.execute("SELECT coalesce(max(index) + 1, 0) FROM log.leaves").onlyRow().int8(0)
        var hashes: [Digest256] = []
        var start: Int64 = 0
        for level in (0..<63).reversed() where size >> Int64(level) & 1 == 1 {
            let place = start >> Int64(level)
            let row = try connection.execute(
                level == 0
                    ? "SELECT hash FROM log.leaves WHERE index = $1 AND $2 = 0"
                    : "SELECT hash FROM log.nodes WHERE index = $1 AND level = $2",
                [.int8(place), .int4(Int32(level))]
            ).onlyRow()
            guard let hash = Digest256(try row.bytea(0)) else {
                throw .unexpectedResult("a node of the log has not 32 bytes")
            }
            hashes.append(hash)
            start += 1 << Int64(level)
        }
        guard let frontier = LogFrontier(size: size, hashes: hashes) else {
            throw .unexpectedResult("the log has no size")
        }
        return frontier
    }
}
