import Exchange
import Ledger
package import Units

/// Keys: who may use them, what they make, and how they end.
extension Engine {
    /// Why the key cannot authorise a command of this account; `nil` when it can, or when there is none.
    func refusal(ofKey key: KeyID, of account: AccountID) -> Rejection? {
        guard key.rawValue != 0 else { return nil }
        guard let index = keyring.index(key), keyring.entries[index].record.terms.owner == account else {
            return .keyNotFound
        }
        return keyring.entries[index].isRevoked ? .keyRevoked : nil
    }

    /// Makes the key known.
    mutating func add(_ record: KeyRecord) {
        keyring.append(record)
        recordSum.add(record.recordHash)
    }

    /// Carries the command out; one by an operator's key goes into the audit log, whatever became of it.
    mutating func carryOut(_ command: Command, _ events: inout [Event]) -> Rejection? {
        let rejection = perform(command, &events)
        guard let index = keyring.index(command.key), keyring.entries[index].record.terms.scopes.contains(.operator)
        else { return rejection }
        if let entry = auditEntry(command, rejection) { events.append(.operated(entry)) }
        return rejection
    }

    private func isInForce(_ entry: Keyring.Entry) -> Bool {
        !entry.isRevoked && time < entry.record.terms.expiresAt
    }

    /// How many keys of the account have neither ended nor been revoked.
    func keysInForce(of owner: AccountID) -> Int { keyring.entries(of: owner).count { isInForce($0) } }

    /// The new key may do what the acting one may, at most, and from the same networks; it ends with it, too.
    mutating func createOwnKey(_ terms: KeyTerms, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard terms.owner == owner, let maker = keyring.index(keyring.acting) else { return .keyNotFound }
        let mine = keyring.entries[maker].record.terms
        guard terms.scopes.isSubset(of: mine.scopes), terms.expiresAt <= mine.expiresAt else { return .keyScope }
        // Another key would be a way around the budgets.
        guard keyring.entries[maker].spending == nil else { return .keyIsLimited }
        guard keysInForce(of: owner) < Limits.keysPerAccountMax else { return .keyLimit }
        let networks = keyring.entries[maker].standing?.limits.networks ?? []
        if let rejection = createKey(terms, &events) { return rejection }
        set(KeyStanding(key: keyring.newest, madeBy: keyring.acting, limits: KeyLimits(networks: networks)), &events)
        return nil
    }

    /// Ends the key and what was made by it. A key may end itself and, of its own account, those that may do no more
    /// than it may; an operator's ends any, but not the last operator's key in force.
    mutating func revoke(_ key: KeyID, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let index = keyring.index(key), keyring.entries[index].record.terms.owner == owner else {
            return .keyNotFound
        }
        let scopes = keyring.entries[index].record.terms.scopes
        if let acting = keyring.index(keyring.acting), acting != index {
            let mine = keyring.entries[acting].record.terms
            guard mine.scopes.contains(.operator) || mine.owner == owner && scopes.isSubset(of: mine.scopes) else {
                return mine.owner == owner ? .keyScope : .keyNotFound
            }
        }
        var ending: Set<KeyID> = [key]
        // A key's number is larger than its maker's.
        for other in keyring.entries(of: owner) {
            if let standing = other.standing, ending.contains(standing.madeBy) { ending.insert(standing.key) }
        }
        guard !scopes.contains(.operator) || hasOperator(besides: ending) else { return .lastOperatorKey }
        for other in ending.sorted() {
            var standing = keyring[other]?.standing ?? KeyStanding(key: other)
            guard !standing.isRevoked || other == key else { continue }
            if !standing.isRevoked { standing.revokedAt = time }
            set(standing, &events)
        }
        touch(owner)
        return nil
    }

    private func hasOperator(besides ending: Set<KeyID>) -> Bool {
        keyring.contains {
            $0.record.terms.scopes.contains(.operator) && !ending.contains($0.record.id) && isInForce($0)
        }
    }

