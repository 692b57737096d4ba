import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

/// Market data and previews are what the contract says, full and empty.
@Suite struct MarketAnswerTests {
    let contract: Contract
    static let now = LogicalTime(microseconds: 1_795_222_800_000_000)
    static let asOf = SequenceNumber(20)
    let models = ModelTable([
        ModelRecord(id: ModelID(1), version: 1, terms: ModelTerms(name: "Qwen/Qwen3-32B"), createdAt: now),
        ModelRecord(id: ModelID(2), version: 1, terms: ModelTerms(name: "a/b"), createdAt: now),
    ])

    init() throws { contract = try Contract() }

    private func expect(_ route: Route, _ response: APIResponse) throws {
        let declared = try contract.operation(route.operationID).value["responses"]?[String(response.status)]
        let answer = try contract.resolved(try #require(declared))
        let media = try #require(answer["content"]?[response.contentType.text.description], "\(route)")
        for field in response.fields {
            #expect(answer["headers"]?.keys.contains { $0.lowercased() == field.name.description } == true)
        }
        guard response.contentType == .json else { return }
        let faults = SchemaValidator(contract: contract).faults(
            try JSONValue(response.body),
            try #require(media["schema"])
        )
        #expect(faults.isEmpty, "\(route): \(faults)")
    }

    private func capability(_ features: Features = Features(rawValue: 0xFFFF), tee: TEE = .tdx) -> Capability {
        Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: nil,
            contextLength: 0,
            features: features,
            quantization: .fp8,
            region: .unknown,
            tee: tee
        )
    }

    private let price = Price(nanoTONPerMTok: Limits.priceMax)

