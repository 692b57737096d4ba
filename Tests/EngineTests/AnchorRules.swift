import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Settlement
import Testing
import Units

/// When the log's root goes to the chain, and what is known of it then.
@Suite struct AnchorRules {
    private static let ton = SettlementDesk.ton
    private static let worker = SettlementDesk.workers[0]
    private static let hour: UInt64 = 3_600
    static let origin = SettlementCommands.hash(77)

    /// A wallet, and a log of one entry.
    static func desk(balance: Int64 = 1_000 * ton) -> SettlementDesk {
        var desk = SettlementDesk()
        desk.open(balance: balance)
        grow(&desk)
        return desk
    }

    /// The log gets an entry.
    static func grow(_ desk: inout SettlementDesk) { desk.give(.system, .lease(.setPolicy(LeasePolicyTerms()))) }

    /// The newest batch goes to the chain.
    static func send(_ desk: inout SettlementDesk, burns: Bool = false) throws {
        let batch = try #require(desk.batches.last)
        desk.chain.send(batch.record, batch.payouts, 0, anchor: desk.engine.anchors.open, burns: burns)
    }

    /// Everything that is on its way to a wallet arrives.
    private func confirm(_ desk: inout SettlementDesk) throws {
        try Self.send(&desk)
        while !desk.chain.wallets[0].own.isEmpty { desk.chain.deliver(0) }
        #expect(desk.tell() == nil)
    }

    @Test func `The log is anchored without anybody to pay, and its money comes back less the gas`() throws {
        var desk = Self.desk()
        let (capital, log) = (desk.balance(.chain), desk.engine.state().delivery.log)
        #expect(log.size == 1 && desk.engine.hasAnchorDue && !desk.engine.hasPayoutsWaiting)
        #expect(desk.plan() == .nothingToSettle, "no name of the log, no anchor")
        #expect(desk.plan(origin: Self.origin) == nil)
        let open = try #require(desk.engine.anchors.open)
        let batch = try #require(desk.batches.last)
        #expect(open.state == .planned && open.batch == batch.record.id && open.size == 1 && open.origin == Self.origin)
        #expect(open.root.bytes == log.root.bytes && open.amount == AnchorPolicy.initial.amount)
        #expect(batch.payouts.isEmpty && batch.record.signed.value == NanoTON(10_000_000 + 6 * SettlementDesk.fee))
        #expect(!desk.engine.hasAnchorDue && desk.plan(origin: Self.origin) == .nothingToSettle)
        try desk.engine.checkInvariants()

        try Self.send(&desk)
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        let sent = try #require(desk.engine.anchors.open)
        #expect(sent.state == .sent && sent.transaction == nil && desk.engine.anchors.last == nil)
        #expect(sent.message == desk.chain.wallets[0].history[1].outgoing[0].hash)
        #expect(desk.engine.state().settlement.transits.map(\.amount) == [open.amount])
        try desk.engine.checkInvariants()

        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        let last = try #require(desk.engine.anchors.last)
        let arrival = desk.chain.wallets[0].history[2]
        #expect(last.state == .confirmed && last.transaction == arrival.position && desk.engine.anchors.open == nil)
        #expect(last.block == arrival.block && last.chainTime == arrival.time && last.message == sent.message)
        #expect(desk.engine.state().settlement.suspense.isEmpty, "it is no deposit")
        #expect(desk.balance(.chain) == capital - 3 * SettlementDesk.fee)
        #expect(desk.balance(.networkCosts) == 3 * SettlementDesk.fee)
        try desk.engine.checkInvariants()
    }

    @Test func `It is anchored every hour if it has grown, and when the operator asks`() throws {
        var desk = Self.desk()
        #expect(desk.plan(origin: Self.origin) == nil)
        try confirm(&desk)
        desk.pass(2 * Self.hour)
        #expect(!desk.engine.hasAnchorDue, "nothing is new")
        #expect(desk.refusal(.system, .requestAnchor) == .nothingToAnchor)
        Self.grow(&desk)
        #expect(desk.engine.hasAnchorDue)
        #expect(desk.plan(origin: Self.origin) == nil)
        #expect(desk.refusal(.system, .requestAnchor) == .anchorUnderWay)
        try confirm(&desk)
        Self.grow(&desk)
        desk.pass(Self.hour - 1)
        #expect(!desk.engine.hasAnchorDue)
        desk.pass(1)
        #expect(desk.engine.hasAnchorDue)
        desk.give(.system, .settlement(.setAnchorPolicy(AnchorPolicy(isEnabled: false))))
        #expect(!desk.engine.hasAnchorDue && desk.plan(origin: Self.origin) == .nothingToSettle)
        #expect(desk.refusal(.system, .requestAnchor) == nil && desk.refusal(.system, .requestAnchor) == nil)
        #expect(desk.engine.hasAnchorDue)
        try desk.engine.checkInvariants()
        #expect(desk.plan(origin: Self.origin) == nil)
        try confirm(&desk)
        #expect(desk.engine.anchors.request == nil && desk.engine.anchoredSize == 3)
        desk.give(.system, .settlement(.hold(SettlementHoldTerms(isHeld: true))))
        desk.give(.system, .settlement(.setAnchorPolicy(.initial)))
        desk.pass(Self.hour)
        Self.grow(&desk)
        #expect(!desk.engine.hasAnchorDue && desk.plan(origin: Self.origin) == .settlementHeld)
        #expect(desk.chain.anchored.map(\.size) == [1, 2, 3])
    }

