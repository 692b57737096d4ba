/// Why a command was refused by the engine. Declared in order of precedence within a command; the first that applies is
/// reported. The raw values are in the journal, the tables and the API: never renumber, never reuse (ENGINE §2).
package enum Rejection: UInt16, Error, CaseIterable, Sendable {
    // Placing an order.
    case duplicateClientOrderID = 1
    case accountClosed = 2
    case modelUnknown = 3
    case marketHalted = 4
    case expired = 5
    case mixedUnits = 6
    /// Of an offer; a bid has ``profileLimit`` in the same place.
    case classLimit = 7
    case profileLimit = 13
    /// A market order, and no price band to take its limit from.
    case noPriceBand = 14
    case priceOutsideBand = 15
    case openOrderLimit = 8
    case belowMinimumNotional = 9
    case insufficientFunds = 10
    case postOnlyWouldTrade = 11
    case fokUnfillable = 12
    // Of a bid, behind insufficient funds: the budgets of the key that places it.
    case keyOrderLimit = 61
    case keyDayLimit = 62
    case keyTotalLimit = 63

    // Any command.
    case idempotencyKeyReused = 30
    case accountUnknown = 31
    /// The memory of past requests is full of entries that must still be kept.
    case idempotencyWindowFull = 32
    /// The key that authorised the command was revoked before it; before all others.
    case keyRevoked = 60

    // Other commands.
    case orderNotFound = 40
    case depositLimit = 41
    case modelLimit = 42
    case weightSetUnknown = 43
    case leaseNotFound = 44
    case usageNotMonotone = 45
    case usageAboveLease = 46
    case keyNotFound = 47
    /// An amendment to less than what is filled already, or just that.
    case quantityFilled = 50
    /// An expiry for an order that is not `gtd`, or a date that is over.
    case expiryNotAmendable = 51
    /// Fees that were to change without the notice that is due.
    case noticeTooShort = 52
    /// Too many mass operations are under way.
    case operationLimit = 53
    /// Of an order of an all-or-nothing batch: another one cannot be placed.
    case batchRefused = 54
    case keyLimit = 64
    case keyIsLimited = 65
    case keyScope = 66
    case lastOperatorKey = 67

    /// The code in JSON, e.g. `insufficient_funds`.
    package var code: String {
        switch self {
        case .duplicateClientOrderID: "duplicate_client_order_id"
        case .accountClosed: "account_closed"
        case .modelUnknown: "model_unknown"
        case .marketHalted: "market_halted"
        case .expired: "expired"
        case .mixedUnits: "mixed_units"
        case .classLimit: "class_limit"
        case .profileLimit: "profile_limit"
        case .openOrderLimit: "open_order_limit"
        case .belowMinimumNotional: "below_minimum_notional"
        case .insufficientFunds: "insufficient_funds"
        case .postOnlyWouldTrade: "post_only_would_trade"
        case .fokUnfillable: "fok_unfillable"
        case .idempotencyKeyReused: "idempotency_key_reused"
        case .accountUnknown: "account_unknown"
        case .idempotencyWindowFull: "idempotency_window_full"
        case .orderNotFound: "order_not_found"
        case .depositLimit: "deposit_limit"
        case .modelLimit: "model_limit"
        case .weightSetUnknown: "weight_set_unknown"
        case .leaseNotFound: "lease_not_found"
        case .usageNotMonotone: "usage_not_monotone"
        case .usageAboveLease: "usage_above_lease"
        case .keyNotFound: "key_not_found"
        case .noPriceBand: "no_price_band"
        case .priceOutsideBand: "price_outside_band"
        case .quantityFilled: "quantity_filled"
        case .expiryNotAmendable: "expiry_not_amendable"
        case .noticeTooShort: "notice_too_short"
        case .operationLimit: "operation_limit"
        case .batchRefused: "batch_refused"
        case .keyRevoked: "key_revoked"
        case .keyOrderLimit: "key_order_limit"
        case .keyDayLimit: "key_day_limit"
        case .keyTotalLimit: "key_total_limit"
        case .keyLimit: "key_limit"
        case .keyIsLimited: "key_is_limited"
        case .keyScope: "key_scope"
        case .lastOperatorKey: "last_operator_key"
        }
    }
}
