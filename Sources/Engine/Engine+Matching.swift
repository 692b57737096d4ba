import Exchange
import Ledger
import Units

/// The walk of a taker through the other side, and what a trade does (ENGINE §4, §5).
extension Engine {
    /// How a taker came to be one.
    enum Arrival {
        /// It was just placed, or has lost its place. Its mode says what happens where it meets an order of its own.
        case arrival
        /// It rested, and something about it or about the market changed. It passes by orders of its own account:
        /// stopping there would leave it beside orders that it could trade with.
        case reentry
    }

    /// How a walk ended.
    enum WalkEnd {
        case filled
        /// Nobody is left to trade with, or the offer is at its limit of open lots.
        case exhausted
        case selfTrade
        /// ``WorkLimits/visits`` orders were visited, and there are more.
        case workLimit
    }

    /// Trades an order that is in no queue with whatever the other side has for it.
    mutating func match(_ taker: Int32, as arrival: Arrival, _ events: inout [Event]) -> WalkEnd {
        walkVisits = 0
        if arrival == .reentry, mayBeDue, isDue(taker) { return .exhausted }
        let rules = details[Int(taker)].seldomRules
        guard rules.isAllOrNone || details[Int(taker)].timeInForce == .fok else {
            let prevention = arrival == .arrival ? rules.selfTrade : nil
            return walk(taker, least: rules.minLots, prevention, &events)
        }
        // All or nothing: what fills it is known before anything changes.
        switch wholeFill(of: taker) {
        case .found(let least):
            let looked = walkVisits
            let end = walk(taker, least: least, nil, &events)
            walkVisits = looked
            return end
        case .none: return .exhausted
        case .unknown: return .workLimit
        }
    }

    /// Walks, and again from the best when the taker has fallen below its own least fill after it had passed somebody
    /// by for that: no two resting orders may be left that could trade.
    private mutating func walk(
        _ taker: Int32,
        least: Lots,
        _ prevention: SelfTradePrevention?,
        _ events: inout [Event]
    ) -> WalkEnd {
        var visits = 0
        while true {
            let before = book.orders[Int(taker)].remaining
            var hasPassed = false
            let end = walkOnce(taker, least: least, prevention, &visits, &hasPassed, &events)
            walkVisits = visits
            guard end == .exhausted, hasPassed else { return end }
            let left = book.orders[Int(taker)].remaining
            guard left < before, left < least else { return end }
        }
    }

    private mutating func walkOnce(
        _ taker: Int32,
        least: Lots,
        _ prevention: SelfTradePrevention?,
        _ visits: inout Int,
        _ hasPassed: inout Bool,
        _ events: inout [Event]
    ) -> WalkEnd {
        book.beginWalk(of: taker, credit: details[Int(taker)].seldomRules.qualityCredit)
        while true {
            let order = book.orders[Int(taker)]
            if order.remaining.count == 0 { return .filled }
            guard order.free.count > 0, let maker = book.nextCandidate() else { return .exhausted }
            guard visits < work.visits else { return .workLimit }
            visits += 1
            commandVisits += 1
            let other = book.orders[Int(maker)]
            guard mayMeet(taker, maker) else { continue }
            if isOwn(other.account, order.account) {
                guard let prevention else { continue }
                if preventSelfTrade(taker, maker, prevention, &events) { return .selfTrade }
                continue
            }
            let lots = min(order.takeable, other.tradable)
            if lots < min(least, order.remaining) {
                hasPassed = true
                continue
            }
            guard lots >= details[Int(maker)].leastFill(of: other.remaining) else { continue }
            trade(taker, maker, lots, &events)
        }
    }

    /// Accounts that do not trade with each other.
    func isOwn(_ account: AccountID, _ other: AccountID) -> Bool {
        if account == other { return true }
        let group = registry.accounts[Int(account.rawValue) - 1].record.selfTradeGroup
        return group != 0 && group == registry.accounts[Int(other.rawValue) - 1].record.selfTradeGroup
    }

    /// Carries out the taker's mode; true when the taker's walk is over.
    private mutating func preventSelfTrade(
        _ taker: Int32,
        _ maker: Int32,
        _ mode: SelfTradePrevention,
        _ events: inout [Event]
    ) -> Bool {
        switch mode {
        case .cancelNewest: return true
        case .cancelOldest:
            close(maker, .selfTrade, &events)
            return false
        case .cancelBoth:
            close(maker, .selfTrade, &events)
            return true
        case .decrement:
            let lots = min(book.orders[Int(taker)].remaining, book.orders[Int(maker)].remaining)
            let isTakerDone = book.orders[Int(taker)].remaining == lots
            if book.orders[Int(maker)].remaining == lots {
                close(maker, .selfTrade, &events)
            } else {
                reduce(maker, by: lots, &events)
            }
            if !isTakerDone { reduce(taker, by: lots, isTaker: true, &events) }
            return isTakerDone
        }
    }

