package import Cryptography
import Exchange
import Ledger
import Provenance
import Units

/// Receipts: what each of them may say, and what it does (DESIGN §7).
extension Engine {
    /// What a receipt that may be recorded is.
    private enum Standing {
        /// What is known already, as this.
        case repeated(ReceiptMark)
        case countersigned
        case claim
        /// It contradicts this one.
        case contradicts(ReceiptMark)
    }

    mutating func record(_ terms: ReceiptTerms, of account: AccountID, _ events: inout [Event]) -> Rejection? {
        let slot: Int32
        switch openLease(terms.signed.receipt.lease) {
        case .success(let found): slot = found
        case .failure(let rejection): return rejection
        }
        if let rejection = rejection(of: terms, by: account, leases[slot]) { return rejection }
        switch standing(of: terms, leases[slot]) {
        case .failure(let rejection): return rejection
        case .success(.repeated(let mark)):
            events.append(.lease(.receiptRepeated(RepeatedReceipt(mark, of: leases[slot]))))
        case .success(.countersigned): recordCountersigned(terms, slot, of: account, &events)
        case .success(.claim): recordClaim(terms, slot, of: account, &events)
        case .success(.contradicts(let mark)):
            fail(slot, terms.signed, earlierHash: mark.hash, nil, salt: terms.salt, &events)
        }
        return nil
    }

    // MARK: Judging

    /// Why the receipt is not one of this lease, or is miscounted, whatever was known before.
    private func rejection(of terms: ReceiptTerms, by account: AccountID, _ lease: LeaseRecord) -> Rejection? {
        guard let frozen = lease.terms, let weights = frozen.weightSet.weightSet else { return .leaseWithoutReceipts }
        let receipt = terms.signed.receipt
        guard account == lease.buyer || account == lease.worker, areTerms(of: receipt, those: lease) else {
            return .receiptForeign
        }
        let (worker, app) = (workerProfile(of: lease)?.party, buyerProfile(of: lease)?.party)
        guard worker.map({ $0 == receipt.worker }) ?? true else { return .receiptForeign }
        let stated = registry.weights(of: frozen.model, version: frozen.modelVersion).sha256
        guard stated == .none || Array(stated.bytes) == receipt.weights.bytes else { return .receiptForeign }
        guard worker != nil, app != nil || terms.signed.appSignature == nil else { return .receiptKeyMissing }
        guard receipt.adjustedTokens(weights: weights) == receipt.adjusted else { return .usageMiscounted }
        guard receipt.amountDue == receipt.amount else { return .amountMiscounted }
        return receipt.adjusted > lease.lots.tokens ? .usageAboveLease : nil
    }

    /// What the receipt is beside those that are known.
    private func standing(of terms: ReceiptTerms, _ lease: LeaseRecord) -> Result<Standing, Rejection> {
        let receipt = terms.signed.receipt
        let isCountersigned = terms.signed.appSignature != nil
        let progress = lease.progress
        let (newest, claim) = (progress.countersigned, progress.claim)
        let known = isCountersigned ? newest : [newest, claim].compactMap { $0 }.max { $0.sequence < $1.sequence }
        if let known, receipt.sequence < known.sequence { return .failure(.receiptSuperseded) }
        if let newest, newest.sequence == receipt.sequence {
            return .success(newest.hash == terms.hash ? .repeated(newest) : .contradicts(newest))
        }
        if let claim, claim.sequence == receipt.sequence {
            if claim.hash != terms.hash { return .success(.contradicts(claim)) }
            if !isCountersigned { return .success(.repeated(claim)) }
        }
        for mark in [newest, isCountersigned ? nil : claim].compactMap({ $0 }) {
            guard receipt.usage.isAtLeast(mark.usage), receipt.endedAt >= mark.endedAt else {
                return .failure(.receiptNotMonotone)
            }
        }
        for mark in [newest, claim].compactMap({ $0 }) {
            guard receipt.sequence != mark.sequence &+ 1 || receipt.previous == mark.hash else {
                return .failure(.receiptChain)
            }
        }
        if lease.end <= leaseClock, claim?.hash != terms.hash { return .failure(.receiptAfterDeadline) }
        if isCountersigned { return .success(.countersigned) }
        guard receipt.adjusted.count <= lease.base.count + (lease.terms?.delivery.step.count ?? 0) else {
            return .failure(.claimAboveStep)
        }
        return progress.isDisputed ? .failure(.claimDisputed) : .success(.claim)
    }

    // MARK: Recording

    private mutating func recordCountersigned(
        _ terms: ReceiptTerms,
        _ slot: Int32,
        of account: AccountID,
        _ events: inout [Event]
    ) {
        let receipt = terms.signed.receipt
        let before = leases[slot]
        let pays = receipt.adjusted > before.used
        if pays { charge(slot, receipt.adjusted, &events) }
        let mark = log(terms, of: account, charged: pays ? receipt.adjusted : nil, &events)
        change(slot) { lease in
            lease.progress.countersigned = mark
            lease.progress.isDisputed = false
            if let claim = lease.progress.claim,
                claim.sequence <= mark.sequence || claim.adjusted <= mark.adjusted
            {
                lease.progress.claim = nil
                lease.progress.claimDue = .never
            }
        }
        events.append(.lease(.progressed(leases[slot])))
        measure(receipt, of: before, &events)
        if pays {
            let earned = before.price.cost(of: receipt.adjusted) - before.price.cost(of: before.used)
            answerForService(terms, of: before, earned: earned, &events)
        }
        touch(before.buyer)
        touch(before.worker)
        if receipt.flags.contains(.final) {
            end(slot, .final, &events)
        } else if leases[slot].used == before.lots.tokens {
            end(slot, .usedUp, &events)
        }
    }

