import Engine
import Exchange
import Ledger
import Settlement
import Testing
import Units

/// How payouts are planned, and what the chain makes of them.
@Suite struct SettlementBatchRules {
    private static let ton = SettlementDesk.ton
    private static let worker = SettlementDesk.workers[0]
    private static let other = SettlementDesk.workers[1]
    private static let app = SettlementDesk.app

    /// A worker who has earned 7 TON and wants them at address 1, and a wallet.
    private func desk(_ terms: SettlementTerms = SettlementTerms(coolingOff: 0)) -> SettlementDesk {
        var desk = SettlementDesk(terms: terms)
        desk.open(balance: 1_000 * Self.ton)
        desk.earn(Self.worker, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        return desk
    }

    /// The batch is on the chain, and the engine knows it.
    private func pay(_ desk: inout SettlementDesk) throws {
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.last)
        desk.chain.send(batch.record, batch.payouts, 0)
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
    }

    @Test func `What was earned is paid out, and known to be when the chain shows it`() throws {
        var desk = desk()
        let capital = desk.balance(.chain)
        #expect(desk.engine.hasPayoutsWaiting)
        #expect(desk.plan() == nil)
        #expect(desk.balance(Self.worker, .payable) == 0 && desk.balance(Self.worker, .inSettlement) == 7 * Self.ton)
        #expect(!desk.engine.hasPayoutsWaiting)
        #expect(desk.plan() == .nothingToSettle)
        let batch = try #require(desk.batches.first)
        #expect(batch.record.phase == .signed && batch.record.signed.createdAt == desk.chain.time)
        #expect(batch.record.signed.value == NanoTON(7 * Self.ton + 6 * SettlementDesk.fee))
        desk.chain.send(batch.record, batch.payouts, 0)
        #expect(desk.tell() == nil)
        #expect(desk.batches[0].record.phase == .accepted)
        #expect(desk.balance(Self.worker, .inSettlement) == 7 * Self.ton, "not before the chain shows it")
        try desk.engine.checkInvariants()
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        let paid = try #require(desk.batches.first)
        #expect(paid.record.phase == .confirmed && paid.payouts.map(\.state) == [.paid])
        #expect(paid.payouts[0].message == desk.chain.wallets[0].history[1].outgoing[0].hash)
        #expect(desk.balance(Self.worker, .inSettlement) == 0)
        #expect(desk.balance(.chain) == capital - 7 * Self.ton - 2 * SettlementDesk.fee)
        #expect(desk.balance(.networkCosts) == 2 * SettlementDesk.fee)
        #expect(desk.chain.received[desk.address(1).address] == 7 * Self.ton)
        try desk.engine.checkInvariants()
    }

