import Exchange
import Ledger
import Units

/// The walk of a taker through the other side, and what a trade does (ENGINE §4, §5).
extension Engine {
    /// How a taker came to be one.
    enum Arrival {
        /// It was just placed. Where it meets an order of its own account, its rest is cancelled.
        case arrival
        /// It rested, and something about it changed. It is not cancelled for an order of its own account, which it
        /// passes by instead: stopping there would leave it beside orders that it could trade with.
        case reentry
    }

    /// How a walk ended.
    enum WalkEnd {
        case filled
        /// Nobody is left to trade with, or the offer is at its limit of open lots.
        case exhausted
        case selfTrade
        /// ``Limits/visitsPerCommandMax`` orders were visited, and there are more.
        case workLimit
    }

    /// Trades an order that is in no queue with whatever the other side has for it.
    mutating func match(_ taker: Int32, as arrival: Arrival, _ events: inout [Event]) -> WalkEnd {
        book.beginWalk(of: taker)
        var visits = 0
        while true {
            let order = book.orders[Int(taker)]
            if order.remaining.count == 0 { return .filled }
            guard order.free.count > 0, let maker = book.nextCandidate() else { return .exhausted }
            visits += 1
            if visits > Limits.visitsPerCommandMax { return .workLimit }
            let other = book.orders[Int(maker)]
            if other.account == order.account {
                if arrival == .arrival { return .selfTrade }
                continue
            }
            trade(taker, maker, min(order.tradable, other.tradable), &events)
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
            classID: ClassID(rules >= 3 ? Int64(offer.group) + 1 : 0)
        )
        events.append(.traded(trade))
        add(LeaseRecord(trade))
        details[Int(offerSlot)].openLots = details[Int(offerSlot)].openLots + lots
        finish(maker, of: book.orders[Int(maker)], &events)
        touch(offer.account)
    }

    /// What a trade means for its maker.
    private mutating func finish(_ maker: Int32, of order: BookOrder, _ events: inout [Event]) {
        details[Int(maker)].lastSequence = sequence
        if order.remaining.count == 0 { close(maker, .filled, &events) } else { updateDigest(of: maker) }
        touch(order.account)
    }

    /// Takes a resting offer out and lets it arrive again, with the sequence number that it has, in the class that it
    /// belongs to now. What it trades at once, it trades as the taker.
    ///
    /// Each such walk is bounded, and a command starts at most one for each resting offer of an account or model.
    mutating func reenter(_ slot: Int32, _ events: inout [Event]) {
        let before = book.orders[Int(slot)]
        let capability = currentCapability(of: slot)
        book.leave(slot)
        if capability != book.capabilities[Int(before.group)] {
            let group = book.findClass(capability) ?? intern(capability, &events)
            reclassify(slot, to: group)
            events.append(.reclassified(before.id, ClassID(Int64(group) + 1)))
            details[Int(slot)].lastSequence = sequence
        }
        switch match(slot, as: .reentry, &events) {
        case .filled: return close(slot, .filled, &events)
        case .workLimit: return close(slot, .workLimit, &events)
        case .exhausted, .selfTrade: break
        }
        let remaining = book.orders[Int(slot)].remaining
        if remaining != before.remaining {
            events.append(.rested(before.id, remaining))
            details[Int(slot)].lastSequence = sequence
        }
        book.enter(slot)
        updateDigest(of: slot)
    }

    /// What a resting offer can do now, by the registry and the attestation of its account.
    func currentCapability(of slot: Int32) -> Capability {
        let order = book.orders[Int(slot)]
        var capability = book.capabilities[Int(order.group)]
        capability.quality = registry.model(capability.model)?.quality
        let account = Int(order.account.rawValue) - 1
        capability.tee = registry.effectiveTEE(details[Int(slot)].claimedTEE, account: account, at: time)
        return capability
    }
}

extension LeaseRecord {
    /// What a trade opens.
    init(_ trade: Trade) {
        self.init(
            id: LeaseID(trade.id.rawValue),
            offer: trade.offer,
            buyer: trade.buyer,
            worker: trade.seller,
            price: trade.price,
            lots: trade.lots,
            locked: trade.locked,
            buyerRate: trade.buyerRate,
            sellerRate: trade.sellerRate,
            used: .zero
        )
    }
}
