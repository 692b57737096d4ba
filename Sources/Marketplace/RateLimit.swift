internal import API
internal import Engine
internal import Sockets
internal import Synchronization
internal import Units

/// How much each key, and each address without one, may ask of the exchange: a token bucket that holds as much as it
/// earns in a second, or for logins in a minute.
package struct RateLimit: Hashable, Sendable {
    /// The most that a bucket holds, and earns in ``seconds``.
    package let tokens: Int64
    package let seconds: Int64

    /// Tokens a second.
    package static let range: ClosedRange<Int64> = 10...1_000_000
    /// Of a server that is told nothing else.
    package static let standard = RateLimit(tokens: 1_000, seconds: 1)
    /// Tokens a minute, for logins.
    package static let loginRange: ClosedRange<Int64> = 1...1_000_000
    /// Of a server that is told nothing else of logins.
    package static let logins = RateLimit(tokens: Limits.loginRequestsPerMinuteDefault, seconds: 60)
    /// Classes and profiles that an account is the first to name.
    static let names = RateLimit(tokens: Limits.newNamesMax, seconds: Limits.newNamesMax * Limits.newNameSeconds)
    /// How often the page of metrics is made: more than anybody scrapes.
    static let metrics = RateLimit(tokens: 100, seconds: 1)

    /// `nil` outside of ``range``.
    package init?(_ perSecond: Int64) {
        guard Self.range.contains(perSecond) else { return nil }
        self.init(tokens: perSecond, seconds: 1)
    }

    /// `nil` outside of ``loginRange``.
    package init?(loginsPerMinute: Int64) {
        guard Self.loginRange.contains(loginsPerMinute) else { return nil }
        self.init(tokens: loginsPerMinute, seconds: 60)
    }

    private init(tokens: Int64, seconds: Int64) {
        self.tokens = tokens
        self.seconds = seconds
    }

    /// Nanoseconds in which one token is earned.
    var interval: Int64 { seconds * 1_000_000_000 / tokens }
}

/// A token bucket as one number: the moment at which it will be full (the generic cell rate algorithm of ITU-T I.371).
/// All loops take from it without a lock.
final class Meter: Sendable {
    private let fullAt = Atomic<Int64>(0)

    /// What became of a request for tokens.
    enum Charge: Hashable {
        /// Whole tokens that are left, and nanoseconds until the bucket is full.
        case taken(left: Int64, fullIn: Int64)
        /// Nothing was taken; there will be enough in so many nanoseconds.
        case refused(wait: Int64)
    }

    /// Takes `weight` tokens, or none; from a bucket that may owe also those that it has still to earn, and then less
    /// than nothing is left. `now` is in nanoseconds of a clock that never goes back.
    @discardableResult
    func take(_ weight: Int64, of limit: RateLimit, at now: Int64, mayOwe: Bool = false) -> Charge {
        let capacity = limit.tokens * limit.interval
        var seen = fullAt.load(ordering: .relaxed)
        while true {
            let full = max(seen, now) + weight * limit.interval
            guard mayOwe || full - now <= capacity else { return .refused(wait: full - now - capacity) }
            let (isExchanged, original) = fullAt.weakCompareExchange(
                expected: seen,
                desired: full,
                ordering: .relaxed
            )
            if isExchanged { return .taken(left: (capacity - (full - now)) / limit.interval, fullIn: full - now) }
            seen = original
        }
    }

    func isFull(at now: Int64) -> Bool { fullAt.load(ordering: .relaxed) <= now }

    /// Nanoseconds until the bucket owes nothing any more; `nil` when it owes nothing.
    func debt(of limit: RateLimit, at now: Int64) -> Int64? {
        let wait = fullAt.load(ordering: .relaxed) - now - limit.tokens * limit.interval
        return wait > 0 ? wait : nil
    }
}

/// Buckets of many, each made when it is first asked for; full ones are dropped when there are too many.
final class Meters<Key: Hashable & Sendable>: Sendable {
    private let meters = Lock<[Key: Meter]>([:])

    /// The bucket of `key`, or `others` if it would be one too many; without `others` there is no such thing.
    func meter(of key: Key, at now: Int64, others: Meter? = nil) -> Meter {
        meters.withLock { meters in
            if let meter = meters[key] { return meter }
            if meters.count >= RateLimiter.metersMax { meters = meters.filter { !$0.value.isFull(at: now) } }
            if let others, meters.count >= RateLimiter.metersMax { return others }
            let meter = Meter()
            meters[key] = meter
            return meter
        }
    }

    /// The bucket of `key`, if there is one.
    subscript(key: Key) -> Meter? { meters.withLock { $0[key] } }
}

/// The buckets of all keys and addresses, shared by the loops.
final class RateLimiter: Sendable {
    let limit: RateLimit
    private let keys = Meters<KeyID>()
    private let addresses = Meters<NetworkAddress>()
    /// For addresses beyond those that can be told apart.
    private let others = Meter()

    /// Keys and addresses of which each has a bucket; full ones are dropped when there are more.
    static let metersMax = 65_536

    init(_ limit: RateLimit) { self.limit = limit }

