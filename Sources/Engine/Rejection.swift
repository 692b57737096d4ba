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
    /// Of an offer, in the same place: more lots than the worker's bond is enough for.
    case bondRequired = 103
    case postOnlyWouldTrade = 11
    case fokUnfillable = 12
    // Of a bid, behind insufficient funds: the budgets of the key that places it.
    case keyOrderLimit = 61
    case keyDayLimit = 62
    case keyTotalLimit = 63

    /// Of a bid that tops up a lease, behind the lease itself: it names models, and not the lease's.
    case topUpMismatch = 109

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
    /// The login is one of an account already, perhaps of this one.
    case loginTaken = 69
    /// The account has as many logins as it may.
    case accountLoginLimit = 70
    case loginNotFound = 71
    /// Without it nobody could get into the account any more.
    case lastLogin = 72
    case keyLimit = 64
    case keyIsLimited = 65
    case keyScope = 66
    case lastOperatorKey = 67
    /// As many accounts as there may be were opened by logins.
    case loginLimit = 68

    // Leases. Of a receipt in this order, with ``leaseNotFound`` first, ``usageAboveLease`` behind the counts.
    /// The lease is over.
    case leaseEnded = 90
    /// It was opened under rules that knew no receipts.
    case leaseWithoutReceipts = 106
    /// Handed in by somebody else, or a party, price or weights that are not the lease's.
    case receiptForeign = 91
    case receiptKeyMissing = 92
    /// Adjusted tokens that the counts do not give.
    case usageMiscounted = 93
    /// An amount that the adjusted tokens do not cost.
    case amountMiscounted = 94
    /// A newer one is known.
    case receiptSuperseded = 95
    /// Something cumulative is less than before.
    case receiptNotMonotone = 96
    /// It follows the last one, but names another as the previous.
    case receiptChain = 97
    /// The deadline has passed: only a countersignature of the claim is taken.
    case receiptAfterDeadline = 100
    case claimAboveStep = 98
    /// A claim was disputed, and nothing was countersigned since.
    case claimDisputed = 99
    case claimNotPending = 101
    /// A worker's claim is disputed by the app, nobody else.
    case disputeNotByApp = 102
    /// Money of a bond that answers for leases, offers or breaches.
    case bondInUse = 104
    case slashNotFound = 105
    case equivocationForeign = 107
    /// A bid that was to be entered again avoids as many workers as it may already.
    case avoidLimit = 108

    // Settlement.
    case walletUnknown = 130
    /// Another wallet has the address.
    case walletExists = 131
    case walletLimit = 132
    /// A transaction that does not follow the last one that was taken.
    case transactionNotNext = 133
    /// The balance after it is not the one before it with what it moved; settlement is held for it already.
    case transactionUnbalanced = 134
    /// A time of the chain before one that was told.
    case chainTimeBehind = 135
    /// There is another last transaction.
    case scanIncomplete = 136
    case settlementHeld = 137
    /// Nobody waits for a payout.
    case nothingToSettle = 138
    case walletBalanceLow = 139
    case capitalBelowReserve = 140
    /// The wallet may still know all numbers that could be next.
    case queryIDsInUse = 141
    case memoTaken = 142
    /// An address of the exchange itself.
    case addressIsWallet = 143
    case belowPayoutMinimum = 144
    case withdrawalDayLimit = 145
    case withdrawalLimit = 146
    case addressLimit = 147
    case withdrawalNotFound = 148
    /// It is in a batch: only the chain decides now.
    case withdrawalPlanned = 149
    case approvalNotNeeded = 150
    case suspenseNotFound = 151
    case settlementLimit = 152
    /// The log has not grown since it was anchored.
    case nothingToAnchor = 153
    /// The chain has not decided on the last anchor.
    case anchorUnderWay = 154
    case settlementNotFound = 170
    /// The chain does not contradict the batch: it decides.
    case settlementNotContested = 171
    /// The batch has no such payout, or it is decided already.
    case payoutNotOpen = 172
    /// The batch may still pay.
    case resolutionTooEarly = 173
    case walletRetired = 174

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
        case .loginLimit: "login_limit"
        case .loginTaken: "login_taken"
        case .accountLoginLimit: "account_login_limit"
        case .loginNotFound: "login_not_found"
        case .lastLogin: "last_login"
        default: leaseCode
        }
    }
}

extension Rejection {
    /// The code of what only leases are refused for.
    private var leaseCode: String {
        switch self {
        case .bondRequired: "bond_required"
        case .leaseEnded: "lease_ended"
        case .leaseWithoutReceipts: "lease_without_receipts"
        case .receiptForeign: "receipt_foreign"
        case .receiptKeyMissing: "receipt_key_missing"
        case .usageMiscounted: "usage_miscounted"
        case .amountMiscounted: "amount_miscounted"
        case .receiptSuperseded: "receipt_superseded"
        case .receiptNotMonotone: "receipt_not_monotone"
        case .receiptChain: "receipt_chain"
        case .receiptAfterDeadline: "receipt_after_deadline"
        case .claimAboveStep: "claim_above_step"
        case .claimDisputed: "claim_disputed"
        case .claimNotPending: "claim_not_pending"
        case .disputeNotByApp: "dispute_not_by_app"
        case .bondInUse: "bond_in_use"
        case .slashNotFound: "slash_not_found"
        case .equivocationForeign: "equivocation_foreign"
        case .avoidLimit: "avoid_limit"
        case .topUpMismatch: "top_up_mismatch"
        default: settlementCode
        }
    }

    /// The code of what only settlement is refused for.
    private var settlementCode: String {
        switch self {
        case .walletUnknown: "wallet_unknown"
        case .walletExists: "wallet_exists"
        case .walletLimit: "wallet_limit"
        case .transactionNotNext: "transaction_not_next"
        case .transactionUnbalanced: "transaction_unbalanced"
        case .chainTimeBehind: "chain_time_behind"
        case .scanIncomplete: "scan_incomplete"
        case .settlementHeld: "settlement_held"
        case .nothingToSettle: "nothing_to_settle"
        case .walletBalanceLow: "wallet_balance_low"
        case .capitalBelowReserve: "capital_below_reserve"
        case .queryIDsInUse: "query_ids_in_use"
        case .memoTaken: "memo_taken"
        case .addressIsWallet: "address_is_wallet"
        case .belowPayoutMinimum: "below_payout_minimum"
        case .withdrawalDayLimit: "withdrawal_day_limit"
        case .withdrawalLimit: "withdrawal_limit"
        case .addressLimit: "address_limit"
        case .withdrawalNotFound: "withdrawal_not_found"
        case .withdrawalPlanned: "withdrawal_planned"
        case .approvalNotNeeded: "approval_not_needed"
        case .suspenseNotFound: "suspense_not_found"
        case .settlementLimit: "settlement_limit"
        case .nothingToAnchor: "nothing_to_anchor"
        case .anchorUnderWay: "anchor_under_way"
        case .settlementNotFound: "settlement_not_found"
        case .settlementNotContested: "settlement_not_contested"
        case .payoutNotOpen: "payout_not_open"
        case .resolutionTooEarly: "resolution_too_early"
        case .walletRetired: "wallet_retired"
        default: preconditionFailure("every other code is given before")
        }
    }
}