    @Test(
        arguments: [
            ("burnt", .burnt, 0), ("fails", .failed, 37), ("expires", .expired, 0),
        ] as [(String, SettlementBatch.Phase, Int64)]
    )
    func `What was not paid, by proof, waits again`(what: String, phase: SettlementBatch.Phase, code: Int64) throws {
        var desk = desk()
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 2 * Self.ton, to: 2) == nil)
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.first)
        switch what {
        case "burnt": desk.chain.send(batch.record, batch.payouts, 0, burns: true)
        case "fails":
            desk.chain.send(batch.record, batch.payouts, 0)
            desk.chain.deliver(0, fails: true)
        default:
            desk.pass(SettlementDesk.timeout + SettlementBatch.expiryMargin)
            #expect(desk.tell() == nil)
            #expect(desk.batches[0].record.phase == .signed, "it may still be in what is not known")
            desk.pass(1)
        }
        #expect(desk.tell() == nil)
        #expect(desk.batches[0].record.phase == phase && desk.batches[0].record.code == code)
        #expect(desk.balance(Self.worker, .payable) == 7 * Self.ton)
        #expect(desk.balance(Self.app, .inSettlement) == 2 * Self.ton, "still withdrawn")
        #expect(desk.engine.state().settlement.withdrawals.map(\.state) == [.requested])
        try desk.engine.checkInvariants()
        try pay(&desk)
        #expect(desk.chain.received[desk.address(1).address] == 7 * Self.ton)
        #expect(desk.chain.received[desk.address(2).address] == 2 * Self.ton)
        #expect(desk.engine.state().settlement.withdrawals.isEmpty)
        try desk.engine.checkInvariants()
    }

    @Test func `A message that was taken while it was given up is contested, not paid twice`() throws {
        var desk = desk()
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.first)
        var late = desk.chain
        late.send(batch.record, batch.payouts, 0)
        desk.pass(200)
        #expect(desk.tell() == nil)
        #expect(desk.balance(Self.worker, .payable) == 7 * Self.ton)
        // A node that said that it had shown everything had not.
        late.time = desk.chain.time
        desk.chain = late
        #expect(desk.tell() == nil)
        #expect(desk.batches[0].record.phase == .contested)
        #expect(desk.engine.state().settlement.hold?.reason == .contested)
        #expect(desk.plan() == .settlementHeld)
        try desk.engine.checkInvariants()
    }

    @Test func `Other payouts than those that were signed are a loss, and hold settlement`() throws {
        var desk = desk()
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.first)
        desk.chain.send(batch.record, batch.payouts, 0)
        let thief = SettlementCommands.hash(666)
        desk.chain.deliver(0, other: [.init(address: thief, amount: NanoTON(7 * Self.ton), hash: thief)])
        #expect(desk.tell() == nil)
        #expect(desk.batches[0].record.phase == .contested)
        #expect(desk.balance(Self.worker, .inSettlement) == 7 * Self.ton)
        #expect(desk.balance(.networkCosts) == 7 * Self.ton + 2 * SettlementDesk.fee)
        #expect(desk.engine.state().settlement.hold?.reason == .contested)
        desk.pass(10_000)
        #expect(desk.tell() == nil)
        #expect(desk.batches.count == 1, "it stays until somebody has looked")
        try desk.engine.checkInvariants()
    }

    @Test func `Money that no batch was to send holds settlement`() throws {
        var desk = desk()
        let thief = SettlementCommands.hash(666)
        let message = WalletTransaction.Outgoing(address: thief, amount: NanoTON(Self.ton), hash: thief)
        desk.chain.record(0, .external(place: 99, createdAt: 1), [message])
        #expect(desk.tell() == nil)
        let hold = try #require(desk.engine.state().settlement.hold)
        #expect(hold.reason == .unattributed && hold.logicalTime == desk.chain.wallets[0].last.logicalTime)
        #expect(desk.plan() == .settlementHeld)
        #expect(desk.refusal(.system, .hold(SettlementHoldTerms(isHeld: true, reason: "again"))) == nil)
        #expect(desk.engine.state().settlement.hold == hold, "the first reason stays")
        #expect(desk.refusal(.system, .hold(SettlementHoldTerms(isHeld: false))) == nil)
        #expect(desk.plan() == nil)
        try desk.engine.checkInvariants()
    }

    @Test func `A payout that comes back is its owner's again, and does not go out again by itself`() throws {
        var desk = desk()
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 2 * Self.ton, to: 2) == nil)
        try pay(&desk)
        let payouts = desk.batches[0].payouts
        #expect(payouts.map(\.account) == [Self.app, Self.worker])
        for (payout, amount) in zip(payouts, [2 * Self.ton - 5, 7 * Self.ton - 5]) {
            desk.chain.bounce(payout.message, amount, from: payout.destination.address, 0)
            // The same again is nobody's: who knows what it is.
            desk.chain.bounce(payout.message, 3, from: payout.destination.address, 0)
        }
        #expect(desk.tell() == nil)
        #expect(desk.balance(Self.app, .available) == 10 * Self.ton - 5)
        #expect(desk.balance(Self.worker, .payable) == 7 * Self.ton - 5)
        #expect(desk.balance(.suspense) == 6)
        #expect(desk.batches[0].payouts.map(\.state) == [.returned, .returned])
        #expect(desk.batches[0].payouts.map(\.returned.count) == [2 * Self.ton - 5, 7 * Self.ton - 5])
        #expect(desk.plan() == .nothingToSettle)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        #expect(desk.plan() == nil)
        try desk.engine.checkInvariants()
    }

    @Test func `A batch is forgotten an hour after its verdict, and what comes back later is nobody's`() throws {
        var desk = desk()
        try pay(&desk)
        let payout = desk.batches[0].payouts[0]
        desk.pass(Limits.settlementKept - 1)
        #expect(desk.tell() == nil)
        #expect(desk.batches.count == 1)
        desk.pass(1)
        #expect(desk.tell() == nil)
        #expect(desk.batches.isEmpty)
        desk.chain.bounce(payout.message, Self.ton, from: payout.destination.address, 0)
        #expect(desk.tell() == nil)
        #expect(desk.engine.state().settlement.suspense.map(\.reason) == [.unknownBounce])
        try desk.engine.checkInvariants()
    }

    @Test func `What is watched are payouts without a verdict, the oldest of all that wait, and what does not add up`()
        throws
    {
        var desk = desk()
        #expect(desk.engine.settlementFigures.oldest == nil && !desk.engine.settlementFigures.isHeld)
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 2 * Self.ton, to: 2) == nil)
        let asked = LogicalTime(microseconds: desk.time)
        #expect(desk.engine.settlementFigures.oldest == asked && desk.engine.settlementFigures.inFlight == 0)
        desk.pass(5)
        #expect(desk.plan() == nil)
        var found = desk.engine.settlementFigures
        #expect(found.inFlight == 2 && found.inFlightAmount == NanoTON(9 * Self.ton))
        #expect(found.oldest == LogicalTime(microseconds: desk.time), "it is in the batch now")
        #expect(found.balance == NanoTON(1_000 * Self.ton) && found.difference == 0)
        let batch = try #require(desk.batches.first)
        desk.chain.send(batch.record, batch.payouts, 0)
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        found = desk.engine.settlementFigures
        #expect(found.inFlight == 0 && found.inFlightAmount == .zero && found.oldest == nil)
        #expect(found.balance.count == desk.chain.wallets[0].balance)
        #expect(found.lastLogicalTime == desk.chain.wallets[0].last.logicalTime && found.scannedTo == desk.chain.time)
        // Somebody takes money that no transaction shows.
        desk.chain.wallets[0].balance -= 11
        desk.chain.deposit(nil, Self.ton, 0)
        _ = desk.tell()
        #expect(desk.engine.settlementFigures.difference == -11 && desk.engine.settlementFigures.isHeld)
    }

    @Test func `Who bears the fees bears them once`() throws {
        var desk = desk(SettlementTerms(coolingOff: 0, payeeFee: NanoTON(50_000_000)))
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 2 * Self.ton, to: 2) == nil)
        try pay(&desk)
        #expect(desk.chain.received[desk.address(1).address] == 7 * Self.ton - 50_000_000)
        #expect(desk.chain.received[desk.address(2).address] == 2 * Self.ton - 50_000_000)
        #expect(desk.balance(.fees) == 100_000_000)
        #expect(desk.balance(Self.worker, .inSettlement) == 0 && desk.balance(Self.app, .inSettlement) == 0)
        try desk.engine.checkInvariants()
    }

    @Test func `Withdrawals go first, then earnings by account, one payout for an address`() throws {
        var desk = desk()
        desk.earn(Self.other, 5)
        #expect(desk.setPayoutTerms(Self.other, 1) == nil)
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        for address in [3, 2, 3] as [UInt64] { #expect(desk.withdraw(Self.app, Self.ton, to: address) == nil) }
        #expect(desk.plan() == nil)
        let addresses = desk.batches[0].payouts.map(\.destination)
        #expect(addresses == [desk.address(3), desk.address(2), desk.address(1)])
        #expect(desk.batches[0].payouts.map(\.account) == [Self.app, Self.app, Self.worker])
        #expect(desk.plan() == nil, "several batches may be under way")
        #expect(desk.batches[1].payouts.map(\.account) == [Self.app, Self.other])
        try desk.engine.checkInvariants()
    }

    @Test func `Earnings wait for the threshold of the account and the minimum of the operator`() {
        var desk = SettlementDesk(terms: SettlementTerms(payoutMinimum: NanoTON(3 * Self.ton), coolingOff: 0))
        desk.open(balance: 1_000 * Self.ton)
        desk.earn(Self.worker, 2)
        #expect(desk.plan() == .nothingToSettle, "no terms")
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        #expect(desk.plan() == .nothingToSettle, "below the operator's minimum")
        #expect(desk.setPayoutTerms(Self.worker, 1, threshold: 5 * Self.ton) == nil)
        desk.earn(Self.worker, 2)
        #expect(desk.plan() == .nothingToSettle, "below its threshold")
        desk.earn(Self.worker, 1)
        #expect(desk.refusal(Self.worker, .setPayoutTerms(nil)) == nil)
        #expect(desk.plan() == .nothingToSettle, "no terms any more")
        #expect(desk.setPayoutTerms(Self.worker, 1, threshold: 5 * Self.ton) == nil)
        #expect(desk.plan() == nil)
    }

    @Test func `A plan needs money in the wallet, and capital of the operator`() {
        var desk = SettlementDesk(terms: SettlementTerms(walletReserve: NanoTON(2 * Self.ton), coolingOff: 0))
        desk.open(balance: 9 * Self.ton + 6 * SettlementDesk.fee - 1)
        desk.earn(Self.worker, 7)
        #expect(desk.plan(7) == .walletUnknown)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        #expect(desk.plan() == .walletBalanceLow, "one nanoTON is missing")
        desk.chain.deposit(nil, SettlementDesk.fee + 1, 0)
        #expect(desk.tell() == nil)
        let terms = SettlementTerms(
            walletReserve: NanoTON(2 * Self.ton),
            capitalReserve: NanoTON(9 * Self.ton + 6 * SettlementDesk.fee),
            coolingOff: 0
        )
        #expect(desk.refusal(.system, .setTerms(terms)) == nil)
        #expect(desk.plan() == .capitalBelowReserve)
        desk.give(.system, .deposit(to: .system, amount: NanoTON(Self.ton)))
        #expect(desk.plan() == nil)
    }

    @Test func `What is under way is not planned again, until the wallet has it back or has paid it`() throws {
        var desk = SettlementDesk(terms: SettlementTerms(walletReserve: .zero, coolingOff: 0))
        desk.open(balance: 10 * Self.ton)
        desk.earn(Self.worker, 7)
        desk.earn(Self.other, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil && desk.setPayoutTerms(Self.other, 2) == nil)
        #expect(desk.plan() == nil)
        #expect(desk.batches[0].payouts.count == 1)
        #expect(desk.plan() == .walletBalanceLow)
        desk.chain.send(desk.batches[0].record, desk.batches[0].payouts, 0)
        #expect(desk.tell() == nil)
        #expect(desk.plan() == .walletBalanceLow)
        desk.chain.deliver(0, fails: true)
        #expect(desk.tell() == nil)
        #expect(desk.plan() == nil)
        try desk.engine.checkInvariants()
    }

    @Test func `A batch has at most 254 payouts, and a time of the chain that does not go back`() throws {
        var desk = desk()
        for number in 0..<300 {
            desk.give(.system, .createAccount(AccountTerms(label: "")))
            let account = AccountID(Int64(number) + 4)
            desk.give(.system, .deposit(to: account, amount: NanoTON(Self.ton)))
            #expect(desk.withdraw(account, Self.ton, to: UInt64(number) + 10) == nil)
        }
        desk.pass(10)
        #expect(desk.tell() == nil)
        desk.chain.time -= 1
        #expect(desk.plan() == .chainTimeBehind)
        desk.chain.time += 1
        #expect(desk.plan() == nil)
        #expect(desk.plan() == nil)
        #expect(desk.batches.map(\.payouts.count) == [254, 47])
        let first = QueryCounter.first(at: desk.engine.settlementWallets[0].terms.startTime)
        #expect(desk.batches.map { UInt64($0.record.signed.place) } == [first, first + 1])
        try desk.engine.checkInvariants()
    }
}
