internal import Engine
internal import Exchange
internal import Ledger
internal import Units

/// What one transaction of the projector writes: the events of some batches, folded so that each row is written once.
///
/// An order that is accepted and filled within the transaction is one insert of its last state; an account that a
/// thousand transfers touch is one update. A value without I/O: everything but SQL is tested here.
struct ProjectionPlan {
    /// The batch after which this goes on, and where it ends.
    let start: ProjectionCursor
    private(set) var end: ProjectionCursor

    private(set) var orders: [OrderRecord] = []
    private(set) var orderChanges: [OrderChange] = []
    /// Beside their ``orderChanges``, orders that got other terms or another place.
    private(set) var orderMoves: [OrderMove] = []
    private(set) var trades: [TradeRow] = []
    private(set) var candles = CandleFold()
    var leases: [LeaseRow] = []
    var leaseChanges: [LeaseChange] = []
    var deliveries = DeliveryRows()
    private(set) var settlement = SettlementRows()
    private(set) var transfers: [TransferRow] = []
    private(set) var movements: [Movement] = []
    private(set) var requests: [RememberedRequest] = []
    /// Requests up to here are forgotten.
    private(set) var forgotten = SequenceNumber.none
    private(set) var registry = Registry()

    /// Rows that seldom come.
    struct Registry {
        var classes: [(id: ClassID, capability: Capability)] = []
        var profiles: [(id: ProfileID, requirement: Requirement)] = []
        var accounts: [(record: AccountRecord, sequence: SequenceNumber)] = []
        var keys: [(record: KeyRecord, sequence: SequenceNumber)] = []
        var models: [(record: ModelRecord, sequence: SequenceNumber)] = []
        var attestations: [(record: AttestationRecord, sequence: SequenceNumber)] = []
        var measurements: [(record: MeasurementRecord, sequence: SequenceNumber)] = []
        var fees: [(terms: FeeTerms, sequence: SequenceNumber, at: LogicalTime)] = []
        var checkpoints: [CheckpointRecord] = []
        var control = ControlChanges()
        var keyRows = KeyRows()
    }

    /// Place in ``orders`` by sequence number, counted from the first of the transaction; -1 for none.
    private var newOrders: [Int32] = []
    private var changedOrders = NumberIndex()
    private var movedOrders = NumberIndex()
    var changedLeases = NumberIndex()
    private var moved = NumberIndex()

    /// A plan that goes on after `start`.
    init(after start: ProjectionCursor) {
        self.start = start
        end = start
    }

    /// Folds the next batch in.
    mutating func add(_ batch: ProjectedBatch) throws(StoreError) {
        guard batch.number == end.batch + 1, batch.firstSequence == end.sequence.next else {
            throw .inconsistent("batch \(batch.number) does not follow batch \(end.batch)")
        }
        let commands = batch.lastSequence.rawValue - end.sequence.rawValue
        guard commands == Int64(batch.ends.count), Int(batch.ends.last ?? 0) == batch.events.count else {
            throw .inconsistent("batch \(batch.number) has not one end of events for each of its commands")
        }
        newOrders.append(contentsOf: repeatElement(-1, count: batch.ends.count))
        var sequence = batch.firstSequence
        var index = 0
        for groupEnd in batch.ends {
            let first = index
            while index < Int(groupEnd) {
                try add(batch.events[index], at: sequence, Int32(index - first), batch.time)
                index += 1
            }
            sequence = sequence.next
        }
        end.batch = batch.number
        end.sequence = batch.lastSequence
        end.time = batch.time
        end.grace = batch.grace
    }

