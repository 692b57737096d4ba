import Exchange
import Units

/// Topping up a lease that runs: a bid that names it buys from its worker alone, at the price of that worker's offers.
///
/// Each trade of it opens a lease of its own, with its own price, ticket, deadline and receipts, which says what it
/// tops up. Nothing of the running lease changes, so that what its parties signed stays true. Such a bid never rests.
extension Engine {
    /// What a bid becomes that tops up a lease: one for that lease's model, which never rests.
    func toppingUp(_ terms: BidTerms, of owner: AccountID) -> Result<BidTerms, Rejection> {
        let id = terms.order.rules.lease.toppedUp
        guard id != LeaseID(0) else { return .success(terms) }
        guard let slot = leases.find(id), leases[slot].buyer == owner else { return .failure(.leaseNotFound) }
        if case .failure(let rejection) = openLease(id) { return .failure(rejection) }
        guard let lease = leases[slot].terms else { return .failure(.leaseWithoutReceipts) }
        var terms = terms
        let models = terms.requirement.models
        guard models.isEmpty || models.contains(lease.model) else { return .failure(.topUpMismatch) }
        terms.requirement.models = Requirement().models
        _ = terms.requirement.models.append(lease.model)
        if terms.order.timeInForce.mayRest { terms.order.timeInForce = .ioc }
        return .success(terms)
    }

    /// Whether a bid that tops up a lease may buy from a worker; any other may.
    func buysFrom(_ worker: AccountID, _ bid: Int32) -> Bool {
        guard let lease = details[Int(bid)].toppedUp else { return true }
        return leases.find(lease).map { leases[$0].worker == worker } ?? false
    }
}
