import Cryptography
import Engine
import Exchange
import Ledger
import Provenance
import Testing
import Units

@testable import EngineTesting

/// A bid that names a running lease buys more from its worker.
@Suite struct TopUpRules {
    private typealias Desk = DeliveryDesk

    private static func trades(_ events: [Event]) -> [Trade] {
        events.compactMap { if case .traded(let trade) = $0 { trade } else { nil } }
    }

    private static func rejection(_ events: [Event]) -> Rejection? {
        for case .rejected(let rejection) in events { return rejection }
        return nil
    }

    @Test func `It buys from the lease's worker alone, at that worker's price, and opens a lease of its own`() throws {
        var desk = Desk()
        let lease = desk.open(3)
        let before = try #require(desk.engine.lease(lease))
        let cheap = Price(nanoTONPerMTok: Desk.price - 5_000)
        let dear = Price(nanoTONPerMTok: Desk.price - 1_000)
        #expect(desk.offer(9, of: Desk.other) { $0.order.price = cheap } == nil)
        #expect(desk.offer(2) { $0.order.price = dear } == nil)
        let events = desk.bid(4) { $0.order.rules.lease.toppedUp = lease }
        let trades = Self.trades(events)
        #expect(trades.map(\.seller) == [Desk.worker] && trades.map(\.price) == [dear])
        #expect(trades.map(\.lots) == [Lots(2)] && trades.first?.delivery?.toppedUp == lease)
        // What that worker does not have is not bought, and does not wait.
        let bid = try #require(events.acceptedOrders.first)
        #expect(bid.timeInForce == .ioc && events.contains(.closed(bid.id, .ioc, Lots(2))))
        #expect(desk.engine.lease(lease) == before)
        #expect(desk.engine.lease(LeaseID(2))?.terms?.delivery.toppedUp == lease)
        try desk.engine.checkInvariants()
    }

    @Test func `It is for the lease's model, which it need not name`() throws {
        var desk = Desk()
        let lease = desk.open(3)
        desk.give(.system, .setModel(ModelTerms(name: "n")))
        #expect(desk.offer(5) { $0.model = ModelID(2) } == nil)
        #expect(desk.offer(5) == nil)
        var other = Requirement()
        _ = other.models.append(ModelID(2))
        let mismatched = desk.bid(1) { bid in
            bid.requirement = other
            bid.order.rules.lease.toppedUp = lease
        }
        #expect(Self.rejection(mismatched) == .topUpMismatch)
        var both = Requirement()
        #expect(both.models.append(ModelID(1)) && both.models.append(ModelID(2)))
        for _ in 1...6 {
            let named = desk.bid(1) { bid in
                bid.requirement = both
                bid.order.rules.lease.toppedUp = lease
            }
            #expect(Self.trades(named).allSatisfy { $0.model == ModelID(1) })
        }
        #expect(desk.engine.openLeaseCount == 6)
        #expect(desk.offer(5) == nil)
        let trades = Self.trades(desk.bid(1) { $0.order.rules.lease.toppedUp = lease })
        #expect(trades.map(\.model) == [ModelID(1)])
    }

    @Test func `Only the lease's own app tops it up, and only while it runs`() throws {
        var desk = Desk()
        let lease = desk.open(3)
        #expect(desk.offer(5) == nil)
        var terms = BidTerms(
            order: OrderTerms(price: Price(nanoTONPerMTok: Desk.price), lots: Lots(1), timeInForce: .fok),
            requirement: Requirement()
        )
        terms.order.rules.lease.toppedUp = lease
        #expect(desk.refusal(Desk.other, .placeBid(terms)) == .leaseNotFound)
        terms.order.rules.lease.toppedUp = LeaseID(99)
        #expect(desk.refusal(Desk.app, .placeBid(terms)) == .leaseNotFound)
        desk.pass(3_600)
        terms.order.rules.lease.toppedUp = lease
        #expect(desk.refusal(Desk.app, .placeBid(terms)) == .leaseNotFound)
        #expect(desk.engine.openLeaseCount == 0)
        var old = Desk(rules: 3)
        let first = old.open(3)
        terms.order.rules.lease.toppedUp = first
        #expect(old.refusal(Desk.app, .placeBid(terms)) == .leaseWithoutReceipts)
    }

    @Test func `All or nothing counts what the lease's worker has`() throws {
        var desk = Desk()
        let lease = desk.open(1)
        #expect(desk.offer(9, of: Desk.other) == nil && desk.offer(2) == nil)
        let whole = { (desk: inout Desk, lots: Int64) in
            desk.bid(lots) { bid in
                bid.order.timeInForce = .fok
                bid.order.rules.lease.toppedUp = lease
            }
        }
        #expect(Self.rejection(whole(&desk, 3)) == .fokUnfillable)
        #expect(Self.trades(whole(&desk, 2)).map(\.lots) == [Lots(2)])
        try desk.engine.checkInvariants()
    }