    private mutating func add(
        _ event: Event,
        at sequence: SequenceNumber,
        _ ordinal: Int32,
        _ time: LogicalTime
    ) throws(StoreError) {
        switch event {
        case .accepted(let record):
            newOrders[Int(sequence.rawValue - start.sequence.rawValue - 1)] = Int32(orders.count)
            orders.append(record)
        case .rested(let id, let remaining): change(id, sequence) { $0.remaining = remaining.count }
        case .reclassified(let id, let classID): change(id, sequence) { $0.classID = classID.rawValue }
        case .closed(let id, let reason, let remaining):
            change(id, sequence) { change in
                change.remaining = remaining.count
                change.closeReason = Int16(reason.rawValue)
            }
        case .traded(let trade): try add(trade, sequence, time)
        case .amended(let amendment):
            change(amendment.order, sequence) { $0.remaining = amendment.remaining.count }
            move(amendment.order) { $0.amend(amendment) }
        case .reduced(let id, let remaining, let lowered):
            change(id, sequence) { $0.remaining = remaining.count }
            if lowered > .zero { move(id) { $0.lower(lowered) } }
        case .shown(let id, let lots, let priority):
            change(id, sequence) { _ in }
            move(id) { $0.show(lots, priority) }
        case .transfer(let transfer):
            transfers.append(TransferRow(sequence: sequence, ordinal: ordinal, transfer: transfer, at: time))
            movement(transfer.debit) { $0.debits += Int128(transfer.amount.count) }
            movement(transfer.credit) { $0.credits += Int128(transfer.amount.count) }
        case .used(let id, let tokens): try change(id, sequence) { $0.used = tokens.count }
        case .leaseEnded(let id, let tokens, let end): try endLease(id, sequence, tokens, end)
        case .lease(let event): try add(event, at: sequence, time)
        case .settlement(let event): settlement.add(event, sequence, time)
        case .remembered(let request): requests.append(request)
        case .forgotten(let last): forgotten = max(forgotten, last)
        case .rejected, .replayed: break
        case .operationSet(let operation): registry.control.set(operation, ordinal)
        default: register(event, sequence, time)
        }
    }

    private mutating func register(_ event: Event, _ sequence: SequenceNumber, _ time: LogicalTime) {
        switch event {
        case .classInterned(let id, let capability): registry.classes.append((id, capability))
        case .profileInterned(let id, let requirement): registry.profiles.append((id, requirement))
        case .accountCreated(let record): registry.accounts.append((record, sequence))
        case .accountChanged(let record): change(record)
        case .keyCreated(let record): registry.keys.append((record, sequence))
        case .modelSet(let record): registry.models.append((record, sequence))
        case .attestationSet(let record): registry.attestations.append((record, sequence))
        case .measurementSet(let record): registry.measurements.append((record, sequence))
        case .feesSet(let terms, let isAnnounced):
            registry.fees.append((terms, sequence, time))
            if isAnnounced { registry.control.noticeIsOver() }
        case .checkpointAnnounced(let record): registry.checkpoints.append(record)
        case .controlSet(let record): registry.control.records[record.model] = record
        case .feesAnnounced(let terms): registry.control.announce(terms)
        case .operationEnded(let sequence, let account): registry.control.end(sequence, account)
        case .keyStandingSet(let standing, _): registry.keyRows.set(standing, sequence)
        case .keySpent(let spending): registry.keyRows.set(spending, sequence)
        case .orderBudgeted(let order, let key):
            registry.keyRows.budgeted.append(BudgetedOrder(order: order, key: key))
        case .loginCreated(let record), .loginLinked(let record): registry.keyRows.logins.append(record)
        case .loginUnlinked(let record):
            registry.keyRows.loginEnds.append(LoginEndRow(login: record.sequence, sequence: sequence, at: time))
        case .keyForgotten(let record):
            registry.keyRows.forgotten.append(ForgottenKeyRow(key: record.id, sequence: sequence, at: time))
        case .operated(let entry): registry.keyRows.audit.append(AuditRow(entry: entry, sequence: sequence, at: time))
        default: preconditionFailure("every other event is handled before")
        }
    }

    private mutating func change(_ record: AccountRecord) {
        if let place = registry.accounts.firstIndex(where: { $0.record.id == record.id }) {
            registry.accounts[place].record = record
        } else {
            registry.control.accounts[record.id] = record
        }
    }

