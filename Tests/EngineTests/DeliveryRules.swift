import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Testing
import Units

@testable import EngineTesting

/// What a lease is delivered under, and what bonds, promises and new bids do.
@Suite struct DeliveryRules {
    private typealias Desk = DeliveryDesk

    // MARK: Parties

    @Test func `A lease goes by the keys of its trade, whatever is set later`() throws {
        var desk = Desk()
        let lease = desk.open(3)
        desk.setProfile(Desk.worker, key: 7)
        desk.setProfile(Desk.app, key: nil)
        #expect(desk.record(desk.receipt(lease, 1, 100, keys: (7, 2))) == .receiptForeign)
        #expect(desk.record(desk.receipt(lease, 1, 100)) == nil)
        let old: LeaseKeys = .open(
            buyer: Desk.app,
            worker: Desk.worker,
            appKey: [UInt8](repeating: 2, count: 32),
            workerKey: [UInt8](repeating: 1, count: 32)
        )
        #expect(desk.engine.leaseKeys(of: [lease, LeaseID(9)]) == [old, .unknown])
        try desk.engine.checkInvariants()
    }

    @Test func `A party without a profile at the trade goes by its first one`() throws {
        var desk = Desk(hasKeys: false)
        let lease = desk.open(3)
        let nameless = desk.receipt(lease, 1, 100, keys: (1, 2)) { $0.app = PartyID(high: 0, low: 0) }
        #expect(desk.record(nameless, countersigned: false) == .receiptKeyMissing)
        desk.setProfile(Desk.worker, key: 1)
        desk.setProfile(Desk.worker, key: 8)
        #expect(desk.record(nameless, countersigned: true) == .receiptKeyMissing)
        #expect(desk.record(nameless, countersigned: false) == nil)
        desk.setProfile(Desk.app, key: 2)
        desk.setProfile(Desk.app, key: 9)
        #expect(desk.record(desk.receipt(lease, 2, 200, previous: nameless)) == nil)
        try desk.engine.checkInvariants()
    }

    @Test func `A version that nothing names is forgotten, but neither the first nor the current one`() throws {
        var desk = Desk()
        desk.setProfile(Desk.worker, key: 11)
        desk.setProfile(Desk.worker, key: 12)
        let lease = desk.open(1)
        desk.setProfile(Desk.worker, key: 13)
        desk.setProfile(Desk.worker, key: 14)
        let versions = { (desk: Desk) in
            desk.engine.state().delivery.profiles.filter { $0.account == Desk.worker }.map(\.version)
        }
        #expect(versions(desk) == [1, 3, 5])
        desk.give(.system, .endLease(lease))
        #expect(versions(desk) == [1, 5])
        #expect(desk.setProfile(Desk.worker, key: 14).isEmpty)
        try desk.engine.checkInvariants()
    }

    // MARK: Deadlines

    @Test func `A bid may bound the time in which it is delivered; an offer that does not say takes an hour`() {
        var desk = Desk()
        var demands = FurtherDemands()
        demands.most[.deliverWithinS] = 3_599
        var requirement = Requirement()
        requirement.further = demands
        #expect(desk.offer(1) == nil)
        #expect(desk.bid(1) { $0.requirement = requirement }.acceptedOrders.first?.remaining.count == 1)
        #expect(desk.engine.openLeaseCount == 0)
        demands.most[.deliverWithinS] = 3_600
        requirement.further = demands
        _ = desk.bid(1) { $0.requirement = requirement }
        #expect(desk.engine.openLeaseCount == 1)
        #expect(desk.offer(1) { $0.traits[.deliverWithinS] = 60 } == nil)
        #expect(desk.engine.openLeaseCount == 2)
        #expect(desk.pass(59).leaseEnds == [])
        #expect(desk.pass(1).leaseEnds == [.noReceipts])
        #expect(desk.pass(3_539).leaseEnds == [])
        #expect(desk.pass(1).leaseEnds == [.noReceipts])
    }