    mutating func setLimits(_ terms: KeyLimitTerms, _ events: inout [Event]) -> Rejection? {
        guard let index = keyring.index(terms.key), keyring.entries[index].record.terms.owner == terms.owner,
            !keyring.entries[index].isRevoked
        else { return .keyNotFound }
        var standing = keyring.entries[index].standing ?? KeyStanding(key: terms.key)
        standing.limits = terms.limits
        set(standing, &events)
        if terms.limits.hasBudget, keyring.entries[index].spending == nil {
            set(KeySpending(key: terms.key, day: KeySpending.day(of: time)), &events)
        }
        touch(terms.owner)
        return nil
    }

    private mutating func set(_ standing: KeyStanding, _ events: inout [Event]) {
        guard let index = keyring.index(standing.key) else { preconditionFailure("only known keys are changed") }
        recordSum.subtract(keyring.entries[index].standing?.recordHash)
        keyring.set(standing, at: index)
        recordSum.add(standing.recordHash)
        events.append(.keyStandingSet(standing, keyring.entries[index].record))
    }

    private mutating func set(_ spending: KeySpending, _ events: inout [Event]) {
        guard let index = keyring.index(spending.key) else { preconditionFailure("only known keys are changed") }
        recordSum.subtract(keyring.entries[index].spending?.recordHash)
        keyring.set(spending, at: index)
        recordSum.add(spending.recordHash)
        events.append(.keySpent(spending))
    }

    // MARK: Forgetting

    /// Forgets keys that ended ``Limits/endedKeyMemory`` ago, at most ``Limits/keysForgottenAtOnce`` of them: their
    /// rows stay in the tables.
    mutating func forgetKeys(_ events: inout [Event]) {
        guard rules >= RulesVersion.forgettingKeys else { return }
        for _ in 0..<Limits.keysForgottenAtOnce {
            guard let entry = keyring.takeForgotten(at: time) else { return }
            forget(entry, &events)
        }
    }

    /// An account that makes keys and ends them in turns keeps no more than ``Limits/keysKeptPerAccountMax``: the
    /// oldest of those that have ended make room for the next.
    mutating func makeRoomForKey(of owner: AccountID, _ events: inout [Event]) {
        let excess = keyring.keys(of: owner).count + 1 - Limits.keysKeptPerAccountMax
        guard rules >= RulesVersion.forgettingKeys, excess > 0 else { return }
        for key in keyring.ended(of: owner, at: time).prefix(excess) {
            if let entry = keyring.remove(key) { forget(entry, &events) }
        }
    }

    private mutating func forget(_ entry: Keyring.Entry, _ events: inout [Event]) {
        recordSum.subtract(entry.record.recordHash)
        recordSum.subtract(entry.standing?.recordHash)
        recordSum.subtract(entry.spending?.recordHash)
        events.append(.keyForgotten(entry.record))
    }

    // MARK: Budgets

    /// Why a bid with this hold is above a budget of the key that it counts for: the acting one, or the one that placed
    /// it. `whole` is all that is held for it, when that is more; `before` would be held first.
    func budgetRejection(
        of hold: NanoTON,
        for order: OrderID? = nil,
        whole: NanoTON = .zero,
        after before: NanoTON = .zero
    ) -> Rejection? {
        guard keyring.hasBudgets, let index = keyring.index(order.flatMap { keyring.budgeted[$0] } ?? keyring.acting),
            let spending = keyring.entries[index].spending
        else { return nil }
        let limits = keyring.entries[index].standing?.limits ?? KeyLimits()
        if let most = limits.perOrder, max(hold, whole) > most { return .keyOrderLimit }
        let onDay = spending.day == KeySpending.day(of: time) ? spending.onDay.count : 0
        let (day, isDayTooLarge) = onDay.addingReportingOverflow(before.count + hold.count)
        if isDayTooLarge { return .keyDayLimit }
        if let most = limits.perDay, day > most.count { return .keyDayLimit }
        let (total, isTooLarge) = spending.total.count.addingReportingOverflow(before.count + hold.count)
        if isTooLarge { return .keyTotalLimit }
        if let most = limits.total, total > most.count { return .keyTotalLimit }
        return nil
    }