    private mutating func trade(_ taker: Int32, _ maker: Int32, _ lots: Lots, _ events: inout [Event]) {
        let isOfferTaker = book.orders[Int(taker)].isOffer
        let bidSlot = isOfferTaker ? maker : taker
        let offerSlot = isOfferTaker ? taker : maker
        let bid = book.orders[Int(bidSlot)]
        let offer = book.orders[Int(offerSlot)]
        let price = isOfferTaker ? bid.price : offer.price
        let bidRates = details[Int(bidSlot)].rates
        let offerRates = details[Int(offerSlot)].rates
        let buyerRate = isOfferTaker ? bidRates.maker : bidRates.taker
        let sellerRate = isOfferTaker ? offerRates.taker : offerRates.maker

        lastTrade = TradeID(lastTrade.rawValue + 1)
        let value = price.value(of: lots)
        let locked = value + buyerRate.part(of: value)
        let before = bidRates.hold(for: bid.remaining, at: bid.price)
        let after = bidRates.hold(for: bid.remaining - lots, at: bid.price)
        let buyer = bid.account
        post(buyer, .held, buyer, .leased, locked, .trade, order: bid.id, trade: lastTrade, &events)
        post(
            buyer,
            .held,
            buyer,
            .available,
            before - locked - after,
            .release,
            order: bid.id,
            trade: lastTrade,
            &events
        )

        book.fill(taker, lots)
        book.fill(maker, lots)
        let capability = book.capabilities[Int(offer.group)]
        let trade = Trade(
            id: lastTrade,
            bid: bid.id,
            offer: offer.id,
            buyer: buyer,
            seller: offer.account,
            lots: lots,
            price: price,
            takerSide: isOfferTaker ? .offer : .bid,
            bidRemaining: bid.remaining - lots,
            offerRemaining: offer.remaining - lots,
            locked: locked,
            buyerRate: buyerRate,
            sellerRate: sellerRate,
            model: capability.model,
            modelVersion: capability.modelVersion,
            weightSet: capability.weightSet,
            classID: ClassID(rules >= 3 ? Int64(offer.group) + 1 : 0),
            delivery: deliveryTerms(bid: bidSlot, offer: offerSlot)
        )
        events.append(.traded(trade))
        add(LeaseRecord(of: trade))
        details[Int(offerSlot)].openLots = details[Int(offerSlot)].openLots + lots
        finish(maker, of: book.orders[Int(maker)], &events)
        touch(offer.account)
    }

    /// What a trade means for its maker.
    private mutating func finish(_ maker: Int32, of order: BookOrder, _ events: inout [Event]) {
        details[Int(maker)].lastSequence = sequence
        if order.remaining.count == 0 {
            close(maker, .filled, &events)
        } else {
            if order.isIceberg { showMore(of: maker, &events) }
            if order.remaining < details[Int(maker)].seldomRules.minLots { lookAgain(at: order.id) }
            updateDigest(of: maker)
        }
        touch(order.account)
    }

    /// Takes a resting offer out and lets it arrive again, at the place that it has, in the class that it belongs to
    /// now. What it trades at once, it trades as the taker. A bid is let arrive again in the same way.
    ///
    /// Each such walk is bounded, and a command starts at most one for each resting offer of an account or model.
    mutating func reenter(_ slot: Int32, _ events: inout [Event]) {
        let before = book.orders[Int(slot)]
        book.leave(slot)
        if before.isOffer {
            let capability = currentCapability(of: slot)
            if capability != book.capabilities[Int(before.group)] {
                let group = book.findClass(capability) ?? intern(capability, &events)
                reclassify(slot, to: group)
                events.append(.reclassified(before.id, ClassID(Int64(group) + 1)))
                details[Int(slot)].lastSequence = sequence
            }
        }
        switch end(ofReentering: slot, &events) {
        case .filled: return close(slot, .filled, &events)
        case .workLimit: return close(slot, .workLimit, &events)
        case .exhausted, .selfTrade: break
        }
        let remaining = book.orders[Int(slot)].remaining
        if remaining != before.remaining {
            events.append(.rested(before.id, remaining))
            details[Int(slot)].lastSequence = sequence
            show(before.displayed, of: slot, &events)
        }
        book.enter(slot)
        updateDigest(of: slot)
    }

