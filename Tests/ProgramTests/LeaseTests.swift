import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import Testing
import Units

/// The life of leases through the interface of a real server, with real signatures.
@Suite(.serialized) struct LeaseTests {
    @Test func `A lease is delivered by receipts, paid as they come, and closed by the last one`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let opened = try desk.lease(id)
        #expect(opened["state"]?.string == "active" && opened["used_tokens"]?.integer == 0, "\(opened.text)")
        #expect(opened["worker"]?["endpoint"]?.string == "https://gpu-7.example:8443", "\(opened.text)")
        let locked = try desk.balance(desk.app, "leased")

        // 34 of the prompt and 100 of the completion: 34 + 8 × 100 adjusted tokens.
        let first = desk.receipt(of: id, 1, prompt: 34, completion: 100)
        let recorded = try desk.record(desk.signed(first))
        #expect(recorded.status == 200, "\(recorded.text)")
        #expect(recorded["result"]?.string == "recorded" && recorded["charged_tokens"]?.integer == 834)
        #expect(recorded["receipt_sha256"]?.string == first.hash.hex)
        // floor(834 × 20) nanoTON; the offer was first and pays 10 in 10,000.
        #expect(try desk.balance(desk.worker, "payable") == 16_680 - 16)

        let again = try desk.record(desk.signed(first), as: desk.app)
        #expect(again.status == 200 && again["result"]?.string == "repeated", "\(again.text)")
        #expect(try desk.balance(desk.worker, "payable") == 16_680 - 16, "nothing is paid twice")

        let last = desk.receipt(of: id, 2, prompt: 200, completion: 100, flags: .final, after: first)
        let closed = try desk.record(desk.signed(last))
        #expect(closed["lease_state"]?.string == "closed" && closed["end_reason"]?.string == "final", "\(closed.text)")
        let ended = try desk.lease(id)
        #expect(ended["state"]?.string == "closed" && ended["used_tokens"]?.integer == 1_000, "\(ended.text)")
        #expect(try desk.balance(desk.worker, "payable") == 20_000 - 20)
        #expect(try desk.balance(desk.app, "leased") == 0)
        #expect(locked > 0)
        // The cost and the taker's fee of 30 in 10,000.
        #expect(try desk.balance(desk.app, "available") == 1_000_000_000 - 20_000 - 60)

