import Exchange
import Ledger
import Units

/// The whole state as plain records, and back.
extension Engine {
    /// Everything, every list in ascending order: what the tables hold.
    package func state() -> EngineState {
        var state = registryState()
        state.orders = openSlots.map { record(of: $0) }
        state.leases = leases.sorted
        state.delivery = deliveryState
        state.settlement = settlementState
        balances.forEach { state.balances.append(($0, $1)) }
        requests.forEach { state.append($0) }
        state.keySpendings = keyring.sorted.compactMap(\.spending)
        state.budgetedOrders = keyring.budgetedOrders
        state.logins = logins.sorted
        return state
    }

    /// The part of ``state()`` that does not grow with orders and money: what names and rights are looked up in.
    package func registryState() -> EngineState {
        var state = EngineState()
        state.sequence = sequence
        state.time = time
        state.lastTrade = lastTrade
        state.grace = grace
        state.checkpoint = checkpoint
        state.fees = fees
        state.feeNotice = feeNotice
        state.controls = control.sorted
        state.operations = operations
        state.accounts = registry.accounts.map(\.record)
        let keys = keyring.sorted
        state.keys = keys.map(\.record)
        state.keyStandings = keys.compactMap(\.standing)
        state.models = registry.models.flatMap { $0 }
        state.attestations = registry.accounts.compactMap(\.attestation)
        state.measurements = registry.accounts.flatMap(\.measurements)
        state.classes = book.capabilities.enumerated().map { (ClassID(Int64($0.offset) + 1), $0.element) }
        state.profiles = book.requirements.enumerated().map { (ProfileID(Int64($0.offset) + 1), $0.element) }
        return state
    }

    /// Slots of all open orders, in ascending order of the orders.
    var openSlots: [Int32] {
        let listed = details.indices.filter { details[$0].isListed }.map { Int32($0) }
        return listed.sorted { book.orders[Int($0)].id < book.orders[Int($1)].id }
    }

    /// An engine with this state: its digest, and whatever it does next, is that of the engine that the state is from.
    package init(
        state: EngineState,
        requestsMax: Int = Limits.idempotencyEntriesMax,
        work: WorkLimits = .standard
    ) throws(StateError) {
        self.init(requestsMax: requestsMax, work: work)
        time = state.time
        lastTrade = state.lastTrade
        grace = state.grace
        checkpoint = state.checkpoint
        fees = state.fees
        feeNotice = state.feeNotice
        try restoreAccounts(state)
        try restoreModels(state)
        try restoreGroups(state)
        try restoreControl(state)
        for attestation in state.attestations { try restore(attestation) }
        for measurement in state.measurements { try restore(measurement) }
        try restorePerformances(state)
        var last = OrderID(0)
        for order in state.orders {
            try check(order, after: last, in: state)
            last = order.id
            let slot = add(order)
            list(slot)
            book.enter(slot)
        }
        try restoreBudgets(state)
        try restoreProfiles(state)
        try restoreMoney(state)
        try restoreDelivery(state)
        try restoreSettlement(state)
        try restoreRequests(state)
        sequence = state.sequence
    }

    private mutating func restoreAccounts(_ state: EngineState) throws(StateError) {
        for record in state.accounts {
            guard record.id.rawValue == Int64(registry.accounts.count) + 1 else {
                throw StateError(record.id.text, .outOfOrder)
            }
            add(record)
        }
        for record in state.keys {
            // Some that were between may be forgotten.
            guard record.id > keyring.newest else {
                throw StateError(record.id.text, .outOfOrder)
            }
            guard registry.accountIndex(record.terms.owner) != nil else {
                throw StateError(record.id.text, .accountUnknown)
            }
            add(record)
        }
        try restoreKeyStandings(state)
        try restoreLogins(state)
    }

    private mutating func restoreControl(_ state: EngineState) throws(StateError) {
        var last: ModelID?
        for record in state.controls {
            let name = "control of \(record.model.text)"
            if let last, record.model <= last { throw StateError(name, .outOfOrder) }
            last = record.model
            guard record.model == .unknown || registry.model(record.model) != nil else {
                throw StateError(name, .modelUnknown)
            }
            guard record.isHalted || record.band != nil else { throw StateError(name, .outOfRange) }
            control.set(record)
            recordSum.add(record.recordHash)
        }
        for operation in state.operations {
            let name = "mass operation \(operation.sequence.rawValue)"
            guard operation.account == .system || registry.accountIndex(operation.account) != nil else {
                throw StateError(name, .accountUnknown)
            }
            if let profile = operation.profile?.rawValue, profile < 1 || profile > Int64(book.requirements.count) {
                throw StateError(name, .groupUnknown)
            }
            operations.append(operation)
            recordSum.add(operation.recordHash)
        }
    }

    private mutating func restoreModels(_ state: EngineState) throws(StateError) {
        for record in state.models {
            let name = "\(record.id.text), version \(record.version)"
            let index = Int(truncatingIfNeeded: record.id.rawValue) - 1
            let isFirst = index == registry.models.count && record.version == 1
            let isNext =
                index >= 0 && index == registry.models.count - 1
                && record.version == registry.current[index].version + 1
            guard isFirst || isNext else { throw StateError(name, .outOfOrder) }
            guard record.terms.weightSet.weightSet != nil else { throw StateError(name, .weightSetUnknown) }
            if let other = registry.modelNumbers[record.terms.name], other != record.id {
                throw StateError(name, .duplicate)
            }
            registry.set(record)
            recordSum.add(record.recordHash)
        }
    }

