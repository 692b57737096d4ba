import Units

/// What the engine knows of keys beside their records.
struct Keyring: Sendable {
    struct Entry: Sendable {
        var standing: KeyStanding?
        var spending: KeySpending?
        var isRevoked = false
    }

    /// By key number less one.
    var entries: ContiguousArray<Entry> = []
    /// Keys of each account, by account number less one, ascending.
    private(set) var owned: ContiguousArray<[KeyID]> = []
    /// Open bids that count towards a budget.
    private(set) var budgeted: [OrderID: KeyID] = [:]
    /// The key of the command under way; no part of the state.
    var acting = KeyID(0)
    /// Some key has a budget.
    private(set) var hasBudgets = false

    /// The budgeted orders in ascending order.
    var budgetedOrders: [BudgetedOrder] {
        budgeted.map { BudgetedOrder(order: $0.key, key: $0.value) }.sorted { $0.order < $1.order }
    }

    /// `nil` for a number that no key has.
    func index(_ key: KeyID) -> Int? {
        key.rawValue >= 1 && key.rawValue <= Int64(entries.count) ? Int(key.rawValue) - 1 : nil
    }

    mutating func append(_ record: KeyRecord) {
        entries.append(Entry())
        let account = Int(record.terms.owner.rawValue) - 1
        while owned.count <= account { owned.append([]) }
        owned[account].append(record.id)
    }

    func keys(of owner: AccountID) -> [KeyID] {
        let account = Int(owner.rawValue) - 1
        return owned.indices.contains(account) ? owned[account] : []
    }

    mutating func set(_ standing: KeyStanding, at index: Int) {
        entries[index].standing = standing
        entries[index].isRevoked = standing.isRevoked
    }

    mutating func set(_ spending: KeySpending, at index: Int) {
        entries[index].spending = spending
        hasBudgets = true
    }

    mutating func add(_ entry: BudgetedOrder) { budgeted[entry.order] = entry.key }

    mutating func remove(_ order: OrderID) -> BudgetedOrder? {
        budgeted.removeValue(forKey: order).map { BudgetedOrder(order: order, key: $0) }
    }
}
