internal import Cryptography
internal import Demonstration
internal import Engine
internal import Exchange
internal import Ledger
internal import LocalChain
internal import Settlement
internal import SettlementAgent
internal import TON
internal import Units

/// An engine whose workers have earned, and a chain with the exchange's wallet: where every round of
/// `bombyx bench settlement` begins.
final class PayoutStage {
    /// What the last round of ``settle(_:)`` came to.
    struct Settled {
        var messages: Int64 = 0
        var payouts: Int64 = 0
        var paid: Int64 = 0
        /// What the network took.
        var fees: Int64 = 0
        var chainSeconds: Int64 = 0
    }

    private(set) var settled = Settled()
    /// The first thing that was wrong, round by round.
    private(set) var faults: [String] = []

    private let start: PayoutOffice
    private let chain: LocalChain
    private let wallet: HighloadWalletV3
    /// Of the wallet's key.
    private let secret: [UInt8]
    /// In nanoTON, by worker.
    private let earned: [Int64]

    /// 2027-01-15, in seconds since 1970.
    private static let time: UInt64 = 1_800_000_000
    private static let ton: Int64 = 1_000_000_000
    /// Rounds of the agent until it is given up.
    private static let roundsMax = 10_000

    init(workers: Int, seed: UInt64) throws {
        let secret = SHA256.hash(Array("bombyx bench \(seed)".utf8)).bytes
        self.secret = secret
        wallet = try HighloadWalletV3(publicKey: SigningKey(seed: secret.span).publicKey, timeout: 3_600)
        var chain = LocalChain(LocalChain.Settings(start: Self.time))
        chain.install(wallet)
        var random = SeededGenerator(seed: seed, stream: 6)
        earned = (0..<workers).map { _ in Int64(1 + random.below(9)) * Self.ton / 10 }
        // The operator's, for gas.
        let capital = Int64(workers) * Self.ton / 10 + 1_000 * Self.ton
        guard try chain.fund(wallet.address, Coins(UInt64(capital))) else { throw Self.poverty }
        chain.advance(seconds: 10)
        var office = PayoutOffice(time: chain.now)
        try office.register(wallet, &chain)
        let memo = try office.open(workers)
        guard try chain.fund(wallet.address, Coins(UInt64(earned.reduce(0, +))), comment: memo) else {
            throw Self.poverty
        }
        chain.advance(seconds: 10)
        let agent = SettlementAgent(chain, key: try SigningKey(seed: secret.span), fees: .june2026)
        _ = try agent.round(&office)
        try office.employ(earned)
        start = office
        self.chain = agent.chain
    }

    private static let poverty = CommandFailure("the chain has not so much money")

    private func makeKey() throws -> SigningKey {
        let secret = secret
        return try SigningKey(seed: secret.span)
    }

    // MARK: Rounds

    /// Plans until nobody waits.
    func plan(_ sampler: Sampler) throws -> RoundFigures {
        var office = start
        var failure: (any Error)?
        let figures = sampler.measure(operations: batchCount, sampleSize: 1) { _ in
            do { try office.plan(at: chain.now) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        if office.engine.hasPayoutsWaiting { fault("plans have left somebody out") }
        return figures.each(of: Int64(earned.count))
    }

    /// Makes the message of every batch.
    func sign(_ sampler: Sampler) throws -> RoundFigures {
        var office = start
        for _ in 0..<batchCount { try office.plan(at: chain.now) }
        let batches = office.engine.undecidedSettlements
        guard let terms = office.engine.settlementWallets.first?.terms else {
            throw CommandFailure("there is no wallet")
        }
        let key = try makeKey()
        var bytes = 0
        let figures = sampler.measure(operations: batches.count, sampleSize: 1) { index in
            let (record, payouts) = batches[index]
            bytes += (try? BatchMessage.bag(record, payouts, from: terms, signedBy: key).count) ?? 0
        }
        if bytes < earned.count * 32 { fault("messages of \(bytes) bytes cannot name everybody") }
        return figures.each(of: Int64(earned.count))
    }

    /// Pays everybody.
    func settle(_ sampler: Sampler) throws -> RoundFigures {
        var office = start
        let agent = SettlementAgent(chain, key: try makeKey(), fees: .june2026)
        var failure: (any Error)?
        let figures = sampler.measure(operations: 1, sampleSize: 1) { _ in
            do { try Self.pay(agent, &office) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        try check(agent.chain, office)
        return figures.each(of: Int64(earned.count))
    }

    /// Rounds of the agent, with a second of the chain after each, until nothing is undecided.
    private static func pay(_ agent: SettlementAgent<LocalChain>, _ office: inout PayoutOffice) throws {
        for _ in 0..<roundsMax {
            let round = try agent.round(&office)
            if let trouble = round.troubles.first { throw CommandFailure(trouble) }
            if !office.engine.hasPayoutsWaiting, office.engine.undecidedSettlements.isEmpty { return }
            agent.chain.advance(seconds: 1)
            office.time += 1
        }
        throw CommandFailure("not everybody has been paid in \(roundsMax) rounds")
    }

    /// Batches that pay everybody.
    private var batchCount: Int { (earned.count + BatchPlan.payoutsMax - 1) / BatchPlan.payoutsMax }

    // MARK: What had to hold

    private func fault(_ text: String) { faults.append(text) }

    private func check(_ chain: LocalChain, _ office: PayoutOffice) throws {
        for (index, sum) in earned.enumerated() {
            let found = chain.balance(try PayoutOffice.address(index)).nanoTON
            let owed = office.balance(AccountID(Int64(index) + 1), .payable)
            guard found == UInt128(sum), owed == 0 else {
                fault("worker \(index + 1) has earned \(sum) nanoTON, has \(found), and is owed \(owed)")
                break
            }
        }
        let inLedger = office.balance(.chain)
        let onChain = chain.balance(wallet.address).nanoTON
        if UInt128(max(0, inLedger)) != onChain {
            fault("the wallet has \(onChain) nanoTON, by the ledger \(inLedger)")
        }
        if let hold = office.engine.settlementHold { fault("settlement was held: \(hold)") }
        do {
            try office.engine.checkInvariants()
        } catch {
            fault("the state breaks a rule: \(error)")
        }
        let fees = office.balance(.networkCosts) - start.balance(.networkCosts)
        settled = Settled(
            messages: Int64(office.messages.count),
            payouts: Int64(earned.count),
            paid: earned.reduce(0, +),
            fees: fees,
            chainSeconds: Int64(chain.now - self.chain.now)
        )
    }
}
