import Exchange
import Ledger
package import Units

/// What concerns more orders than one command may visit: cancelling many, and letting them arrive again after a halt.
extension Engine {
    // MARK: Beginning

    /// Cancels the account's orders that the filter means.
    mutating func cancel(_ filter: OrderFilter, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        let isKnown = { (model: ModelID) in self.registry.model(model) != nil }
        guard filter.model.map(isKnown) ?? true, filter.requirement?.models.array.allSatisfy(isKnown) ?? true else {
            return .modelUnknown
        }
        guard hasRoom(for: account) else { return .operationLimit }
        var operation = MassOperation(sequence: sequence, kind: .cancel, account: owner)
        operation.side = filter.side
        operation.model = filter.model
        if let requirement = filter.requirement {
            let known = book.findProfile(requirement)
            let isOneStep = registry.accounts[account].orders <= work.step
            if known == nil, isOneStep, rules >= RulesVersion.namelessFilters {
                // A profile would stay for ever, and cancelling is never throttled.
                var budget = work.step
                _ = cancelMeant(&operation, .cancelled, meeting: requirement, &budget, &events)
                return nil
            }
            // Later batches know what is meant by its profile alone.
            let group = known ?? intern(requirement, &events)
            operation.profile = ProfileID(Int64(group) + 1)
        }
        begin(operation, &events)
        return nil
    }

    /// Whether what cannot be done at once can be remembered.
    private func hasRoom(for account: Int) -> Bool {
        operations.count < work.operations || registry.accounts[account].orders <= work.step
    }

    mutating func begin(_ operation: MassOperation, _ events: inout [Event]) {
        var budget = work.step
        begin(operation, &budget, &events)
    }

    private mutating func begin(_ operation: MassOperation, _ budget: inout Int, _ events: inout [Event]) {
        var operation = operation
        // While it is under way, the orders that it has before it never fill.
        operations.append(operation)
        let isDone = goOn(&operation, &budget, &events)
        operations.removeLast()
        guard !isDone else { return }
        operations.append(operation)
        recordSum.add(operation.recordHash)
        events.append(.operationSet(operation))
    }

    // MARK: Going on

    /// Goes on with what is under way, the oldest first.
    mutating func goOnWithOperations(_ budget: inout Int, _ events: inout [Event]) {
        while budget > 0, let first = operations.first {
            var operation = first
            let isDone = goOn(&operation, &budget, &events)
            recordSum.subtract(first.recordHash)
            guard isDone else {
                operations[0] = operation
                recordSum.add(operation.recordHash)
                return events.append(.operationSet(operation))
            }
            operations.removeFirst()
            events.append(.operationEnded(first.sequence, first.account))
        }
    }

    private mutating func goOn(
        _ operation: inout MassOperation,
        _ budget: inout Int,
        _ events: inout [Event]
    ) -> Bool {
        switch operation.kind {
        case .cancel: cancelMeant(&operation, .cancelled, &budget, &events)
        case .cancelAfter: cancelMeant(&operation, .cancelAfter, &budget, &events)
        case .disconnect: cancelMeant(&operation, .disconnected, &budget, &events)
        case .resume: resume(&operation, &budget, &events)
        case .remeasure: remeasure(&operation, &budget, &events)
        }
    }

    /// Cancels orders in ascending order until the budget is used up; true when there are no more. `nameless` is a
    /// requirement without a profile: no bid demands it, but offers may meet it.
    private mutating func cancelMeant(
        _ operation: inout MassOperation,
        _ reason: CloseReason,
        meeting nameless: Requirement? = nil,
        _ budget: inout Int,
        _ events: inout [Event]
    ) -> Bool {
        touch(operation.account)
        var next = firstSlot(behind: operation)
        while next >= 0, book.orders[Int(next)].id.rawValue <= operation.sequence.rawValue {
            guard budget > 0 else { return false }
            budget -= 1
            let slot = next
            next = details[Int(slot)].nextOwn
            if isMeant(slot, operation), nameless.map({ isOffer(slot, meeting: $0) }) ?? true {
                close(slot, reason, &events)
            } else {
                operation.cursor = book.orders[Int(slot)].id.rawValue
            }
        }
        return true
    }

    private func isOffer(_ slot: Int32, meeting requirement: Requirement) -> Bool {
        let order = book.orders[Int(slot)]
        return order.isOffer && requirement.isMet(by: book.capabilities[Int(order.group)])
    }

    func firstSlot(behind operation: MassOperation) -> Int32 {
        if let last = find(OrderID(operation.cursor)) { return details[Int(last)].nextOwn }
        guard let account = registry.accountIndex(operation.account) else { return -1 }
        var slot = registry.accounts[account].firstOwn
        while slot >= 0, book.orders[Int(slot)].id.rawValue <= operation.cursor { slot = details[Int(slot)].nextOwn }
        return slot
    }

