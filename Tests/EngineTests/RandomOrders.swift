import Engine
import Exchange
import Units

@testable import EngineTesting

/// Orders, and what their owners do with them.
extension RandomMarket {
    // MARK: Orders

    /// Seldom one that does not exist.
    mutating func account() -> AccountID {
        AccountID(random.number(1...(random.chance(2) ? 99 : max(accounts, 1))))
    }

    mutating func bodyHash() -> UInt64 { UInt64(random.number(1...2)) }

    mutating func terms(_ side: Side) -> OrderTerms {
        var price = random.number(95...105)
        var lots = random.number(1...20)
        if kind == .wide {
            let sweeps = random.chance(3)
            if sweeps { lots = random.number(100...2_000) }
            price = side == .offer ? random.number(900...2_000) : random.number(1...1_000)
            if sweeps { price = side == .offer ? random.number(1...800) : random.number(1_200...2_500) }
        }
        if random.chance(1) {
            price = random.number(1...100_000_000_000)
            lots = random.number(1...Limits.orderLotsMax)
        }
        let names = Int64(kind == .wide ? 4_000 : 40)
        let clientOrderID = random.chance(25) ? ClientOrderID(Array("c-\(random.number(1...names))".utf8)) : nil
        var terms = OrderTerms(
            price: Price(nanoTONPerMTok: price * Price.step),
            lots: Lots(lots),
            timeInForce: .gtc,
            clientOrderID: clientOrderID,
            bodyHash: bodyHash()
        )
        if random.chance(kind == .wide ? 5 : 60) { terms = seldom(terms, side) }
        precondition(terms.isConsistent, "the random market gives only orders that the API lets through")
        return terms
    }

    /// The order with something that most orders do not have.
    private mutating func seldom(_ terms: OrderTerms, _ side: Side) -> OrderTerms {
        var terms = terms
        var rules = OrderRules.none
        terms.timeInForce = random.pick([.gtc, .gtc, .gtc, .gtd, .gtd, .ioc, .fok])
        if terms.timeInForce == .gtd {
            rules.expiresAt = LogicalTime(microseconds: time + random.number(-200_000...20_000_000))
        }
        if !terms.timeInForce.mayRest, random.chance(25) { terms.price = OrderTerms.market }
        rules.isPostOnly = terms.timeInForce.mayRest && random.chance(15)
        let some = Lots(random.number(1...terms.lots.count))
        switch random.number(1...8) {
        case 1, 2: if terms.timeInForce != .fok { rules.minLots = some }
        case 3, 4: rules.isAllOrNone = true
        case 5, 6: if terms.timeInForce.mayRest { rules.displayLots = some }
        default: break
        }
        if random.chance(50) { rules.selfTrade = random.pick(SelfTradePrevention.allCases) }
        if side == .bid, random.chance(25) { rules.qualityCredit = random.number(1...300) }
        terms.rules = rules
        return terms
    }

    /// Deposits about as large as the money that accounts have left.
    private mutating func buyers() -> BuyerRules {
        switch random.number(1...3) {
        case 1: BuyerRules(allowed: (0..<3).map { _ in account() })
        case 2: BuyerRules(denied: [account()])
        default: BuyerRules(minimumDeposit: NanoTON(random.number(1...10) * (kind == .wide ? 1 : 5_000)))
        }
    }

    mutating func features() -> Features {
        Features(rawValue: random.chance(50) ? 0 : UInt32(random.number(0...7)) << UInt32(random.number(0...13)))
    }

    mutating func region() -> Region {
        Region(name: Array(random.pick(["de", "fr", "us", "eu", "ch"]).utf8)) ?? .unknown
    }

    mutating func quantization() -> Quantization { random.pick([.unknown, .fp8, .bf16, .fp32]) }
    mutating func contextLength() -> Int64 {
        if kind == .wide && random.chance(50) { return random.number(0...40) * 4_096 }
        return random.pick([0, 1, 4_096, 8_191, 8_192, 8_193, 131_072])
    }
    mutating func model() -> ModelID {
        random.chance(2) ? ModelID(random.pick([0, 99])) : ModelID(random.number(1...max(Int64(models.count), 1)))
    }

