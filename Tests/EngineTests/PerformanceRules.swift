import Engine
import Exchange
import Provenance
import Testing
import Units

@testable import EngineTesting

/// What countersigned receipts say of a worker comes into its offers.
@Suite struct PerformanceRules {
    private typealias Desk = DeliveryDesk

    /// A worker that delivers one job after the other.
    private struct Shop {
        var desk: Desk
        private(set) var reference = ReferencePerformance()
        private var last: [LeaseID: Receipt] = [:]

        init(work: WorkLimits = .standard, policy: MeasurementPolicyTerms, rules: Int32 = RulesVersion.current) {
            desk = Desk(work: work, rules: rules)
            set(policy)
        }

        mutating func set(_ policy: MeasurementPolicyTerms) {
            desk.give(.system, .lease(.setMeasurementPolicy(policy)))
            reference.policy = policy
        }

        /// A job of so many completion tokens in so many milliseconds, countersigned.
        @discardableResult
        mutating func job(
            _ lease: LeaseID,
            tokens: Int64,
            milliseconds: Int64,
            first: UInt32 = 0,
            pause: Int64 = 0,
            flags: Receipt.Flags = []
        ) throws -> [Event] {
            let before = last[lease]
            var receipt = desk.receipt(lease, (before?.sequence ?? 0) + 1, 0, previous: before)
            receipt.flags = flags
            receipt.timeToFirstToken = first
            receipt.usage = before?.usage ?? .zero
            receipt.usage.completion += tokens
            receipt.startedAt = (before?.endedAt ?? 0) + pause
            receipt.endedAt = receipt.startedAt + milliseconds
            receipt.adjusted = receipt.adjustedTokens(weights: .standard)
            receipt.amount = receipt.amountDue
            let events = desk.give(
                Desk.worker,
                .lease(.recordReceipt(Desk.terms(receipt, countersigned: true)))
            )
            for case .rejected(let rejection) in events { throw rejection }
            reference.countersigned(receipt, after: before, at: desk.engine.time.microseconds)
            last[lease] = receipt
            return events
        }

        var record: PerformanceRecord? { desk.engine.performances(of: Desk.worker).first }

        var isEqual: Bool {
            guard let record else { return false }
            return record.tally.numbers == reference.sums(at: desk.engine.time.microseconds).all
                && [record.throughputTPS, record.ttftMS, record.successBP]
                    == [reference.shown.throughput, reference.shown.first, reference.shown.success]
                && record.publishedAt.microseconds == reference.publishedAt
                && record.expiresAt.microseconds == reference.expiresAt
        }
    }

    private static func policy(
        samples: Int64 = 2,
        interval: Int64 = 0,
        lifetime: Int64 = 604_800_000_000
    ) -> MeasurementPolicyTerms {
        MeasurementPolicyTerms(samplesMin: samples, interval: interval, lifetime: lifetime)
    }

    private static func demand(_ trait: Exchange.Trait, least: Int64? = nil, most: Int64? = nil) -> Requirement {
        var demands = FurtherDemands()
        if let least { demands.least[trait] = least }
        if let most { demands.most[trait] = most }
        var requirement = Requirement()
        requirement.further = demands
        return requirement
    }

    @Test func `Numbers count when there are enough samples, and are the sums' ratios`() throws {
        var shop = Shop(policy: Self.policy(samples: 3))
        let lease = shop.desk.open(100)
        try shop.job(lease, tokens: 100, milliseconds: 1_000, first: 200)
        try shop.job(lease, tokens: 300, milliseconds: 2_000, first: 301)
        #expect(shop.record?.throughputTPS == 0 && shop.record?.ttftMS == 0 && shop.record?.successBP == 0)
        try shop.job(lease, tokens: 0, milliseconds: 50, flags: .refused)
        // Three jobs, but two with tokens.
        #expect(shop.record?.throughputTPS == 0 && shop.record?.ttftMS == 0 && shop.record?.successBP == 6_666)
        try shop.job(lease, tokens: 200, milliseconds: 1_500, first: 100)
        #expect(shop.record?.throughputTPS == 600_000 / 4_500 && shop.record?.ttftMS == 201)
        #expect(shop.record?.successBP == 7_500)
        #expect(shop.isEqual)
        try shop.desk.engine.checkInvariants()
    }

    @Test func `A part of a job counts its tokens, and the job when it ends`() throws {
        var shop = Shop(policy: Self.policy(samples: 1))
        let lease = shop.desk.open(100)
        try shop.job(lease, tokens: 100, milliseconds: 1_000, first: 200, flags: .partial)
        #expect(shop.record?.tally.jobs == 0 && shop.record?.throughputTPS == 100)
        try shop.job(lease, tokens: 100, milliseconds: 1_000, first: 200)
        #expect(shop.record?.tally.jobs == 1 && shop.record?.tally.firstTokens == 1)
        // Says nothing new.
        let events = try shop.job(lease, tokens: 0, milliseconds: 700)
        #expect(!events.contains { if case .lease(.performanceSet) = $0 { true } else { false } })
        try shop.job(lease, tokens: 50, milliseconds: 0)
        #expect(shop.record?.tally.intervals == 2 && shop.record?.tally.jobs == 2)
        #expect(shop.isEqual)
    }

