import Engine
import Exchange
import Testing
import Units

/// Classes and profiles by which traders want to make the search for a counterparty long: it is counted in the nodes of
/// the index that it visits, each of which has up to 32 entries.
@Suite struct SearchAbuseTests {
    /// Why nobody trades with what was spammed.
    enum Spam: CaseIterable, Sendable {
        /// It would be the best, but the context is too short, or too much is demanded.
        case unfit
        /// It would do, at prices that nobody accepts.
        case dear
        /// It would be the best, and lacks, or demands, one thing more: each another one.
        case nearMiss
    }

    private static let asked: Int64 = 100_000

    /// A market in which so many accounts have as many classes, or profiles, as they may; then what the search for the
    /// one honest order costs that stands against `side`.
    private func steps(_ side: Side, _ spam: Spam, accounts: Int) throws -> (one: Int, many: Int) {
        var market = AbusedMarket(.standard)
        let spammers = market.openAccounts(accounts)
        var number: Int64 = 0
        for account in spammers {
            for _ in 0..<Limits.classesPerAccountMax {
                number += 1
                let events = market.spam(side.against, account, spam, number, asked: Self.asked)
                try #require(events.contains { $0.isAcceptance }, "\(events)")
            }
        }
        // Beyond its limit an account adds nothing to what others search.
        let refused = market.spam(side.against, try #require(spammers.first), spam, number + 1, asked: Self.asked)
        #expect(refused.contains(.rejected(side == .bid ? .classLimit : .profileLimit)), "\(refused)")
        market.placeHonest(side.against, price: 20, asked: Self.asked)
        let before = market.engine.searchSteps
        let events = market.takeHonest(side, price: 20, asked: Self.asked)
        #expect(events.contains { if case .traded = $0 { true } else { false } }, "\(events)")
        let between = market.engine.searchSteps
        // One that wants more than there is looks for the next ones, too.
        market.placeHonest(side.against, price: 20, asked: Self.asked)
        market.takeHonest(side, price: 20, lots: 5, asked: Self.asked)
        try market.engine.checkInvariants()
        return (between - before, market.engine.searchSteps - between)
    }

    @Test(arguments: Side.allCases, [Spam.unfit, .dear])
    func `Classes and profiles that do not fit cost a search no more than the depth of the tree`(side: Side, spam: Spam)
        throws
    {
        let few = try steps(side, spam, accounts: 2)
        let many = try steps(side, spam, accounts: 16)
        // 512 and 4,096 of them: a node has at least 16 entries where nothing was taken out.
        #expect(few.one <= 6 && many.one <= 8, "\(few), \(many)")
        #expect(many.many <= 2 * 8, "\(few), \(many)")
    }

    @Test(arguments: Side.allCases)
    func `Near misses cost a search each node at most once, and nothing else does`(side: Side) throws {
        let few = try steps(side, .nearMiss, accounts: 2)
        let many = try steps(side, .nearMiss, accounts: 16)
        func nodes(_ classes: Int) -> Int { classes / 15 + 4 }
        #expect(few.one <= nodes(512) && many.one <= nodes(4_096), "\(few), \(many)")
        #expect(many.many <= 2 * nodes(4_096), "\(few), \(many)")
    }
}

extension AbusedMarket {
    fileprivate mutating func openAccounts(_ count: Int) -> [AccountID] {
        (0..<count).compactMap { _ in
            let terms = AccountTerms(label: "", openOrdersMax: Limits.openOrdersPerAccountMax)
            let events = give(.system, .createAccount(terms))
            guard case .accountCreated(let record) = events.first else { return nil }
            give(.system, .deposit(to: record.id, amount: NanoTON(1_000_000_000)))
            return record.id
        }
    }

    /// An order of a class or profile of its own.
    fileprivate mutating func spam(
        _ side: Side,
        _ account: AccountID,
        _ spam: SearchAbuseTests.Spam,
        _ number: Int64,
        asked: Int64
    ) -> [Event] {
        let isOffer = side == .offer
        let price: Int64 = (spam == .dear) == isOffer ? 50 : 5
        // An offer is too short by its context, a bid demands too long a one.
        let short = isOffer ? asked - number : asked + number
        let fits = isOffer ? asked + number : asked - number
        var features = isOffer ? Features(rawValue: .max) : Features()
        if spam == .nearMiss {
            features.formSymmetricDifference(Features(rawValue: 1 << UInt32(number % Int64(Features.names.count))))
        }
        return placeOrder(side, account, price: price, contextLength: spam == .unfit ? short : fits, features)
    }

    /// What the other side looks for: all features offered, or none demanded.
    fileprivate mutating func placeHonest(_ side: Side, price: Int64, asked: Int64) {
        let features = side == .offer ? Features(rawValue: .max) : Features()
        placeOrder(side, AbusedMarket.honest, price: price, contextLength: asked, features)
    }

    @discardableResult
    fileprivate mutating func takeHonest(_ side: Side, price: Int64, lots: Int64 = 1, asked: Int64) -> [Event] {
        // A bid that demands all features, or an offer that has none.
        let features = side == .bid ? Features(rawValue: .max) : Features()
        return placeOrder(side, AbusedMarket.victim, price: price, lots: lots, contextLength: asked, features)
    }

    @discardableResult
    private mutating func placeOrder(
        _ side: Side,
        _ account: AccountID,
        price: Int64,
        lots: Int64 = 1,
        contextLength: Int64,
        _ features: Features
    ) -> [Event] {
        let order = OrderTerms(price: Price(nanoTONPerMTok: price * Price.step), lots: Lots(lots), timeInForce: .gtc)
        if side == .bid {
            var requirement = Requirement()
            requirement.contextLengthAtLeast = contextLength
            requirement.features = features
            return give(account, .placeBid(BidTerms(order: order, requirement: requirement)))
        }
        var terms = OfferTerms(order: order, model: ModelID(1))
        terms.contextLength = contextLength
        terms.features = features
        return give(account, .placeOffer(terms))
    }
}

extension Event {
    fileprivate var isAcceptance: Bool { if case .accepted = self { true } else { false } }
}

extension Side {
    fileprivate var against: Side { self == .offer ? .bid : .offer }
}