        let late = try desk.record(desk.signed(desk.receipt(of: id, 3, prompt: 300, completion: 100, after: last)))
        #expect(late.status == 409 && late.code == "lease_ended", "\(late.text)")
        let page = try desk.client.call("GET", "/v1/leases/\(id.text)/receipts", key: desk.app.key)
        #expect(page["data"]?.elements?.map { $0["receipt_sequence"]?.integer } == [2, 1], "\(page.text)")
        let mine = try desk.client.call("GET", "/v1/leases?role=worker&state=closed", key: desk.worker.key)
        #expect(mine["data"]?.elements?.first?["id"]?.string == id.text, "\(mine.text)")
        let record = try desk.client.call("GET", "/v1/accounts/\(desk.worker.account)/record")
        #expect(record["delivered_count"]?.integer == 1 && record["strike_count"]?.integer == 0, "\(record.text)")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
    }

    @Test func `What is wrong with a receipt is told, and nothing is done`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        let stranger = Ed25519.SigningKey.random()
        let good = desk.receipt(of: id, 1, prompt: 34, completion: 100)
        var dear = good
        dear.amount = NanoTON(good.amount.count + 1)
        var heavy = good
        heavy.adjusted = AdjustedTokens(good.adjusted.count + 1)
        var foreign = good
        foreign.worker = PartyID(receiptKey: stranger.publicKey)
        let forged = SignedReceipt(receipt: good, workerSignature: [UInt8](repeating: 1, count: 64))
        let doubtful = SignedReceipt(
            receipt: good,
            workerSignature: desk.claimed(good).workerSignature,
            appSignature: desk.claimed(good).workerSignature
        )
        let unknown = desk.receipt(of: LeaseID(999), 1, prompt: 1)
        let cases: [(SignedReceipt, Int, String)] = [
            (forged, 422, "worker_signature_invalid"), (doubtful, 422, "app_signature_invalid"),
            (desk.signed(foreign), 422, "receipt_foreign"), (desk.signed(dear), 422, "amount_miscounted"),
            (desk.signed(heavy), 422, "usage_miscounted"), (desk.signed(unknown), 404, "lease_not_found"),
            (desk.claimed(desk.receipt(of: id, 1, prompt: 1_001)), 409, "claim_above_step"),
            (desk.signed(desk.receipt(of: id, 1, prompt: 5_001)), 409, "usage_above_lease"),
        ]
        for (signed, status, code) in cases {
            let answer = try desk.record(signed)
            #expect(answer.status == status && answer.code == code, "\(code): \(answer.text)")
        }
        let other = try desk.scenario.party("other")
        let answer = try desk.record(desk.signed(good), as: other)
        #expect(answer.code == "lease_not_found", "\(answer.text)")
        let list = cases.map { LeaseDesk.body($0.0) }.joined(separator: ",")
        let last = LeaseDesk.body(desk.signed(good))
        let body = #"{"receipts":[{"receipt":"AAAA","worker_signature":""},\#(list),\#(last)]}"#
        let batch = try desk.client.call("POST", "/v1/receipts:batch", key: desk.worker.key, body)
        let codes = batch["results"]?.elements?.map { $0["problem"]?["code"]?.string ?? "" }
        #expect(codes == ["invalid_fields"] + cases.map(\.2) + [""], "\(batch.text)")
        #expect(batch["results"]?.elements?.last?["receipt"]?["result"]?.string == "recorded", "\(batch.text)")
    }

    @Test func `Silence pays a claim, a dispute drops it, and neither side loses more than a step`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        try desk.setPolicy(#"{"step_tokens":1000,"dispute_window_s":1}"#)
        let silent = try desk.open()
        #expect(try desk.record(desk.claimed(desk.receipt(of: silent, 1, prompt: 1_000))).status == 200)
        #expect(try desk.balance(desk.worker, "payable") == 0, "a claim waits")
        let deadline = Date().addingTimeInterval(10)
        while try desk.balance(desk.worker, "payable") == 0, Date() < deadline { usleep(100_000) }
        #expect(try desk.balance(desk.worker, "payable") == 20_000 - 20)

        try desk.setPolicy(#"{"step_tokens":1000,"dispute_window_s":60}"#)
        let disputed = try desk.open()
        #expect(try desk.record(desk.claimed(desk.receipt(of: disputed, 1, prompt: 1_000))).status == 200)
        let path = "/v1/leases/\(disputed.text):dispute"
        #expect(try desk.client.call("POST", path, key: desk.worker.key, "{}").code == "dispute_not_by_app")
        let dispute = try desk.client.call("POST", path, key: desk.app.key, "{}", fields: [("idempotency-key", "d1")])
        #expect(dispute.status == 200 && dispute["lease_id"]?.string == disputed.text, "\(dispute.text)")
        let repeated = try desk.client.call("POST", path, key: desk.app.key, "{}", fields: [("idempotency-key", "d1")])
        #expect(repeated.text == dispute.text && repeated.field("idempotency-replayed") == "true", "\(repeated.text)")
        #expect(try desk.lease(disputed)["claim"] == .null)
        let stubborn = try desk.record(desk.claimed(desk.receipt(of: disputed, 2, prompt: 500)))
        #expect(stubborn.code == "claim_disputed", "\(stubborn.text)")
        for party in [desk.worker, desk.app] {
            let record = try desk.client.call("GET", "/v1/accounts/\(party.account)/record")
            #expect(record["dispute_count"]?.integer == 1, "\(record.text)")
        }
        let gaveUp = try desk.client.call("POST", "/v1/leases/\(disputed.text):close", key: desk.worker.key, "{}")
        #expect(gaveUp.status == 200, "\(gaveUp.text)")
        let ended = try desk.ended(disputed)
        #expect(ended["state"]?.string == "failed" && ended["end_reason"]?.string == "worker_gave_up")
    }

    @Test func `A worker that says nothing loses the lease and a part of its bond, unless it is pardoned`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let lock = try desk.client.call(
            "POST",
            "/v1/account/bond:lock",
            key: desk.worker.key,
            #"{"amount_nanoton":"1000000"}"#
        )
        #expect(lock.status == 200, "\(lock.text)")
        try desk.setPolicy(#"{"slash_share_bps":1000,"appeal_window_s":600}"#)
        let pardoned = try desk.open(within: 1)
        #expect(try desk.ended(pardoned)["end_reason"]?.string == "no_receipts")
        #expect(try desk.balance(desk.app, "available") == 1_000_000_000, "all of it comes back")
        let bond = try desk.client.call("GET", "/v1/account/bond", key: desk.worker.key)
        // A tenth of the 100,000 that were not delivered.
        #expect(bond["pending_slashes"]?.elements?.first?["amount_nanoton"]?.string == "10000", "\(bond.text)")
        #expect(bond["releasable_nanoton"]?.string == "990000", "\(bond.text)")
        let release = try desk.client.call(
            "POST",
            "/v1/account/bond:release",
            key: desk.worker.key,
            #"{"amount_nanoton":"1000000"}"#
        )
        #expect(release.code == "bond_in_use", "\(release.text)")
        let pardon = try TestServer.run(["admin", "lease", "pardon", pardoned.text, "--state-dir", server.folder])
        #expect(pardon.contains(pardoned.text))
        #expect(try desk.client.call("GET", "/v1/account/bond", key: desk.worker.key)["pending_slashes"] == .array([]))

        try desk.setPolicy(#"{"slash_share_bps":1000,"appeal_window_s":1}"#)
        let lost = try desk.open(within: 1)
        #expect(try desk.ended(lost)["state"]?.string == "expired")
        let deadline = Date().addingTimeInterval(10)
        while try desk.balance(desk.worker, "bond") == 1_000_000, Date() < deadline { usleep(100_000) }
        #expect(try desk.balance(desk.worker, "bond") == 990_000)
        #expect(try desk.balance(desk.app, "available") == 1_000_010_000)
        let record = try desk.client.call("GET", "/v1/accounts/\(desk.worker.account)/record")
        #expect(record["strike_count"]?.integer == 1, "\(record.text)")
    }

    @Test func `Two receipts of one sequence prove that a worker contradicts itself`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        for isExplicit in [false, true] {
            let id = try desk.open()
            let one = desk.receipt(of: id, 1, prompt: 100)
            let other = desk.receipt(of: id, 1, prompt: 101)
            #expect(try desk.record(desk.signed(one)).status == 200)
            let answer: TestClient.Answer
            if isExplicit {
                let body = """
                    {"first":\(LeaseDesk.body(desk.claimed(one))),"second":\(LeaseDesk.body(desk.claimed(other)))}
                    """
                answer = try desk.client.call("POST", "/v1/receipts:equivocation", key: desk.app.key, body)
            } else {
                answer = try desk.record(desk.claimed(other), as: desk.app)
            }
            #expect(answer.status == 200 && answer["result"]?.string == "equivocation", "\(answer.text)")
            let lease = try desk.lease(id)
            #expect(lease["state"]?.string == "failed", "\(lease.text)")
            #expect(lease["end_reason"]?.string == "equivocation", "\(lease.text)")
            #expect(lease["used_tokens"]?.integer == 100, "what both have signed stays paid")
        }
        let entries = try desk.client.call("GET", "/v1/log/entries")
        let kinds = entries["data"]?.elements?.compactMap { $0["kind"]?.string }
        #expect(kinds == ["receipt", "equivocation", "receipt", "equivocation"], "\(entries.text)")
    }

    @Test func `A ticket has the same bytes whenever it is asked for, and a worker checks it alone`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let desk = try LeaseDesk(server)
        let id = try desk.open()
        func ticket() throws -> String {
            let answer = try desk.client.call("GET", "/v1/leases/\(id.text)/ticket", key: desk.app.key)
            return try #require(answer["ticket"]?.string, "\(answer.text)")
        }
        let first = try ticket()
        let keys = try desk.client.call("GET", "/v1/keys")
        let publicKey = try #require(keys["data"]?.elements?.first?["public_key"]?.string)
        let read = try Ticket.verify(first, keys: [try #require(Base64URL.decode(publicKey))])
        #expect(read.lease == id && read.lots == Lots(5) && read.endpoint == "https://gpu-7.example:8443")
        #expect(read.workerKey.bytes == desk.workerKey.publicKey && read.appKey.bytes == desk.appKey.publicKey)
        #expect(read.deadline - read.openedAt == 3_600_000)

        let rotate = ["admin", "signing-key", "rotate", "--delay", "10", "--state-dir", server.folder]
        let said = try TestServer.run(rotate)
        #expect(said.contains("signs after"))
        let deadline = Date().addingTimeInterval(10)
        while try desk.client.call("GET", "/v1/keys")["data"]?.elements?.count == 1, Date() < deadline {
            usleep(50_000)
        }
        #expect(try desk.client.call("GET", "/v1/keys")["data"]?.elements?.count == 2)
        #expect(try ticket() == first, "the key of the time at which it opened")
        server.kill()
        try server.start()
        let client = try server.connect()
        for _ in 0..<100 where try client.call("GET", "/readyz").status != 200 { usleep(100_000) }
        let later = try client.call("GET", "/v1/leases/\(id.text)/ticket", key: desk.app.key)
        #expect(later["ticket"]?.string == first, "\(later.text)")
        let folder = try FileManager.default.contentsOfDirectory(atPath: server.folder + "/signing")
        for file in folder {
            let attributes = try FileManager.default.attributesOfItem(atPath: server.folder + "/signing/" + file)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600, "\(file)")
        }
        #expect(!server.logText.contains("seed"))
    }
}
