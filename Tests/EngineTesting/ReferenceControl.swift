import Engine
import Exchange
import Ledger
import Units

/// What the operator, the clock and an account as a whole do to the market.
extension ReferenceEngine {
    // MARK: Halts and price bands

    func isHalted(_ model: ModelID) -> Bool { controls.contains { $0.model == model && $0.isHalted } }

    /// Whether nothing of these trades. A bid that names none may trade anywhere.
    func areHalted(_ models: [ModelID]) -> Bool {
        isHalted(.unknown) || !models.isEmpty && models.allSatisfy(isHalted)
    }

    /// Whether the order has nowhere to trade.
    func isHalted(_ order: OrderRecord) -> Bool {
        areHalted(order.side == .offer ? [capability(of: order).model] : requirement(of: order).models.array)
    }

    func band(of model: ModelID) -> PriceBand? { controls.first { $0.model == model }?.band }

    private mutating func setControl(of model: ModelID, _ change: (inout MarketControlRecord) -> Void) {
        var record = controls.first { $0.model == model } ?? MarketControlRecord(model: model)
        change(&record)
        record.sequence = sequence
        controls.removeAll { $0.model == model }
        if record.isHalted || record.band != nil { controls.append(record) }
        controls.sort { $0.model < $1.model }
        emit(.controlSet(record))
    }

    /// To halt what is halted, or to resume what is not, says nothing.
    mutating func setHalt(_ terms: HaltTerms) -> Rejection? {
        guard terms.model == .unknown || model(terms.model) != nil else { return .modelUnknown }
        let model = terms.model
        guard isHalted(model) != terms.isHalted else { return nil }
        guard terms.isHalted || operations.count < work.operations else { return .operationLimit }
        setControl(of: model) { $0.isHalted = terms.isHalted }
        if terms.isHalted {
            // A resumption that has not come to its end is taken back.
            for operation in operations where operation.kind == .resume && operation.model == model { end(operation) }
        } else {
            begin(MassOperation(sequence: sequence, kind: .resume, account: .system, model: model))
        }
        return nil
    }

    mutating func setPriceBand(_ terms: PriceBandTerms) -> Rejection? {
        guard terms.model == .unknown || model(terms.model) != nil else { return .modelUnknown }
        setControl(of: terms.model) { $0.band = terms.band }
        return nil
    }

    // MARK: Accounts

    private mutating func changeAccount(_ id: AccountID, _ change: (inout AccountRecord) -> Void) {
        for index in accounts.indices where accounts[index].id == id {
            change(&accounts[index])
            emit(.accountChanged(accounts[index]))
        }
    }

    mutating func setLimits(_ terms: AccountLimitTerms) -> Rejection? {
        guard let before = accounts.first(where: { $0.id == terms.account }) else { return .accountUnknown }
        // Whoever leaves a group may trade with those whom it leaves.
        let leaves = before.selfTradeGroup != terms.selfTradeGroup
        let own = orders.filter { $0.account == terms.account }
        guard !leaves || own.count <= work.step else { return .operationLimit }
        changeAccount(terms.account) {
            $0.openOrdersMax = terms.openOrdersMax
            $0.offerLotsMax = terms.offerLotsMax
            $0.selfTradeGroup = terms.selfTradeGroup
            $0.isClosed = terms.isClosed
        }
        if leaves { for order in own { lookAgain(at: order.id) } }
        return nil
    }

    mutating func setCancelAfter(_ microseconds: Int64, of id: AccountID) -> Rejection? {
        guard isKnown(id) else { return .accountUnknown }
        let at = LogicalTime(microseconds: time.microseconds + microseconds)
        changeAccount(id) { $0.cancelAfter = microseconds == 0 ? .never : at }
        return nil
    }

    mutating func setCancelOnDisconnect(_ cancels: Bool, of id: AccountID) -> Rejection? {
        guard isKnown(id) else { return .accountUnknown }
        changeAccount(id) { $0.cancelsOnDisconnect = cancels }
        return nil
    }

    mutating func disconnect(_ id: AccountID) -> Rejection? {
        guard let account = accounts.first(where: { $0.id == id }) else { return .accountUnknown }
        guard account.cancelsOnDisconnect else { return nil }
        guard mayBegin(of: id) else { return .operationLimit }
        changeAccount(id) { $0.cancelsOnDisconnect = false }
        begin(MassOperation(sequence: sequence, kind: .disconnect, account: id))
        return nil
    }

