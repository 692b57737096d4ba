import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

@Suite struct QuoteTests {
    private static func level(_ price: Int64, _ lots: Int64) -> BookView.Level {
        BookView.Level(price: Price(nanoTONPerMTok: price * Price.step), lots: lots, orders: 1)
    }

    private static let ladders = [[level(20, 5), level(30, 4)], [level(20, 2), level(25, 3)]]

    @Test(
        arguments: [
            (1, 1, 20, 20_000, true), (7, 7, 140, 20_000, true), (8, 8, 165, 20_625, true),
            (13, 13, 305, 23_461, true), (14, 14, 335, 23_928, true), (20, 14, 335, 23_928, false),
        ] as [(Int64, Int64, Int64, Int64, Bool)]
    )
    func `A quantity takes the best prices first, and its average is rounded down`(
        lots: Int64,
        filled: Int64,
        value: Int64,
        average: Int64,
        isComplete: Bool
    ) {
        let query = QuoteQuery(requirement: Requirement(), side: .bid, lots: Lots(lots))
        let quote = QuoteView(Self.ladders, for: query)
        #expect(quote.filled == filled && quote.value.count == value)
        #expect(quote.averagePrice == average)
        #expect((quote.filled == lots) == isComplete)
        #expect(quote.fills.map(\.price).sorted() == quote.fills.map(\.price))
        #expect(Set(quote.fills.map(\.price)).count == quote.fills.count)
    }

    @Test func `Who sells takes the highest bids first`() {
        let bids = [[Self.level(30, 4), Self.level(20, 5)], [Self.level(25, 3)]]
        let query = QuoteQuery(requirement: Requirement(), side: .offer, lots: Lots(8))
        let quote = QuoteView(bids, for: query)
        #expect(quote.fills.map(\.price.nanoTONPerMTok) == [30_000, 25_000, 20_000])
        #expect(quote.fills.map(\.lots) == [4, 3, 1])
        #expect(quote.value.count == 120 + 75 + 20)
    }

    @Test func `A buyer pays the fee on top, a seller out of what it gets, and nothing has no price`() throws {
        let fees = FeeRates(maker: BasisPoints(10), taker: BasisPoints(100))
        for (side, total) in [(Side.bid, "14140"), (.offer, "13860")] {
            let query = QuoteQuery(requirement: Requirement(), side: side, lots: Lots(7))
            let quote = QuoteView([[Self.level(2_000, 7)]], for: query)
            let response = quote.response(to: query, fees: fees, models: ModelTable(), asOf: .none)
            let json = try JSONValue(response.body)
            #expect(json["fee_nanoton"]?.string == "140")
            #expect(json["total_nanoton"]?.string == total)
        }
        let query = QuoteQuery(requirement: Requirement(), side: .bid, lots: Lots(7))
        #expect(QuoteView([], for: query).averagePrice == nil)
    }

    @Test func `No more levels are added up than the limit`() {
        let query = QuoteQuery(requirement: Requirement(), side: .bid, lots: Lots(14))
        #expect(QuoteView(Self.ladders, for: query, levelsMax: 2).filled == 7)
        #expect(QuoteView(Self.ladders, for: query, levelsMax: 4).filled == 14)
    }
}

@Suite struct MarketRequestTests {
    let market = Market()

    @Test(
        arguments: [
            ("/v1/book/quote", "quantity_lots required"),
            ("/v1/book/quote?quantity_lots=0", "quantity_lots out_of_range"),
            ("/v1/book/quote?quantity_lots=1&side=bid", "side not_allowed"),
            ("/v1/book/quote?quantity_lots=1&requirement=model:gte=tiny", "requirement not_allowed"),
            ("/v1/candles", "model required"), ("/v1/candles?model=tiny&requirement=", "model required"),
            ("/v1/candles?model=tiny&interval=2m", "interval not_allowed"),
            ("/v1/candles?model=tiny&before=yesterday", "before bad_format"),
            ("/v1/candles?model=tiny&format=xml", "format not_allowed"), ("/v1/index", "model required"),
            ("/v1/candles?model=a;b", "model bad_format"), ("/v1/index?model=tiny&window=2h", "window not_allowed"),
            ("/v1/trades?format=tsv", "format not_allowed"),
            ("/v1/models/Qwen/Qwen3-32B/endpoints?x=1", "x unknown_field"),
        ]
    )
    func `A parameter that breaks a rule is named`(target: String, error: String) throws {
        let problem = try market.problem("GET", target)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
        #expect(problem.json.errorCount == 1)
    }

