import Engine
import Exchange
import Ledger
import Settlement
import Testing
import Units

@testable import EngineTesting

/// What the operator decides where the chain has not, and which wallets are used.
@Suite struct SettlementResolutionRules {
    private static let ton = SettlementDesk.ton
    private static let worker = SettlementDesk.workers[0]
    private static let app = SettlementDesk.app
    private static let thief = SettlementCommands.hash(666)

    /// A withdrawal of 2 TON and earnings of 7 TON in a batch, for which the wallet pays somebody else 3 TON.
    private func contested(fee: Int64 = 0) throws -> SettlementDesk {
        var desk = SettlementDesk(terms: SettlementTerms(coolingOff: 0, payeeFee: NanoTON(fee)))
        desk.open(balance: 1_000 * Self.ton)
        desk.earn(Self.worker, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        desk.give(.system, .deposit(to: Self.app, amount: NanoTON(10 * Self.ton)))
        #expect(desk.withdraw(Self.app, 2 * Self.ton, to: 2) == nil)
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.first)
        desk.chain.send(batch.record, batch.payouts, 0)
        desk.chain.deliver(0, other: [.init(address: Self.thief, amount: NanoTON(3 * Self.ton), hash: Self.thief)])
        #expect(desk.tell() == nil)
        #expect(desk.batches.map(\.record.phase) == [.contested])
        return desk
    }

    private func pass(_ desk: inout SettlementDesk) {
        desk.pass(SettlementDesk.timeout + SettlementBatch.expiryMargin + 1)
        #expect(desk.tell() == nil)
    }

