import Cryptography
import Engine
import Exchange
import JSON
import Ledger
import Testing
import Units

@testable import API

@Suite struct AnswerTests {
    @Test func `An order that rests is answered with what it is and where it can be read`() throws {
        let order = Example.order(id: 17, clientOrderID: "mine")
        let outcome = Example.outcome(17, [.accepted(order), .rested(OrderID(17), Lots(8))])
        let response = Answer.render(.placed, outcome)
        #expect(response.status == 201)
        #expect(response.location == Array("/v1/orders/o17".utf8))
        let expected = """
            {"id":"o17","side":"bid","state":"open","close_reason":null,"price_nanoton_per_mtok":"25123000",\
            "quantity_lots":8,"filled_lots":0,"remaining_lots":8,"time_in_force":"gtc","client_order_id":"mine",\
            "held_nanoton":"201586","maker_fee_bps":10,"taker_fee_bps":30,"created_at":"2026-11-21T01:00:00.000000Z",\
            "sequence":17,"trade_count":0,"trades":[]}
            """
        #expect(String(decoding: response.body, as: UTF8.self) == expected)
    }

    @Test func `An answer speaks of its own order, not of those that it met`() throws {
        let outcome = Example.outcome(
            18,
            [
                .accepted(Example.order(id: 18)), .traded(Example.trade(id: 1, bid: 18, offer: 2, lots: 5)),
                .closed(OrderID(2), .filled, .zero), .rested(OrderID(18), Lots(3)),
            ]
        )
        let json = try JSONValue(Answer.render(.placed, outcome).body)
        #expect(json["state"]?.string == "open")
        #expect(json["filled_lots"]?.integer == 5)
        #expect(json["remaining_lots"]?.integer == 3)
        #expect(json["held_nanoton"]?.string == "75595")
        #expect(json["trades"]?[0]?["value_nanoton"]?.string == "100615")
        #expect(json["trades"]?[0]?["locked_nanoton"]?.string == "100916")
    }

    @Test(
        arguments: zip(
            CloseReason.allCases,
            ["filled", "cancelled", "cancelled", "cancelled", "cancelled", "cancelled"]
        )
    )
    func `An order that closes at once says why`(reason: CloseReason, state: String) throws {
        let remaining = reason == .filled ? Lots.zero : Lots(3)
        let events: [Event] = [.accepted(Example.order(id: 18)), .closed(OrderID(18), reason, remaining)]
        let json = try JSONValue(Answer.render(.placed, Example.outcome(18, events)).body)
        #expect(json["state"]?.string == state)
        #expect(json["close_reason"]?.string == reason.name)
        #expect(json["held_nanoton"]?.string == "0")
    }

    @Test func `An answer lists the first trades and counts all`() throws {
        var events: [Event] = [.accepted(Example.order(id: 18))]
        for id in 1...150 { events.append(.traded(Example.trade(id: Int64(id), bid: 18, offer: 2, lots: 1))) }
        events.append(.closed(OrderID(18), .filled, .zero))
        let json = try JSONValue(Answer.render(.placed, Example.outcome(18, events)).body)
        #expect(json["trade_count"]?.integer == 150)
        #expect(json["trades"]?.elements?.count == Limits.tradesInAnswerMax)
    }

    @Test func `A repetition gets the same answer and says that it is one`() {
        let events: [Event] = [.accepted(Example.order(id: 17)), .rested(OrderID(17), Lots(8))]
        let first = Answer.render(.placed, Example.outcome(17, events))
        let again = Answer.render(.placed, Example.outcome(17, events, isReplay: true))
        #expect(!first.isReplayed && again.isReplayed)
        #expect(first.body == again.body && first.status == again.status && first.location == again.location)
        #expect(again.fields.contains { $0.name.description == "idempotency-replayed" })
    }