    @Test func `One receipt adds so much and no more`() {
        var receipt = Desk().receipt(LeaseID(1), 1, 0)
        receipt.usage.completion = Limits.sampleMax + 1
        receipt.endedAt = Limits.sampleMax + 1
        let sample = PerformanceSample(receipt, after: nil)
        #expect(sample.tokens == Limits.sampleMax && sample.milliseconds == Limits.sampleMax)
    }

    @Test func `Claims and older rules measure nothing`() throws {
        var desk = Desk()
        let lease = desk.open(3)
        #expect(desk.record(desk.receipt(lease, 1, 500), countersigned: false) == nil)
        #expect(desk.engine.performances(of: Desk.worker).isEmpty)
        var old = Desk(rules: 4)
        #expect(old.record(old.receipt(old.open(3), 1, 500)) == nil)
        #expect(old.engine.performances(of: Desk.worker).isEmpty && old.engine.logSize == 1)
    }

    @Test func `What was counted before counts half after each half-life`() throws {
        var shop = Shop(policy: Self.policy(samples: 1))
        let lease = shop.desk.open(500) { $0.traits[.deliverWithinS] = 604_800 }
        try shop.job(lease, tokens: 1_001, milliseconds: 4_000)
        shop.desk.pass(86_399)
        try shop.job(lease, tokens: 10, milliseconds: 10)
        #expect(shop.record?.tally.tokens == 1_011)
        shop.desk.pass(1)
        try shop.job(lease, tokens: 5, milliseconds: 10)
        #expect(shop.record?.tally.tokens == 505 + 5 && shop.record?.tally.jobs == 2)
        shop.desk.pass(3 * 86_400)
        try shop.job(lease, tokens: 7, milliseconds: 10)
        #expect(shop.record?.tally.tokens == 510 / 8 + 7 && shop.record?.tally.jobs == 1)
        #expect(shop.isEqual)
    }

    @Test func `A resting offer comes into the class of what was measured, keeps its place, and takes what it meets`()
        throws
    {
        var shop = Shop(policy: Self.policy())
        let lease = shop.desk.open(100)
        #expect(shop.desk.offer(5) == nil)
        let resting = OrderID(shop.desk.engine.sequence.rawValue)
        let bid = shop.desk.bid(2) { $0.requirement = Self.demand(.throughputTPS, least: 100) }
        #expect(bid.acceptedOrders.count == 1 && shop.desk.engine.openLeaseCount == 1)
        try shop.job(lease, tokens: 300, milliseconds: 1_000)
        let events = try shop.job(lease, tokens: 300, milliseconds: 1_000)
        #expect(events.contains { if case .reclassified(resting, _) = $0 { true } else { false } })
        let trades: [Trade] = events.compactMap { if case .traded(let trade) = $0 { trade } else { nil } }
        #expect(trades.map(\.takerSide) == [.offer] && trades.first?.lots == Lots(2))
        #expect(shop.desk.engine.order(resting)?.priority == Priority(resting))
        try shop.desk.engine.checkInvariants()
    }

    @Test func `Receipts count before the operator's word, which stands for what they do not say`() throws {
        var shop = Shop(policy: Self.policy())
        let word = MeasurementTerms(
            account: Desk.worker,
            model: ModelID(1),
            throughputTPS: 500,
            ttftMS: 100,
            expiresAt: .never
        )
        shop.desk.give(.system, .setMeasured(word))
        let lease = shop.desk.open(100)
        _ = shop.desk.offer(5)
        let offer = OrderID(shop.desk.engine.sequence.rawValue)
        let traits = { (shop: Shop) -> Traits? in
            shop.desk.engine.order(offer).map { shop.desk.engine.capability(of: $0.classID).traits }
        }
        #expect(traits(shop)?[.throughputTPS] == 500)
        for _ in 1...2 { try shop.job(lease, tokens: 20, milliseconds: 1_000) }
        #expect(traits(shop)?[.throughputTPS] == 20 && traits(shop)?[.ttftMS] == 100)
        #expect(traits(shop)?[.uptimeBP] == 9_999)
        try shop.desk.engine.checkInvariants()
    }

    @Test func `Numbers that are not measured again count no more at the end of their last hour`() throws {
        var shop = Shop(policy: Self.policy(samples: 1, lifetime: 7_200_000_000))
        let lease = shop.desk.open(100) { $0.traits[.deliverWithinS] = 604_800 }
        _ = shop.desk.offer(5)
        let offer = OrderID(shop.desk.engine.sequence.rawValue)
        try shop.job(lease, tokens: 200, milliseconds: 1_000)
        let end = try #require(shop.record?.expiresAt)
        #expect(end.microseconds == 3 * 3_600_000_000)
        let shows = { (shop: Shop) in
            shop.desk.engine.order(offer).map { shop.desk.engine.capability(of: $0.classID).traits[.throughputTPS] }
        }
        shop.desk.pass(end.microseconds / 1_000_000 - 1_000 - 1)
        #expect(shows(shop) == 200)
        #expect(shop.desk.engine.nextDeadline == end)
        shop.desk.pass(1)
        #expect(shows(shop) == 0)
        try shop.desk.engine.checkInvariants()
    }

