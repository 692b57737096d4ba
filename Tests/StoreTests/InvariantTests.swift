import Engine
import Postgres
import Store
import Testing
import Units

/// The rules of `ledger.invariants`: a sound exchange breaks none, and each finds the damage that it is there for.
@Suite struct InvariantTests {
    /// Damage that only a superuser can do, and the number of the rule that must find it.
    private static let damages: [(rule: Int, sql: String)] = [
        (1, "UPDATE ledger.accounts SET debits = debits + 1, credits = credits + 1 WHERE kind = 'held'"),
        (
            1,
            "DELETE FROM ledger.transfers WHERE sequence IN (SELECT sequence FROM ledger.transfers LIMIT 1)"
        ),
        (3, "UPDATE ledger.accounts SET credits = credits + 1 WHERE kind = 'available' AND owner = 1"),
        (4, "UPDATE ledger.accounts SET credits = credits + 1 WHERE kind = 'available' AND owner = 1"),
        (5, "UPDATE market.orders SET price = price + 7000 WHERE close_reason IS NULL AND side = 2"),
        (5, "UPDATE market.orders SET close_reason = 2 WHERE close_reason IS NULL AND side = 2"),
        (6, "UPDATE market.leases SET used = used + 500 WHERE NOT ended AND used + 500 <= lots * 1000"),
        (7, "UPDATE market.orders SET remaining = remaining - 1 WHERE remaining > 1"),
        (7, "DELETE FROM market.trades WHERE trade = 1"),
        (8, "UPDATE market.orders SET close_reason = 1 WHERE close_reason = 2"),
        (8, "UPDATE market.orders SET close_reason = NULL WHERE close_reason = 1"),
        (9, "UPDATE market.orders SET time_in_force = 2 WHERE close_reason IS NULL"),
        (10, "UPDATE market.trades SET price = price + 1000 WHERE trade = 1"),
        (10, "UPDATE market.trades SET taker_side = 3 - taker_side"),
        (11, "UPDATE market.trades SET buyer = seller WHERE trade = 1"),
        (11, "UPDATE market.trades SET bid = offer, offer = bid WHERE trade = 1"),
        (12, "UPDATE market.trades SET model = 99"),
        (13, "UPDATE market.trades SET locked = locked + 1 WHERE trade = 1"),
        (14, "DELETE FROM market.leases WHERE lease = 1"),
        (14, "UPDATE market.leases SET seller_bps = seller_bps + 1 WHERE lease = 1"),
        (15, "UPDATE ledger.transfers SET amount = amount + 1 WHERE kind = 3 AND trade_id = 1"),
        (15, "UPDATE ledger.transfers SET kind = 2 WHERE kind = 3 AND trade_id = 1"),
        (16, "UPDATE ledger.transfers SET amount = amount + 1 WHERE kind = 5"),
        (17, "UPDATE market.orders SET open_lots = open_lots + 1 WHERE side = 1"),
        (18, "UPDATE market.orders SET price = 1000000000 WHERE close_reason IS NULL AND side = 2"),
        (19, "UPDATE projection.cursor SET last_trade = last_trade + 1"),
        (20, "DELETE FROM journal.batches WHERE number = 2"),
        (20, "UPDATE journal.batches SET last_sequence = last_sequence + 1 WHERE number = 2"),
        (21, "UPDATE journal.batches SET logical_time_us = logical_time_us + 1 WHERE number = 2"),
        (22, "UPDATE journal.leader SET last_batch = last_batch + 1"),
        (23, "UPDATE projection.cursor SET sequence = sequence + 1"),
        (
            24,
            "UPDATE market.orders SET last_sequence = 1000000 WHERE id IN (SELECT max(id) FROM market.orders)"
        ),
    ]

    @Test func `Each rule finds the damage that it is there for, and a sound exchange breaks none`() throws {
        let exchange = try TestExchange()
        // Rule 7 is exact as long as no order has lowered another (`decrement`), which these rules do not know.
        var market = RandomMarket(seed: 21, rules: 2)
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        let projector = try Projector(try exchange.connect())
        for _ in 0..<40 {
            let batch = market.batch(20, epoch: 1)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
        }
        let owner = try exchange.connect(.owner)
        try owner.run(
            script: """
                ALTER TABLE ledger.transfers DISABLE TRIGGER append_only;
                ALTER TABLE journal.batches DISABLE TRIGGER append_only;
                """
        )
        let sound = try Invariant.check(owner)
        let others = Self.deliveryDamages.map(\.rule) + SettlementTableTests.damages.map(\.rule)
        #expect(sound.count == 24 + Set(others).count)
        #expect(sound.filter { $0.violations > 0 }.isEmpty)

        for (rule, sql) in Self.damages {
            try owner.begin()
            let changed = try owner.execute(sql).affectedRows
            #expect(changed > 0, "\(sql)")
            #expect(try Invariant.check(owner)[rule - 1].violations > 0, "\(sound[rule - 1].name): \(sql)")
            try owner.rollback()
        }
        // A negative balance does not even get into the table.
        #expect(throws: PostgresError.self) {
            try owner.execute("UPDATE ledger.accounts SET debits = debits + 1000000000000 WHERE kind = 'held'")
        }
        #expect(Set(Self.damages.map(\.rule)).count == 23)
    }

    /// Damage to deliveries, by the beginning of the rule that must find it.
    private static let deliveryDamages: [(rule: String, sql: String)] = [
        ("what a lease earned", "UPDATE ledger.transfers SET amount = amount + 1 WHERE kind = 5"),
        ("no claim is more", "UPDATE market.leases SET step = -1000000 WHERE claim IS NOT NULL AND NOT ended"),
        ("what was countersigned", "UPDATE market.receipts SET adjusted = 1000000000 WHERE app_signature IS NOT NULL"),
        ("the log has a leaf", "DELETE FROM log.leaves WHERE index = 0"),
        ("a lease has ended", "UPDATE market.leases SET end_reason = NULL WHERE ended"),
    ]

    @Test func `Each rule of deliveries finds the damage that it is there for`() throws {
        let exchange = try TestExchange()
        var market = RandomMarket(seed: 22)
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        let projector = try Projector(try exchange.connect())
        // Until there is a claim whose lease is open.
        repeat {
            let batch = market.batch(20, epoch: 1)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
        } while market.engine.sequence.rawValue < 1_500 || !market.hasClaim
        let owner = try exchange.connect(.owner)
        try owner.execute("SET session_replication_role = replica")
        #expect(try Invariant.check(owner).filter { $0.violations > 0 }.isEmpty)
        for (rule, sql) in Self.deliveryDamages {
            try owner.begin()
            #expect(try owner.execute(sql).affectedRows > 0, "\(sql)")
            let found = try Invariant.check(owner).first { $0.name.hasPrefix(rule) }
            #expect(found?.violations ?? 0 > 0, "\(rule): \(sql)")
            try owner.rollback()
        }
    }
}
