import Exchange
import Ledger
import Provenance
package import Units

/// Leases: how they open, close, and what time does to them (DESIGN §7).
extension Engine {
    mutating func carryOut(_ action: LeaseCommand, of account: AccountID, _ events: inout [Event]) -> Rejection? {
        switch action {
        case .setProfile(let terms): return setProfile(terms, of: account, &events)
        case .recordReceipt(let terms): return record(terms, of: account, &events)
        case .proveEquivocation(let terms): return prove(terms, of: account, &events)
        case .disputeClaim(let lease): return disputeClaim(of: lease, by: account, &events)
        case .closeLease(let lease): return closeLease(lease, by: account, &events)
        case .lockBond(let amount): return lockBond(amount, of: account, &events)
        case .releaseBond(let amount): return releaseBond(amount, of: account, &events)
        case .setPolicy(let terms):
            leasePolicy = terms
            events.append(.lease(.policySet(terms)))
            log(.leasePolicy(terms), &events)
            return nil
        case .pardon(let lease): return pardon(lease, &events)
        case .setMeasurementPolicy(let terms): return setMeasurementPolicy(terms, &events)
        case .recordSigningKey(let terms): return record(terms, &events)
        }
    }

    // MARK: Opening

    /// What a trade freezes; nothing under rules that knew no deadlines.
    func deliveryTerms(bid: Int32, offer: Int32) -> DeliveryTerms? {
        guard rules >= 4 else { return nil }
        let (buy, sell) = (book.orders[Int(bid)], book.orders[Int(offer)])
        let stated = book.capabilities[Int(sell.group)].traits[.deliverWithinS]
        let seconds = stated > 0 ? stated : Limits.deliverWithinDefault
        var terms = DeliveryTerms(
            openedAt: time,
            deadline: LogicalTime(microseconds: leaseClock.microseconds + seconds * 1_000_000),
            step: leasePolicy.step,
            disputeWindow: leasePolicy.disputeWindow,
            buyerProfile: currentProfile(of: buy.account),
            workerProfile: currentProfile(of: sell.account)
        )
        if let service = details[Int(offer)].leaseRules.service { terms.service = .some(service) }
        if rules >= 5 { terms.toppedUp = details[Int(bid)].leaseRules.toppedUp }
        if details[Int(bid)].leaseRules.rebids {
            var rules = details[Int(bid)].rules
            // The new bid has none.
            rules.expiresAt = .never
            terms.rebid = .some(
                RebidTerms(price: buy.price, profileID: ProfileID(Int64(buy.group) + 1), rules: rules)
            )
        }
        return terms
    }

    /// Opens a lease.
    mutating func add(_ lease: LeaseRecord) {
        leases.add(lease)
        recordSum.add(lease.recordHash)
        registry.accounts[Int(lease.worker.rawValue) - 1].leasedLots += lease.lots.count
        guard let delivery = lease.terms?.delivery else { return }
        countUse(of: lease.buyer, delivery.buyerProfile, 1)
        countUse(of: lease.worker, delivery.workerProfile, 1)
        schedule(lease)
    }

    /// Changes a lease and its part of the digest.
    mutating func change(_ slot: Int32, _ body: (inout LeaseRecord) -> Void) {
        recordSum.subtract(leases[slot].recordHash)
        let before = leases[slot].due
        body(&leases[slot])
        recordSum.add(leases[slot].recordHash)
        if leases[slot].due != before { schedule(leases[slot]) }
    }

    // MARK: The parties' wishes

    /// Whether nothing but the next tick keeps a lease: what was due has not been carried out yet.
    func isOver(_ lease: LeaseRecord) -> Bool {
        lease.end <= leaseClock && (lease.progress.claimDue == .never || lease.progress.claimDue <= leaseClock)
    }

    /// An open lease, as long as it is not over.
    func openLease(_ id: LeaseID) -> Result<Int32, Rejection> {
        guard let slot = leases.find(id) else {
            return .failure(id.rawValue >= 1 && id.rawValue <= lastTrade.rawValue ? .leaseEnded : .leaseNotFound)
        }
        guard leases[slot].terms != nil else { return .failure(.leaseWithoutReceipts) }
        return isOver(leases[slot]) ? .failure(.leaseEnded) : .success(slot)
    }

