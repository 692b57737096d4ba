import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// What comes of leases beside payment: measured offers, top-ups, tickets with the answer, and what the log says.
@Suite(.serialized) struct MeasuredTests {
    @Test func `What apps countersign is shown by offers, and everybody can see what it comes from`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let path = "/v1/market/measurement-policy"
        let policy = #"{"samples_min":2,"interval_s":0}"#
        let set = try desk.client.call("PUT", path, key: desk.scenario.operatorKey, policy)
        #expect(set.status == 200 && set["samples_min"]?.integer == 2, "\(set.text)")
        let shown = try desk.client.call("GET", path)
        #expect(shown["half_life_s"]?.integer == 86_400 && shown["interval_s"]?.integer == 0, "\(shown.text)")

        let id = try desk.open()
        let offer = """
            {"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"30000000","quantity_lots":5}
            """
        let resting = try desk.client.call("POST", "/v1/offers", key: desk.worker.key, offer)
        let order = try #require(resting["id"]?.string, "\(resting.text)")
        var last: Receipt?
        for number in 1...2 as ClosedRange<UInt32> {
            var receipt = desk.receipt(of: id, number, prompt: 0, completion: Int64(number) * 100, after: last)
            receipt.timeToFirstToken = 90 + number
            receipt.endedAt = receipt.startedAt + Int64(number) * 1_000
            let answer = try desk.record(desk.signed(receipt))
            #expect(answer.status == 200, "\(answer.text)")
            last = receipt
        }
        // 200 tokens in 2,000 ms; 183 ms for two first tokens, rounded up.
        let record = try desk.client.call("GET", "/v1/accounts/\(desk.worker.account)/record")
        let performance = record["performance"]?.elements?.first
        #expect(performance?["throughput_tps"]?.integer == 100, "\(record.text)")
        #expect(performance?["ttft_ms"]?.integer == 92 && performance?["success_bp"]?.integer == 10_000)
        #expect(performance?["tokens"]?.integer == 200 && performance?["job_count"]?.integer == 2)
        let own = try desk.client.call("GET", "/v1/orders/\(order)", key: desk.worker.key)
        #expect(own["capability"]?["throughput_tps"]?.integer == 100, "\(own.text)")
        #expect(own["capability"]?["measured_by"]?.string == "exchange", "\(own.text)")
        let bid = """
            {"requirement":{"throughput_tps":{"gte":100},"ttft_ms":{"lte":100}},"quantity_lots":1,\
            "price_nanoton_per_mtok":"30000000"}
            """
        let bought = try desk.client.call("POST", "/v1/bids", key: desk.app.key, bid)
        #expect(bought["state"]?.string == "filled", "\(bought.text)")
        let said = try TestServer.run([
            "admin", "lease", "record", desk.worker.account, "--state-dir", server.folder,
        ])
        #expect(said.contains("Qwen/Qwen3-32B") && said.contains("10000"), "\(said)")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        _ = try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `A lease that runs is topped up from its worker, and the tickets come with the answer`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let other = try desk.scenario.party("other")
        for (party, price) in [(other, "10000000"), (desk.worker, "15000000")] {
            let offer = #"{"model":"Qwen/Qwen3-32B","price_nanoton_per_mtok":"\#(price)","quantity_lots":3}"#
            #expect(try desk.client.call("POST", "/v1/offers", key: party.key, offer).status == 201)
        }
        let bid = #"{"lease":"\#(id.text)","price_nanoton_per_mtok":"20000000","quantity_lots":5}"#
        let stranger = try desk.scenario.party("stranger", deposit: 1_000_000)
        let refused = try desk.client.call("POST", "/v1/bids", key: stranger.key, bid)
        #expect(refused.status == 404 && refused.code == "lease_not_found", "\(refused.text)")
        let preferred = [(name: "prefer", value: "ticket"), (name: "idempotency-key", value: "top-up")]
        let placed = try desk.client.call("POST", "/v1/bids", key: desk.app.key, bid, fields: preferred)
        #expect(placed.status == 201 && placed["close_reason"]?.string == "ioc", "\(placed.text)")
        #expect(placed["lease"]?.string == id.text && placed["filled_lots"]?.integer == 3, "\(placed.text)")
        #expect(placed.field("preference-applied") == "ticket")
        #expect(placed["trades"]?.elements?.map { $0["price_nanoton_per_mtok"]?.string } == ["15000000"])
        let tickets = try #require(placed["tickets"]?.elements, "\(placed.text)")
        let opened = try #require(tickets.first?["lease_id"]?.string)
        let alone = try desk.client.call("GET", "/v1/leases/\(opened)/ticket", key: desk.app.key)
        #expect(tickets == [alone.json], "\(alone.text)")
        let lease = try desk.client.call("GET", "/v1/leases/\(opened)", key: desk.app.key)
        #expect(lease["tops_up_lease_id"]?.string == id.text, "\(lease.text)")
        let again = try desk.client.call("POST", "/v1/bids", key: desk.app.key, bid, fields: preferred)
        #expect(again["id"]?.string == placed["id"]?.string && again["trade_count"]?.integer == 1, "\(again.text)")
        // Nothing trades, so there is no ticket.
        let low = #"{"lease":"\#(id.text)","price_nanoton_per_mtok":"1000000","quantity_lots":5}"#
        let none = try desk.client.call("POST", "/v1/bids", key: desk.app.key, low, fields: [preferred[0]])
        #expect(none.status == 201 && none["tickets"] == nil && none.field("preference-applied") == nil)
        let listed = try desk.client.call("GET", "/v1/leases", key: desk.app.key)
        #expect(listed["data"]?.elements?.first?["tops_up_lease_id"]?.string == id.text, "\(listed.text)")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        _ = try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `A key that comes, a policy and an attestation are entries of the log, also after a kill`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        try desk.setPolicy(#"{"slash_share_bps":7}"#)
        let attestation = #"{"tees":["tdx"],"expires_at":"2099-01-01T00:00:00Z"}"#
        let path = "/v1/accounts/\(desk.worker.account)/attestation"
        let attested = try desk.client.call("PUT", path, key: desk.scenario.operatorKey, attestation)
        #expect(attested.status == 200, "\(attested.text)")
        _ = try TestServer.run(["admin", "signing-key", "rotate", "--delay", "10", "--state-dir", server.folder])
        func entries(_ client: TestClient) throws -> [JSONValue] {
            try client.call("GET", "/v1/log/entries?start=0&end=9")["data"]?.elements ?? []
        }
        // Nothing else is asked of the exchange: the key comes by itself.
        let deadline = Date().addingTimeInterval(10)
        while try entries(desk.client).count < 3, Date() < deadline { usleep(50_000) }
        let found = try entries(desk.client)
        #expect(found.map { $0["kind"]?.string } == ["lease_policy", "attestation", "key_rotation"])
        for entry in found {
            let bytes = try #require(entry["entry"]?.string.flatMap { Base64URL.decode($0) })
            let statement = try #require(entry["statement"]?.string.flatMap { Base64URL.decode($0) })
            #expect(LogEntry(bytes: bytes)?.commitment == SHA256.hash(statement))
        }
        let keys = try desk.client.call("GET", "/v1/keys")["data"]?.elements ?? []
        let newest = try #require(keys.last?["public_key"]?.string.flatMap { Base64URL.decode($0) })
        let statement = try #require(found.last?["statement"]?.string.flatMap { Base64URL.decode($0) })
        #expect(LogStatement(kind: .keyRotation, bytes: statement).signingKey?.publicKey == newest)
        server.kill()
        try server.start()
        let client = try server.connect()
        for _ in 0..<100 where try client.call("GET", "/readyz").status != 200 { usleep(100_000) }
        #expect(try entries(client) == found, "and is not named twice")
        let body = LeaseDesk.body(desk.signed(desk.receipt(of: id, 1, prompt: 34)))
        let receipt = try client.call("POST", "/v1/receipts", key: desk.worker.key, body)
        #expect(receipt["log_index"]?.integer == 3, "\(receipt.text)")
        let hash = try #require(receipt["receipt_sha256"]?.string)
        let bundle = try client.call("GET", "/v1/receipts/\(hash)/bundle", key: desk.app.key)
        #expect(bundle.status == 200, "\(bundle.text)")
        _ = try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `A receipt that comes again tells the same, and a wish needs no body`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let first = desk.receipt(of: id, 1, prompt: 34, completion: 100)
        let recorded = try desk.record(desk.signed(first))
        let again = try desk.record(desk.signed(first), as: desk.app)
        #expect(again["result"]?.string == "repeated", "\(again.text)")
        for name in ["receipt_sequence", "receipt_sha256", "is_countersigned", "charged_tokens", "log_index"] {
            #expect(again[name] == recorded[name], "\(name): \(again.text)")
        }
        let closing = try desk.client.call("POST", "/v1/leases/\(id.text):close", key: desk.app.key)
        #expect(closing.status == 200, "\(closing.text)")
        let wrong = try desk.client.call("POST", "/v1/leases/\(id.text):close", key: desk.app.key, #"{"a":1}"#)
        #expect(wrong.status == 422, "\(wrong.text)")
        let dispute = try desk.client.call("POST", "/v1/leases/\(id.text):dispute", key: desk.app.key)
        #expect(dispute.code == "claim_not_pending", "\(dispute.text)")
    }
}
