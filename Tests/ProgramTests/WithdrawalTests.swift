import Foundation
import JSON
import ProgramTesting
import TON
import Testing

/// Withdrawals and what the operator does with them, through the interface of a real server, whose wallet has nothing:
/// nobody is paid.
@Suite(.serialized) struct WithdrawalTests {
    /// An owner with money and a key for withdrawals.
    struct Desk {
        let server: TestServer
        let scenario: Scenario
        let client: TestClient
        let owner: Scenario.Party
        let stranger: Scenario.Party

        init(_ town: ChainTown) throws {
            try self.init(town.server)
            try town.waitForWallet(scenario, owner.key)
        }

        init(_ server: TestServer) throws {
            self.server = server
            scenario = try Scenario(server)
            client = scenario.client
            owner = try scenario.party("owner", deposit: 10_000_000_000)
            stranger = try scenario.party("stranger", deposit: 1_000_000_000)
        }

        /// The n-th of our addresses, as people write it.
        static func address(_ number: UInt8) throws -> String {
            let hash = [UInt8](repeating: number, count: 32)
            guard let address = Address(workchain: 0, hash: hash) else { throw TestServer.Failure("no address") }
            return AddressText(address, isBounceable: false, isTestOnly: true).text
        }

        func withdraw(
            _ amount: Int64,
            to number: UInt8 = 1,
            name: String,
            as party: Scenario.Party? = nil
        ) throws -> TestClient.Answer {
            let body = #"{"address":"\#(try Self.address(number))","amount_nanoton":"\#(amount)","comment":"hello"}"#
            let key = (party ?? owner).key
            return try client.call("POST", "/v1/withdrawals", key: key, body, fields: [("idempotency-key", name)])
        }

        func get(_ path: String, as key: String? = nil) throws -> TestClient.Answer {
            try client.call("GET", path, key: key ?? owner.key)
        }

        func setTerms(_ body: String) throws {
            let answer = try client.call("PUT", "/v1/settlement/terms", key: scenario.operatorKey, body)
            guard answer.status == 200 else { throw TestServer.Failure(answer.text) }
        }

        func balances() throws -> [Int64] {
            [try scenario.balance(owner, "available"), try scenario.balance(owner, "in_settlement")]
        }
    }

    @Test func `A withdrawal is requested once, is its owner's only, and comes back when it is cancelled`() throws {
        let town = try ChainTown()
        defer { town.remove() }
        let server = town.server
        let desk = try Desk(town)
        let stream = try StreamClient(try server.connect(), "channels=balances", key: desk.owner.key)
        _ = try stream.take { name, _ in name != "open" }
        let asked = try desk.withdraw(2_500_000_000, name: "w1")
        let id = try #require(asked["id"]?.string, "\(asked.text)")
        #expect(asked.status == 201 && asked["state"]?.string == "requested", "\(asked.text)")
        #expect(asked["address"]?.string == (try Desk.address(1)) && asked["comment"]?.string == "hello")
        #expect(try desk.balances() == [7_500_000_000, 2_500_000_000], "it cannot be spent any more")

        let again = try desk.withdraw(2_500_000_000, name: "w1")
        #expect(again.text == asked.text && again.field("idempotency-replayed") == "true", "\(again.text)")
        let other = try desk.withdraw(2_500_000_001, name: "w1")
        #expect(other.code == "idempotency_key_reused", "\(other.text)")
        #expect(try desk.balances() == [7_500_000_000, 2_500_000_000], "once")

        let shown = try desk.get("/v1/withdrawals/\(id)")
        #expect(shown.status == 200 && shown["amount_nanoton"]?.string == "2500000000", "\(shown.text)")
        let list = try desk.get("/v1/withdrawals?state=requested")
        #expect(list["data"]?.elements?.map { $0["id"]?.string } == [id], "\(list.text)")
        for (method, path) in [("GET", "/v1/withdrawals/\(id)"), ("DELETE", "/v1/withdrawals/\(id)")] {
            let hidden = try desk.client.call(method, path, key: desk.stranger.key)
            #expect(hidden.status == 404 && hidden.code == "withdrawal_not_found", "\(hidden.text)")
        }
        #expect(try desk.get("/v1/withdrawals", as: desk.stranger.key)["data"]?.elements?.isEmpty == true)
        let all = try desk.get("/v1/withdrawals?all=true", as: desk.scenario.operatorKey)
        #expect(all["data"]?.elements?.map { $0["account_id"]?.string } == [desk.owner.account], "\(all.text)")

        let cancelled = try desk.client.call("DELETE", "/v1/withdrawals/\(id)", key: desk.owner.key)
        #expect(cancelled.status == 200 && cancelled["withdrawal_id"]?.string == id, "\(cancelled.text)")
        #expect(try desk.balances() == [10_000_000_000, 0])
        #expect(try desk.client.call("DELETE", "/v1/withdrawals/\(id)", key: desk.owner.key).status == 404)
        #expect(try desk.get("/v1/withdrawals/\(id)")["state"]?.string == "cancelled")

        let end = try #require(cancelled["sequence"]?.integer)
        let told = try stream.take { name, json in name == "balances" && json["sequence"]?.integer == end }
        let kinds = told.flatMap { $0.json["transfers"]?.elements ?? [] }.compactMap { $0["kind"]?.string }
        #expect(kinds == ["withdrawal", "withdrawal_cancelled"], "\(told)")
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
    }