    @Test func `What offers show changes once in an interval`() throws {
        var shop = Shop(policy: Self.policy(samples: 1, interval: 60_000_000))
        let lease = shop.desk.open(100)
        try shop.job(lease, tokens: 100, milliseconds: 1_000)
        shop.desk.pass(59)
        try shop.job(lease, tokens: 100, milliseconds: 10)
        #expect(shop.record?.throughputTPS == 100)
        shop.desk.pass(1)
        try shop.job(lease, tokens: 1, milliseconds: 1)
        #expect(shop.record?.throughputTPS == 198)
        #expect(shop.isEqual)
    }

    @Test func `A worker with many offers has them measured step by step, and they trade meanwhile`() throws {
        var shop = Shop(work: WorkLimits(visits: 100, step: 3, parts: 100, operations: 1), policy: Self.policy())
        let lease = shop.desk.open(100)
        for _ in 1...8 { #expect(shop.desk.offer(1) == nil) }
        for _ in 1...2 { try shop.job(lease, tokens: 150, milliseconds: 1_000) }
        let state = shop.desk.engine.state()
        #expect(state.operations.map(\.kind) == [.remeasure])
        let shown = { (shop: Shop) in
            let engine = shop.desk.engine
            return engine.state().orders.map { engine.capability(of: $0.classID).traits[.throughputTPS] }
        }
        #expect(shown(shop).count { $0 == 150 } == 3)
        #expect(try Engine(state: state).digest == shop.desk.engine.digest)
        // The newest of another class is not frozen by what is under way.
        #expect(shop.desk.bid(8).contains { if case .traded = $0 { true } else { false } })
        shop.desk.pass(1)
        #expect(shop.desk.engine.state().operations.isEmpty)
        for _ in 1...8 { #expect(shop.desk.offer(1) == nil) }
        #expect(Set(shown(shop)) == [150])
        try shop.desk.engine.checkInvariants()
    }

    @Test func `What cannot be shown for want of room is shown with a later receipt`() throws {
        var shop = Shop(work: WorkLimits(visits: 100, step: 3, parts: 100, operations: 1), policy: Self.policy())
        let lease = shop.desk.open(100)
        for _ in 1...8 { #expect(shop.desk.offer(1) == nil) }
        // The room for operations is taken.
        for _ in 1...5 { _ = shop.desk.bid(1) { $0.order.price = Price(nanoTONPerMTok: 1_000) } }
        shop.desk.give(Desk.app, .massCancel(OrderFilter()))
        #expect(shop.desk.engine.state().operations.count == 1)
        for _ in 1...2 { try shop.job(lease, tokens: 150, milliseconds: 1_000) }
        #expect(shop.record?.throughputTPS == 0 && shop.record?.tally.jobs == 2)
        shop.desk.pass(1)
        try shop.job(lease, tokens: 150, milliseconds: 1_000)
        #expect(shop.record?.throughputTPS == 150)
        shop.desk.pass(1)
        try shop.desk.engine.checkInvariants()
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func `Whatever is delivered, sums and shown numbers are the reference's, and a state is read back`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(state: seed)
        var policy = Self.policy(samples: random.number(1...5), interval: random.number(0...90) * 1_000_000)
        policy.halfLife = random.pick([60, 3_600, 86_400]) * 1_000_000
        var shop = Shop(policy: policy)
        let leases = (1...3).map { _ in shop.desk.open(150) { $0.traits[.deliverWithinS] = 604_800 } }
        _ = shop.desk.offer(9)
        for step in 1...60 {
            let flags = random.pick([[], [], [], .partial, .aborted, .refused] as [Receipt.Flags])
            try shop.job(
                random.pick(leases),
                tokens: random.number(0...300),
                milliseconds: random.number(0...4_000),
                first: UInt32(random.number(0...900)),
                pause: random.number(-50...2_000).magnitudeOrZero,
                flags: flags
            )
            if random.chance(30) { shop.desk.pass(random.pick([1, 30, 70, 4_000])) }
            guard shop.record != nil else { continue }
            #expect(shop.isEqual, "seed \(seed), step \(step)")
        }
        try shop.desk.engine.checkInvariants()
        var bytes: [UInt8] = []
        let state = shop.desk.engine.state()
        state.encode(into: &bytes)
        let read = try EngineState(decoding: bytes[...])
        #expect(read == state)
        let engine = try Engine(state: read)
        #expect(engine.digest == shop.desk.engine.digest && engine.nextDeadline == shop.desk.engine.nextDeadline)
    }
}

extension Int64 {
    fileprivate var magnitudeOrZero: Int64 { Swift.max(0, self) }
}