    @Test func `A cancelled order says what was left and what was released`() throws {
        let held = LedgerAccount(AccountID(3), .held)
        let available = LedgerAccount(AccountID(3), .available)
        let release = Transfer(
            debit: held,
            credit: available,
            amount: NanoTON(75_595),
            kind: .release,
            order: OrderID(17)
        )
        let events: [Event] = [.transfer(release), .closed(OrderID(17), .cancelled, Lots(3))]
        let response = Answer.render(.cancelled(OrderID(17)), Example.outcome(20, events))
        let expected = """
            {"id":"o17","state":"cancelled","close_reason":"cancelled","remaining_lots":3,\
            "released_nanoton":"75595","sequence":20}
            """
        #expect(response.status == 200)
        #expect(String(decoding: response.body, as: UTF8.self) == expected)
    }

    @Test(arguments: Rejection.allCases)
    func `A rejection is a problem with its own code and the command's number`(rejection: Rejection) throws {
        let response = Answer.render(.placed, Example.outcome(18, [.rejected(rejection)], isReplay: true))
        let json = try JSONValue(response.body)
        #expect(json["code"]?.string == rejection.code)
        #expect(json["sequence"]?.integer == 18)
        #expect(response.status == ProblemCode(rejection).status)
        #expect(response.contentType == .problem)
        #expect(response.isReplayed)
    }

    @Test func `A key's secret is in the first answer only`() throws {
        let hash = try #require(KeyHash(bytes: Market.app.digest.bytes))
        let terms = KeyTerms(owner: AccountID(3), hash: hash, scopes: [.bid, .read], label: "x")
        let events: [Event] = [.keyCreated(KeyRecord(id: KeyID(4), terms: terms, createdAt: Market.now))]
        let first = try JSONValue(Answer.render(.keyCreated(Market.app), Example.outcome(5, events)).body)
        let again = Answer.render(.keyCreated(Market.unknown), Example.outcome(5, events, isReplay: true))
        #expect(first["key"]?.string == Market.app.secret)
        #expect(first["expires_at"] == .null)
        #expect(try JSONValue(again.body)["key"] == nil)
        #expect(!String(decoding: again.body, as: UTF8.self).contains("bx_"))
    }

    @Test func `Events that do not fit the question are a failure of the server`() throws {
        for shape in [.placed, .cancelled(OrderID(1)), .accountCreated, .deposited, .feesSet] as [AnswerShape] {
            let response = Answer.render(shape, Example.outcome(5, [.rested(OrderID(3), Lots(1))]))
            #expect(response.status == 500)
            #expect(try JSONValue(response.body)["code"]?.string == "internal_error")
        }
    }

    @Test func `Every code's word is its own, and every rejection has the word of its code`() {
        #expect(Set(ProblemCode.allCases.map(\.rawValue)).count == ProblemCode.allCases.count)
        for rejection in Rejection.allCases { #expect(ProblemCode(rejection).rawValue == rejection.code) }
        for code in ProblemCode.allCases {
            #expect((400...599).contains(code.status))
            #expect(code.title.description != "The request was refused.", "\(code) needs a title")
        }
    }
}

@Suite struct ViewTests {
    let market = Market()

    @Test func `A book merges equal prices and stops at its depth`() {
        func level(_ price: Int64, _ lots: Int64) -> BookView.Level {
            BookView.Level(price: Price(nanoTONPerMTok: price * 1_000), lots: lots, orders: 1)
        }
        let view = BookView(
            offers: [[level(1, 1), level(3, 1)], [], [level(1, 2), level(2, 5), level(4, 1)], [level(3, 9)]],
            bids: [[level(9, 1), level(7, 1)], [level(9, 4), level(8, 1)]],
            depth: 3
        )
        #expect(view.offers.map(\.price.nanoTONPerMTok) == [1_000, 2_000, 3_000])
        #expect(view.offers.map(\.lots) == [3, 5, 10])
        #expect(view.offers.map(\.orders) == [2, 1, 2])
        #expect(view.bids.map(\.price.nanoTONPerMTok) == [9_000, 8_000, 7_000])
        #expect(view.bids.map(\.lots) == [5, 1, 1])
    }