    // MARK: Mass operations

    /// Whether the operation will still come to the order.
    func covers(_ operation: MassOperation, _ order: OrderRecord) -> Bool {
        if operation.kind == .resume {
            guard order.priority.rawValue > operation.cursor else { return false }
            guard let model = operation.model, model != .unknown else { return true }
            if order.side == .offer { return capability(of: order).model == model }
            let models = requirement(of: order).models
            return models.isEmpty || models.contains(model)
        }
        guard order.account == operation.account, order.id.rawValue <= operation.sequence.rawValue else { return false }
        guard order.id.rawValue > operation.cursor else { return false }
        if let side = operation.side, side != order.side { return false }
        if let model = operation.model {
            let isOf =
                order.side == .offer
                ? capability(of: order).model == model : requirement(of: order).models.contains(model)
            guard isOf else { return false }
        }
        guard let profile = operation.profile else { return true }
        let wanted = profiles[Int(profile.rawValue) - 1]
        return order.side == .offer ? wanted.isMet(by: capability(of: order)) : order.profileID == profile
    }

    mutating func massCancel(_ filter: OrderFilter, of id: AccountID) -> Rejection? {
        guard isKnown(id) else { return .accountUnknown }
        let named = [filter.model].compactMap { $0 } + (filter.requirement?.models.array ?? [])
        guard named.allSatisfy({ model($0) != nil }) else { return .modelUnknown }
        guard mayBegin(of: id) else { return .operationLimit }
        var operation = MassOperation(sequence: sequence, kind: .cancel, account: id)
        (operation.side, operation.model) = (filter.side, filter.model)
        let own = orders.filter { $0.account == id }
        if let wanted = filter.requirement, !profiles.contains(wanted), own.count <= work.step {
            // No bid demands it, and nothing is left to go on with.
            for order in own where order.side == .offer && covers(operation, order) {
                if wanted.isMet(by: capability(of: order)) { close(order.id, .cancelled) }
            }
            return nil
        }
        operation.profile = filter.requirement.map { intern($0) }
        begin(operation)
        return nil
    }

    /// What is done in one step needs no room among the operations under way.
    func mayBegin(of account: AccountID) -> Bool {
        operations.count < work.operations || orders.count { $0.account == account } <= work.step
    }

    /// Does at once what one step can do.
    private mutating func begin(_ operation: MassOperation) {
        var budget = work.step
        begin(operation, &budget)
    }

    private mutating func begin(_ operation: MassOperation, _ budget: inout Int) {
        operations.append(operation)
        if let rest = goOn(operation, &budget) {
            emit(.operationSet(rest))
        } else {
            operations.removeAll { $0.isSame(as: operation) }
        }
    }

    private mutating func end(_ operation: MassOperation) {
        operations.removeAll { $0.isSame(as: operation) }
        emit(.operationEnded(operation.sequence, operation.account))
    }

    /// Carries an operation on by so many orders, those included that walks of a resumption visit. What is left of it;
    /// `nil` if nothing is. Its cursor stands at the last order that it has passed and that is still there.
    private mutating func goOn(_ operation: MassOperation, _ budget: inout Int) -> MassOperation? {
        var now = operation
        while let order = nextOrder(of: now) {
            if budget <= 0 || now.kind == .resume && hasShownEnough { return now }
            budget -= 1
            let isMeant = covers(now, order)
            if now.kind == .resume { now.cursor = order.priority.rawValue }
            if now.kind != .resume, !isMeant { now.cursor = order.id.rawValue }
            for index in operations.indices where operations[index].isSame(as: now) { operations[index] = now }
            switch now.kind {
            case .cancel: if isMeant { close(order.id, .cancelled) }
            case .cancelAfter: close(order.id, .cancelAfter)
            case .disconnect: close(order.id, .disconnected)
            case .resume:
                guard !isDue(order) else { continue }
                enterAgain(order.id)
                budget -= visited
            case .remeasure: preconditionFailure("the reference engine has no receipts")
            }
        }
        return nil
    }

