import Units

/// All keys, and what the engine knows of them beside their records.
struct Keyring: Sendable {
    struct Entry: Sendable {
        let record: KeyRecord
        var standing: KeyStanding?
        var spending: KeySpending?
        var isRevoked = false
        /// Open bids that count towards its budgets.
        var openBids = 0

        /// When it ended or will end, by its own time or because it was revoked; `nil` for never.
        var endsAt: LogicalTime? {
            let end = min(record.terms.expiresAt, standing?.revokedAt ?? .never)
            return end == .never ? nil : end
        }
    }

    /// Those that are not in ``slots`` wait for another key.
    private(set) var entries: ContiguousArray<Entry> = []
    private var slots: [KeyID: Int] = [:]
    private var freeSlots: [Int] = []
    /// Keys of each account, by account number less one, ascending.
    private(set) var owned: ContiguousArray<[KeyID]> = []
    /// Open bids that count towards a budget.
    private(set) var budgeted: [OrderID: KeyID] = [:]
    /// The key of the command under way; no part of the state.
    var acting = KeyID(0)
    /// Some key has a budget.
    private(set) var hasBudgets = false
    /// The key that was made last. It is never forgotten, because the next one's number follows from it.
    private(set) var newest = KeyID(0)
    private var deadlines = Heap<KeyDeadline>()

    /// The budgeted orders in ascending order.
    var budgetedOrders: [BudgetedOrder] {
        budgeted.map { BudgetedOrder(order: $0.key, key: $0.value) }.sorted { $0.order < $1.order }
    }

    /// In the order of the keys.
    var sorted: [Entry] { slots.sorted { $0.key < $1.key }.map { entries[$0.value] } }

    /// Where the key's entry is; `nil` for a number that no key has, or whose key is forgotten.
    func index(_ key: KeyID) -> Int? { slots[key] }

    mutating func append(_ record: KeyRecord) {
        let entry = Entry(record: record)
        if let free = freeSlots.popLast() {
            entries[free] = entry
            slots[record.id] = free
        } else {
            slots[record.id] = entries.count
            entries.append(entry)
        }
        let account = Int(record.terms.owner.rawValue) - 1
        while owned.count <= account { owned.append([]) }
        owned[account].append(record.id)
        let before = newest
        newest = record.id
        for key in [before, newest] { if let index = slots[key] { schedule(index) } }
    }

    subscript(key: KeyID) -> Entry? { slots[key].map { entries[$0] } }

    func contains(where isMeant: (Entry) -> Bool) -> Bool { slots.values.contains { isMeant(entries[$0]) } }

    /// The account's keys, in ascending order.
    func entries(of owner: AccountID) -> [Entry] { keys(of: owner).compactMap { self[$0] } }

    func keys(of owner: AccountID) -> [KeyID] {
        let account = Int(owner.rawValue) - 1
        return owned.indices.contains(account) ? owned[account] : []
    }

    mutating func set(_ standing: KeyStanding, at index: Int) {
        entries[index].standing = standing
        entries[index].isRevoked = standing.isRevoked
        schedule(index)
    }

    mutating func set(_ spending: KeySpending, at index: Int) {
        entries[index].spending = spending
        hasBudgets = true
    }

    mutating func add(_ entry: BudgetedOrder) {
        budgeted[entry.order] = entry.key
        if let index = slots[entry.key] {
            entries[index].openBids += 1
            dropReplacedDeadlines()
        }
    }

    mutating func remove(_ order: OrderID) -> BudgetedOrder? {
        guard let key = budgeted.removeValue(forKey: order) else { return nil }
        if let index = slots[key] {
            entries[index].openBids -= 1
            schedule(index)
        }
        return BudgetedOrder(order: order, key: key)
    }

    // MARK: Forgetting

    /// When the next key is to be forgotten.
    var earliestDeadline: LogicalTime? { deadlines.first?.at }

    /// When the key is to be forgotten; `nil` while it is in force for ever, has open bids with budgets, or is the
    /// newest.
    private func deadline(_ index: Int) -> LogicalTime? {
        let entry = entries[index]
        guard entry.openBids == 0, entry.record.id != newest, let end = entry.endsAt else { return nil }
        let (time, isTooLate) = end.microseconds.addingReportingOverflow(Limits.endedKeyMemory)
        return isTooLate ? nil : LogicalTime(microseconds: time)
    }

    private mutating func schedule(_ index: Int) {
        if let deadline = deadline(index) {
            deadlines.insert(KeyDeadline(at: deadline, key: entries[index].record.id))
        }
        dropReplacedDeadlines()
    }

    /// So that the earliest is always one that counts.
    private mutating func dropReplacedDeadlines() {
        while let first = deadlines.first, slots[first.key].flatMap(deadline) != first.at { deadlines.removeFirst() }
    }

    /// Takes out the next key that is to be forgotten, if it is time.
    mutating func takeForgotten(at time: LogicalTime) -> Entry? {
        guard let first = deadlines.first, first.at <= time else { return nil }
        return remove(first.key)
    }

    /// The keys of an account that have ended and of which nothing is needed, the oldest first.
    func ended(of owner: AccountID, at time: LogicalTime) -> [KeyID] {
        keys(of: owner).filter { key in
            guard let index = slots[key], deadline(index) != nil, let end = entries[index].endsAt else { return false }
            return end <= time
        }
    }

    /// Forgets a key.
    mutating func remove(_ key: KeyID) -> Entry? {
        guard let index = slots.removeValue(forKey: key) else { return nil }
        let entry = entries[index]
        freeSlots.append(index)
        owned[Int(entry.record.terms.owner.rawValue) - 1].removeAll { $0 == key }
        dropReplacedDeadlines()
        return entry
    }
}

/// When a key is to be forgotten. What was replaced in the meantime is dropped when it comes up.
private struct KeyDeadline: Comparable, Sendable {
    let at: LogicalTime
    let key: KeyID

    static func < (left: Self, right: Self) -> Bool {
        left.at != right.at ? left.at < right.at : left.key < right.key
    }
}