    @Test func `A gap moves deadlines by itself and half a minute`() {
        var desk = Desk()
        desk.open(1) { $0.traits[.deliverWithinS] = 60 }
        #expect(desk.pass(100, gap: 50).leaseEnds == [])
        #expect(desk.pass(39).leaseEnds == [])
        #expect(desk.pass(1).leaseEnds == [.noReceipts])
    }

    @Test func `A tick ends so many leases, and the following ones the rest`() throws {
        var desk = Desk(work: WorkLimits(visits: 100, step: 3, parts: 100, operations: 2))
        for _ in 1...8 { desk.open(1) }
        let events = desk.pass(3_600)
        #expect(events.leaseEnds.count == 8)
        #expect(desk.engine.standing(of: Desk.worker).strikes == 8)
        try desk.engine.checkInvariants()
    }

    @Test func `Leases of older rules have no deadline and take no receipts`() throws {
        var desk = Desk(rules: 3)
        let lease = desk.open(2)
        #expect(desk.engine.lease(lease)?.terms == nil)
        #expect(desk.record(desk.receipt(lease, 1, 100)) == .leaseWithoutReceipts)
        #expect(desk.give(.system, .usage(lease, AdjustedTokens(1_500))).count == 2)
        desk.pass(1_000_000)
        #expect(desk.refusal(Desk.app, .lease(.closeLease(lease))) == .leaseWithoutReceipts)
        #expect(desk.give(.system, .endLease(lease)).leaseEnds == [.operator])
        try desk.engine.checkInvariants()
    }

    // MARK: Bonds

    @Test func `An offer needs a bond for all lots that its worker offers and has leased`() throws {
        var desk = Desk()
        desk.give(.system, .lease(.setPolicy(LeasePolicyTerms(bondPerLot: NanoTON(100)))))
        #expect(desk.offer(1) == .bondRequired)
        #expect(desk.refusal(Desk.worker, .lease(.lockBond(NanoTON(Desk.money + 1)))) == .insufficientFunds)
        #expect(desk.refusal(Desk.worker, .lease(.lockBond(NanoTON(500)))) == nil)
        #expect(desk.offer(6) == .bondRequired)
        #expect(desk.offer(3) == nil)
        _ = desk.bid(2)
        #expect(desk.offer(3) == .bondRequired)
        #expect(desk.offer(2) == nil)
        var more = AmendTerms(order: OrderID(desk.engine.sequence.rawValue))
        more.lots = Lots(3)
        #expect(desk.refusal(Desk.worker, .amend(more)) == .bondRequired)
        #expect(desk.refusal(Desk.worker, .lease(.releaseBond(NanoTON(1)))) == .bondInUse)
        desk.give(.system, .lease(.setPolicy(.initial)))
        #expect(desk.engine.releasableBond(of: Desk.worker) == NanoTON(500))
        #expect(desk.refusal(Desk.worker, .lease(.releaseBond(NanoTON(500)))) == nil)
        #expect(desk.balance(Desk.worker, .available) == Desk.money)
        try desk.engine.checkInvariants()
    }

    @Test func `Whoever has neither a bond nor delivered opens few lots at once`() {
        var desk = Desk()
        desk.give(.system, .lease(.setPolicy(LeasePolicyTerms(newcomerLotsMax: Lots(2)))))
        #expect(desk.offer(10) == nil)
        #expect(desk.bid(5).acceptedOrders.count == 1)
        #expect(desk.engine.lease(LeaseID(1))?.lots == Lots(2))
        #expect(desk.record(desk.receipt(LeaseID(1), 1, 2_000)) == nil)
        #expect(desk.engine.standing(of: Desk.worker).delivered == 1)
        #expect(desk.engine.lease(LeaseID(2))?.lots == Lots(2))
        #expect(desk.offer(10, { $0.order.price = Price(nanoTONPerMTok: Desk.price - 1_000) }) == nil)
        _ = desk.bid(8)
        #expect(desk.engine.state().leases.last?.lots == Lots(8))
    }

