/// What a problem's page says beside its title, status and example. Both tables have one entry a code and no `default`:
/// a new code does not compile until somebody has written when it comes and what to do.
package struct ProblemGuide: Hashable, Sendable {
    /// When a request is answered with the problem: one or two sentences.
    package let occasion: String
    /// What whoever gets it should do: one or two sentences.
    package let remedy: String

    /// The guide to a code.
    package init(_ code: ProblemCode) {
        occasion = Self.occasions(code).description
        remedy = Self.remedies(code).description
    }

    private static let occasions: @Sendable (ProblemCode) -> StaticString = { code in
        switch code {
        case .malformedRequest: "The request breaks a rule of HTTP, or two readers could read it differently."
        case .malformedJSON: "The body is no JSON text (RFC 8259), or is not UTF-8."
        case .jsonTooDeep: "Objects and arrays of the body lie in each other deeper than any request needs."
        case .badCursor: "The cursor was damaged, or comes from another list, other filters or another account."
        case .badIdempotencyKey: "The field Idempotency-Key is empty, too long, or has spaces or other characters."
        case .requestTimeout: "A connection was open and the request did not arrive in whole in time."
        case .bodyTooLarge: "The body is longer than the server reads."
        case .targetTooLong: "Path and query together are longer than the server reads."
        case .unsupportedMediaType: "A request with a body does not say content-type: application/json."
        case .headerFieldsTooLarge: "The header fields together are longer than the server reads."
        case .expectationFailed: "The field Expect asks for something other than 100-continue."
        case .notImplemented: "A request of HTTP/1.1 uses a part that the server does without, such as chunked bodies."
        case .httpVersionNotSupported: "The request names a version of HTTP that the server does not speak."
        case .authenticationRequired: "The operation needs an API key and the request has no field authorization."
        case .invalidKey: "The field authorization is not Bearer with a key, or no key of the exchange has this value."
        case .keyExpired: "The key's expires_at has passed."
        case .missingScope: "The key is valid and its scopes do not cover the operation, or not another's account."
        case .notFound: "The path is none of the interface's."
        case .methodNotAllowed: "The path exists, and has other methods: the field allow lists them."
        case .modelNotFound: "The path names a model that the operator has not entered, or is no name of a model."
        case .invalidFields: "Values break rules, fields are unknown, or required ones are missing: errors lists each."
        case .rateLimited: "The key or the address has sent more requests than its allowance."
        case .overloaded: "More requests wait for the engine or for the tables than they will answer in time."
        case .projectionLag: "The tables are too far behind the journal to take more, or to show what was asked for."
        case .notReady: "The server starts, stops, or rebuilds its memory after it has lost the database."
        case .notLeader: "Another server leads the exchange; this one follows it and takes no commands."
        case .outcomeUnknown: "The batch with the request was written and its commit was not confirmed."
        case .internalError: "Something failed that should not; the server's log has the request_id."
        case .duplicateClientOrderID: "An order of this account with the same client_order_id has another body."
        case .accountClosed: "The account takes no new orders."
        case .modelUnknown: "The body names a model that is not in the registry."
        case .marketHalted: "The operator has halted the market of the model, or all of them."
        case .expired: "The order's end was before its arrival by the exchange's time."
        case .mixedUnits: "The requirement names models of different weight sets, whose tokens are different goods."
        case .classLimit: "The account's open offers have as many different capabilities as one account may have."
        case .profileLimit: "The account's open bids have as many different requirements as one account may have."
        case .openOrderLimit: "As many of the account's orders are open as its limit allows."
        case .belowMinimumNotional: "Price times quantity is below the smallest value of an order (GET /v1/fees)."
        case .insufficientFunds: "The account has less available than the bid's value and the dearer fee on it."
        case .postOnlyWouldTrade: "The order is post-only and would meet a resting order at once."
        case .fokUnfillable: "The order is fill-or-kill and the book cannot fill all of it at its price."
        case .idempotencyKeyReused: "The same Idempotency-Key came earlier with another operation, path or body."
        case .accountUnknown: "The path or the query names an account that does not exist."
        case .idempotencyWindowFull: "As many requests are remembered as fit, and all must still be kept."
        case .orderNotFound: "The order does not exist, is another account's, or is not open any more."
        case .depositLimit: "The money of the exchange would pass the bound of its arithmetic."
        case .modelLimit: "The registry has as many models as it takes."
        case .weightSetUnknown: "The body names a weight set that is not registered."
        case .leaseNotFound: "The lease does not exist, or is another account's."
        case .usageNotMonotone: "The usage of a lease is cumulative, and a larger figure was stated before."
        case .usageAboveLease: "The usage is above the tokens of the lease."
        case .keyNotFound: "The path names a key that does not exist."
        case .loginDisabled: "The operator lets nobody log in this way."
        case .loginRefused: "Domain, time, payload, wallet or signature are not what they must be: errors says which."
        case .addressNotAllowed: "The key is bound to networks, and the request came from none of them."
        case .streamLimit: "The key, or the connection, has as many streams of events open as it may."
        case .noPriceBand: "A market order takes its limit from the price band, and one of its models has none."
        case .priceOutsideBand: "An offer is below the low end of its model's price band, or a bid above the high end."
        case .quantityFilled: "The new quantity, which counts filled lots, is not above what has been filled."
        case .expiryNotAmendable: "The order is not good till a date, or the new date has passed."
        case .noticeTooShort: "The announced fees are dearer, and less than an hour lies before them."
        case .batchRefused: "Another order of an all-or-nothing batch cannot be placed, so none is."
        case .operationLimit: "As many mass operations are under way as the exchange carries out at once."
        case .keyRevoked: "The key was revoked, or one by which it was made."
        case .keyOrderLimit: "What is held for the bid is more than the key may hold for one."
        case .keyDayLimit: "With the bid the key would have spent more than its budget of this UTC day."
        case .keyTotalLimit: "With the bid the key would have spent more than its budget in total."
        case .loginTaken: "The wallet or the user logs in to an account already, perhaps to this one."
        case .accountLoginLimit: "An account has at most 8 logins."
        case .loginNotFound: "The path names a login that the account does not have, or no longer has."
        case .lastLogin:
            "Without the login, and without a key that does as much and never ends, nobody could get in any more."
        case .loginLimit: "As many accounts were opened by logins as the exchange keeps."
        case .keyLimit: "The account has as many keys in force as one may have."
        case .keyIsLimited: "The key has, or had, a budget: keys that it made could spend past it."
        case .keyScope: "The key has not every scope of the key that it is to make or revoke."
        case .lastOperatorKey: "It is the last key in force with the scope operator."
        case .receiptNotFound: "No receipt has this hash, or it is of a lease of others."
        case .logEntryNotFound: "The index is beyond the tree of that size, or no entry has this leaf hash."
        case .slashNotFound:
            "The lease took nothing from a bond, the appeal window has passed, or it was pardoned already."
        case .workerSignatureInvalid: "The signature was made by another key, of other bytes, or was damaged."
        case .appSignatureInvalid: "The signature was made by another key, of other bytes, or was damaged."
        case .bondRequired: "The policy asks for a bond per lot, and the account has locked less."
        case .leaseEnded: "The lease was closed, expired or failed before the request."
        case .leaseWithoutReceipts: "The lease is from before the exchange knew receipts."
        case .receiptForeign: "The receipt names other keys, another price or other weights than the lease."
        case .receiptKeyMissing: "A receipt can be checked only by the keys of both profiles, and one has none."
        case .usageMiscounted: "The receipt weighs its counts by other weights, or rounds otherwise."
        case .amountMiscounted: "The amount is not floor(adjusted tokens times price / 1,000,000)."
        case .receiptSuperseded: "A receipt with a greater sequence is recorded."
        case .receiptNotMonotone: "A count, or the end time, is below that of an earlier receipt of the lease."
        case .receiptChain:
            "The receipt follows the newest one by its sequence, and names another hash as the one before."
        case .receiptAfterDeadline: "After the deadline only a countersignature of the claim that waits is taken."
        case .claimAboveStep:
            "Without the app's signature, a worker may claim a step (step_tokens of the lease) and no more."
        case .claimDisputed: "The app has disputed a claim of this lease."
        case .claimNotPending: "There was no claim, or it was paid, countersigned or disputed already."
        case .disputeNotByApp: "The account is not the one that bought the lease."
        case .bondInUse: "Pending slashes, or open lots under the policy, need what would be left too little."
        case .avoidLimit: "A bid that was to be entered again avoids as many workers as a bid may."
        case .topUpMismatch: "A bid that tops up a lease buys that lease's model, and its requirement names others."
        case .equivocationForeign: "The receipts name another worker than the lease has."
        case .walletMissing, .settlementNotFound, .walletUnknown, .walletExists, .walletLimit, .transactionNotNext,
            .transactionUnbalanced, .chainTimeBehind, .scanIncomplete, .settlementHeld, .nothingToSettle,
            .walletBalanceLow, .capitalBelowReserve, .queryIDsInUse, .memoTaken, .addressIsWallet,
            .belowPayoutMinimum, .withdrawalDayLimit, .withdrawalLimit, .addressLimit, .withdrawalNotFound,
            .withdrawalPlanned, .approvalNotNeeded, .suspenseNotFound, .settlementLimit, .nothingToAnchor,
            .anchorUnderWay, .settlementNotContested, .payoutNotOpen, .resolutionTooEarly, .walletRetired:
            SettlementProblem(code)?.occasion ?? code.title
        }
    }

    private static let remedies: @Sendable (ProblemCode) -> StaticString = { code in
        switch code {
        case .malformedRequest, .expectationFailed, .notImplemented, .httpVersionNotSupported:
            "Use a current HTTP client, with HTTP/2 if it can; send Content-Length with every body of HTTP/1.1."
        case .malformedJSON, .jsonTooDeep:
            "Write the body with a JSON library, in UTF-8 and without anything behind it."
        case .badCursor: "Begin the list again without a cursor; send each next_cursor back as it is, same filters."
        case .badIdempotencyKey: "Use 1 to 255 visible ASCII characters; a UUID is a good key."
        case .requestTimeout: "Send the request again, without pauses in it."
        case .bodyTooLarge, .targetTooLong, .headerFieldsTooLarge: "Send less: no request of the interface needs it."
        case .unsupportedMediaType: "Add the header field content-type: application/json."
        case .authenticationRequired: "Send the field authorization: Bearer KEY."
        case .invalidKey: "Check for a missing character or a line break in the key; ask the operator for a new one."
        case .keyExpired: "Ask the operator for a new key."
        case .missingScope: "Use a key with one of the scopes that the detail names; the operator makes it."
        case .notFound: "Compare the path with the interface's: /docs lists every operation."
        case .methodNotAllowed: "Use a method of the field allow."
        case .modelNotFound, .modelUnknown: "Look at GET /v1/models; names are exact, with author and slash."
        case .invalidFields: "Correct every value in errors: pointer says where it stands, detail says the rule."
        case .rateLimited, .overloaded: "Wait as the field retry-after says, then send the same request more slowly."
        case .projectionLag, .notReady: "Wait as the field retry-after says, then send the same request again."
        case .notLeader: "Send the request to the address in leader, or to the balancer again."
        case .outcomeUnknown, .internalError:
            "Send the same request with the same client_order_id or Idempotency-Key: it is not done twice."
        case .duplicateClientOrderID: "Use another client_order_id for another order; the same body repeats the answer."
        case .accountClosed, .depositLimit, .modelLimit: "Nothing helps but the operator."
        case .loginDisabled: "Use an API key of the operator's, or another login."
        case .loginRefused: "Begin again: fetch a new payload and let the wallet sign it, or open the Mini App anew."
        case .addressNotAllowed: "Ask from a network of the key, or let the operator add yours."
        case .streamLimit: "End streams that nobody reads, or join their channels in one."
        case .noPriceBand: "Send a price: GET /v1/market/status shows which models have a band."
        case .priceOutsideBand: "Choose a price within the band: GET /v1/market/status shows it."
        case .quantityFilled: "Cancel the order, or state a quantity above its filled_lots."
        case .expiryNotAmendable: "Cancel it and place another with the end that it should have."
        case .noticeTooShort: "Choose a later effective_at."
        case .batchRefused: "Mend the order whose result has another code, and send the batch under a new key."
        case .operationLimit: "Send the same request again in a moment."
        case .keyRevoked: "Use another key, or ask the operator for one."
        case .keyOrderLimit, .keyDayLimit, .keyTotalLimit:
            "Bid for less, cancel open bids, or let the operator raise the budget."
        case .loginTaken: "Unlink it there first (`GET /v1/account` lists an account's logins)."
        case .accountLoginLimit: "Unlink one of them first."
        case .lastLogin: "Link another login first, or have a key made that never ends."
        case .loginLimit: "Ask the operator for an account."
        case .keyLimit: "Revoke keys that are not used any more."
        case .keyIsLimited, .keyScope: "Use a key without a budget and with these scopes, or ask the operator."
        case .lastOperatorKey: "Make another operator's key first."
        case .marketHalted: "Wait until the market is resumed; cancelling works meanwhile."
        case .expired: "Place the order with a later end; check this machine's clock."
        case .mixedUnits: "Place one bid for each weight set: GET /v1/models shows which model has which."
        case .classLimit, .profileLimit: "Cancel orders, or state the same capability or requirement in several."
        case .openOrderLimit: "Cancel open orders first, place fewer and larger ones, or ask the operator for more."
        case .belowMinimumNotional: "Order more lots, or pay more for them."
        case .insufficientFunds: "Pay money in, cancel open bids, or order fewer lots: GET /v1/account shows the money."
        case .postOnlyWouldTrade: "Offer dearer or bid less, or place the order without post-only."
        case .fokUnfillable: "Order fewer lots, take a worse price, or use ioc, which takes what there is."
        case .idempotencyKeyReused: "Use a new key for a new request, and the old one only to repeat the old one."
        case .accountUnknown, .keyNotFound, .loginNotFound, .orderNotFound, .leaseNotFound:
            "Check the identifier; what is closed is in the lists, with the reason."
        case .idempotencyWindowFull: "Wait as the field retry-after says; send orders without keys more slowly."
        case .weightSetUnknown: "Use one of the sets in the interface's list, such as standard."
        case .usageNotMonotone, .usageAboveLease: "State the lease's total so far, at most its lots times 1,000 tokens."
        case .receiptNotFound: "Look at GET /v1/leases/{id}/receipts; a receipt that was refused is not kept."
        case .logEntryNotFound:
            "Ask for the present size (GET /v1/log/checkpoint), and compute the leaf hash from the entry."
        case .slashNotFound: "Look at GET /v1/account/bond of the worker for what is pending."
        case .workerSignatureInvalid:
            "Sign bx-receipt/v1, a zero byte and the 312 bytes with the key of the profile that the lease names."
        case .appSignatureInvalid:
            "Sign bx-receipt-ack/v1, a zero byte, the 312 bytes and the worker's signature with the lease's key."
        case .bondRequired: "Lock more (POST /v1/account/bond:lock), or offer fewer lots."
        case .leaseEnded: "Look at GET /v1/leases/{id} for how it ended; nothing more is paid on it."
        case .leaseWithoutReceipts: "The operator states its usage."
        case .receiptForeign: "Take keys, price and weights from the ticket of the lease."
        case .receiptKeyMissing: "Set it (PUT /v1/account/profile): the first one holds for leases that have none."
        case .usageMiscounted: "Compute them from the cumulative counts by the ticket's weights, rounded down once."
        case .amountMiscounted: "Compute it from the cumulative adjusted tokens, rounded down once."
        case .receiptSuperseded: "Nothing is lost: counts are cumulative, and the newer one holds."
        case .receiptNotMonotone: "State what was used since the lease opened, never less than before."
        case .receiptChain: "Put the SHA-256 of the newest 312 bytes into the receipt, or leave no gap in the sequence."
        case .receiptAfterDeadline: "Deliver sooner, or offer with a larger deliver_within_s."
        case .claimAboveStep: "Have the app sign, or wait with the rest."
        case .claimDisputed: "Only a receipt that both have signed is taken now."
        case .claimNotPending: "Look at claim in GET /v1/leases/{id}."
        case .disputeNotByApp: "Use a key of the app's account."
        case .bondInUse: "Release less, or wait until leases have ended: GET /v1/account/bond says what is needed."
        case .avoidLimit: "Place a new bid."
        case .topUpMismatch: "Leave out model, or name the one that GET /v1/leases/{id} shows."
        case .equivocationForeign: "Send both receipts as the worker of this lease signed them."
        case .walletMissing, .settlementNotFound, .walletUnknown, .walletExists, .walletLimit, .transactionNotNext,
            .transactionUnbalanced, .chainTimeBehind, .scanIncomplete, .settlementHeld, .nothingToSettle,
            .walletBalanceLow, .capitalBelowReserve, .queryIDsInUse, .memoTaken, .addressIsWallet,
            .belowPayoutMinimum, .withdrawalDayLimit, .withdrawalLimit, .addressLimit, .withdrawalNotFound,
            .withdrawalPlanned, .approvalNotNeeded, .suspenseNotFound, .settlementLimit, .nothingToAnchor,
            .anchorUnderWay, .settlementNotContested, .payoutNotOpen, .resolutionTooEarly, .walletRetired:
            SettlementProblem(code)?.remedy ?? code.title
        }
    }
}
