import Cryptography
import Engine
import Exchange
import Foundation
import Ledger
import Provenance
import Testing
import Units

@testable import EngineTesting

/// A worker and an app that may do anything, on the engine and on ``ReferenceLeases``.
struct LeaseSchedule {
    struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var engine = Engine()
    private(set) var reference = ReferenceLeases()
    private var random: SplitMix64
    private var time: Int64 = 1_000_000_000
    private var grace: Int64 = 0
    /// Every receipt that was handed in, to be handed in again.
    private var sent: [(receipt: Receipt, isCountersigned: Bool)] = []
    private var nextKey: UInt8 = 1
    /// What the schedule has met.
    private(set) var met: Set<String> = []
    private static let deposit: Int64 = 1_000_000_000
    private static let price: Int64 = 20_123_000

    init(seed: UInt64) throws {
        random = SplitMix64(state: seed)
        _ = engine.beginBatch(at: LogicalTime(microseconds: time))
        (reference.clock, reference.time) = (time, time)
        for label in ["worker", "app", "stranger"] {
            try give(.system, .createAccount(AccountTerms(label: label)))
        }
        try give(.system, .setModel(ModelTerms(name: "m")))
        for account in 1...2 {
            try give(.system, .deposit(to: AccountID(Int64(account)), amount: NanoTON(Self.deposit)))
        }
        if random.chance(80) { try setProfile(of: ReferenceLeases.worker) }
        if random.chance(80) { try setProfile(of: ReferenceLeases.app) }
    }

    @discardableResult
    private mutating func give(_ account: AccountID, _ action: Command.Action, as expected: Rejection? = nil) throws
        -> [Event]
    {
        var events: [Event] = []
        engine.apply(Command(account: account, action: action), into: &events)
        var found: Rejection?
        for case .rejected(let rejection) in events { found = rejection }
        if let found { met.insert(found.code) }
        for case .leaseEnded(_, _, let end) in events { met.insert(end.name) }
        guard found == expected else {
            throw Difference(
                description: "\(action): \(found?.code ?? "accepted"), not \(expected?.code ?? "accepted")"
            )
        }
        return events
    }

    // MARK: Steps

    mutating func step() throws {
        switch random.number(1...100) {
        case ...10: try open()
        case ...58: try handIn()
        case ...66: try handInAgain()
        case ...72: try dispute()
        case ...76: try close()
        case ...80: try changeSomething()
        case ...82: try prove()
        default: try pass()
        }
        try compare()
    }

    private mutating func open() throws {
        guard reference.leases.count(where: { $0.end == nil }) < 4 else { return }
        let lots = random.number(1...4)
        let price = Price(nanoTONPerMTok: Self.price)
        let terms = OrderTerms(price: price, lots: Lots(lots), timeInForce: .gtc)
        var offer = OfferTerms(order: terms, model: ModelID(1))
        let seconds = random.pick([Int64(0), 30, 700, 5_000])
        offer.traits[.deliverWithinS] = seconds
        try give(ReferenceLeases.worker, .placeOffer(offer))
        let resting = OrderID(engine.sequence.rawValue)
        var bid = BidTerms(order: terms, requirement: Requirement())
        var refusal: Rejection?
        if !reference.leases.isEmpty, random.chance(40) {
            let other = random.pick(Array(reference.leases.suffix(4)))
            bid.order.rules.lease.toppedUp = LeaseID(other.id)
            refusal = other.end != nil ? .leaseNotFound : reference.isOver(other) ? .leaseEnded : nil
        }
        try give(ReferenceLeases.app, .placeBid(bid), as: refusal)
        guard refusal == nil else {
            try give(ReferenceLeases.worker, .cancel(resting))
            return
        }
        if bid.order.rules.lease.toppedUp != LeaseID(0) { met.insert("topped_up") }
        let (worker, app) = (reference.workerKeys.count - 1, reference.appKeys.count - 1)
        let lease = ReferenceLeases.Lease(
            id: Int64(reference.leases.count + 1),
            lots: lots,
            price: Self.price,
            deadline: reference.clock + (seconds == 0 ? 3_600 : seconds) * 1_000_000,
            step: reference.policy.step.count,
            window: reference.policy.disputeWindow,
            profiles: (worker < 0 ? nil : worker, app < 0 ? nil : app)
        )
        reference.leases.append(lease)
    }

    /// An honest next receipt of some lease, or one with something wrong.
    private mutating func handIn() throws {
        guard !reference.leases.isEmpty else { return }
        let lease = random.pick(Array(reference.leases.suffix(4)))
        var receipt = honest(lease)
        if random.chance(40) { spoil(&receipt, lease) }
        try handIn(receipt, isCountersigned: random.chance(50))
    }

