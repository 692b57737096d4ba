import Exchange
import Ledger
import Units

/// What a lease did not deliver enters as a new bid.
extension Engine {
    /// The whole lots that an expired or failed lease has not delivered, under the bid's rules and limit, from anybody
    /// but its worker. Its order has the number of the command, which therefore has room for one.
    mutating func enterAgain(_ lease: LeaseRecord, _ reason: LeaseEnd, _ events: inout [Event]) {
        guard let terms = lease.terms, case .some(let rebid) = terms.delivery.rebid, reason.state != "closed" else {
            return
        }
        let lots = Lots((lease.lots.tokens.count - lease.used.count) / Lots.tokensPerLot)
        guard lots.count > 0 else { return }
        // Whoever caused the end does not pay for the bid from a budget.
        let acting = keyring.acting
        keyring.acting = KeyID(0)
        defer { keyring.acting = acting }
        let rejection: Rejection? =
            switch rebid.terms(for: lots, avoiding: lease.worker, after: terms.bid) {
            case .success(let order):
                place(
                    BidTerms(
                        order: order,
                        requirement: book.requirements[Int(rebid.profileID.rawValue) - 1],
                        namedWeightSet: terms.weightSet
                    ),
                    of: lease.buyer,
                    &events
                )
            case .failure(let rejection): rejection
            }
        if let rejection { events.append(.lease(.rebidRefused(lease.id, rejection))) }
    }
}

extension RebidTerms {
    fileprivate func terms(
        for lots: Lots,
        avoiding worker: AccountID,
        after parent: OrderID
    ) -> Result<OrderTerms, Rejection> {
        var rules = rules
        rules.expiresAt = .never
        rules.isPostOnly = false
        rules.minLots = min(rules.minLots, lots)
        rules.displayLots = min(rules.displayLots, lots)
        rules.lease.parent = parent
        if !rules.lease.avoided.contains(worker) {
            guard rules.lease.avoided.count < Limits.avoidedWorkersMax else { return .failure(.avoidLimit) }
            rules.lease.avoided = (rules.lease.avoided + [worker]).sorted()
        }
        return .success(OrderTerms(price: price, lots: lots, timeInForce: .gtc, rules: rules))
    }
}
