internal import Engine
internal import Exchange
internal import Ledger
internal import Postgres
internal import Units

/// What the tables must show, by the events of replayed batches alone: a value without I/O, which knows the meaning of
/// each event and nothing of how ``ProjectionPlan`` folds them.
package struct ExpectedTables: Sendable {
    private(set) var cursor: ProjectionCursor
    /// Rows of ``CheckedTable/growing`` since they were last taken.
    private var transfers: [TransferRow] = []
    private var trades: [TradeRow] = []
    private var orders: [OrderID: OrderRecord] = [:]
    private var leases: [LeaseID: (record: LeaseRecord, sequence: SequenceNumber?, end: LeaseEnd?)] = [:]
    private var accounts: [(record: AccountRecord, sequence: SequenceNumber?)] = []
    private var keys: [(record: KeyRecord, sequence: SequenceNumber?)] = []
    /// Of the checkpoint.
    private var newestKey = KeyID(0)
    private var models: [RowKey: (record: ModelRecord, sequence: SequenceNumber?)] = [:]
    private var attestations: [AccountID: (record: AttestationRecord, sequence: SequenceNumber?)] = [:]
    private var measurements: [RowKey: (record: MeasurementRecord, sequence: SequenceNumber?)] = [:]
    private var classes: [(id: ClassID, capability: Capability)] = []
    private var profiles: [(id: ProfileID, requirement: Requirement)] = []
    private var fees: [(terms: FeeTerms, sequence: SequenceNumber, at: LogicalTime)] = []
    private var checkpoints: [CheckpointRecord] = []
    private var balances: [LedgerAccount: LedgerCounters] = [:]
    private var requests: [SequenceNumber: RememberedRequest] = [:]
    private var controls: [ModelID: MarketControlRecord] = [:]
    private var operations: [RowKey: (record: MassOperation, ordinal: Int32?)] = [:]
    private var notice: FeeNoticeTerms?
    private(set) var keyTables = ExpectedKeyTables()
    private var deliveries = ExpectedDeliveries()
    private var settlement = ExpectedSettlement()
    /// Where replay began: older rows of some tables cannot be derived.
    let start: ProjectionCursor

    /// Of an exchange that has done nothing.
    package init() {
        start = .start
        cursor = .start
    }

    /// As a checkpoint has them.
    package init(_ checkpoint: Checkpoint) {
        let state = checkpoint.state
        start = ProjectionCursor(
            batch: checkpoint.batch,
            sequence: state.sequence,
            time: state.time,
            lastTrade: state.lastTrade,
            grace: state.grace
        )
        cursor = start
        for order in state.orders { orders[order.id] = order }
        for lease in state.leases { leases[lease.id] = (lease, nil, nil) }
        accounts = state.accounts.map { ($0, nil) }
        keys = state.keys.map { ($0, nil) }
        newestKey = state.keys.last?.id ?? KeyID(0)
        for model in state.models { models[RowKey(model)] = (model, nil) }
        for attestation in state.attestations { attestations[attestation.terms.account] = (attestation, nil) }
        for measurement in state.measurements { measurements[RowKey(measurement)] = (measurement, nil) }
        classes = state.classes
        profiles = state.profiles
        if let newest = state.checkpoint { checkpoints = [newest] }
        for (account, counters) in state.balances { balances[account] = counters }
        for request in state.remembered { requests[request.sequence] = request }
        for control in state.controls { controls[control.model] = control }
        for operation in state.operations { operations[RowKey(operation)] = (operation, nil) }
        notice = state.feeNotice
        keyTables = ExpectedKeyTables(state)
        deliveries = ExpectedDeliveries(state.delivery)
        settlement = ExpectedSettlement(state.settlement)
    }

    /// Adds what the next batch did.
    package mutating func add(_ batch: ProjectedBatch) throws(StoreError) {
        var first = 0
        for (index, end) in batch.ends.enumerated() {
            let sequence = SequenceNumber(batch.firstSequence.rawValue + Int64(index))
            for place in first..<Int(end) {
                try add(batch.events[place], sequence, ordinal: Int32(place - first), batch.time)
            }
            first = Int(end)
        }
        cursor.batch = batch.number
        cursor.sequence = batch.lastSequence
        cursor.time = batch.time
        cursor.grace = batch.grace
    }

    private mutating func add(
        _ event: Event,
        _ sequence: SequenceNumber,
        ordinal: Int32,
        _ time: LogicalTime
    ) throws(StoreError) {
        switch event {
        case .accepted(let record): orders[record.id] = record
        case .rested(let id, let lots): change(id, sequence) { $0.remaining = lots }
        case .reclassified(let id, let number): change(id, sequence) { $0.classID = number }
        case .closed(let id, let reason, let lots):
            change(id, sequence) { order in
                order.remaining = lots
                order.closeReason = reason
            }
        case .amended(let amendment): change(amendment.order, sequence) { $0.amend(amendment) }
        case .reduced(let id, let lots, let lowered):
            change(id, sequence) { order in
                order.remaining = lots
                order.loweredLots = lowered
            }
        case .shown(let id, let lots, let priority):
            change(id, sequence) { order in
                order.displayed = lots
                order.priority = priority
            }
        case .traded(let trade):
            cursor.lastTrade = trade.id
            trades.append(TradeRow(trade: trade, sequence: sequence, at: time))
            leases[LeaseID(trade.id.rawValue)] = (LeaseRecord(of: trade), sequence, nil)
            change(trade.bid, sequence) { $0.remaining = trade.bidRemaining }
            change(trade.offer, sequence) { order in
                order.remaining = trade.offerRemaining
                order.openLots = order.openLots + trade.lots
            }
        case .transfer(let transfer):
            transfers.append(TransferRow(sequence: sequence, ordinal: ordinal, transfer: transfer, at: time))
            let amount = Int128(transfer.amount.count)
            balances[transfer.debit, default: LedgerCounters(debits: 0, credits: 0)].debits += amount
            balances[transfer.credit, default: LedgerCounters(debits: 0, credits: 0)].credits += amount
        case .used(let id, let tokens): try use(id, tokens, sequence)
        case .leaseEnded(let id, let tokens, let end): try use(id, tokens, sequence, end)
        case .lease(.progressed(let record)):
            leases[record.id]?.record.progress = record.progress
            leases[record.id]?.sequence = sequence
        case .lease(let event): deliveries.add(event, sequence, time)
        case .settlement(let event): settlement.add(event, sequence, time)
        case .remembered(let request): requests[request.sequence] = request
        case .forgotten(let last):
            requests = requests.filter { $0.key > last }
        case .rejected, .replayed: break
        case .operationSet(let operation):
            operations[RowKey(operation), default: (operation, ordinal)].record = operation
        default: register(event, sequence, time)
        }
    }

    private mutating func register(_ event: Event, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .classInterned(let id, let capability): classes.append((id, capability))
        case .profileInterned(let id, let requirement): profiles.append((id, requirement))
        case .accountCreated(let record): accounts.append((record, sequence))
        case .accountChanged(let record): accounts[Int(record.id.rawValue) - 1].record = record
        case .keyCreated(let record): keys.append((record, sequence))
        case .modelSet(let record): models[RowKey(record)] = (record, sequence)
        case .attestationSet(let record): attestations[record.terms.account] = (record, sequence)
        case .measurementSet(let record): measurements[RowKey(record)] = (record, sequence)
        case .feesSet(let terms, let isAnnounced):
            fees.append((terms, sequence, time))
            if isAnnounced { notice = nil }
        case .feesAnnounced(let terms): notice = terms
        case .controlSet(let record):
            controls[record.model] = record.isHalted || record.band != nil ? record : nil
        case .operationEnded(let begun, let account):
            operations[RowKey(first: begun.rawValue, second: account.rawValue)] = nil
        case .checkpointAnnounced(let record): checkpoints.append(record)
        default: keyTables.add(event, sequence, time)
        }
    }

    /// A closed order keeps its last sequence number, whatever becomes of its leases. One that had closed before the
    /// checkpoint is not known.
    private mutating func change(_ id: OrderID, _ sequence: SequenceNumber, _ body: (inout OrderRecord) -> Void) {
        guard var order = orders[id] else { return }
        let wasOpen = order.closeReason == nil
        body(&order)
        if wasOpen { order.lastSequence = sequence }
        orders[id] = order
    }

    private mutating func use(
        _ id: LeaseID,
        _ tokens: AdjustedTokens,
        _ sequence: SequenceNumber,
        _ end: LeaseEnd? = nil
    ) throws(StoreError) {
        guard var lease = leases[id] else { throw .inconsistent("lease \(id.rawValue) is used, but nobody opened it") }
        lease.record.used = tokens
        lease.sequence = sequence
        lease.end = end
        leases[id] = lease
        if end != nil { change(lease.record.offer, sequence) { $0.openLots = $0.openLots - lease.record.lots } }
    }
}

