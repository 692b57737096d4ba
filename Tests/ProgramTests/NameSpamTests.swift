import Foundation
import JSON
import ProgramTesting
import Testing
import Units

/// What is named once is kept for ever: through the real server, with the limits that users have.
@Suite(.serialized) struct NameSpamTests {
    /// Orders that name a capability each and are gone at once.
    private func spam(_ names: Range<Int64>) -> String {
        let orders = names.map { name in
            """
            {"side":"offer","model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"20000000","quantity_lots":1,\
            "time_in_force":"ioc","capability":{"context_length":\(name)}}
            """
        }
        return #"{"orders":[\#(orders.joined(separator: ","))]}"#
    }

    @Test func `Who names thousands of capabilities waits before it may place orders, and nobody else does`()
        throws
    {
        let server = try TestServer(arguments: ["--rate-limit", "100000"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let (spammer, other) = (try scenario.party("spammer"), try scenario.party("other"))
        let offer = Scenario.offer(price: 30_000_000, lots: 1)
        let resting = try scenario.client.call("POST", "/v1/offers", key: spammer.key, offer)
        let order = try #require(resting["id"]?.string, "\(resting.text)")
        var name: Int64 = 1
        while name <= Limits.newNamesMax {
            let batch = try scenario.client.call("POST", "/v1/orders:batch", key: spammer.key, spam(name..<name + 500))
            try #require(batch.status == 200, "\(batch.text)")
            name += 500
        }
        for body in [offer, spam(name..<name + 1)] {
            let path = body == offer ? "/v1/offers" : "/v1/orders:batch"
            let refused = try scenario.client.call("POST", path, key: spammer.key, body)
            #expect(refused.status == 429 && refused.code == "rate_limited", "\(refused.text)")
            #expect(refused.text.contains("named") && refused.field("retry-after") != nil, "\(refused.text)")
        }
        let cancel = try scenario.client.call("DELETE", "/v1/orders/\(order)", key: spammer.key)
        #expect(cancel.status == 200, "\(cancel.text)")
        let placed = try scenario.client.call("POST", "/v1/offers", key: other.key, offer)
        #expect(placed.status == 201, "\(placed.text)")
        let deadline = Date().addingTimeInterval(20)
        let count = "SELECT count(*) FROM market.capability_classes"
        while try scenario.server.psql(count) != String(name), Date() < deadline { usleep(20_000) }
        #expect(try scenario.server.psql(count) == String(name), "one of the resting offer, and those of the spam")
    }
}
