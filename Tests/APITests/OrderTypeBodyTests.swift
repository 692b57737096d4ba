import Cryptography
import Engine
import Exchange
import JSON
import Sockets
import Testing
import Units

@testable import API

/// What orders may ask for beside price and quantity, as bodies say it.
@Suite struct OrderTypeBodyTests {
    let market = Market()

    private func offer(_ more: String, price: String? = "20000000") -> String {
        let limit = price.map { #""price_nanoton_per_mtok":"\#($0)","# } ?? ""
        return #"{"model":"Qwen/Qwen3-32B",\#(limit)"quantity_lots":50,\#(more)}"#
    }

    private func pointers(_ method: String, _ target: String, _ body: String, as key: APIKey) throws -> [String] {
        let problem = try market.problem(method, target, body, as: key)
        #expect(problem.json["code"]?.string == "invalid_fields", "\(body)")
        return (problem.json["errors"]?.elements ?? []).compactMap { $0["pointer"]?.string }.sorted()
    }

    @Test(
        arguments: [
            (#""expires_at":"2099-01-01T00:00:00Z""#, ["#/expires_at"]),
            (#""time_in_force":"gtd""#, ["#/expires_at"]),
            (#""time_in_force":"gtd","expires_at":"2001-01-01T00:00:00Z""#, ["#/expires_at"]),
            (#""time_in_force":"ioc","post_only":true"#, ["#/post_only"]),
            (#""time_in_force":"fok","display_quantity_lots":5"#, ["#/display_quantity_lots"]),
            (#""min_quantity_lots":5,"display_quantity_lots":5"#, ["#/display_quantity_lots"]),
            (#""all_or_none":true,"display_quantity_lots":5"#, ["#/display_quantity_lots"]),
            (#""all_or_none":true,"min_quantity_lots":5"#, ["#/min_quantity_lots"]),
            (#""time_in_force":"fok","min_quantity_lots":5"#, ["#/min_quantity_lots"]),
            (#""min_quantity_lots":51"#, ["#/min_quantity_lots"]),
            (#""display_quantity_lots":51"#, ["#/display_quantity_lots"]),
            (#""type":"market""#, ["#/price_nanoton_per_mtok"]),
            (#""post_only":1"#, ["#/post_only"]), (#""self_trade_prevention":"none""#, ["#/self_trade_prevention"]),
            (#""quality_credit_nanoton_per_mtok":"1""#, ["#/quality_credit_nanoton_per_mtok"]),
            (#""buyers":{"allow":[]}"#, ["#/buyers/allow"]), (#""buyers":{"deny":["a0"]}"#, ["#/buyers/deny/0"]),
            (#""side":"bid""#, ["#/side"]),
        ] as [(String, [String])]
    )
    func `What does not go together is refused with the field's name`(more: String, expected: [String]) throws {
        #expect(try pointers("POST", "/v1/offers", offer(more), as: Market.worker) == expected)
    }

    @Test func `What may be sent again is not refused for a time that has passed meanwhile`() throws {
        let past = #""expires_at":"2001-01-01T00:00:00Z""#
        let order = offer(#""time_in_force":"gtd",\#(past)"#)
        #expect(try pointers("POST", "/v1/offers", order, as: Market.worker) == ["#/expires_at"])
        let batch = #"{"orders":[\#(order.replacing("{", with: #"{"side":"offer","#))]}"#
        for (method, target, body, key) in [
            ("POST", "/v1/offers", order, Market.worker),
            ("PATCH", "/v1/orders/o7", "{\(past)}", Market.worker),
            ("POST", "/v1/accounts/a2/keys", #"{"scopes":["read"],\#(past)}"#, Market.admin),
            ("PUT", "/v1/accounts/a2/attestation", #"{"tees":["tdx"],\#(past)}"#, Market.admin),
        ] {
            _ = try market.problem(method, target, body, as: key)
            _ = try market.command(method, target, body, as: key, idempotencyKey: "again")
        }
        let target = "/v1/orders:batch"
        guard case .batch(let items) = market.admit("POST", target, batch, as: Market.worker, idempotencyKey: "b")
        else { throw Unexpected(market.admit("POST", target, batch, as: Market.worker)) }
        #expect(BatchItem.commands(of: items).count == 1)
        let named = offer(#""time_in_force":"gtd",\#(past),"client_order_id":"again""#)
        _ = try market.command("POST", "/v1/offers", named, as: Market.worker)
    }

    @Test func `A market order has no price, and does not rest`() throws {
        let resting = offer(#""type":"market","time_in_force":"gtc""#, price: nil)
        #expect(try pointers("POST", "/v1/offers", resting, as: Market.worker) == ["#/time_in_force"])
        #expect(
            try pointers("POST", "/v1/offers", offer(#""post_only":true"#, price: nil), as: Market.worker)
                == ["#/price_nanoton_per_mtok"]
        )
        let body = offer(#""type":"market""#, price: nil)
        guard case .placeOffer(let terms) = try market.command("POST", "/v1/offers", body, as: Market.worker).action
        else { throw Unexpected(market.admit("POST", "/v1/offers", body, as: Market.worker)) }
        #expect(terms.order.isMarket && terms.order.timeInForce == .ioc)
    }

    @Test func `What goes together arrives as it was said, and is consistent`() throws {
        let more = #"""
            "time_in_force":"gtd","expires_at":"2099-01-01T00:00:00Z","post_only":true,"display_quantity_lots":5,\#
            "self_trade_prevention":"decrement","buyers":{"allow":["a9","a3"],"deny":["a4"],\#
            "minimum_deposit_nanoton":"7"}
            """#.replacing("\\#\n", with: "").replacing("\n", with: "")
        guard
            case .placeOffer(let terms) = try market.command("POST", "/v1/offers", offer(more), as: Market.worker)
                .action
        else { throw Unexpected(market.admit("POST", "/v1/offers", offer(more), as: Market.worker)) }
        #expect(terms.order.isConsistent)
        let rules = terms.order.rules
        #expect(rules.isPostOnly && rules.displayLots == Lots(5) && rules.selfTrade == .decrement)
        #expect(rules.expiresAt > Market.now && rules.expiresAt < .never)
        #expect(terms.buyers.allowed == [AccountID(3), AccountID(9)] && terms.buyers.denied == [AccountID(4)])
        #expect(terms.buyers.minimumDeposit == NanoTON(7))
    }

    @Test(
        arguments: [
            ("PATCH", "/v1/orders/o7", "{}", ["#"]),
            ("PATCH", "/v1/orders/o7", #"{"quantity_lots":0}"#, ["#/quantity_lots"]),
            ("PATCH", "/v1/orders/o7", #"{"post_only":true}"#, ["#/post_only"]),
            ("POST", "/v1/orders:cancel-after", #"{"timeout_s":86401}"#, ["#/timeout_s"]),
            ("POST", "/v1/orders:cancel-after", "{}", ["#/timeout_s"]),
            ("POST", "/v1/orders:batch", #"{"orders":[]}"#, ["#/orders"]),
            ("POST", "/v1/orders:batch", "{}", ["#/orders"]),
        ] as [(String, String, String, [String])]
    )
    func `Changes of orders name what they break`(
        method: String,
        target: String,
        body: String,
        expected: [String]
    ) throws {
        #expect(try pointers(method, target, body, as: Market.worker) == expected)
    }

    @Test func `A batch of a mebibyte is looked at once, not once for each of its thousand orders`() {
        let orders = Array(repeating: #"{"side":"bid"}"#, count: Limits.batchOrdersMax).joined(separator: ",")
        let filling = String(repeating: " ", count: Limits.batchBytesMax - orders.utf8.count - 100)
        let body = #"{"orders":[\#(orders)]\#(filling)}"#
        guard AllocationCounter.start() else { return }
        let before = AllocationCounter.now
        let admission = market.admit("POST", "/v1/orders:batch", body, as: Market.app, idempotencyKey: "once")
        let spent = AllocationCounter.now - before
        guard case .batch(let items) = admission, items.count == Limits.batchOrdersMax else {
            Issue.record("\(Unexpected(admission))")
            return
        }
        #expect(spent.bytes > Limits.batchBytesMax, "the counter counts")
        #expect(spent.bytes < 32 * Limits.batchBytesMax, "\(spent.bytes)")
    }

    @Test func `A batch has at most a thousand orders and a mebibyte`() throws {
        let order = offer(#""side":"offer""#)
        func batch(_ count: Int) -> String {
            #"{"orders":[\#(Array(repeating: order, count: count).joined(separator: ","))]}"#
        }
        guard case .batch(let items) = market.admit("POST", "/v1/orders:batch", batch(1_000), as: Market.worker) else {
            throw Unexpected(market.admit("POST", "/v1/orders:batch", batch(1), as: Market.worker))
        }
        #expect(BatchItem.commands(of: items).count == Limits.batchOrdersMax)
        #expect(try pointers("POST", "/v1/orders:batch", batch(1_001), as: Market.worker) == ["#/orders"])
        let long = String(repeating: " ", count: Limits.batchBytesMax + 1)
        #expect(try market.problem("POST", "/v1/orders:batch", long, as: Market.worker).response.status == 413)
    }

    @Test func `Each order of a batch needs its own scope, and has its own key`() throws {
        let bid = #"{"side":"bid","requirement":{},"price_nanoton_per_mtok":"20000000","quantity_lots":1}"#
        let body = #"{"orders":[\#(offer(#""side":"offer""#)),\#(bid),\#(offer(#""side":"offer""#))]}"#
        let admission = market.admit("POST", "/v1/orders:batch", body, as: Market.worker, idempotencyKey: "k")
        guard case .batch(let items) = admission else { throw Unexpected(admission) }
        let commands = BatchItem.commands(of: items)
        #expect(commands.count == 2)
        #expect(commands[0].idempotency != nil && commands[0].idempotency != commands[1].idempotency)
        guard case .refused(let problem) = items[1] else { throw Unexpected(admission) }
        #expect(problem.code == .missingScope)
    }

    @Test func `An all-or-nothing batch is announced by one command, and refused if one order cannot be`() throws {
        func items(_ orders: [String]) throws -> [BatchItem] {
            let body = #"{"all_or_nothing":true,"orders":[\#(orders.joined(separator: ","))]}"#
            let admission = market.admit("POST", "/v1/orders:batch", body, as: Market.worker, idempotencyKey: "k")
            guard case .batch(let items) = admission else { throw Unexpected(admission) }
            return items
        }
        let good = offer(#""side":"offer""#)
        let commands = BatchItem.commands(of: try items([good, good]))
        guard case .openBatch(let batch)? = commands.first?.action else { throw Unexpected(.batch([])) }
        #expect(commands.map(\.idempotency) == [nil, nil, nil])
        #expect(commands[1...].allSatisfy { $0.action == .placeNext })
        #expect(batch.orders.count == 2 && batch.orders[0].idempotency != batch.orders[1].idempotency)
        for (field, pointer) in [
            (#""time_in_force":"fok""#, "#/time_in_force"), (#""post_only":true"#, "#/post_only"),
            (#""nonsense":true"#, "#/nonsense"),
        ] {
            let refused = try items([good, offer(#""side":"offer",\#(field)"#)])
            #expect(BatchItem.commands(of: refused).isEmpty, "\(field)")
            guard case .refused(let first) = refused[0], case .refused(let second) = refused[1] else {
                throw Unexpected(.batch(refused))
            }
            #expect(first.code == .batchRefused && second.code == .invalidFields)
            #expect(second.errors.map(\.place) == [.pointer(pointer)])
        }
        let typed = #"{"all_or_nothing":1,"orders":[\#(good)]}"#
        #expect(try pointers("POST", "/v1/orders:batch", typed, as: Market.worker) == ["#/all_or_nothing"])
    }

    @Test func `A mass cancellation means what its filters say`() throws {
        let target = "/v1/orders?side=bid&model=tiny&requirement=quality:gte=40&weight_set=ratio-1"
        guard case .massCancel(let filter) = try market.command("DELETE", target, as: Market.worker).action else {
            throw Unexpected(market.admit("DELETE", target, as: Market.worker))
        }
        #expect(filter.side == .bid && filter.model == ModelID(3))
        #expect(filter.requirement?.qualityAtLeast == 40 && filter.requirement?.weightSet == WeightSetID(2))
        let unknown = try market.problem("DELETE", "/v1/orders?model=none", as: Market.worker)
        #expect(unknown.json["code"]?.string == "model_unknown")
        #expect(try market.problem("DELETE", "/v1/orders?state=open", as: Market.worker).response.status == 422)
    }
}
