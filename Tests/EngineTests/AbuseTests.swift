import Engine
import Exchange
import Testing
import Units

extension WorkLimits {
    /// Orders that a command can be made to visit in all its walks. An order that takes all or nothing walks three
    /// times: twice to try, once to trade. So do one that is placed, the last one of a step of a mass operation, and
    /// the last one that looks again; what was tried and is traded then counts twice.
    var visitsOfCommandMax: Int { 16 * visits + 2 * step }
}

/// A market whose traders want to make commands expensive. The work of each command is counted, not timed.
struct AbusedMarket {
    static let attacker = AccountID(1)
    static let victim = AccountID(2)
    static let honest = AccountID(3)

    private(set) var engine: Engine
    let work: WorkLimits
    let rules: Int32
    /// The most that one command has done.
    private(set) var visits = 0
    private(set) var closed = 0
    private var time: Int64 = 1_000_000

    /// Small limits, so that what would be seconds of work in a real market is little here.
    static let small = WorkLimits(visits: 100, step: 100, parts: 2_000, operations: 4)

    init(_ work: WorkLimits = Self.small, rules: Int32 = RulesVersion.current, accounts: Int64 = 3) {
        self.work = work
        self.rules = rules
        engine = Engine(work: work)
        pass(0)
        let rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        give(.system, .setFees(FeeTerms(rates: rates, minimumNotional: .zero)))
        let terms = AccountTerms(label: "", openOrdersMax: Limits.openOrdersPerAccountMax)
        for number in 1...accounts {
            give(.system, .createAccount(terms))
            give(.system, .deposit(to: AccountID(number), amount: NanoTON(1_000_000_000_000)))
        }
        give(.system, .setModel(ModelTerms(name: "m")))
    }

    mutating func pass(_ microseconds: Int64) {
        time += microseconds
        while engine.beginBatch(at: LogicalTime(microseconds: time), gap: 0, rules: rules) {
            give(.system, .tick)
            if engine.nextDeadline.map({ $0.microseconds > time }) ?? true { break }
        }
    }

    @discardableResult
    mutating func give(_ account: AccountID, _ action: Command.Action) -> [Event] {
        var events: [Event] = []
        engine.apply(Command(account: account, action: action), into: &events)
        visits = max(visits, engine.commandVisits)
        closed = max(closed, events.count { if case .closed = $0 { true } else { false } })
        return events
    }

    @discardableResult
    mutating func place(
        _ side: Side,
        _ account: AccountID,
        price: Int64,
        lots: Int64,
        in timeInForce: TimeInForce = .gtc,
        denies: AccountID? = nil,
        contextLength: Int64 = 0,
        _ change: (inout OrderRules) -> Void = { _ in }
    ) -> [Event] {
        var rules = OrderRules.none
        change(&rules)
        // A bid has its list of sellers among its own rules, an offer its list of buyers in its class.
        if let denies, side == .bid { rules.lease.avoided = [denies] }
        let price = Price(nanoTONPerMTok: price * Price.step)
        let order = OrderTerms(price: price, lots: Lots(lots), timeInForce: timeInForce, rules: rules)
        if side == .bid {
            var requirement = Requirement()
            if contextLength > 0 { requirement.contextLengthAtLeast = contextLength }
            return give(account, .placeBid(BidTerms(order: order, requirement: requirement)))
        }
        var terms = OfferTerms(order: order, model: ModelID(1))
        if contextLength > 0 { terms.contextLength = contextLength }
        if let denies { terms.buyers = BuyerRules(denied: [denies]) }
        return give(account, .placeOffer(terms))
    }
}

/// Traders that game the limits.
@Suite struct AbuseTests {
    /// An iceberg that shows one lot and looks again at each part, and orders that cross it and want more than it
    /// shows: it meets all of them in vain, each time.
    private func attackByIceberg(_ side: Side, rules: Int32) throws -> (visits: Int, most: Int) {
        var market = AbusedMarket(rules: rules)
        for _ in 0..<80 {
            market.place(side.against, AbusedMarket.attacker, price: 20, lots: 1_000) { $0.minLots = Lots(500) }
        }
        market.place(side, AbusedMarket.honest, price: 20, lots: 90) { $0.displayLots = Lots(1) }
        market.place(side.against, AbusedMarket.victim, price: 20, lots: 80)
        try market.engine.checkInvariants()
        return (market.visits, market.work.visitsOfCommandMax)
    }

    @Test(arguments: Side.allCases)
    func `An iceberg of one lot makes a taker no more expensive than others`(side: Side) throws {
        let (visits, most) = try attackByIceberg(side, rules: RulesVersion.current)
        #expect(visits <= 400, "\(visits)")
        // The scene is one in which it was otherwise.
        let before = try attackByIceberg(side, rules: 5)
        #expect(before.visits > most, "\(before.visits)")
    }

