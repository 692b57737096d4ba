import Exchange
package import Units

/// What a walk would do, found out without doing it.
extension Engine {
    /// Fills of a walk that was not carried out.
    package struct DryRun: Sendable {
        package struct Fill: Hashable, Sendable {
            /// Of the resting order.
            package let order: OrderID
            package let price: Price
            package let lots: Lots
        }

        /// In the order of the walk.
        package internal(set) var fills: [Fill] = []
        /// Their sum.
        package internal(set) var lots = Lots.zero
        /// ``WorkLimits/visits`` orders were visited, and there are more.
        package internal(set) var isCutShort = false
        var visits = 0
        /// What buyers would have spent, as far as a minimum deposit may depend on it.
        var spent: [AccountID: NanoTON] = [:]
    }

    /// What is left of an order that the dry run has filled in part and would meet again: an iceberg's next part.
    private struct Again {
        let head: HeadIndex.Head
        let slot: Int32
        let remaining: Lots
        let free: Lots
    }

    /// Walks like an order that is in no queue, own orders left out, but changes nothing. `least` is the taker's own
    /// least fill; `isFirstEnough` ends the walk at the first fill.
    mutating func dryRun(_ taker: Int32, least: Lots = .zero, isFirstEnough: Bool = false) -> DryRun {
        var run = DryRun()
        let order = book.orders[Int(taker)]
        var left = order.takeable
        var hidden: [Again] = []
        var ordinal = shownOrdinal
        // Only then can it matter.
        let countsMoney = !order.isOffer || book.capabilities[Int(order.group)].buyers != .anyone
        book.beginWalk(of: taker)
        var next = book.nextRanked()
        while left.count > 0 {
            guard let candidate = Self.takeBest(&hidden, next?.head) ?? next.map({ seen(at: $0.slot, $0.head) }) else {
                break
            }
            if candidate.slot == next?.slot, candidate.head == next?.head { next = book.nextRanked() }
            guard run.visits < work.visits else {
                run.isCutShort = true
                break
            }
            run.visits += 1
            let maker = book.orders[Int(candidate.slot)]
            let buyer = order.isOffer ? maker.account : order.account
            guard mayMeet(taker, candidate.slot, spent: run.spent[buyer] ?? .zero), !isOwn(maker.account, order.account) else { continue }
            let isFresh = candidate.remaining == maker.remaining
            let rules = details[Int(candidate.slot)].rules
            let shown =
                maker.isIceberg ? (isFresh ? maker.displayed : rules.displayLots) : candidate.remaining
            let lots = min(left, candidate.remaining, candidate.free, shown)
            guard lots.count > 0, lots >= min(least, left), lots >= rules.leastFill(of: candidate.remaining) else {
                continue
            }
            run.fills.append(DryRun.Fill(order: maker.id, price: maker.price, lots: lots))
            run.lots = run.lots + lots
            if countsMoney { run.spent[buyer] = (run.spent[buyer] ?? .zero) + cost(of: lots, taker, candidate.slot) }
            left = left - lots
            if isFirstEnough { break }
            let rest = candidate.remaining - lots
            guard maker.isIceberg, rest.count > 0, lots == min(shown, candidate.remaining) else { continue }
            ordinal += 1
            let head = book.ranked(candidate.slot, at: Priority(sequence, ordinal: ordinal))
            let free = candidate.free == BookOrder.unlimited ? candidate.free : candidate.free - lots
            if free.count > 0 { hidden.append(Again(head: head, slot: candidate.slot, remaining: rest, free: free)) }
        }
        return run
    }

    /// What a fill would move from the buyer's money into the lease.
    private func cost(of lots: Lots, _ taker: Int32, _ maker: Int32) -> NanoTON {
        let isOfferTaker = book.orders[Int(taker)].isOffer
        let rates = details[Int(isOfferTaker ? maker : taker)].rates
        let value = book.orders[Int(maker)].price.value(of: lots)
        return value + (isOfferTaker ? rates.maker : rates.taker).part(of: value)
    }

    /// How an order could be filled as a whole.
    enum WholeFill {
        /// By a walk with this least fill.
        case found(least: Lots)
        case none
        /// The visits were used up before it was known.
        case unknown
    }

    /// Looks for a walk that fills all of an order: over as many makers as it takes, or else with the first that fills it
    /// alone. Without the second, two orders could rest that would trade if one of them came now.
    mutating func wholeFill(of taker: Int32) -> WholeFill {
        let whole = book.orders[Int(taker)].remaining
        let run = dryRun(taker)
        walkVisits = run.visits
        if run.lots == whole { return .found(least: .zero) }
        let single = dryRun(taker, least: whole, isFirstEnough: true)
        walkVisits = run.visits + single.visits
        if single.lots == whole { return .found(least: whole) }
        return run.isCutShort || single.isCutShort ? .unknown : .none
    }

    private func seen(at slot: Int32, _ head: HeadIndex.Head) -> Again {
        let order = book.orders[Int(slot)]
        return Again(head: head, slot: slot, remaining: order.remaining, free: order.free)
    }

    /// The best of those that come again, if it comes before `other`. There are few.
    private static func takeBest(_ hidden: inout [Again], _ other: HeadIndex.Head?) -> Again? {
        guard let best = hidden.indices.min(by: { hidden[$0].head < hidden[$1].head }) else { return nil }
        if let other, other < hidden[best].head { return nil }
        return hidden.remove(at: best)
    }
}