    private mutating func honest(_ lease: ReferenceLeases.Lease) -> Receipt {
        let known = [lease.newest, lease.claim?.receipt].compactMap { $0 }.max { $0.sequence < $1.sequence }
        var usage = known?.usage ?? .zero
        usage.prompt += random.number(0...300)
        usage.completion += random.number(0...80)
        if random.chance(30) { usage.cached = min(usage.prompt, usage.cached + random.number(0...50)) }
        // Now and then all that is left, which is whole only while nothing is cached.
        let left = lease.lots * 1_000 - (usage.prompt + 8 * usage.completion)
        if random.chance(15), left > 0, usage.cached == 0 { usage.prompt += left }
        let (worker, app) = reference.parties(of: lease)
        let none = PartyID(high: 0, low: 0)
        var receipt = Receipt(
            lease: LeaseID(lease.id),
            worker: worker ?? none,
            app: app ?? none,
            sequence: (known?.sequence ?? 0) + 1,
            flags: random.chance(4) ? .final : random.pick([[], [], [], .partial, .aborted, .refused]),
            timeToFirstToken: UInt32(random.number(0...3) * 100),
            usage: usage,
            price: Price(nanoTONPerMTok: lease.price),
            adjusted: .zero,
            amount: .zero,
            startedAt: 0,
            endedAt: (known?.endedAt ?? 0) + random.number(0...2),
            previous: known?.hash ?? .zero
        )
        count(&receipt)
        return receipt
    }

    private func count(_ receipt: inout Receipt) {
        receipt.adjusted = receipt.adjustedTokens(weights: .standard)
        receipt.amount = receipt.amountDue
    }

    private mutating func spoil(_ receipt: inout Receipt, _ lease: ReferenceLeases.Lease) {
        switch random.number(1...12) {
        case 1: receipt.sequence = UInt32(max(0, Int64(receipt.sequence) - random.number(1...3)))
        case 2: receipt.sequence += 1
        case 3: receipt.previous = receipt.hash
        case 4: receipt.adjusted = AdjustedTokens(receipt.adjusted.count + 1)
        case 5: receipt.amount = NanoTON(receipt.amount.count + 1)
        case 6: receipt.price = Price(nanoTONPerMTok: lease.price + 1_000)
        case 7: receipt.worker = PartyID(receiptKey: [1])
        case 8: receipt.app = PartyID(receiptKey: [2])
        case 9:
            receipt.usage.prompt = max(receipt.usage.cached, receipt.usage.prompt - random.number(0...900))
            count(&receipt)
        case 10:
            receipt.usage.prompt += random.number(0...5_000)
            count(&receipt)
        case 11: receipt.endedAt = max(0, receipt.endedAt - 3)
        default: receipt.lease = LeaseID(Int64(reference.leases.count) + 1)
        }
    }

    private mutating func handInAgain() throws {
        guard !sent.isEmpty else { return }
        let (receipt, isCountersigned) = random.pick(Array(sent.suffix(12)))
        try handIn(receipt, isCountersigned: random.chance(30) ? !isCountersigned : isCountersigned)
    }

    private mutating func handIn(_ receipt: Receipt, isCountersigned: Bool) throws {
        sent.append((receipt, isCountersigned))
        let account = random.chance(4) ? AccountID(3) : random.pick([ReferenceLeases.worker, ReferenceLeases.app])
        let signature = [UInt8](repeating: 1, count: 64)
        let signed = SignedReceipt(
            receipt: receipt,
            workerSignature: signature,
            appSignature: isCountersigned ? signature : nil
        )
        let terms = ReceiptTerms(signed, salt: [UInt8](repeating: 7, count: 32))
        let refusal = reference.refusal(of: receipt, by: account, countersigned: isCountersigned)
        let events = try give(account, .lease(.recordReceipt(terms)), as: refusal)
        if refusal == nil { reference.accept(receipt, countersigned: isCountersigned) }
        for case .lease(.receiptRepeated) in events { met.insert("repeated") }
    }

    private mutating func dispute() throws {
        guard !reference.leases.isEmpty else { return }
        let place = Int(random.number(0...Int64(reference.leases.count - 1)))
        let lease = reference.leases[place]
        let account = random.pick([ReferenceLeases.app, ReferenceLeases.app, ReferenceLeases.worker])
        var refusal: Rejection?
        if reference.isOver(lease) {
            refusal = .leaseEnded
        } else if account != ReferenceLeases.app {
            refusal = .disputeNotByApp
        } else if lease.claim?.due ?? .min <= reference.clock {
            refusal = .claimNotPending
        }
        try give(account, .lease(.disputeClaim(LeaseID(lease.id))), as: refusal)
        if refusal == nil { reference.dispute(place) }
    }

