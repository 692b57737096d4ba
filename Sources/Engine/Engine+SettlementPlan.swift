import Exchange
import Ledger
import Provenance
import Settlement
import Units

/// Who is paid next, and what becomes of a batch.
extension Engine {
    /// Seconds by which a message is made older than the chain's clock: a node whose clock is behind takes it too.
    private static let age: UInt64 = 20

    /// Somebody who waits.
    private struct Waiting {
        var account: AccountID
        var withdrawal: WithdrawalID?
        var destination: PayoutDestination
        var amount: NanoTON
        var fee: NanoTON
        var comment = ""
    }

    /// Plans and signs in one: what is signed follows from the plan.
    mutating func plan(_ terms: SettlementPlanTerms, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.walletIndex(terms.wallet) else { return .walletUnknown }
        guard settlement.hold == nil else { return .settlementHeld }
        let wallet = settlement.wallets[index]
        guard !wallet.isRetired else { return .walletRetired }
        guard terms.chainTime >= wallet.scannedTo else { return .chainTimeBehind }
        guard settlement.batches.count < Limits.settlementBatchesMax else { return .settlementLimit }
        let waiting = waitingPayouts()
        let chosen: BatchPlan
        do throws(BatchPlan.Wait) {
            // Many more may wait than there is room for: of those nothing is made.
            chosen = try BatchPlan.next(
                waiting.indices.lazy.compactMap { index in
                    let one = waiting[index]
                    return PlannedPayout(id: Int64(index), address: one.destination.address.bytes, amount: one.amount)
                },
                means(of: wallet, terms),
                anchor: terms.origin != nil && isAnchorDue ? settlement.anchors.policy.amount : nil
            )
        } catch {
            switch error {
            case .nobody: return .nothingToSettle
            case .balance: return .walletBalanceLow
            case .capital: return .capitalBelowReserve
            }
        }
        // Not before the history that is known: otherwise nothing could prove that it was not carried out.
        let createdAt = max(terms.chainTime - min(Self.age, terms.chainTime), wallet.terms.startTime)
        let timeout = UInt64(wallet.terms.timeout)
        guard let place = takeQuery(of: index, createdAt: createdAt, timeout: timeout, &events) else {
            return .queryIDsInUse
        }
        let record = SettlementRecord(
            id: SettlementID(sequence.rawValue),
            wallet: wallet.id,
            phase: .signed,
            signed: .init(place: place, createdAt: createdAt, timeout: timeout, value: chosen.value),
            plannedAt: time
        )
        let anchor = terms.origin.flatMap { chosen.isAnchored ? anchorRecord(of: wallet.id, origin: $0) : nil }
        open(record, chosen.payouts.map { waiting[Int($0.id)] }, anchor, &events)
        return nil
    }

    private func means(of wallet: WalletRecord, _ terms: SettlementPlanTerms) -> BatchPlan.Means {
        // What was accepted has left the wallet already.
        let inFlight = settlement.batches.filter { $0.record.wallet == wallet.id && $0.record.phase == .signed }
        return BatchPlan.Means(
            balance: wallet.balance,
            inFlight: inFlight.reduce(.zero) { $0 + $1.record.signed.value },
            reserve: settlement.terms.walletReserve,
            capital: balances.balance(.operatorCapital) + balances.balance(.fees) - balances.balance(.networkCosts),
            capitalReserve: settlement.terms.capitalReserve,
            fees: { NanoTON(terms.baseFee.count + terms.feePerPayout.count * Int64($0)) }
        )
    }

    /// Withdrawals that are due in the order of their requests, then what accounts have earned, by account.
    private func waitingPayouts() -> [Waiting] {
        let due = settlement.withdrawals.filter(isDue).map { record in
            Waiting(
                account: record.account,
                withdrawal: record.id,
                destination: record.terms.destination,
                amount: record.terms.amount - record.fee,
                fee: record.fee,
                comment: record.terms.comment
            )
        }
        let fee = settlement.terms.payeeFee
        let earned = settlement.payoutTerms.values.compactMap { record in
            earnings(by: record).map { payable in
                Waiting(
                    account: record.account,
                    withdrawal: nil,
                    destination: record.terms.destination,
                    amount: payable - fee,
                    fee: fee
                )
            }
        }
        return due + earned.sorted { $0.account < $1.account }
    }

    /// A wallet may have been registered after it was named.
    private func isDue(_ record: WithdrawalRecord) -> Bool {
        record.isDue(at: time) && !settlement.isWallet(record.terms.destination.address)
    }