    private mutating func recordClaim(
        _ terms: ReceiptTerms,
        _ slot: Int32,
        of account: AccountID,
        _ events: inout [Event]
    ) {
        let mark = log(terms, of: account, charged: nil, &events)
        let window = leases[slot].terms?.delivery.disputeWindow ?? 0
        let due = LogicalTime(microseconds: leaseClock.microseconds + window)
        change(slot) { lease in
            lease.progress.claim = mark
            lease.progress.claimDue = due
        }
        events.append(.lease(.progressed(leases[slot])))
        touch(leases[slot].buyer)
        touch(leases[slot].worker)
    }

    // MARK: Equivocation

    mutating func prove(_ terms: EquivocationTerms, of account: AccountID, _ events: inout [Event]) -> Rejection? {
        let (first, second) = (terms.proof.first, terms.proof.second)
        let slot: Int32
        switch openLease(first.receipt.lease) {
        case .success(let found): slot = found
        case .failure(let rejection): return rejection
        }
        guard let worker = workerProfile(of: leases[slot])?.party else { return .receiptKeyMissing }
        guard worker == first.receipt.worker else { return .equivocationForeign }
        let areOfTheLease = [first, second].allSatisfy { areTerms(of: $0.receipt, those: leases[slot]) }
        guard rules < RulesVersion.fairBonds || areOfTheLease else { return .equivocationForeign }
        fail(slot, second, earlierHash: first.receipt.hash, first, salt: terms.salt, &events)
        return nil
    }

    /// Whether a receipt is of the lease's price and app. A worker with one key on two exchanges, or on one that began
    /// anew, may have signed others of a lease of this number. An app without a key has no name; its worker is paid by
    /// silence.
    private func areTerms(of receipt: Receipt, those lease: LeaseRecord) -> Bool {
        receipt.price == lease.price
            && receipt.app == buyerProfile(of: lease)?.party ?? PartyID(high: 0, low: 0)
    }

    /// Keeps the proof and ends the lease.
    private mutating func fail(
        _ slot: Int32,
        _ later: SignedReceipt,
        earlierHash: Digest256,
        _ earlier: SignedReceipt?,
        salt: [UInt8],
        _ events: inout [Event]
    ) {
        let lease = leases[slot]
        let record = EquivocationRecord(
            index: log.size,
            lease: lease.id,
            worker: lease.worker,
            sequence: later.receipt.sequence,
            earlierHash: earlierHash,
            earlier: earlier,
            later: later,
            salt: salt
        )
        events.append(.lease(.equivocated(record)))
        append(.equivocation, record.payloadHash, salt: salt, &events)
        end(slot, .equivocation, &events)
    }

    // MARK: The log

    /// Records a receipt, and says what is known of it from now on.
    private mutating func log(
        _ terms: ReceiptTerms,
        of account: AccountID,
        charged: AdjustedTokens?,
        _ events: inout [Event]
    ) -> ReceiptMark {
        let receipt = terms.signed.receipt
        let mark = ReceiptMark(
            index: log.size,
            sequence: receipt.sequence,
            usage: receipt.usage,
            adjusted: receipt.adjusted,
            endedAt: receipt.endedAt,
            hash: terms.hash
        )
        let record = ReceiptRecord(index: log.size, terms: terms, account: account, charged: charged)
        events.append(.lease(.receiptRecorded(record)))
        append(.receipt, terms.signed.payloadHash, salt: terms.salt, &events)
        return mark
    }

    mutating func append(
        _ kind: LogEntry.Kind,
        _ payload: Digest256,
        salt: [UInt8]?,
        _ events: inout [Event]
    ) {
        let milliseconds = min(max(0, time.microseconds / 1_000), Limits.timeMillisecondsMax)
        guard let entry = LogEntry(kind: kind, milliseconds: milliseconds, salt: salt, payload: payload) else {
            preconditionFailure("a salt has 32 bytes where it comes in")
        }
        let hash = entry.leafHash
        let index = log.size
        var nodes: [LoggedLeaf.Node] = []
        log.append(hash) { level, index, hash in
            if level > 0 { nodes.append(LoggedLeaf.Node(level: level, index: index, hash: hash)) }
        }
        events.append(.lease(.logged(LoggedLeaf(index: index, entry: entry, hash: hash, nodes: nodes))))
    }
}

extension EquivocationRecord {
    /// What the log commits to: ``Equivocation/payloadHash`` when both receipts came together; otherwise SHA-256 of the
    /// earlier receipt's hash, the later receipt's 312 bytes and the worker's signature.
    package var payloadHash: Digest256 {
        if let earlier, let proof = Equivocation(earlier, later) { return proof.payloadHash }
        return SHA256.hash(earlierHash.bytes + later.receipt.bytes + later.workerSignature)
    }
}
