import Cryptography
import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

@Suite struct OrderBodyTests {
    let market = Market()

    static let offer = #""model":"tiny","price_nanoton_per_mtok":"20123000","quantity_lots":5"#
    static let bid = #""requirement":{},"price_nanoton_per_mtok":20123000,"quantity_lots":5"#

    @Test func `An offer becomes a command with all its terms`() throws {
        let body = """
            {"model": "Qwen\\/Qwen3-32B", "price_nanoton_per_mtok": "20123000", "quantity_lots": 5,
             "time_in_force": "ioc", "client_order_id": "gpu-7:1", "max_open_lots": 100,
             "capability": {"context_length": 32768, "features": ["tools", "seed"], "quantization": "fp8",
                            "tee": "tdx+nvcc", "region": "de"}}
            """
        let command = try market.command("POST", "/v1/offers", body, as: Market.worker)
        #expect(command.account == AccountID(2))
        #expect(command.requestID == 0x4D2)
        #expect(command.idempotency == nil)
        guard case .placeOffer(let terms) = command.action else { throw Unexpected(.command(command, .placed)) }
        #expect(terms.model == ModelID(1))
        #expect(terms.order.price == Price(nanoTONPerMTok: 20_123_000))
        #expect(terms.order.lots == Lots(5))
        #expect(terms.order.timeInForce == .ioc)
        #expect(terms.order.clientOrderID?.text == "gpu-7:1")
        #expect(terms.order.bodyHash != 0)
        #expect(terms.maxOpenLots == Lots(100))
        #expect(terms.contextLength == 32_768)
        #expect(terms.features.names == ["tools", "seed"])
        #expect(terms.quantization == .fp8)
        #expect(terms.claimedTEE == .tdxNvidia)
        #expect(terms.region.name == "de")
    }

    @Test func `What an offer leaves out is not claimed`() throws {
        let command = try market.command("POST", "/v1/offers", "{\(Self.offer)}", as: Market.worker)
        let order = OrderTerms(price: Price(nanoTONPerMTok: 20_123_000), lots: Lots(5), timeInForce: .gtc)
        #expect(command.action == .placeOffer(OfferTerms(order: order, model: ModelID(3))))
    }

    @Test func `A bid becomes a command, and an unknown model is the engine's to refuse`() throws {
        let body = """
            {"requirement": {"model": {"in": ["tiny", "no/such"]}}, "weight_set": "ratio-1",
             "price_nanoton_per_mtok": 1000, "quantity_lots": 10000000}
            """
        let command = try market.command("POST", "/v1/bids", body, as: Market.app)
        guard case .placeBid(let terms) = command.action else { throw Unexpected(.command(command, .placed)) }
        #expect(terms.namesUnknownModel)
        #expect(terms.namedWeightSet == WeightSetID(2))
        #expect(terms.requirement.models.array == [ModelID(3)])
        #expect(terms.order.lots.count == Limits.orderLotsMax)
    }

    @Test func `An unknown model of an offer is the engine's to refuse`() throws {
        let body = #"{"model":"no/such","price_nanoton_per_mtok":1000,"quantity_lots":1}"#
        let command = try market.command("POST", "/v1/offers", body, as: Market.worker)
        guard case .placeOffer(let terms) = command.action else { throw Unexpected(.command(command, .placed)) }
        #expect(terms.model == .unknown)
    }

