/// What an answer tells of the token bucket that the request was taken from: the fields `ratelimit-policy` and
/// `ratelimit` (draft-ietf-httpapi-ratelimit-headers-10).
package struct Quota: Hashable, Sendable {
    /// Of the key; otherwise of the address.
    package let isOfKey: Bool
    /// Tokens a second, and the most that the bucket holds.
    package let perSecond: Int64
    /// Whole tokens that are left.
    package var left: Int64 = 0
    /// Until the bucket is full again; after a refusal, until there is enough.
    package var fullInSeconds: Int64 = 1

    package init(isOfKey: Bool, perSecond: Int64) {
        self.isOfKey = isOfKey
        self.perSecond = perSecond
    }

    private var name: String { isOfKey ? "key" : "address" }
    var policy: String { "\"\(name)\";q=\(perSecond);w=1" }
    var state: String { "\"\(name)\";r=\(left);t=\(fullInSeconds)" }
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
}
