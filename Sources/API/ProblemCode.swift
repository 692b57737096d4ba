package import Engine

/// Every problem that the interface answers with. Clients switch on it; `openapi.yaml` lists each one.
package enum ProblemCode: String, CaseIterable, Sendable {
    // The request as HTTP and as JSON.
    case malformedRequest = "malformed_request"
    case malformedJSON = "malformed_json"
    case jsonTooDeep = "json_too_deep"
    case badCursor = "bad_cursor"
    case badIdempotencyKey = "bad_idempotency_key"
    case requestTimeout = "request_timeout"
    case bodyTooLarge = "body_too_large"
    case targetTooLong = "target_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case headerFieldsTooLarge = "header_fields_too_large"
    case expectationFailed = "expectation_failed"
    case notImplemented = "not_implemented"
    case httpVersionNotSupported = "http_version_not_supported"

    // Who asks, and for what.
    case authenticationRequired = "authentication_required"
    case invalidKey = "invalid_key"
    case keyExpired = "key_expired"
    case missingScope = "missing_scope"
    case loginDisabled = "login_disabled"
    case loginRefused = "login_refused"
    case addressNotAllowed = "address_not_allowed"
    case notFound = "not_found"
    case methodNotAllowed = "method_not_allowed"
    case modelNotFound = "model_not_found"

    // The request's values.
    case invalidFields = "invalid_fields"

    // The state of the server.
    case rateLimited = "rate_limited"
    case streamLimit = "stream_limit"
    case overloaded = "overloaded"
    case projectionLag = "projection_lag"
    case notReady = "not_ready"
    case notLeader = "not_leader"
    case outcomeUnknown = "outcome_unknown"
    case internalError = "internal_error"

    // What the engine refuses.
    case duplicateClientOrderID = "duplicate_client_order_id"
    case accountClosed = "account_closed"
    case modelUnknown = "model_unknown"
    case marketHalted = "market_halted"
    case expired = "expired"
    case mixedUnits = "mixed_units"
    case classLimit = "class_limit"
    case profileLimit = "profile_limit"
    case openOrderLimit = "open_order_limit"
    case belowMinimumNotional = "below_minimum_notional"
    case insufficientFunds = "insufficient_funds"
    case postOnlyWouldTrade = "post_only_would_trade"
    case fokUnfillable = "fok_unfillable"
    case idempotencyKeyReused = "idempotency_key_reused"
    case accountUnknown = "account_unknown"
    case idempotencyWindowFull = "idempotency_window_full"
    case orderNotFound = "order_not_found"
    case depositLimit = "deposit_limit"
    case modelLimit = "model_limit"
    case weightSetUnknown = "weight_set_unknown"
    case leaseNotFound = "lease_not_found"
    case usageNotMonotone = "usage_not_monotone"
    case usageAboveLease = "usage_above_lease"
    case keyNotFound = "key_not_found"
    case noPriceBand = "no_price_band"
    case priceOutsideBand = "price_outside_band"
    case quantityFilled = "quantity_filled"
    case expiryNotAmendable = "expiry_not_amendable"
    case noticeTooShort = "notice_too_short"
    case operationLimit = "operation_limit"
    case batchRefused = "batch_refused"
    case keyRevoked = "key_revoked"
    case keyOrderLimit = "key_order_limit"
    case keyDayLimit = "key_day_limit"
    case keyTotalLimit = "key_total_limit"
    case keyLimit = "key_limit"
    case keyIsLimited = "key_is_limited"
    case keyScope = "key_scope"
    case lastOperatorKey = "last_operator_key"
    case loginLimit = "login_limit"
    case loginTaken = "login_taken"
    case accountLoginLimit = "account_login_limit"
    case loginNotFound = "login_not_found"
    case lastLogin = "last_login"

    // What follows a trade.
    case receiptNotFound = "receipt_not_found"
    case logEntryNotFound = "log_entry_not_found"
    case slashNotFound = "slash_not_found"
    case workerSignatureInvalid = "worker_signature_invalid"
    case appSignatureInvalid = "app_signature_invalid"
    case bondRequired = "bond_required"
    case leaseEnded = "lease_ended"
    case leaseWithoutReceipts = "lease_without_receipts"
    case receiptForeign = "receipt_foreign"
    case receiptKeyMissing = "receipt_key_missing"
    case usageMiscounted = "usage_miscounted"
    case amountMiscounted = "amount_miscounted"
    case receiptSuperseded = "receipt_superseded"
    case receiptNotMonotone = "receipt_not_monotone"
    case receiptChain = "receipt_chain"
    case receiptAfterDeadline = "receipt_after_deadline"
    case claimAboveStep = "claim_above_step"
    case claimDisputed = "claim_disputed"
    case claimNotPending = "claim_not_pending"
    case disputeNotByApp = "dispute_not_by_app"
    case bondInUse = "bond_in_use"
    case avoidLimit = "avoid_limit"
    case topUpMismatch = "top_up_mismatch"
    case equivocationForeign = "equivocation_foreign"

    // Money that enters and leaves by the chain.
    case walletMissing = "wallet_missing"
    case settlementNotFound = "settlement_not_found"
    case walletUnknown = "wallet_unknown"
    case walletExists = "wallet_exists"
    case walletLimit = "wallet_limit"
    case transactionNotNext = "transaction_not_next"
    case transactionUnbalanced = "transaction_unbalanced"
    case chainTimeBehind = "chain_time_behind"
    case scanIncomplete = "scan_incomplete"
    case settlementHeld = "settlement_held"
    case nothingToSettle = "nothing_to_settle"
    case walletBalanceLow = "wallet_balance_low"
    case capitalBelowReserve = "capital_below_reserve"
    case queryIDsInUse = "query_ids_in_use"
    case memoTaken = "memo_taken"
    case addressIsWallet = "address_is_wallet"
    case belowPayoutMinimum = "below_payout_minimum"
    case withdrawalDayLimit = "withdrawal_day_limit"
    case withdrawalLimit = "withdrawal_limit"
    case addressLimit = "address_limit"
    case withdrawalNotFound = "withdrawal_not_found"
    case withdrawalPlanned = "withdrawal_planned"
    case approvalNotNeeded = "approval_not_needed"
    case suspenseNotFound = "suspense_not_found"
    case settlementLimit = "settlement_limit"
    case nothingToAnchor = "nothing_to_anchor"
    case anchorUnderWay = "anchor_under_way"
    case settlementNotContested = "settlement_not_contested"
    case payoutNotOpen = "payout_not_open"
    case resolutionTooEarly = "resolution_too_early"
    case walletRetired = "wallet_retired"

    /// The only place that gives an error its HTTP status. A refusal that depends on the state of the market is 409,
    /// one that the request alone causes is 422.
    package var status: Int {
        switch self {
        case .malformedRequest, .malformedJSON, .jsonTooDeep, .badCursor, .badIdempotencyKey: 400
        case .authenticationRequired, .invalidKey, .keyExpired, .keyRevoked, .loginRefused: 401
        case .missingScope, .addressNotAllowed, .keyScope: 403
        case .notFound, .loginDisabled, .modelNotFound, .accountUnknown, .orderNotFound, .leaseNotFound, .keyNotFound,
            .loginNotFound, .receiptNotFound, .logEntryNotFound, .slashNotFound,
            .settlementNotFound, .walletUnknown, .withdrawalNotFound, .suspenseNotFound:
            404
        case .methodNotAllowed: 405
        case .requestTimeout: 408
        case .duplicateClientOrderID, .accountClosed, .marketHalted, .classLimit, .profileLimit, .openOrderLimit,
            .insufficientFunds, .postOnlyWouldTrade, .fokUnfillable, .depositLimit, .modelLimit, .usageNotMonotone,
            .usageAboveLease, .noPriceBand, .quantityFilled, .operationLimit, .batchRefused, .keyOrderLimit,
            .keyDayLimit, .keyTotalLimit, .keyLimit, .keyIsLimited, .lastOperatorKey, .loginLimit,
            .loginTaken, .accountLoginLimit, .lastLogin,
            .bondRequired, .leaseEnded, .leaseWithoutReceipts, .receiptKeyMissing, .receiptSuperseded,
            .receiptNotMonotone, .receiptChain, .receiptAfterDeadline, .claimAboveStep, .claimDisputed,
            .claimNotPending, .disputeNotByApp, .bondInUse, .avoidLimit,
            .walletMissing, .walletExists, .walletLimit, .transactionNotNext, .transactionUnbalanced,
            .chainTimeBehind, .scanIncomplete, .settlementHeld, .nothingToSettle, .walletBalanceLow,
            .capitalBelowReserve, .queryIDsInUse, .memoTaken, .withdrawalDayLimit, .withdrawalLimit, .addressLimit,
            .withdrawalPlanned, .approvalNotNeeded, .settlementLimit, .nothingToAnchor, .anchorUnderWay,
            .settlementNotContested, .payoutNotOpen, .resolutionTooEarly, .walletRetired:
            409
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedMediaType: 415
        case .invalidFields, .modelUnknown, .expired, .mixedUnits, .belowMinimumNotional, .idempotencyKeyReused,
            .weightSetUnknown, .priceOutsideBand, .expiryNotAmendable, .noticeTooShort,
            .workerSignatureInvalid, .appSignatureInvalid, .receiptForeign, .usageMiscounted, .amountMiscounted,
            .equivocationForeign, .topUpMismatch, .addressIsWallet, .belowPayoutMinimum:
            422
        case .rateLimited, .streamLimit: 429
        case .expectationFailed: 417
        case .headerFieldsTooLarge: 431
        case .internalError: 500
        case .notImplemented: 501
        case .overloaded, .projectionLag, .notReady, .notLeader, .outcomeUnknown, .idempotencyWindowFull: 503
        case .httpVersionNotSupported: 505
        }
    }

    /// The same request may succeed later without any change to it.
    package var isRetryable: Bool {
        switch self {
        case .requestTimeout, .rateLimited, .streamLimit, .overloaded, .projectionLag, .notReady, .notLeader,
            .outcomeUnknown,
            .internalError, .idempotencyWindowFull, .memoTaken:
            true
        default: false
        }
    }

    /// The code of what the engine refused. No `default`: a new rejection does not compile until it has one.
    package init(_ rejection: Rejection) {
        self =
            switch rejection {
            case .duplicateClientOrderID: .duplicateClientOrderID
            case .accountClosed: .accountClosed
            case .modelUnknown: .modelUnknown
            case .marketHalted: .marketHalted
            case .expired: .expired
            case .mixedUnits: .mixedUnits
            case .classLimit: .classLimit
            case .profileLimit: .profileLimit
            case .openOrderLimit: .openOrderLimit
            case .belowMinimumNotional: .belowMinimumNotional
            case .insufficientFunds: .insufficientFunds
            case .postOnlyWouldTrade: .postOnlyWouldTrade
            case .fokUnfillable: .fokUnfillable
            case .idempotencyKeyReused: .idempotencyKeyReused
            case .accountUnknown: .accountUnknown
            case .idempotencyWindowFull: .idempotencyWindowFull
            case .orderNotFound: .orderNotFound
            case .depositLimit: .depositLimit
            case .modelLimit: .modelLimit
            case .weightSetUnknown: .weightSetUnknown
            case .leaseNotFound: .leaseNotFound
            case .usageNotMonotone: .usageNotMonotone
            case .usageAboveLease: .usageAboveLease
            case .keyNotFound: .keyNotFound
            case .noPriceBand: .noPriceBand
            case .priceOutsideBand: .priceOutsideBand
            case .quantityFilled: .quantityFilled
            case .expiryNotAmendable: .expiryNotAmendable
            case .noticeTooShort: .noticeTooShort
            case .operationLimit: .operationLimit
            case .batchRefused: .batchRefused
            case .keyRevoked: .keyRevoked
            case .keyOrderLimit: .keyOrderLimit
            case .keyDayLimit: .keyDayLimit
            case .keyTotalLimit: .keyTotalLimit
            case .keyLimit: .keyLimit
            case .keyIsLimited: .keyIsLimited
            case .keyScope: .keyScope
            case .lastOperatorKey: .lastOperatorKey
            case .loginLimit: .loginLimit
            case .loginTaken: .loginTaken
            case .accountLoginLimit: .accountLoginLimit
            case .loginNotFound: .loginNotFound
            case .slashNotFound, .bondRequired, .leaseEnded, .leaseWithoutReceipts, .receiptForeign,
                .receiptKeyMissing, .usageMiscounted, .amountMiscounted, .receiptSuperseded, .receiptNotMonotone,
                .receiptChain, .receiptAfterDeadline, .claimAboveStep, .claimDisputed, .claimNotPending,
                .disputeNotByApp, .bondInUse, .avoidLimit, .equivocationForeign, .topUpMismatch, .walletUnknown,
                .walletExists, .walletLimit, .transactionNotNext, .transactionUnbalanced, .chainTimeBehind,
                .scanIncomplete, .settlementHeld, .nothingToSettle, .walletBalanceLow, .capitalBelowReserve,
                .queryIDsInUse, .memoTaken, .addressIsWallet, .belowPayoutMinimum, .withdrawalDayLimit,
                .withdrawalLimit, .addressLimit, .withdrawalNotFound, .withdrawalPlanned, .approvalNotNeeded,
                .suspenseNotFound, .settlementLimit, .nothingToAnchor, .anchorUnderWay, .settlementNotFound,
                .settlementNotContested, .payoutNotOpen, .resolutionTooEarly, .walletRetired, .lastLogin:
                // The names are the same.
                ProblemCode(rawValue: rejection.code) ?? .internalError
            }
    }
}
