import Engine
import Exchange
import Testing
import Units

/// How much one order may do at once.
@Suite struct WorkLimitTests {
    /// An engine with `count` resting orders of one lot on one side, of account 1; account 2 has money for the other.
    private func engine(_ side: Side, count: Int) throws -> Engine {
        var setup = Engine()
        var events: [Event] = []
        let rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        let terms = AccountTerms(label: "", openOrdersMax: Limits.openOrdersPerAccountMax)
        let actions: [Command.Action] = [
            .setFees(FeeTerms(rates: rates, minimumNotional: .zero)), .createAccount(terms), .createAccount(terms),
            .setModel(ModelTerms(name: "qwen")), .deposit(to: AccountID(1), amount: NanoTON(1_000_000)),
            .deposit(to: AccountID(2), amount: NanoTON(1_000_000)),
        ]
        for action in actions { setup.apply(Command(account: .system, action: action), into: &events) }
        for _ in 0..<count {
            setup.apply(Command(account: AccountID(1), action: order(side, price: 20, lots: 1)), into: &events)
        }
        #expect(setup.openOrderCount == count)
        return setup
    }

    private func order(_ side: Side, price: Int64, lots: Int64) -> Command.Action {
        let terms = OrderTerms(price: Price(nanoTONPerMTok: price * Price.step), lots: Lots(lots), timeInForce: .gtc)
        if side == .bid { return .placeBid(BidTerms(order: terms, requirement: Requirement())) }
        return .placeOffer(OfferTerms(order: terms, model: ModelID(1)))
    }

    /// What a taker of account 2 that wants `lots` ends with, and how often it trades.
    private func take(_ lots: Int, _ side: Side, from count: Int) throws -> (trades: Int, last: Event?) {
        var engine = try engine(side == .bid ? .offer : .bid, count: count)
        var events: [Event] = []
        let action = order(side, price: 20, lots: Int64(lots))
        engine.apply(Command(account: AccountID(2), action: action), into: &events)
        try engine.checkInvariants()
        let trades = events.count { if case .traded = $0 { true } else { false } }
        let own = OrderID(engine.sequence.rawValue)
        let last = events.last {
            switch $0 {
            case .closed(let id, _, _), .rested(let id, _): id == own
            default: false
            }
        }
        return (trades, last)
    }

    @Test(arguments: Side.allCases)
    func `An order trades with at most so many others, and its rest is cancelled if more are left`(side: Side) throws {
        let most = Limits.visitsPerCommandMax
        let stopped = try take(most + 1, side, from: most + 1)
        #expect(stopped.trades == most)
        guard case .closed(_, .workLimit, let left) = stopped.last, left == Lots(1) else {
            Issue.record("\(String(describing: stopped.last))")
            return
        }
    }

    @Test(arguments: Side.allCases)
    func `An order that has met the limit and all others rests, or is filled`(side: Side) throws {
        let most = Limits.visitsPerCommandMax
        let rests = try take(most + 1, side, from: most)
        #expect(rests.trades == most)
        guard case .rested(_, let left) = rests.last, left == Lots(1) else {
            Issue.record("\(String(describing: rests.last))")
            return
        }
        let filled = try take(most, side, from: most + 1)
        #expect(filled.trades == most)
        guard case .closed(_, .filled, _) = filled.last else {
            Issue.record("\(String(describing: filled.last))")
            return
        }
    }
}