    /// The lease, if the account is a party of it; others do not learn that there is one.
    private func openLease(_ id: LeaseID, of account: AccountID) -> Result<Int32, Rejection> {
        if let slot = leases.find(id), leases[slot].buyer != account, leases[slot].worker != account {
            return .failure(.leaseNotFound)
        }
        return openLease(id)
    }

    private mutating func disputeClaim(
        of id: LeaseID,
        by account: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        let slot: Int32
        switch openLease(id, of: account) {
        case .success(let found): slot = found
        case .failure(let rejection): return rejection
        }
        let lease = leases[slot]
        guard lease.buyer == account else { return .disputeNotByApp }
        guard let claim = lease.progress.claim, lease.progress.claimDue != .never,
            lease.progress.claimDue > leaseClock
        else { return .claimNotPending }
        change(slot) { lease in
            lease.progress.claim = nil
            lease.progress.claimDue = .never
            lease.progress.isDisputed = true
        }
        events.append(.lease(.claimDisputed(id, claim.sequence)))
        events.append(.lease(.progressed(leases[slot])))
        for party in [lease.buyer, lease.worker] {
            changeStanding(of: party, &events) { $0.disputes += 1 }
            touch(party)
        }
        return nil
    }

    /// The app's wish comes true when a window for disputes has passed; the worker gives the lease up at once.
    private mutating func closeLease(_ id: LeaseID, by account: AccountID, _ events: inout [Event]) -> Rejection? {
        let slot: Int32
        switch openLease(id, of: account) {
        case .success(let found): slot = found
        case .failure(let rejection): return rejection
        }
        let lease = leases[slot]
        guard lease.buyer == account else {
            end(slot, .workerGaveUp, &events)
            return nil
        }
        guard lease.progress.closesAt == .never, let window = lease.terms?.delivery.disputeWindow else { return nil }
        let at = LogicalTime(microseconds: leaseClock.microseconds + window)
        change(slot) { $0.progress.closesAt = at }
        events.append(.lease(.progressed(leases[slot])))
        touch(lease.buyer)
        touch(lease.worker)
        return nil
    }

    // MARK: Time

    /// When time will next do something to a lease or a bond, in logical time.
    var nextLeaseDeadline: LogicalTime? {
        guard let at = leaseDeadlines.first?.at else { return nil }
        let (due, isNever) = at.microseconds.addingReportingOverflow(grace)
        return isNever ? nil : LogicalTime(microseconds: due)
    }

    private mutating func schedule(_ lease: LeaseRecord) {
        schedule(LeaseDeadline(at: lease.due, lease: lease.id, isSlash: false))
    }

    mutating func schedule(_ entry: LeaseDeadline) {
        guard entry.at != .never else { return dropOldDeadlines() }
        leaseDeadlines.insert(entry)
        if leaseDeadlines.count > 2 * (leases.count + slashes.count) + Self.oldDeadlinesMax {
            leaseDeadlines = Heap(leaseDeadlines.elements.filter(counts))
        }
        dropOldDeadlines()
    }

    /// Deadlines that count no more, beyond as many as do, before they are cleared out.
    private static var oldDeadlinesMax: Int { 64 }

    /// So that the earliest deadline is always one that counts.
    mutating func dropOldDeadlines() {
        while let next = leaseDeadlines.first, !counts(next) { leaseDeadlines.removeFirst() }
    }

    private func counts(_ entry: LeaseDeadline) -> Bool {
        if entry.isSlash { return slashes[entry.lease]?.due == entry.at }
        return leases.find(entry.lease).map { leases[$0].due == entry.at } ?? false
    }

    /// Pays claims, ends leases and lets bonds pay where that is due, each of which takes one of `budget`. A command
    /// has room for one bid that enters again; behind it the next one goes on.
    mutating func settleLeases(_ budget: inout Int, _ events: inout [Event]) {
        while budget > 0, let next = leaseDeadlines.first, next.at <= leaseClock {
            leaseDeadlines.removeFirst()
            budget -= 1
            if next.isSlash {
                paySlash(of: next.lease, &events)
            } else if let slot = leases.find(next.lease) {
                let enters = leases[slot].terms?.delivery.rebid != Boxed.none
                carryOutDue(slot, &events)
                if enters { budget = 0 }
            }
            dropOldDeadlines()
        }
    }

