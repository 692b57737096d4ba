import Exchange
import Ledger
import Units

/// How the operator holds the market in check: halts, price bands, limits of accounts, fees that are announced.
extension Engine {
    /// Stops matching, or lets it go on: then all orders concerned arrive again in order of priority.
    mutating func setHalt(_ terms: HaltTerms, _ events: inout [Event]) -> Rejection? {
        guard terms.model == .unknown || registry.model(terms.model) != nil else { return .modelUnknown }
        var record = control.records[terms.model] ?? MarketControlRecord(model: terms.model)
        guard record.isHalted != terms.isHalted else { return nil }
        guard terms.isHalted || operations.count < work.operations else { return .operationLimit }
        record.isHalted = terms.isHalted
        set(&record, &events)
        if terms.isHalted {
            endResumption(of: terms.model, &events)
        } else {
            var operation = MassOperation(sequence: sequence, kind: .resume, account: .system)
            operation.model = terms.model
            begin(operation, &events)
        }
        return nil
    }

    /// A halt takes back a resumption that is still under way.
    private mutating func endResumption(of model: ModelID, _ events: inout [Event]) {
        guard let index = operations.firstIndex(where: { $0.kind == .resume && $0.model == model }) else { return }
        let operation = operations.remove(at: index)
        recordSum.subtract(operation.recordHash)
        events.append(.operationEnded(operation.sequence, operation.account))
    }

    mutating func setPriceBand(_ terms: PriceBandTerms, _ events: inout [Event]) -> Rejection? {
        guard terms.model == .unknown || registry.model(terms.model) != nil else { return .modelUnknown }
        var record = control.records[terms.model] ?? MarketControlRecord(model: terms.model)
        record.band = terms.band
        set(&record, &events)
        return nil
    }

    private mutating func set(_ record: inout MarketControlRecord, _ events: inout [Event]) {
        record.sequence = sequence
        if let before = control.records[record.model] { recordSum.subtract(before.recordHash) }
        control.set(record)
        if let after = control.records[record.model] { recordSum.add(after.recordHash) }
        events.append(.controlSet(record))
    }

    /// Limits count for orders that come from now on. Accounts that leave a self-trade group may trade at once with
    /// those that they leave.
    mutating func setAccountLimits(_ terms: AccountLimitTerms, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(terms.account) else { return .accountUnknown }
        let leavesGroup = registry.accounts[account].record.selfTradeGroup != terms.selfTradeGroup
        guard !leavesGroup || registry.accounts[account].orders <= work.step else {
            return .operationLimit
        }
        let rejection = change(terms.account, &events) { record in
            record.openOrdersMax = terms.openOrdersMax
            record.offerLotsMax = terms.offerLotsMax
            record.selfTradeGroup = terms.selfTradeGroup
            record.isClosed = terms.isClosed
        }
        guard rejection == nil, leavesGroup else { return rejection }
        var slot = registry.accounts[account].firstOwn
        while slot >= 0 {
            lookAgain(at: book.orders[Int(slot)].id)
            slot = details[Int(slot)].nextOwn
        }
        return nil
    }

    // MARK: Fees

    /// Sets the fees that come next, in place of others that were announced. Dearer ones need their notice.
    mutating func announce(_ terms: FeeNoticeTerms, _ events: inout [Event]) -> Rejection? {
        let isDearer =
            terms.fees.rates.maker > fees.rates.maker || terms.fees.rates.taker > fees.rates.taker
            || terms.fees.minimumNotional > fees.minimumNotional
        let notice = terms.effectiveAt.microseconds.subtractingReportingOverflow(time.microseconds)
        guard notice.overflow || notice.partialValue >= (isDearer ? Limits.feeNoticeMin : 0) else {
            return .noticeTooShort
        }
        feeNotice = terms
        events.append(.feesAnnounced(terms))
        return nil
    }

    /// Puts announced fees in force when they are due.
    mutating func carryOutFeeNotice(_ events: inout [Event]) {
        guard let notice = feeNotice, notice.effectiveAt <= time else { return }
        feeNotice = nil
        fees = notice.fees
        events.append(.feesSet(notice.fees, isAnnounced: true))
    }
}