    /// What an account has earned, if it is to be paid now.
    private func earnings(by record: PayoutTermsRecord) -> NanoTON? {
        guard !record.isSuspended, record.usableAt <= time, !settlement.isWallet(record.terms.destination.address)
        else { return nil }
        let payable = balances.balance(LedgerAccount(record.account, .payable))
        return payable >= max(record.terms.threshold, settlement.terms.payoutMinimum) ? payable : nil
    }

    /// Whether a plan would find somebody who waits. It is asked several times a second, however many have terms.
    package var hasPayoutsWaiting: Bool {
        guard settlement.hold == nil else { return false }
        return settlement.withdrawals.contains(where: isDue)
            || settlement.payoutTerms.values.contains { earnings(by: $0) != nil }
    }

    private mutating func takeQuery(
        of wallet: Int,
        createdAt: UInt64,
        timeout: UInt64,
        _ events: inout [Event]
    ) -> UInt32? {
        let set = settlement.counters[wallet].nextSet
        var use = QuerySetUse(
            wallet: settlement.wallets[wallet].id,
            set: Int64(set),
            at: settlement.counters[wallet].lastUse(of: set)
        )
        guard let place = settlement.counters[wallet].take(createdAt: createdAt, timeout: timeout) else { return nil }
        if use.at > 0 { recordSum.subtract(use.recordHash) }
        use.at = settlement.counters[wallet].lastUse(of: set)
        if use.at > 0 { recordSum.add(use.recordHash) }
        events.append(.settlement(.querySetUsed(use)))
        let count = settlement.counters[wallet].count
        changeWallet(wallet, &events) { $0.queries = count }
        return place
    }

    private mutating func open(
        _ record: SettlementRecord,
        _ waiting: [Waiting],
        _ anchor: AnchorRecord?,
        _ events: inout [Event]
    ) {
        var payouts: [PayoutRecord] = []
        for (index, one) in waiting.enumerated() {
            payouts.append(
                PayoutRecord(
                    id: PayoutID(batch: record.id, index: Int64(index)),
                    account: one.account,
                    withdrawal: one.withdrawal,
                    destination: one.destination,
                    amount: one.amount,
                    fee: one.fee,
                    comment: one.comment
                )
            )
        }
        guard let batch = OpenSettlement(record, payouts, anchor: anchor.map(sent)) else {
            preconditionFailure("a plan has payouts that can be")
        }
        add(batch)
        events.append(.settlement(.batchSet(record)))
        if let anchor { open(anchor, &events) }
        for payout in payouts {
            events.append(.settlement(.payoutSet(payout)))
            if let id = payout.withdrawal {
                changeWithdrawal(id, &events) {
                    $0.state = .planned
                    $0.payout = payout.id
                }
            } else {
                let amount = payout.amount + payout.fee
                post(payout.account, .payable, payout.account, .inSettlement, amount, .payoutPlanned, &events)
            }
            touch(payout.account)
        }
    }

    /// What the wallet sends itself for an anchor.
    func sent(_ anchor: AnchorRecord) -> SettlementBatch.Sent {
        let wallet = settlement.wallets[Int(anchor.wallet.rawValue) - 1]
        return SettlementBatch.Sent(address: wallet.terms.address.bytes, amount: anchor.amount)
    }

    mutating func add(_ batch: OpenSettlement) {
        settlement.batches.append(batch)
        recordSum.add(batch.record.recordHash)
        for payout in batch.payouts { recordSum.add(payout.recordHash) }
    }

    mutating func changeWithdrawal(
        _ id: WithdrawalID,
        _ events: inout [Event],
        _ change: (inout WithdrawalRecord) -> Void
    ) {
        guard let index = settlement.withdrawalIndex(id) else { return }
        var record = settlement.withdrawals[index]
        change(&record)
        set(record)
        events.append(.settlement(.withdrawalSet(record)))
    }

    // MARK: Verdicts

    /// Tells a batch what has happened, and does what follows. What cannot happen in its phase stops settlement.
    /// Returns what comes back with an event, by index.
    mutating func tell(
        _ batch: Int,
        _ event: SettlementBatch.Event,
        at chainTime: UInt64,
        by transaction: WalletTransaction? = nil,
        _ events: inout [Event]
    ) -> [SettlementBatch.Action] {
        let old = settlement.batches[batch].record
        var actions: [SettlementBatch.Action] = []
        do throws(SettlementBatch.Unexpected) {
            actions = try settlement.batches[batch].apply(event, at: chainTime)
        } catch {
            actions = [.alarm(.contested)]
        }
        if let transaction { note(transaction, in: batch, after: event) }
        let record = settlement.batches[batch].record
        if record != old {
            recordSum.subtract(old.recordHash)
            recordSum.add(record.recordHash)
            events.append(.settlement(.batchSet(record)))
        }
        for action in actions {
            switch action {
            case .confirm: confirm(batch, by: transaction, &events)
            case .requeue: requeue(batch, &events)
            case .alarm(let alarm):
                events.append(.settlement(.alarm(record.id, alarm)))
                guard alarm == .contested else { continue }
                anchorLost(with: record.id, &events)
                let time = transaction?.position.logicalTime ?? 0
                holdSettlement(.contested, wallet: record.wallet, logicalTime: time, &events)
            case .send, .credit: continue
            }
        }
        if !old.phase.isFinal { logVerdict(of: settlement.batches[batch], &events) }
        return actions
    }