    private mutating func close() throws {
        guard !reference.leases.isEmpty else { return }
        let place = Int(random.number(0...Int64(reference.leases.count - 1)))
        let lease = reference.leases[place]
        let account = random.pick([ReferenceLeases.app, ReferenceLeases.worker, AccountID(3)])
        let isStranger = account == AccountID(3) && lease.end == nil
        let refusal: Rejection? = isStranger ? .leaseNotFound : reference.isOver(lease) ? .leaseEnded : nil
        try give(account, .lease(.closeLease(LeaseID(lease.id))), as: refusal)
        guard refusal == nil else { return }
        if account == ReferenceLeases.worker { return reference.giveUp(place) }
        if lease.closes == nil { reference.leases[place].closes = reference.clock + lease.window }
    }

    private mutating func prove() throws {
        guard let lease = reference.leases.last else { return }
        var (first, second) = (honest(lease), honest(lease))
        second.endedAt = first.endedAt + 1
        if random.chance(20) { (first.worker, second.worker) = (PartyID(receiptKey: [3]), PartyID(receiptKey: [3])) }
        let signature = [UInt8](repeating: 1, count: 64)
        let pair = (
            SignedReceipt(receipt: first, workerSignature: signature),
            SignedReceipt(receipt: second, workerSignature: signature)
        )
        guard let proof = Equivocation(pair.0, pair.1) else { return }
        var refusal: Rejection?
        if reference.isOver(lease) {
            refusal = .leaseEnded
        } else if let worker = reference.parties(of: lease).worker {
            refusal = worker == first.worker ? nil : .equivocationForeign
        } else {
            refusal = .receiptKeyMissing
        }
        let terms = EquivocationTerms(proof, salt: [UInt8](repeating: 9, count: 32))
        try give(AccountID(3), .lease(.proveEquivocation(terms)), as: refusal)
        if refusal == nil { reference.equivocated(reference.leases.count - 1) }
    }

    private mutating func setProfile(of account: AccountID) throws {
        let key = random.chance(85) ? [UInt8](repeating: nextKey, count: 32) : nil
        nextKey = nextKey &+ 1
        let terms = ProfileTerms(endpoint: "https://\(nextKey).example", receiptKey: key)
        try give(account, .lease(.setProfile(terms)))
        if account == ReferenceLeases.worker { reference.workerKeys.append(key) } else { reference.appKeys.append(key) }
    }

    private mutating func changeSomething() throws {
        switch random.number(1...7) {
        case 7:
            reference.performance.policy.samplesMin = random.number(1...4)
            reference.performance.policy.halfLife = random.pick([60, 1_000, 86_400]) * 1_000_000
            reference.performance.policy.interval = random.pick([0, 30]) * 1_000_000
            reference.leaves += 1
            try give(.system, .lease(.setMeasurementPolicy(reference.performance.policy)))
        case 1...2: try setProfile(of: random.pick([ReferenceLeases.worker, ReferenceLeases.app]))
        case 3:
            reference.policy.step = AdjustedTokens(random.number(1...2_500))
            reference.policy.disputeWindow = random.number(1...900) * 1_000_000
            reference.policy.slashShare = BasisPoints(random.pick([0, 1_000, 10_000]))
            reference.policy.appealWindow = random.pick([0, 60, 86_400]) * 1_000_000
            try give(.system, .lease(.setPolicy(reference.policy)))
            reference.leaves += 1
        case 4:
            let amount = random.number(1...5_000)
            try give(ReferenceLeases.worker, .lease(.lockBond(NanoTON(amount))))
            reference.bond += amount
        case 5:
            let amount = random.number(1...3_000)
            let pending = reference.slashes.reduce(0) { $0 + $1.amount }
            let refusal: Rejection? = amount > reference.bond - pending ? .bondInUse : nil
            try give(ReferenceLeases.worker, .lease(.releaseBond(NanoTON(amount))), as: refusal)
            if refusal == nil { reference.bond -= amount }
        default:
            let lease = random.number(1...Int64(reference.leases.count + 1))
            let place = reference.slashes.firstIndex { $0.lease == lease }
            try give(.system, .lease(.pardon(LeaseID(lease))), as: place == nil ? .slashNotFound : nil)
            if let place {
                reference.slashes.remove(at: place)
                reference.strikes -= 1
            }
        }
    }

