import Cryptography
import Foundation
import JSON
import ProgramTesting
import Provenance
import TON
import Testing

/// Real processes that end without a word while money moves.
@Suite(.serialized) struct SettlementKillTests {
    private enum Victim: String, CaseIterable {
        case server = "the server"
        case chain = "the chain"
        case postgres = "PostgreSQL"
        case serverAndChain = "the server and the chain"
        case serverAndPostgres = "the server and PostgreSQL"

        var includesServer: Bool { self == .server || self == .serverAndChain || self == .serverAndPostgres }
        var includesChain: Bool { self == .chain || self == .serverAndChain }
    }

    /// What somebody must have on the chain in the end.
    private struct Due {
        let address: Address
        let nanoTON: Int64
    }

    /// An app's money, which a deposit and a withdrawal change.
    private struct Account {
        let party: Scenario.Party
        let nanoTON: Int64
    }

    private static let rounds = 6
    private static let deposit: Int64 = 500_000_000
    private static let withdrawal: Int64 = 300_000_000

    @Test func `Half a dozen kills of server, chain and PostgreSQL, and everybody is paid exactly once`() throws {
        let seed =
            ProcessInfo.processInfo.environment["BOMBYX_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...1_000_000_000)
        var generator = KillGenerator(state: seed)
        FileHandle.standardError.write(Data("settlement: kills (BOMBYX_SEED=\(seed))\n".utf8))
        let town = try ChainTown(nanoTON: 100_000_000_000, keepsChain: true)
        defer { town.remove() }
        let user = try ChainUser(town.chain, nanoTON: 50_000_000_000)
        try setTerms(Scenario(town.server))
        var dues: [Due] = []
        var accounts: [Account] = []
        for round in 1...Self.rounds {
            try waitUntilReady(town)
            let desk = try LeaseDesk(town.server)
            try town.waitForWallet(desk.scenario, desk.app.key)
            dues.append(try earn(desk, round))
            let account = Account(party: desk.app, nanoTON: try desk.balance(desk.app, "available"))
            accounts.append(account)
            try user.pay(town.address, UInt64(Self.deposit), try memo(desk))
            dues.append(Due(address: try address(100 + round), nanoTON: Self.withdrawal))

            let asking = try ask(town.server, account, round)
            usleep(UInt32.random(in: 0...2_500_000, using: &generator))
            let victim = Victim.allCases.randomElement(using: &generator) ?? .server
            try strike(victim, town)
            asking.wait()
            try repeatUntilTaken(town.server, account, round)
        }
        try expectPaid(dues, accounts, town)
    }

    /// Waits until the server takes commands and its tables are not behind.
    private func waitUntilReady(_ town: ChainTown) throws {
        try town.chain.waitUntil(seconds: 90) {
            guard let desk = try? Scenario(town.server) else { return false }
            return try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey).status == 200
        }
    }

    private func memo(_ desk: LeaseDesk) throws -> String {
        for _ in 0..<300 {
            let door = try desk.client.call("GET", "/v1/deposits", key: desk.app.key)
            if let memo = door["memo"]?.string { return memo }
            try #require(door["retryable"]?.boolean == true, "\(door.text)")
            usleep(100_000)
        }
        throw TestServer.Failure("nobody says what a deposit is known by")
    }

    private func setTerms(_ desk: Scenario) throws {
        let body = #"{"cooling_off_s":0,"payout_minimum_nanoton":"10000000"}"#
        let terms = try desk.client.call("PUT", "/v1/settlement/terms", key: desk.operatorKey, body)
        try #require(terms.status == 200, "\(terms.text)")
    }

    private func address(_ number: Int) throws -> Address {
        try #require(Address(workchain: 0, hash: [UInt8](repeating: UInt8(number), count: 32)))
    }

    // MARK: Money

    /// A worker delivers, and says then where it is to be paid.
    private func earn(_ desk: LeaseDesk, _ round: Int) throws -> Due {
        let lease = try desk.open(lots: 2_000)
        let receipt = desk.receipt(of: lease, 1, prompt: 2_000_000, flags: .final)
        let recorded = try desk.record(desk.signed(receipt))
        try #require(recorded.status == 200, "\(recorded.text)")
        let due = Due(address: try address(round), nanoTON: try desk.balance(desk.worker, "payable"))
        try #require(due.nanoTON > 10_000_000)
        let body = #"{"address":"\#(due.address)","threshold_nanoton":"10000000"}"#
        let terms = try desk.client.call("PUT", "/v1/account/payout-terms", key: desk.worker.key, body)
        try #require(terms.status == 200, "\(terms.text)")
        return due
    }