    private mutating func restoreGroups(_ state: EngineState) throws(StateError) {
        for (id, capability) in state.classes {
            guard id.rawValue == Int64(book.capabilities.count) + 1 else { throw StateError(id.text, .outOfOrder) }
            guard book.findClass(capability) == nil else { throw StateError(id.text, .duplicate) }
            guard registry.model(capability.model) != nil else { throw StateError(id.text, .modelUnknown) }
            var whole = capability
            whole.weights = registry.weights(of: capability.model, version: capability.modelVersion)
            _ = book.addClass(whole)
        }
        for (id, requirement) in state.profiles {
            guard id.rawValue == Int64(book.requirements.count) + 1 else { throw StateError(id.text, .outOfOrder) }
            guard book.findProfile(requirement) == nil else { throw StateError(id.text, .duplicate) }
            guard !requirement.models.contains(where: { registry.model($0) == nil }) else {
                throw StateError(id.text, .modelUnknown)
            }
            _ = book.addProfile(requirement)
        }
    }

    private mutating func restore(_ attestation: AttestationRecord) throws(StateError) {
        let name = "attestation of \(attestation.terms.account.text)"
        guard let account = registry.accountIndex(attestation.terms.account) else {
            throw StateError(name, .accountUnknown)
        }
        guard registry.accounts[account].attestation == nil else { throw StateError(name, .duplicate) }
        set(attestation, of: account)
    }

    private func check(_ order: OrderRecord, after last: OrderID, in state: EngineState) throws(StateError) {
        guard order.id > last, order.id.rawValue <= state.sequence.rawValue else {
            throw StateError(order.id.text, .outOfOrder)
        }
        guard registry.accountIndex(order.account) != nil else { throw StateError(order.id.text, .accountUnknown) }
        let isOffer = order.side == .offer
        let group = isOffer ? order.classID.rawValue : order.profileID.rawValue
        guard group >= 1, group <= Int64(isOffer ? book.capabilities.count : book.requirements.count) else {
            throw StateError(order.id.text, .groupUnknown)
        }
        guard (isOffer ? order.profileID.rawValue : order.classID.rawValue) == 0 else {
            throw StateError(order.id.text, .groupUnknown)
        }
        let openLotsMax = order.maxOpenLots?.count ?? .max
        guard
            order.closeReason == nil, order.timeInForce.mayRest, order.price.isWithinLimits,
            order.lots.isWithinLimits, order.remaining.count >= 1, order.loweredLots.count >= 0,
            order.remaining <= order.lots, order.loweredLots <= order.lots - order.remaining,
            order.openLots.count >= 0, order.openLots.count <= openLotsMax, order.rates.areWithinLimits
        else { throw StateError(order.id.text, .outOfRange) }
    }

    private mutating func restoreMoney(_ state: EngineState) throws(StateError) {
        var lastLease = LeaseID(0)
        for lease in state.leases {
            guard lease.id > lastLease, lease.id.rawValue <= lastTrade.rawValue else {
                throw StateError(lease.id.text, .outOfOrder)
            }
            guard registry.accountIndex(lease.buyer) != nil, registry.accountIndex(lease.worker) != nil else {
                throw StateError(lease.id.text, .accountUnknown)
            }
            guard
                lease.price.isWithinLimits, lease.lots.isWithinLimits, lease.used >= .zero,
                lease.used <= lease.lots.tokens, lease.unused >= .zero, lease.isConsistent
            else { throw StateError(lease.id.text, .outOfRange) }
            try checkProfiles(of: lease)
            lastLease = lease.id
            add(lease)
        }
        var last: LedgerAccount?
        for (account, counters) in state.balances {
            let name = "\(account.owner.text).\(account.kindName)"
            if let last, account <= last { throw StateError(name, .outOfOrder) }
            last = account
            guard balances.restore(account, counters) else { throw StateError(name, .outOfRange) }
            recordSum.add(recordHash(account))
        }
    }

    private mutating func restoreRequests(_ state: EngineState) throws(StateError) {
        var last = SequenceNumber.none
        for request in state.remembered {
            guard request.sequence > last, request.sequence <= state.sequence else {
                throw StateError("remembered request \(request.sequence.rawValue)", .outOfOrder)
            }
            last = request.sequence
            remember(request)
        }
    }
}

extension EngineState {
    /// A key and a client order id of one command are one record.
    fileprivate mutating func append(_ entry: RequestMemory.Entry) {
        if remembered.last?.sequence != entry.sequence {
            remembered.append(
                RememberedRequest(
                    sequence: entry.sequence,
                    account: entry.account,
                    key: nil,
                    clientOrderID: nil,
                    bodyHash: 0,
                    at: entry.at,
                    rejection: Rejection(rawValue: entry.rejection)
                )
            )
        }
        switch entry.kind {
        case .key:
            remembered[remembered.count - 1].key =
                IdempotencyKey(high: entry.high, low: entry.low, body: entry.body)
        case .clientOrderID:
            remembered[remembered.count - 1].clientOrderID = ClientOrderIDHash(high: entry.high, low: entry.low)
            remembered[remembered.count - 1].bodyHash = entry.body
        }
    }
}

/// Records that no engine can have left.
package struct StateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which record, e.g. `o17`.
    package let record: String
    package let reason: Reason

    /// What is wrong with the record; the raw value goes on from its name.
    package enum Reason: String, Sendable {
        /// Numbers start at 1 without gaps, or rise, and none is above the last one given.
        case outOfOrder = "is out of order"
        case duplicate = "is there twice"
        case accountUnknown = "names an account that is not there"
        case modelUnknown = "names a model that is not there"
        case weightSetUnknown = "names a weight set that is not there"
        case groupUnknown = "names a class or profile that is not there"
        case outOfRange = "has a value that is not allowed"
    }

    init(_ record: String, _ reason: Reason) {
        self.record = record
        self.reason = reason
    }

    package var description: String { "\(record) \(reason.rawValue)" }
}
