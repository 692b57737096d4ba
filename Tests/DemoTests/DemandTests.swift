import Exchange
import Testing
import Units

@testable import Demonstration

@Suite struct DemandTests {
    @Test func `The same seed plans the same market, another one another`() throws {
        func limits(_ seed: UInt64) throws -> [Price] {
            try Samples.plan(count: 300, seed: seed).demand.bids.map(\.limit)
        }
        #expect(try limits(1) == limits(1))
        #expect(try limits(1) != limits(2))
    }

    @Test func `A bid buys its request's adjusted tokens, rounded up to lots`() throws {
        let plan = try Plan(
            market: Samples.market(),
            trace: Samples.trace("t,1000,0\nt,0,1\nt,1001,0\n"),
            settings: Samples.settings()
        )
        #expect(plan.demand.bids.map(\.lots) == [Lots(1), Lots(1), Lots(2)])
    }

    @Test func `Requests without a token buy nothing and are counted`() throws {
        let trace = try Samples.trace("t,0,0\nt,10,10\nt,0,0\n")
        let plan = try Plan(market: Samples.market(), trace: trace, settings: Samples.settings())
        #expect(plan.demand.bids.count == 1)
        #expect(plan.demand.emptyRequests == 2)
        #expect(throws: DemonstrationError.nothingToBuy) {
            try Plan(market: Samples.market(), trace: Samples.trace("t,0,0\n"), settings: Samples.settings())
        }
    }

    @Test(
        arguments: [
            ("t,x,1", 2, "ContextTokens must be a whole number from 0 to 1073741824, found “x”"),
            ("t,1,1\nt,1,-1", 3, "GeneratedTokens must be a whole number from 0 to 1073741824, found “-1”"),
            (
                "t,1,99999999999999999999", 2,
                "GeneratedTokens must be a whole number from 0 to 1073741824, found “99999999999999999999”"
            ),
            ("t,1,", 2, "GeneratedTokens must be a whole number from 0 to 1073741824, found “”"),
        ]
    )
    func `A request that cannot be read is refused with its line`(rows: String, line: Int, rule: String) {
        #expect(throws: DemonstrationError.badLine(source: "trace.csv", line: line, rule: rule)) {
            try Samples.trace(rows)
        }
    }

    @Test func `A trace needs its two columns, wherever they stand`() throws {
        let moved = try CSVTable(Array("GeneratedTokens,x,ContextTokens\n1,2,3\n".utf8), source: "t")
        #expect(try Trace(moved).requests == [Trace.Request(line: 2, contextTokens: 3, generatedTokens: 1)])
        let other = try CSVTable(Array("a,b\n1,2\n".utf8), source: "t")
        #expect(throws: DemonstrationError.self) { try Trace(other) }
    }

    @Test func `Only so many orders are planned as asked for`() throws {
        let trace = try Samples.trace(count: 100)
        #expect(
            try Plan(market: Samples.market(), trace: trace, settings: Samples.settings(orders: 7)).demand.bids.count
                == 7
        )
        #expect(
            try Plan(market: Samples.market(), trace: trace, settings: Samples.settings(orders: 700)).demand.bids.count
                == 100
        )
    }

    @Test func `Deposits cover the holds of all bids, in whole toncoins`() throws {
        let plan = try Samples.plan(count: 500)
        for (index, app) in plan.demand.apps.enumerated() {
            let holds = plan.demand.bids.filter { $0.app == index }
                .reduce(NanoTON.zero) { $0 + plan.settings.fees.hold(for: $1.lots, at: $1.limit) }
            #expect(app.deposit >= holds)
            #expect(app.deposit.count % 1_000_000_000 == 0)
        }
    }

    @Test func `Reach is what the exchange's own rule lets meet the bid`() throws {
        let plan = try Samples.plan(count: 400)
        for bid in plan.demand.bids {
            let prices = plan.supply.offers.filter { bid.requirement.isMet(by: $0.capability) }.map(\.price).sorted()
            #expect(bid.reach.offers == prices.count)
            if let first = prices.first, let last = prices.last {
                #expect(bid.reach.cheapest == first)
                #expect(bid.reach.dearest == last)
                #expect(bid.reach.median >= first && bid.reach.median <= last)
            }
        }
    }

    @Test func `Limits lie around the median, are multiples of 1,000 and within the exchange's limits`() throws {
        for bid in try Samples.plan(count: 500).demand.bids {
            let perMille = bid.limit.nanoTONPerMTok * 1_000 / bid.reach.median.nanoTONPerMTok
            #expect((700...1_301).contains(perMille))
            #expect(bid.limit.nanoTONPerMTok % Price.step == 0)
            #expect(bid.limit.nanoTONPerMTok >= Limits.priceMin)
        }
    }

    @Test func `Every kind of wish occurs about as often as it is said to`() throws {
        let plan = try Samples.plan(count: 4_000)
        for kind in Demand.Kind.allCases {
            let count = plan.demand.bids.count { $0.kind == kind }
            #expect(abs(count * 100 / plan.demand.bids.count - kind.percent) <= 8, "\(kind): \(count)")
        }
        #expect(Demand.Kind.allCases.reduce(0) { $0 + $1.percent } == 100)
    }

    @Test func `An app stays within the requirements and models that the exchange allows`() throws {
        var rows = ""
        for power in 0...30 { rows += "t,\(1 << power),1\n" }
        let trace = try Samples.trace(String(repeating: rows, count: 300))
        let plan = try Plan(market: Samples.market(), trace: trace, settings: Samples.settings())
        let byApp = Dictionary(grouping: plan.demand.bids, by: \.app)
        for bids in byApp.values {
            #expect(Set(bids.map(\.requirement)).count <= Limits.profilesPerAccountMax)
        }
        for bid in plan.demand.bids {
            #expect(bid.requirement.models.count <= Limits.modelsPerBidMax)
            #expect(bid.lots.count <= Limits.orderLotsMax)
        }
    }

    @Test func `The largest requests are planned without overflow`() throws {
        let largest = "t,\(Limits.contextLengthMax),\(Limits.contextLengthMax)\n"
        let trace = try Samples.trace(String(repeating: largest, count: 200))
        #expect(throws: DemonstrationError.demandTooLarge) {
            try Plan(market: Samples.market(), trace: trace, settings: Samples.settings(usdPerTON: "0.00002"))
        }
    }

    @Test func `By default the supply is half again the demand`() throws {
        let plan = try Samples.plan(count: 500)
        let sold = Int64(plan.supply.offers.count) * plan.depth.count
        #expect(sold * 2 >= plan.demand.lots.count * 3)
        #expect((sold - Int64(plan.supply.offers.count)) * 2 < plan.demand.lots.count * 3)
        #expect(try Samples.plan(count: 5, depth: Lots(9)).depth == Lots(9))
    }
}
