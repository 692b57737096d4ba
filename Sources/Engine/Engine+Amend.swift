import Exchange
import Ledger
import Units

/// Changing an open order (`PATCH`).
extension Engine {
    /// A smaller quantity keeps the order's place; anything else makes it arrive anew. Refused before anything changes.
    mutating func amend(_ terms: AmendTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let slot = find(terms.order), book.orders[Int(slot)].account == owner, !isDue(slot) else {
            return .orderNotFound
        }
        guard let account = registry.accountIndex(owner), !registry.accounts[account].record.isClosed else {
            return .accountClosed
        }
        let before = record(of: slot)
        var after = before
        after.price = terms.price ?? before.price
        after.lots = terms.lots ?? before.lots
        after.rules.expiresAt = terms.expiresAt ?? before.rules.expiresAt
        let filled = before.lots - before.remaining
        if let rejection = rejection(of: terms, before, filled) { return rejection }
        if before.side == .offer, after.lots > before.lots,
            !isBondEnough(for: after.lots - before.lots, of: account)
        {
            return .bondRequired
        }
        after.remaining = after.lots - filled
        after.lastSequence = sequence
        let keepsPlace =
            after.price == before.price && after.lots <= before.lots
            && after.rules.expiresAt == before.rules.expiresAt
        if keepsPlace {
            shrink(slot, before, after, &events)
            return nil
        }
        after.priority = Priority(sequence)
        return move(slot, before, after, &events)
    }

    private func rejection(of terms: AmendTerms, _ order: OrderRecord, _ filled: Lots) -> Rejection? {
        if let expiresAt = terms.expiresAt, order.timeInForce != .gtd || expiresAt <= time {
            return .expiryNotAmendable
        }
        if let lots = terms.lots, lots <= filled { return .quantityFilled }
        return nil
    }

    // MARK: Keeping its place

    private mutating func shrink(
        _ slot: Int32,
        _ before: OrderRecord,
        _ after: OrderRecord,
        _ events: inout [Event]
    ) {
        releaseHold(before, after, &events)
        let lots = before.remaining - after.remaining
        details[Int(slot)].amend(after)
        details[Int(slot)].lastSequence = sequence
        if lots.count > 0 { book.reduce(slot, by: lots) }
        events.append(.amended(amendment(of: after)))
        let order = book.orders[Int(slot)]
        if order.isIceberg && lots.count > 0 {
            events.append(.shown(order.id, order.displayed, order.priority))
        }
        let rules = details[Int(slot)].rules
        if lots.count > 0, rules.isAllOrNone || order.remaining < rules.minLots { lookAgain(at: order.id) }
        updateDigest(of: slot)
    }

    private func amendment(of order: OrderRecord) -> OrderAmendment {
        OrderAmendment(
            order: order.id,
            price: order.price,
            lots: order.lots,
            remaining: order.remaining,
            expiresAt: order.rules.expiresAt,
            priority: order.priority
        )
    }

    private mutating func releaseHold(_ before: OrderRecord, _ after: OrderRecord, _ events: inout [Event]) {
        let owner = after.account
        let more = after.held - before.held
        if more.count > 0 {
            post(owner, .available, owner, .held, more, .hold, order: after.id, &events)
        } else {
            let less = before.held - after.held
            post(owner, .held, owner, .available, less, .release, order: after.id, &events)
        }
    }

    // MARK: Arriving anew

    private mutating func move(
        _ slot: Int32,
        _ before: OrderRecord,
        _ after: OrderRecord,
        _ events: inout [Event]
    ) -> Rejection? {
        let group = Int(book.orders[Int(slot)].group)
        let terms = OrderTerms(price: after.price, lots: after.lots, timeInForce: after.timeInForce)
        let limit =
            after.side == .offer
            ? limit(of: terms, band: control.band(book.capabilities[group].model), side: .offer)
            : limit(of: terms, for: book.requirements[group])
        if case .failure(let rejection) = limit { return rejection }
        guard after.price.value(of: after.lots) >= fees.minimumNotional else { return .belowMinimumNotional }
        let more = after.held - before.held
        guard more <= balances.balance(LedgerAccount(after.account, .available)) else { return .insufficientFunds }
        if more.count > 0, let rejection = budgetRejection(of: more, for: after.id, whole: after.held) {
            return rejection
        }

        book.leave(slot)
        replace(slot, with: after)
        let isFrozen = isFrozen(slot)
        if let rejection = isFrozen ? nil : walkRejection(of: slot) {
            replace(slot, with: before)
            book.enter(slot)
            return rejection
        }
        events.append(.amended(amendment(of: after)))
        releaseHold(before, after, &events)
        settle(slot, isFrozen ? .exhausted : match(slot, as: .arrival, &events), &events)
        return nil
    }

    /// Puts another price, quantity, expiry and place into an order that is in no queue.
    private mutating func replace(_ slot: Int32, with record: OrderRecord) {
        let old = details[Int(slot)].rules.expiresAt
        let new = record.rules.expiresAt
        if old != new {
            expiries.remove(old, .order(record.id))
            expiries.insert(new, .order(record.id))
        }
        details[Int(slot)].amend(record)
        details[Int(slot)].lastSequence = record.lastSequence
        book.amend(slot, price: record.price, remaining: record.remaining, priority: record.priority)
        if book.orders[Int(slot)].isIceberg { book.show(slot, record.displayed, record.priority) }
    }
}