extension RowKey {
    fileprivate init(_ model: ModelRecord) { self.init(first: model.id.rawValue, second: Int64(model.version)) }

    fileprivate init(_ record: MeasurementRecord) {
        self.init(first: record.terms.account.rawValue, second: record.terms.model.rawValue)
    }

    fileprivate init(_ operation: MassOperation) {
        self.init(first: operation.sequence.rawValue, second: operation.account.rawValue)
    }
}

extension OrderRecord {
    fileprivate mutating func amend(_ amendment: OrderAmendment) {
        price = amendment.price
        lots = amendment.lots
        remaining = amendment.remaining
        priority = amendment.priority
        var rules = self.rules
        rules.expiresAt = amendment.expiresAt
        self.rules = rules
    }
}

// MARK: - Rows

extension ExpectedTables {
    /// The rows of a growing table since they were last taken, in the order of their keys.
    mutating func take(_ table: CheckedTable) -> [ExpectedRow] {
        if table == .trades {
            defer { trades = [] }
            return rows(table, trades, key: { RowKey(first: $0.trade.id.rawValue) }) { $0.add($1) }
        }
        if CheckedTable.settlementGrowing.contains(table) { return settlement.take(table, in: self) }
        guard table == .transfers else { return deliveries.take(table, in: self) }
        defer { transfers = [] }
        return rows(table, transfers, key: { RowKey(first: $0.sequence.rawValue, second: Int64($0.ordinal)) }) {
            $0.add($1)
        }
    }

