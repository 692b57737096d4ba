import Foundation
import JSON
import ProgramTesting
import Testing

/// `Deploy/queries.md` is what an administrator copies from: each query runs as the auditor and finds something.
@Suite struct QueryPageTests {
    /// The SQL between the fences, in order.
    private static func queries() throws -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Deploy/queries.md")
        let parts = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "```sql\n").dropFirst()
        return try parts.map { try #require($0.components(separatedBy: "\n```").first) }
    }

    /// Deposits, an attestation, resting orders of both sides that do not meet, a trade, and a cancel.
    private static func trade(_ scenario: Scenario) throws -> (worker: Scenario.Party, app: Scenario.Party) {
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 5_000_000_000)
        let tees = #"{"tees":["tdx"],"expires_at":"2099-01-01T00:00:00Z"}"#
        let client = scenario.client
        let attested = try client.call(
            "PUT",
            "/v1/accounts/\(worker.account)/attestation",
            key: scenario.operatorKey,
            tees
        )
        #expect(attested.status == 200, "\(attested.text)")
        var cancelled = ""
        for (path, key, body) in [
            ("/v1/offers", worker.key, Scenario.offer(price: 20_000_000, lots: 50)),
            ("/v1/offers", worker.key, Scenario.offer(price: 30_000_000, lots: 50)),
            ("/v1/bids", app.key, Scenario.bid(price: 25_000_000, lots: 60)),
            ("/v1/bids", app.key, Scenario.bid(price: 9_000_000, lots: 60)),
        ] {
            let answer = try client.call("POST", path, key: key, body)
            #expect(answer.status == 201, "\(answer.text)")
            cancelled = answer["id"]?.string ?? ""
        }
        #expect(try client.call("DELETE", "/v1/orders/\(cancelled)", key: app.key).status == 200)
        return (worker, app)
    }

    @Test func `Every query of the page finds something, and money adds up`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let parties = try Self.trade(scenario)
        // Waits until the tables show the last command.
        _ = try scenario.client.call("GET", "/v1/orders", key: parties.app.key)
        let queries = try Self.queries()
        #expect(queries.count == 20)
        for query in queries {
            let rows = try server.psql(query)
            #expect(!rows.isEmpty, "\(query)")
        }
        let owner = parties.app.account.dropFirst()
        #expect(try server.psql("SELECT count(*) FROM ledger.escrow WHERE difference_nanoton <> 0") == "0")
        #expect(
            try server.psql("SELECT held_nanoton > 0 AND leased_nanoton > 0 FROM ledger.escrow WHERE owner = \(owner)")
                == "t"
        )
        let now = try server.psql(
            "SELECT account_kind, balance_nanoton FROM ledger.statement_at(\(owner), 1000000) ORDER BY 1"
        )
        let balances = try server.psql("SELECT kind, balance FROM ledger.accounts WHERE owner = \(owner) ORDER BY 1")
        #expect(now == balances)
        let first = try server.psql("SELECT min(sequence) FROM ledger.statement WHERE owner = \(owner)")
        #expect(
            try server.psql("SELECT account_kind, balance_nanoton FROM ledger.statement_at(\(owner), \(first))")
                == "available|5000000000"
        )
        #expect(
            try server.psql("SELECT model, trades, lots, value_nanoton FROM market.turnover_by_day")
                == "Qwen/Qwen3-32B|1|50|1000000"
        )
        #expect(
            try server.psql("SELECT best_offer, offer_lots, best_bid, bid_lots, spread FROM market.top_of_book")
                == "30000000|50|25000000|10|5000000"
        )
    }
}