    /// Time passes, sometimes without a running exchange.
    private mutating func pass() throws {
        let seconds = random.pick([Int64(1), 10, 60, 300, 700, 4_000])
        let gap = random.chance(10) ? random.number(6...500) : 0
        time += seconds * 1_000_000
        grace += gap > 0 ? (gap + 30) * 1_000_000 : 0
        (reference.clock, reference.time) = (time - grace, time)
        let isDue = engine.beginBatch(
            at: LogicalTime(microseconds: time),
            gap: gap * 1_000_000,
            rules: RulesVersion.current
        )
        // Sometimes commands come before what is due is carried out.
        if !isDue { return }
        if random.chance(30) { try handInAgain() }
        try give(.system, .tick)
        reference.settle()
    }

    // MARK: Comparison

    private func compare() throws {
        let open = reference.leases.filter { $0.end == nil }
        let gone = reference.leases.reduce(0) { $0 + $1.spent }
        let expected: [(LedgerAccount, Int64)] = [
            (LedgerAccount(ReferenceLeases.app, .leased), open.reduce(0) { $0 + $1.locked - $1.spent }),
            (LedgerAccount(ReferenceLeases.worker, .payable), reference.leases.reduce(0) { $0 + $1.earned }),
            (.fees, gone - reference.leases.reduce(0) { $0 + $1.earned }),
            (LedgerAccount(ReferenceLeases.worker, .bond), reference.bond),
            (
                LedgerAccount(ReferenceLeases.app, .available),
                Self.deposit + reference.slashed - gone - open.reduce(0) { $0 + $1.locked - $1.spent }
            ),
        ]
        for (account, amount) in expected {
            let entry = engine.balances(of: account.owner).first { $0.account == account }
            let balance = (entry?.counters).map { Int64($0.credits - $0.debits) } ?? 0
            guard balance == amount else {
                throw Difference(description: "\(account.owner.text).\(account.kindName) is \(balance), not \(amount)")
            }
        }
        for lease in reference.leases {
            let found = engine.lease(LeaseID(lease.id))
            let isSame = found?.due.microseconds == (lease.end == nil ? lease.due : nil)
            guard isSame, found?.used.count ?? lease.paid == lease.paid else {
                throw Difference(description: "\(String(describing: found)) is not \(lease)")
            }
        }
        var standing = StandingRecord(account: ReferenceLeases.worker)
        (standing.strikes, standing.disputes) = (reference.strikes, reference.disputes)
        standing.delivered = reference.delivered
        guard engine.standing(of: ReferenceLeases.worker) == standing, engine.logSize == reference.leaves,
            engine.pendingSlashes(of: ReferenceLeases.worker).count == reference.slashes.count
        else { throw Difference(description: "\(engine.standing(of: ReferenceLeases.worker)) is not \(standing)") }
        try comparePerformance()
        try engine.checkInvariants()
    }
}

/// What holds of all leases, whatever the two parties do.
@Suite struct LeaseSchedules {
    /// A few seeds; `BOMBYX_SCHEDULES=N` adds the numbers from 1,000 on, `BOMBYX_SCHEDULE=S` means only that one.
    static let seeds: [UInt64] = {
        let more = ProcessInfo.processInfo.environment["BOMBYX_SCHEDULES"].flatMap { UInt64($0) } ?? 0
        if let only = ProcessInfo.processInfo.environment["BOMBYX_SCHEDULE"].flatMap({ UInt64($0) }) { return [only] }
        return Array(1...200) + (0..<more).map { 1_000 + $0 }
    }()

    @Test func `Whatever both parties do, leases are paid and end as the reference has it`() throws {
        var met: Set<String> = []
        for seed in Self.seeds {
            var schedule = try LeaseSchedule(seed: seed)
            for step in 1...80 {
                do { try schedule.step() } catch { throw Failure(description: "seed \(seed), step \(step): \(error)") }
            }
            met.formUnion(schedule.met)
        }
        let expected: Set<String> = [
            "final", "used_up", "app_closed", "no_receipts", "deadline", "equivocation", "worker_gave_up", "repeated",
            "lease_not_found", "lease_ended", "receipt_foreign", "receipt_key_missing", "usage_miscounted",
            "amount_miscounted", "usage_above_lease", "receipt_superseded", "receipt_not_monotone", "receipt_chain",
            "receipt_after_deadline", "claim_above_step", "claim_disputed", "claim_not_pending", "dispute_not_by_app",
            "bond_in_use", "slash_not_found", "equivocation_foreign", "topped_up",
        ]
        #expect(expected.subtracting(met).isEmpty)
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }
}
