package import Units

/// What a key may be used for beyond its scopes. Each budget is in nanoTON of holds at acceptance, `nil` for none.
package struct KeyLimits: Hashable, Sendable {
    /// Most that one bid may hold.
    package var perOrder: NanoTON?
    /// Most that the bids accepted on one UTC day of the exchange's time may hold or have spent.
    package var perDay: NanoTON?
    /// Most that all bids together may hold or have spent.
    package var total: NanoTON?
    /// Where requests may come from, at most ``Limits/networksPerKeyMax``; empty for everywhere.
    package var networks: [NetworkPrefix]

    package init(
        perOrder: NanoTON? = nil,
        perDay: NanoTON? = nil,
        total: NanoTON? = nil,
        networks: [NetworkPrefix] = []
    ) {
        self.perOrder = perOrder
        self.perDay = perDay
        self.total = total
        self.networks = networks
    }

    /// Whether there is any budget.
    package var hasBudget: Bool { perOrder != nil || perDay != nil || total != nil }
}

/// Other limits for a key: all of them are replaced.
package struct KeyLimitTerms: Hashable, Sendable {
    package var key: KeyID
    package var owner: AccountID
    package var limits: KeyLimits

    package init(key: KeyID, owner: AccountID, limits: KeyLimits) {
        self.key = key
        self.owner = owner
        self.limits = limits
    }
}

/// What became of a key since it was made.
package struct KeyStanding: Hashable, Sendable {
    package var key: KeyID
    /// The key that made it, and with which it is revoked; `KeyID(0)` when the operator did.
    package var madeBy: KeyID
    /// ``LogicalTime/never`` while the key is in force.
    package var revokedAt: LogicalTime
    package var limits: KeyLimits

    package init(
        key: KeyID,
        madeBy: KeyID = KeyID(0),
        revokedAt: LogicalTime = .never,
        limits: KeyLimits = KeyLimits()
    ) {
        self.key = key
        self.madeBy = madeBy
        self.revokedAt = revokedAt
        self.limits = limits
    }

    package var isRevoked: Bool { revokedAt != .never }
}

/// What counts towards the budgets of a key: the holds of the bids that were placed with it since it first had a
/// budget, less what was released of them. What a trade locks stays counted.
package struct KeySpending: Hashable, Sendable {
    package var key: KeyID
    /// Days since 1970 UTC: the last one on which something was counted.
    package var day: Int64
    /// Of the bids that were accepted on ``day``.
    package var onDay: NanoTON
    package var total: NanoTON

    package init(key: KeyID, day: Int64 = 0, onDay: NanoTON = .zero, total: NanoTON = .zero) {
        self.key = key
        self.day = day
        self.onDay = onDay
        self.total = total
    }

    /// The UTC day of a time.
    package static func day(of time: LogicalTime) -> Int64 { time.microseconds / 86_400_000_000 }
}

/// A bid that counts towards the budgets of a key.
package struct BudgetedOrder: Hashable, Sendable {
    package var order: OrderID
    package var key: KeyID

    package init(order: OrderID, key: KeyID) {
        self.order = order
        self.key = key
    }
}

/// A key with all that is known of it but its hash.
package struct KeyDetail: Hashable, Sendable {
    package var record: KeyRecord
    package var standing: KeyStanding
    /// `nil` when it never had a budget.
    package var spending: KeySpending?

    package init(record: KeyRecord, standing: KeyStanding? = nil, spending: KeySpending? = nil) {
        self.record = record
        self.standing = standing ?? KeyStanding(key: record.id)
        self.spending = spending
    }
}