    /// A key that is in use keeps its bucket: there are no more of them than keys.
    func meter(of key: KeyID, at now: Int64) -> Meter { keys.meter(of: key, at: now) }

    /// One customer's network of IPv6, 64 bits, has one bucket (RFC 6177, section 2).
    func meter(of address: NetworkAddress, at now: Int64) -> Meter {
        let shared = address.isV4 ? address : NetworkAddress(v6: (address.bits >> 64) << 64)
        return addresses.meter(of: shared, at: now, others: others)
    }
}

/// One loop's side of the rate limit; used by the loop's thread only.
struct Throttle {
    private let limiter: RateLimiter?
    /// Of addresses, for logins only.
    private let logins: RateLimiter?
    private let metrics: LoopMetrics?
    /// Buckets that this loop has asked for, so that it need not ask again.
    private var meters: [KeyID: Meter] = [:]
    /// What is told to requests under way; few, because only those are told that have used half.
    private var quotas: [UInt64: Quota] = [:]

    init(_ limiter: RateLimiter?, logins: RateLimiter? = nil, metrics: LoopMetrics? = nil) {
        self.limiter = limiter
        self.logins = logins
        self.metrics = metrics
    }

    /// Takes what the request costs; throws 429 for who has asked too often.
    mutating func charge(
        _ route: Route,
        _ principal: Principal?,
        peer: NetworkAddress,
        requestID: UInt64
    ) throws(Problem) {
        guard route.weight > 0 else { return }
        let now = Int64(MonotonicClock.nanoseconds())
        if let limiter {
            let meter = principal.map { self.meter(of: $0.key, limiter, now) } ?? limiter.meter(of: peer, at: now)
            let owner: Quota.Owner = principal == nil ? .address : .key
            try charge(meter, route.weight, limiter.limit, owner, requestID, at: now)
        }
        // A login opens an account and makes a key for ever: that is dearer than any other request.
        if let logins, route.isLogin {
            try charge(logins.meter(of: peer, at: now), 1, logins.limit, .login, requestID, at: now)
        }
    }

    /// Takes what so many entries of a batch cost beside the request's own token, but never more than a full bucket
    /// has.
    mutating func charge(entries: Int, of key: KeyID, requestID: UInt64) throws(Problem) {
        let weight = (Int64(entries) + Int64(Route.batchItemsPerToken) - 1) / Int64(Route.batchItemsPerToken) - 1
        guard weight > 0, let limiter else { return }
        let now = Int64(MonotonicClock.nanoseconds())
        let most = min(weight, limiter.limit.tokens - 1)
        try charge(meter(of: key, limiter, now), most, limiter.limit, .key, requestID, at: now)
    }

    private mutating func charge(
        _ meter: Meter,
        _ weight: Int64,
        _ limit: RateLimit,
        _ owner: Quota.Owner,
        _ requestID: UInt64,
        at now: Int64
    ) throws(Problem) {
        var quota = Quota(of: owner, tokens: limit.tokens, seconds: limit.seconds)
        switch meter.take(weight, of: limit, at: now) {
        case .taken(let left, let fullIn):
            guard left < limit.tokens / 2 else { return }
            quota.left = left
            quota.fullInSeconds = Self.seconds(fullIn)
            remember(quota, requestID)
        case .refused(let wait):
            metrics?.refused(owner)
            quota.fullInSeconds = Self.seconds(wait)
            remember(quota, requestID)
            throw Problem(.rateLimited, Self.rule(owner, limit), retryAfterSeconds: Int(Self.seconds(wait)))
        }
    }

    private static func rule(_ owner: Quota.Owner, _ limit: RateLimit) -> String {
        switch owner {
        case .key: "This API key may ask \(limit.tokens) times a second. Cancelling is never limited."
        case .address: "This address may ask \(limit.tokens) times a second. Cancelling is never limited."
        case .login: "From this address \(limit.tokens) requests a minute may be parts of logins."
        }
    }

    /// What the answer to the request tells of its bucket.
    mutating func quota(of requestID: UInt64) -> Quota? {
        quotas.isEmpty ? nil : quotas.removeValue(forKey: requestID)
    }

    private mutating func remember(_ quota: Quota, _ requestID: UInt64) {
        // An answer that was dropped on its way leaves its quota here.
        if quotas.count >= RateLimiter.metersMax { quotas.removeAll(keepingCapacity: true) }
        quotas[requestID] = quota
    }

    private mutating func meter(of key: KeyID, _ limiter: RateLimiter, _ now: Int64) -> Meter {
        if let meter = meters[key] { return meter }
        if meters.count >= RateLimiter.metersMax { meters.removeAll(keepingCapacity: true) }
        let meter = limiter.meter(of: key, at: now)
        meters[key] = meter
        return meter
    }

    /// Rounded up, and at least one.
    private static func seconds(_ nanoseconds: Int64) -> Int64 { max(1, (nanoseconds + 999_999_999) / 1_000_000_000) }
}

extension NetworkAddress {
    init(_ address: SocketAddress) {
        switch address.host {
        case .v4(let bits): self.init(v4: bits)
        case .v6(let bits): self.init(v6: bits)
        }
    }
}
