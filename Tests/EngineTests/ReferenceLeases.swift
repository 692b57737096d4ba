import Engine
import Exchange
import Provenance
import Units

/// Leases between one worker and one app as DESIGN describes them, in the most obvious way: everything that was ever
/// accepted is kept, and whatever is asked is found by going through all of it.
struct ReferenceLeases {
    /// What was accepted of a lease.
    struct Statement {
        let receipt: Receipt
        let isCountersigned: Bool
        /// When silence pays it, on the lease clock; of a claim that is not paid yet.
        var due: Int64?
        /// Disputed.
        var isDropped = false
    }

    struct Lease {
        let id: Int64
        let lots: Int64
        let price: Int64
        /// On the lease clock, in microseconds.
        let deadline: Int64
        let step: Int64
        let window: Int64
        /// Keys at the trade; `nil` for a party that had no profile.
        let profiles: (worker: Int?, app: Int?)
        var statements: [Statement] = []
        var paid: Int64 = 0
        var closes: Int64?
        var isDisputed = false
        var end: LeaseEnd?

        var newest: Receipt? { statements.last { $0.isCountersigned }?.receipt }

        /// The worker's word above what is countersigned.
        var claim: Statement? {
            guard let place = statements.lastIndex(where: { !$0.isCountersigned }) else { return nil }
            let claim = statements[place]
            let isCovered = statements[place...].contains { later in
                later.isCountersigned
                    && (later.receipt.sequence >= claim.receipt.sequence
                        || later.receipt.adjusted >= claim.receipt.adjusted)
            }
            return claim.isDropped || isCovered ? nil : claim
        }

        var closing: Int64 { min(deadline, closes ?? deadline) }
        var due: Int64 { claim?.due ?? closing }
        func value(_ tokens: Int64) -> Int64 { tokens * price / 1_000_000 }
        var spent: Int64 { value(paid) + value(paid) * Self.buyerRate / 10_000 }
        var earned: Int64 { value(paid) - value(paid) * Self.workerRate / 10_000 }
        var locked: Int64 { value(lots * 1_000) + value(lots * 1_000) * Self.buyerRate / 10_000 }
        static let buyerRate: Int64 = 30
        static let workerRate: Int64 = 10
    }

    var leases: [Lease] = []
    /// On the lease clock, in microseconds.
    var clock: Int64 = 0
    var policy = LeasePolicyTerms.initial
    /// Receipt keys of all versions of the two profiles; `nil` where a version has none.
    var workerKeys: [[UInt8]?] = []
    var appKeys: [[UInt8]?] = []
    var bond: Int64 = 0
    var slashed: Int64 = 0
    var strikes: Int64 = 0
    var disputes: Int64 = 0
    var delivered: Int64 = 0
    var leaves: Int64 = 0
    var performance = ReferencePerformance()
    /// Logical time, which an outage does not hold back.
    var time: Int64 = 0
    var slashes: [(lease: Int64, amount: Int64, due: Int64)] = []

    static let worker = AccountID(1)
    static let app = AccountID(2)

    private func party(_ keys: [[UInt8]?], _ frozen: Int?) -> PartyID? {
        let version = frozen ?? 0
        guard keys.indices.contains(version), let key = keys[version] else { return nil }
        return PartyID(receiptKey: key)
    }

    func parties(of lease: Lease) -> (worker: PartyID?, app: PartyID?) {
        (party(workerKeys, lease.profiles.worker), party(appKeys, lease.profiles.app))
    }

    // MARK: Receipts

    /// Why a receipt is refused; `nil` when it is accepted.
    func refusal(of receipt: Receipt, by account: AccountID, countersigned: Bool) -> Rejection? {
        guard let lease = leases.first(where: { $0.id == receipt.lease.rawValue }) else { return .leaseNotFound }
        if isOver(lease) { return .leaseEnded }
        let (worker, app) = parties(of: lease)
        let isForeign =
            account != Self.worker && account != Self.app || worker != nil && worker != receipt.worker
            || receipt.app != app ?? PartyID(high: 0, low: 0) || receipt.price.nanoTONPerMTok != lease.price
        if isForeign { return .receiptForeign }
        if worker == nil || countersigned && app == nil { return .receiptKeyMissing }
        let usage = receipt.usage
        let tenThousandths =
            (usage.prompt - usage.cached) * 10_000 + usage.cached * 1_000 + usage.completion * 80_000
        if receipt.adjusted.count != tenThousandths / 10_000 { return .usageMiscounted }
        if receipt.amount.count != lease.value(receipt.adjusted.count) { return .amountMiscounted }
        if receipt.adjusted.count > lease.lots * 1_000 { return .usageAboveLease }
        return lateRefusal(of: receipt, lease, countersigned: countersigned)
    }

