import Cryptography
import Engine
import Ledger
import LocalChain
import Settlement
import SettlementAgent
import TON
import Testing
import Units

@Suite struct SettlementAgentTests {
    @Test func `What workers earn arrives in their wallets, and ledger and chain agree`() throws {
        let bureau = try Bureau()
        for (index, worker) in Bureau.workers.enumerated() {
            bureau.earn(worker, 5 + Int64(index))
            let terms = PayoutTerms(destination: try Bureau.destination(index), threshold: NanoTON(ton))
            #expect(bureau.office.give(worker, .settlement(.setPayoutTerms(terms))) == nil)
        }
        #expect(try bureau.settle().isEmpty)
        for (index, worker) in Bureau.workers.enumerated() {
            let arrived = bureau.agent.chain.balance(try Bureau.address(index)).nanoTON
            let sum = UInt128(5 + index) * UInt128(ton)
            // Less the fee of the way, which the payee's share of the chain takes; an account without code pays none.
            #expect(arrived == sum)
            #expect(bureau.office.balance(worker, .payable) == 0 && bureau.office.balance(worker, .inSettlement) == 0)
        }
        try bureau.office.engine.checkInvariants()
        let onChain = bureau.agent.chain.balance(bureau.wallet.address).nanoTON
        #expect(bureau.office.engine.settlementState.wallets.map { UInt128($0.balance.count) } == [onChain])
        #expect(bureau.office.messages.count == 1)
    }

    @Test func `A deposit with a memo is its owner's, others are nobody's`() throws {
        let bureau = try Bureau()
        let memo = try #require(DepositMemo(reading: "0123456789"))
        #expect(bureau.office.give(Bureau.app, .settlement(.openDeposits(memo))) == nil)
        for (comment, amount) in [
            (" o123456789\n", 3 * ton), ("somebody's", 2 * ton), ("", ton), ("0123456789", 1_000),
            ("zero \0 byte", ton), (String(repeating: "é", count: 200), ton),
        ] {
            try bureau.pay(comment, amount)
            bureau.pass(3)
        }
        #expect(try bureau.settle(rounds: 5).isEmpty)
        #expect(bureau.office.balance(Bureau.app, .available) == 3 * ton)
        let suspended = bureau.office.engine.settlementState.suspense
        #expect(suspended.map(\.reason) == [.unknownMemo, .unknownMemo, .dust, .unknownMemo, .unknownMemo])
        #expect(
            suspended.map(\.comment) == [
                "somebody's", nil, "0123456789", "zero \u{FFFD} byte", String(repeating: "é", count: 64),
            ]
        )
        #expect(suspended.allSatisfy { $0.source?.bytes == bureau.user.address.hash })
        try bureau.office.engine.checkInvariants()
    }

    @Test func `What comes back is a credit, found by the message that it answers to`() throws {
        let bureau = try Bureau()
        bureau.office.give(.system, .deposit(to: Bureau.app, amount: NanoTON(20 * ton)))
        for (number, isBounceable) in [(9, true), (1, false)] {
            let terms = WithdrawalTerms(
                destination: try Bureau.destination(number, isBounceable: isBounceable),
                amount: NanoTON(4 * ton),
                comment: "take it"
            )
            #expect(bureau.office.give(Bureau.app, .settlement(.requestWithdrawal(terms))) == nil)
        }
        #expect(bureau.office.balance(Bureau.app, .available) == 12 * ton)
        #expect(try bureau.settle().isEmpty)
        let left = bureau.office.balance(Bureau.app, .available)
        #expect(left > 16 * ton - ton / 100 && left < 16 * ton, "\(left)")
        #expect(bureau.agent.chain.balance(try Bureau.address(1)).nanoTON == UInt128(4 * ton))
        #expect(bureau.office.engine.settlementState.suspense.isEmpty)
        try bureau.office.engine.checkInvariants()
    }

    @Test func `A transaction that the chain cannot explain stops planning and nothing else`() throws {
        let bureau = try Bureau()
        // Somebody with the key pays by himself.
        let key = try Bureau.makeKey()
        let id = try #require(QueryID(place: 4_000))
        let payout = Payout(to: try Bureau.address(3), amount: Coins(UInt64(ton)))
        let request = try bureau.wallet.direct(payout, id, createdAt: bureau.agent.chain.now)
        #expect(try bureau.agent.chain.send(bureau.wallet.message(request, signedBy: key).bag()) == .taken)
        try bureau.settle(rounds: 5)
        #expect(bureau.office.engine.settlementState.hold?.reason == .unattributed)
        bureau.earn(Bureau.workers[0], 5)
        let terms = PayoutTerms(destination: try Bureau.destination(0), threshold: NanoTON(ton))
        bureau.office.give(Bureau.workers[0], .settlement(.setPayoutTerms(terms)))
        try bureau.settle(rounds: 10)
        #expect(bureau.office.messages.isEmpty)
        bureau.office.give(.system, .settlement(.hold(SettlementHoldTerms(isHeld: false))))
        #expect(try bureau.settle().isEmpty)
        #expect(bureau.agent.chain.balance(try Bureau.address(0)).nanoTON == UInt128(5 * ton))
        try bureau.office.engine.checkInvariants()
    }

    @Test(arguments: [1, 2, 3, 50, 254])
    func `The estimate of a batch is never less than it costs`(count: Int) throws {
        let bureau = try Bureau(money: 5_000 * ton)
        let estimate = FeeEstimate(.june2026, queries: 0)
        let comment = String(repeating: "c", count: Limits.payoutCommentBytesMax)
        let payouts = try (0..<count).map {
            Payout(to: try Bureau.address(100 + $0), amount: Coins(UInt64(ton)), comment: comment + "\($0)".suffix(0))
        }
        let value = estimate.base.count + estimate.perPayout.count * Int64(count) + Int64(count) * ton
        let id = try #require(QueryID(place: 0))
        let request = try bureau.wallet.batch(
            payouts,
            value: Coins(UInt64(value)),
            id,
            createdAt: bureau.agent.chain.now
        )
        let bag = try bureau.wallet.message(request, signedBy: Bureau.makeKey()).bag()
        let before = bureau.agent.chain.balance(bureau.wallet.address).nanoTON
        #expect(try bureau.agent.chain.send(bag) == .taken)
        bureau.pass(5)
        let spent = before - bureau.agent.chain.balance(bureau.wallet.address).nanoTON
        let cost = Int64(spent) - Int64(count) * ton
        let most = estimate.base.count + estimate.perPayout.count * Int64(count)
        #expect(cost > 0 && cost <= most && most <= 3 * cost + ton / 50, "\(cost) of \(most)")
        #expect(bureau.agent.chain.balance(try Bureau.address(100)).nanoTON == UInt128(ton))
    }
}
