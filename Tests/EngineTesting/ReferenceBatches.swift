import Engine
import Exchange
import Ledger
import Units

/// Orders that are placed all, or none of them: tried on another self, in which nobody trades.
extension ReferenceEngine {
    /// What the next command places.
    struct WaitingOrder {
        let order: Command
        let verdict: Verdict

        enum Verdict {
            /// As if it came by itself.
            case free
            case refused(Rejection)
            /// Refused, and nothing of it is kept.
            case forgotten(Rejection)
        }
    }

    mutating func open(_ batch: AtomicBatch, of owner: AccountID) -> Rejection? {
        let orders = batch.orders
        if orders.allSatisfy({ earlierAnswer(to: $0) != nil }) {
            waiting = orders.map { WaitingOrder(order: $0, verdict: .free) }
            return nil
        }
        if let (culprit, rejection) = culprit(among: orders) {
            waiting = orders.indices.map {
                WaitingOrder(order: orders[$0], verdict: .refused($0 == culprit ? rejection : .batchRefused))
            }
            return rejection
        }
        guard makeRoom(for: orders.reduce(0) { $0 + $1.entries }, of: owner) else {
            waiting = orders.map { WaitingOrder(order: $0, verdict: .forgotten(.idempotencyWindowFull)) }
            return .idempotencyWindowFull
        }
        waiting = orders.map { WaitingOrder(order: $0, verdict: .free) }
        return nil
    }

    /// The first that cannot be placed, and why.
    private func culprit(among orders: [Command]) -> (Int, Rejection)? {
        for (index, order) in orders.enumerated() {
            switch earlierAnswer(to: order) {
            case .rejected(let rejection)?: return (index, rejection)
            case .replayed?:
                let isByKey = remembered.contains { request in
                    order.idempotency.map { request.isOf(order.account, $0) } ?? false
                }
                return (index, isByKey ? .idempotencyKeyReused : .duplicateClientOrderID)
            default: break
            }
            let others = orders[..<index]
            if let key = order.idempotency,
                others.contains(where: { $0.idempotency?.high == key.high && $0.idempotency?.low == key.low })
            {
                return (index, .idempotencyKeyReused)
            }
            if let name = order.action.order?.clientOrderID,
                others.contains(where: { $0.action.order?.clientOrderID == name })
            {
                return (index, .duplicateClientOrderID)
            }
        }
        var other = self
        other.isTrial = true
        for (index, order) in orders.enumerated() {
            if let rejection = other.carryOutItself(order) { return (index, rejection) }
        }
        return nil
    }

    /// In a trial an order that is placed rests, as far as it may, and keeps all that is held for it.
    mutating func arriveInTrial(_ order: OrderRecord) -> Rejection? {
        if order.rules.isPostOnly { return .postOnlyWouldTrade }
        if order.timeInForce == .fok { return .fokUnfillable }
        let available = LedgerAccount(order.account, .available)
        move(available, LedgerAccount(order.account, .held), order.held, .hold, order: order.id)
        if order.timeInForce.mayRest { orders.append(order) }
        return nil
    }

    mutating func placeNext(_ command: Command) {
        guard !waiting.isEmpty, waiting[0].order.account == command.account else {
            waiting = []
            return emit(.rejected(.batchRefused))
        }
        let (order, verdict) = (waiting[0].order, waiting[0].verdict)
        waiting.removeFirst()
        switch verdict {
        case .free: carryOutOnce(order)
        case .forgotten(let rejection): emit(.rejected(rejection))
        case .refused(let rejection): refuse(order, rejection)
        }
    }

    private mutating func refuse(_ order: Command, _ rejection: Rejection) {
        let name = order.action.order?.clientOrderID
        guard order.idempotency != nil || name != nil else { return emit(.rejected(rejection)) }
        if earlierAnswer(to: order) != nil {
            // What it repeats is told again, but to the one to blame.
            guard rejection != .batchRefused else { return carryOutOnce(order) }
            // An order before it in the batch may have left the key behind: then that stands for it.
            guard rejection == .duplicateClientOrderID, let key = order.idempotency,
                !remembered.contains(where: { $0.isOf(order.account, key) })
            else { return emit(.rejected(rejection)) }
            guard makeRoom(for: order.entries, of: order.account) else {
                return emit(.rejected(.idempotencyWindowFull))
            }
            emit(.rejected(rejection))
            return remember(order, rejection, nil)
        }
        guard makeRoom(for: order.entries, of: order.account) else { return emit(.rejected(.idempotencyWindowFull)) }
        emit(.rejected(rejection))
        remember(order, rejection, name)
    }

    /// What a command is answered that was given before, or whose key or name is in use.
    private func earlierAnswer(to command: Command) -> Event? {
        let order = command.action.order
        let first = request(of: command.account, order?.clientOrderID)
        let isSame = first?.bodyHash == order?.bodyHash
        if let key = command.idempotency, let earlier = remembered.last(where: { $0.isOf(command.account, key) }) {
            guard earlier.key?.body == key.body else { return .rejected(.idempotencyKeyReused) }
            return .replayed(isSame ? min(first?.sequence ?? earlier.sequence, earlier.sequence) : earlier.sequence)
        }
        return first.map { isSame ? .replayed($0.sequence) : .rejected(.duplicateClientOrderID) }
    }
}

extension Command {
    /// What it takes of the memory of requests.
    var entries: Int { (idempotency == nil ? 0 : 1) + (action.order?.clientOrderID == nil ? 0 : 1) }
}
