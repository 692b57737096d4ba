internal import Cryptography
internal import Demonstration
internal import HTTP2
internal import JSON
internal import TON
internal import Units

/// Pays what the workers of a demo have earned on the chain, and compares that with the ledger.
struct DemoSettlement {
    private let owners: DemoOwners
    private let server: TemporaryServer
    private let operations: ExchangeClient
    /// Of each worker.
    private let wallets: [Address]
    private var tally = ChainTally()

    /// Until everybody has been paid. A batch takes some seconds; a slow machine is no reason to give up.
    private static let deadline = Duration.seconds(300)

    init(_ plan: Plan, _ owners: DemoOwners, _ server: TemporaryServer, _ operations: ExchangeClient) {
        self.owners = owners
        self.server = server
        self.operations = operations
        wallets = owners.workers.map { _ in
            WalletV5R1(publicKey: Ed25519.SigningKey.random().publicKey, network: .testnet).address
        }
        tally.deposits = plan.demand.apps.count
        tally.deposited = plan.demand.apps.reduce(0) { $0 + Int128($1.deposit.count) }
    }

    /// Lets everybody be paid whatever he has earned, at once, and takes every deposit, however small.
    static func allowSmallSums(_ operations: ExchangeClient) throws {
        let terms = jsonObject([
            ("payout_minimum_nanoton", .string("1")), ("dust_limit_nanoton", .string("0")),
            ("cooling_off_s", .integer(0)),
        ])
        _ = try operations.json("PUT", "/v1/settlement/terms", terms)
    }

    /// Names the workers' wallets, and waits until nothing is owed to them any more, or in vain. Gives the newest
    /// command.
    mutating func pay(_ settings: Load.Settings) throws -> SequenceNumber {
        let started = ContinuousClock.now
        let requests = zip(owners.workers, wallets).enumerated().map { index, pair in
            let terms: [(String, JSONValue?)] = [
                ("address", .string("\(pair.1)")), ("threshold_nanoton", .string("1")),
            ]
            let request = ClientRequest(
                "PUT",
                "/v1/account/payout-terms",
                key: pair.0.key,
                body: jsonObject(terms)
            )
            return LoadRequest(index: index, request: request)
        }
        for answer in try Load(server, settings).run(requests, watch: { _ in }) {
            guard answer.response.status == 200 else { throw ServerRefusal(answer.response) }
        }
        var progress = Progress("settling", total: owners.workers.count)
        for (index, worker) in owners.workers.enumerated() {
            while try isOwed(worker), ContinuousClock.now < started + Self.deadline { pause(milliseconds: 50) }
            progress.update(index + 1)
        }
        tally.microseconds = microseconds(since: started)
        let status = try operations.json("GET", "/v1/settlement")
        return SequenceNumber(status["as_of_sequence"]?.integer ?? 0)
    }

    private func isOwed(_ worker: DemoOwners.Owner) throws -> Bool {
        let balances = try operations.json("GET", "/v1/account?account=\(worker.id)")["balances"]
        return ["payable_nanoton", "in_settlement_nanoton"].contains { balances?[$0]?.string != "0" }
    }

    // MARK: What the chain says

    /// A payout, as the server states it.
    private struct Statement {
        let account: String
        let amount: Int128
        let fee: Int128
        let isPaid: Bool
        let message: [UInt8]

        init(_ json: JSONValue) {
            func amount(_ name: String) -> Int128 { json[name]?.string.flatMap { Int128($0) } ?? 0 }
            account = json["account_id"]?.string ?? ""
            self.amount = amount("amount_nanoton")
            fee = amount("fee_nanoton")
            isPaid = json["state"]?.string == "paid"
            message = json["proof"]?["message_hash"]?.string.flatMap { Hex.decode($0) } ?? []
        }
    }

    /// Compares what workers earned with what is in their wallets, payouts with messages, and the exchange's wallet
    /// with the ledger. `earned` is by worker; `database` shows the last payout.
    mutating func compare(earned: [Int: Int128], _ database: DemoDatabase) throws -> (ChainTally, [Outcome.Check]) {
        var chain = try DemoChain(server.running())
        defer { chain.close() }
        var payouts: [Statement] = []
        for batch in try operations.list("/v1/settlements?all=true", "data") {
            let detail = try operations.json("GET", "/v1/settlements/\(batch["id"]?.string ?? "")")
            payouts += (detail["payouts"]?.elements ?? []).map { Statement($0) }
        }
        payouts.removeAll { !$0.isPaid }
        tally.payouts = payouts.count
        tally.paid = payouts.reduce(0) { $0 + $1.amount }
        tally.borne = payouts.reduce(0) { $0 + $1.fee }
        let checks = [
            try arrivals(payouts, earned, &chain), try proofs(payouts, &chain), try reconciliation(database, &chain),
        ]
        return (tally, checks)
    }

    private func arrivals(
        _ payouts: [Statement],
        _ earned: [Int: Int128],
        _ chain: inout DemoChain
    ) throws -> Outcome.Check {
        let rule = "what workers earned is in their wallets, to the nanoTON"
        for (index, worker) in owners.workers.enumerated() {
            let own = payouts.filter { $0.account == worker.id }
            let (paid, borne) = (own.reduce(0) { $0 + $1.amount }, own.reduce(0) { $0 + $1.fee })
            let (found, expected) = (try chain.balance(of: wallets[index]), earned[index] ?? 0)
            guard found == paid, paid + borne == expected else {
                let detail = "\(worker.id) has earned \(expected) nanoTON, was paid \(paid), and has \(found)"
                return Outcome.Check(rule, holds: false, detail: detail)
            }
        }
        let paidCount = Set(payouts.map(\.account)).count
        let detail = "\(paidCount) wallets have \(Figures.toncoins(tally.paid))"
        return Outcome.Check(rule, holds: paidCount > 0, detail: detail)
    }

    private func proofs(_ payouts: [Statement], _ chain: inout DemoChain) throws -> Outcome.Check {
        let rule = "every payout names a message that the chain has"
        let addresses = Dictionary(uniqueKeysWithValues: zip(owners.workers.map(\.id), wallets))
        for payout in payouts {
            guard let address = addresses[payout.account],
                try chain.shows(message: payout.message, to: address, amount: payout.amount)
            else { return Outcome.Check(rule, holds: false, detail: "one to \(payout.account) does not") }
        }
        return Outcome.Check(rule, holds: !payouts.isEmpty, detail: "\(Figures.count(payouts.count)) payouts")
    }

    private mutating func reconciliation(
        _ database: DemoDatabase,
        _ chain: inout DemoChain
    ) throws -> Outcome.Check {
        let rule = "chain and ledger agree, to the nanoTON"
        let status = try operations.json("GET", "/v1/settlement")
        guard let text = status["wallets"]?[0]?["address"]?.string else {
            return Outcome.Check(rule, holds: false, detail: "the exchange has no wallet")
        }
        let books = try database.settlement()
        tally.messages = books.messages
        tally.gas = books.gas
        tally.onChain = try chain.balance(of: AddressText(text, on: .testnet).address)
        tally.inLedger = books.ledger
        let agrees = tally.onChain == books.ledger && books.byHand == 0 && books.difference == 0
        let isOver = status["is_held"]?.boolean == false && status["undecided_settlement_count"]?.integer == 0
        let detail = "\(Figures.toncoins(tally.onChain)) in the wallet, \(Figures.toncoins(books.ledger)) in the ledger"
        return Outcome.Check(rule, holds: agrees && isOver, detail: detail)
    }
}
