import Cryptography
import Foundation
import JSON
import ProgramTesting
import TON
import Testing

/// Money that really moves: a real server, and a chain that `bombyx chain serve` serves.
@Suite(.serialized) struct SettlementTests {
    @Test func `Money comes in with its memo, and goes out once and with proof though the server is killed`() throws {
        let town = try ChainTown(nanoTON: 20_000_000_000)
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
        try expectProof(of: id, to: payee, desk, owner, chain)
        // The agent goes on sending for a while: it is paid once all the same.
        sleep(4)
        #expect(try chain.balance(payee) == 3_000_000_000)
        try expectSound(desk, server)
    }

    private func expectProof(
        of id: String,
        to payee: Address,
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
            (["--wallet-key", file, "--wallet-timeout", "0"], "--wallet-timeout"),
        ] {
            let refused = try Shell([TestServer.executable, "serve"] + arguments, in: folder.path)
            #expect(refused.status != 0 && refused.errors.contains(rule), "\(arguments): \(refused.errors)")
        }
    }
}
