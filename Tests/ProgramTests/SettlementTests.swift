import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import TON
import Testing

/// Money that really moves: a real server, and a chain that `bombyx chain serve` serves.
@Suite(.serialized) struct SettlementTests {
    @Test func `Money comes in with its memo, and goes out once and with proof though the server is killed`() throws {
        let town = try ChainTown(nanoTON: 20_000_000_000, confirms: true)
        defer { town.remove() }
        let (server, chain) = (town.server, town.chain)
        var desk = try Scenario(server)
        let owner = try desk.party("owner")
        let terms = try desk.client.call("PUT", "/v1/settlement/terms", key: desk.operatorKey, #"{"cooling_off_s":0}"#)
        #expect(terms.status == 200, "\(terms.text)")
        try town.waitForWallet(desk, owner.key)
        let door = try desk.client.call("GET", "/v1/deposits", key: owner.key)
        let memo = try #require(door["memo"]?.string, "\(door.text)")
        let shown = try #require(door["address"]?.string)
        #expect(try AddressText(shown, on: .testnet).address == town.address)

        let user = try ChainUser(chain, nanoTON: 50_000_000_000)
        try user.pay(town.address, 5_000_000_000, memo)
        try user.pay(town.address, 2_000_000_000, "NOBODYHERE")
        try chain.waitUntil { try desk.balance(owner, "available") == 5_000_000_000 }
        try chain.waitUntil {
            let suspense = try desk.client.call("GET", "/v1/suspense", key: desk.operatorKey)
            return suspense["data"]?.elements?.compactMap { $0["amount_nanoton"]?.string } == ["2000000000"]
        }

        let payee = try #require(Address(workchain: 0, hash: [UInt8](repeating: 5, count: 32)))
        let asked = try desk.client.call(
            "POST",
            "/v1/withdrawals",
            key: owner.key,
            #"{"address":"\#(payee)","amount_nanoton":"3000000000","comment":"wages"}"#,
            fields: [("idempotency-key", "w1")]
        )
        let id = try #require(asked["id"]?.string, "\(asked.text)")
        // Once with the request just taken, and once with its message just stored.
        server.kill()
        try server.start()
        try chain.waitUntil { try server.psql("SELECT count(*) FROM settlement.messages") == "1" }
        server.kill()
        try server.start()
        desk = try Scenario(server)
        try chain.waitUntil {
            let found = try desk.client.call("GET", "/v1/withdrawals/\(id)", key: owner.key)
            return found["state"]?.string == "paid"
        }
        #expect(try chain.balance(payee) == 3_000_000_000)
        #expect(try desk.balance(owner, "available") == 2_000_000_000)
        #expect(try desk.balance(owner, "in_settlement") == 0)
        try expectProof(of: id, to: payee, from: town.address, desk, owner, chain)
        // The agent goes on sending for a while: it is paid once all the same.
        sleep(4)
        #expect(try chain.balance(payee) == 3_000_000_000)
        try expectWatched(desk, chain, town.address)
        try expectSound(desk, server)
    }

    /// The figures are read again after somebody has looked.
    private func expectWatched(_ desk: Scenario, _ chain: ChainProgram, _ wallet: Address) throws {
        let balance = Double(try chain.balance(wallet))
        var found: [String: Double] = [:]
        try chain.waitUntil {
            let text = try PrometheusText(try desk.client.call("GET", "/metrics").text)
            for (name, family) in text.families where family.samples.count == 1 {
                found[name.replacing("bombyx_settlement_", with: "")] = family.samples[0].value
            }
            return found["wallets_nanoton"] == balance && found["in_flight_payouts"] == 0
        }
        #expect(found["in_flight_nanoton"] == 0 && found["oldest_seconds"] == 0 && found["held"] == 0)
        #expect(found["difference_nanoton"] == 0 && found["scan_age_seconds"] ?? 99 < 75, "\(found)")
        let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
        let last = status["wallets"]?[0]?["last_transaction"]?["lt"]?.string.flatMap { Double($0) }
        #expect(last == found["scanned_lt"], "\(status.text)")
    }

    private func expectProof(
        of id: String,
        to payee: Address,
        from wallet: Address,
        _ desk: Scenario,
        _ owner: Scenario.Party,
        _ chain: ChainProgram
    ) throws {
        let paid = try desk.client.call("GET", "/v1/withdrawals/\(id)", key: owner.key)
        let batch = try #require(paid["settlement_id"]?.string, "\(paid.text)")
        let proof = try desk.client.call("GET", "/v1/settlements/\(batch)", key: owner.key)
        #expect(proof["state"]?.string == "confirmed", "\(proof.text)")
        let message = try #require(proof["payouts"]?[0]?["proof"]?["message_hash"]?.string, "\(proof.text)")
        let history = try chain.ask("/api/v3/transactions?account=\(payee)&sort=asc&limit=100")
        let received = history["transactions"]?.elements?.compactMap { $0["in_msg"]?["hash"]?.string }
        #expect(received == [Base64.encode(try #require(Hex.decode(message)))], "the chain shows it, once")

        // The log says the same of the batch, and commits to it.
        let entries = try desk.client.call("GET", "/v1/log/entries?start=0&end=9")["data"]?.elements ?? []
        let logged = entries.filter { $0["kind"]?.string == "settlement_batch" }
        #expect(logged.count == 1, "\(entries)")
        let statement = try #require(logged.first?["statement"]?.string.flatMap { Base64URL.decode($0) })
        let entry = try #require(logged.first?["entry"]?.string.flatMap { Base64URL.decode($0) })
        #expect(Array(entry.suffix(32)) == SHA256.hash(statement).bytes)
        let payout = SettledBatch.Payout(address: payee.hash, amount: 3_000_000_000, comment: "wages")
        let transaction = try #require(proof["paid_by"]?["hash"]?.string.flatMap { Hex.decode($0) })
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let signedAt = try format.parse(try #require(proof["signed_at"]?.string))
        let number = try #require(Int64(batch.dropFirst()))
        let written = try desk.server.psql("SELECT place FROM settlement.batches WHERE id = \(number)")
        let place = try #require(UInt32(written))
        let expected = SettledBatch(
            number: number,
            wallet: wallet.hash,
            queryID: Int64(try #require(QueryID(place: place)).rawValue),
            createdAt: Int64(signedAt.timeIntervalSince1970),
            verdict: .confirmed,
            payouts: [payout],
            logicalTime: try #require(proof["paid_by"]?["lt"]?.string.flatMap { Int64($0) }),
            transaction: transaction
        )
        #expect(statement == LogStatement.settlementBatch(expected).bytes)
    }

    /// The chain inside of a server, of which a test's port is only a window.
    private func window(_ server: TestServer) throws -> ChainProgram {
        let facts = try JSONValue(Array(Data(contentsOf: URL(filePath: server.folder + "/serve.json"))))
        return try ChainProgram(at: try #require(facts["chain"]?.string))
    }

    @Test func `The chain inside of the server keeps its money when the server is killed`() throws {
        let folder = try ScratchFolder()
        let file = folder.path + "/wallet.key"
        try TestServer.run(["wallet", "new", "--key-file", file])
        let options = ["--network", "testnet", "--wallet-key", file, "--chain", "local", "--chain-port", "0"]
        let server = try TestServer(arguments: options)
        defer { server.remove() }
        var desk = try Scenario(server)
        let owner = try desk.party("owner")
        let terms = try desk.client.call("PUT", "/v1/settlement/terms", key: desk.operatorKey, #"{"cooling_off_s":0}"#)
        #expect(terms.status == 200, "\(terms.text)")
        var chain = try window(server)
        try chain.waitUntil { try desk.client.call("GET", "/v1/deposits", key: owner.key).status == 200 }
        let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
        let capital = try #require(status["capital_nanoton"]?.string.flatMap { Int64($0) }, "\(status.text)")
        #expect((999_000_000_000...1_000_000_000_000).contains(capital), "less what it costs to get it")
        let door = try desk.client.call("GET", "/v1/deposits", key: owner.key)
        let wallet = try AddressText(try #require(door["address"]?.string), on: .testnet).address
        let memo = try #require(door["memo"]?.string, "\(door.text)")
        try chain.ask("/local/fund", #"{"address":"\#(wallet)","value":"5000000000","comment":"\#(memo)"}"#)
        try chain.waitUntil { try desk.balance(owner, "available") == 5_000_000_000 }

        let payee = try #require(Address(workchain: 0, hash: [UInt8](repeating: 6, count: 32)))
        let asked = try desk.client.call(
            "POST",
            "/v1/withdrawals",
            key: owner.key,
            #"{"address":"\#(payee)","amount_nanoton":"3000000000","comment":"wages"}"#,
            fields: [("idempotency-key", "w1")]
        )
        let id = try #require(asked["id"]?.string, "\(asked.text)")
        try chain.waitUntil { try server.psql("SELECT count(*) FROM settlement.messages") == "1" }
        server.kill()
        try server.start()
        desk = try Scenario(server)
        chain = try window(server)
        try chain.waitUntil {
            try desk.client.call("GET", "/v1/withdrawals/\(id)", key: owner.key)["state"]?.string == "paid"
        }
        #expect(try chain.balance(payee) == 3_000_000_000)
        try expectProof(of: id, to: payee, from: wallet, desk, owner, chain)
        try expectSound(desk, server)
    }

    private func expectSound(_ desk: Scenario, _ server: TestServer) throws {
        let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
        #expect(status["is_held"]?.boolean == false, "\(status.text)")
        #expect(try server.psql("SELECT difference FROM settlement.reconciliation") == "0")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        #expect(try server.psql("SELECT count(*) FROM settlement.wallets") == "1", "it is registered once")
        #expect(server.terminate() == 0)
        try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `Two wallets of a key take deposits, and both pay`() throws {
        let town = try ChainTown(nanoTON: 5_000_000_000, subwallets: 2)
        defer { town.remove() }
        let (server, chain) = (town.server, town.chain)
        let desk = try Scenario(server)
        let owner = try desk.party("owner")
        let terms = try desk.client.call("PUT", "/v1/settlement/terms", key: desk.operatorKey, #"{"cooling_off_s":0}"#)
        #expect(terms.status == 200, "\(terms.text)")
        try chain.waitUntil {
            let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
            return status["wallets"]?.elements?.count == 2
        }
        let door = try desk.client.call("GET", "/v1/deposits", key: owner.key)
        let memo = try #require(door["memo"]?.string, "\(door.text)")
        #expect(try AddressText(try #require(door["address"]?.string), on: .testnet).address == town.addresses[0])
        let user = try ChainUser(chain, nanoTON: 60_000_000_000)
        for address in town.addresses { try user.pay(address, 16_000_000_000, memo) }
        try chain.waitUntil { try desk.balance(owner, "available") == 32_000_000_000 }

        // Neither wallet could pay both: each has 21 TON.
        let payees = try [5, 6].map { try #require(Address(workchain: 0, hash: [UInt8](repeating: $0, count: 32))) }
        for payee in payees {
            let body = #"{"address":"\#(payee)","amount_nanoton":"16000000000"}"#
            let name = [("idempotency-key", "\(payee)")]
            let asked = try desk.client.call("POST", "/v1/withdrawals", key: owner.key, body, fields: name)
            #expect(asked.status == 201, "\(asked.text)")
        }
        for payee in payees { try chain.waitUntil { try chain.balance(payee) == 16_000_000_000 } }
        try chain.waitUntil { try desk.balance(owner, "in_settlement") == 0 }
        let paid = try server.psql("SELECT count(DISTINCT wallet) FROM settlement.batches WHERE phase = 'confirmed'")
        #expect(paid == "2")
        #expect(try server.psql("SELECT difference FROM settlement.reconciliation") == "0")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        #expect(server.terminate() == 0)
        try TestServer.run(["verify", "--state-dir", server.folder])
    }

    @Test func `What one provider says alone is not believed, and settlement waits`() throws {
        let stranger = try ChainProgram(["--finality-blocks", "0"])
        let town = try ChainTown(nanoTON: 20_000_000_000, second: stranger.url)
        defer { town.remove() }
        let desk = try Scenario(town.server)
        let owner = try desk.party("owner")
        try town.waitForWallet(desk, owner.key)
        let door = try desk.client.call("GET", "/v1/deposits", key: owner.key)
        let user = try ChainUser(town.chain, nanoTON: 50_000_000_000)
        try user.pay(town.address, 5_000_000_000, try #require(door["memo"]?.string))
        try town.chain.waitUntil { town.server.logText.contains("the second provider has no transaction at") }
        sleep(3)
        #expect(try desk.balance(owner, "available") == 0)
        let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
        #expect(status["wallets"]?[0]?["balance_nanoton"]?.string != "25000000000", "\(status.text)")
    }

    @Test func `A batch that the chain contradicts is resolved by the operator, and a wallet is retired`() throws {
        let town = try ChainTown(nanoTON: 20_000_000_000)
        defer { town.remove() }
        let (server, chain) = (town.server, town.chain)
        let desk = try Scenario(server)
        let owner = try desk.party("owner")
        func operate(_ method: String, _ path: String, _ body: String) throws -> TestClient.Answer {
            try desk.client.call(method, path, key: desk.operatorKey, body)
        }
        #expect(try operate("PUT", "/v1/settlement/terms", #"{"cooling_off_s":0}"#).status == 200)
        let given = try operate("POST", "/v1/accounts/\(owner.account)/deposits", #"{"amount_nanoton":"9000000000"}"#)
        #expect(given.status < 300, "\(given.text)")
        try town.waitForWallet(desk, owner.key)
        try chain.ask("/local/faults", #"{"kind":"refuse"}"#)
        let payee = try #require(Address(workchain: 0, hash: [UInt8](repeating: 5, count: 32)))
        let body = #"{"address":"\#(payee)","amount_nanoton":"3000000000"}"#
        let name = [("idempotency-key", "w1")]
        let asked = try desk.client.call("POST", "/v1/withdrawals", key: owner.key, body, fields: name)
        let id = try #require(asked["id"]?.string, "\(asked.text)")
        try chain.waitUntil { server.logText.contains("is refused") }

        try steal(from: server, chain)
        try chain.waitUntil {
            let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
            return status["hold"]?["reason"]?.string == "contested"
        }
        let batch = try server.psql("SELECT 's' || id FROM settlement.batches")
        let admin = Admin(server: server, folder: try ScratchFolder())
        let early = try admin.run("resolve", batch, "--others", "unpaid", "--reference", "seen", fails: true)
        #expect(early.contains("may still pay"), "\(early)")
        let unknown = try admin.run("resolve", batch, "--paid", "1", "--reference", "x", fails: true)
        #expect(unknown.contains("no such payout"), "\(unknown)")
        #expect(try desk.balance(owner, "in_settlement") == 3_000_000_000)
        #expect(try admin.run("resolve", batch, "--paid", "0", "--reference", "by hand").contains(batch))
        let resolved = try desk.client.call("GET", "/v1/settlements/\(batch)", key: owner.key)
        #expect(resolved["state"]?.string == "resolved", "\(resolved.text)")
        #expect(resolved["payouts"]?[0]?["state"]?.string == "resolved_paid", "\(resolved.text)")
        #expect(resolved["payouts"]?[0]?["reference"]?.string == "by hand", "\(resolved.text)")
        let withdrawal = try desk.client.call("GET", "/v1/withdrawals/\(id)", key: owner.key)
        #expect(withdrawal["state"]?.string == "resolved", "\(withdrawal.text)")
        #expect(try desk.balance(owner, "in_settlement") == 0 && desk.balance(owner, "available") == 6_000_000_000)

        try expectRetirement(desk, owner, body, admin)
        let audit = try desk.client.call("GET", "/v1/audit", key: desk.operatorKey).text
        #expect(audit.contains("resolve_settlement") && audit.contains("retire_wallet"), "\(audit)")
        _ = try admin.run("resume")
        try expectSound(desk, server)
    }

    /// The operator's commands on settlement.
    private struct Admin {
        let server: TestServer
        let folder: ScratchFolder

        func run(_ arguments: String..., fails: Bool = false) throws -> String {
            let command = [TestServer.executable, "admin", "settlement"] + arguments + ["--state-dir", server.folder]
            let shell = try Shell(command, in: folder.path)
            #expect((shell.status != 0) == fails, "\(arguments): \(shell.errors)")
            return fails ? shell.errors : shell.output
        }
    }

    /// Somebody who has the key uses the id of the batch for himself, before its message is sent again.
    private func steal(from server: TestServer, _ chain: ChainProgram) throws {
        let key = try SigningKey(seed: [UInt8](repeating: 7, count: SigningKey.seedByteCount).span)
        let wallet = try HighloadWalletV3(publicKey: key.publicKey, timeout: 3_600)
        let used = try #require(UInt32(server.psql("SELECT place FROM settlement.batches")))
        let place = try #require(QueryID(place: used))
        let time = try #require(UInt64(server.psql("SELECT created_at_s FROM settlement.batches")))
        let thief = try #require(Address(workchain: 0, hash: [UInt8](repeating: 6, count: 32)))
        let theft = try wallet.direct(Payout(to: thief, amount: Coins(1_000_000_000)), place, createdAt: time)
        let message = Base64.encode(try wallet.message(theft, signedBy: key).bag())
        try chain.ask("/api/v3/message", #"{"boc":"\#(message)"}"#)
    }

    private func expectRetirement(
        _ desk: Scenario,
        _ owner: Scenario.Party,
        _ body: String,
        _ admin: Admin
    ) throws {
        #expect(try admin.run("retire", "h1").contains("yes"))
        #expect(try admin.run("status").contains("retired"))
        #expect(try admin.run("retire", "h7", fails: true).contains("no such wallet"))
        for (method, path) in [("GET", "/v1/deposits"), ("POST", "/v1/withdrawals")] {
            let (sent, fields) = (method == "GET" ? "" : body, [("idempotency-key", "w2")])
            let refused = try desk.client.call(method, path, key: owner.key, sent, fields: fields)
            #expect(refused.code == "wallet_missing", "\(refused.text)")
        }
        #expect(try admin.run("reinstate", "h1").contains("no"))
        #expect(try desk.client.call("GET", "/v1/deposits", key: owner.key).status == 200)
    }

    @Test func `A wallet that is not deployed is told, and the exchange goes on without settlement`() throws {
        let folder = try ScratchFolder()
        let chain = try ChainProgram(["--finality-blocks", "0"])
        let file = folder.path + "/wallet.key"
        try TestServer.run(["wallet", "new", "--key-file", file])
        let options = ["--network", "testnet", "--chain", chain.url, "--chain-rate", "100", "--wallet-key", file]
        let server = try TestServer(arguments: options)
        defer { server.remove() }
        let desk = try Scenario(server)
        let owner = try desk.party("owner")
        try chain.waitUntil { server.logText.contains("is not deployed; do it with `bombyx wallet deploy`") }
        #expect(try desk.client.call("GET", "/v1/deposits", key: owner.key).code == "wallet_missing")
        for (arguments, rule) in [
            (["--chain", chain.url], "--chain needs --wallet-key"), (["--wallet-key", file + "x"], "cannot be read"),
            (["--second-chain", chain.url], "--second-chain needs --wallet-key"),
            (["--wallet-key", file, "--wallet-timeout", "0"], "--wallet-timeout"),
            (["--wallet-key", file, "--chain", "local"], "--chain local needs --network testnet"),
            (["--chain", "local", "--network", "testnet"], "--chain needs --wallet-key"),
            (["--chain", chain.url, "--wallet-key", file, "--chain-port", "0"], "--chain-port needs --chain local"),
            (["--chain", "local", "--wallet-key", file, "--chain-rate", "5"], "--chain local takes no --chain-key"),
            (["--subwallets", "2"], "--subwallets needs --wallet-key"),
            (["--wallet-key", file, "--subwallets", "17"], "--subwallets must be in 1…16"),
            (["--wallet-key", file, "--wallet-subwallet", "4294967295", "--subwallets", "2"], "above 4294967295"),
        ] {
            let refused = try Shell([TestServer.executable, "serve"] + arguments, in: folder.path)
            #expect(refused.status != 0 && refused.errors.contains(rule), "\(arguments): \(refused.errors)")
        }
    }
}
