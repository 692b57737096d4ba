import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Every order type once, over the real server.
@Suite(.serialized) struct OrderTypeTests {
    /// A market with a worker and an app, and short ways to ask.
    struct Desk {
        let server: TestServer
        let scenario: Scenario
        let worker: Scenario.Party
        let app: Scenario.Party

        init() throws {
            server = try TestServer()
            scenario = try Scenario(server)
            worker = try scenario.party("worker", deposit: 1_000_000_000)
            app = try scenario.party("app", deposit: 1_000_000_000_000)
        }

        func offer(
            _ price: Int64?,
            _ lots: Int64,
            _ more: String = "",
            by party: Scenario.Party? = nil
        ) throws -> TestClient.Answer {
            let limit = price.map { #","price_nanoton_per_mtok":"\#($0)000""# } ?? ""
            let body = #"{"model":"Qwen/Qwen3-32B","quantity_lots":\#(lots)\#(limit)\#(more)}"#
            return try scenario.client.call("POST", "/v1/offers", key: (party ?? worker).key, body)
        }

        func bid(
            _ price: Int64?,
            _ lots: Int64,
            _ more: String = "",
            by party: Scenario.Party? = nil
        ) throws -> TestClient.Answer {
            let limit = price.map { #","price_nanoton_per_mtok":"\#($0)000""# } ?? ""
            let body =
                #"{"requirement":{"model":{"in":["Qwen/Qwen3-32B"]}},"quantity_lots":\#(lots)\#(limit)\#(more)}"#
            return try scenario.client.call("POST", "/v1/bids", key: (party ?? app).key, body)
        }

        func order(_ answer: TestClient.Answer, of party: Scenario.Party) throws -> TestClient.Answer {
            try scenario.client.call("GET", "/v1/orders/\(answer["id"]?.string ?? "")", key: party.key)
        }

        func control(_ path: String, _ body: String) throws -> TestClient.Answer {
            try scenario.client.call("PUT", path, key: scenario.operatorKey, body)
        }

        /// Waits until the order is closed, without anybody sending a command meanwhile.
        func closeReason(of answer: TestClient.Answer, _ party: Scenario.Party) throws -> String? {
            for _ in 0..<100 {
                let order = try order(answer, of: party)
                if order["state"]?.string != "open" { return order["close_reason"]?.string }
                usleep(100_000)
            }
            return nil
        }

        /// Sums that are not as they should be, as the auditor finds them once the tables are level.
        func violations() throws -> String {
            for _ in 0..<100 where try server.psql("SELECT batches_behind FROM projection.lag") != "0" {
                usleep(100_000)
            }
            return try server.psql("SELECT name, violations FROM ledger.invariants WHERE violations <> 0")
        }
    }

    private func lots(_ answer: TestClient.Answer) -> [Int64] {
        answer["trades"]?.elements?.compactMap { $0["quantity_lots"]?.integer } ?? []
    }

    @Test func `Each order type does once what its name says`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        // Post-only, fill or kill.
        #expect(try desk.offer(20_000, 5).status == 201)
        #expect(try desk.bid(21_000, 5, #","post_only":true"#).code == "post_only_would_trade")
        #expect(try desk.bid(19_000, 1, #","post_only":true"#)["state"]?.string == "open")
        #expect(try desk.bid(21_000, 6, #","time_in_force":"fok""#).code == "fok_unfillable")
        #expect(try desk.bid(21_000, 5, #","time_in_force":"fok""#)["state"]?.string == "filled")
        // All or none, least fill.
        let whole = try desk.offer(22_000, 10, #","all_or_none":true"#)
        let half = try desk.bid(22_000, 5)
        #expect(half["state"]?.string == "open", "\(half.text)")
        #expect(lots(try desk.bid(22_000, 10)) == [10], "the whole of it")
        #expect(try desk.order(whole, of: desk.worker)["state"]?.string == "filled")
        #expect(lots(try desk.offer(22_000, 7, #","min_quantity_lots":6,"time_in_force":"ioc""#)).isEmpty)
        #expect(lots(try desk.offer(22_000, 5)) == [5])
        // Iceberg: the book shows a part, the owner sees how much.
        let iceberg = try desk.offer(23_000, 100, #","display_quantity_lots":10"#)
        #expect(lots(try desk.bid(23_000, 15)) == [10, 5], "part after part")
        let seen = try desk.order(iceberg, of: desk.worker)
        #expect(seen["displayed_lots"]?.integer == 5 && seen["remaining_lots"]?.integer == 85, "\(seen.text)")
        usleep(50_000)
        let book = try desk.scenario.client.call("GET", "/v1/book?requirement=model:in=Qwen/Qwen3-32B")
        #expect(book["offers"]?.elements?.first?["quantity_lots"]?.integer == 5, "\(book.text)")
        let cancelled = try desk.scenario.client.call("DELETE", "/v1/orders", key: desk.worker.key)
        #expect(cancelled["is_complete"] == .boolean(true), "\(cancelled.text)")
        // Market orders need a band, whose end is their limit.
        #expect(try desk.bid(nil, 1, #","type":"market""#).code == "no_price_band")
        let band = #"{"low_nanoton_per_mtok":"10000000","high_nanoton_per_mtok":"30000000"}"#
        #expect(try desk.control("/v1/market/price-band", #"{"price_band":\#(band)}"#).status == 200)
        #expect(try desk.offer(25_000, 3).status == 201)
        let market = try desk.bid(nil, 4, #","type":"market""#)
        #expect(lots(market) == [3] && market["close_reason"]?.string == "ioc", "\(market.text)")
        #expect(market["price_nanoton_per_mtok"]?.string == "30000000")
        #expect(try desk.bid(31_000, 1).code == "price_outside_band")
        #expect(try desk.violations() == "")
    }

    @Test func `Who meets its own order, and who is not let in, does as it was asked`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let own = try desk.offer(20_000, 4)
        let oldest = try desk.bid(20_000, 4, #","self_trade_prevention":"cancel_oldest""#, by: desk.worker)
        #expect(oldest["state"]?.string == "open", "\(oldest.text)")
        #expect(try desk.order(own, of: desk.worker)["close_reason"]?.string == "self_trade")
        let lowered = try desk.offer(20_000, 1, #","self_trade_prevention":"decrement""#)
        #expect(lowered["close_reason"]?.string == "self_trade", "\(lowered.text)")
        #expect(try desk.order(oldest, of: desk.worker)["remaining_lots"]?.integer == 3)
        _ = try desk.scenario.client.call("DELETE", "/v1/orders?side=bid", key: desk.worker.key)

        let friend = try desk.scenario.party("friend", deposit: 1_000_000_000)
        let only = try desk.offer(20_000, 5, #","buyers":{"allow":["\#(friend.account)"]}"#)
        #expect(try desk.bid(20_000, 5, #","time_in_force":"ioc""#)["trade_count"]?.integer == 0)
        #expect(try desk.bid(20_000, 5, by: friend)["trade_count"]?.integer == 1)
        let allowed = try desk.order(only, of: desk.worker)["buyers"]?["allow"]?.elements?.first
        #expect(allowed?.string == friend.account)
        let credit = try desk.bid(9_000, 5, #","quality_credit_nanoton_per_mtok":"5000""#)
        #expect(credit["quality_credit_nanoton_per_mtok"]?.string == "5000", "\(credit.text)")
        #expect(try desk.violations() == "")
    }

    @Test func `An order that is good till a date expires while nobody asks, and so do all of a dead man's`() throws {
        let desk = try Desk()
        defer { desk.server.remove() }
        let end = Date().addingTimeInterval(3).ISO8601Format()
        let dated = try desk.offer(20_000, 5, #","time_in_force":"gtd","expires_at":"\#(end)""#)
        #expect(dated["expires_at"]?.string?.isEmpty == false, "\(dated.text)")
        let switched = try desk.scenario.client.call(
            "POST",
            "/v1/orders:cancel-after",
            key: desk.app.key,
            #"{"timeout_s":2}"#
        )
        #expect(switched.status == 200, "\(switched.text)")
        let bids = try (1...3).map { try desk.bid(10_000 + $0, 1) }
        #expect(bids.allSatisfy { $0["state"]?.string == "open" })
        for bid in bids { #expect(try desk.closeReason(of: bid, desk.app) == "cancel_after") }
        #expect(try desk.closeReason(of: dated, desk.worker) == "expired")
        #expect(try desk.scenario.balance(desk.app, "held") == 0)
        #expect(try desk.bid(10_000, 1)["state"]?.string == "open", "the switch acts once")
        let account = try desk.scenario.client.call("GET", "/v1/account", key: desk.app.key)
        #expect(account["cancel_after"] == .null, "\(account.text)")
        #expect(try desk.violations() == "")
    }
}