    /// Counts a hold towards the budgets of the key that placed the bid, and gives a release back. A release of a bid
    /// that was accepted on an earlier day gives nothing back to today.
    mutating func count(_ transfer: Transfer, _ events: inout [Event]) {
        let isHold = transfer.kind == .hold
        guard isHold || transfer.kind == .release else { return }
        if isHold, keyring.budgeted[transfer.order] == nil {
            guard let index = keyring.index(keyring.acting), keyring.entries[index].spending != nil else { return }
            let entry = BudgetedOrder(order: transfer.order, key: keyring.acting)
            keyring.add(entry)
            recordSum.add(entry.recordHash)
            events.append(.orderBudgeted(entry.order, entry.key))
        }
        guard let key = keyring.budgeted[transfer.order], let index = keyring.index(key),
            var spending = keyring.entries[index].spending
        else { return }
        let today = KeySpending.day(of: time)
        if spending.day != today {
            spending.day = today
            spending.onDay = .zero
        }
        if isHold {
            spending.onDay = spending.onDay + transfer.amount
            spending.total = spending.total + transfer.amount
        } else {
            spending.total = spending.total - transfer.amount
            if acceptanceDay(of: transfer.order) == today { spending.onDay = spending.onDay - transfer.amount }
            // What an amendment has added to a bid of an earlier day was counted today.
            if rules >= RulesVersion.cappedDays { spending.onDay = min(spending.onDay, spending.total) }
        }
        set(spending, &events)
    }

    /// An order that is on its way in is of today.
    private func acceptanceDay(of order: OrderID) -> Int64 {
        KeySpending.day(of: find(order).map { details[Int($0)].createdAt } ?? time)
    }

    /// A bid has closed: nothing of it will be given back any more.
    mutating func forgetBudget(of order: OrderID) {
        guard keyring.hasBudgets, let entry = keyring.remove(order) else { return }
        recordSum.subtract(entry.recordHash)
    }

    // MARK: State

    mutating func restoreKeyStandings(_ state: EngineState) throws(StateError) {
        var last = KeyID(0)
        for standing in state.keyStandings {
            let name = "standing of \(standing.key.text)"
            guard let index = keyring.index(standing.key), standing.key > last else {
                throw StateError(name, .outOfOrder)
            }
            guard standing.madeBy < standing.key, standing.madeBy.rawValue >= 0 else {
                throw StateError(name, .outOfRange)
            }
            last = standing.key
            keyring.set(standing, at: index)
            recordSum.add(standing.recordHash)
        }
    }

    mutating func restoreBudgets(_ state: EngineState) throws(StateError) {
        var last = KeyID(0)
        for spending in state.keySpendings {
            let name = "spending of \(spending.key.text)"
            guard let index = keyring.index(spending.key), spending.key > last else {
                throw StateError(name, .outOfOrder)
            }
            guard spending.onDay >= .zero, spending.total >= spending.onDay else { throw StateError(name, .outOfRange) }
            last = spending.key
            keyring.set(spending, at: index)
            recordSum.add(spending.recordHash)
        }
        var lastOrder = OrderID(0)
        for entry in state.budgetedOrders {
            let name = "budget of \(entry.order.text)"
            guard entry.order > lastOrder else { throw StateError(name, .outOfOrder) }
            guard find(entry.order) != nil, let index = keyring.index(entry.key), keyring.entries[index].spending != nil
            else { throw StateError(name, .outOfRange) }
            lastOrder = entry.order
            keyring.add(entry)
            recordSum.add(entry.recordHash)
        }
    }

    /// The keys of an account, newest first, at most `limit`.
    package func keys(of owner: AccountID, limit: Int) -> [KeyDetail] {
        keyring.entries(of: owner).reversed().prefix(limit).map { entry in
            KeyDetail(record: entry.record, standing: entry.standing, spending: entry.spending)
        }
    }
}
