import Ledger
import Testing
import Units

@Suite struct BalancesTests {
    private func available(_ owner: Int64) -> LedgerAccount { LedgerAccount(AccountID(owner), .available) }
    private func held(_ owner: Int64) -> LedgerAccount { LedgerAccount(AccountID(owner), .held) }

    private func transfer(_ debit: LedgerAccount, _ credit: LedgerAccount, _ amount: Int64) -> Transfer {
        Transfer(debit: debit, credit: credit, amount: NanoTON(amount), kind: .deposit)
    }

    private func balances(owners: Int) -> Balances {
        var balances = Balances()
        for _ in 0..<owners { balances.addOwner() }
        return balances
    }

    @Test func `A transfer lowers what one account has and raises the other's, and both counters only grow`() throws {
        var balances = balances(owners: 2)
        try balances.post(transfer(.chain, available(1), 100))
        try balances.post(transfer(available(1), held(1), 60))
        try balances.post(transfer(held(1), available(1), 10))
        #expect(balances.balance(.chain) == NanoTON(100))
        #expect(balances.balance(available(1)) == NanoTON(50))
        #expect(balances.balance(held(1)) == NanoTON(50))
        #expect(balances[available(1)] == LedgerCounters(debits: 60, credits: 110))
        #expect(balances[available(2)].isEmpty)
    }

    @Test func `No account falls below zero, and a refused transfer changes nothing`() throws {
        var balances = balances(owners: 1)
        try balances.post(transfer(.chain, available(1), 100))
        try balances.post(transfer(LedgerAccount(.networkCosts), .chain, 1))
        let before = balances[available(1)]
        #expect(throws: PostingError.debitExceedsBalance) { try balances.post(transfer(available(1), held(1), 101)) }
        // The wallet has spent one on a fee: it cannot pay out all that it owes.
        #expect(throws: PostingError.creditExceedsBalance) { try balances.post(transfer(available(1), .chain, 100)) }
        #expect(throws: PostingError.debitExceedsBalance) { try balances.post(transfer(.fees, available(1), 1)) }
        #expect(balances[available(1)] == before)
        #expect(balances[held(1)].isEmpty)
    }

    @Test func `Amounts are positive, accounts different, and both exist`() {
        var balances = balances(owners: 1)
        #expect(throws: PostingError.amountNotPositive) { try balances.post(transfer(.chain, available(1), 0)) }
        #expect(throws: PostingError.amountNotPositive) { try balances.post(transfer(.chain, available(1), -1)) }
        #expect(throws: PostingError.accountsMustBeDifferent) { try balances.post(transfer(.chain, .chain, 1)) }
        for raw in [-1, 0, 7, 15, 16, 23, 33, 1 << 40] as [Int64] {
            let unknown = LedgerAccount(rawValue: raw)
            #expect(throws: PostingError.accountNotFound) { try balances.post(transfer(.chain, unknown, 1)) }
            #expect(throws: PostingError.accountNotFound) { try balances.post(transfer(unknown, available(1), 1)) }
        }
    }

    @Test func `Counters count more than 64 bits of turnover`() throws {
        var balances = balances(owners: 1)
        let most = Int64.max / 2
        try balances.post(transfer(.chain, available(1), most))
        for _ in 0..<10 {
            try balances.post(transfer(available(1), held(1), most))
            try balances.post(transfer(held(1), available(1), most))
        }
        #expect(balances[held(1)].debits == Int128(most) * 10)
        #expect(balances.balance(available(1)) == NanoTON(most))
    }

    @Test(arguments: [2, 77] as [UInt64])
    func `Whatever is posted, all accounts together sum to zero and none is negative`(seed: UInt64) {
        var state = seed
        func below(_ bound: UInt64) -> Int64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((state >> 33) % bound)
        }
        var balances = balances(owners: 5)
        let system: [LedgerAccount] = LedgerAccount.SystemKind.allCases.map { LedgerAccount($0) }
        let owned = (1...5).flatMap { owner in LedgerAccount.Kind.allCases.map { LedgerAccount(AccountID(owner), $0) } }
        let all = system + owned
        for _ in 0..<20_000 {
            let debit = all[Int(below(UInt64(all.count)))]
            let credit = all[Int(below(UInt64(all.count)))]
            try? balances.post(transfer(debit, credit, below(1_000)))
        }
        var sum: Int128 = 0
        var posted = 0
        balances.forEach { account, counters in
            posted += 1
            sum += counters.debits - counters.credits
            #expect(counters.balance(isAsset: account.isAsset) >= 0, "seed \(seed): \(account)")
            #expect(all.contains(account))
        }
        #expect(sum == 0, "seed \(seed)")
        #expect(posted == all.count, "seed \(seed)")
    }

    @Test func `What was posted can be restored, unless it is no balance`() {
        var balances = balances(owners: 1)
        let restored = balances.restore(available(1), LedgerCounters(debits: 3, credits: 5))
        #expect(restored)
        #expect(balances.balance(available(1)) == NanoTON(2))
        let refused: [(LedgerAccount, LedgerCounters)] = [
            (held(1), LedgerCounters(debits: 5, credits: 3)),
            (.chain, LedgerCounters(debits: 3, credits: 5)),
            (available(2), LedgerCounters(debits: 0, credits: 1)),
            (LedgerAccount(rawValue: 23), LedgerCounters(debits: 0, credits: 1)),
        ]
        for (account, counters) in refused {
            let isRestored = balances.restore(account, counters)
            #expect(!isRestored, "\(account)")
        }
        #expect(balances[held(1)].isEmpty)
    }
}