    /// Requests that are still remembered at the end.
    var keptRequests: [RememberedRequest] { requests.filter { $0.sequence > forgotten } }
}

// MARK: - Orders

/// What changes in a row of `market.orders` that is there already.
struct OrderChange: Hashable {
    let id: Int64
    /// -1 when it stays.
    var remaining: Int64 = -1
    /// Lots that were leased, less those whose lease ended.
    var opened: Int64 = 0
    /// 0 when it stays.
    var classID: Int64 = 0
    /// 0 when it stays open.
    var closeReason: Int16 = 0
    var lastSequence: Int64
}

extension ProjectionPlan {
    mutating func change(_ id: OrderID, _ sequence: SequenceNumber, _ body: (inout OrderChange) -> Void) {
        if let place = newOrder(id) {
            var change = OrderChange(id: id.rawValue, lastSequence: sequence.rawValue)
            body(&change)
            return orders[place].apply(change)
        }
        let place = changedOrders.place(of: id.rawValue, orAdd: orderChanges.count)
        if place == orderChanges.count {
            orderChanges.append(OrderChange(id: id.rawValue, lastSequence: sequence.rawValue))
        }
        // Nothing that happens to its leases changes a closed order.
        let isOpen = orderChanges[place].closeReason == 0
        body(&orderChanges[place])
        if isOpen { orderChanges[place].lastSequence = sequence.rawValue }
    }

    /// The place of an order that is new in ``orders``.
    private func newOrder(_ id: OrderID) -> Int? {
        guard id > OrderID(start.sequence.rawValue) else { return nil }
        let place = Int(id.rawValue - start.sequence.rawValue - 1)
        return place < newOrders.count && newOrders[place] >= 0 ? Int(newOrders[place]) : nil
    }

    private mutating func move(_ id: OrderID, _ body: (inout OrderMove) -> Void) {
        var move = OrderMove(id: id.rawValue)
        if let place = newOrder(id) {
            body(&move)
            return orders[place].apply(move)
        }
        let place = movedOrders.place(of: id.rawValue, orAdd: orderMoves.count)
        if place == orderMoves.count { orderMoves.append(move) }
        body(&orderMoves[place])
    }

    private mutating func add(_ trade: Trade, _ sequence: SequenceNumber, _ time: LogicalTime) throws(StoreError) {
        guard trade.id.rawValue == end.lastTrade.rawValue + 1 else {
            throw .inconsistent("trade \(trade.id.rawValue) does not follow trade \(end.lastTrade.rawValue)")
        }
        end.lastTrade = trade.id
        trades.append(TradeRow(trade: trade, sequence: sequence, at: time))
        candles.add(trade, at: time)
        leases.append(LeaseRow(LeaseRecord(of: trade), sequence))
        change(trade.bid, sequence) { $0.remaining = trade.bidRemaining.count }
        change(trade.offer, sequence) { change in
            change.remaining = trade.offerRemaining.count
            change.opened += trade.lots.count
        }
    }
}

extension OrderRecord {
    fileprivate mutating func apply(_ change: OrderChange) {
        if change.remaining >= 0 { remaining = Lots(change.remaining) }
        openLots = Lots(openLots.count + change.opened)
        // Nothing that happens to its leases changes a closed order.
        guard closeReason == nil else { return }
        if change.classID != 0 { classID = ClassID(change.classID) }
        if change.closeReason != 0 { closeReason = CloseReason(rawValue: UInt8(change.closeReason)) }
        lastSequence = SequenceNumber(change.lastSequence)
    }
}

// MARK: - Balances

/// What the transfers of a transaction add to an account.
struct Movement: Hashable {
    let account: LedgerAccount
    var debits: Int128 = 0
    var credits: Int128 = 0
}

extension ProjectionPlan {
    private mutating func movement(_ account: LedgerAccount, _ body: (inout Movement) -> Void) {
        let place = moved.place(of: account.rawValue, orAdd: movements.count)
        if place == movements.count { movements.append(Movement(account: account)) }
        body(&movements[place])
    }
}