    @Test(
        arguments: [
            ("", 400, "malformed_json"), ("{", 400, "malformed_json"), ("{}x", 400, "malformed_json"),
            ("{\"model\":\"tiny\",}", 400, "malformed_json"), ("{'model':1}", 400, "malformed_json"),
            (#"{"model":"\uD800"}"#, 400, "malformed_json"), ("\u{FEFF}{}", 400, "malformed_json"),
            (String(repeating: #"{"model":"#, count: 3) + "tru", 400, "malformed_json"),
            (#"{"x":"# + String(repeating: "[", count: 16) + "]", 400, "json_too_deep"),
            (String(repeating: " ", count: Limits.bodyBytesMax + 1), 413, "body_too_large"),
        ]
    )
    func `Broken syntax is a bad request`(body: String, status: Int, code: String) throws {
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker)
        #expect(problem.response.status == status)
        #expect(problem.json["code"]?.string == code)
    }

    @Test(
        arguments: [
            ("[]", "# wrong_type"), ("null", "# wrong_type"), ("17", "# wrong_type"),
            (#"{\#(offer),"colour":1}"#, "#/colour unknown_field"),
            (#"{\#(offer),"a/b~c d":1}"#, "#/a~1b~0c%20d unknown_field"),
            (#"{\#(offer),"model":"tiny"}"#, "#/model duplicate_field"),
            (#"{\#(offer),"time_in_force":"day"}"#, "#/time_in_force not_allowed"),
            (#"{\#(offer),"time_in_force":null}"#, "#/time_in_force wrong_type"),
            (#"{\#(offer),"client_order_id":""}"#, "#/client_order_id bad_format"),
            (#"{\#(offer),"client_order_id":"a b"}"#, "#/client_order_id bad_format"),
            (#"{\#(offer),"client_order_id":"\#(String(repeating: "x", count: 37))"}"#, "#/client_order_id bad_format"),
            (#"{\#(offer),"max_open_lots":0}"#, "#/max_open_lots out_of_range"),
            (#"{\#(offer),"capability":[]}"#, "#/capability wrong_type"),
            (#"{\#(offer),"capability":{"gpu":1}}"#, "#/capability/gpu unknown_field"),
            (#"{\#(offer),"capability":{"features":["tools","magic"]}}"#, "#/capability/features/1 not_allowed"),
            (#"{\#(offer),"capability":{"features":"tools"}}"#, "#/capability/features wrong_type"),
            (#"{\#(offer),"capability":{"quantization":"fp7"}}"#, "#/capability/quantization not_allowed"),
            (#"{\#(offer),"capability":{"tee":"sev"}}"#, "#/capability/tee not_allowed"),
            (#"{\#(offer),"capability":{"region":"DE"}}"#, "#/capability/region bad_format"),
            (#"{\#(offer),"capability":{"context_length":-1}}"#, "#/capability/context_length out_of_range"),
            (#"{\#(offer),"capability":{"context_length":1.5}}"#, "#/capability/context_length wrong_type"),
            (#"{"price_nanoton_per_mtok":1000,"quantity_lots":1}"#, "#/model required"),
            (#"{"model":"","price_nanoton_per_mtok":1000,"quantity_lots":1}"#, "#/model bad_format"),
            (#"{"model":"a b","price_nanoton_per_mtok":1000,"quantity_lots":1}"#, "#/model bad_format"),
            (#"{"model":7,"price_nanoton_per_mtok":1000,"quantity_lots":1}"#, "#/model wrong_type"),
            (#"{"model":"tiny","quantity_lots":1}"#, "#/price_nanoton_per_mtok required"),
        ]
    )
    func `A value that breaks a rule is named by its place and its rule`(body: String, error: String) throws {
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker)
        #expect(problem.response.status == 422)
        #expect(problem.json["code"]?.string == "invalid_fields")
        #expect(problem.json.error(0) == error)
        #expect(problem.json.errorCount == 1)
    }

    @Test(
        arguments: [
            ("0", "out_of_range"), ("-1000", "out_of_range"), ("1", "out_of_range"), ("1500", "not_a_multiple"),
            ("100000000001000", "out_of_range"), ("9223372036854775807", "out_of_range"),
            ("9223372036854775808", "out_of_range"), ("1e3", "wrong_type"), ("1000.0", "wrong_type"),
            ("\"1000.0\"", "wrong_type"), ("\"01000\"", "wrong_type"), ("\"\"", "wrong_type"),
            ("\"9223372036854775808\"", "out_of_range"), ("\"-1000\"", "out_of_range"), ("true", "wrong_type"),
            ("{}", "wrong_type"), ("[1000]", "wrong_type"),
        ]
    )
    func `A price is a multiple of 1,000 within its range`(price: String, rule: String) throws {
        let body = #"{"requirement":{},"price_nanoton_per_mtok":\#(price),"quantity_lots":1}"#
        let problem = try market.problem("POST", "/v1/bids", body, as: Market.app)
        #expect(problem.json.error(0) == "#/price_nanoton_per_mtok \(rule)")
        #expect(problem.json.errorCount == 1)
    }

    @Test(arguments: ["1000", "\"1000\"", "100000000000000", "\"100000000000000\""])
    func `The smallest and the largest price are prices`(price: String) throws {
        let body = #"{"requirement":{},"price_nanoton_per_mtok":\#(price),"quantity_lots":1}"#
        _ = try market.command("POST", "/v1/bids", body, as: Market.app)
    }

    @Test(
        arguments: [
            ("0", "out_of_range"), ("-1", "out_of_range"), ("10000001", "out_of_range"), ("\"5\"", "wrong_type"),
            ("9223372036854775808", "out_of_range"), ("null", "wrong_type"),
        ]
    )
    func `A quantity is a whole number of lots within its range`(lots: String, rule: String) throws {
        let body = #"{"requirement":{},"price_nanoton_per_mtok":1000,"quantity_lots":\#(lots)}"#
        let problem = try market.problem("POST", "/v1/bids", body, as: Market.app)
        #expect(problem.json.error(0) == "#/quantity_lots \(rule)")
    }

    @Test func `One answer names every field that breaks a rule, up to sixteen`() throws {
        let body = #"{"price_nanoton_per_mtok":1,"quantity_lots":"x","colour":1}"#
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker)
        #expect(problem.json.errorCount == 4)
        let many = "{" + (0..<100).map { "\"f\($0)\":0" }.joined(separator: ",") + "}"
        #expect(try market.problem("POST", "/v1/offers", many, as: Market.worker).json.errorCount == 16)
    }

    @Test func `An unknown value is answered with the allowed ones`() throws {
        let body = #"{\#(Self.offer),"time_in_force":"day"}"#
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker)
        #expect(problem.json["errors"]?[0]?["detail"]?.string == "time_in_force must be one of gtc, ioc, gtd, fok.")
    }
}

@Suite struct IdempotencyTests {
    let market = Market()

    private func identity(_ key: String, _ body: String, as owner: APIKey = Market.worker) throws -> IdempotencyKey {
        let command = try market.command("POST", "/v1/offers", body, as: owner, idempotencyKey: key)
        return try #require(command.idempotency)
    }

    @Test func `The same request has the same identity, another body or key another`() throws {
        let first = try identity("a", "{\(OrderBodyTests.offer)}")
        #expect(try identity("a", "{\(OrderBodyTests.offer)}") == first)
        let otherBody = try identity("a", "{\(OrderBodyTests.offer) }")
        #expect(otherBody.high == first.high && otherBody.low == first.low && otherBody.body != first.body)
        let otherKey = try identity("b", "{\(OrderBodyTests.offer)}")
        #expect(otherKey.high != first.high && otherKey.low != first.low && otherKey.body == first.body)
    }

    @Test func `The same key for another account is another request; for another path, a misuse`() throws {
        let deposit = { (path: String) in
            try market.command("POST", path, #"{"amount_nanoton":1}"#, as: Market.admin, idempotencyKey: "k")
                .idempotency
        }
        let first = try #require(try deposit("/v1/accounts/a2/deposits"))
        let second = try #require(try deposit("/v1/accounts/a3/deposits"))
        #expect(first.high == second.high && first.low == second.low && first.body != second.body)
    }

    @Test(arguments: ["", " ", "a b", "ä", "a\tb", String(repeating: "k", count: 256)])
    func `A key that is no key is refused`(key: String) throws {
        let body = "{\(OrderBodyTests.offer)}"
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker, idempotencyKey: key)
        #expect(problem.response.status == 400)
        #expect(problem.json["code"]?.string == "bad_idempotency_key")
    }

    @Test func `A body is hashed only when somebody may compare it`() throws {
        let plain = try market.command("POST", "/v1/offers", "{\(OrderBodyTests.offer)}", as: Market.worker)
        let named = try market.command(
            "POST",
            "/v1/offers",
            #"{\#(OrderBodyTests.offer),"client_order_id":"x"}"#,
            as: Market.worker
        )
        guard case .placeOffer(let first) = plain.action, case .placeOffer(let second) = named.action else {
            throw Unexpected(.command(plain, .placed))
        }
        #expect(first.order.bodyHash == 0)
        #expect(second.order.bodyHash != 0)
    }
}
