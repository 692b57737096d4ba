import Engine
import Exchange
import Ledger
import Units

/// Watches an engine's events, knows nothing else of it, and finds what must never happen.
struct MarketObserver {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    private var orders: [OrderID: OrderRecord] = [:]
    private var classes: [ClassID: Capability] = [:]
    private var profiles: [ProfileID: Requirement] = [:]
    private var models: [ModelID: ModelRecord] = [:]
    private var attestations: [AccountID: AttestationTerms] = [:]
    private var trades: [LeaseID: Trade] = [:]
    private var used: [LeaseID: Int64] = [:]
    private var balances: [LedgerAccount: Int128] = [:]
    private var lastTrade: Int64 = 0
    private var sequence = SequenceNumber.none

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Violation) {
        if !condition { throw Violation(description: text()) }
    }

    // MARK: Events

    mutating func observe(_ events: [Event], of sequence: SequenceNumber) throws(Violation) {
        self.sequence = sequence
        for event in events {
            switch event {
            case .accepted(let record): try accept(record, sequence)
            case .rested(let id, let lots): try require(orders[id]?.remaining == lots, "\(event) has another rest")
            case .reclassified(let id, let classID):
                try require(orders[id] != nil && classes[classID] != nil, "\(event) of nothing")
                orders[id]?.classID = classID
            case .closed(let id, let reason, let lots):
                try require(orders[id]?.remaining == lots, "\(event) has another rest")
                try require((reason == .filled) == (lots == .zero), "\(event) is filled or it is not")
                orders[id] = nil
            case .traded(let trade): try observe(trade)
            case .transfer(let transfer): try observe(transfer)
            case .classInterned(let id, let capability):
                try require(!classes.values.contains(capability), "\(event) is there already")
                classes[id] = capability
            case .profileInterned(let id, let requirement):
                try require(!profiles.values.contains(requirement), "\(event) is there already")
                profiles[id] = requirement
            case .modelSet(let record): models[record.id] = record
            case .attestationSet(let record): attestations[record.terms.account] = record.terms
            case .used(let id, let tokens):
                try require(trades[id] != nil && tokens.count >= used[id] ?? 0, "\(event) falls")
                try require(tokens <= trades[id]?.lots.tokens ?? .zero, "\(event) is above the lease")
                used[id] = tokens.count
            case .leaseEnded(let id, _):
                guard let trade = trades.removeValue(forKey: id) else { throw Violation(description: "\(event) twice") }
                if let offer = orders[trade.offer] { orders[offer.id]?.openLots = offer.openLots - trade.lots }
            case .rejected, .replayed, .remembered, .forgotten, .accountCreated, .keyCreated, .feesSet,
                .measurementSet, .checkpointAnnounced:
                break
            }
        }
    }

    private mutating func accept(_ record: OrderRecord, _ sequence: SequenceNumber) throws(Violation) {
        try require(record.id.rawValue == sequence.rawValue, "\(record.id.text) is not its command's number")
        try require(record.remaining == record.lots && record.openLots == .zero, "\(record.id.text) starts used")
        orders[record.id] = record
    }

    private mutating func observe(_ transfer: Transfer) throws(Violation) {
        try require(transfer.amount > .zero, "\(transfer) moves nothing")
        for (account, sign) in [(transfer.debit, Int128(-1)), (transfer.credit, Int128(1))] {
            let change = Int128(transfer.amount.count) * sign * (account.isAsset ? -1 : 1)
            balances[account, default: 0] += change
            try require(balances[account, default: 0] >= 0, "\(transfer) overdraws \(account.kindName)")
        }
    }

    private mutating func observe(_ trade: Trade) throws(Violation) {
        guard var bid = orders[trade.bid], var offer = orders[trade.offer] else {
            throw Violation(description: "\(trade) with an order that is not open")
        }
        let (taker, maker) = trade.takerSide == .bid ? (bid, offer) : (offer, bid)
        try require(trade.id.rawValue == lastTrade + 1, "\(trade) has not the next number")
        lastTrade += 1
        try require(trade.lots > .zero, "\(trade) of nothing")
        try require(trade.price == maker.price, "\(trade) is not at the maker's price")
        try require(trade.price <= bid.price && trade.price >= offer.price, "\(trade) is outside a limit")
        try require(trade.buyer == bid.account && trade.seller == offer.account, "\(trade) has other owners")
        try require(bid.account != offer.account, "\(trade) with itself")
        try require(trade.lots <= free(offer), "\(trade) is above max_open_lots")
        if let best = best(for: taker) { try require(best.id == maker.id, "\(trade): \(best.id.text) was better") }
        try require(mayTrade(bid, offer), "\(trade) of orders that do not suit")

        let value = trade.price.value(of: trade.lots)
        let rate = trade.takerSide == .bid ? bid.rates.taker : bid.rates.maker
        try require(trade.buyerRate == rate, "\(trade) at another buyer's rate")
        try require(trade.locked == value + rate.part(of: value), "\(trade) locks something else")
        try require(
            trade.sellerRate == (trade.takerSide == .offer ? offer.rates.taker : offer.rates.maker),
            "\(trade) at another seller's rate"
        )
        bid.remaining = bid.remaining - trade.lots
        offer.remaining = offer.remaining - trade.lots
        offer.openLots = offer.openLots + trade.lots
        try require(bid.remaining == trade.bidRemaining && bid.remaining >= .zero, "\(trade) overfills the bid")
        try require(offer.remaining == trade.offerRemaining && offer.remaining >= .zero, "\(trade) overfills the offer")
        orders[bid.id] = bid
        orders[offer.id] = offer
        trades[LeaseID(trade.id.rawValue)] = trade
    }

    // MARK: The book

    private func free(_ offer: OrderRecord) -> Lots {
        offer.maxOpenLots.map { min(offer.remaining, $0 - offer.openLots) } ?? offer.remaining
    }

    private func capability(_ offer: OrderRecord) -> Capability? { classes[offer.classID] }

    private func mayTrade(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        guard offer.price <= bid.price, free(offer) > .zero, bid.remaining > .zero else { return false }
        guard let requirement = profiles[bid.profileID], let capability = capability(offer) else { return false }
        return requirement.isMet(by: capability)
    }

    /// The order that ranks first for `taker`. A new taker's walk ends at an own order, so it counts too; a taker that
    /// has rested passes by its owner's.
    private func best(for taker: OrderRecord) -> OrderRecord? {
        let hasRested = taker.id.rawValue != sequence.rawValue
        let isBid = taker.side == .bid
        let others = orders.values.filter {
            $0.side != taker.side && (isBid ? mayTrade(taker, $0) : mayTrade($0, taker))
                && !(hasRested && $0.account == taker.account)
        }
        return others.min {
            if $0.price != $1.price { return ($0.price < $1.price) == isBid }
            let left = isBid && capability($0)?.isAttested == true
            let right = isBid && capability($1)?.isAttested == true
            return left == right ? $0.id < $1.id : left
        }
    }

    // MARK: After a command

    /// What holds between commands; `time` decides which attestations stand.
    func check(at time: LogicalTime) throws(Violation) {
        try checkMoney()
        let offers = orders.values.filter { $0.side == .offer }
        for bid in orders.values where bid.side == .bid {
            for offer in offers where offer.account != bid.account {
                try require(!mayTrade(bid, offer), "\(bid.id.text) and \(offer.id.text) rest and could trade")
            }
        }
        for order in orders.values { try require(order.timeInForce != .ioc, "\(order.id.text) rests and is ioc") }
        for offer in offers {
            guard let capability = capability(offer), let model = models[capability.model] else {
                throw Violation(description: "\(offer.id.text) has no class or model")
            }
            let word = attestations[offer.account]
            let stands = word.map { $0.expiresAt > time && $0.tees & offer.claimedTEE.bit != 0 } ?? false
            try require(capability.tee == (stands ? offer.claimedTEE : .none), "\(offer.id.text) has another tee")
            try require(capability.quality == model.terms.quality, "\(offer.id.text) has another quality")
            try require(capability.modelVersion == model.version, "\(offer.id.text) is of an old version")
        }
    }

    private func checkMoney() throws(Violation) {
        var expected: [LedgerAccount: Int128] = [:]
        for order in orders.values where order.side == .bid {
            expected[LedgerAccount(order.account, .held), default: 0] += Int128(order.held.count)
        }
        for (id, trade) in trades {
            let value = trade.price.cost(of: AdjustedTokens(used[id] ?? 0))
            let left = trade.locked - value - trade.buyerRate.part(of: value)
            expected[LedgerAccount(trade.buyer, .leased), default: 0] += Int128(left.count)
        }
        var sum: Int128 = 0
        for (account, balance) in balances {
            sum += account.isAsset ? balance : -balance
            guard account.kind == .held || account.kind == .leased else { continue }
            try require(balance == expected[account] ?? 0, "\(account.owner.text).\(account.kindName) is \(balance)")
        }
        for (account, amount) in expected {
            try require(balances[account] ?? 0 == amount, "\(account.owner.text).\(account.kindName) lacks \(amount)")
        }
        try require(sum == 0, "assets and liabilities differ by \(sum)")
    }

    /// Balances by account, those of zero left out.
    var balancesNotZero: [LedgerAccount: Int128] { balances.filter { $0.value != 0 } }
}
