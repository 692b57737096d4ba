/// What an answer tells of the token bucket that the request was taken from: the fields `ratelimit-policy` and
/// `ratelimit` (draft-ietf-httpapi-ratelimit-headers-10).
package struct Quota: Hashable, Sendable {
    /// Whose bucket it is.
    package let owner: Owner
    /// The most that the bucket holds, and earns in ``seconds``.
    package let tokens: Int64
    package let seconds: Int64
    /// Whole tokens that are left.
    package var left: Int64 = 0
    /// Until the bucket is full again; after a refusal, until there is enough.
    package var fullInSeconds: Int64 = 1

    /// What a bucket is for; the names are those of the policies.
    package enum Owner: String, CaseIterable, Sendable {
        case key, address
        /// An address, for logins only.
        case login
    }

    package init(of owner: Owner, tokens: Int64, seconds: Int64) {
        self.owner = owner
        self.tokens = tokens
        self.seconds = seconds
    }

    var policy: String { "\"\(owner.rawValue)\";q=\(tokens);w=\(seconds)" }
    var state: String { "\"\(owner.rawValue)\";r=\(left);t=\(fullInSeconds)" }
}

extension Route {
    /// Tokens that a request takes. What ends an order or a key, and what probes ask, is never throttled.
    package var weight: Int64 {
        switch self {
        case .cancelOrder, .revokeKey, .revokeOwnKey, .getHealth, .headHealth, .getReadiness, .headReadiness,
            .getMetrics:
            0
        default: 1
        }
    }

    /// Orders or receipts of a batch that take a token together: they cost less than as many requests, but not nothing.
    package static let batchItemsPerToken = 10

    /// New orders: the first that an exchange refuses which is asked for too much.
    package var placesOrders: Bool {
        switch self {
        case .placeOffer, .placeBid, .placeBatch: true
        default: false
        }
    }
}
