import Testing
import Units

@testable import Exchange

@Suite struct WhyNotRules {
    private static let offers = """
        offer 5 @ 41 model=1 context=131072 features=tools tee=tdx region=de
        offer 4 @ 45 model=1 context=65536 features=tools tee=tdx region=de
        offer 9 @ 30 model=1 context=131072 features=tools region=us
        offer 9 @ 20 model=2 context=131072 features=tools tee=tdx region=de
        offer 9 @ 10 model=1 context=131072 tee=sgx region=fr
        """

    @Test func `A bid is told how many offers each of its constraints leaves, in turn`() throws {
        let found = try TextBook(Self.offers).explain(
            "bid 8 @ 43 model=1 context=131072 features=tools tee=tdx region=de"
        )
        #expect(
            found.stepLines == [
                "weightSet 5 of 36 (out 0, alone 0)", "model 4 of 27 (out 1, alone 1)",
                "contextLength 3 of 23 (out 1, alone 0)", "features 2 of 14 (out 1, alone 0)",
                "tee 1 of 5 (out 2, alone 0)", "region 1 of 5 (out 2, alone 0)", "price 1 of 5 (out 1, alone 0)",
            ]
        )
        #expect(found.mostEliminating == .tee)
        #expect(!found.isFilled)
        #expect(found.considered == WhyNot.Tally(orders: 5, lots: 36))
    }

    @Test(
        arguments: [
            ("nothing to relax when it is filled", "bid 5 @ 43 model=1 features=tools tee=tdx", []),
            (
                "one more model, at the limit; less context only for more money",
                "bid 8 @ 43 model=1 context=131072 features=tools tee=tdx region=de",
                ["model 2: 2 of 14 from 20 to 20 for 160", "contextLength 65536!: 2 of 9 from 41 to 45 for 340"]
            ),
            (
                "the context nearest to the one asked for",
                "bid 8 @ 50 model=1 context=131072 features=tools tee=tdx region=de",
                ["model 2: 2 of 14 from 20 to 20 for 160", "contextLength 65536: 2 of 9 from 41 to 45 for 340"]
            ),
            (
                "another price as well, where the limit is too low for any change",
                "bid 8 @ 15 model=1 context=131072 features=tools tee=tdx region=de",
                ["model 2!: 1 of 9 from 20 to 20 for 160", "contextLength 65536!: 2 of 9 from 41 to 45 for 340"]
            ),
            (
                "the price alone", "bid 9 @ 43 features=tools tee=tdx model=1",
                [
                    "model 2: 2 of 14 from 20 to 20 for 180", "tee none: 2 of 14 from 30 to 30 for 270",
                    "price!: 2 of 9 from 41 to 45 for 385",
                ]
            ),
            (
                "as few features as will do", "bid 6 @ 20 features=tools,seed",
                [
                    "features seed: 1 of 9 from 20 to 20 for 120"
                ]
            ),
            (
                "more features where the limit asks for it", "bid 6 @ 10 features=tools,seed",
                [
                    "features tools,seed: 1 of 9 from 10 to 10 for 60"
                ]
            ),
            (
                "nothing that makes the order dearer than its own price would", "bid 6 @ 10 features=tools model=1",
                [
                    "model 2!: 1 of 9 from 20 to 20 for 120", "features tools: 1 of 9 from 10 to 10 for 60",
                    "price!: 1 of 9 from 30 to 30 for 180",
                ]
            ),
            ("nothing when there is too little of everything", "bid 100 @ 43 model=1", []),
            (
                "any name when one more is not enough", "bid 20 @ 43 tee=sev-snp",
                ["tee any: 4 of 32 from 10 to 30 for 330"]
            ),
        ] as [(String, String, [String])]
    )
    func `A bid is told the least change of each constraint that would fill it`(
        rule: String,
        bid: String,
        relaxations: [String]
    ) throws {
        #expect(try TextBook(Self.offers).explain(bid).relaxationLines == relaxations, "\(rule)")
    }

    private static let bids = """
        bid 5 @ 41 model=1 context=65536 tee=tdx
        bid 4 @ 38 model=1,2 context=32768 features=tools
        bid 9 @ 50 quant=bf16
        bid 7 @ 33 model=1 quant=fp8 context=1024
        bid 6 @ 60 model=2 region=eu
        bid 9 @ 70 weights=2
        """

    @Test func `An offer is told which bids would take it and what stops them`() throws {
        let found = try TextBook(Self.bids).explain("offer 10 @ 35 model=1 context=32768 quant=fp8 region=us")
        #expect(
            found.stepLines == [
                "weightSet 5 of 31 (out 1, alone 1)", "model 4 of 25 (out 1, alone 0)",
                "contextLength 3 of 20 (out 1, alone 0)", "features 2 of 16 (out 1, alone 1)",
                "quantization 1 of 7 (out 1, alone 1)", "tee 1 of 7 (out 1, alone 0)", "region 1 of 7 (out 1, alone 0)",
                "price 0 of 0 (out 1, alone 1)",
            ]
        )
        // Of several that eliminate as many the first.
        #expect(found.mostEliminating == .weightSet)
    }

    @Test(
        arguments: [
            (
                "a feature, and a lower price with it", "offer 10 @ 35 model=1 context=32768 quant=fp8",
                ["features tools!: 2 of 11 from 38 to 33 for 350"]
            ),
            (
                "another format; who wants the present one is lost",
                "offer 9 @ 35 model=1 context=32768 quant=fp8",
                ["features tools!: 2 of 11 from 38 to 33 for 317", "quantization bf16: 1 of 9 from 50 to 50 for 450"]
            ),
            (
                "a context that more bids take", "offer 9 @ 30 model=1 context=512 features=tools quant=fp8 tee=tdx",
                [
                    "contextLength 32768: 2 of 11 from 38 to 33 for 317",
                    "quantization bf16: 1 of 9 from 50 to 50 for 450",
                ]
            ),
            (
                "a place in the union", "offer 6 @ 55 model=2 region=us",
                ["quantization bf16!: 1 of 9 from 50 to 50 for 300", "region eu: 1 of 6 from 60 to 60 for 360"]
            ),
            ("a lower price", "offer 9 @ 60 model=1 quant=bf16", ["price!: 1 of 9 from 50 to 50 for 450"]),
        ] as [(String, String, [String])]
    )
    func `An offer is told the least change of each constraint that would fill it`(
        rule: String,
        offer: String,
        relaxations: [String]
    ) throws {
        #expect(try TextBook(Self.bids).explain(offer).relaxationLines == relaxations, "\(rule)")
    }

    private static let restricted = """
        offer 5 @ 10 model=1 allow=7
        offer 5 @ 20 model=1 deny=2,3
        offer 5 @ 30 model=1 deposit=1000
        offer 5 @ 40 model=1
        offer 5 @ 15 model=2 allow=7
        """

    @Test(
        arguments: [
            (0, 0, "", []), (7, 1_000, "", []), (2, 999, "buyers 1 of 5 (out 4, alone 3)", []),
            (2, 1_000, "buyers 2 of 10 (out 3, alone 2)", ["price!: 2 of 10 from 30 to 40 for 350"]),
            (4, 999, "buyers 2 of 10 (out 3, alone 2)", ["price!: 2 of 10 from 20 to 40 for 300"]),
            (4, 1_000, "buyers 3 of 15 (out 2, alone 1)", []),
        ] as [(Int64, Int64, String, [String])]
    )
    func `An offer that does not sell to the account that asks is none for it`(
        account: Int64,
        deposit: Int64,
        step: String,
        relaxations: [String]
    ) throws {
        let book = try TextBook(Self.restricted)
        let buyer = WhyNot.Buyer(account: AccountID(account), deposit: NanoTON(deposit))
        // No account at all: everything counts as open to all.
        let found = try book.explain("bid 10 @ 30 model=1", to: account == 0 ? nil : buyer)
        #expect(found.stepLines.filter { $0.hasPrefix("buyers") } == (step.isEmpty ? [] : [step]))
        #expect(found.isFilled == (relaxations.isEmpty && account != 2))
        #expect(found.relaxationLines == relaxations)
        #expect(found.considered.orders == 5)
    }

    @Test func `A change of another demand brings no offer that does not sell to the account`() throws {
        let book = try TextBook(Self.restricted)
        let line = "bid 5 @ 16 model=3"
        #expect(try book.explain(line).relaxationLines == ["model 1: 1 of 5 from 10 to 10 for 50"])
        let buyer = WhyNot.Buyer(account: AccountID(4), deposit: NanoTON(0))
        #expect(
            try book.explain(line, to: buyer).relaxationLines == ["model 1!: 1 of 5 from 20 to 20 for 100"]
        )
    }

    @Test func `No more levels are looked at than the limit`() throws {
        let book = try TextBook("offer 1 @ 1 quant=fp8\noffer 1 @ 2 quant=fp8\noffer 1 @ 3 quant=bf16")
        for (max, seen) in [(3, 3), (2, 2), (1, 0)] {
            let pairs = book.offers.map { (Requirement(), $0.0, $0.1) }
            let found = WhyNot(.bid(Requirement()), Price(nanoTONPerMTok: 9_000), Lots(3), pairs, levelsMax: max)
            #expect(found.considered.orders == seen)
            #expect(found.isComplete == (max == 3))
        }
    }
}

