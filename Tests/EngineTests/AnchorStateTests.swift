import Engine
import Exchange
import Ledger
import Provenance
import Settlement
import Testing
import Units

@testable import EngineTesting

/// Anchors in the state: their digest, their form, and records that no engine can have left; and anything that may
/// happen to them.
@Suite struct AnchorStateTests {
    private typealias Change = (inout AnchorsState) -> Void

    /// An anchor that is confirmed, one on its way or planned, a request, and a policy.
    private static func state(isSent: Bool) throws -> EngineState {
        var desk = AnchorRules.desk()
        #expect(desk.plan(origin: AnchorRules.origin) == nil)
        try AnchorRules.send(&desk)
        while !desk.chain.wallets[0].own.isEmpty { desk.chain.deliver(0) }
        #expect(desk.tell() == nil)
        AnchorRules.grow(&desk)
        #expect(desk.refusal(.system, .requestAnchor) == nil)
        desk.give(.system, .settlement(.setAnchorPolicy(AnchorPolicy(isEnabled: false))))
        #expect(desk.plan(origin: AnchorRules.origin) == nil)
        if isSent {
            try AnchorRules.send(&desk)
            desk.chain.deliver(0)
            #expect(desk.tell() == nil)
        }
        let state = desk.engine.state()
        #expect(try Engine(state: state).digest == desk.engine.digest)
        return state
    }

    @Test(arguments: [false, true])
    func `Every field is part of the digest and of the form`(isSent: Bool) throws {
        let original = try Self.state(isSent: isSent)
        try Engine(state: original).checkInvariants()
        let digest = try Engine(state: original).digest
        let hash = SettlementCommands.hash(12_345)
        var changes: [Change] = [
            { $0.policy.isEnabled = true }, { $0.policy.interval += 1 }, { $0.policy.amount = NanoTON(2_000_000) },
            { $0.request = nil }, { $0.request = SequenceNumber(1) }, { $0.open?.origin = hash },
            { $0.open?.root = hash }, { $0.open?.amount = NanoTON(7) }, { $0.open?.plannedAt = .zero },
            { $0.open?.block = 7 }, { $0.open?.chainTime = 7 }, { $0.last?.origin = hash }, { $0.last?.root = hash },
            { $0.last?.amount = NanoTON(7) }, { $0.last?.plannedAt = .zero }, { $0.last?.block = 7 },
            { $0.last?.chainTime = 7 }, { $0.last?.message = hash }, { $0.last?.transaction?.hash = hash },
            { $0.last?.transaction?.logicalTime += 1 }, { $0.last = nil }, { $0.last?.batch = SettlementID(1) },
        ]
        if isSent {
            changes.append { $0.open?.message = hash }
            changes.append { $0.open = nil }
        }
        for (index, change) in changes.enumerated() {
            var state = original
            change(&state.settlement.anchors)
            #expect(state != original, "change \(index) changes nothing")
            #expect(try Engine(state: state).digest != digest, "change \(index)")
            var bytes: [UInt8] = []
            state.encode(into: &bytes)
            #expect(try EngineState(decoding: bytes[...]) == state, "change \(index)")
        }
    }

    @Test func `Records that no engine can have left are refused or found`() throws {
        let original = try Self.state(isSent: false)
        let refused: [Change] = [
            { $0.policy.interval = 0 }, { $0.policy.amount = .zero }, { $0.request = SequenceNumber(.max) },
            { $0.open?.state = .confirmed }, { $0.open?.state = .lost }, { $0.open?.state = .sent },
            { $0.open?.size = 3 }, { $0.open?.size = 0 }, { $0.open?.size = 1 }, { $0.open?.amount = .zero },
            { $0.open?.wallet = WalletID(2) }, { $0.open?.batch = SettlementID(.max) },
            { $0.last?.state = .sent }, { $0.last?.message = nil }, { $0.last?.transaction = nil },
            { $0.last?.size = 9 }, { $0.last?.batch = $0.open?.batch ?? SettlementID(0) },
            // Then its batch has nothing in it.
            { $0.open = nil },
        ]
        for (index, damage) in refused.enumerated() {
            var state = original
            damage(&state.settlement.anchors)
            #expect(throws: StateError.self, "\(index)") { try Engine(state: state) }
        }
        var state = original
        let id = try #require(state.settlement.batches.last?.id)
        state.settlement.batches[1].phase = .burnt
        state.settlement.batches[1].decidedAt = 7
        let engine = try Engine(state: state)
        #expect(throws: InvariantViolation.settlement(id)) { try engine.checkInvariants() }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `What is confirmed is what the chain has, in order and once, whatever happens`(seed: UInt64) throws {
        var random = SplitMix64(state: seed)
        var desk = AnchorRules.desk(balance: 100 * SettlementDesk.ton)
        #expect(desk.setPayoutTerms(SettlementDesk.workers[0], 1) == nil)
        var confirmed: [AnchorRecord] = []
        for _ in 0..<150 {
            switch random.number(1...100) {
            case ...15: AnchorRules.grow(&desk)
            case ...20: desk.earn(SettlementDesk.workers[0], 1)
            case ...40: _ = desk.plan(origin: random.chance(80) ? AnchorRules.origin : nil)
            case ...55:
                if let batch = desk.batches.last {
                    let open = desk.engine.anchors.open
                    let anchor = open?.batch == batch.record.id ? open : nil
                    desk.chain.send(batch.record, batch.payouts, 0, anchor: anchor, burns: random.chance(20))
                }
            case ...70: desk.chain.deliver(0, fails: random.chance(10))
            case ...85: #expect(desk.tell() == nil)
            case ...88: _ = desk.refusal(.system, .requestAnchor)
            case ...90:
                let policy = AnchorPolicy(isEnabled: random.chance(70), interval: random.pick([60, 600]) * 1_000_000)
                desk.give(.system, .settlement(.setAnchorPolicy(policy)))
            default: desk.pass(UInt64(random.pick([1, 30, 70, 130, 4_000])))
            }
            if let last = desk.engine.anchors.last, last.batch != confirmed.last?.batch { confirmed.append(last) }
            try desk.engine.checkInvariants()
        }
        // In the end nothing goes wrong. What becomes of payouts is an entry behind the anchor that went with them.
        var planned: Int64 = 0
        for isLast in [false, true] {
            while !desk.chain.wallets[0].own.isEmpty { desk.chain.deliver(0) }
            desk.pass(200)
            #expect(desk.tell() == nil)
            if let last = desk.engine.anchors.last, last.batch != confirmed.last?.batch { confirmed.append(last) }
            guard !isLast else { break }
            AnchorRules.grow(&desk)
            planned = desk.engine.logSize
            #expect(desk.refusal(.system, .requestAnchor) == nil && desk.plan(origin: AnchorRules.origin) == nil)
            try AnchorRules.send(&desk)
        }
        #expect(desk.engine.anchoredSize == planned)
        #expect(confirmed.map(\.batch) == desk.chain.anchored.map(\.batch), "seed \(seed)")
        #expect(confirmed.map(\.root) == desk.chain.anchored.map(\.root))
        #expect(zip(confirmed, confirmed.dropFirst()).allSatisfy { $0.size < $1.size })
        #expect(desk.engine.settlementHold == nil)
        #expect(desk.chain.wallets[0].balance == desk.engine.settlementWallets[0].balance.count)
    }
}
