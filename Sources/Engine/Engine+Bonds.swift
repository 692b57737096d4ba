import Exchange
import Ledger
import Provenance
package import Units

/// Bonds: what workers lock, and what a breach costs them.
extension Engine {
    mutating func lockBond(_ amount: NanoTON, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard registry.accountIndex(owner) != nil else { return .accountUnknown }
        guard balances.balance(LedgerAccount(owner, .available)) >= amount else { return .insufficientFunds }
        post(owner, .available, owner, .bond, amount, .bondLocked, &events)
        touch(owner)
        return nil
    }

    /// What answers for breaches that may still be pardoned, for offers or for leases stays.
    mutating func releaseBond(_ amount: NanoTON, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        guard Int128(amount.count) <= freeBond(of: account) else { return .bondInUse }
        post(owner, .bond, owner, .available, amount, .bondReleased, &events)
        touch(owner)
        return nil
    }

    private func bond(of account: Int) -> NanoTON {
        balances.balance(LedgerAccount(registry.accounts[account].record.id, .bond))
    }

    /// What nothing needs of an account's bond; below 0 when more is needed than there is.
    private func freeBond(of account: Int, for more: Lots = .zero) -> Int128 {
        let bond = Int128(bond(of: account).count) - registry.accounts[account].pendingSlashes
        guard leasePolicy.bondPerLot.count > 0 else { return bond }
        var lots = Int128(registry.accounts[account].leasedLots) + Int128(more.count)
        var slot = registry.accounts[account].firstOwn
        while slot >= 0 {
            let order = book.orders[Int(slot)]
            if order.isOffer { lots += Int128(order.remaining.count) }
            slot = details[Int(slot)].nextOwn
        }
        return bond - lots * Int128(leasePolicy.bondPerLot.count)
    }

    /// Money of the bond that its owner may have back now.
    package func releasableBond(of owner: AccountID) -> NanoTON {
        guard let account = registry.accountIndex(owner) else { return .zero }
        return NanoTON(Int64(max(0, freeBond(of: account))))
    }

    /// Whether the account's bond is enough for an offer of so many lots beside all that it offers and has leased.
    func isBondEnough(for lots: Lots, of account: Int) -> Bool {
        leasePolicy.bondPerLot.count == 0 || freeBond(of: account, for: lots) >= 0
    }

    /// Most open lots of an offer of the account, by the operator and by what it has to show; `nil` for no limit.
    func openLotsMax(of account: Int) -> Lots? {
        let own = registry.accounts[account].record.offerLotsMax
        guard let newcomers = leasePolicy.newcomerLotsMax, bond(of: account) == .zero,
            registry.accounts[account].standing?.delivered ?? 0 == 0
        else { return own }
        return own.map { min($0, newcomers) } ?? newcomers
    }

    // MARK: Breaches

    /// Gives the worker of a lease that has just ended its due.
    mutating func judge(_ lease: LeaseRecord, _ reason: LeaseEnd, _ events: inout [Event]) {
        guard lease.terms != nil else { return }
        switch reason {
        case .noReceipts, .equivocation: strike(lease, reason, &events)
        case .workerGaveUp: if lease.progress.countersigned == nil { strike(lease, reason, &events) }
        case .final, .usedUp, .appClosed:
            if lease.used > .zero { changeStanding(of: lease.worker, &events) { $0.delivered += 1 } }
        case .deadline, .operator: break
        }
    }

    private mutating func strike(_ lease: LeaseRecord, _ reason: LeaseEnd, _ events: inout [Event]) {
        changeStanding(of: lease.worker, &events) { $0.strikes += 1 }
        let undelivered = lease.price.cost(of: lease.lots.tokens) - lease.price.cost(of: lease.used)
        let due = LogicalTime(microseconds: leaseClock.microseconds + leasePolicy.appealWindow)
        let record = SlashRecord(
            lease: lease.id,
            worker: lease.worker,
            buyer: lease.buyer,
            amount: reason.slashes ? leasePolicy.slashShare.part(of: undelivered) : .zero,
            due: due,
            reason: reason
        )
        add(record)
        events.append(.lease(.slashSet(record)))
    }

    mutating func add(_ record: SlashRecord) {
        slashes[record.lease] = record
        recordSum.add(record.recordHash)
        registry.accounts[Int(record.worker.rawValue) - 1].pendingSlashes += Int128(record.amount.count)
        schedule(LeaseDeadline(at: record.due, lease: record.lease, isSlash: true))
    }

    private mutating func remove(_ record: SlashRecord) {
        slashes[record.lease] = nil
        recordSum.subtract(record.recordHash)
        registry.accounts[Int(record.worker.rawValue) - 1].pendingSlashes -= Int128(record.amount.count)
        dropOldDeadlines()
        touch(record.worker)
        touch(record.buyer)
    }

    /// The bond pays, as far as it has the money.
    mutating func paySlash(of lease: LeaseID, _ events: inout [Event]) {
        guard let record = slashes[lease] else { return }
        remove(record)
        let amount = min(record.amount, bond(of: Int(record.worker.rawValue) - 1))
        let trade = TradeID(lease.rawValue)
        post(record.worker, .bond, record.buyer, .available, amount, .slash, trade: trade, &events)
        events.append(.lease(.slashEnded(lease, .paid, amount)))
    }

    /// Takes back a strike while its bond has not paid.
    mutating func pardon(_ lease: LeaseID, _ events: inout [Event]) -> Rejection? {
        guard let record = slashes[lease] else { return .slashNotFound }
        remove(record)
        changeStanding(of: record.worker, &events) { $0.strikes -= 1 }
        events.append(.lease(.slashEnded(lease, .pardoned, .zero)))
        return nil
    }

    /// Breaches for which an account's bond may still have to pay, by lease.
    package func pendingSlashes(of worker: AccountID) -> [SlashRecord] {
        slashes.values.filter { $0.worker == worker }.sorted { $0.lease < $1.lease }
    }

    // MARK: Promises

    /// What pending breaches leave of a bond: a worker could otherwise break a promise to an app of its own, and have
    /// the bond before those get it to whom it is due.
    private func unclaimedBond(of account: Int) -> NanoTON {
        let bond = bond(of: account)
        guard rules >= RulesVersion.fairBonds else { return bond }
        return NanoTON(Int64(max(0, Int128(bond.count) - registry.accounts[account].pendingSlashes)))
    }

    /// Gives back a part of what a receipt earned that states that the offer's promise was not kept.
    mutating func answerForService(
        _ terms: ReceiptTerms,
        of lease: LeaseRecord,
        earned: NanoTON,
        _ events: inout [Event]
    ) {
        guard case .some(let service)? = lease.terms?.delivery.service else { return }
        let receipt = terms.signed.receipt
        let wasLate = service.timeToFirstToken > 0 && Int64(receipt.timeToFirstToken) > service.timeToFirstToken
        let wasLong = service.completion > 0 && receipt.endedAt - receipt.startedAt > service.completion
        guard wasLate || wasLong else { return }
        let amount = min(service.refundShare.part(of: earned), unclaimedBond(of: Int(lease.worker.rawValue) - 1))
        let trade = TradeID(lease.id.rawValue)
        post(lease.worker, .bond, lease.buyer, .available, amount, .serviceRefund, trade: trade, &events)
        let sequence = receipt.sequence
        events.append(.lease(.serviceBreached(lease.id, sequence: sequence, refunded: amount)))
    }
}