    /// What the operation looks at next: of a cancellation all orders of the account, oldest first; of a resumption
    /// the orders that it concerns, in order of priority.
    private func nextOrder(of operation: MassOperation) -> OrderRecord? {
        if operation.kind == .resume {
            return orders.filter { covers(operation, $0) }.min { $0.priority < $1.priority }
        }
        return orders.first {
            $0.account == operation.account && $0.id.rawValue > operation.cursor
                && $0.id.rawValue <= operation.sequence.rawValue
        }
    }

    // MARK: Fees

    mutating func announce(_ terms: FeeNoticeTerms) -> Rejection? {
        let isDearer =
            terms.fees.rates.maker > fees.rates.maker || terms.fees.rates.taker > fees.rates.taker
            || terms.fees.minimumNotional > fees.minimumNotional
        let earliest = time.microseconds + (isDearer ? Limits.feeNoticeMin : 0)
        guard terms.effectiveAt.microseconds >= earliest else { return .noticeTooShort }
        feeNotice = terms
        emit(.feesAnnounced(terms))
        return nil
    }

    // MARK: Time

    /// When something is due: the earliest of all that waits for a moment. Work that is under way is due at once.
    var nextDeadline: LogicalTime? {
        if !operations.isEmpty { return time }
        var moments = orders.map(\.rules.expiresAt) + accounts.map(\.cancelAfter)
        moments += (leases.map(\.end) + slashes.map(\.due)).map { LogicalTime(microseconds: $0.microseconds + grace) }
        moments += attestations.flatMap { record in
            deadlines(of: record.terms).filter { $0 > max(record.setAt, lastTick) && $0 != .never }
        }
        moments += measurements.filter { $0.terms.expiresAt > max($0.setAt, lastTick) && $0.terms.expiresAt != .never }
            .map(\.terms.expiresAt)
        // The oldest request is kept a second longer than it must.
        let request = remembered.first.map { end(of: $0, and: 1_000_000) }
        moments += [feeNotice?.effectiveAt, request].compactMap { $0 }
        return moments.filter { $0 != .never }.min()
    }

    /// When a request may be forgotten, and some microseconds.
    func end(of request: RememberedRequest, and extra: Int64 = 0) -> LogicalTime {
        LogicalTime(microseconds: request.at.microseconds + Limits.idempotencyWindow + extra)
    }

    /// Attestations that expire; then orders that do, and dead-man switches, the earliest first; then what is under
    /// way, the oldest first; then fees; then what is to be forgotten.
    mutating func tick() {
        lastTick = time
        reclassify()
        var budget = work.step
        expire(&budget)
        while budget > 0, let oldest = operations.first {
            if let rest = goOn(oldest, &budget) {
                emit(.operationSet(rest))
                break
            }
            end(oldest)
        }
        settleLeases(&budget)
        if let notice = feeNotice, notice.effectiveAt <= time {
            feeNotice = nil
            fees = notice.fees
            emit(.feesSet(fees, isAnnounced: true))
        }
        let forgotten = remembered.count { end(of: $0) <= time }
        if forgotten > 0 { forget(forgotten) }
    }

    /// At one moment orders come before accounts. An account whose orders cannot be cancelled at once, while too much
    /// else is under way, waits.
    private mutating func expire(_ budget: inout Int) {
        var due = orders.map { (at: $0.rules.expiresAt, isAccount: false, number: $0.id.rawValue) }
        due += accounts.map { (at: $0.cancelAfter, isAccount: true, number: $0.id.rawValue) }
        due = due.filter { $0.at <= time }.sorted {
            ($0.at.microseconds, $0.isAccount ? 1 : 0, $0.number) < (
                $1.at.microseconds, $1.isAccount ? 1 : 0, $1.number
            )
        }
        for entry in due where budget > 0 {
            let account = AccountID(entry.number)
            if entry.isAccount, !mayBegin(of: account) { continue }
            // A dead-man switch may have been first.
            if !entry.isAccount, order(OrderID(entry.number)) == nil { continue }
            budget -= 1
            if entry.isAccount {
                changeAccount(account) { $0.cancelAfter = .never }
                begin(MassOperation(sequence: sequence, kind: .cancelAfter, account: account), &budget)
            } else {
                close(OrderID(entry.number), .expired)
            }
        }
    }
}

extension MassOperation {
    /// Whether both are the same, perhaps at different times. A tick may begin one for each of several accounts.
    func isSame(as other: MassOperation) -> Bool { sequence == other.sequence && account == other.account }
}
