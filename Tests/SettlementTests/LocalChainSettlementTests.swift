import LocalChain
import Settlement
import TON
import Testing
import Units

/// Settlement and a chain on which everything goes wrong that can.
@Suite struct LocalChainSettlementTests {
    @Test func `Everybody is paid exactly once, whatever fails`() throws {
        var phases: [SettlementBatch.Phase: Int] = [:]
        var forks = 0
        for seed in 1...400 as ClosedRange<UInt64> {
            let teller = try Teller(seed: seed, payouts: 8)
            let payouts = teller.stored.waiting
            forks += try run(teller, seed)
            try check(teller, payouts, seed)
            for entry in teller.stored.entries { phases[entry.batch.phase, default: 0] += 1 }
        }
        // All of this has happened.
        for phase in [.confirmed, .burnt, .failed, .expired] as [SettlementBatch.Phase] {
            #expect(phases[phase, default: 0] > 20, "\(phases)")
        }
        #expect(forks > 100 && phases[.contested] == nil, "\(phases)")
    }

    /// Steps in any order, with trouble and then without, until everything is settled. Gives the forks.
    private func run(_ teller: Teller, _ seed: UInt64) throws -> Int {
        var forks = 0
        for step in 0..<2_000 {
            teller.isTroubled = step < 400
            switch teller.numbers.next() % 6 {
            case 0: try teller.plan()
            case 1: try teller.sign()
            case 2: try teller.send()
            case 3: try teller.scan()
            default: teller.chain.advance(seconds: .random(in: 1...6, using: &teller.numbers))
            }
            let isDone = teller.stored.waiting.isEmpty && teller.stored.entries.allSatisfy(\.batch.phase.isFinal)
            if !teller.isTroubled {
                // Money for what came to nothing.
                if step % 200 == 0 { _ = try teller.chain.fund(teller.wallet.address, Coins(5_000_000_000)) }
                if isDone { break }
                continue
            }
            if teller.numbers.chance(25) { teller.chain.stall(seconds: .random(in: 1...90, using: &teller.numbers)) }
            if teller.numbers.chance(10) { teller.chain.silence(reads: 2) }
            if teller.numbers.chance(15) {
                teller.chain.fork(keepingMessages: !teller.numbers.chance(3))
                forks += 1
            }
        }
        // What comes back may still be on its way.
        teller.isTroubled = false
        for _ in 0..<60 {
            teller.chain.advance(seconds: 3)
            try teller.scan()
        }
        return forks
    }

    private func check(_ teller: Teller, _ payouts: [PlannedPayout], _ seed: UInt64) throws {
        let stored = teller.stored
        #expect(stored.waiting.isEmpty && stored.paid == Set(payouts.map(\.id)), "seed \(seed)")
        #expect(stored.entries.allSatisfy { $0.batch.phase.isFinal }, "seed \(seed)")
        // What the chain says.
        var arrived: [Int64: [ChainTransaction]] = [:]
        for transaction in teller.chain.history
        where transaction.incoming.source == teller.wallet.address && transaction.account != teller.wallet.address {
            let id = try #require(Comment.text(in: transaction.incoming.body).flatMap { Int64($0) })
            arrived[id, default: []].append(transaction)
        }
        for payout in payouts {
            let own = try #require(arrived[payout.id], "seed \(seed): \(payout.id) was never paid")
            #expect(own.count == 1 && own[0].account.hash == payout.address, "seed \(seed): \(payout.id)")
            #expect(own[0].incoming.value.nanoTON == UInt128(payout.amount.count), "seed \(seed)")
            let returned = own[0].outgoing.first.map { NanoTON(Int64($0.value.nanoTON)) }
            #expect(stored.credited[payout.id] == returned, "seed \(seed)")
            #expect((returned != nil) == teller.refusing.contains(payout.address), "seed \(seed)")
        }
        #expect(Int128(teller.chain.balance(teller.wallet.address).nanoTON) == stored.balance, "seed \(seed)")
    }
}
