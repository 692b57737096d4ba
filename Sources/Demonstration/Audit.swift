import Exchange
import Units

/// Compares what the demo was told, order by order, with what the server states afterwards, and both with the rules of
/// the market. It knows the whole market, because it placed every order of it.
package struct Audit: Sendable {
    private let plan: Plan
    private let record: Record
    /// What became of the bids, with the listing of each trade.
    package let bidOutcomes: [Outcome.BidOutcome]
    /// Of each offer, what the bids did not take.
    private let remaining: [Lots]

    /// Everything that was said.
    package struct Record: Sendable {
        /// One for each offer of the plan.
        package var offers: [Acknowledgement] = []
        /// One for each bid of the plan; `nil` for a bid that was refused.
        package var bids: [Acknowledgement?] = []
        /// The problem's code for each refused bid, by its index.
        package var refusals: [Int: String] = [:]

        /// What the server states afterwards, account by account: all orders and all trades of all owners.
        package var orders: [OrderStatement] = []
        package var workersTrades: [TradeStatement] = []
        package var appsTrades: [TradeStatement] = []
        /// One for each app.
        package var balances: [BalanceStatement] = []
        /// Trades in the public list.
        package var publicTrades = 0

        package init() {}
    }

    package init(plan: Plan, record: Record) {
        self.plan = plan
        self.record = record
        bidOutcomes = Self.outcomes(record)
        var remaining = [Lots](repeating: plan.depth, count: plan.supply.offers.count)
        for outcome in bidOutcomes {
            for fill in outcome.fills { remaining[fill.offer] = remaining[fill.offer] - fill.lots }
        }
        self.remaining = remaining
    }

    private static func outcomes(_ record: Record) -> [Outcome.BidOutcome] {
        let indexes = Dictionary(
            record.offers.enumerated().map { ($0.element.order.id, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        // Offers by the trades that the workers were told of: an app is not told whose offer it met.
        var offers: [TradeID: Int] = [:]
        for trade in record.workersTrades { offers[trade.id] = indexes[trade.order] }
        return record.bids.enumerated().map { index, acknowledgement in
            guard let acknowledgement else {
                return Outcome.BidOutcome(answer: .refused(record.refusals[index] ?? "unknown"), fills: [])
            }
            let fills = acknowledgement.trades.compactMap { trade in
                offers[trade.id].map { Outcome.Fill(trade: trade.id, offer: $0, lots: trade.lots, price: trade.price) }
            }
            return Outcome.BidOutcome(answer: .accepted(acknowledgement.order.id), fills: fills)
        }
    }

    /// Every check that needs no database.
    package var checks: [Outcome.Check] { [ordersAreThere, tradesAgree, tradesAreFair, bookIsUncrossed, moneyAgrees] }

    private var ordersAreThere: Outcome.Check {
        let rule = "every acknowledged order is there, once"
        let bids = record.bids.compactMap(\.self)
        let acknowledged = record.offers + bids
        var stated: [OrderID: OrderStatement] = [:]
        for order in record.orders where stated.updateValue(order, forKey: order.id) != nil {
            return Outcome.Check(rule, holds: false, detail: "\(order.id.text) is stated twice")
        }
        for acknowledgement in acknowledged {
            let order = acknowledgement.order
            guard let found = stated[order.id] else {
                return Outcome.Check(rule, holds: false, detail: "\(order.id.text) (\(order.clientOrderID)) is missing")
            }
            guard found.clientOrderID == order.clientOrderID, found.price == order.price, found.lots == order.lots
            else {
                return Outcome.Check(rule, holds: false, detail: "\(order.id.text) is not what was acknowledged")
            }
        }
        // Nothing takes from a bid after its arrival, because every offer was there before it.
        for bid in bids where stated[bid.order.id] != bid.order {
            return Outcome.Check(rule, holds: false, detail: "\(bid.order.id.text) changed after it was acknowledged")
        }
        guard stated.count == acknowledged.count else {
            let detail = "\(acknowledged.count) acknowledged, \(stated.count) stated"
            return Outcome.Check(rule, holds: false, detail: detail)
        }
        return Outcome.Check(rule, holds: true, detail: "\(Figures.count(stated.count)) orders")
    }

    private var tradesAgree: Outcome.Check {
        let rule = "apps, workers and the public are told of the same trades"
        let told = Dictionary(grouping: record.bids.compactMap(\.self).flatMap(\.trades), by: \.id)
        let apps = Dictionary(grouping: record.appsTrades, by: \.id)
        let workers = Dictionary(grouping: record.workersTrades, by: \.id)
        for (id, trades) in told {
            guard trades.count == 1, apps[id] == trades, let other = workers[id], other.count == 1,
                other[0].price == trades[0].price, other[0].lots == trades[0].lots
            else { return Outcome.Check(rule, holds: false, detail: "\(id.text) differs") }
        }
        let counts = [told.count, record.appsTrades.count, record.workersTrades.count, record.publicTrades]
        guard Set(counts).count == 1 else {
            return Outcome.Check(
                rule,
                holds: false,
                detail: "\(counts.map(String.init).joined(separator: ", ")) trades"
            )
        }
        let stated = Dictionary(record.orders.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for (index, offer) in record.offers.enumerated() where stated[offer.order.id]?.remaining != remaining[index] {
            return Outcome.Check(rule, holds: false, detail: "\(offer.order.id.text) sold other lots than its trades")
        }
        return Outcome.Check(rule, holds: true, detail: "\(Figures.count(told.count)) trades")
    }

    private var tradesAreFair: Outcome.Check {
        let rule = "each trade: the listing's price, within the limit, all that was demanded, none cheaper left"
        var cheapestLeft = CheapestOffers(plan: plan, remaining: remaining)
        var count = 0
        for (bid, outcome) in zip(plan.demand.bids, bidOutcomes) {
            for fill in outcome.fills {
                let offer = plan.supply.offers[fill.offer]
                let isGood = fill.price == offer.price && fill.price <= bid.limit
                guard isGood, bid.requirement.isMet(by: offer.capability) else {
                    return Outcome.Check(rule, holds: false, detail: "\(fill.trade.text) breaks it")
                }
                // What is left now was left then, so the bid could have had it.
                if let left = cheapestLeft.price(for: bid.requirement), left < fill.price {
                    return Outcome.Check(rule, holds: false, detail: "\(fill.trade.text) passed a cheaper one over")
                }
                count += 1
            }
        }
        return Outcome.Check(rule, holds: true, detail: "\(Figures.count(count)) trades")
    }

    private var bookIsUncrossed: Outcome.Check {
        let rule = "no bid that rests could trade with an offer that rests"
        var cheapestLeft = CheapestOffers(plan: plan, remaining: remaining)
        var resting = 0
        for (bid, acknowledgement) in zip(plan.demand.bids, record.bids) {
            guard let order = acknowledgement?.order, order.isOpen else { continue }
            resting += 1
            if let left = cheapestLeft.price(for: bid.requirement), left <= bid.limit {
                return Outcome.Check(rule, holds: false, detail: "\(order.id.text) could")
            }
            if bid.isImmediate { return Outcome.Check(rule, holds: false, detail: "\(order.id.text) must not rest") }
        }
        return Outcome.Check(rule, holds: true, detail: "\(Figures.count(resting)) bids rest")
    }

    private var moneyAgrees: Outcome.Check {
        let rule = "every app has its deposit, less what it bought, to the nanoTON"
        guard record.balances.count == plan.demand.apps.count else {
            return Outcome.Check(rule, holds: false, detail: "\(record.balances.count) balances are stated")
        }
        var held = [NanoTON](repeating: .zero, count: plan.demand.apps.count)
        var leased = held
        let fees = plan.settings.fees
        for (bid, acknowledgement) in zip(plan.demand.bids, record.bids) {
            guard let acknowledgement else { continue }
            if acknowledgement.order.isOpen {
                let hold = fees.hold(for: acknowledgement.order.remaining, at: bid.limit)
                held[bid.app] = held[bid.app] + hold
            }
            for trade in acknowledgement.trades {
                // A bid arrives after every offer, so it is the taker.
                let value = trade.price.value(of: trade.lots)
                leased[bid.app] = leased[bid.app] + value + fees.taker.part(of: value)
            }
        }
        for (index, app) in plan.demand.apps.enumerated() {
            let stated = record.balances[index]
            guard stated.held == held[index], stated.leased == leased[index],
                stated.available == app.deposit - held[index] - leased[index]
            else { return Outcome.Check(rule, holds: false, detail: "\(app.label) has something else") }
        }
        let total = leased.reduce(Int128(0)) { $0 + Int128($1.count) }
        return Outcome.Check(rule, holds: true, detail: "\(Figures.toncoins(total)) bought, fees included")
    }
}

/// The cheapest offer with lots left that meets a requirement, remembered by requirement: bids are many, requirements
/// few.
private struct CheapestOffers {
    private let plan: Plan
    private let remaining: [Lots]
    private var known: [Requirement: Price?] = [:]

    init(plan: Plan, remaining: [Lots]) {
        self.plan = plan
        self.remaining = remaining
    }

    mutating func price(for requirement: Requirement) -> Price? {
        if let known = known[requirement] { return known }
        let prices = plan.supply.offers.indices.compactMap { index -> Price? in
            let offer = plan.supply.offers[index]
            return remaining[index] > .zero && requirement.isMet(by: offer.capability) ? offer.price : nil
        }
        known[requirement] = .some(prices.min())
        return prices.min()
    }
}
