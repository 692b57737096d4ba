import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Batches, amendments that cross fills, and what concerns more orders than one command may visit.
@Suite(.serialized) struct MassOrderTests {
    typealias Desk = OrderTypeTests.Desk

    /// The body of a batch of offers that rest.
    private func offers(_ count: Int, from first: Int = 0) -> String {
        let orders = (0..<count).map { index in
            """
            {"side":"offer","model":"Qwen/Qwen3-32B","quantity_lots":1,\
            "price_nanoton_per_mtok":"\(50_000_000 + (first + index) * 1_000)"}
            """
        }
        return #"{"orders":[\#(orders.joined(separator: ","))]}"#
    }

    /// 25,000 resting orders of the worker, in batches.
    private func fill(_ desk: Desk) throws {
        for batch in 0..<25 {
            let body = offers(1_000, from: batch * 1_000)
            let answer = try desk.scenario.client.call("POST", "/v1/orders:batch", key: desk.worker.key, body)
            let results = try #require(answer["results"]?.elements, "\(answer.text.prefix(500))")
            #expect(results.count == 1_000 && results.allSatisfy { $0["status"]?.integer == 201 })
        }
    }

    private func openOrders(_ desk: Desk) throws -> Int64 {
        let account = try desk.scenario.client.call("GET", "/v1/account", key: desk.worker.key)
        return account["open_order_count"]?.integer ?? -1
    }

    @Test func `25,000 orders are cancelled in steps, while others trade`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        try fill(desk)
        #expect(try openOrders(desk) == 25_000)
        let seller = try desk.scenario.party("seller")
        let other = try desk.server.connect()
        _ = try other.connection.send(TestClient.request("DELETE", "/v1/orders", key: desk.worker.key))
        var trades = 0
        for _ in 0..<20 {
            #expect(try desk.offer(20_000, 1, by: seller).status == 201)
            let bid = try desk.bid(90_000, 1)
            trades += Int(bid["trade_count"]?.integer ?? 0)
            // Nothing that is being cancelled fills, however good it is.
            let price = bid["trades"]?.elements?.first?["price_nanoton_per_mtok"]?.string
            #expect(price == "20000000", "\(bid.text)")
        }
        #expect(trades == 20)
        let answers = other.connection.receive(timeoutMilliseconds: 10_000)
        let answer = try TestClient.answer(try #require(answers.first).result.get())
        #expect(answer["cancelled_count"]?.integer == 10_000, "\(answer.text)")
        #expect(answer["is_complete"] == .boolean(false))
        for _ in 0..<100 where try openOrders(desk) > 0 { usleep(100_000) }
        #expect(try openOrders(desk) == 0)
        #expect(try desk.violations() == "")
        let reasons = "SELECT count(*) FROM market.orders WHERE close_reason = 2"
        #expect(try desk.server.psql(reasons) == "25000")
    }

