import Engine
import Exchange
import Units

/// What came with the third rules: order types, amendments, mass operations and market control.
extension RandomMarket {
    /// Small enough that what concerns many orders takes several batches.
    static let smallSteps = WorkLimits(
        visits: Limits.visitsPerCommandMax,
        step: 3,
        parts: Limits.partsShownMax,
        operations: Limits.operationsMax
    )

    mutating func control() -> Command {
        let account = AccountID(Int64(draw(6) + 1))
        let action: Command.Action
        switch draw(100) {
        case 0..<55: return amendment()
        case 55..<60: action = .massCancel(filter())
        case 60..<63: action = .cancelAfter(chance(40) ? 0 : Int64(draw(4) + 1) * 1_000_000)
        case 63..<66: action = .setCancelOnDisconnect(chance(80))
        case 66..<69: return Command(account: .system, action: .disconnected(account))
        case 69..<83:
            let terms = HaltTerms(model: model(), isHalted: chance(15))
            return Command(account: .system, action: .setHalt(terms))
        case 83..<89: return Command(account: .system, action: .setPriceBand(band()))
        case 89..<95: return Command(account: .system, action: .setAccountLimits(limits(of: account)))
        default: return Command(account: .system, action: .announceFees(notice()))
        }
        return Command(account: account, action: action)
    }

    /// A combination that has a meaning.
    mutating func special(_ plain: OrderTerms) -> OrderTerms {
        while true {
            var terms = plain
            var rules = OrderRules()
            terms.timeInForce = TimeInForce.allCases[draw(TimeInForce.allCases.count)]
            if terms.timeInForce == .gtd { rules.expiresAt = soon(6_000_000) }
            if chance(20) { rules.minLots = Lots(Int64(draw(8) + 1)) }
            if chance(40) { rules.displayLots = Lots(Int64(draw(5) + 1)) }
            rules.isPostOnly = chance(10)
            rules.isAllOrNone = chance(15)
            rules.selfTrade = chance(50) ? .decrement : SelfTradePrevention.allCases[draw(4)]
            if chance(5) { terms.price = OrderTerms.market }
            terms.rules = rules
            if terms.isConsistent { return terms }
        }
    }

    mutating func buyers() -> BuyerRules {
        BuyerRules(
            allowed: chance(50) ? (1...3).map { _ in AccountID(Int64(draw(6) + 1)) } : [],
            denied: chance(50) ? [AccountID(Int64(draw(6) + 1))] : [],
            minimumDeposit: chance(30) ? NanoTON(Int64(draw(90_000_000))) : .zero
        )
    }

    private mutating func soon(_ most: Int) -> LogicalTime { LogicalTime(microseconds: time + Int64(draw(most)) + 1) }

    private mutating func model() -> ModelID { chance(25) ? .unknown : ModelID(Int64(draw(4) + 1)) }

    private mutating func amendment() -> Command {
        guard let order = engine.state().orders.randomElement(using: &generator) else {
            return Command(account: AccountID(1), action: .amend(AmendTerms(order: OrderID(1), lots: Lots(1))))
        }
        var terms = AmendTerms(order: order.id)
        if chance(70) { terms.lots = Lots(max(1, order.lots.count + Int64(draw(9)) - 5)) }
        if chance(30) {
            terms.price = Price(nanoTONPerMTok: order.price.nanoTONPerMTok + Int64(draw(7) - 3) * 1_000_000)
        }
        if order.timeInForce == .gtd, chance(50) { terms.expiresAt = soon(9_000_000) }
        return Command(account: order.account, action: .amend(terms))
    }

    private mutating func filter() -> OrderFilter {
        var filter = OrderFilter()
        if chance(40) { filter.side = chance(50) ? .offer : .bid }
        if chance(30) { filter.model = ModelID(Int64(draw(4) + 1)) }
        if chance(30) {
            var requirement = Requirement()
            requirement.weightSet = .standard
            if chance(50) { requirement.qualityAtLeast = 20 }
            filter.requirement = requirement
        }
        return filter
    }

    private mutating func band() -> PriceBandTerms {
        guard !chance(40) else { return PriceBandTerms(model: model(), band: nil) }
        let low = Int64(draw(15) + 10) * 1_000_000
        let high = low + Int64(draw(30) + 25) * 1_000_000
        return PriceBandTerms(
            model: model(),
            band: PriceBand(low: Price(nanoTONPerMTok: low), high: Price(nanoTONPerMTok: high))
        )
    }

    private mutating func limits(of account: AccountID) -> AccountLimitTerms {
        AccountLimitTerms(
            account: account,
            openOrdersMax: chance(10) ? 3 : 500,
            offerLotsMax: chance(40) ? Lots(Int64(draw(9) + 1)) : nil,
            selfTradeGroup: chance(75) ? 0 : Int64(draw(2) + 1),
            isClosed: chance(4)
        )
    }

    /// Cheaper ones soon, or others in an hour.
    private mutating func notice() -> FeeNoticeTerms {
        let rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(Int64(chance(70) ? 0 : draw(90))))
        let fees = FeeTerms(rates: rates, minimumNotional: .zero)
        return FeeNoticeTerms(
            fees: fees,
            effectiveAt: chance(70) ? soon(4_000_000) : LogicalTime(microseconds: time + Limits.feeNoticeMin)
        )
    }

    /// Few people log in, link their logins and unlink them.
    mutating func loginCommand() -> Command {
        let subject = "telegram:\(draw(6))"
        let account = AccountID(Int64(draw(9) + 1))
        let keys = engine.keys(of: account, limit: 20).map(\.record)
        guard let acting = keys.randomElement(using: &generator), chance(70) else {
            var terms = key()
            terms.owner = .system
            terms.scopes = .login
            return Command(account: .system, action: .login(LoginTerms(subject: subject, key: terms)))
        }
        let login = engine.logins(of: account).randomElement(using: &generator)
        let action: Command.Action =
            if let login, chance(40) { .unlinkLogin(login.sequence) } else { .linkLogin(subject: subject) }
        return Command(account: account, key: acting.id, action: action)
    }
}
