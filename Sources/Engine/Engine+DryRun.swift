import Exchange
package import Units

/// What a walk would do, found out without doing it.
extension Engine {
    /// Fills of a walk that was not carried out.
    package struct DryRun: Sendable {
        /// A part of the order, traded with one maker.
        package struct Fill: Hashable, Sendable {
            /// The resting order.
            package let order: OrderID
            package let price: Price
            package let lots: Lots

            package init(order: OrderID, price: Price, lots: Lots) {
                self.order = order
                self.price = price
                self.lots = lots
            }
        }

        /// In the order of the walk.
        package internal(set) var fills: [Fill] = []
        /// Their sum.
        package internal(set) var lots = Lots.zero
        /// What the walk leaves of the order: less than it did not trade, where its mode lowered it.
        package internal(set) var left: Lots
        /// It met an order of its own, which ends the walk.
        package internal(set) var endsBySelfTrade = false
        /// ``WorkLimits/visits`` orders were visited, and there are more.
        package internal(set) var isCutShort = false
        var visits = 0
        /// What buyers would have spent, as far as a minimum deposit may depend on it.
        var spent: [AccountID: NanoTON] = [:]
    }

    /// How to walk.
    struct WalkPlan {
        /// The taker's own least fill.
        var least = Lots.zero
        /// What happens at orders of its own; `nil` passes them by.
        var prevention: SelfTradePrevention?
        /// The first fill is enough to know.
        var isFirstEnough = false
    }

    /// Walks like an order that is in no queue, but changes nothing (``walk``, ``walkOnce``).
    mutating func dryRun(_ taker: Int32, _ plan: WalkPlan) -> DryRun {
        var state = DryRunState(book.orders[Int(taker)], shownOrdinal)
        while true {
            let before = state.run.left
            state.hasPassed = false
            dryRunOnce(taker, plan, &state)
            let run = state.run
            let isOver = run.isCutShort || run.endsBySelfTrade || plan.isFirstEnough && !run.fills.isEmpty
            guard !isOver, state.hasPassed else { return run }
            guard run.left < before, run.left < plan.least else { return run }
        }
    }

    private mutating func dryRunOnce(_ taker: Int32, _ plan: WalkPlan, _ state: inout DryRunState) {
        let order = book.orders[Int(taker)]
        // Only then can it matter.
        let countsMoney = !order.isOffer || book.capabilities[Int(order.group)].buyers != .anyone
        book.beginWalk(of: taker, credit: details[Int(taker)].seldomRules.qualityCredit)
        state.waiting = Heap()
        var next = book.nextRanked()
        while state.left.count > 0 {
            var candidate: DryRunState.Maker
            if let waiting = state.takeWaiting(before: next?.head) {
                candidate = waiting
            } else if let found = next {
                next = book.nextRanked()
                candidate = state.makers[found.slot] ?? DryRunState.Maker(found, book.orders[Int(found.slot)])
                if candidate.head != found.head {
                    // It has gone to the back of its price, where it will be met.
                    if candidate.remaining.count > 0 { state.waiting.insert(candidate) }
                    continue
                }
            } else {
                return
            }
            // What the walk has taken out is not there when it begins again.
            guard candidate.remaining.count > 0, candidate.free.count > 0 else { continue }
            guard state.run.visits < work.visits else { return state.run.isCutShort = true }
            state.run.visits += 1
            commandVisits += 1
            let maker = book.orders[Int(candidate.slot)]
            let buyer = order.isOffer ? maker.account : order.account
            let spent = state.run.spent[buyer] ?? .zero
            guard mayMeet(taker, candidate.slot, at: candidate.priority, spent: spent) else { continue }
            if isOwn(maker.account, order.account) {
                if let mode = plan.prevention, state.preventSelfTrade(&candidate, mode) { return }
                continue
            }
            let lots = min(state.left, candidate.remaining, candidate.free, candidate.shown)
            guard lots.count > 0, lots >= min(plan.least, state.run.left) else {
                state.hasPassed = state.hasPassed || lots.count > 0
                continue
            }
            let rules = details[Int(candidate.slot)].rules
            guard lots >= rules.leastFill(of: candidate.remaining) else { continue }
            state.fill(DryRun.Fill(order: maker.id, price: maker.price, lots: lots), &candidate)
            if countsMoney {
                state.run.spent[buyer] = (state.run.spent[buyer] ?? .zero) + cost(of: lots, taker, candidate.slot)
            }
            if plan.isFirstEnough { return }
            if candidate.shown.count == 0, candidate.remaining.count > 0 {
                state.ordinal += 1
                candidate.shown = min(rules.displayLots, candidate.remaining)
                candidate.priority = Priority(sequence, ordinal: state.ordinal)
                candidate.head = book.ranked(candidate.slot, at: candidate.priority)
                if candidate.free.count > 0 { state.waiting.insert(candidate) }
            }
            state.makers[candidate.slot] = candidate
        }
    }

