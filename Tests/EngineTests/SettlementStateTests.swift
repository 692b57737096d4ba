import Engine
import Exchange
import Ledger
import Settlement
import Testing
import Units

/// Settlement in the state: its digest, its form, and records that no engine can have left.
@Suite struct SettlementStateTests {
    private static let ton = SettlementDesk.ton

    /// Something of everything: a paid batch with a payout that came back, one on its way, one that waits, one that is
    /// accepted, a hold and an entry.
    private static let state: EngineState = {
        var desk = SettlementDesk(
            terms: SettlementTerms(approvalThreshold: NanoTON(2 * ton), coolingOff: 0, payeeFee: NanoTON(1_000))
        )
        for _ in 0..<2 { desk.open(balance: 500 * ton) }
        desk.earn(SettlementDesk.workers[0], 7)
        _ = desk.setPayoutTerms(SettlementDesk.workers[0], 1)
        _ = desk.setPayoutTerms(SettlementDesk.workers[1], 2)
        for (index, account) in (SettlementDesk.workers + [SettlementDesk.app]).enumerated() {
            if let memo = DepositMemo(reading: "000000000\(index)") { _ = desk.refusal(account, .openDeposits(memo)) }
            desk.give(.system, .deposit(to: account, amount: NanoTON(100 * ton)))
        }
        _ = desk.withdraw(SettlementDesk.app, ton, to: 3)
        _ = desk.plan()
        desk.chain.send(desk.batches[0].record, desk.batches[0].payouts, 0)
        desk.chain.deliver(0)
        _ = desk.tell()
        let payout = desk.batches[0].payouts[0]
        desk.chain.bounce(payout.message, ton / 2, from: payout.destination.address, 0)
        desk.chain.deposit("whose", ton, 0)
        _ = desk.withdraw(SettlementDesk.workers[1], ton, to: 4)
        _ = desk.plan()
        desk.chain.send(desk.batches[1].record, desk.batches[1].payouts, 0)
        _ = desk.tell()
        for amount in [ton, 3 * ton, 4 * ton] { _ = desk.withdraw(SettlementDesk.app, amount, to: 3) }
        if let last = desk.engine.state().settlement.withdrawals.last?.id {
            _ = desk.refusal(.system, .approveWithdrawal(last))
        }
        _ = desk.plan(1)
        _ = desk.refusal(.system, .hold(SettlementHoldTerms(isHeld: true, reason: "look")))
        return desk.engine.state()
    }()

    @Test func `The state of these tests has something of everything`() throws {
        let state = Self.state.settlement
        #expect(state.batches.map(\.phase) == [.confirmed, .accepted, .signed])
        #expect(state.payouts.map(\.state) == [.returned, .paid, .open, .open])
        #expect(state.withdrawals.map(\.state) == [.planned, .planned, .requested, .requested])
        #expect(state.wallets.count == 2 && state.querySets.count == 2 && state.transits.count == 1)
        #expect(state.memos.count == 3 && state.addresses.count == 4 && state.payoutTerms.count == 2)
        #expect(state.days.count == 2 && state.suspense.count == 1 && state.hold != nil)
        try Engine(state: Self.state).checkInvariants()
    }