    @Test func `Without a wallet nothing can be asked for`() {
        var desk = SettlementDesk()
        Self.grow(&desk)
        #expect(desk.refusal(.system, .requestAnchor) == .walletUnknown)
    }

    @Test func `It goes with payouts, which do not wait for it`() throws {
        for (balance, isAnchored) in [(1_000 * Self.ton, true), (8 * Self.ton + 6 * SettlementDesk.fee, false)] {
            var desk = Self.desk(balance: balance)
            desk.earn(Self.worker, 7)
            #expect(desk.setPayoutTerms(Self.worker, 1) == nil)
            #expect(desk.plan(origin: Self.origin) == nil)
            let batch = try #require(desk.batches.last)
            #expect((desk.engine.anchors.open != nil) == isAnchored && batch.payouts.count == 1)
            let value = 7 * Self.ton + (isAnchored ? 10_000_000 + 7 * SettlementDesk.fee : 6 * SettlementDesk.fee)
            #expect(batch.record.signed.value == NanoTON(value))
            try confirm(&desk)
            #expect(desk.batches[0].payouts.map(\.state) == [.paid])
            #expect(desk.engine.anchoredSize == (isAnchored ? 1 : 0))
            #expect(desk.chain.received[desk.address(1).address] == 7 * Self.ton)
            try desk.engine.checkInvariants()
        }
        var poor = Self.desk(balance: Self.ton + 10_000_000 + 6 * SettlementDesk.fee - 1)
        #expect(poor.plan(origin: Self.origin) == .walletBalanceLow)
    }

    @Test(arguments: ["burnt", "fails", "expires", "is another", "is left out"])
    func `One that was not sent is planned anew, and only what arrived is counted`(what: String) throws {
        var desk = Self.desk()
        #expect(desk.refusal(.system, .requestAnchor) == nil)
        #expect(desk.plan(origin: Self.origin) == nil)
        let first = try #require(desk.engine.anchors.open)
        let thief = WalletTransaction.Outgoing(
            address: SettlementCommands.hash(666),
            amount: first.amount,
            hash: SettlementCommands.hash(667)
        )
        if what != "expires" { try Self.send(&desk, burns: what == "burnt") }
        switch what {
        case "fails": desk.chain.deliver(0, fails: true)
        case "is another": desk.chain.deliver(0, other: [thief])
        case "is left out": desk.chain.deliver(0, other: [])
        case "expires": desk.pass(SettlementDesk.timeout + SettlementBatch.expiryMargin + 1)
        default: break
        }
        #expect(desk.tell() == nil)
        #expect(desk.engine.anchors.open == nil && desk.engine.anchors.last == nil)
        #expect(desk.engine.anchors.request != nil, "it was asked for, and is not there")
        try desk.engine.checkInvariants()
        let isContested = what.hasPrefix("is")
        #expect((desk.engine.settlementHold?.reason == .contested) == isContested)
        if isContested { desk.give(.system, .settlement(.hold(SettlementHoldTerms(isHeld: false)))) }
        #expect(desk.engine.hasAnchorDue)
        Self.grow(&desk)
        #expect(desk.plan(origin: Self.origin) == nil)
        let second = try #require(desk.engine.anchors.open)
        #expect(second.batch > first.batch && second.size == 2)
        try confirm(&desk)
        #expect(desk.engine.anchors.last?.batch == second.batch && desk.chain.anchored == [second])
        #expect(desk.engine.anchors.request == nil)
        try desk.engine.checkInvariants()
    }

    @Test func `Money of the same amount that a wallet sends itself is no anchor`() throws {
        var desk = Self.desk()
        #expect(desk.plan(origin: Self.origin) == nil)
        try Self.send(&desk)
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        let sent = try #require(desk.engine.anchors.open)
        // Another message of the wallet to itself, which nobody planned.
        let own = desk.chain.wallets[0].address
        let hash = SettlementCommands.hash(4_444)
        desk.chain.record(0, .own(hash, sent.amount))
        #expect(desk.tell() == nil)
        #expect(desk.engine.anchors.open == sent && own == desk.engine.settlementWallets[0].terms.address)
        desk.chain.deliver(0)
        #expect(desk.tell() == nil)
        #expect(desk.engine.anchors.last?.message == sent.message)
        try desk.engine.checkInvariants()
    }

    @Test func `A batch of 254 payouts leaves a place for the anchor`() throws {
        func payout(_ number: Int64) throws -> PlannedPayout {
            let address = SettlementCommands.hash(UInt64(number)).bytes
            return try #require(PlannedPayout(id: number, address: address, amount: NanoTON(1)))
        }
        let means = BatchPlan.Means(
            balance: NanoTON(Self.ton),
            inFlight: .zero,
            reserve: .zero,
            capital: .zero,
            capitalReserve: .zero,
            fees: { NanoTON(Int64($0)) }
        )
        let waiting = try (1...300 as ClosedRange<Int64>).map(payout)
        let plan = try BatchPlan.next(waiting, means, anchor: NanoTON(5))
        #expect(plan.payouts.count == 253 && plan.isAnchored && plan.value == NanoTON(253 + 5 + 254))
        #expect(try BatchPlan.next(waiting, means).payouts.count == 254)
        #expect(try BatchPlan.next([], means, anchor: NanoTON(5)).value == NanoTON(6))
    }
}
