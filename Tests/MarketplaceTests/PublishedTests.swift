import API
import Engine
import Exchange
import HTTP2
import JSON
import Testing
import Units

@testable import Marketplace

/// What the loops show without asking the engine.
@Suite struct PublishedTests {
    /// A market of one worker, one app and two models, of quality 60 and 10.
    private struct Market {
        var engine = Engine()
        let published = Published()

        init() {
            apply(.createAccount(AccountTerms(label: "worker")))
            apply(.createAccount(AccountTerms(label: "app")))
            apply(.setModel(ModelTerms(name: "good", quality: 60)))
            apply(.setModel(ModelTerms(name: "poor", quality: 10)))
            apply(.deposit(to: AccountID(2), amount: NanoTON(1_000_000_000)))
            published.replace(with: &engine)
        }

        @discardableResult
        mutating func apply(_ action: Command.Action, as account: AccountID = .system) -> SequenceNumber {
            var events: [Event] = []
            _ = engine.beginBatch(at: engine.time)
            engine.apply(Command(account: account, action: action), into: &events)
            return engine.sequence
        }

        @discardableResult
        mutating func offer(_ model: Int64, price: Int64) -> SequenceNumber {
            let terms = OrderTerms(price: Price(nanoTONPerMTok: price), lots: Lots(2), timeInForce: .gtc)
            return apply(.placeOffer(OfferTerms(order: terms, model: ModelID(model))), as: AccountID(1))
        }

        mutating func bid(qualityAtLeast quality: Int64, price: Int64) {
            var requirement = Requirement()
            requirement.qualityAtLeast = quality
            let terms = OrderTerms(price: Price(nanoTONPerMTok: price), lots: Lots(1), timeInForce: .gtc)
            apply(.placeBid(BidTerms(order: terms, requirement: requirement)), as: AccountID(2))
        }

        mutating func publish() {
            published.applyToBook(BookChanges(takingFrom: &engine), asOf: engine.sequence)
        }

        func json(_ response: APIResponse) throws -> JSONValue {
            try JSONValue(response.body, limits: JSONLimits(depthMax: 16, bytesMax: 1 << 20))
        }
    }

    @Test func `The book shows what was published, no more and no less`() throws {
        var market = Market()
        market.offer(1, price: 5_000_000)
        let second = market.offer(1, price: 4_000_000)
        let query = BookQuery(requirement: Requirement(), depth: 10)
        var book = try market.json(market.published.answer(query))
        #expect(book["offers"]?.elements?.count == 0, "not published yet")
        market.publish()
        book = try market.json(market.published.answer(query))
        #expect(book["offers"]?.elements?.count == 2)
        #expect(book["as_of_sequence"]?.integer == market.engine.sequence.rawValue)
        market.apply(.cancel(OrderID(second.rawValue)), as: AccountID(1))
        market.publish()
        book = try market.json(market.published.answer(query))
        #expect(book["offers"]?.elements?.count == 1)
    }

    @Test func `A class without orders leaves the book`() {
        var market = Market()
        let id = market.offer(1, price: 5_000_000)
        market.publish()
        #expect(market.published.book.classes.count == 1)
        market.apply(.cancel(OrderID(id.rawValue)), as: AccountID(1))
        market.publish()
        #expect(market.published.book.classes.isEmpty)
    }

    @Test func `A model's best bid is one that an offer of it could meet`() throws {
        var market = Market()
        market.bid(qualityAtLeast: 50, price: 9_000_000)
        market.bid(qualityAtLeast: 0, price: 3_000_000)
        market.publish()
        let good = try market.json(market.published.answer(ModelsQuery(model: ModelID(1))))
        let poor = try market.json(market.published.answer(ModelsQuery(model: ModelID(2))))
        #expect(good["best_bid_nanoton_per_mtok"]?.string == "9000000", "\(good)")
        #expect(poor["best_bid_nanoton_per_mtok"]?.string == "3000000", "\(poor)")
    }

    @Test func `A rebuilt engine replaces everything that was shown`() {
        var market = Market()
        market.offer(1, price: 5_000_000)
        market.publish()
        let version = market.published.directoryVersion
        var rebuilt = Engine()
        market.published.replace(with: &rebuilt)
        #expect(market.published.book.classes.isEmpty)
        #expect(market.published.directory.models.records.isEmpty)
        #expect(market.published.directoryVersion > version, "the loops look again")
    }

    @Test func `What a connection remembers of a key ends with the registry that it was found in`() {
        var market = Market()
        let version = market.published.directory.keysVersion
        market.published.replace(with: &market.engine)
        let rebuilt = market.published.directory.keysVersion
        #expect(rebuilt > version, "a version never comes back with other keys")
        market.published.replaceRegistry(with: EngineState())
        #expect(market.published.directory.keysVersion > rebuilt)
    }

    @Test(
        arguments: [
            ("all classes of one good", Requirement(models: [1]), [-257]),
            ("some of them", Requirement(models: [1], tools: true), [1]),
            ("one good and a part of another", Requirement(tools: true), [-513, 1]),
            ("everything", Requirement(), [-513, -257]), ("nothing", Requirement(models: [9]), []),
        ] as [(String, Requirement, [Int64])]
    )
    func `Candles of whole models come from one series each`(rule: String, demand: Requirement, series: [Int64]) {
        var plain = Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: nil,
            contextLength: 4_096,
            features: [],
            quantization: .unknown,
            region: .unknown,
            tee: .none
        )
        var classes: [ClassID: Capability] = [ClassID(2): plain]
        plain.features = Features(rawValue: 1)
        classes[ClassID(1)] = plain
        plain.model = ModelID(2)
        classes[ClassID(3)] = plain
        #expect(CandleSeries(meeting: demand, of: classes).numbers == series, "\(rule)")
    }
}

extension Requirement {
    fileprivate init(models: [Int64], tools: Bool = false) {
        self.init()
        if let models = FixedList<ModelID>(models.map { ModelID($0) }) { self.models = models }
        if tools { features = Features(rawValue: 1) }
    }

    fileprivate init(tools: Bool) { self.init(models: [], tools: tools) }
}