    @Test func `What is said to be paid is the operator's, who has borne it`() throws {
        var desk = try contested(fee: 50_000_000)
        let batch = desk.batches[0].record.id
        let capital = desk.balance(.operatorCapital)
        let terms = SettlementResolution(batch: batch, others: true, reference: "the hash of a message")
        var states: [PayoutState] = []
        var phases: [SettlementBatch.Phase] = []
        for case .settlement(let event) in desk.give(.system, .settlement(.resolve(terms))) {
            if case .payoutSet(let payout) = event, payout.reference == terms.reference { states.append(payout.state) }
            if case .batchSet(let record) = event { phases.append(record.phase) }
            if case .withdrawalSet(let record) = event { #expect(record.state == .resolved) }
        }
        #expect(states == [.resolvedPaid, .resolvedPaid] && phases == [.resolved])
        #expect(desk.balance(Self.app, .inSettlement) == 0 && desk.balance(Self.worker, .inSettlement) == 0)
        #expect(desk.balance(Self.app, .available) == 8 * Self.ton && desk.balance(Self.worker, .payable) == 0)
        #expect(desk.balance(.operatorCapital) == capital + 9 * Self.ton - 100_000_000)
        #expect(desk.balance(.fees) == 100_000_000)
        #expect(desk.batches.isEmpty && desk.engine.state().settlement.withdrawals.isEmpty)
        #expect(desk.engine.state().settlement.hold?.reason == .contested, "until the operator resumes")
        try desk.engine.checkInvariants()
    }

    @Test func `What is said not to be paid goes back, and only when it cannot be paid any more`() throws {
        var desk = try contested(fee: 1_000)
        let batch = desk.batches[0].record.id
        let terms = SettlementResolution(batch: batch, others: false, reference: "seen")
        let before = desk.engine.digest
        #expect(desk.refusal(.system, .resolve(terms)) == .resolutionTooEarly)
        desk.pass(SettlementDesk.timeout + SettlementBatch.expiryMargin)
        #expect(desk.tell() == nil)
        #expect(desk.refusal(.system, .resolve(terms)) == .resolutionTooEarly, "its last second")
        desk.pass(1)
        #expect(desk.tell() == nil)
        #expect(desk.engine.digest != before)
        #expect(desk.refusal(.system, .resolve(terms)) == nil)
        #expect(desk.balance(Self.app, .available) == 10 * Self.ton)
        #expect(desk.balance(Self.worker, .payable) == 7 * Self.ton)
        #expect(desk.balance(.networkCosts) == 3 * Self.ton + 2 * SettlementDesk.fee, "what was sent is lost")
        #expect(desk.engine.withdrawn(by: Self.app) == .zero)
        #expect(desk.batches.isEmpty && desk.engine.state().settlement.withdrawals.isEmpty)
        try desk.engine.checkInvariants()
        #expect(desk.refusal(.system, .hold(SettlementHoldTerms(isHeld: false))) == nil)
        #expect(desk.plan() == nil)
        #expect(desk.batches[0].payouts.map(\.account) == [Self.worker], "earnings are paid out again")
    }

    @Test func `Money that the wallet has under way to itself may still pay`() throws {
        var desk = try contested()
        let batch = desk.batches[0].record
        let own = WalletTransaction.Outgoing(
            address: desk.chain.wallets[0].address,
            amount: NanoTON(Self.ton),
            hash: SettlementCommands.hash(77)
        )
        desk.chain.record(0, .external(place: 8_000_000, createdAt: 1), [own])
        pass(&desk)
        let terms = SettlementResolution(batch: batch.id, others: false, reference: "seen")
        #expect(desk.refusal(.system, .resolve(terms)) == .resolutionTooEarly)
        desk.chain.record(0, .own(own.hash, own.amount))
        #expect(desk.tell() == nil)
        #expect(desk.refusal(.system, .resolve(terms)) == nil)
    }

    @Test func `Payouts may be resolved one by one, and each once`() throws {
        var desk = try contested()
        pass(&desk)
        let batch = desk.batches[0].record.id
        func terms(_ verdicts: [PayoutVerdict], others: Bool? = nil) -> SettlementCommand {
            .resolve(SettlementResolution(batch: batch, payouts: verdicts, others: others, reference: "seen"))
        }
        let unknown = SettlementResolution(batch: SettlementID(1), others: true, reference: "seen")
        #expect(desk.refusal(.system, .resolve(unknown)) == .settlementNotFound)
        #expect(desk.refusal(.system, terms([PayoutVerdict(index: 2, isPaid: true)])) == .payoutNotOpen)
        let partly = [PayoutVerdict(index: 0, isPaid: true)]
        #expect(desk.refusal(.system, terms(partly)) == nil)
        #expect(desk.batches.map(\.record.phase) == [.contested])
        #expect(desk.batches[0].payouts.map(\.state) == [.resolvedPaid, .open])
        #expect(desk.balance(Self.app, .inSettlement) == 0 && desk.balance(Self.worker, .inSettlement) == 7 * Self.ton)
        try desk.engine.checkInvariants()
        try expectForm(of: desk)
        #expect(desk.refusal(.system, terms(partly)) == .payoutNotOpen)
        #expect(desk.refusal(.system, terms([], others: false)) == nil)
        #expect(desk.balance(Self.worker, .payable) == 7 * Self.ton)
        #expect(desk.refusal(.system, terms([], others: true)) == .settlementNotFound, "it is over")
        try desk.engine.checkInvariants()
    }

    /// The state with a batch that is resolved in part is written and read, and is the same.
    private func expectForm(of desk: SettlementDesk) throws {
        let state = desk.engine.state()
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        #expect(try EngineState(decoding: bytes[...]) == state)
        #expect(try Engine(state: state).digest == desk.engine.digest)
        let changes: [(inout PayoutRecord) -> Void] = [
            { $0.reference = "other" }, { $0.state = .resolvedUnpaid },
        ]
        for change in changes {
            var other = state
            change(&other.settlement.payouts[0])
            #expect(try Engine(state: other).digest != desk.engine.digest)
        }
        var wrong = state
        wrong.settlement.payouts[1].reference = "not resolved"
        #expect(throws: StateError.self) { try Engine(state: wrong) }
        var decided = state
        decided.settlement.batches[0].phase = .expired
        let violation = InvariantViolation.settlement(state.settlement.batches[0].id)
        #expect(throws: violation) { try Engine(state: decided).checkInvariants() }
    }

    @Test func `Only a contested batch is resolved, also one of which nothing is open`() throws {
        var desk = SettlementDesk()
        desk.open(balance: 1_000 * Self.ton)
        desk.earn(Self.worker, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        #expect(desk.plan() == nil)
        let batch = try #require(desk.batches.first)
        let terms = SettlementResolution(batch: batch.record.id, others: false, reference: "seen")
        #expect(desk.refusal(.system, .resolve(terms)) == .settlementNotContested)
        // A node that said that it had shown everything had not.
        var late = desk.chain
        late.send(batch.record, batch.payouts, 0)
        late.deliver(0)
        pass(&desk)
        #expect(desk.batches.map(\.record.phase) == [.expired])
        #expect(desk.refusal(.system, .resolve(terms)) == .settlementNotContested)
        late.time = desk.chain.time
        desk.chain = late
        #expect(desk.tell() == nil)
        #expect(desk.batches.map(\.record.phase) == [.contested] && desk.batches[0].payouts.map(\.state) == [.requeued])
        let (payable, paid) = (desk.balance(Self.worker, .payable), desk.balance(.networkCosts))
        #expect(desk.refusal(.system, .resolve(terms)) == nil)
        #expect(desk.batches.isEmpty && desk.balance(Self.worker, .payable) == payable)
        #expect(desk.balance(.networkCosts) == paid && paid > payable, "what it paid is the operator's loss")
        try desk.engine.checkInvariants()
    }

    // MARK: Wallets

    @Test func `A wallet that is retired pays no more, finishes what it pays, and books what arrives`() throws {
        var desk = SettlementDesk()
        for _ in 0..<2 { desk.open(balance: 100 * Self.ton) }
        desk.earn(Self.worker, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
        let memo = try #require(DepositMemo(reading: "0123456789"))
        #expect(desk.refusal(Self.app, .openDeposits(memo)) == nil)
        #expect(desk.plan() == nil)
        #expect(desk.refusal(.system, .setRetired(WalletID(3), true)) == .walletUnknown)
        #expect(desk.refusal(.system, .setRetired(WalletID(1), true)) == nil)
        let command = desk.engine.sequence
        #expect(desk.refusal(.system, .setRetired(WalletID(1), true)) == nil)
        #expect(desk.engine.settlementWallets.map(\.retiredBy) == [command, nil], "since the first time")
        #expect(desk.engine.depositWallet?.id == WalletID(2))

        let batch = desk.batches[0]
        desk.chain.send(batch.record, batch.payouts, 0)
        desk.chain.deliver(0)
        desk.chain.deposit(memo.text, 3 * Self.ton, 0)
        #expect(desk.tell() == nil)
        #expect(desk.batches[0].record.phase == .confirmed)
        #expect(desk.balance(Self.app, .available) == 3 * Self.ton)
        #expect(desk.withdraw(Self.app, Self.ton, to: 2) == nil)
        #expect(desk.plan(0) == .walletRetired)
        #expect(desk.plan(1) == nil)
        #expect(desk.withdraw(Self.app, Self.ton, to: 2) == nil)
        #expect(desk.refusal(.system, .setRetired(WalletID(1), false)) == nil)
        #expect(desk.plan(0) == nil && desk.engine.depositWallet?.id == WalletID(1))
        try desk.engine.checkInvariants()
    }

    @Test func `Where the query ids of a wallet begin follows from when it was registered`() throws {
        var desk = SettlementDesk()
        desk.open(balance: 100 * Self.ton)
        desk.pass(10)
        desk.open(balance: 100 * Self.ton)
        let first = QueryCounter.first(at: desk.chain.time - 10)
        #expect(desk.engine.settlementWallets.map(\.firstQuery) == [first, first + QueryCounter.idsPerSet])
        for address in [1, 2] as [UInt64] {
            desk.give(.system, .deposit(to: Self.app, amount: NanoTON(Self.ton)))
            #expect(desk.withdraw(Self.app, Self.ton, to: address) == nil)
            #expect(desk.plan() == nil)
        }
        #expect(desk.batches.map { UInt64($0.record.signed.place) } == [first, first + 1])
        #expect(desk.engine.settlementWallets.map(\.queries) == [2, 0])
        try desk.engine.checkInvariants()
        #expect(try Engine(state: desk.engine.state()).digest == desk.engine.digest)
        // Of a day, every ten seconds begin elsewhere, and around.
        let times = stride(from: 0 as UInt64, to: 81_920, by: 10)
        #expect(Set(times.map { QueryCounter.first(at: $0) }).count == 8_192)
        #expect(QueryCounter.first(at: 81_920) == QueryCounter.first(at: 9))
    }
}
