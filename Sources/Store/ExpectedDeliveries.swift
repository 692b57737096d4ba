internal import Engine
internal import Exchange
internal import Postgres
internal import Provenance
internal import Units

/// What the tables of receipts, parties, breaches and the log must show, by the events alone.
struct ExpectedDeliveries: Sendable {
    /// Leaves, and the newest profiles, where replay began.
    private let startLeaves: Int64
    private let startVersions: [AccountID: Int64]
    // Since they were last taken.
    private var receipts: [(record: ReceiptRecord, sequence: SequenceNumber, at: LogicalTime)] = []
    private var equivocations: [(record: EquivocationRecord, sequence: SequenceNumber, at: LogicalTime)] = []
    private var leaves: [(leaf: LoggedLeaf, sequence: SequenceNumber)] = []
    private var nodes: [(node: LoggedLeaf.Node, sequence: SequenceNumber)] = []
    // All of them.
    private var profiles: [(record: ProfileRecord, sequence: SequenceNumber?)] = []
    private var policies: [(terms: LeasePolicyTerms, sequence: SequenceNumber, at: LogicalTime)] = []
    private var standings: [AccountID: (record: StandingRecord, sequence: SequenceNumber?)] = [:]
    private var slashes: [LeaseID: SlashRow] = [:]
    private var performances = ExpectedPerformances()

    /// As a checkpoint has them, or of an exchange that has done nothing.
    init(_ state: DeliveryState = DeliveryState()) {
        startLeaves = state.log.size
        var versions: [AccountID: Int64] = [:]
        for profile in state.profiles { versions[profile.account] = profile.version }
        startVersions = versions
        profiles = state.profiles.map { ($0, nil) }
        for standing in state.standings { standings[standing.account] = (standing, nil) }
        performances = ExpectedPerformances(state)
        for slash in state.slashes { slashes[slash.lease] = SlashRow(record: slash, sequence: nil) }
    }

    mutating func add(_ event: LeaseEvent, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .receiptRecorded(let record): receipts.append((record, sequence, time))
        case .equivocated(let record): equivocations.append((record, sequence, time))
        case .profileSet(let record): profiles.append((record, sequence))
        case .policySet(let terms): policies.append((terms, sequence, time))
        case .logged(let leaf):
            leaves.append((leaf, sequence))
            nodes += leaf.nodes.map { ($0, sequence) }
        case .standingSet(let record): standings[record.account] = record.saysNothing ? nil : (record, sequence)
        case .slashSet(let record): slashes[record.lease] = SlashRow(record: record, sequence: sequence)
        case .slashEnded(let lease, let outcome, let paid):
            slashes[lease]?.end(DeliveryRows.SlashEnd(outcome: outcome, paid: paid, sequence: sequence))
        case .stated, .measurementPolicySet, .performanceSet, .serviceBreached:
            performances.add(event, sequence, time)
        case .progressed, .receiptRepeated, .claimDisputed, .claimPaid, .rebidRefused, .signingKeyRecorded: break
        }
    }

    /// The rows of a growing table since they were last taken.
    mutating func take(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow] {
        switch table {
        case .receipts:
            defer { receipts = [] }
            return tables.rows(table, receipts, key: { RowKey(first: $0.record.index) }) {
                $0.add($1.record, $1.sequence, $1.at)
            }
        case .equivocations:
            defer { equivocations = [] }
            return tables.rows(table, equivocations, key: { RowKey(first: $0.record.index) }) {
                $0.add($1.record, $1.sequence, $1.at)
            }
        case .leaves:
            defer { leaves = [] }
            return tables.rows(table, leaves, key: { RowKey(first: $0.leaf.index) }) { $0.add($1.leaf, $1.sequence) }
        case .nodes:
            defer { nodes = [] }
            return tables.rows(
                table,
                nodes,
                key: { RowKey(first: Int64($0.node.level), second: $0.node.index) }
            ) { $0.add($1.node, $1.sequence) }
        default: return performances.take(table, in: tables)
        }
    }

    func rows(_ table: CheckedTable, in tables: ExpectedTables) -> [ExpectedRow]? {
        switch table {
        case .partyProfiles:
            return tables.rows(
                table,
                profiles,
                key: { RowKey(first: $0.record.account.rawValue, second: $0.record.version) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.record, $1.sequence ?? .none) }
        case .leasePolicy:
            return tables.rows(table, policies, key: { RowKey(first: $0.sequence.rawValue) }) {
                $0.add($1.terms, $1.sequence, $1.at)
            }
        case .standings:
            return tables.rows(
                table,
                standings.values.map { $0 },
                key: { RowKey(first: $0.record.account.rawValue) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.record.parameters + [.int8($1.sequence?.rawValue ?? 0)]) }
        case .slashes:
            return tables.rows(
                table,
                slashes.values.map { $0 },
                key: { RowKey(first: $0.record.lease.rawValue) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.parameters) }
        default: return performances.rows(table, in: tables)
        }
    }

    /// See ``ExpectedTables/isBeforeStart(_:_:)``.
    func isBeforeStart(_ table: CheckedTable, _ key: RowKey, lastTrade: TradeID, sequence: SequenceNumber) -> Bool {
        switch table {
        case .receipts, .equivocations, .leaves, .statements: key.first < startLeaves
        case .nodes: (key.second + 1) << key.first <= startLeaves
        case .partyProfiles: key.second <= startVersions[AccountID(key.first)] ?? 0
        case .leasePolicy, .measurementPolicy, .breaches: key.first <= sequence.rawValue
        case .slashes: key.first <= lastTrade.rawValue
        default: false
        }
    }
}

extension CheckedTable {
    package static let receipts = CheckedTable(.receipts, key: ["index"])
    package static let equivocations = CheckedTable(.equivocations, key: ["index"])
    package static let leaves = CheckedTable(.leaves, key: ["index"])
    package static let nodes = CheckedTable(.nodes, key: ["level", "index"])
    package static let partyProfiles = CheckedTable(.partyProfiles, key: ["account", "version"], late: ["sequence"])
    package static let leasePolicy = CheckedTable(.leasePolicy, key: ["sequence"])
    package static let standings = CheckedTable(
        "market.standings",
        ["account", "strikes", "disputes", "delivered", "sequence"],
        key: ["account"],
        late: ["sequence"]
    )
    package static let slashes = CheckedTable(
        "market.slashes",
        ["lease", "worker", "buyer", "amount", "due", "reason", "outcome", "paid", "sequence"],
        key: ["lease"],
        late: ["sequence"]
    )
}
