import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Streams whose end cancels orders, and streams that end with their key, from a real server.
@Suite(.serialized) struct DisconnectTests {
    private static let cancelling = "channels=orders&cancel_on_disconnect=true"

    private func place(_ scenario: Scenario, _ party: Scenario.Party, count: Int = 2) throws -> [String] {
        try (0..<count).map { number in
            let body = Scenario.offer(price: 20_000_000 + Int64(number) * 1_000, lots: 5)
            let answer = try scenario.client.call("POST", "/v1/offers", key: party.key, body)
            return try #require(answer["id"]?.string, "\(answer.text)")
        }
    }

    /// Opens a stream, and waits for its first event.
    private func open(_ client: TestClient, _ query: String, _ key: String) throws -> StreamClient {
        let stream = try StreamClient(client, query, key: key)
        let events = try stream.take { name, _ in name == "open" }
        #expect(events.first?.name == "open", "\(stream.refusal?.text ?? "")")
        return stream
    }

    /// Why each of the orders was closed; `nil` while it is open.
    private func reasons(_ client: TestClient, _ orders: [String], _ party: Scenario.Party) throws -> [String?] {
        try orders.map { order in
            let answer = try client.call("GET", "/v1/orders/\(order)", key: party.key)
            #expect(answer.status == 200, "\(answer.text)")
            return answer["close_reason"]?.string
        }
    }

    private func expectDisconnected(_ client: TestClient, _ orders: [String], _ party: Scenario.Party) throws {
        let deadline = Date().addingTimeInterval(20)
        while try reasons(client, orders, party).contains(nil), Date() < deadline { usleep(20_000) }
        #expect(try reasons(client, orders, party) == orders.map { _ in "disconnected" })
    }

    /// Still open after a while.
    private func expectOpen(_ client: TestClient, _ orders: [String], _ party: Scenario.Party) throws {
        usleep(500_000)
        #expect(try reasons(client, orders, party) == orders.map { _ in nil })
    }

    @Test func `The end of a stream cancels its account's orders, if it was to, and nobody else's`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let (party, other) = (try scenario.party("worker"), try scenario.party("other"))
        let (orders, others) = (try place(scenario, party), try place(scenario, other))
        do {
            let reader = try server.connect()
            let plain = try open(reader, "channels=orders", party.key)
            plain.cancel()
            try expectOpen(scenario.client, orders, party)
        }
        // The connection goes, as when the client dies.
        do {
            let reader = try server.connect()
            _ = try open(reader, Self.cancelling, party.key)
            let account = try scenario.client.call("GET", "/v1/account", key: party.key)
            #expect(account["cancels_on_disconnect"]?.boolean == true, "\(account.text)")
            try expectOpen(scenario.client, orders, party)
            reader.connection.close()
        }
        try expectDisconnected(scenario.client, orders, party)
        #expect(try reasons(scenario.client, others, other) == [nil, nil])
        let account = try scenario.client.call("GET", "/v1/account", key: party.key)
        #expect(account["cancels_on_disconnect"]?.boolean == false, "\(account.text)")
        // What is placed afterwards stays.
        try expectOpen(scenario.client, try place(scenario, party), party)
    }

    @Test func `Of several streams of an account the end of each cancels`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("worker")
        let reader = try server.connect()
        let first = try open(reader, Self.cancelling, party.key)
        let second = try open(try server.connect(), Self.cancelling, party.key)
        let before = try place(scenario, party)
        first.cancel()
        _ = try second.take { name, json in
            name == "orders" && json["events"]?[0]?["close_reason"]?.string == "disconnected"
        }
        try expectDisconnected(scenario.client, before, party)
        let after = try place(scenario, party)
        try expectOpen(scenario.client, after, party)
        second.cancel()
        try expectDisconnected(scenario.client, after, party)
    }

    @Test func `A server that dies or stops has cancelled when it is there again, once`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("worker")
        for isKilled in [true, false] {
            let reader = try server.connect()
            let stream = try open(reader, Self.cancelling, party.key)
            let client = try server.connect()
            let scope = try place(Scenario(server), party)
            try expectOpen(client, scope, party)
            if isKilled { server.kill() } else { server.terminate() }
            try server.start()
            let again = try server.connect()
            try waitUntilReady(again)
            try expectDisconnected(again, scope, party)
            // The stream from before does nothing to what came after it.
            let later = try place(Scenario(server), party)
            try expectOpen(again, later, party)
            #expect(try again.call("DELETE", "/v1/orders", key: party.key).status == 200)
            withExtendedLifetime(stream) {}
        }
    }

    private func waitUntilReady(_ client: TestClient) throws {
        let deadline = Date().addingTimeInterval(60)
        while try client.call("GET", "/readyz").status != 200, Date() < deadline { usleep(20_000) }
    }

    @Test func `A key's revocation ends its streams at once, and cancels what they were to cancel`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("worker")
        let path = "/v1/accounts/\(party.account)/keys"
        let made = try scenario.client.call(
            "POST",
            path,
            key: scenario.operatorKey,
            #"{"scopes":["offer","read"],"label":"second"}"#
        )
        let (id, secret) = (try #require(made["id"]?.string), try #require(made["key"]?.string))
        let reader = try server.connect()
        let kept = try open(reader, "channels=orders", party.key)
        let market = try open(try server.connect(), "channels=trades", secret)
        let ended = try open(reader, Self.cancelling, secret)
        let orders = try place(scenario, party)
        let revoked = try scenario.client.call("DELETE", path + "/" + id, key: scenario.operatorKey)
        #expect(revoked.status == 200, "\(revoked.text)")
        let started = Date()
        for stream in [ended, market] {
            let events = try stream.take(seconds: 5) { name, _ in name == "revoked" }
            #expect(events.last?.name == "revoked")
            _ = try stream.take(seconds: 5) { _, _ in false }
            #expect(stream.hasEnded)
        }
        #expect(Date().timeIntervalSince(started) < 0.9, "before the loop's next look at the clock")
        try expectDisconnected(scenario.client, orders, party)
        _ = try kept.take(timeoutMilliseconds: 100)
        #expect(!kept.hasEnded)
    }
}