    @Test func `Merging equals sorting, for random ladders`() {
        var random = Seeded(seed: 7)
        for _ in 0..<200 {
            let ladders = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                Set((0..<Int.random(in: 0...8, using: &random)).map { _ in Int64.random(in: 1...12, using: &random) })
                    .sorted()
                    .map { BookView.Level(price: Price(nanoTONPerMTok: $0 * 1_000), lots: $0, orders: 1) }
            }
            let view = BookView(offers: ladders, bids: ladders.map { $0.reversed() }, depth: 5)
            let prices = Set(ladders.joined().map(\.price)).sorted()
            #expect(view.offers.map(\.price) == Array(prices.prefix(5)))
            #expect(view.bids.map(\.price) == Array(prices.reversed().prefix(5)))
            for level in view.offers {
                #expect(level.orders == ladders.joined().filter { $0.price == level.price }.count)
            }
        }
    }

    @Test func `An own trade shows the owner's part, the public list nobody's`() throws {
        let row = TradeDetail(
            trade: Example.trade(id: 1, bid: 18, offer: 17, lots: 5),
            sequence: SequenceNumber(18),
            time: Market.now
        )
        let models = market.directory.models
        func json(_ account: Int64?) throws -> JSONValue? {
            let query = TradesQuery(account: account.map(AccountID.init), model: nil, limit: 1)
            return try JSONValue(View.trades(query, [row], models: models, asOf: SequenceNumber(20)).body)["data"]?[0]
        }
        #expect(try json(nil)?["order_id"] == nil)
        #expect(try json(3)?["order_id"]?.string == "o18")
        #expect(try json(3)?["fee_bps"]?.integer == 30)
        #expect(try json(2)?["order_id"]?.string == "o17")
        #expect(try json(2)?["locked_nanoton"] == nil)
    }

    @Test func `A model's prices are those of its best offer, by kind of token`() throws {
        let best = BestPrices(offer: Price(nanoTONPerMTok: 20_123_000))
        let response = View.models(market.directory.models, asOf: SequenceNumber(9)) { id in
            id == ModelID(1) ? best : BestPrices()
        }
        let data = try JSONValue(response.body)["data"]
        #expect(data?[0]?["pricing"]?["completion_nanoton_per_mtok"]?.string == "160984000")
        #expect(data?[0]?["pricing"]?["input_cache_read_nanoton_per_mtok"]?.string == "2012300")
        #expect(data?[1]?["pricing"] == .null)
        #expect(data?[2]?["id"]?.string == "tiny")
    }

    @Test func `Metrics are written as Prometheus reads them`() {
        var metrics = MetricsText()
        metrics.metric("bombyx_orders_total", .counter, "Orders accepted.", 17)
        metrics.describe("bombyx_lag_seconds", .gauge, "Lag.")
        metrics.sample("bombyx_lag_seconds", [("table", "a\"b\\c\nd")], 0.5)
        let expected = """
            # HELP bombyx_orders_total Orders accepted.
            # TYPE bombyx_orders_total counter
            bombyx_orders_total 17
            # HELP bombyx_lag_seconds Lag.
            # TYPE bombyx_lag_seconds gauge
            bombyx_lag_seconds{table="a\\"b\\\\c\\nd"} 0.5

            """
        #expect(String(decoding: metrics.response.body, as: UTF8.self) == expected)
    }

    @Test func `Models are found by name among many, and the newest version counts`() {
        let records = (1...4_096).map { id in
            ModelRecord(
                id: ModelID(Int64(id)),
                version: 1,
                terms: ModelTerms(name: "org/model-\(id)"),
                createdAt: Market.now
            )
        }
        var newer = records[99]
        newer.version = 2
        newer.terms.quality = 77
        let table = ModelTable(records + [newer, records[99]])
        #expect(table.records.count == 4_096)
        for record in records {
            #expect(table.id(named: Array(record.terms.name.utf8)[...]) == record.id)
            #expect(table.record(record.id)?.terms.name == record.terms.name)
        }
        #expect(table.record(ModelID(100))?.terms.quality == 77)
        #expect(table.id(named: Array("org/model-4097".utf8)[...]) == .unknown)
        #expect(table.record(ModelID(5_000)) == nil)
    }
}
