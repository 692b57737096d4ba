import Exchange
import Ledger
import Units

/// Orders that are placed all, or none of them (``AtomicBatch``).
extension Engine {
    // MARK: Opening

    /// Checks all orders of a batch; the commands that follow place them, or refuse them.
    mutating func open(_ batch: AtomicBatch, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard batch.orders.contains(where: { earlierAnswer(to: $0) == nil }) else {
            pending = PendingOrders(batch, .repeated)
            return nil
        }
        if let (index, rejection) = conflict(in: batch) ?? refusal(of: batch) {
            pending = PendingOrders(batch, .refused(index, rejection))
            return rejection
        }
        guard makeRoom(for: batch.orders.reduce(0) { $0 + $1.memoryEntries }, of: owner, &events) else {
            pending = PendingOrders(batch, .memoryFull)
            return .idempotencyWindowFull
        }
        pending = PendingOrders(batch, .placed)
        return nil
    }

    /// The first order whose key or client order id stands for something else already.
    private func conflict(in batch: AtomicBatch) -> (Int, Rejection)? {
        var keys: Set<[UInt64]> = []
        var names: Set<ClientOrderID> = []
        for (index, order) in batch.orders.enumerated() {
            if let answer = earlierAnswer(to: order) {
                if case .rejected(let rejection) = answer { return (index, rejection) }
                return (index, hasUsedKey(order) ? .idempotencyKeyReused : .duplicateClientOrderID)
            }
            if let key = order.idempotency, !keys.insert([key.high, key.low]).inserted {
                return (index, .idempotencyKeyReused)
            }
            if let name = order.orderTerms?.clientOrderID, !names.insert(name).inserted {
                return (index, .duplicateClientOrderID)
            }
        }
        return nil
    }

    private func hasUsedKey(_ order: Command) -> Bool {
        guard let key = order.idempotency else { return false }
        return requests.find(.key, order.account, high: key.high, low: key.low) != nil
    }

    /// The first order that is refused when all before it are placed and none of them trades: what each may take of
    /// money, budgets and limits is then the most that it can take.
    private mutating func refusal(of batch: AtomicBatch) -> (Int, Rejection)? {
        defer { checked = CheckedOrders() }
        for (index, order) in batch.orders.enumerated() {
            if let rejection = refusalOfNext(order) { return (index, rejection) }
        }
        return nil
    }

    private mutating func refusalOfNext(_ order: Command) -> Rejection? {
        let record: OrderRecord
        switch order.action {
        case .placeOffer(let terms):
            switch Result(catching: { () throws(Rejection) in try check(terms, of: order.account) }) {
            case .failure(let rejection): return rejection
            case .success(let offer):
                record = offer.record
                checked.offeredLots = checked.offeredLots + record.lots
                if record.timeInForce.mayRest, !holds(order.account, offer.known, isOffer: true) {
                    checked.capabilities.insert(offer.group)
                }
            }
        case .placeBid(let terms):
            switch Result(catching: { () throws(Rejection) in try check(terms, of: order.account) }) {
            case .failure(let rejection): return rejection
            case .success(let bid):
                record = bid.record
                if record.timeInForce.mayRest, !holds(order.account, bid.known, isOffer: false) {
                    checked.requirements.insert(bid.group)
                }
            }
        default: preconditionFailure("a batch holds orders")
        }
        // What others of the batch do decides about these.
        if record.rules.isPostOnly { return .postOnlyWouldTrade }
        if record.timeInForce == .fok { return .fokUnfillable }
        checked.held = checked.held + record.held
        if record.timeInForce.mayRest { checked.resting += 1 }
        return nil
    }

    /// Whether the account has an open order in the class or profile.
    func holds(_ account: AccountID, _ group: Int32?, isOffer: Bool) -> Bool {
        group.map { holdings.find(account, $0, isOffer: isOffer) != nil } ?? false
    }

    // MARK: Going on

    /// Places the next order of the batch that was opened, or refuses it.
    mutating func placeNext(_ command: Command, _ events: inout [Event]) {
        guard let (index, order) = pending.takeNext(), order.account == command.account, order.key == command.key else {
            pending = PendingOrders()
            return events.append(.rejected(.batchRefused))
        }
        switch pending.verdict {
        case .repeated: carryOutOnce(order, &events)
        case .placed:
            let start = events.count
            carryOutOnce(order, &events)
            assert(!events[start...].contains { if case .rejected = $0 { true } else { false } }, "it was checked")
        case .memoryFull: events.append(.rejected(.idempotencyWindowFull))
        case .refused(index, let rejection): refuse(order, rejection, hasCause: true, &events)
        case .refused: refuse(order, .batchRefused, hasCause: false, &events)
        }
    }

    /// A refused order is remembered like any other; what was asked before keeps its answer.
    private mutating func refuse(
        _ order: Command,
        _ rejection: Rejection,
        hasCause: Bool,
        _ events: inout [Event]
    ) {
        guard order.isRepeatable else { return events.append(.rejected(rejection)) }
        if let answer = earlierAnswer(to: order) {
            return repeatAnswer(hasCause ? .rejected(rejection) : answer, to: order, &events)
        }
        guard makeRoom(for: order.memoryEntries, of: order.account, &events) else {
            return events.append(.rejected(.idempotencyWindowFull))
        }
        events.append(.rejected(rejection))
        remember(order, rejection, named: true, &events)
    }
}