    private func request(_ account: Account, _ round: Int) throws -> (String, [(name: String, value: String)]) {
        let body = #"{"address":"\#(try address(100 + round))","amount_nanoton":"\#(Self.withdrawal)"}"#
        return (body, [("idempotency-key", "round-\(round)")])
    }

    /// Asks for a withdrawal while something is killed; nobody knows what becomes of it.
    private func ask(_ server: TestServer, _ account: Account, _ round: Int) throws -> DispatchGroup {
        let (body, fields) = try request(account, round)
        let (address, key) = (server.http, account.party.key)
        let group = DispatchGroup()
        DispatchQueue.global().async(group: group) {
            let client = try? TestClient(address)
            _ = try? client?.call("POST", "/v1/withdrawals", key: key, body, fields: fields)
        }
        return group
    }

    /// The same again under its key, as clients do, until the server says that it has it.
    private func repeatUntilTaken(_ server: TestServer, _ account: Account, _ round: Int) throws {
        let (body, fields) = try request(account, round)
        let deadline = Date.now + 60
        var last = ""
        while Date.now < deadline {
            do {
                let client = try server.connect()
                let answer = try client.call("POST", "/v1/withdrawals", key: account.party.key, body, fields: fields)
                if answer.status == 201 { return }
                last = answer.text
            } catch { last = "\(error)" }
            usleep(100_000)
        }
        throw TestServer.Failure("round \(round): \(last)")
    }

    // MARK: Kills

    private func strike(_ victim: Victim, _ town: ChainTown) throws {
        switch victim {
        case .server: town.server.kill()
        case .chain: town.chain.end(by: SIGKILL)
        case .postgres: for process in try town.server.postgresProcesses() { kill(process, SIGKILL) }
        case .serverAndChain:
            town.chain.end(by: SIGKILL)
            town.server.kill()
        case .serverAndPostgres:
            for process in try town.server.postgresProcesses() { kill(process, SIGKILL) }
            town.server.kill()
        }
        // The server has time to notice that the chain is gone.
        if victim == .chain { usleep(1_500_000) }
        if victim.includesChain { try town.chain.start() }
        if victim.includesServer { try town.server.start() }
    }

    // MARK: The end

    private func expectPaid(_ dues: [Due], _ accounts: [Account], _ town: ChainTown) throws {
        let desk = try Scenario(town.server)
        try town.chain.waitUntil(seconds: 120) {
            try dues.allSatisfy { try town.chain.balance($0.address) >= $0.nanoTON }
        }
        // What was to come twice would have come then.
        sleep(12)
        for due in dues { #expect(try town.chain.balance(due.address) == due.nanoTON, "\(due.address)") }
        for account in accounts {
            let expected = account.nanoTON + Self.deposit - Self.withdrawal
            #expect(try desk.balance(account.party, "available") == expected)
            #expect(try desk.balance(account.party, "in_settlement") == 0)
        }
        let status = try desk.client.call("GET", "/v1/settlement", key: desk.operatorKey)
        #expect(status["is_held"]?.boolean == false, "\(status.text)")
        #expect(try town.server.psql("SELECT difference FROM settlement.reconciliation") == "0")
        #expect(try town.server.psql("SELECT sum(violations) FROM ledger.invariants") == "0")
        let known = try town.server.psql("SELECT balance FROM settlement.wallets").filter(\.isNumber)
        #expect(Int64(known) == (try town.chain.balance(town.address)), "the wallet has what the ledger says")
        let paid = try town.server.psql("SELECT count(*) FROM settlement.payouts WHERE state IN (2, 4)")
        #expect(Int(paid) == dues.count)
        #expect(town.server.terminate() == 0)
        try TestServer.run(["verify", "--state-dir", town.server.folder])
    }
}

/// SplitMix64: the same seed gives the same victims and moments.
private struct KillGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
