package import Exchange
import Ledger
package import Units

/// What placing an order now would do: a query that changes nothing and is not journaled (DESIGN §3).
extension Engine {
    /// The answer to a preview.
    package struct Preview: Sendable {
        /// Why the order would be refused; then the rest is what it would do if only that were not so, as far as it is
        /// known.
        package var rejection: Rejection?
        /// Its limit; of a market order the end of the price band.
        package var price: Price
        /// Resting orders with which it would trade, in order. Own orders and orders that would refuse are left out.
        package var fills: [DryRun.Fill] = []
        /// What would rest, or be cancelled.
        package var left: Lots
        /// Sum of the fills' values at their prices, in nanoTON.
        package var value = NanoTON.zero
        /// The fee of this side on them, rounded down per fill as the ledger does.
        package var fee = NanoTON.zero
        /// What would be held at the start; nothing for an offer.
        package var hold = NanoTON.zero
        /// It would meet an order of its own, which ends its walk.
        package var endsBySelfTrade = false
        /// More orders would be visited than a command may.
        package var isCutShort = false
    }

    /// What an offer of these terms could do now, as far as it is attested; `nil` without such an account or model.
    package func capability(of terms: OfferTerms, of owner: AccountID) -> Capability? {
        guard let account = registry.accountIndex(owner), let model = registry.model(terms.model) else { return nil }
        return capability(of: terms, account, model)
    }

    /// Shows what placing this offer now would do.
    package mutating func preview(_ terms: OfferTerms, of owner: AccountID) -> Preview {
        switch Result(catching: { () throws(Rejection) in try check(terms, of: owner) }) {
        case .failure(let rejection):
            return Preview(rejection: rejection, price: terms.order.price, left: terms.order.lots)
        case .success(let checked):
            let group = checked.known ?? book.addClass(checked.group)
            var record = checked.record
            record.classID = ClassID(Int64(group) + 1)
            let preview = preview(record, isFrozen: checked.isFrozen)
            if checked.known == nil { book.removeLastClass() }
            return preview
        }
    }

    /// Shows what placing this bid now would do. Money that is not there is a rejection like any other.
    package mutating func preview(_ terms: BidTerms, of owner: AccountID, by key: KeyID = KeyID(0)) -> Preview {
        keyring.acting = key
        switch Result(catching: { () throws(Rejection) in try check(terms, of: owner) }) {
        case .failure(let rejection):
            return Preview(rejection: rejection, price: terms.order.price, left: terms.order.lots)
        case .success(let checked):
            let group = checked.known ?? book.addProfile(checked.group)
            var record = checked.record
            record.profileID = ProfileID(Int64(group) + 1)
            let preview = preview(record, isFrozen: checked.isFrozen)
            if checked.known == nil { book.removeLastProfile() }
            return preview
        }
    }

    private mutating func preview(_ record: OrderRecord, isFrozen: Bool) -> Preview {
        var preview = Preview(price: record.price, left: record.lots)
        preview.hold = record.held
        guard !isFrozen else { return preview }
        let slot = add(record)
        defer { book.remove(slot) }
        preview.rejection = walkRejection(of: slot)
        let rules = record.rules
        var plan = WalkPlan(least: rules.minLots, prevention: rules.selfTrade)
        if rules.isAllOrNone || record.timeInForce == .fok {
            guard case .found(let least) = wholeFill(of: slot) else { return preview }
            plan = WalkPlan(least: least)
        }
        // An order that may only rest trades nothing.
        guard preview.rejection == nil, !rules.isPostOnly else { return preview }
        let run = dryRun(slot, plan)
        preview.fills = run.fills
        preview.left = run.left
        preview.endsBySelfTrade = run.endsBySelfTrade
        preview.isCutShort = run.isCutShort
        for fill in run.fills {
            let value = fill.price.value(of: fill.lots)
            preview.value = preview.value + value
            preview.fee = preview.fee + record.rates.taker.part(of: value)
        }
        return preview
    }
}