    /// All rows of a table that is compared in its last state, in the order of their keys.
    func rows(_ table: CheckedTable) -> [ExpectedRow] {
        switch table {
        case .cursor: return rows(table, [cursor], key: { _ in RowKey(first: 0) }) { $0.add($1) }
        case .orders: return rows(table, Array(orders.values), key: { RowKey(first: $0.id.rawValue) }) { $0.add($1) }
        case .requests:
            return rows(table, Array(requests.values), key: { RowKey(first: $0.sequence.rawValue) }) { $0.add($1) }
        case .classes:
            return rows(table, classes, key: { RowKey(first: $0.id.rawValue) }) { $0.add($1.id, $1.capability) }
        case .profiles:
            return rows(table, profiles, key: { RowKey(first: $0.id.rawValue) }) { $0.add($1.id, $1.requirement) }
        case .fees:
            return rows(table, fees, key: { RowKey(first: $0.sequence.rawValue) }) {
                $0.add($1.terms, $1.sequence, $1.at)
            }
        case .checkpoints:
            return rows(table, checkpoints, key: { RowKey(first: $0.sequence.rawValue) }) { $0.add($1) }
        case .balances:
            return rows(table, Array(balances), key: { RowKey(first: $0.key.rawValue) }) { $0.add($1.key, $1.value) }
        case .controls:
            return rows(table, Array(controls.values), key: { RowKey(first: $0.model.rawValue) }) { $0.add($1) }
        case .notice: return rows(table, notice.map { [$0] } ?? [], key: { _ in RowKey(first: 0) }) { $0.add($1) }
        default: return lateRows(table)
        }
    }