    @Test func `Both leases are paid by themselves`() throws {
        var desk = Desk()
        let lease = desk.open(1)
        #expect(desk.offer(2) == nil)
        _ = desk.bid(2) { $0.order.rules.lease.toppedUp = lease }
        #expect(desk.record(desk.receipt(lease, 1, 1_000)) == nil)
        #expect(desk.engine.lease(lease) == nil)
        #expect(desk.record(desk.receipt(LeaseID(2), 1, 1_500)) == nil)
        #expect(desk.balance(Desk.worker, .payable) == 50_000 && desk.balance(Desk.app, .leased) == 10_000)
        let state = desk.engine.state()
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        let read = try EngineState(decoding: bytes[...])
        #expect(read == state && read.leases.first?.terms?.delivery.toppedUp == lease)
        #expect(try Engine(state: read).digest == desk.engine.digest)
        var other = read
        other.leases[0].terms?.delivery.toppedUp = LeaseID(0)
        #expect(try Engine(state: other).digest != desk.engine.digest)
    }
}

/// What the log says beside receipts.
@Suite struct StatementRules {
    private typealias Desk = DeliveryDesk

    private static func statements(_ events: [Event]) -> [LogStatement] {
        events.compactMap { if case .lease(.stated(let record)) = $0 { record.statement } else { nil } }
    }

    @Test func `Keys, policies and the operator's word on environments are entries of the log`() throws {
        var desk = Desk()
        let policy = LeasePolicyTerms(slashShare: BasisPoints(7))
        let attested = AttestationTerms(account: Desk.worker, tees: 2, expiresAt: .never)
        let key = SigningKeyTerms(publicKey: [UInt8](repeating: 4, count: 32), from: LogicalTime(microseconds: 9))
        let actions: [(Command.Action, LogEntry.Kind)] = [
            (.lease(.setPolicy(policy)), .leasePolicy),
            (.lease(.setMeasurementPolicy(.initial)), .measurementPolicy),
            (.setAttested(attested), .attestation), (.lease(.recordSigningKey(key)), .keyRotation),
            (.setMeasured(Self.measured), .measurement),
        ]
        for (index, (action, kind)) in actions.enumerated() {
            let events = desk.give(.system, action)
            let statement = try #require(Self.statements(events).first)
            #expect(statement.kind == kind)
            for case .lease(.logged(let leaf)) in events {
                let entry = LogEntry(
                    kind: kind,
                    milliseconds: desk.engine.time.microseconds / 1_000,
                    payload: SHA256.hash(statement.bytes)
                )
                #expect(leaf.index == Int64(index) && leaf.entry == entry)
            }
        }
        #expect(desk.engine.logSize == 5)
        #expect(desk.engine.loggedSigningKeys == [SigningKeyRecord(terms: key, index: 3)])
        try desk.engine.checkInvariants()
    }

    private static let measured = MeasurementTerms(
        account: Desk.worker,
        model: ModelID(1),
        throughputTPS: 55,
        ttftMS: 0,
        uptimeBP: 9_950,
        expiresAt: LogicalTime(microseconds: 5_000_000_000)
    )

    @Test func `The word on how a worker delivers is said whole, and not where it is refused`() throws {
        var desk = Desk()
        let statement = try #require(Self.statements(desk.give(.system, .setMeasured(Self.measured))).first)
        #expect(statement == .measurement([1, 1, 55, 0, 9_950, 5_000_000_000]))
        var unknown = Self.measured
        unknown.model = ModelID(9)
        #expect(Self.statements(desk.give(.system, .setMeasured(unknown))).isEmpty && desk.engine.logSize == 1)
    }

    @Test func `A key is named once, whenever it is said again`() throws {
        var desk = Desk()
        for number in [1, 2, 1] as [UInt8] {
            let terms = SigningKeyTerms(
                publicKey: [UInt8](repeating: number, count: 32),
                from: LogicalTime(microseconds: Int64(number))
            )
            desk.give(.system, .lease(.recordSigningKey(terms)))
        }
        #expect(desk.engine.logSize == 2)
        let state = desk.engine.state()
        var bytes: [UInt8] = []
        state.encode(into: &bytes)
        let read = try EngineState(decoding: bytes[...])
        #expect(read == state)
        #expect(try Engine(state: read).digest == desk.engine.digest)
        var wrong = state
        wrong.delivery.signingKeys.swapAt(0, 1)
        #expect(throws: StateError.self) { try Engine(state: wrong) }
    }

    @Test func `Older rules say nothing in the log`() {
        var desk = Desk(rules: 4)
        desk.give(.system, .lease(.setPolicy(LeasePolicyTerms(slashShare: BasisPoints(7)))))
        desk.give(.system, .setAttested(AttestationTerms(account: Desk.worker, tees: 2, expiresAt: .never)))
        #expect(desk.engine.logSize == 0)
        desk = Desk(rules: 5)
        desk.give(.system, .setMeasured(Self.measured))
        #expect(desk.engine.logSize == 0)
        desk.give(.system, .setAttested(AttestationTerms(account: Desk.worker, tees: 2, expiresAt: .never)))
        #expect(desk.engine.logSize == 1)
    }
}