    @Test func `A server that is killed in the middle of a mass cancellation goes on with it`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        try fill(desk)
        let answer = try desk.scenario.client.call("DELETE", "/v1/orders?side=offer", key: desk.worker.key)
        #expect(answer["is_complete"] == .boolean(false), "\(answer.text)")
        desk.server.kill()
        try desk.server.start()
        let client = try desk.server.connect()
        var left: Int64 = -1
        for _ in 0..<200 {
            left = try client.call("GET", "/v1/account", key: desk.worker.key)["open_order_count"]?.integer ?? -1
            if left == 0 { break }
            usleep(100_000)
        }
        #expect(left == 0)
        #expect(try desk.violations() == "")
        #expect(try desk.server.psql("SELECT count(*) FROM market.mass_operations") == "0")
    }

    @Test func `Every order of a batch has its own result, which a repetition gets again`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let body = """
            {"orders":[\
            {"side":"offer","model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"20000000","quantity_lots":2},\
            {"side":"offer","model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"20000001","quantity_lots":2},\
            {"side":"offer","model":"nobody/knows","price_nanoton_per_mtok":"20000000","quantity_lots":2},\
            {"model":"Qwen/Qwen3-32B","quantity_lots":2},\
            {"side":"offer","model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"21000000","quantity_lots":2}]}
            """
        let fields = [(name: "idempotency-key", value: "b-1")]
        var first: JSONValue?
        for restart in [false, true] {
            if restart {
                desk.server.kill()
                try desk.server.start()
            }
            let client = try desk.server.connect()
            var answer = try client.call("POST", "/v1/orders:batch", key: desk.worker.key, body, fields: fields)
            for _ in 0..<100 where answer.status == 503 {
                usleep(100_000)
                answer = try client.call("POST", "/v1/orders:batch", key: desk.worker.key, body, fields: fields)
            }
            let results = try #require(answer["results"]?.elements, "\(answer.text)")
            #expect(results.map { $0["status"]?.integer } == [201, 422, 422, 422, 201])
            #expect(results.map { $0["replayed"] } == [restart, false, restart, false, restart].map { .boolean($0) })
            #expect(results[1]["problem"]?["errors"]?.elements?.first?["pointer"]?.string == "#/price_nanoton_per_mtok")
            #expect(results[2]["problem"]?["code"]?.string == "model_unknown")
            #expect(results[3]["problem"]?["errors"]?.elements?.first?["pointer"]?.string == "#/side")
            if restart { #expect(results[4]["order"] == first) }
            first = results[4]["order"]
            let other = body.replacing("21000000", with: "22000000")
            let misused = try client.call("POST", "/v1/orders:batch", key: desk.worker.key, other, fields: fields)
            let codes = misused["results"]?.elements?.map { $0["problem"]?["code"]?.string }
            #expect(codes?[0] == "idempotency_key_reused", "\(misused.text)")
        }
        let account = try desk.server.connect().call("GET", "/v1/account", key: desk.worker.key)
        #expect(account["open_order_count"]?.integer == 2, "\(account.text)")
    }

    @Test func `An all-or-nothing batch is placed whole or not at all, and repeated so after a restart`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        func bids(_ lots: [Int]) -> String {
            let orders = lots.map { lots in
                """
                {"side":"bid","requirement":{"model":{"in":["Qwen/Qwen3-32B"]}},\
                "price_nanoton_per_mtok":"10000000000","quantity_lots":\(lots)}
                """
            }
            return #"{"all_or_nothing":true,"orders":[\#(orders.joined(separator: ","))]}"#
        }
        for restart in [false, true] {
            if restart {
                desk.server.kill()
                try desk.server.start()
            }
            let client = try desk.server.connect()
            func place(_ lots: [Int], _ key: String) throws -> [JSONValue] {
                let fields = [(name: "idempotency-key", value: key)]
                for _ in 0..<100 {
                    let path = "/v1/orders:batch"
                    let answer = try client.call("POST", path, key: desk.app.key, bids(lots), fields: fields)
                    if let results = answer["results"]?.elements, answer.status == 200 { return results }
                    usleep(100_000)
                }
                return []
            }
            // The first two could be paid, all three not.
            let refused = try place([1, 2, 10_000_000], "refused")
            let codes = refused.map { $0["problem"]?["code"]?.string }
            #expect(codes == ["batch_refused", "batch_refused", "insufficient_funds"])
            #expect(refused.map { $0["status"]?.integer } == [409, 409, 409])
            let placed = try place([1, 2], "placed")
            #expect(placed.map { $0["status"]?.integer } == [201, 201], "\(placed)")
            #expect((refused + placed).allSatisfy { $0["replayed"] == .boolean(restart) })
            let account = try client.call("GET", "/v1/account", key: desk.app.key)
            #expect(account["open_order_count"]?.integer == 2, "\(account.text)")
        }
    }

    @Test func `Amendments and fills that cross never fill more than the owner last said`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let offer = try desk.offer(20_000, 400)
        let id = try #require(offer["id"]?.string)
        let (changes, fills) = (try desk.server.connect(), try desk.server.connect())
        var amended: [(sequence: Int64, lots: Int64, filled: Int64)] = []
        for round in 0..<60 {
            // Both at once: either comes first.
            let lots = 400 - round * 4
            let body = #"{"quantity_lots":\#(lots)}"#
            _ = try changes.connection.send(TestClient.request("PATCH", "/v1/orders/\(id)", key: desk.worker.key, body))
            let bid = Scenario.bid(price: 20_000_000, lots: 4, timeInForce: "ioc")
            _ = try fills.connection.send(TestClient.request("POST", "/v1/bids", key: desk.app.key, bid))
            let answers = changes.connection.receive(timeoutMilliseconds: 10_000)
            let answer = try TestClient.answer(try #require(answers.first).result.get())
            _ = fills.connection.receive(timeoutMilliseconds: 10_000)
            guard answer.status == 200 else {
                #expect(["quantity_filled", "order_not_found"].contains(answer.code), "\(answer.text)")
                continue
            }
            let filled = try #require(answer["filled_lots"]?.integer)
            #expect(answer["quantity_lots"]?.integer == Int64(lots) && filled <= lots, "\(answer.text)")
            amended.append((answer["sequence"]?.integer ?? 0, Int64(lots), filled))
        }
        #expect(amended.count > 20)
        let order = try desk.order(offer, of: desk.worker)
        let last = try #require(amended.last)
        #expect(order["quantity_lots"]?.integer == last.lots)
        #expect((order["filled_lots"]?.integer ?? .max) <= last.lots, "\(order.text)")
        #expect(try desk.violations() == "")
    }

    @Test func `An amendment keeps or loses the order's place, and moves the hold`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let client = desk.scenario.client
        let first = try desk.bid(20_000, 10)
        let second = try desk.bid(20_000, 10)
        func amend(_ order: TestClient.Answer, _ body: String) throws -> TestClient.Answer {
            try client.call("PATCH", "/v1/orders/\(order["id"]?.string ?? "")", key: desk.app.key, body)
        }
        let held = try desk.scenario.balance(desk.app, "held")
        #expect(try amend(first, #"{"quantity_lots":5}"#)["remaining_lots"]?.integer == 5)
        #expect(try desk.scenario.balance(desk.app, "held") == held * 3 / 4)
        #expect(try desk.offer(20_000, 1)["trade_count"]?.integer == 1)
        #expect(try desk.order(first, of: desk.app)["filled_lots"]?.integer == 1, "smaller keeps its place")
        #expect(try amend(first, #"{"quantity_lots":20}"#)["filled_lots"]?.integer == 1)
        #expect(try desk.offer(20_000, 1)["trade_count"]?.integer == 1)
        #expect(try desk.order(second, of: desk.app)["filled_lots"]?.integer == 1, "larger goes to the back")
        #expect(try amend(first, #"{"quantity_lots":1}"#).code == "quantity_filled")
        #expect(try amend(first, #"{"expires_at":"2099-01-01T00:00:00Z"}"#).code == "expiry_not_amendable")
        #expect(try amend(first, "{}").code == "invalid_fields")
        #expect(try desk.offer(30_000, 2).status == 201)
        let moved = try amend(first, #"{"price_nanoton_per_mtok":"31000000"}"#)
        #expect(moved["trade_count"]?.integer == 1 && moved["filled_lots"]?.integer == 3, "\(moved.text)")
        let foreign = try client.call(
            "PATCH",
            "/v1/orders/\(first["id"]?.string ?? "")",
            key: desk.worker.key,
            #"{"quantity_lots":9}"#
        )
        #expect(foreign.code == "order_not_found")
        #expect(try desk.violations() == "")
    }

    @Test func `What the operator halts does not trade, and goes on in the order of its places`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let client = desk.scenario.client
        let model = #""model":"Qwen/Qwen3-32B""#
        #expect(try desk.control("/v1/market/halt", #"{\#(model),"halted":true}"#).status == 200)
        let status = try client.call("GET", "/v1/market/status")
        #expect(status["models"]?.elements?.first?["halted"] == .boolean(true), "\(status.text)")
        let offer = try desk.offer(20_000, 3)
        let bid = try desk.bid(21_000, 3)
        #expect(offer["state"]?.string == "open" && bid["trade_count"]?.integer == 0)
        #expect(try desk.bid(21_000, 3, #","time_in_force":"ioc""#).code == "market_halted")
        #expect(try desk.control("/v1/market/halt", #"{\#(model),"halted":false}"#).status == 200)
        #expect(try desk.closeReason(of: bid, desk.app) == "filled")
        let limits = #"{"closed":true}"#
        #expect(try desk.control("/v1/accounts/\(desk.worker.account)/limits", limits)["closed"] == .boolean(true))
        #expect(try desk.offer(20_000, 3).code == "account_closed")
        #expect(try desk.control("/v1/market/halt", #"{"model":"no/such","halted":true}"#).code == "invalid_fields")
        // Fees: dearer ones need notice, cheaper ones come at their time.
        let soon = Date().addingTimeInterval(2).ISO8601Format()
        let dearer = #"{"maker_fee_bps":50,"taker_fee_bps":50,"effective_at":"\#(soon)"}"#
        #expect(try desk.control("/v1/fees", dearer).code == "notice_too_short")
        let cheaper = #"{"maker_fee_bps":1,"taker_fee_bps":2,"effective_at":"\#(soon)"}"#
        #expect(try desk.control("/v1/fees", cheaper).status == 200)
        var fees = try client.call("GET", "/v1/fees")
        #expect(fees["next"]?["taker_fee_bps"]?.integer == 2, "\(fees.text)")
        for _ in 0..<60 where fees["next"] != .null {
            usleep(100_000)
            fees = try client.call("GET", "/v1/fees")
        }
        #expect(fees["taker_fee_bps"]?.integer == 2, "\(fees.text)")
        #expect(try desk.violations() == "")
    }

    @Test func `A batch may have a mebibyte, over HTTP/2 and HTTP/1.1, and other bodies 64 KiB`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let padding = String(repeating: " ", count: 900_000)
        let large = try desk.scenario.client.call("POST", "/v1/orders:batch", key: desk.worker.key, offers(2) + padding)
        #expect(large["results"]?.elements?.count == 2, "\(large.text)")
        let more = String(repeating: " ", count: 1 << 20)
        let tooLarge = try desk.scenario.client.call("POST", "/v1/orders:batch", key: desk.worker.key, offers(2) + more)
        #expect(tooLarge.code == "body_too_large", "\(tooLarge.text)")
        let other = try desk.scenario.client.call("POST", "/v1/offers", key: desk.worker.key, "{}" + padding)
        #expect(other.code == "body_too_large", "\(other.text)")
        #expect(try openOrders(desk) == 2)
    }
}