    mutating func offer() -> OfferTerms {
        let maxOpenLots = random.chance(30) ? Lots(random.number(1...12)) : nil
        // Many offers can do the same, so that they queue behind each other.
        if random.chance(kind == .lively ? 50 : 5) {
            let tee: TEE = random.chance(50) ? .none : .tdx
            var offer = OfferTerms(order: terms(.offer), model: ModelID(1), claimedTEE: tee, maxOpenLots: maxOpenLots)
            if random.chance(15) { offer.buyers = buyers() }
            return offer
        }
        var offer = OfferTerms(
            order: terms(.offer),
            model: model(),
            contextLength: contextLength(),
            features: features(),
            quantization: quantization(),
            region: random.chance(50) ? .unknown : region(),
            claimedTEE: random.chance(50) ? .none : random.pick(TEE.allCases),
            maxOpenLots: maxOpenLots
        )
        if random.chance(40) { offer.traits = random.declaredTraits() }
        return offer
    }

    mutating func bid() -> BidTerms {
        // Many bids ask for the same.
        if kind == .lively, random.chance(40) {
            return BidTerms(order: terms(.bid), requirement: Requirement())
        }
        return BidTerms(
            order: terms(.bid),
            requirement: requirement(),
            namedWeightSet: random.chance(10) ? WeightSetID(UInt8(random.number(1...3))) : nil,
            namesUnknownModel: random.chance(1)
        )
    }

    private mutating func requirement() -> Requirement {
        var requirement = Requirement()
        if random.chance(60) {
            requirement.models = FixedList((0..<random.number(1...3)).map { _ in model() }) ?? FixedList()
        }
        if random.chance(30) { requirement.qualityAtLeast = random.number(0...60) }
        if random.chance(30) { requirement.contextLengthAtLeast = contextLength() }
        if random.chance(20) { requirement.features = features() }
        if random.chance(20) { requirement.quantizations = quantization().bit | quantization().bit }
        if random.chance(30) { requirement.tees = random.pick([TEE.tdx.bit, 0x3E, TEE.sgx.bit | TEE.sevSNP.bit]) }
        if random.chance(20) { requirement.regions = FixedList([region(), region()]) ?? FixedList() }
        if random.chance(35) { requirement.further = random.furtherDemands() }
        return requirement
    }

    /// Orders that are placed all, or none of them.
    mutating func batch() -> Command {
        let account = account()
        let hasKeys = random.chance(30)
        let number = UInt64(random.number(1...12))
        let orders = (0..<random.number(1...6)).map { index in
            var order = Command(account: account, action: random.chance(50) ? .placeOffer(offer()) : .placeBid(bid()))
            // Seldom two have the same.
            let low = random.chance(95) ? 100 + UInt64(index) : 100
            if hasKeys { order.idempotency = IdempotencyKey(high: number, low: low, body: 1) }
            return order
        }
        return Command(account: account, action: .openBatch(AtomicBatch(orders: orders)))
    }

    mutating func cancel() -> Command {
        guard !openOrders.isEmpty, random.chance(90) else {
            return Command(account: account(), action: .cancel(OrderID(random.number(1...500))))
        }
        let order = random.pick(openOrders)
        return Command(account: random.chance(95) ? order.account : account(), action: .cancel(order.id))
    }

    /// Seldom what is not the giver's own.
    mutating func amend() -> Command {
        guard !openOrders.isEmpty else { return cancel() }
        let order = random.pick(openOrders)
        var terms = AmendTerms(order: order.id)
        if random.chance(40) { terms.price = Price(nanoTONPerMTok: random.number(95...105) * Price.step) }
        if random.chance(70) {
            let more = random.chance(40) ? random.number(1...20) : 0
            terms.lots = Lots(min(random.number(1...order.lots.count) + more, Limits.orderLotsMax))
        }
        if random.chance(order.timeInForce == .gtd ? 40 : 5) {
            terms.expiresAt = LogicalTime(microseconds: time + random.number(-200_000...20_000_000))
        }
        return Command(account: random.chance(95) ? order.account : account(), action: .amend(terms))
    }

    /// What an owner says of all of its orders.
    mutating func ownerAction() -> Command.Action {
        switch random.number(1...6) {
        case 1, 2:
            var filter = OrderFilter()
            if random.chance(40) { filter.side = random.pick(Side.allCases) }
            if random.chance(30) { filter.model = model() }
            if random.chance(30) { filter.requirement = random.chance(30) ? requirement() : Requirement() }
            return .massCancel(filter)
        case 3, 4: return .cancelAfter(random.chance(20) ? 0 : random.number(1...8) * 1_000_000)
        default: return .setCancelOnDisconnect(random.chance(80))
        }
    }
}