    @Test func `A state is written and read, and is the same engine`() throws {
        var bytes: [UInt8] = []
        Self.state.encode(into: &bytes)
        let read = try EngineState(decoding: bytes[...])
        #expect(read == Self.state)
        #expect(try Engine(state: read).digest == Engine(state: Self.state).digest)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: StateCodingError.self) { try EngineState(decoding: bytes[..<length]) }
        }
    }

    private typealias Change = (inout SettlementState) -> Void

    private static var changes: [Change] {
        let hash = SettlementCommands.hash(12_345)
        return [
            { $0.terms.dustLimit = .zero }, { $0.terms.payoutMinimum = NanoTON(5_000) },
            { $0.terms.walletReserve = .zero }, { $0.terms.capitalReserve = NanoTON(1) },
            { $0.terms.accountDayMax = .zero }, { $0.terms.approvalThreshold = NanoTON(9) },
            { $0.terms.coolingOff = 1 }, { $0.terms.payeeFee = .zero }, { $0.hold = nil }, { $0.hold?.text = "" },
            { $0.hold?.reason = .contested }, { $0.hold?.since = .zero }, { $0.hold?.sequence = .none },
            { $0.hold?.wallet = WalletID(1) }, { $0.hold?.logicalTime = 1 }, { $0.hold?.expected = NanoTON(1) },
            { $0.hold?.found = NanoTON(1) }, { $0.onChain = NanoTON(1) },
            { $0.wallets[0].terms.address = hash }, { $0.wallets[0].terms.publicKey = hash },
            { $0.wallets[0].terms.subwallet = 9 }, { $0.wallets[0].terms.timeout = 9 },
            { $0.wallets[0].terms.start.logicalTime = 9 }, { $0.wallets[0].terms.start.hash = hash },
            { $0.wallets[0].terms.startTime = 9 }, { $0.wallets[0].terms.balance = .zero },
            { $0.wallets[0].sequence = .none }, { $0.wallets[0].last.logicalTime += 1 },
            { $0.wallets[0].last.hash = hash }, { $0.wallets[0].balance = .zero },
            { $0.wallets[0].scannedTo += 1 }, { $0.wallets[0].queries += 1 }, { $0.wallets[0].unexplained = 7 },
            { $0.querySets[0].at += 1 }, { $0.querySets[0].set = 1 }, { $0.querySets.removeLast() },
            { $0.transits[0].amount = NanoTON(1) }, { $0.transits[0].hash = hash }, { $0.transits[0].index = 1 },
            { $0.transits[0].sequence = .none }, { $0.transits[0].wallet = WalletID(2) }, { $0.transits = [] },
            { $0.memos[0].createdAt = .zero }, { $0.memos[0].sequence = SequenceNumber(1) }, { $0.memos.removeLast() },
            {
                $0.memos[2].account = AccountID(3); $0.memos.remove(at: 0)
            },
            { $0.addresses[0].usableAt = .zero }, { $0.addresses[0].address = hash },
            { $0.addresses[0].account = AccountID(3) }, { $0.addresses[0].sequence = SequenceNumber(1) },
            { $0.payoutTerms[0].isSuspended.toggle() }, { $0.payoutTerms[0].usableAt = .zero },
            { $0.payoutTerms[0].setAt = .zero }, { $0.payoutTerms[0].terms.threshold = NanoTON(1) },
            { $0.payoutTerms[0].terms.destination.address = hash }, { $0.payoutTerms.removeLast() },
            { $0.payoutTerms[0].terms.destination.isBounceable = true }, { $0.payoutTerms[0].account = AccountID(3) },
            { $0.withdrawals[0].account = AccountID(1) }, { $0.withdrawals[0].terms.amount = NanoTON(9_000) },
            { $0.withdrawals[0].terms.comment = "x" }, { $0.withdrawals[0].terms.destination.address = hash },
            { $0.withdrawals[0].fee = .zero }, { $0.withdrawals[0].requestedAt = .zero },
            { $0.withdrawals[0].dueAt = .zero }, { $0.withdrawals[0].needsApproval = true },
            { $0.withdrawals[0].approvedBy = SequenceNumber(3) }, { $0.withdrawals[0].state = .requested },
            { $0.withdrawals[0].payout = nil },
            { $0.withdrawals[0].payout = PayoutID(batch: SettlementID(1), index: 0) },
            { $0.withdrawals.removeLast() }, { $0.days[0].amount = .zero }, { $0.days[0].day += 1 },
            { $0.days[0].account = AccountID(1) }, { $0.batches[0].wallet = WalletID(2) },
            { $0.batches[0].phase = .contested }, { $0.batches[0].signed.place = 7 },
            { $0.batches[0].signed.createdAt += 1 }, { $0.batches[0].signed.timeout += 1 },
            { $0.batches[0].signed.value = .zero }, { $0.batches[0].plannedAt = .zero },
            { $0.batches[0].outside = nil },
            { $0.batches[0].own = nil }, { $0.batches[0].inside = nil }, { $0.batches[0].inside?.hash = hash },
            { $0.batches[0].outside?.logicalTime += 1 }, { $0.batches[0].block += 1 },
            { $0.batches[0].decidedAt = nil }, { $0.batches[0].decidedAt = 0 }, { $0.batches[0].code = 1 },
            { $0.payouts[0].account = AccountID(1) }, { $0.payouts[0].withdrawal = nil },
            { $0.payouts[0].destination.address = hash }, { $0.payouts[0].destination.isBounceable = true },
            { $0.payouts[0].amount = NanoTON(1) }, { $0.payouts[0].fee = .zero }, { $0.payouts[0].comment = "x" },
            { $0.payouts[0].state = .paid }, { $0.payouts[0].message = nil }, { $0.payouts[0].returned = .zero },
            { $0.wallets[0].firstQuery = 1_023 }, { $0.wallets[1].retiredBy = SequenceNumber(3) },
            { $0.suspense[0].amount = NanoTON(1) }, { $0.suspense[0].reason = .dust },
            { $0.suspense[0].wallet = WalletID(2) }, { $0.suspense[0].source = nil }, { $0.suspense[0].comment = nil },
            { $0.suspense[0].comment = "" }, { $0.suspense[0].arrivedAt = .zero },
            { $0.suspense[0].id = SuspenseID(1) }, { $0.suspense = [] },
        ]
    }

    @Test func `Every field is part of the digest, and of the form`() throws {
        let digest = try Engine(state: Self.state).digest
        for (index, change) in Self.changes.enumerated() {
            var state = Self.state
            change(&state.settlement)
            #expect(state != Self.state, "change \(index) changes nothing")
            #expect(try Engine(state: state).digest != digest, "change \(index)")
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == state, "change \(index)")
        }
    }

    @Test func `Records that no engine can have left are refused, and named`() throws {
        let set = Self.state.settlement.querySets[1].set
        let refused: [(String, Change)] = [
            ("h2 is out of order", { $0.wallets.swapAt(0, 1) }),
            ("h2 is there twice", { $0.wallets[1].terms.address = $0.wallets[0].terms.address }),
            ("h1 has a value that is not allowed", { $0.wallets[0].balance = NanoTON(-1) }),
            ("h1 has a value that is not allowed", { $0.querySets[0].set = 9_000 }),
            ("query set \(set) of h3 has a value that is not allowed", { $0.querySets[1].wallet = WalletID(3) }),
            ("money of h9 to itself has a value that is not allowed", { $0.transits[0].wallet = WalletID(9) }),
            ("memo of a1 is out of order", { $0.memos.swapAt(0, 1) }),
            ("memo of a1 is there twice", { $0.memos[1].account = AccountID(1) }),
            ("address of a9 names an account that is not there", { $0.addresses[0].account = AccountID(9) }),
            ("payout terms of a1 is there twice", { $0.payoutTerms[1].account = AccountID(1) }),
            ("withdrawals of a2 is there twice", { $0.days[1].account = AccountID(2) }),
            ("money on the chain has a value that is not allowed", { $0.onChain = NanoTON(Limits.depositsMax) }),
        ]
        for (error, damage) in refused {
            var state = Self.state
            damage(&state.settlement)
            do throws(StateError) {
                _ = try Engine(state: state)
                Issue.record("accepted, but \(error)")
            } catch let found {
                #expect(found.description == error)
            }
        }
    }

    @Test func `A state in which an invariant does not hold is found`() throws {
        let batches = Self.state.settlement.batches.map(\.id)
        let withdrawals = Self.state.settlement.withdrawals.map(\.id)
        let violating: [(InvariantViolation, Change)] = [
            (.inSettlement(AccountID(3)), { $0.withdrawals.removeLast() }),
            (.inSettlement(AccountID(3)), { $0.withdrawals[3].terms.amount = NanoTON(5_000) }),
            (.suspense, { $0.suspense = [] }), (.suspense, { $0.suspense[0].amount = NanoTON(1) }),
            (.reconciliation, { $0.wallets[0].balance = .zero }), (.reconciliation, { $0.transits = [] }),
            (.reconciliation, { $0.onChain = .zero }), (.settlement(batches[1]), { $0.batches[1].decidedAt = 5 }),
            (
                .settlement(batches[2]),
                {
                    $0.batches[2].phase = .confirmed; $0.batches[2].decidedAt = 1
                }
            ),
            (.withdrawal(withdrawals[0]), { $0.withdrawals[0].payout = nil }),
            (.withdrawal(withdrawals[1]), { $0.withdrawals[1].state = .requested }),
        ]
        for (violation, damage) in violating {
            var state = Self.state
            damage(&state.settlement)
            let engine = try Engine(state: state)
            #expect(throws: violation) { try engine.checkInvariants() }
        }
    }

    @Test func `A form of before there was settlement is still read`() throws {
        var state = Self.state
        state.settlement = SettlementState()
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        // Of anchors a flag and two numbers of the policy, no request and no anchor.
        bytes.removeLast(1 + 2 * 8 + 8 + 2)
        bytes[0] = 4
        #expect(try EngineState(decoding: bytes[...]) == state)
        // Eight numbers of terms, no hold, no money, and eleven empty lists; and what workers are measured by: four
        // numbers and three empty lists.
        bytes.removeLast(8 * 8 + 1 + 8 + 11 * 4)
        bytes.removeLast(4 * 8 + 3 * 4)
        bytes[0] = 3
        #expect(try EngineState(decoding: bytes[...]) == state)
        bytes[0] = 4
        #expect(throws: StateCodingError.self) { try EngineState(decoding: bytes[...]) }
    }
}