    @Test func `Limits hold, large ones wait for approval, and a new address cools off`() throws {
        let town = try ChainTown()
        defer { town.remove() }
        let server = town.server
        let desk = try Desk(town)
        try desk.setTerms(
            #"{"payout_minimum_nanoton":"1000000","account_day_max_nanoton":"6000000000","cooling_off_s":3600,"#
                + #""approval_threshold_nanoton":"3000000000","payee_fee_nanoton":"500"}"#
        )
        let cases: [(Int64, Scenario.Party, Int, String)] = [
            (999_999, desk.owner, 422, "below_payout_minimum"),
            (6_000_000_001, desk.owner, 409, "withdrawal_day_limit"),
            (1_000_000_001, desk.stranger, 409, "insufficient_funds"),
        ]
        for (amount, party, status, code) in cases {
            let answer = try desk.withdraw(amount, name: code, as: party)
            #expect(answer.status == status && answer.code == code, "\(answer.text)")
            let again = try desk.withdraw(amount, name: code, as: party)
            #expect(again.code == code && again.field("idempotency-replayed") == "true", "\(again.text)")
        }
        let small = try desk.withdraw(2_000_000_000, name: "small")
        #expect(small["needs_approval"]?.boolean == false && small["fee_nanoton"]?.string == "500", "\(small.text)")
        #expect(try Self.wait(small) == 3_600, "a new address waits")
        try desk.setTerms(#"{"cooling_off_s":0,"approval_threshold_nanoton":"3000000000"}"#)
        let large = try desk.withdraw(3_000_000_000, name: "large")
        let id = try #require(large["id"]?.string, "\(large.text)")
        #expect(large["needs_approval"]?.boolean == true && large["is_approved"]?.boolean == false, "\(large.text)")
        #expect(large["due_at"]?.string == small["due_at"]?.string, "the address waits since it was named first")
        #expect(try Self.wait(desk.withdraw(100_000_000, to: 2, name: "other")) == 0)

        let path = "/v1/withdrawals/\(id):approve"
        #expect(try desk.client.call("POST", path, key: desk.owner.key, "{}").status == 403)
        let approved = try desk.client.call("POST", path, key: desk.scenario.operatorKey, "{}")
        #expect(approved.status == 200, "\(approved.text)")
        #expect(try desk.client.call("POST", path, key: desk.scenario.operatorKey, "{}").code == "approval_not_needed")
        #expect(try desk.get("/v1/withdrawals/\(id)")["is_approved"]?.boolean == true)
        #expect(try server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
    }

    /// Seconds from the request to when it is due.
    private static func wait(_ answer: TestClient.Answer) throws -> Int {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let from = answer["requested_at"]?.string, let to = answer["due_at"]?.string else {
            throw TestServer.Failure(answer.text)
        }
        return Int((try format.parse(to)).timeIntervalSince(try format.parse(from)).rounded())
    }

    @Test func `Payout terms are set and ended; without a wallet nobody pays in and nothing is there to see`() throws {
        let server = try TestServer(arguments: ["--network", "testnet"])
        defer { server.remove() }
        let desk = try Desk(server)
        let path = "/v1/account/payout-terms"
        #expect(try desk.get(path)["address"] == .null)
        let body = #"{"address":"\#(try Desk.address(3))","threshold_nanoton":"1000000000"}"#
        let set = try desk.client.call("PUT", path, key: desk.owner.key, body)
        #expect(set.status == 200 && set["threshold_nanoton"]?.string == "1000000000", "\(set.text)")
        let shown = try desk.get(path)
        #expect(shown["address"]?.string == (try Desk.address(3)) && shown["is_suspended"]?.boolean == false)
        #expect(shown["usable_at"]?.string ?? "" > shown["set_at"]?.string ?? "", "a new address waits")
        #expect(try desk.get(path, as: desk.stranger.key)["address"] == .null)
        let foreign = try desk.get("\(path)?account=\(desk.owner.account)", as: desk.stranger.key)
        #expect(foreign.code == "missing_scope", "\(foreign.text)")
        #expect(try desk.client.call("PUT", path, key: desk.owner.key, #"{"address":null}"#).status == 200)
        #expect(try desk.get(path)["address"] == .null)

        let nobodyPays = try desk.withdraw(100_000_000, name: "w")
        #expect(nobodyPays.status == 409 && nobodyPays.code == "wallet_missing", "\(nobodyPays.text)")
        #expect(try desk.balances() == [10_000_000_000, 0], "it stays where it can be spent")
        let deposits = try desk.get("/v1/deposits")
        #expect(deposits.status == 409 && deposits.code == "wallet_missing", "\(deposits.text)")
        let round = try desk.client.call("POST", "/v1/settlement:run", key: desk.scenario.operatorKey, "{}")
        #expect(round.status == 409 && round.code == "wallet_missing", "\(round.text)")
        #expect(try desk.get("/v1/settlements")["data"]?.elements?.isEmpty == true)
        #expect(try desk.get("/v1/settlements/s4").code == "settlement_not_found")
        let all = try desk.get("/v1/settlements?all=true", as: desk.scenario.operatorKey)
        #expect(all["data"]?.elements?.isEmpty == true, "\(all.text)")
    }

    @Test func `The operator's commands show and change settlement`() throws {
        let town = try ChainTown()
        defer { town.remove() }
        let server = town.server
        let desk = try Desk(town)
        let folder = try ScratchFolder()
        func call(_ arguments: [String], fails: Bool = false) throws -> String {
            let command = [TestServer.executable] + arguments + ["--state-dir", server.folder]
            let shell = try Shell(command, in: folder.path)
            #expect((shell.status != 0) == fails, "\(arguments): \(shell.errors)")
            return fails ? shell.errors : shell.output
        }
        func admin(_ arguments: String..., fails: Bool = false) throws -> String {
            try call(["admin"] + arguments, fails: fails)
        }
        #expect(try admin("settlement", "terms").contains("smallest payout"))
        let changed = try admin("settlement", "terms", "--approval-threshold", "2TON", "--cooling-off", "60", "--json")
        let terms = try JSONValue(Array(changed.utf8))
        #expect(terms["approval_threshold_nanoton"]?.string == "2000000000" && terms["cooling_off_s"]?.integer == 60)
        #expect(terms["payout_minimum_nanoton"]?.string == "100000000", "what is left out stays")

        let large = try desk.withdraw(2_000_000_000, name: "large")
        let id = try #require(large["id"]?.string, "\(large.text)")
        // The operator's lists are as new as the tables.
        try town.chain.waitUntil { try admin("settlement", "withdrawals").contains("needed") }
        #expect(try admin("settlement", "approve", id).contains(id))
        let list = try admin("settlement", "withdrawals", "--account", desk.owner.account, "--state", "requested")
        #expect(list.contains(id) && list.contains("given"), "\(list)")
        #expect(try admin("settlement", "approve", id, fails: true).contains("approval"))

        _ = try admin("settlement", "hold", "--reason", "a look")
        let held = try admin("settlement", "status")
        #expect(held.contains("a look") && held.contains("operator"), "\(held)")
        let status = try JSONValue(Array(try admin("settlement", "status", "--json").utf8))
        #expect(status["is_held"]?.boolean == true && status["waiting_withdrawal_count"]?.integer == 1)
        _ = try call(["settle", "resume"])
        #expect(try desk.get("/v1/settlement", as: desk.scenario.operatorKey)["is_held"]?.boolean == false)
        #expect(try desk.get("/v1/settlement").status == 403)

        #expect(try call(["settle", "run"]).contains("yes"))
        #expect(try call(["settle", "run", "--json"]) == #"{"is_asked":true}"# + "\n")
        _ = try call(["settle", "hold", "--reason", "another look"])
        let shown = try call(["settle", "status"])
        for fact in ["another look", "the oldest waits since", "on the chain by the ledger", "their payouts"] {
            #expect(shown.contains(fact), "\(shown)")
        }
        #expect(try desk.client.call("POST", "/v1/settlement:run", key: desk.owner.key, "{}").status == 403)

        #expect(try admin("capital", "3TON").contains("3.000000000 TON"))
        let capital = try JSONValue(Array(try admin("settlement", "status", "--json").utf8))
        #expect(capital["capital_nanoton"]?.string == "3000000000", "\(capital)")
        #expect(try admin("settlement", "suspense").contains("reason"))
        #expect(try admin("settlement", "assign", "u1", "operator", fails: true).contains("money of nobody"))
        let audit = try admin("audit")
        for action in ["approve_withdrawal", "set_settlement_terms", "hold_settlement"] {
            #expect(audit.contains(action), "\(audit)")
        }
    }
}