    /// A command that has shown too many parts of icebergs lets nobody walk any more: priorities have room for so many.
    private mutating func end(ofReentering slot: Int32, _ events: inout [Event]) -> WalkEnd {
        walkVisits = 0
        if hasShownEnough { return .workLimit }
        return isFrozen(slot) ? .exhausted : match(slot, as: .reentry, &events)
    }

    var hasShownEnough: Bool { shownOrdinal >= work.parts }

    /// What a resting offer can do now, by the registry and what is known of its account.
    func currentCapability(of slot: Int32) -> Capability {
        let order = book.orders[Int(slot)]
        var capability = book.capabilities[Int(order.group)]
        capability.quality = registry.model(capability.model)?.quality
        let account = Int(order.account.rawValue) - 1
        capability.tee = registry.effectiveTEE(details[Int(slot)].claimedTEE, account: account, at: time)
        capability.traits = registry.effectiveTraits(
            capability.traits,
            model: capability.model,
            tee: capability.tee,
            account: account,
            at: time
        )
        return capability
    }
}

// MARK: - Orders that others make tradable

extension Engine {
    /// An order's remainder, or what it shows, has changed so that it may now trade with one that rests; it is looked
    /// at when the command has done everything else.
    mutating func lookAgain(at order: OrderID) {
        guard rules < RulesVersion.countedLooks || waitingAgain.insert(order).inserted else { return }
        again.append(order)
    }

    /// Lets those arrive again at which the command said to look again, until they have visited so many orders
    /// together that the others are closed: what one taker can be made to cost stays bounded, however many parts of
    /// icebergs it has traded and however many orders each of them meets in vain.
    mutating func lookAgain(_ events: inout [Event]) {
        var index = 0
        var visits = 0
        while index < again.count {
            waitingAgain.remove(again[index])
            if let slot = find(again[index]) {
                touch(book.orders[Int(slot)].account)
                if (rules < RulesVersion.countedLooks ? index : visits) < work.visits {
                    reenter(slot, &events)
                    visits += max(1, walkVisits)
                } else {
                    close(slot, .workLimit, &events)
                }
            }
            index += 1
        }
        again.removeAll(keepingCapacity: true)
    }

    // MARK: Icebergs

    /// Shows the next part of an iceberg when all of the last one has traded: at the back of its price.
    private mutating func showMore(of maker: Int32, _ events: inout [Event]) {
        let order = book.orders[Int(maker)]
        guard order.displayed.count == 0 else {
            return events.append(.shown(order.id, order.displayed, order.priority))
        }
        shownOrdinal += 1
        let lots = min(details[Int(maker)].seldomRules.displayLots, order.remaining)
        let priority = Priority(sequence, ordinal: shownOrdinal)
        book.show(maker, lots, priority)
        book.enter(maker)
        book.candidateWentBack(maker)
        events.append(.shown(order.id, lots, priority))
        if ordersWithLeast > 0 { lookAgain(at: order.id) }
    }

    /// Lets an iceberg that comes to rest show so much, but no more than it has.
    mutating func show(_ wanted: Lots, of slot: Int32, _ events: inout [Event]) {
        let order = book.orders[Int(slot)]
        guard order.isIceberg else { return }
        book.show(slot, min(wanted, order.remaining), order.priority)
        events.append(.shown(order.id, min(wanted, order.remaining), order.priority))
    }

    /// Lowers an order without a trade; what its hold no longer needs is released. A taker shows nothing, and looks
    /// around anyway.
    mutating func reduce(_ slot: Int32, by lots: Lots, isTaker: Bool = false, _ events: inout [Event]) {
        let order = book.orders[Int(slot)]
        let left = order.remaining - lots
        if !order.isOffer {
            let rates = details[Int(slot)].rates
            let amount = rates.hold(for: order.remaining, at: order.price) - rates.hold(for: left, at: order.price)
            post(order.account, .held, order.account, .available, amount, .release, order: order.id, &events)
        }
        book.reduce(slot, by: lots)
        if rules >= 4 { details[Int(slot)].loweredLots = details[Int(slot)].loweredLots + lots }
        events.append(.reduced(order.id, left, lowered: details[Int(slot)].loweredLots))
        details[Int(slot)].lastSequence = sequence
        touch(order.account)
        guard !isTaker else { return }
        if order.isIceberg {
            let shown = book.orders[Int(slot)]
            events.append(.shown(shown.id, shown.displayed, shown.priority))
        }
        let rules = details[Int(slot)].seldomRules
        if rules.isAllOrNone || left < rules.minLots { lookAgain(at: order.id) }
        updateDigest(of: slot)
    }
}