@Suite struct WhyNotProperties {
    private static let seeds: [UInt64] = [1, 2, 3, 4]

    @Test(arguments: seeds)
    func `The constraints together are the rule of matching`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        for _ in 0..<20_000 {
            let (demand, supply) = (random.requirement(), random.capability())
            let all = Constraint.conditions.allSatisfy { $0.isMet(demand, by: supply) }
            #expect(all == demand.isMet(by: supply), "seed \(seed): \(demand) \(supply)")
            for constraint in Constraint.conditions where constraint.shape == .oneOf {
                let names = constraint.names(of: demand)
                #expect(
                    constraint.isMet(demand, by: supply) == (names?.contains(constraint.name(of: supply)) ?? true),
                    "seed \(seed): \(constraint) \(demand) \(supply)"
                )
            }
        }
    }

    @Test(arguments: seeds)
    func `What a bid is told comes true when it is done, and no lesser number would do`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var told = 0
        for _ in 0..<300 {
            let offers = (0..<12).map { _ in (random.capability(), random.levels(sign: 1)) }
            let demand = random.requirement()
            let limit = Price(nanoTONPerMTok: Price.step * .random(in: 1...20, using: &random))
            let lots = Lots(.random(in: 1...30, using: &random))
            let found = WhyNot(bid: demand, limit: limit, lots: lots, offers: offers)
            #expect(found.isFilled == (Self.fill(demand, limit, lots, offers) != nil))
            for relaxation in found.relaxations {
                told += 1
                let changed = relaxation.constraint.applying(relaxation.change, to: demand)
                let price = max(limit, relaxation.priceNeeded)
                let outcome = Self.fill(changed, price, lots, offers)
                #expect(outcome == relaxation.value, "seed \(seed): \(relaxation)")
                #expect(relaxation.isWithinLimit == (relaxation.priceNeeded <= limit))
                guard case .number(let number) = relaxation.change else { continue }
                let step: Int64 = relaxation.constraint.isMost ? -1 : 1
                let bound = relaxation.constraint.bound(of: demand)
                for lesser in stride(from: number + step, to: bound, by: Int64.Stride(step)).prefix(40) {
                    let nearer = relaxation.constraint.applying(.number(lesser), to: demand)
                    #expect(Self.fill(nearer, price, lots, offers) == nil, "seed \(seed)")
                }
            }
        }
        #expect(told > 200)
    }

    @Test(arguments: seeds)
    func `What an offer is told comes true when it is done`(seed: UInt64) {
        var random = SplitMix64(state: seed)
        var told = 0
        for _ in 0..<300 {
            let bids = (0..<12).map { _ in (random.requirement(), random.levels(sign: -1)) }
            let supply = random.capability()
            let limit = Price(nanoTONPerMTok: Price.step * .random(in: 1...20, using: &random))
            let lots = Lots(.random(in: 1...30, using: &random))
            let found = WhyNot(offer: supply, limit: limit, lots: lots, bids: bids)
            for relaxation in found.relaxations {
                told += 1
                let changed = relaxation.constraint.applying(relaxation.change, to: supply)
                let again = WhyNot(
                    offer: changed,
                    limit: min(limit, relaxation.priceNeeded),
                    lots: lots,
                    bids: bids
                )
                #expect(again.isFilled, "seed \(seed): \(relaxation)")
                #expect(again.acceptable == relaxation.tally, "seed \(seed): \(relaxation)")
            }
        }
        #expect(told > 200)
    }

    /// What `lots` cost a bid, one lot after the other; `nil` when there are not as many.
    private static func fill(
        _ demand: Requirement,
        _ limit: Price,
        _ lots: Lots,
        _ offers: [(Capability, [BookLevel])]
    ) -> Int128? {
        let prices = offers.filter { demand.isMet(by: $0.0) }.flatMap(\.1).filter { $0.price <= limit }
            .flatMap { Array(repeating: $0.price, count: Int($0.lots)) }.sorted()
        guard prices.count >= lots.count else { return nil }
        return prices.prefix(Int(lots.count)).reduce(0) { $0 + Int128($1.value(of: Lots(1)).count) }
    }
}

extension SplitMix64 {
    /// One to four levels, best first.
    fileprivate mutating func levels(sign: Int64) -> [BookLevel] {
        let prices = Set((0..<4).map { _ in sign * .random(in: 1...20, using: &self) }).sorted()
        return prices.map { price in
            let orders = Int.random(in: 1...3, using: &self)
            let lots = Int64.random(in: 1...6, using: &self)
            return BookLevel(price: Price(nanoTONPerMTok: sign * price * Price.step), lots: lots, orders: orders)
        }
    }
}