    @Test(
        arguments: [
            ("/v1/candles?model=nobody/nothing", "model_unknown", 422),
            ("/v1/index?model=nobody", "model_unknown", 422),
            ("/v1/models/nobody/nothing/endpoints", "model_not_found", 404),
            ("/v1/models/tiny/endpoints", "model_not_found", 404),
            ("/v1/book/quote?quantity_lots=1&requirement=model:in=tiny,Qwen/Qwen3-32B", "mixed_units", 422),
            ("/v1/candles?model=tiny&cursor=AAAA", "bad_cursor", 400),
        ] as [(String, String, Int)]
    )
    func `What is not there is refused`(target: String, code: String, status: Int) throws {
        let problem = try market.problem("GET", target)
        #expect(problem.json["code"]?.string == code)
        #expect(problem.response.status == status)
    }

    private func candles(_ target: String) throws -> CandlesQuery {
        let admission = market.admit("GET", target)
        guard case .history(.candles(let query)) = admission else { throw Unexpected(admission) }
        return query
    }

    @Test func `A page of candles goes on where its cursor says, for the same question only`() throws {
        let query = try candles("/v1/candles?requirement=quality:gte=40&interval=1h&limit=2")
        #expect(query.interval == .hour && query.limit == 2 && query.before == .never)
        let next = Cursor(list: .candles, filters: query.filters, first: 7_200_000_000).text
        let again = try candles("/v1/candles?requirement=quality:gte=40&interval=1h&limit=9&cursor=\(next)")
        #expect(again.before == LogicalTime(microseconds: 7_200_000_000))
        for other in ["requirement=quality:gte=41&interval=1h", "requirement=quality:gte=40", "model=tiny&interval=1h"]
        {
            let problem = try market.problem("GET", "/v1/candles?\(other)&cursor=\(next)")
            #expect(problem.json["code"]?.string == "bad_cursor")
        }
    }

    @Test(
        arguments: [
            ("1m", "2026-11-21T01:00:00Z", 0), ("1m", "2026-11-21T01:00:00.000001Z", 60),
            ("1h", "2026-11-21T01:00:01Z", 3_600),
            ("1d", "2026-11-21T01:00:00Z", 82_800),
        ] as [(String, String, Int64)]
    )
    func `A time within an interval asks for the whole of it`(interval: String, time: String, later: Int64) throws {
        let start = Int64(1_795_222_800)
        let query = try candles("/v1/candles?model=tiny&interval=\(interval)&before=\(time)")
        #expect(query.before.microseconds == (start + later) * 1_000_000)
    }

    @Test func `A model's endpoints are not a model, and a model may be named like them`() throws {
        guard case .market(.endpoints(ModelID(1))) = market.admit("GET", "/v1/models/Qwen/Qwen3-32B/endpoints"),
            case .market(.endpoints(ModelID(1))) = market.admit("GET", "/v1/models/Qwen%2FQwen3-32B/endpoints")
        else { throw Unexpected(market.admit("GET", "/v1/models/Qwen/Qwen3-32B/endpoints")) }
        #expect(try market.problem("PUT", "/v1/models/Qwen/Qwen3-32B/endpoints").response.status == 405)
    }
}