    /// Rows with a column that a checkpoint does not have.
    private func lateRows(_ table: CheckedTable) -> [ExpectedRow] {
        switch table {
        case .leases:
            return rows(
                table,
                leases.values.map { $0 },
                key: { RowKey(first: $0.record.id.rawValue) },
                isLate: { $0.sequence == nil }
            ) { writer, lease in
                writer.add(LeaseRow(lease.record, lease.sequence ?? .none, lease.end))
            }
        case .accounts:
            return rows(table, accounts, key: { RowKey(first: $0.record.id.rawValue) }, isLate: { $0.sequence == nil })
            {
                $0.add($1.record, $1.sequence ?? .none)
            }
        case .keys:
            return rows(table, keys, key: { RowKey(first: $0.record.id.rawValue) }, isLate: { $0.sequence == nil }) {
                $0.add($1.record, $1.sequence ?? .none)
            }
        case .models:
            return rows(table, Array(models), key: { $0.key }, isLate: { $0.value.sequence == nil }) {
                $0.add($1.value.record, $1.value.sequence ?? .none)
            }
        case .measurements:
            return rows(
                table,
                Array(measurements),
                key: { $0.key },
                isLate: { $0.value.sequence == nil }
            ) { $0.add($1.value.record, $1.value.sequence ?? .none) }
        case .attestations:
            return rows(
                table,
                attestations.values.map { $0 },
                key: { RowKey(first: $0.record.terms.account.rawValue) },
                isLate: { $0.sequence == nil }
            ) { $0.add($1.record, $1.sequence ?? .none) }
        case .operations:
            return rows(table, Array(operations), key: { $0.key }, isLate: { $0.value.ordinal == nil }) {
                $0.add($1.value.record, ordinal: $1.value.ordinal ?? 0)
            }
        default:
            return settlement.rows(table, in: self) ?? deliveries.rows(table, in: self)
                ?? keyTables.rows(table, in: self)
        }
    }

    func rows<Value>(
        _ table: CheckedTable,
        _ values: [Value],
        key: (Value) -> RowKey,
        isLate: (Value) -> Bool = { _ in false },
        _ add: (inout CopyWriter, Value) -> Void
    ) -> [ExpectedRow] {
        var writer = CopyWriter(columnCount: table.columns.count, capacity: 512)
        let late = Set(table.columns.indices.filter { table.lateColumns.contains(table.columns[$0]) })
        var rows: [ExpectedRow] = []
        rows.reserveCapacity(values.count)
        for value in values {
            writer.removeAll()
            add(&writer, value)
            rows.append(
                ExpectedRow(key: key(value), bytes: Array(writer.rowBytes), unknown: isLate(value) ? late : [])
            )
        }
        return rows.sorted { $0.key < $1.key }
    }

    /// Whether rows with this key may be there although replay, having begun at a checkpoint, cannot derive them.
    func isBeforeStart(_ table: CheckedTable, _ key: RowKey) -> Bool {
        guard start.batch > 0 else { return false }
        switch table {
        case .orders, .fees, .checkpoints, .transfers, .budgetedOrders, .audit, .logins, .loginEnds:
            return key.first <= start.sequence.rawValue
        case .anchorPolicies, .anchorRequests, .anchors, .settlementTerms, .holds, .withdrawals, .batches, .payouts,
            .suspense, .walletTransactions, .chainDeposits:
            return key.first <= start.sequence.rawValue
        // Of these a checkpoint lacks those that were forgotten, whose numbers are below that of the newest.
        case .keys, .keyStandings, .keySpendings, .forgottenKeys: return key.first < newestKey.rawValue
        case .leases, .trades: return key.first <= start.lastTrade.rawValue
        default:
            return deliveries.isBeforeStart(table, key, lastTrade: start.lastTrade, sequence: start.sequence)
        }
    }
}