    private mutating func carryOutDue(_ slot: Int32, _ events: inout [Event]) {
        let lease = leases[slot]
        if let claim = lease.progress.claim, lease.progress.claimDue != .never {
            payClaim(claim, of: slot, &events)
            return
        }
        if lease.progress.closesAt != .never { return end(slot, .appClosed, &events) }
        // Of a worker that has shown something, and an app that disputes it, nobody here knows who is right: were it a
        // breach, an app could earn by disputing.
        let isContested = rules >= RulesVersion.fairBonds && lease.progress.isDisputed
        let isBare = lease.progress.countersigned == nil && lease.used == .zero && !isContested
        end(slot, isBare ? .noReceipts : .deadline, &events)
    }

    /// Silence pays. The counts stay unsigned: the step goes on from where it was.
    private mutating func payClaim(_ claim: ReceiptMark, of slot: Int32, _ events: inout [Event]) {
        let id = leases[slot].id
        if claim.adjusted > leases[slot].used { charge(slot, claim.adjusted, &events) }
        change(slot) { $0.progress.claimDue = .never }
        events.append(.lease(.claimPaid(id, claim.sequence)))
        events.append(.lease(.progressed(leases[slot])))
        guard leases[slot].used < leases[slot].lots.tokens else { return end(slot, .usedUp, &events) }
        // Its end may be due at the same moment.
        schedule(leases[slot])
    }

    // MARK: The end

    /// Ends a lease: what it has not used goes back, and a worker that broke it answers for that.
    mutating func end(_ slot: Int32, _ reason: LeaseEnd, _ events: inout [Event]) {
        let lease = leases[slot]
        let trade = TradeID(lease.id.rawValue)
        post(lease.buyer, .leased, lease.buyer, .available, lease.unused, .refund, trade: trade, &events)
        recordSum.subtract(lease.recordHash)
        leases.remove(slot)
        dropOldDeadlines()
        registry.accounts[Int(lease.worker.rawValue) - 1].leasedLots -= lease.lots.count
        if let delivery = lease.terms?.delivery {
            countUse(of: lease.buyer, delivery.buyerProfile, -1)
            countUse(of: lease.worker, delivery.workerProfile, -1)
        }
        events.append(.leaseEnded(lease.id, lease.used, reason))
        touch(lease.buyer)
        touch(lease.worker)
        judge(lease, reason, &events)
        if let offer = find(lease.offer) { free(offer, lease.lots) }
        enterAgain(lease, reason, &events)
    }

    /// Gives an open offer lots of its limit back; one that stood at the limit arrives again at the end of the command.
    private mutating func free(_ offer: Int32, _ lots: Lots) {
        details[Int(offer)].openLots = details[Int(offer)].openLots - lots
        details[Int(offer)].lastSequence = sequence
        if book.free(offer, lots) || ordersWithLeast > 0 { lookAgain(at: book.orders[Int(offer)].id) }
        updateDigest(of: offer)
    }
}

// MARK: - Queries

extension Engine {
    /// An open lease.
    package func lease(_ id: LeaseID) -> LeaseRecord? { leases.find(id).map { leases[$0] } }

    /// Open leases of all accounts.
    package var openLeaseCount: Int { leases.count }

    /// Leaves of the log.
    package var logSize: Int64 { log.size }

    /// How leases are delivered now.
    package var currentLeasePolicy: LeasePolicyTerms { leasePolicy }

    /// The parties of a lease and the keys that their receipts are signed with.
    package func leaseKeys(of ids: [LeaseID]) -> [LeaseKeys] { ids.map { leaseKeys(of: $0) } }

    private func leaseKeys(of id: LeaseID) -> LeaseKeys {
        guard let slot = leases.find(id) else {
            return id.rawValue >= 1 && id.rawValue <= lastTrade.rawValue ? .ended : .unknown
        }
        let lease = leases[slot]
        return .open(
            buyer: lease.buyer,
            worker: lease.worker,
            appKey: buyerProfile(of: lease)?.terms.receiptKey,
            workerKey: workerProfile(of: lease)?.terms.receiptKey
        )
    }
}

/// What receipts of a lease are verified against.
package enum LeaseKeys: Hashable, Sendable {
    /// There has never been such a lease.
    case unknown
    case ended
    /// 32 bytes each; `nil` for a party that has given none.
    case open(buyer: AccountID, worker: AccountID, appKey: [UInt8]?, workerKey: [UInt8]?)
}
