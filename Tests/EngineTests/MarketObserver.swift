import Engine
import Exchange
import Ledger
import Units

@testable import EngineTesting

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
    private var accounts: [AccountID: AccountRecord] = [:]
    private var halted: Set<ModelID> = []
    private var operations: [MassOperation] = []
    private var time = LogicalTime.zero
    private var isResuming = false
    /// Whether everything that is due is carried out at once.
    let isPrompt: Bool

    init(isPrompt: Bool = true) { self.isPrompt = isPrompt }
    private var lastTrade: Int64 = 0
    private var sequence = SequenceNumber.none

    private func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(Violation) {
        if !condition { throw Violation(description: text()) }
    }

    // MARK: Events

    mutating func observe(
        _ events: [Event],
        of sequence: SequenceNumber,
        at time: LogicalTime
    ) throws(Violation) {
        self.sequence = sequence
        self.time = time
        isResuming = false
        for event in events {
            switch event {
            case .accepted(let record): try accept(record, sequence)
            case .rested(let id, let lots): try require(orders[id]?.remaining == lots, "\(event) has another rest")
            case .reclassified(let id, let classID):
                try require(orders[id] != nil && classes[classID] != nil, "\(event) of nothing")
                orders[id]?.classID = classID
            case .amended(let amendment): try amend(amendment)
            case .reduced(let id, let lots, let lowered): try lower(id, to: lots, lowered)
            case .shown(let id, let lots, let priority): try show(id, lots, priority)
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
            case .leaseEnded(let id, _, _):
                guard let trade = trades.removeValue(forKey: id) else { throw Violation(description: "\(event) twice") }
                if let offer = orders[trade.offer] { orders[offer.id]?.openLots = offer.openLots - trade.lots }
            case .accountCreated(let record), .accountChanged(let record): accounts[record.id] = record
            case .controlSet(let record):
                isResuming = halted.remove(record.model) != nil && !record.isHalted
                if record.isHalted { halted.insert(record.model) }
            case .operationSet(let operation):
                operations.removeAll { $0.isSame(as: operation) }
                operations.append(operation)
            case .operationEnded(let number, let account):
                let count = operations.count
                operations.removeAll { $0.sequence == number && $0.account == account }
                try require(operations.count == count - 1, "\(event) of nothing")
            case .rejected, .replayed, .remembered, .forgotten, .keyCreated, .feesSet, .feesAnnounced,
                .checkpointAnnounced, .measurementSet, .keyStandingSet, .keySpent, .orderBudgeted, .operated,
                .loginCreated, .loginLinked, .loginUnlinked, .keyForgotten, .lease, .settlement:
                break
            }
        }
    }

    private mutating func accept(_ record: OrderRecord, _ sequence: SequenceNumber) throws(Violation) {
        try require(record.id.rawValue == sequence.rawValue, "\(record.id.text) is not its command's number")
        try require(record.remaining == record.lots && record.openLots == .zero, "\(record.id.text) starts used")
        try require(accounts[record.account]?.isClosed == false, "\(record.id.text) is of a closed account")
        orders[record.id] = record
    }

    private mutating func amend(_ amendment: OrderAmendment) throws(Violation) {
        guard var order = orders[amendment.order] else { throw Violation(description: "\(amendment) of nothing") }
        try require(
            amendment.lots - amendment.remaining == order.lots - order.remaining && amendment.remaining > .zero,
            "\(amendment) forgets what is filled"
        )
        let isSmaller =
            amendment.price == order.price && amendment.lots <= order.lots
            && amendment.expiresAt == order.rules.expiresAt
        let priority = isSmaller ? order.priority : Priority(sequence)
        try require(amendment.priority == priority, "\(amendment) has another place")
        order.price = amendment.price
        order.lots = amendment.lots
        order.remaining = amendment.remaining
        order.rules.expiresAt = amendment.expiresAt
        order.priority = amendment.priority
        orders[order.id] = order
    }

    private mutating func lower(_ id: OrderID, to lots: Lots, _ lowered: Lots) throws(Violation) {
        guard let order = orders[id] else { throw Violation(description: "\(id.text) is lowered and is not there") }
        try require(lots > .zero && lots < order.remaining, "\(id.text) is not lowered")
        let sum = order.remaining + order.loweredLots
        try require(sum == lots + lowered, "\(id.text) is lowered by something else")
        orders[id]?.remaining = lots
        orders[id]?.loweredLots = lowered
    }

    private mutating func show(_ id: OrderID, _ lots: Lots, _ priority: Priority) throws(Violation) {
        guard let order = orders[id] else { throw Violation(description: "\(id.text) shows and is not there") }
        try require(
            lots > .zero && lots <= order.rules.displayLots && lots <= order.remaining,
            "\(id.text) shows \(lots.count)"
        )
        try require(priority >= order.priority, "\(id.text) jumps the queue")
        orders[id]?.displayed = lots
        orders[id]?.priority = priority
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
        try require(!areOwn(bid, offer), "\(trade) with itself")
        try require(trade.lots <= free(offer), "\(trade) is above max_open_lots")
        try require(trade.lots <= visible(maker), "\(trade) takes what is not shown")
        try require(trade.lots >= maker.rules.leastFill(of: maker.remaining), "\(trade) is too little for its maker")
        let least = taker.rules.isAllOrNone ? .zero : taker.rules.leastFill(of: taker.remaining)
        try require(trade.lots >= least, "\(trade) is too little for its taker")
        try require(mayTrade(bid, offer), "\(trade) of orders that do not suit")
        // One that has a least fill may have passed by what it takes on the way back, or what is not the whole.
        let isChoosy = least > .zero || taker.rules.isAllOrNone || taker.timeInForce == .fok
        if !isChoosy, let best = best(for: taker) {
            try require(best.id == maker.id, "\(trade): \(best.id.text) was better")
        }

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

    private func free(_ order: OrderRecord) -> Lots {
        order.maxOpenLots.map { min(order.remaining, $0 - order.openLots) } ?? order.remaining
    }

    private func visible(_ order: OrderRecord) -> Lots {
        order.rules.displayLots == .zero ? free(order) : min(free(order), order.displayed)
    }

    private func capability(_ offer: OrderRecord) -> Capability? { classes[offer.classID] }

    private func areOwn(_ left: OrderRecord, _ right: OrderRecord) -> Bool {
        let group = accounts[left.account]?.selfTradeGroup ?? 0
        return left.account == right.account || group != 0 && group == accounts[right.account]?.selfTradeGroup
    }

    private func mayTrade(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        guard offer.price <= bid.price, free(offer) > .zero, bid.remaining > .zero else { return false }
        guard let requirement = profiles[bid.profileID], let capability = capability(offer) else { return false }
        guard capability.buyers.rules.admits(bid.account), hasDeposit(bid.account, capability) else { return false }
        guard bid.rules.expiresAt > time, offer.rules.expiresAt > time else { return false }
        guard halted.isDisjoint(with: [.unknown, capability.model]) else { return false }
        return requirement.isMet(by: capability)
    }

    private func hasDeposit(_ buyer: AccountID, _ capability: Capability) -> Bool {
        let money = [.available, .held].reduce(Int128(0)) { $0 + balances[LedgerAccount(buyer, $1), default: 0] }
        return money >= Int128(capability.buyers.rules.minimumDeposit.count)
    }

    /// The order that ranks first for `taker` among those that take what it would give them. While an operation is
    /// under way it is not known from outside who may trade.
    private func best(for taker: OrderRecord) -> OrderRecord? {
        guard operations.isEmpty, !isResuming else { return nil }
        let isBid = taker.side == .bid
        let others = orders.values.filter {
            $0.side != taker.side && (isBid ? mayTrade(taker, $0) : mayTrade($0, taker)) && !areOwn(taker, $0)
                && min(free(taker), visible($0)) >= max($0.rules.leastFill(of: $0.remaining), Lots(1))
        }
        // What it pays, less what it gives for quality.
        let key = { (maker: OrderRecord) in
            let price = maker.price.nanoTONPerMTok
            return isBid ? price - taker.rules.qualityCredit * (capability(maker)?.quality ?? 0) : -price
        }
        return others.min {
            if key($0) != key($1) { return key($0) < key($1) }
            let left = isBid && capability($0)?.isAttested == true
            let right = isBid && capability($1)?.isAttested == true
            return left == right ? $0.priority < $1.priority : left
        }
    }

    /// Whether two resting orders should have traded. A deposit is judged when one of the two comes, and may have come
    /// later itself.
    private func couldTrade(_ bid: OrderRecord, _ offer: OrderRecord) -> Bool {
        guard let capability = capability(offer), capability.buyers.rules.minimumDeposit == .zero else { return false }
        guard mayTrade(bid, offer), !areOwn(bid, offer), !areApart(bid, offer, capability.model) else { return false }
        let lots = min(visible(bid), visible(offer))
        return lots > .zero && [bid, offer].allSatisfy { lots >= $0.rules.leastFill(of: $0.remaining) }
    }

    /// Whether an operation under way keeps them apart.
    private func areApart(_ bid: OrderRecord, _ offer: OrderRecord, _ model: ModelID) -> Bool {
        operations.contains { operation in
            if operation.kind != .resume { return [bid.account, offer.account].contains(operation.account) }
            return (operation.model == .unknown || operation.model == model)
                && max(bid.priority, offer.priority).rawValue > operation.cursor
        }
    }

    // MARK: After a command

    /// What holds between commands; `time` decides which attestations stand.
    func check(at time: LogicalTime) throws(Violation) {
        try checkMoney()
        let offers = orders.values.filter { $0.side == .offer }
        for bid in orders.values where bid.side == .bid {
            for offer in offers {
                try require(!couldTrade(bid, offer), "\(bid.id.text) and \(offer.id.text) rest and could trade")
            }
        }
        for order in orders.values {
            try require(order.timeInForce.mayRest, "\(order.id.text) rests and must not")
            let isShown = order.rules.displayLots == .zero || order.displayed > .zero
            try require(isShown && order.displayed <= order.remaining, "\(order.id.text) shows too much or nothing")
            try require(order.rules.expiresAt > time || !isPrompt, "\(order.id.text) should have expired")
        }
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
