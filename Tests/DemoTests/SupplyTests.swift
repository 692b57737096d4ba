import Demonstration
import Exchange
import Testing
import Units

@Suite struct SupplyTests {
    @Test(
        arguments: [
            ("0.0145", 14_500_000), ("2.0", 2_000_000_000), ("12", 12_000_000_000), ("0.123456789", 123_456_789),
        ] as [(String, Int64)]
    )
    func `Dollars are read exactly`(text: String, nano: Int64) { #expect(USD(text)?.nano == nano) }

    @Test(arguments: ["", ".5", "5.", "-1", "+1", "1e3", "1.2.3", "1,5", "0.1234567890", "1234567890", " 1", "NaN"])
    func `What is no plain decimal is no price`(text: String) { #expect(USD(text) == nil) }

    @Test(
        arguments: [
            ("3", "3", 1_000_000_000), ("0.3", "3", 100_000_000), ("0.0145", "3", 4_834_000),
            ("0.1", "3.33", 30_031_000), ("1", "0.000000001", nil), ("0.000000001", "999999999", 1_000),
            ("0", "3", nil),
        ] as [(String, String, Int64?)]
    )
    func `A price is rounded up to a multiple of 1,000 and within the limits`(
        usd: String,
        usdPerTON: String,
        nanoTON: Int64?
    ) throws {
        let dollars = try #require(USD(usdPerTON))
        let rate = try #require(ExchangeRate(dollars))
        let price = try #require(USD(usd))
        #expect(rate.price(price)?.nanoTONPerMTok == nanoTON)
    }

    @Test func `TON cannot cost nothing`() { #expect(ExchangeRate(USD(nano: 0)) == nil) }

    @Test(
        arguments: [
            ([("1", "1"), ("1", "2"), ("1", "9")], "ratio-2"),
            ([("1", "1"), ("1", "2")], "ratio-1"),
            ([("1", "6.6")], "standard"),
            ([("1", "6.4")], "ratio-5"),
            ([("0.1", "0.8"), ("0", "1"), ("", "3")], "standard"),
            ([("", ""), ("0", "0")], "standard"),
            ([("0.3", "0.9")], "ratio-3"),
        ] as [([(String, String)], String)]
    )
    func `A model's weight set is nearest to the median ratio of its listings`(
        prices: [(String, String)],
        name: String
    ) throws {
        let rows = prices.enumerated().map { "p,l\($0.offset),x/m,,\($0.element.0),\($0.element.1),,1000,,\n" }
        let market = try Samples.market(offers: Samples.offersHeader + rows.joined())
        #expect(WeightSet.nearest(to: market.listings).name == name)
    }

    @Test func `Each priced listing is an offer, with its provider's account and its features`() throws {
        let supply = try Supply(
            market: Samples.market(),
            settings: Supply.Settings(rate: Samples.settings().rate, seed: 1)
        )
        let plain = supply.offers.filter { !$0.isTwin }
        #expect(plain.map(\.listing) == ["alpha/big", "beta/big", "beta/small", "gamma/odd"])
        #expect(plain.map(\.price.nanoTONPerMTok) == [100_000_000, 166_667_000, 4_834_000, 333_334_000])
        #expect(supply.listingsWithoutPrice == 1)
        #expect(plain[0].capability.features.names == ["tools", "structured_outputs"])
        #expect(plain[1].capability.features.names == ["image_input"])
        #expect(plain[3].capability.features.names == ["parallel_tool_calls"])
        #expect(plain[0].capability.quality == 41, "40.5 rounded")
        #expect(plain[2].capability.quality == nil)
        #expect(plain[0].capability.contextLength == 131_072)
        #expect(supply.models.map(\.facts.name) == ["x/big", "x/small", "x/odd"])
        #expect(supply.workers[plain[1].worker].provider == "beta")
    }

    @Test func `A twin costs 15 % more and sells from an attested account`() throws {
        var settings = Supply.Settings(rate: try Samples.settings().rate, seed: 1)
        settings.twinPercent = 100
        let supply = try Supply(market: Samples.market(), settings: settings)
        let twins = supply.offers.filter(\.isTwin)
        #expect(twins.map(\.price.nanoTONPerMTok) == [115_000_000, 191_668_000, 5_560_000, 383_335_000])
        for twin in twins {
            #expect(twin.capability.tee == .tdx)
            #expect(supply.workers[twin.worker].isAttested)
            #expect(supply.workers[twin.worker].label.hasSuffix(" (attested)"))
        }
        #expect(supply.workers.count == 6)
    }

    @Test(
        arguments: [
            ("a,l,m,,x,1,,,,", "input_usd_per_mtok must be dollars with at most nine decimals, found “x”"),
            ("a,l,m,,1,1,,-5,,", "context_length must be a whole number from 0 to 1073741824, found “-5”"),
            ("a,l,m,,1,1,,5,,flying", "flying is no feature that we know"),
            (",l,m,,1,1,,5,,", "provider must have 1 to 53 bytes"),
        ]
    )
    func `A bad listing is refused with its line`(row: String, rule: String) {
        #expect(throws: DemonstrationError.badLine(source: "offers.csv", line: 2, rule: rule)) {
            try Samples.market(offers: Samples.offersHeader + row + "\n")
        }
    }

    @Test func `A price list of free listings sells nothing`() throws {
        let market = try Samples.market(offers: Samples.offersHeader + "a,l,m,,0,0,,,,\n")
        let settings = Supply.Settings(rate: try Samples.settings().rate, seed: 1)
        #expect(throws: DemonstrationError.nothingToSell) { try Supply(market: market, settings: settings) }
    }
}
