import Engine
import Postgres
import Settlement
import Store
import Testing
import Units

/// Settlement through journal and projector, and back.
@Suite struct SettlementTableTests {
    /// A market in which settlement is much of what happens, in the tables.
    private func run(
        _ exchange: TestExchange,
        seed: UInt64,
        batches: Int,
        check: (RandomMarket) throws -> Void = { _ in }
    ) throws -> RandomMarket {
        let leadership = try exchange.lead()
        let writer = try JournalWriter(try exchange.connect(), leadership)
        let projector = try Projector(try exchange.connect())
        var market = RandomMarket(seed: seed, work: RandomMarket.smallSteps)
        market.settles = true
        var waiting: [ProjectedBatch] = []
        for step in 0..<batches {
            let batch = market.batch(market.draw(30) + 1, epoch: leadership.epoch)
            try writer.commit(batch.row)
            waiting.append(batch.projected)
            guard market.draw(4) == 0 || step == batches - 1 else { continue }
            try projector.apply(waiting)
            waiting = []
            try check(market)
        }
        return market
    }

    @Test(arguments: [1, 4] as [UInt64])
    func `Loading the tables at any batch gives settlement as it was then`(seed: UInt64) throws {
        let exchange = try TestExchange()
        var phases: Set<SettlementBatch.Phase> = []
        var states: Set<PayoutState> = []
        let market = try run(exchange, seed: seed, batches: 120) { market in
            let loaded = try StateLoader.load(try exchange.connect())
            let state = market.engine.state()
            #expect(loaded.state.settlement == state.settlement, "seed \(seed)")
            #expect(loaded.state == state && loaded.stateDigest == market.engine.digest)
            let engine = try Engine(state: loaded.state, requestsMax: 300, work: RandomMarket.smallSteps)
            #expect(engine.digest == market.engine.digest)
            try engine.checkInvariants()
            phases.formUnion(state.settlement.batches.map(\.phase))
            states.formUnion(state.settlement.payouts.map(\.state))
        }
        let broken = try Invariant.check(try exchange.connect(.auditor)).filter { $0.violations > 0 }
        #expect(broken.isEmpty, "seed \(seed): \(broken)")
        let resolved = "SELECT count(*) FROM settlement.payouts WHERE state IN (5, 6) AND reference <> ''"
        // The fourth has no batch that is contested, and then resolved.
        let isResolved = try exchange.connect(.auditor).execute(resolved).onlyRow().int8(0) > 0
        #expect(isResolved || seed == 4, "seed \(seed)")
        let state = market.engine.state().settlement
        #expect(!state.memos.isEmpty && !state.addresses.isEmpty && !state.days.isEmpty)
        #expect(phases.isSuperset(of: [.signed, .accepted, .confirmed]), "seed \(seed): \(phases)")
        #expect(states.isSuperset(of: [.open, .paid]), "seed \(seed): \(states)")
        #expect(state.anchors.last != nil && state.anchors.policy != .initial, "seed \(seed): \(state.anchors)")
    }

    @Test func `Replay finds every table of settlement as it is, and what was changed in it`() throws {
        let filled = try FilledExchange(seed: 9, batches: 70, checkpoints: [25, 45], settles: true)
        let whole = try filled.verify()
        #expect(whole.notDerivable.isEmpty)
        for start in [Verification.Start.newestCheckpoint, .checkpoint(25)] {
            let part = try filled.verify(start)
            #expect(part.rows + part.notDerivable.values.reduce(0, +) == whole.rows)
            #expect(part.notDerivable["settlement.wallet_transactions", default: 0] > 0)
        }
        let exchange = filled.exchange
        let owner = try exchange.connect(.owner)
        try owner.execute("SET session_replication_role = replica")
        for table in [
            "terms", "wallets", "query_sets", "deposit_memos", "addresses", "payout_terms", "withdrawals",
            "withdrawal_days", "batches", "payouts", "suspense", "wallet_transactions", "chain_deposits", "anchors",
            "anchor_policies",
        ] {
            let rows = try owner.execute("SELECT count(*) FROM settlement.\(table)").onlyRow().int8(0)
            #expect(rows > 0, "\(table)")
        }
        try owner.execute("UPDATE settlement.wallet_transactions SET fee = fee + 1 WHERE sequence % 2 = 0")
        #expect(throws: VerificationError.self) { try filled.verify() }
    }

    /// Damage, by the beginning of the rule that must find it.
    static let damages: [(rule: String, sql: String)] = [
        ("money in settlement", "UPDATE settlement.withdrawals SET amount = amount + 1 WHERE state = 1"),
        ("the money of nobody", "UPDATE settlement.suspense SET amount = amount + 1 WHERE assigned_to IS NULL"),
        ("wallets and what was booked", "UPDATE settlement.wallets SET balance = balance + 1"),
        ("every payout that is paid", "UPDATE settlement.payouts SET amount = amount + 1 WHERE state = 2"),
        (
            "every payout that is paid",
            "UPDATE settlement.payouts SET address = decode(repeat('ab', 32), 'hex') WHERE state = 2"
        ),
        ("every message of a batch", "DELETE FROM settlement.payouts WHERE state = 2"),
        ("every message of a batch", "DELETE FROM settlement.anchors WHERE state = 3"),
        ("an anchor that was sent", "UPDATE settlement.anchors SET amount = amount + 1 WHERE state = 3"),
        ("an anchor that was sent", "UPDATE settlement.anchors SET message = root WHERE state IN (2, 3)"),
        ("an anchor is confirmed", "UPDATE settlement.anchors SET hash = root WHERE state = 3"),
        ("an anchor is confirmed", "UPDATE settlement.anchors SET state = 2 WHERE state = 3"),
        ("anchors are of a log", "UPDATE settlement.anchors SET size = 1000000 WHERE state = 3"),
        ("anchors are of a log", "UPDATE settlement.anchors SET size = 1 WHERE state = 3"),
        ("one anchor at a time", "UPDATE settlement.anchors SET state = 4 WHERE state = 3"),
        ("a payout waits", "UPDATE settlement.payouts SET state = 1 WHERE state = 2"),
        ("a withdrawal is paid once", "UPDATE settlement.withdrawals SET state = 1 WHERE state = 3"),
        ("the transactions of a wallet", "DELETE FROM settlement.wallet_transactions WHERE sequence % 2 = 0"),
        ("a wallet ends", "UPDATE settlement.wallets SET last_logical_time = last_logical_time + 1"),
    ]

    @Test func `Each rule of settlement finds the damage that it is there for`() throws {
        let exchange = try TestExchange()
        _ = try run(exchange, seed: 9, batches: 160)
        let owner = try exchange.connect(.owner)
        try owner.execute("SET session_replication_role = replica")
        #expect(try Invariant.check(owner).filter { $0.violations > 0 }.isEmpty)
        for (rule, sql) in Self.damages {
            try owner.begin()
            #expect(try owner.execute(sql).affectedRows > 0, "\(sql)")
            let found = try Invariant.check(owner).first { $0.name.hasPrefix(rule) }
            #expect(found?.violations ?? 0 > 0, "\(rule): \(sql)")
            try owner.rollback()
        }
        for view in ["state", "open_payouts", "payouts_by_day", "open_suspense", "reconciliation", "anchored"] {
            let auditor = try exchange.connect(.auditor)
            #expect(try auditor.execute("SELECT * FROM settlement.\(view)").affectedRows >= 0, "\(view)")
        }
    }
}
