import Exchange
package import Provenance
package import Units

/// Measured capability: what countersigned receipts say of their workers comes into the fields of their offers.
extension Engine {
    /// Counts what a receipt that was just countersigned says. `lease` is as it was before.
    mutating func measure(_ receipt: Receipt, of lease: LeaseRecord, _ events: inout [Event]) {
        guard rules >= 5, let model = lease.terms?.model else { return }
        let sample = PerformanceSample(receipt, after: lease.progress.countersigned)
        guard !sample.isEmpty else { return }
        let account = Int(lease.worker.rawValue) - 1
        let known = registry.accounts[account].performances.first { $0.model == model }
        var record = known ?? PerformanceRecord(account: lease.worker, model: model, at: time)
        record.add(sample, at: time, measurementPolicy)
        guard let next = record.published(at: time, measurementPolicy) else {
            return set(record, of: account, &events)
        }
        guard !next.showsAlike(record, at: time) else {
            return set(next, of: account, &events)
        }
        let isSmall = registry.accounts[account].orders <= work.step
        // What cannot be shown now is shown with a later receipt.
        guard isSmall || mayRemeasure(lease.worker) else { return set(record, of: account, &events) }
        set(next, of: account, &events)
        if isSmall { return reenter(misplacedOffers(of: account), &events) }
        begin(MassOperation(sequence: sequence, kind: .remeasure, account: lease.worker), &events)
    }

    private func mayRemeasure(_ worker: AccountID) -> Bool {
        operations.count < work.operations
            && !operations.contains { $0.kind == .remeasure && $0.account == worker }
    }

    private mutating func set(_ record: PerformanceRecord, of account: Int, _ events: inout [Event]) {
        set(record, of: account)
        events.append(.lease(.performanceSet(record)))
    }

    /// Takes the place of what was known of the same model.
    mutating func set(_ record: PerformanceRecord, of account: Int) {
        let known = registry.accounts[account].performances
        let place = known.firstIndex { $0.model >= record.model } ?? known.count
        var scheduled = LogicalTime.zero
        if place < known.count, known[place].model == record.model {
            recordSum.subtract(known[place].recordHash)
            scheduled = known[place].expiresAt
            registry.accounts[account].performances[place] = record
        } else {
            registry.accounts[account].performances.insert(record, at: place)
        }
        recordSum.add(record.recordHash)
        guard record.expiresAt != scheduled else { return }
        schedule(record.expiresAt, of: account)
        dropReplacedDeadlines()
    }

    /// Lets an account's offers that are in a class of old numbers arrive again, in ascending order, until the budget
    /// is used up; true when there are no more.
    mutating func remeasure(
        _ operation: inout MassOperation,
        _ budget: inout Int,
        _ events: inout [Event]
    ) -> Bool {
        var next = firstSlot(behind: operation)
        while next >= 0, book.orders[Int(next)].id.rawValue <= operation.sequence.rawValue {
            guard budget > 0, !hasShownEnough else { return false }
            budget -= 1
            let slot = next
            let order = book.orders[Int(slot)]
            next = details[Int(slot)].nextOwn
            operation.cursor = order.id.rawValue
            guard order.isOffer, currentCapability(of: slot) != book.capabilities[Int(order.group)] else { continue }
            touch(order.account)
            reenter(slot, &events)
            budget -= walkVisits
        }
        return true
    }

    mutating func setMeasurementPolicy(_ terms: MeasurementPolicyTerms, _ events: inout [Event]) -> Rejection? {
        measurementPolicy = terms
        events.append(.lease(.measurementPolicySet(terms)))
        log(.measurementPolicy(terms), &events)
        return nil
    }

    // MARK: Queries

    /// How an account delivers, by model.
    package func performances(of account: AccountID) -> [PerformanceRecord] {
        registry.accountIndex(account).map { Array(registry.accounts[$0].performances) } ?? []
    }

    /// How workers are measured now.
    package var currentMeasurementPolicy: MeasurementPolicyTerms { measurementPolicy }
}

extension PerformanceSample {
    /// What `receipt` says beyond the one that was countersigned before it on its lease.
    package init(_ receipt: Receipt, after mark: ReceiptMark?) {
        self.init()
        let before = mark?.usage ?? .zero
        let tokens = min(receipt.usage.completion - before.completion, Limits.sampleMax)
        let milliseconds = min(receipt.endedAt - max(receipt.startedAt, mark?.endedAt ?? 0), Limits.sampleMax)
        if tokens > 0, milliseconds > 0 { (self.tokens, self.milliseconds) = (tokens, milliseconds) }
        let hasFailed = receipt.flags.contains(.aborted) || receipt.flags.contains(.refused)
        guard !receipt.flags.contains(.partial), hasFailed || receipt.usage != before else { return }
        endsJob = true
        hasSucceeded = !hasFailed
        if hasSucceeded { timeToFirstToken = Int64(receipt.timeToFirstToken) }
    }
}

// MARK: - Restoring

extension Engine {
    mutating func restorePerformances(_ state: EngineState) throws(StateError) {
        measurementPolicy = state.delivery.measurementPolicy
        for record in state.delivery.performances {
            let name = "performance of \(record.account.text)"
            guard let account = registry.accountIndex(record.account) else { throw StateError(name, .accountUnknown) }
            guard registry.model(record.model) != nil else { throw StateError(name, .modelUnknown) }
            guard registry.accounts[account].performances.last.map({ $0.model < record.model }) ?? true else {
                throw StateError(name, .outOfOrder)
            }
            let shown = [record.throughputTPS, record.ttftMS, record.successBP]
            guard (record.tally.numbers + shown).allSatisfy({ $0 >= 0 }), record.tally.succeeded <= record.tally.jobs
            else { throw StateError(name, .outOfRange) }
            set(record, of: account)
        }
    }
}
