import Engine
import Ledger
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

/// Several wallets of one key.
@Suite struct SubwalletTests {
    /// The app asks for so much at each of the addresses.
    private func withdraw(_ amounts: [Int64], _ bureau: Bureau) throws {
        bureau.office.give(.system, .deposit(to: Bureau.app, amount: NanoTON(amounts.reduce(0, +))))
        for (number, amount) in amounts.enumerated() {
            let terms = WithdrawalTerms(destination: try Bureau.destination(20 + number), amount: NanoTON(amount))
            #expect(bureau.office.give(Bureau.app, .settlement(.requestWithdrawal(terms))) == nil)
        }
    }

    private func wallets(_ bureau: Bureau) -> [Int64] {
        bureau.office.engine.settlementState.batches.map(\.wallet.rawValue)
    }

    private func expectPaid(_ amounts: [Int64], _ bureau: Bureau) throws {
        for (number, amount) in amounts.enumerated() {
            #expect(bureau.agent.chain.balance(try Bureau.address(20 + number)).nanoTON == UInt128(amount))
        }
        for (wallet, record) in zip(bureau.wallets, bureau.office.engine.settlementState.wallets) {
            #expect(bureau.agent.chain.balance(wallet.address).nanoTON == UInt128(record.balance.count))
        }
        try bureau.office.engine.checkInvariants()
    }

    @Test func `Payouts that one wallet cannot pay at once are under way from three at once`() throws {
        let bureau = try Bureau(money: 20 * ton, wallets: 3)
        let amounts = [15 * ton, 15 * ton, 15 * ton]
        try withdraw(amounts, bureau)
        let round = try bureau.agent.round(&bureau.office)
        #expect(round.planned == 3 && round.sent == 3 && round.troubles.isEmpty, "\(round)")
        #expect(Set(wallets(bureau)) == [1, 2, 3])
        #expect(try bureau.settle().isEmpty)
        try expectPaid(amounts, bureau)
    }

    @Test func `The wallet that can pay the most pays, and a wallet may have several batches under way`() throws {
        let bureau = try Bureau(money: 20 * ton, wallets: 3)
        #expect(try bureau.agent.chain.fund(bureau.wallets[1].address, Coins(UInt64(80 * ton))))
        bureau.pass(10)
        #expect(try bureau.settle(rounds: 5).isEmpty)
        let amounts = [30 * ton, 30 * ton]
        try withdraw(amounts, bureau)
        // Two for one address do not go into one batch.
        let again = WithdrawalTerms(destination: try Bureau.destination(20), amount: NanoTON(ton))
        bureau.office.give(.system, .deposit(to: Bureau.app, amount: NanoTON(ton)))
        #expect(bureau.office.give(Bureau.app, .settlement(.requestWithdrawal(again))) == nil)
        let round = try bureau.agent.round(&bureau.office)
        #expect(round.planned == 2 && round.sent == 2 && round.troubles.isEmpty, "\(round)")
        #expect(wallets(bureau) == [2, 2])
        #expect(try bureau.settle().isEmpty)
        try expectPaid([31 * ton, 30 * ton], bureau)
    }

    @Test func `What no wallet can pay is asked for once in a round, and told`() throws {
        let bureau = try Bureau(money: 20 * ton, wallets: 3)
        try withdraw([25 * ton, ton], bureau)
        let round = try bureau.agent.round(&bureau.office)
        #expect(round.planned == 0 && round.hasMore)
        #expect(round.troubles == ["no plan for h1: walletBalanceLow"], "\(round.troubles)")
        try bureau.pay("", 10 * ton, to: 2)
        bureau.pass(10)
        #expect(try bureau.settle(rounds: 1).isEmpty)
        #expect(wallets(bureau) == [3])
        try bureau.settle()
        try expectPaid([25 * ton, ton], bureau)
    }

    @Test func `A wallet that is retired pays no more, and what still arrives there is booked`() throws {
        let bureau = try Bureau(money: 20 * ton, wallets: 2)
        #expect(bureau.office.give(.system, .settlement(.setRetired(WalletID(1), true))) == nil)
        let memo = try #require(DepositMemo(reading: "0123456789"))
        #expect(bureau.office.give(Bureau.app, .settlement(.openDeposits(memo))) == nil)
        try bureau.pay(memo.text, 2 * ton)
        try withdraw([5 * ton, 5 * ton], bureau)
        #expect(try bureau.settle().isEmpty)
        #expect(wallets(bureau) == [2] && bureau.office.balance(Bureau.app, .available) == 2 * ton)
        try expectPaid([5 * ton, 5 * ton], bureau)
        #expect(bureau.office.give(.system, .settlement(.setRetired(WalletID(2), true))) == nil)
        try withdraw([ton], bureau)
        let round = try bureau.agent.round(&bureau.office)
        #expect(round.troubles == ["nobody is paid: no wallet of the key is in use"] && !round.hasMore, "\(round)")
    }

    @Test func `A deposit at any of the wallets is its owner's`() throws {
        let bureau = try Bureau(wallets: 3)
        let memo = try #require(DepositMemo(reading: "0123456789"))
        #expect(bureau.office.give(Bureau.app, .settlement(.openDeposits(memo))) == nil)
        for number in 0..<3 {
            try bureau.pay(memo.text, Int64(number + 1) * ton, to: number)
            bureau.pass(3)
        }
        #expect(try bureau.settle(rounds: 5).isEmpty)
        #expect(bureau.office.balance(Bureau.app, .available) == 6 * ton)
        #expect(bureau.office.engine.depositWallet?.id == WalletID(1), "the address that is shown stays")
        try expectPaid([], bureau)
    }
}