    @Test func `A breach costs the bond when nobody has pardoned it, and no more than the bond has`() throws {
        var desk = Desk()
        desk.give(Desk.worker, .lease(.lockBond(NanoTON(5_000))))
        let leases = [desk.open(2), desk.open(2), desk.open(1)]
        #expect(desk.pass(3_600).leaseEnds == [.noReceipts, .noReceipts, .noReceipts])
        #expect(desk.engine.pendingSlashes(of: Desk.worker).map(\.amount.count) == [4_000, 4_000, 2_000])
        #expect(desk.refusal(Desk.worker, .lease(.releaseBond(NanoTON(1)))) == .bondInUse)
        #expect(desk.refusal(.system, .lease(.pardon(leases[1]))) == nil)
        #expect(desk.refusal(.system, .lease(.pardon(leases[1]))) == .slashNotFound)
        #expect(desk.engine.standing(of: Desk.worker).strikes == 2)
        desk.pass(86_399)
        #expect(desk.balance(Desk.worker, .bond) == 5_000)
        desk.pass(1)
        #expect(desk.balance(Desk.worker, .bond) == 0)
        #expect(desk.balance(Desk.app, .available) == Desk.money + 5_000)
        #expect(desk.refusal(.system, .lease(.pardon(leases[0]))) == .slashNotFound)
        try desk.engine.checkInvariants()
    }

    /// Time to the first token, end of the job, and what the bond gives back of 20,000 that are earned.
    @Test(arguments: [(0, 900, 0), (500, 1_000, 0), (501, 900, 5_000), (100, 1_001, 5_000)])
    func `A promise that a countersigned receipt breaks costs the offer's share`(
        first: UInt32,
        end: Int64,
        back: Int64
    ) throws {
        var desk = Desk()
        desk.give(Desk.worker, .lease(.lockBond(NanoTON(50_000))))
        let service = ServiceTerms(timeToFirstToken: 500, completion: 1_000, refundShare: BasisPoints(2_500))
        let lease = desk.open(3, offer: { $0.order.rules.lease.service = service })
        let receipt = desk.receipt(lease, 1, 1_000) { receipt in
            receipt.timeToFirstToken = first
            receipt.endedAt = end
        }
        #expect(desk.record(receipt, countersigned: false) == nil)
        #expect(desk.balance(Desk.worker, .bond) == 50_000)
        #expect(desk.record(receipt) == nil)
        #expect(desk.balance(Desk.worker, .bond) == 50_000 - back)
        #expect(desk.balance(Desk.worker, .payable) == 20_000)
        try desk.engine.checkInvariants()
    }

    // MARK: New bids

    @Test func `What is not delivered enters again, and never meets the same worker`() throws {
        var desk = Desk()
        desk.open(3, bid: { $0.order.rules.lease.rebids = true })
        _ = desk.record(desk.receipt(LeaseID(1), 1, 1_200))
        let first = desk.engine.lease(LeaseID(1))?.terms?.bid
        #expect(desk.offer(5) == nil)
        let events = desk.pass(3_600)
        #expect(events.leaseEnds == [.deadline])
        let bid = try #require(events.acceptedOrders.first)
        #expect(bid.lots == Lots(1) && bid.account == Desk.app && bid.price.nanoTONPerMTok == Desk.price)
        #expect(bid.rules.lease.avoided == [Desk.worker] && bid.rules.lease.rebids)
        #expect(bid.rules.lease.parent == first)
        #expect(desk.engine.order(bid.id)?.remaining == Lots(1))
        try desk.engine.checkInvariants()
        #expect(desk.offer(1, of: Desk.other) == nil)
        #expect(desk.engine.order(bid.id) == nil && desk.engine.lease(LeaseID(2))?.worker == Desk.other)
        try desk.engine.checkInvariants()
    }

    @Test func `Each of many leases that end together has its new bid, one a command`() throws {
        var desk = Desk()
        for _ in 1...4 { desk.open(1, bid: { $0.order.rules.lease.rebids = true }) }
        let events = desk.pass(3_600)
        #expect(events.leaseEnds.count == 4)
        #expect(Set(events.acceptedOrders.map(\.id)).count == 4)
        try desk.engine.checkInvariants()
    }