    /// Many icebergs, each of which meets many orders in vain: the rest is closed when they have visited enough.
    @Test(arguments: Side.allCases)
    func `However many icebergs look again, they visit so many orders together`(side: Side) throws {
        for rules in [5, RulesVersion.current] {
            var market = AbusedMarket(rules: rules)
            for _ in 0..<80 {
                market.place(side.against, AbusedMarket.attacker, price: 20, lots: 1_000) { $0.minLots = Lots(500) }
            }
            for _ in 0..<90 {
                market.place(side, AbusedMarket.honest, price: 20, lots: 5) { $0.displayLots = Lots(1) }
            }
            market.place(side.against, AbusedMarket.victim, price: 20, lots: 90)
            try market.engine.checkInvariants()
            let isBounded = market.visits <= market.work.visitsOfCommandMax
            #expect(isBounded == (rules == RulesVersion.current), "\(market.visits) under rules \(rules)")
        }
    }

    @Test func `Floods of one lot stop a taker at its limit, and cost nothing before`() throws {
        var market = AbusedMarket(.standard)
        for number in 0..<12_000 { market.place(.offer, AbusedMarket.attacker, price: 20 + Int64(number % 7), lots: 1) }
        #expect(market.visits == 0)
        let events = market.place(.bid, AbusedMarket.victim, price: 30, lots: 20_000)
        #expect(market.visits == Limits.visitsPerCommandMax)
        guard case .closed(_, .workLimit, Lots(10_000)) = events.last(where: \.endsOrder) else {
            Issue.record("\(String(describing: events.last))")
            return
        }
        // One that wants all or nothing does not walk for ever either.
        market.place(.bid, AbusedMarket.victim, price: 30, lots: 20_000, in: .fok)
        #expect(market.visits <= 2 * Limits.visitsPerCommandMax)
        try market.engine.checkInvariants()
    }

    @Test func `Storms of cancels and amendments go on in steps`() throws {
        var market = AbusedMarket()
        for number in 0..<600 {
            market.place(number % 2 == 0 ? .offer : .bid, AbusedMarket.attacker, price: 20, lots: 1)
        }
        for _ in 0..<20 { market.give(AbusedMarket.attacker, .massCancel(OrderFilter())) }
        #expect(market.closed > 0 && market.closed <= market.work.step, "\(market.closed)")
        for _ in 0..<40 { market.pass(1) }
        #expect(market.engine.openOrderCount == 0)
        #expect(market.closed <= market.work.step, "\(market.closed)")

        for _ in 0..<150 {
            market.place(.offer, AbusedMarket.attacker, price: 20, lots: 1, denies: AbusedMarket.victim)
        }
        let placed = market.place(.bid, AbusedMarket.victim, price: 10, lots: 5)
        guard let order = placed.compactMap(\.accepted).first else {
            Issue.record("\(placed)")
            return
        }
        // Each amendment walks through orders that do not want the one who amends.
        for step in 0..<60 {
            let price = Price(nanoTONPerMTok: (step % 2 == 0 ? 25 : 10) * Price.step)
            market.give(AbusedMarket.victim, .amend(AmendTerms(order: order, price: price)))
        }
        #expect(market.visits > 0 && market.visits <= market.work.visits, "\(market.visits)")
        try market.engine.checkInvariants()
    }

    @Test(arguments: Side.allCases)
    func `A cancel costs the same whatever the number of open orders`(side: Side) throws {
        var costs: [[Int]] = []
        for open in [10, 200, 4_000] {
            var market = AbusedMarket(.standard)
            var orders: [OrderID] = []
            for number in 0..<open {
                let price = 100 + Int64(number % 40)
                orders += market.place(side, AbusedMarket.attacker, price: price, lots: 1).compactMap(\.accepted)
            }
            // Some would trade with all of them, but for the list that denies their owner.
            for _ in 0..<10 {
                let price: Int64 = side == .offer ? 200 : 50
                market.place(side.against, AbusedMarket.honest, price: price, lots: 1, denies: AbusedMarket.attacker)
            }
            try #require(orders.count == open && market.engine.openOrderCount == open + 10)
            // The oldest, the newest and one between them: heads of prices, and orders inside of queues.
            for order in [orders[0], orders[open - 1], orders[open / 2]] {
                let before = market.engine.searchSteps
                let events = market.give(AbusedMarket.attacker, .cancel(order))
                costs.append([events.count, market.engine.commandVisits, market.engine.searchSteps - before])
            }
            try market.engine.checkInvariants()
        }
        #expect(costs.allSatisfy { $0 == [costs[0][0], 0, 0] }, "events, visits and steps: \(costs)")
        #expect(costs[0][0] > 0)
    }