    // MARK: Timers of an account

    mutating func setCancelAfter(
        _ microseconds: Int64,
        of owner: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        let at = LogicalTime(microseconds: time.microseconds + microseconds)
        return change(owner, &events) { $0.cancelAfter = microseconds == 0 ? .never : at }
    }

    mutating func setCancelOnDisconnect(
        _ cancels: Bool,
        of owner: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        change(owner, &events) { $0.cancelsOnDisconnect = cancels }
    }

    mutating func disconnected(_ owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        guard registry.accounts[account].record.cancelsOnDisconnect else { return nil }
        guard hasRoom(for: account) else { return .operationLimit }
        _ = change(owner, &events) { $0.cancelsOnDisconnect = false }
        begin(MassOperation(sequence: sequence, kind: .disconnect, account: owner), &events)
        return nil
    }

    /// Accounts whose orders the end of their stream cancels, in ascending order. A start ends every stream.
    package var armedAccounts: [AccountID] {
        registry.accounts.filter { $0.record.cancelsOnDisconnect }.map(\.record.id)
    }

    /// A dead-man switch that nobody has put off; false, and nothing, while there is no room for it.
    mutating func carryOutCancelAfter(_ owner: AccountID, _ budget: inout Int, _ events: inout [Event]) -> Bool {
        guard let account = registry.accountIndex(owner) else { return true }
        guard hasRoom(for: account) else { return false }
        budget -= 1
        _ = change(owner, &events) { $0.cancelAfter = .never }
        begin(MassOperation(sequence: sequence, kind: .cancelAfter, account: owner), &budget, &events)
        return true
    }

    /// Changes an owner's record, its digest and its timer.
    mutating func change(
        _ owner: AccountID,
        _ events: inout [Event],
        _ body: (inout AccountRecord) -> Void
    ) -> Rejection? {
        guard let account = registry.accountIndex(owner) else { return .accountUnknown }
        let before = registry.accounts[account].record
        var after = before
        body(&after)
        recordSum.subtract(before.recordHash)
        recordSum.add(after.recordHash)
        if before.cancelAfter != after.cancelAfter {
            if before.cancelAfter != .never { expiries.remove(before.cancelAfter, .account(owner)) }
            if after.cancelAfter != .never { expiries.insert(after.cancelAfter, .account(owner)) }
        }
        registry.accounts[account].record = after
        events.append(.accountChanged(after))
        touch(owner)
        return nil
    }
}

// MARK: - Resumption

/// Orders that a resumption has before it, in order of priority. It is made anew when it is used up, because others
/// have come meanwhile, and after a start.
struct Resumption: Sendable {
    struct Entry: Sendable {
        let priority: Priority
        let order: OrderID
    }

    var sequence: SequenceNumber?
    var entries: ArraySlice<Entry> = []
}

extension Engine {
    /// Lets the orders concerned arrive again in order of priority until the budget is used up; true when there are no
    /// more.
    mutating func resume(_ operation: inout MassOperation, _ budget: inout Int, _ events: inout [Event]) -> Bool {
        if resumption.sequence != operation.sequence { resumption = Resumption(sequence: operation.sequence) }
        while true {
            if resumption.entries.isEmpty { resumption.entries = ordersBehind(operation) }
            if resumption.entries.isEmpty { return true }
            while let next = resumption.entries.first {
                // What has gone says nothing: a resumption that was made anew does not know of it.
                guard let slot = find(next.order), book.orders[Int(slot)].priority == next.priority else {
                    resumption.entries.removeFirst()
                    continue
                }
                guard budget > 0, !hasShownEnough else { return false }
                resumption.entries.removeFirst()
                budget -= 1
                operation.cursor = next.priority.rawValue
                if let index = operations.firstIndex(where: { $0.sequence == operation.sequence && $0.kind == .resume })
                {
                    operations[index].cursor = operation.cursor
                }
                guard !isDue(slot) else { continue }
                touch(book.orders[Int(slot)].account)
                reenter(slot, &events)
                budget -= walkVisits
            }
        }
    }

    private func ordersBehind(_ operation: MassOperation) -> ArraySlice<Resumption.Entry> {
        let model = operation.model == .unknown ? nil : operation.model
        let offers = model.map { book.restingOffers(of: $0) } ?? book.restingOffers
        return (offers + book.restingBids(for: model))
            .map { Resumption.Entry(priority: book.orders[Int($0)].priority, order: book.orders[Int($0)].id) }
            .filter { $0.priority.rawValue > operation.cursor }
            .sorted { $0.priority < $1.priority }[...]
    }
}