    @Test(arguments: [Side.bid, .offer])
    func `Quotes fit`(side: Side) throws {
        let query = QuoteQuery(requirement: Requirement(), side: side, lots: Lots(Limits.orderLotsMax))
        let level = BookView.Level(price: price, lots: Limits.orderLotsMax, orders: 1)
        let fees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(Limits.feeMax))
        for ladders in [[], [[level]]] {
            let view = QuoteView(ladders, for: query)
            try expect(.getQuote, view.response(to: query, fees: fees, models: models, asOf: Self.asOf))
        }
    }

    @Test(arguments: CandleInterval.allCases, ListFormat.allCases)
    func `Candles fit`(interval: CandleInterval, format: ListFormat) throws {
        let candle = Candle(
            start: Self.now,
            open: price,
            high: price,
            low: price,
            close: price,
            lots: Limits.orderLotsMax * 100,
            value: Int128(price.value(of: Lots(Limits.orderLotsMax)).count) * 100,
            trades: 100
        )
        #expect(candle.averagePrice == Limits.priceMax)
        for subject in [CandlesQuery.Subject.model(ModelID(1)), .requirement(Requirement())] {
            let query = CandlesQuery(subject: subject, interval: interval, limit: 2, format: format)
            for (candles, more) in [([], nil), ([candle, candle], Self.now)] as [([Candle], LogicalTime?)] {
                let response = View.candles(query, candles, continuation: more, models: models, asOf: Self.asOf)
                try expect(.listCandles, response)
                guard format == .csv else { continue }
                let lines = String(decoding: response.body, as: UTF8.self).split(separator: "\r\n")
                #expect(lines.count == candles.count + 1)
                #expect(Set(lines.map { $0.split(separator: ",").count }) == [9])
                #expect((response.nextCursor != nil) == (more != nil))
            }
        }
    }

    @Test func `Trades as a table have the fields of the public list`() throws {
        let trade = Trade(
            id: TradeID(7),
            bid: OrderID(2),
            offer: OrderID(1),
            buyer: AccountID(3),
            seller: AccountID(2),
            lots: Lots(5),
            price: price,
            takerSide: .bid,
            bidRemaining: .zero,
            offerRemaining: .zero,
            locked: .zero,
            buyerRate: BasisPoints(0),
            sellerRate: BasisPoints(0),
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        )
        let row = TradeDetail(trade: trade, sequence: Self.asOf, time: Self.now)
        var query = TradesQuery(account: nil, model: nil, limit: 1)
        query.format = .csv
        let response = View.trades(query, [row, row], models: models, asOf: Self.asOf)
        try expect(.listTrades, response)
        #expect(response.nextCursor != nil)
        let text = String(decoding: response.body, as: UTF8.self)
        #expect(
            text == """
                id,traded_at,model,model_version,weight_set,price_nanoton_per_mtok,quantity_lots,value_nanoton,\
                taker_side,sequence\r
                t7,2026-11-21T01:00:00.000000Z,Qwen/Qwen3-32B,1,standard,100000000000000,5,500000000000,bid,20\r

                """
        )
    }

    @Test func `Indexes fit`() throws {
        var full = PriceIndex.Tier()
        full.trades = 9
        full.lots = 9
        full.buyers = 3
        full.sellers = 3
        full.countedLots = 7
        full.countedValue = 7 * Int128(price.nanoTONPerMTok)
        full.bestOffers = [price, price, price]
        full.restingLots = 5
        full.unfilled = [.ioc: 3]
        for window in IndexWindow.allCases {
            let query = IndexQuery(model: ModelID(1), window: window, end: Self.now)
            for tiers in [(full, full), (full, PriceIndex.Tier()), (PriceIndex.Tier(), PriceIndex.Tier())] {
                let index = PriceIndex(attested: tiers.0, unattested: tiers.1)
                try expect(.getIndex, View.index(query, index, models: models, asOf: Self.asOf, bookAsOf: Self.asOf))
            }
        }
    }

    @Test func `Models and endpoints fit, with OpenRouter's and Cocoon's fields`() throws {
        let record = try #require(models.record(ModelID(1)))
        let listings = (1...20).map { number in
            let features = number == 1 ? Features(rawValue: 0) : Features(rawValue: 0xFFFF)
            let capability = capability(features, tee: number == 1 ? .none : .sevSNPNvidia)
            return ClassListing(id: ClassID(Int64(number)), capability: capability, price: price, lots: 5, orders: 1)
        }
        let best = BestPrices(offer: price, bid: nil, classes: listings)
        try expect(.getModel, View.model(record, best: best, asOf: Self.asOf))
        let list = View.models(models, asOf: Self.asOf) { $0 == ModelID(1) ? best : BestPrices() }
        try expect(.listModels, list)
        let json = try JSONValue(list.body)
        #expect(json["data"]?.elements?[0]["workers"]?.elements?.count == Limits.workersListedMax)
        #expect(json["data"]?.elements?[0]["worker_count"]?.integer == 20)
        for classes in [[], listings] {
            try expect(.listEndpoints, View.endpoints(of: record, classes, asOf: Self.asOf))
        }
    }

    private func further(_ field: Constraint) -> FurtherDemands {
        var further = FurtherDemands()
        switch field {
        case .trait(let trait): further.least[trait] = 4
        case .traitMost(let trait): further.most[trait] = 4
        case .weights: further.revisions = [HexDigest(Array(String(repeating: "ab", count: 20).utf8)) ?? .none]
        default: break
        }
        return further
    }

    @Test func `Previews fit, with every constraint and every kind of change`() throws {
        var demand = Requirement()
        demand.models = FixedList([ModelID(2)]) ?? FixedList()
        demand.qualityAtLeast = 50
        demand.contextLengthAtLeast = 1_000
        demand.features = Features(rawValue: 1)
        demand.quantizations = Quantization.bf16.bit
        demand.tees = TEE.sgx.bit
        demand.regions = FixedList([.europeanUnion]) ?? FixedList()
        let level = BookLevel(price: price, lots: 5, orders: 1)
        let fields: [Constraint] = [
            .weightSet, .model, .quality, .contextLength, .features, .quantization, .tee, .region, .price,
            .trait(.ttftMS), .traitMost(.ttftMS), .trait(.gpuModel), .trait(.modalities), .weights,
        ]
        for field in fields {
            // All demands but one are dropped, so that this one is in the way.
            var one = Requirement()
            switch field {
            case .model: one.models = demand.models
            case .quality: one.qualityAtLeast = demand.qualityAtLeast
            case .contextLength: one.contextLengthAtLeast = demand.contextLengthAtLeast
            case .features: one.features = demand.features
            case .quantization: one.quantizations = demand.quantizations
            case .tee: one.tees = demand.tees
            case .region: one.regions = demand.regions
            default: one.further = further(field)
            }
            let supply = capability(Features(rawValue: 2))
            let isRelaxable = field != .weightSet && field != .weights
            let limit = field == .price ? Price(nanoTONPerMTok: 1_000) : price
            let bid = WhyNot(bid: one, limit: limit, lots: Lots(5), offers: [(supply, [level])])
            let offer = WhyNot(offer: supply, limit: price, lots: Lots(5), bids: [(one, [level])])
            #expect(bid.relaxations.count == (isRelaxable ? 1 : 0), "\(field)")
            for (side, whyNot) in [(Side.bid, bid), (.offer, offer)] {
                let body = Array("{}".utf8)
                let query = PreviewQuery(account: AccountID(2), key: KeyID(1), side: side, action: .tick, body: body)
                var outcome = PreviewOutcome(remaining: Lots(5))
                outcome.rejection = field == .price ? .insufficientFunds : nil
                outcome.closeReason = field == .tee ? .ioc : nil
                let response = View.preview(
                    query,
                    outcome,
                    whyNot: whyNot,
                    models: models,
                    asOf: Self.asOf,
                    whyNotAsOf: Self.asOf
                )
                try expect(.previewOrder, response)
            }
        }
    }
}