    /// A thousand ladders of four accounts, each with so many orders, all of which deny the victim; then what the
    /// victim's own order comes to, that would trade with an honest one behind them.
    private func meetLadders(of side: Side, orders: Int) throws -> (market: AbusedMarket, events: [Event]) {
        var market = AbusedMarket(.standard, accounts: 7)
        let better: Int64 = side == .offer ? -1 : 1
        for number in 0..<(1_000 * orders) {
            let ladder = Int64(number % 1_000)
            let events = market.place(
                side,
                AccountID(4 + ladder / 250),
                price: 20 + better * (1 + Int64(number % 9)),
                lots: 3,
                denies: AbusedMarket.victim,
                contextLength: 1_000 + ladder
            )
            try #require(events.contains { $0.accepted != nil }, "\(events)")
        }
        let groups = side == .offer ? market.engine.classCount : market.engine.profileCount
        try #require(groups == 1_000, "each ladder is one of its own")
        market.place(side, AbusedMarket.honest, price: 20, lots: 1)
        // The victim's offer can do what any of the bids demands, and its bid demands nothing.
        let length: Int64 = side == .offer ? 0 : 1_000_000
        let events = market.place(side.against, AbusedMarket.victim, price: 20, lots: 2, contextLength: length)
        return (market, events)
    }

    @Test(arguments: Side.allCases)
    func `A thousand ladders with one deny list stop whom they deny at the limit of a command, and not before`(
        side: Side
    ) throws {
        // Fewer than a command may visit: each of them is visited once, and then comes the honest one.
        let few = try meetLadders(of: side, orders: 9)
        #expect(few.events.compactMap { $0.maker(of: side) } == [AbusedMarket.honest])
        #expect(few.market.visits == 9_001, "\(few.market.visits)")
        // More than that.
        let many = try meetLadders(of: side, orders: 11)
        #expect(many.market.visits == Limits.visitsPerCommandMax, "\(many.market.visits)")
        guard case .closed(_, .workLimit, Lots(2)) = many.events.last(where: \.endsOrder) else {
            Issue.record("\(String(describing: many.events.last))")
            return
        }
        try many.market.engine.checkInvariants()
    }

    @Test func `Spam of classes and profiles ends at an account's limit, and nobody else walks further for it`() throws
    {
        var market = AbusedMarket(.standard)
        for side in Side.allCases {
            var refused = 0
            for number in 1...(Limits.classesPerAccountMax + 50) {
                let length = 1_000_000 + Int64(number)
                let price: Int64 = side == .offer ? 50 : 5
                let events = market.place(side, AbusedMarket.attacker, price: price, lots: 1, contextLength: length)
                for case .rejected(let reason) in events where [.classLimit, .profileLimit].contains(reason) {
                    refused += 1
                }
            }
            #expect(refused == 50, "\(side): \(refused)")
        }
        // One that asks for none of it meets whom it trades with, and nobody else.
        market.place(.offer, AbusedMarket.honest, price: 10, lots: 1)
        market.place(.bid, AbusedMarket.victim, price: 10, lots: 1)
        #expect(market.visits == 1, "\(market.visits)")
        try market.engine.checkInvariants()
    }

    @Test(arguments: [0, 10])
    func `Mass cancels by requirements that nobody has leave nothing behind`(orders: Int) throws {
        for rules in [6, RulesVersion.current] {
            var market = AbusedMarket(rules: rules)
            for number in 0..<orders {
                let (side, price) = number % 2 == 0 ? (Side.offer, Int64(50)) : (.bid, 5)
                market.place(side, AbusedMarket.attacker, price: price, lots: 1, contextLength: 1_000)
            }
            let before = market.engine.state()
            var spoken = 0
            for number in 1...Int64(1_000) {
                var requirement = Requirement()
                requirement.contextLengthAtLeast = 1_000_000 + number
                let filter = OrderFilter(requirement: requirement)
                spoken += market.give(AbusedMarket.attacker, .massCancel(filter)).count
            }
            let after = market.engine.state()
            #expect(after.orders.count == orders && after.orders == before.orders)
            // The scene is one in which it was otherwise.
            let left = rules == RulesVersion.current ? 0 : 1_000
            #expect(after.profiles.count - before.profiles.count == left, "under rules \(rules)")
            #expect(spoken == left, "\(spoken) events under rules \(rules)")
            try market.engine.checkInvariants()
        }
    }
}

extension Event {
    /// Whether an order has left the market.
    fileprivate var endsOrder: Bool { if case .closed = self { true } else { false } }
    /// Who has sold, or bought, on this side of a trade.
    fileprivate func maker(of side: Side) -> AccountID? {
        guard case .traded(let trade) = self else { return nil }
        return side == .offer ? trade.seller : trade.buyer
    }
    /// The order that it lets in.
    fileprivate var accepted: OrderID? { if case .accepted(let record) = self { record.id } else { nil } }
}

extension Side {
    fileprivate var against: Side { self == .offer ? .bid : .offer }
}