    /// What a fill would move from the buyer's money into the lease.
    private func cost(of lots: Lots, _ taker: Int32, _ maker: Int32) -> NanoTON {
        let isOfferTaker = book.orders[Int(taker)].isOffer
        let rates = details[Int(isOfferTaker ? maker : taker)].rates
        let value = book.orders[Int(maker)].price.value(of: lots)
        return value + (isOfferTaker ? rates.maker : rates.taker).part(of: value)
    }

    // MARK: Whole orders

    /// How an order could be filled as a whole.
    enum WholeFill {
        /// By a walk with this least fill.
        case found(least: Lots)
        case none
        /// The visits were used up before it was known.
        case unknown
    }

    /// Looks for a walk that fills all of an order: over as many makers as it takes, or else with the first that fills
    /// it alone. Without the second, two orders could rest that would trade if one of them came now.
    mutating func wholeFill(of taker: Int32) -> WholeFill {
        let whole = book.orders[Int(taker)].remaining
        let run = dryRun(taker, WalkPlan())
        walkVisits = run.visits
        if run.lots == whole { return .found(least: .zero) }
        let single = dryRun(taker, WalkPlan(least: whole, isFirstEnough: true))
        walkVisits = run.visits + single.visits
        if single.lots == whole { return .found(least: whole) }
        return run.isCutShort || single.isCutShort ? .unknown : .none
    }
}

/// How far a dry run has come.
private struct DryRunState {
    /// A resting order as the walk would have left it. No two have the same place in the ranking.
    struct Maker: Comparable {
        let slot: Int32
        var head: HeadIndex.Head
        var priority: Priority
        var remaining: Lots
        var free: Lots
        var shown: Lots

        init(_ found: (slot: Int32, head: HeadIndex.Head), _ order: BookOrder) {
            slot = found.slot
            head = found.head
            priority = order.priority
            remaining = order.remaining
            free = order.free
            shown = order.displayed
        }

        static func < (left: Self, right: Self) -> Bool { left.head < right.head }
    }

    var run: Engine.DryRun
    /// What the taker may still trade: less than what is left when its own limit of open lots is near.
    var left: Lots
    var hasPassed = false
    var ordinal: Int64
    /// Makers that the walk has changed.
    var makers: [Int32: Maker] = [:]
    /// Icebergs that come again.
    var waiting = Heap<Maker>()

    init(_ taker: BookOrder, _ ordinal: Int64) {
        run = Engine.DryRun(left: taker.remaining)
        left = taker.takeable
        self.ordinal = ordinal
    }

    /// The best of those that come again, if it comes before `other`.
    mutating func takeWaiting(before other: HeadIndex.Head?) -> Maker? {
        guard let best = waiting.first else { return nil }
        if let other, other < best.head { return nil }
        waiting.removeFirst()
        return best
    }

    mutating func fill(_ fill: Engine.DryRun.Fill, _ maker: inout Maker) {
        run.fills.append(fill)
        run.lots = run.lots + fill.lots
        run.left = run.left - fill.lots
        left = left - fill.lots
        maker.remaining = maker.remaining - fill.lots
        if maker.free != BookOrder.unlimited { maker.free = maker.free - fill.lots }
        if maker.shown != BookOrder.unlimited { maker.shown = maker.shown - fill.lots }
    }

    /// True when the walk is over.
    mutating func preventSelfTrade(_ maker: inout Maker, _ mode: SelfTradePrevention) -> Bool {
        switch mode {
        case .cancelNewest, .cancelBoth:
            run.endsBySelfTrade = true
            return true
        case .cancelOldest: maker.remaining = .zero
        case .decrement:
            let lots = min(run.left, maker.remaining)
            run.left = run.left - lots
            left = min(left, run.left)
            maker.remaining = maker.remaining - lots
            run.endsBySelfTrade = run.left.count == 0
        }
        makers[maker.slot] = maker
        return run.endsBySelfTrade
    }
}
