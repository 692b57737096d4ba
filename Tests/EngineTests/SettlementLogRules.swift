import Engine
import Exchange
import Provenance
import Settlement
import Testing
import Units

/// What the log says of batches of payouts. ``SettlementSchedules`` compares its bytes with a reference.
@Suite struct SettlementLogRules {
    private static let ton = SettlementDesk.ton
    private static let worker = SettlementDesk.workers[0]

    /// A batch is signed: 7 TON for address 1.
    private func desk(rules: Int32 = RulesVersion.current) throws -> SettlementDesk {
        var desk = SettlementDesk(rules: rules)
        desk.open(balance: 1_000 * Self.ton)
        desk.earn(Self.worker, 7)
        #expect(desk.setPayoutTerms(Self.worker, 1) == nil && desk.plan() == nil)
        #expect(desk.engine.logSize == 0, "a plan is no verdict")
        return desk
    }

    private func send(_ desk: inout SettlementDesk) throws {
        let batch = try #require(desk.batches.last)
        desk.chain.send(batch.record, batch.payouts, 0)
    }

    @Test func `A verdict is an entry, once, that names the transaction and what it paid`() throws {
        var desk = try desk()
        try send(&desk)
        #expect(desk.tell() == nil && desk.engine.logSize == 0, "accepted is not paid")
        desk.chain.deliver(0)
        let record = try #require(desk.batches.last?.record)
        let place = record.signed.place
        let last = desk.chain.wallets[0].last
        var events: [Event] = []
        for transaction in desk.chain.wallets[0].history.suffix(1) {
            events = desk.give(.system, .settlement(.walletTransaction(transaction)))
        }
        let payout = SettledBatch.Payout(address: desk.address(1).address.bytes, amount: 7 * Self.ton, comment: "")
        let expected = SettledBatch(
            number: record.id.rawValue,
            wallet: desk.chain.wallets[0].address.bytes,
            queryID: Int64(place / 1_023 * 1_024 + place % 1_023),
            createdAt: Int64(record.signed.createdAt),
            verdict: .confirmed,
            payouts: [payout],
            logicalTime: Int64(last.logicalTime),
            transaction: last.hash.bytes
        )
        #expect(desk.statements == [.settlementBatch(expected)])
        let leaves = events.compactMap { if case .lease(.logged(let leaf)) = $0 { leaf.entry } else { nil } }
        let milliseconds = desk.time / 1_000
        let payload = LogStatement.settlementBatch(expected).payloadHash
        #expect(leaves == [LogEntry(kind: .settlementBatch, milliseconds: milliseconds, payload: payload)])

        desk.chain.bounce(desk.batches[0].payouts[0].message, Self.ton, from: desk.address(1).address, 0)
        desk.pass(Limits.settlementKept)
        #expect(desk.tell() == nil && desk.batches.isEmpty)
        #expect(desk.engine.logSize == 1, "once")
        try desk.engine.checkInvariants()
    }

    @Test func `What a person must look at is not in the log, and older rules say nothing`() throws {
        var contested = try desk()
        try send(&contested)
        let thief = SettlementCommands.hash(666)
        contested.chain.deliver(0, other: [.init(address: thief, amount: NanoTON(7 * Self.ton), hash: thief)])
        #expect(contested.tell() == nil && contested.batches.last?.record.phase == .contested)
        #expect(contested.statements.isEmpty)
        var old = try desk(rules: 5)
        try send(&old)
        old.chain.deliver(0)
        #expect(old.tell() == nil && old.batches.last?.record.phase == .confirmed)
        #expect(old.statements.isEmpty && old.engine.logSize == 0)
    }

    @Test func `A query id is named as the contract has it`() {
        let places: [(UInt32, UInt32)] = [(0, 0), (1_022, 1_022), (1_023, 1_024), (8_380_413, 8_388_604)]
        for (place, id) in places { #expect(QueryCounter.queryID(place: place) == id) }
    }
}