    @Test func `A new bid that is refused ends the chain`() throws {
        var desk = Desk()
        let fees = FeeRates(maker: BasisPoints(0), taker: BasisPoints(0))
        desk.open(1, bid: { $0.order.rules.lease.rebids = true })
        desk.give(.system, .setFees(FeeTerms(rates: fees, minimumNotional: NanoTON(1_000_000))))
        let events = desk.pass(3_600)
        #expect(events.contains(.lease(.rebidRefused(LeaseID(1), .belowMinimumNotional))))
        #expect(events.acceptedOrders.isEmpty)
        let avoided = (11...18).map { AccountID($0) }
        desk.give(.system, .setFees(FeeTerms(rates: fees, minimumNotional: .zero)))
        desk.open(
            1,
            bid: { bid in
                bid.order.rules.lease.rebids = true
                bid.order.rules.lease.avoided = avoided
            }
        )
        #expect(
            desk.give(Desk.worker, .lease(.closeLease(LeaseID(2)))).contains(
                .lease(.rebidRefused(LeaseID(2), .avoidLimit))
            )
        )
        try desk.engine.checkInvariants()
    }

    @Test func `A bid does not buy from workers that it avoids`() throws {
        var desk = Desk()
        #expect(desk.offer(1) == nil && desk.offer(1, of: Desk.other) == nil)
        _ = desk.bid(2) { $0.order.rules.lease.avoided = [Desk.worker] }
        #expect(desk.engine.state().leases.map(\.worker) == [Desk.other])
        try desk.engine.checkInvariants()
    }

    // MARK: The log

    @Test func `Every receipt that changes something is a leaf, and the log's root is that of all leaves`() throws {
        var desk = Desk()
        let lease = desk.open(5)
        var previous: Receipt?
        var tiles = LogTiles()
        for number in 1...9 as ClosedRange<UInt32> {
            let receipt = desk.receipt(lease, number, Int64(number) * 100, previous: previous)
            for isCountersigned in [false, true, true] {
                let terms = Desk.terms(receipt, countersigned: isCountersigned)
                for case .lease(.logged(let leaf)) in desk.give(Desk.app, .lease(.recordReceipt(terms))) {
                    let payload = terms.signed.payloadHash
                    let entry = LogEntry(kind: .receipt, milliseconds: 1_000_000, salt: terms.salt, payload: payload)
                    #expect(leaf.index == tiles.size && leaf.entry == entry && leaf.hash == leaf.entry.leafHash)
                    tiles.append(leaf.hash)
                    for node in leaf.nodes { #expect(tiles.subtree(level: node.level, index: node.index) == node.hash) }
                }
            }
            previous = receipt
        }
        #expect(tiles.size == 18)
        #expect(desk.engine.state().delivery.log.root == tiles.tree.root(of: 18))
        try desk.engine.checkInvariants()
    }

    @Test func `A state with leases is read back as it was written`() throws {
        var desk = Desk()
        let service = ServiceTerms(timeToFirstToken: 1, completion: 0, refundShare: BasisPoints(1))
        let first = desk.open(
            4,
            offer: { $0.order.rules.lease.service = service },
            bid: { bid in
                bid.order.rules.lease.rebids = true
                bid.order.rules.lease.avoided = [Desk.other]
            }
        )
        let receipt = desk.receipt(first, 1, 1_000)
        _ = desk.record(receipt)
        _ = desk.record(desk.receipt(first, 2, 1_500, previous: receipt), countersigned: false)
        desk.give(Desk.app, .lease(.closeLease(first)))
        desk.open(2)
        desk.give(.system, .lease(.setPolicy(LeasePolicyTerms(newcomerLotsMax: Lots(3)))))
        _ = desk.offer(7) { $0.order.rules.lease.service = service }
        desk.open(1) { $0.traits[.deliverWithinS] = 1 }
        desk.pass(2)
        let state = desk.engine.state()
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        let read = try EngineState(decoding: bytes[...])
        #expect(read == state)
        let engine = try Engine(state: read)
        #expect(engine.digest == desk.engine.digest && engine.nextDeadline == desk.engine.nextDeadline)
    }
}
