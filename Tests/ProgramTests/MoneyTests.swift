import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Money and repetition, through the interface.
@Suite(.serialized) struct MoneyTests {
    @Test func `64 concurrent spenders never overdraw one account`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        // Each bid holds 20,000 and the dearer fee of 30 in 10,000: 20,060. The money is enough for 100 of them.
        let app = try scenario.party("app", deposit: 100 * 20_060)
        let key = app.key
        let clients = try (0..<64).map { _ in try server.connect() }
        var accepted = 0
        var refused = 0
        for round in 0..<4 {
            // All of them at once, then all answers.
            for client in clients {
                _ = try client.connection.send(
                    TestClient.request("POST", "/v1/bids", key: key, Scenario.bid(price: 20_000_000, lots: 1))
                )
            }
            for client in clients {
                for completion in client.connection.receive(timeoutMilliseconds: 10_000) {
                    let answer = try TestClient.answer(completion.result.get())
                    switch answer.status {
                    case 201: accepted += 1
                    default:
                        #expect(answer.code == "insufficient_funds", "round \(round): \(answer.text)")
                        refused += 1
                    }
                }
            }
        }
        #expect(accepted == 100 && refused == 156)
        #expect(try scenario.balance(app, "available") == 0)
        #expect(try scenario.balance(app, "held") == 100 * 20_060)
    }

    @Test func `A trade moves the money to the nanoTON, and a cancel gives the rest back`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 1_000_000_000)
        let client = scenario.client
        let offer = try client.call("POST", "/v1/offers", key: worker.key, Scenario.offer(price: 20_123_000, lots: 5))
        #expect(offer.status == 201 && offer["state"]?.string == "open", "\(offer.text)")
        let bid = try client.call("POST", "/v1/bids", key: app.key, Scenario.bid(price: 25_123_000, lots: 8))
        #expect(bid.status == 201, "\(bid.text)")
        #expect(bid["trades"]?.elements?.count == 1, "\(bid.text)")
        // As in the core's contract: 5 lots at the maker's 20,123,000 and the taker's fee; the rest stays held.
        #expect(try scenario.balance(app, "leased") == 100_916)
        #expect(try scenario.balance(app, "held") == 75_595)
        #expect(try scenario.balance(app, "available") == 999_823_489)
        let id = try #require(bid["id"]?.string)
        let cancelled = try client.call("DELETE", "/v1/orders/\(id)", key: app.key)
        #expect(cancelled.status == 200, "\(cancelled.text)")
        #expect(try scenario.balance(app, "available") == 999_899_084)
        #expect(try client.call("DELETE", "/v1/orders/\(id)", key: app.key).code == "order_not_found")
        #expect(
            try client.call("GET", "/v1/orders/\(id)", key: worker.key).code == "order_not_found",
            "a foreign order"
        )
        let transfers = try client.call("GET", "/v1/account/transfers", key: app.key)
        let kinds = transfers["data"]?.elements?.compactMap { $0["kind"]?.string }
        #expect(kinds == ["release", "release", "trade", "hold", "deposit"], "\(transfers.text)")
    }

    @Test func `A repetition gets the same answer, also after a restart, and moves nothing`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 1_000_000_000)
        _ = try scenario.client.call("POST", "/v1/offers", key: worker.key, Scenario.offer(price: 20_000_000, lots: 2))
        let body = Scenario.bid(price: 21_000_000, lots: 3, clientOrderID: "mine")
        let fields = [(name: "idempotency-key", value: "k-1")]
        let first = try scenario.client.call("POST", "/v1/bids", key: app.key, body, fields: fields)
        #expect(first.status == 201 && first.field("idempotency-replayed") == nil, "\(first.text)")
        for restart in [false, true] {
            if restart {
                server.kill()
                try server.start()
            }
            let client = try server.connect()
            let again = try client.call("POST", "/v1/bids", key: app.key, body, fields: fields)
            #expect(again.status == 201 && again.field("idempotency-replayed") == "true", "\(again.text)")
            #expect(again.text == first.text, "byte for byte, restart: \(restart)")
            let byName = try client.call("POST", "/v1/bids", key: app.key, body)
            #expect(byName.text == first.text, "the client's own name is enough")
            let other = Scenario.bid(price: 22_000_000, lots: 3, clientOrderID: "mine")
            let misused = try client.call("POST", "/v1/bids", key: app.key, other, fields: fields)
            #expect(misused.status == 422 && misused.code == "idempotency_key_reused", "\(misused.text)")
            let doubled = try client.call("POST", "/v1/bids", key: app.key, other)
            #expect(doubled.status == 409 && doubled.code == "duplicate_client_order_id", "\(doubled.text)")
            let orders = try client.call("GET", "/v1/orders", key: app.key)
            #expect(orders["data"]?.elements?.count == 1, "\(orders.text)")
        }
    }
}