    private mutating func note(_ transaction: WalletTransaction, in batch: Int, after event: SettlementBatch.Event) {
        switch event {
        case .outside(_, 1):
            settlement.batches[batch].note(own: transaction.outgoing.first?.hash, block: transaction.block)
        case .outside: settlement.batches[batch].note(block: transaction.block)
        case .inside: settlement.batches[batch].note(block: transaction.block, code: transaction.code)
        default: break
        }
    }

    private mutating func logVerdict(of batch: OpenSettlement, _ events: inout [Event]) {
        guard let wallet = settlement.walletIndex(batch.record.wallet) else { return }
        let address = settlement.wallets[wallet].terms.address
        guard let settled = SettledBatch(batch, of: address) else { return }
        log(.settlementBatch(settled), &events)
    }

    /// Everybody is paid.
    private mutating func confirm(_ batch: Int, by transaction: WalletTransaction?, _ events: inout [Event]) {
        anchorSent(with: settlement.batches[batch].record.id, transaction?.outgoing.last?.hash, &events)
        for index in settlement.batches[batch].payouts.indices {
            let message = transaction.flatMap { $0.outgoing.indices.contains(index) ? $0.outgoing[index].hash : nil }
            changePayout(batch, index, &events) {
                $0.state = .paid
                $0.message = message
            }
            let payout = settlement.batches[batch].payouts[index]
            if let id = payout.withdrawal { changeWithdrawal(id, &events) { $0.state = .paid } }
            let account = LedgerAccount(payout.account, .inSettlement)
            pay(payout.amount, from: account, .payout, &events)
            post(Transfer(debit: account, credit: .fees, amount: payout.fee, kind: .payoutFee), &events)
            touch(payout.account)
        }
    }

    /// Nobody is paid, and nobody can be: earnings are payable again, and withdrawals wait again.
    private mutating func requeue(_ batch: Int, _ events: inout [Event]) {
        anchorLost(with: settlement.batches[batch].record.id, &events)
        for index in settlement.batches[batch].payouts.indices {
            changePayout(batch, index, &events) { $0.state = .requeued }
            let payout = settlement.batches[batch].payouts[index]
            if let id = payout.withdrawal {
                changeWithdrawal(id, &events) { $0.state = .requested }
            } else {
                let amount = payout.amount + payout.fee
                post(payout.account, .inSettlement, payout.account, .payable, amount, .payoutRequeued, &events)
            }
            touch(payout.account)
        }
    }

    mutating func changePayout(
        _ batch: Int,
        _ index: Int,
        _ events: inout [Event],
        _ change: (inout PayoutRecord) -> Void
    ) {
        recordSum.subtract(settlement.batches[batch].payouts[index].recordHash)
        change(&settlement.batches[batch].payouts[index])
        let payout = settlement.batches[batch].payouts[index]
        recordSum.add(payout.recordHash)
        events.append(.settlement(.payoutSet(payout)))
    }

    /// Forgets batches of which nothing can come any more. What is contested stays.
    mutating func endBatches(of wallet: WalletID, at chainTime: UInt64, _ events: inout [Event]) {
        var ended: Set<SettlementID> = []
        for batch in settlement.batches where batch.record.wallet == wallet && batch.record.phase != .contested {
            guard let decidedAt = batch.record.decidedAt, chainTime >= decidedAt + Limits.settlementKept else {
                continue
            }
            ended.insert(batch.record.id)
        }
        guard !ended.isEmpty else { return }
        for batch in settlement.batches.indices where ended.contains(settlement.batches[batch].record.id) {
            forget(batch, &events)
        }
        settlement.batches.removeAll { ended.contains($0.record.id) }
    }

    /// Tells that nothing more comes of a batch, which is to be taken away then.
    mutating func forget(_ batch: Int, _ events: inout [Event]) {
        let batch = settlement.batches[batch]
        recordSum.subtract(batch.record.recordHash)
        for payout in batch.payouts { recordSum.subtract(payout.recordHash) }
        events.append(.settlement(.batchEnded(batch.record.id)))
    }
}