    /// What depends on what was said before.
    private func lateRefusal(of receipt: Receipt, _ lease: Lease, countersigned: Bool) -> Rejection? {
        let before = [lease.newest, lease.claim?.receipt].compactMap { $0 }
        let older = countersigned ? [lease.newest].compactMap { $0 } : before
        if older.contains(where: { $0.sequence > receipt.sequence }) { return .receiptSuperseded }
        if isRepeated(receipt, lease, countersigned) || contradicted(by: receipt, lease) != nil { return nil }
        let isLess = older.contains { old in
            receipt.usage.prompt < old.usage.prompt || receipt.usage.completion < old.usage.completion
                || receipt.usage.cached < old.usage.cached || receipt.usage.reasoning < old.usage.reasoning
                || receipt.endedAt < old.endedAt
        }
        if isLess { return .receiptNotMonotone }
        if before.contains(where: { $0.sequence + 1 == receipt.sequence && $0.hash != receipt.previous }) {
            return .receiptChain
        }
        if lease.closing <= clock, lease.claim?.receipt != receipt { return .receiptAfterDeadline }
        if countersigned { return nil }
        if receipt.adjusted.count > (lease.newest?.adjusted.count ?? 0) + lease.step { return .claimAboveStep }
        return lease.isDisputed ? .claimDisputed : nil
    }

    func contradicted(by receipt: Receipt, _ lease: Lease) -> Receipt? {
        [lease.newest, lease.claim?.receipt].compactMap { $0 }.first {
            $0.sequence == receipt.sequence && $0 != receipt
        }
    }

    func isRepeated(_ receipt: Receipt, _ lease: Lease, _ countersigned: Bool) -> Bool {
        lease.newest == receipt || !countersigned && lease.claim?.receipt == receipt
    }

    func isOver(_ lease: Lease) -> Bool {
        lease.end != nil || lease.closing <= clock && (lease.claim?.due ?? .min) <= clock
    }

    /// Does what an accepted receipt does.
    mutating func accept(_ receipt: Receipt, countersigned: Bool) {
        guard let place = leases.firstIndex(where: { $0.id == receipt.lease.rawValue }) else { return }
        if contradicted(by: receipt, leases[place]) != nil { return equivocated(place) }
        if isRepeated(receipt, leases[place], countersigned) { return }
        leaves += 1
        if countersigned { performance.countersigned(receipt, after: leases[place].newest, at: time) }
        let due = countersigned ? nil : clock + leases[place].window
        leases[place].statements.append(Statement(receipt: receipt, isCountersigned: countersigned, due: due))
        guard countersigned else { return }
        leases[place].paid = max(leases[place].paid, receipt.adjusted.count)
        leases[place].isDisputed = false
        if receipt.flags.contains(.final) { return close(place, .final) }
        if leases[place].paid == leases[place].lots * 1_000 { close(place, .usedUp) }
    }

    mutating func equivocated(_ place: Int) {
        leaves += 1
        strike(place, .equivocation)
    }

    // MARK: Ends

    mutating func close(_ place: Int, _ end: LeaseEnd) {
        leases[place].end = end
        if end.state == "closed", leases[place].paid > 0 { delivered += 1 }
    }

    mutating func strike(_ place: Int, _ end: LeaseEnd) {
        let lease = leases[place]
        leases[place].end = end
        strikes += 1
        let undelivered = lease.value(lease.lots * 1_000) - lease.value(lease.paid)
        let amount = end == .workerGaveUp ? 0 : undelivered * policy.slashShare.count / 10_000
        slashes.append((lease: lease.id, amount: amount, due: clock + policy.appealWindow))
    }

    mutating func giveUp(_ place: Int) {
        if leases[place].newest == nil { strike(place, .workerGaveUp) } else { close(place, .workerGaveUp) }
    }

    mutating func dispute(_ place: Int) {
        guard let claim = leases[place].statements.lastIndex(where: { !$0.isCountersigned }) else { return }
        leases[place].statements[claim].isDropped = true
        leases[place].isDisputed = true
        disputes += 1
    }

    /// All that is due, the earliest first.
    mutating func settle() {
        while true {
            let ends = leases.indices.filter { leases[$0].end == nil }.map {
                (at: leases[$0].due, lease: leases[$0].id, place: $0, isSlash: 0)
            }
            let bonds = slashes.indices.map {
                (at: slashes[$0].due, lease: slashes[$0].lease, place: $0, isSlash: 1)
            }
            let due = (ends + bonds).filter { $0.at <= clock }.min {
                ($0.at, $0.lease, $0.isSlash) < ($1.at, $1.lease, $1.isSlash)
            }
            guard let due else { return }
            if due.isSlash == 1 {
                let amount = min(slashes.remove(at: due.place).amount, bond)
                bond -= amount
                slashed += amount
            } else {
                settle(due.place)
            }
        }
    }

    private mutating func settle(_ place: Int) {
        let lease = leases[place]
        if lease.claim?.due != nil, let claim = lease.statements.lastIndex(where: { !$0.isCountersigned }) {
            leases[place].statements[claim].due = nil
            leases[place].paid = max(lease.paid, lease.statements[claim].receipt.adjusted.count)
            if leases[place].paid == lease.lots * 1_000 { close(place, .usedUp) }
        } else if lease.closes != nil {
            close(place, .appClosed)
        } else if lease.newest == nil, lease.paid == 0, !lease.isDisputed {
            strike(place, .noReceipts)
        } else {
            close(place, .deadline)
        }
    }
}
