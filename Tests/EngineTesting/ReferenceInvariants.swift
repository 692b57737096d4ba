import Engine
import Exchange
import Ledger
import Units

/// What must hold of the reference engine's state.
extension ReferenceEngine {
    /// What is wrong with the present state, in a few words.
    struct Violation: Error { let text: String }

    func checkInvariants() throws {
        for account in accounts.map(\.id) {
            let bids = orders.filter { $0.account == account && $0.side == .bid }
            let held = bids.reduce(Int128(0)) { $0 + Int128($1.held.count) }
            let leased = leases.filter { $0.buyer == account }.reduce(Int128(0)) {
                let spent = charges($1)
                return $0 + Int128(($1.locked - spent.value - spent.buyer).count)
            }
            if balance(LedgerAccount(account, .held)) != held { throw Violation(text: "held of \(account.text)") }
            if balance(LedgerAccount(account, .leased)) != leased { throw Violation(text: "leased of \(account.text)") }
        }
        var sum: Int128 = 0
        for account in counters.keys {
            if balance(account) < 0 { throw Violation(text: "\(account.kindName) is below zero") }
            sum += balance(account) * (account.isAsset ? 1 : -1)
        }
        if sum != 0 { throw Violation(text: "assets and liabilities differ by \(sum)") }
        for bid in orders where bid.side == .bid {
            for offer in orders where offer.side == .offer && shouldTrade(bid, offer) {
                throw Violation(text: "\(bid.id.text) and \(offer.id.text) could trade")
            }
        }
    }

    /// Whether two resting orders should have traded. A deposit is judged when one of the two comes, and may have come
    /// later itself.
    private func shouldTrade(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        let buyers = capability(of: offer).buyers.rules
        guard fit(bid, offer), !areOwn(bid, offer), !isFrozen(bid, offer), !isDue(bid), !isDue(offer) else {
            return false
        }
        guard buyers.admits(bid.account), buyers.minimumDeposit == .zero else { return false }
        let lots = min(visible(bid), visible(offer))
        return lots > .zero && [bid, offer].allSatisfy { lots >= $0.rules.leastFill(of: $0.remaining) }
    }
}