@Suite struct SidedBodyTests {
    @Test(
        arguments: [
            #"{"side":"bid","a":1}"#, #"{"a":1,"side":"bid"}"#, #"{"side" : "bid"}"#,
            #"{"a":{"side":"x"},"side":"bid" , "b":2}"#,
            #"{ "\u0073ide":"\u0062id" ,"a":[1,{"side":3}]}"#,
        ]
    )
    func `A body without its side is what it was before, at the same places`(text: String) throws {
        let body = Array(text.utf8)
        let sided = try SidedBody(body)
        #expect(sided.side == .bid)
        #expect(sided.rest.count == body.count)
        let before = try JSONValue(body).members ?? []
        let after = try JSONValue(sided.rest).members ?? []
        #expect(after == before.filter { $0.key != "side" })
        for (index, byte) in sided.rest.enumerated() { #expect(byte == body[index] || byte == UInt8(ascii: " ")) }
    }

    @Test(
        arguments: [
            ("{}", "#/side required"), (#"{"side":1}"#, "#/side wrong_type"),
            (#"{"side":"buy"}"#, "#/side not_allowed"),
            (#"{"side":"bid","side":"bid"}"#, "#/side duplicate_field"), ("[]", "# wrong_type"),
        ]
    )
    func `A side that breaks a rule is named`(body: String, error: String) throws {
        let problem = try Market().problem("POST", "/v1/orders:preview", body, as: Market.app)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
    }

    @Test func `The rest is judged like the body of a bid or an offer`() throws {
        let market = Market()
        let problem = try market.problem(
            "POST",
            "/v1/orders:preview",
            #"{"side":"offer","requirement":{},"price_nanoton_per_mtok":"1001","quantity_lots":1}"#,
            as: Market.worker
        )
        let errors = (0..<3).map { problem.json.error($0) }
        #expect(errors.contains("#/requirement unknown_field"))
        #expect(errors.contains("#/price_nanoton_per_mtok not_a_multiple"))
        #expect(errors.contains("#/model required"))
        #expect(try market.problem("POST", "/v1/orders:preview", "{", as: Market.app).response.status == 400)
        #expect(try market.problem("POST", "/v1/orders:preview", "{}").response.status == 401)
        let body = #"{"requirement":{},"side":"bid","price_nanoton_per_mtok":"1000","quantity_lots":1}"#
        let admission = market.admit("POST", "/v1/orders:preview", body, as: Market.app)
        guard case .query(.preview(let query)) = admission else { throw Unexpected(admission) }
        #expect(query.account == AccountID(3) && query.side == .bid)
    }
}

@Suite struct PriceIndexTests {
    private func tier(buyers: Int64, sellers: Int64, offers: [Int64]) -> PriceIndex.Tier {
        var tier = PriceIndex.Tier()
        tier.trades = 9
        tier.lots = 30
        tier.buyers = buyers
        tier.sellers = sellers
        tier.countedLots = 24
        tier.countedValue = 24 * 20_000 + 23
        tier.bestOffers = offers.map { Price(nanoTONPerMTok: $0) }
        return tier
    }

    @Test func `An average needs three buyers and three sellers, a median three classes`() {
        #expect(tier(buyers: 3, sellers: 3, offers: []).averagePrice == 20_000)
        #expect(tier(buyers: 2, sellers: 9, offers: []).averagePrice == nil)
        #expect(tier(buyers: 9, sellers: 2, offers: []).averagePrice == nil)
        #expect(tier(buyers: 3, sellers: 3, offers: [1_000, 2_000]).medianOffer == nil)
        #expect(tier(buyers: 3, sellers: 3, offers: [1_000, 2_000, 9_000]).medianOffer == 2_000)
        #expect(tier(buyers: 3, sellers: 3, offers: [1_000, 2_000, 3_000, 9_000]).medianOffer == 2_000)
        #expect(PriceIndex.Tier().averagePrice == nil)
    }

    @Test func `The price of privacy needs both sides`() throws {
        let query = IndexQuery(model: ModelID(1), window: .hour, end: Market.now)
        let models = Market().directory.models
        let both = PriceIndex(
            attested: tier(buyers: 3, sellers: 3, offers: [25_000]),
            unattested: tier(buyers: 3, sellers: 2, offers: [20_000])
        )
        let json = try JSONValue(View.index(query, both, models: models, asOf: .none, bookAsOf: .none).body)
        #expect(json["price_of_privacy"]?["vwap"] == .null)
        #expect(json["price_of_privacy"]?["best_offer"]?["difference_nanoton_per_mtok"]?.string == "5000")
        #expect(json["price_of_privacy"]?["best_offer"]?["ratio_per_10000"]?.integer == 12_500)
        #expect(json["tiers"]?["attested"]?["vwap_nanoton_per_mtok"]?.string == "20000")
        #expect(json["window_starts_at"]?.string == "2026-11-21T00:00:00.000000Z")
    }
}

@Suite struct CocoonTests {
    @Test(
        arguments: [(20_000_000, 1_000), (20_001_000, 1_001), (1_000, 1), (160_000_000, 8_000)] as [(Int64, Int64)]
    )
    func `A coefficient asks no less than the price`(price: Int64, coefficient: Int64) {
        #expect(Cocoon.coefficient(Price(nanoTONPerMTok: price), of: .standard) == coefficient)
        #expect(Cocoon.coefficient(Price(nanoTONPerMTok: price), of: WeightSetID(2)) == nil)
    }
}
