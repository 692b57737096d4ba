extension ProblemCode {
    /// One sentence for people that is true of every problem with this code: `title` of RFC 9457.
    package var title: StaticString {
        switch self {
        case .malformedRequest: "The request is not valid HTTP."
        case .malformedJSON: "The body is not valid JSON."
        case .jsonTooDeep: "The body is nested too deeply."
        case .badCursor: "The cursor does not belong to this list."
        case .badIdempotencyKey: "The Idempotency-Key is not 1 to 255 visible ASCII characters."
        case .requestTimeout: "The request took too long to arrive."
        case .bodyTooLarge: "The body is too large."
        case .targetTooLong: "The path and query are too long."
        case .unsupportedMediaType: "The body must be application/json."
        case .headerFieldsTooLarge: "The header fields are too large."
        case .expectationFailed: "The server cannot meet what Expect asks for."
        case .notImplemented: "The server does without this part of HTTP/1.1."
        case .httpVersionNotSupported: "The server speaks HTTP/2, HTTP/1.1 and HTTP/1.0."
        case .authenticationRequired: "The request needs an API key."
        case .invalidKey: "The API key is not valid."
        case .keyExpired: "The API key has expired."
        case .missingScope: "The API key does not have the scope that this needs."
        case .notFound: "Nothing is at this path."
        case .methodNotAllowed: "This path does not have this method."
        case .modelNotFound: "The registry has no model of this name."
        case .invalidFields: "The request has fields that break a rule."
        case .rateLimited: "Too many requests."
        case .streamLimit: "The key or the connection has as many streams as it may."
        case .overloaded: "The exchange is busy; nothing was done."
        case .projectionLag: "The tables are too far behind; nothing was done."
        case .notReady: "The exchange is starting or stopping; nothing was done."
        case .notLeader: "This server does not lead the exchange; nothing was done."
        case .outcomeUnknown: "It is unknown whether the request was carried out; send the same request again."
        case .internalError: "The server failed."
        default: engineTitle
        }
    }

    private var engineTitle: StaticString {
        switch self {
        case .duplicateClientOrderID: "Another order of the account has this client_order_id."
        case .accountClosed: "The account is closed."
        case .modelUnknown: "The registry does not have every model that is named."
        case .marketHalted: "The market is halted."
        case .expired: "The order's time is over."
        case .mixedUnits: "The models that are named count tokens with different weights."
        case .classLimit: "The account has offers of too many different capabilities."
        case .profileLimit: "The account has bids of too many different requirements."
        case .openOrderLimit: "The account has too many open orders."
        case .belowMinimumNotional: "The order's value is below the minimum."
        case .insufficientFunds: "The account has too little money available."
        case .postOnlyWouldTrade: "The order would trade at once and must not."
        case .fokUnfillable: "The order cannot be filled at once and in full."
        case .idempotencyKeyReused: "The Idempotency-Key was used for another request."
        case .accountUnknown: "There is no such account."
        case .idempotencyWindowFull: "The memory of past requests is full; nothing was done."
        case .orderNotFound: "There is no such order, or it is not open, or it is another account's."
        case .depositLimit: "The exchange does not take more money."
        case .modelLimit: "The registry of models is full."
        case .weightSetUnknown: "There is no such weight set."
        case .leaseNotFound: "There is no such lease."
        case .usageNotMonotone: "The usage is below what was already stated."
        case .usageAboveLease: "The usage is above what the lease gives."
        case .keyNotFound: "There is no such key."
        default: "The request was refused."
        }
    }
}
