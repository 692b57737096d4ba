import Testing
import Units

@Suite struct MoneyTests {
    /// The worked case of the core's contract: rates 10 and 30, offer at 20,123,000, bid at 25,123,000, 5 lots.
    @Test func `The worked case holds to the nanoton`() {
        let rates = FeeRates(maker: BasisPoints(10), taker: BasisPoints(30))
        let price = Price(nanoTONPerMTok: 20_123_000)
        #expect(rates.hold(for: Lots(5), at: Price(nanoTONPerMTok: 25_123_000)) == NanoTON(125_991))
        #expect(price.value(of: Lots(5)) == NanoTON(100_615))
        #expect(rates.taker.part(of: price.value(of: Lots(5))) == NanoTON(301))
        #expect(price.cost(of: AdjustedTokens(1_234)) == NanoTON(24_831))
        #expect(price.cost(of: Lots(5).tokens) == price.value(of: Lots(5)), "at full use the cost is the value")
    }

    @Test func `A cost is rounded down, and full use is exact at every price`() {
        let cases: [(price: Int64, tokens: Int64, cost: Int64)] = [
            (1_000, 999, 0), (1_000, 1_000, 1), (1_000, 1_999, 1), (999_000, 1, 0), (1_000_000, 1, 1),
            (Limits.priceMax, 10_000_000_000, 1_000_000_000_000_000_000),
        ]
        for row in cases {
            #expect(Price(nanoTONPerMTok: row.price).cost(of: AdjustedTokens(row.tokens)) == NanoTON(row.cost))
        }
    }

    @Test func `The largest order with the largest fee fits in 64 bits`() {
        let rates = FeeRates(maker: BasisPoints(0), taker: BasisPoints(Limits.feeMax))
        let hold = rates.hold(for: Lots(Limits.orderLotsMax), at: Price(nanoTONPerMTok: Limits.priceMax))
        #expect(hold == NanoTON(Limits.orderValueMax + Limits.orderValueMax / 10))
        #expect(Limits.orderValueMax == 1_000_000_000_000_000_000)
    }

    /// A hold is split by partial fills; the parts never need more than the whole held.
    @Test(arguments: [1, 7, 42] as [UInt64])
    func `Rounding down fees of parts never exceeds the fee of the whole`(seed: UInt64) {
        var state = seed
        func next(_ bound: Int64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64(state >> 33) % bound
        }
        for _ in 0..<1_000 {
            let rate = BasisPoints(next(1_000))
            let (left, right) = (NanoTON(next(1_000_000_000)), NanoTON(next(1_000_000_000)))
            #expect(rate.part(of: left) + rate.part(of: right) <= rate.part(of: left + right), "seed \(seed)")
        }
    }

    @Test func `Adjusted tokens weigh each kind once`() {
        let standard = WeightSet.standard
        #expect(standard.adjusted(prompt: 374, completion: 44) == AdjustedTokens(374 + 44 * 8))
        #expect(
            standard.adjusted(prompt: 100, cached: 90, completion: 10, reasoning: 4) == AdjustedTokens(10 + 9 + 80)
        )
        #expect(standard.adjusted(prompt: 1, cached: 1, completion: 0) == AdjustedTokens(0), "a tenth rounds down")
        for (index, set) in WeightSet.registered.enumerated() {
            #expect(Int(set.id.rawValue) == index + 1)
            #expect(set.id.weightSet == set)
        }
        #expect(WeightSetID(0).weightSet == nil)
    }
}
