internal import Engine
internal import Sockets
internal import Synchronization
internal import Units

/// How many classes and profiles each account may be the first to name: what is named once is kept for ever, in memory
/// and in the tables, also when the order that named it is gone at once. Who has named too many places no orders for a
/// while; cancelling goes on.
///
/// It is no rule of the engine: what a restart has forgotten starts anew.
final class NameLimiter: Sendable {
    /// By account, when it may name as many as at first again, in nanoseconds of a clock that never goes back.
    private let fullAt = Lock<[AccountID: Int64]>([:])
    /// Until then some account has to wait: nobody is looked up afterwards.
    private let waitingUntil = Atomic<Int64>(0)

    static let interval: Int64 = Limits.newNameSeconds * 1_000_000_000
    static let capacity: Int64 = Limits.newNamesMax * interval
    /// Accounts that are told apart before those are dropped that may name as many as at first.
    static let accountsMax = 65_536

    init() {}

    /// The account was the first to name so many.
    func count(_ names: Int, by account: AccountID, at now: Int64) {
        let full = fullAt.withLock { accounts in
            if accounts.count >= Self.accountsMax { accounts = accounts.filter { $0.value > now } }
            let full = max(accounts[account] ?? 0, now) + Int64(names) * Self.interval
            accounts[account] = full
            return full
        }
        guard full - Self.capacity > now else { return }
        waitingUntil.max(full - Self.capacity, ordering: .relaxed)
    }

    /// Nanoseconds until the account may place orders again; `nil` when it may.
    func wait(for account: AccountID, at now: Int64) -> Int64? {
        guard waitingUntil.load(ordering: .relaxed) > now else { return nil }
        let full = fullAt.withLock { $0[account] ?? 0 }
        return full - Self.capacity > now ? full - Self.capacity - now : nil
    }
}

/// What clients are held to; `nil` for what nobody is held to.
struct Limiters: Sendable {
    let requests: RateLimiter?
    let logins: RateLimiter?
    let names: NameLimiter?

    init(requests: RateLimit?, logins: RateLimit?) {
        self.requests = requests.map { RateLimiter($0) }
        self.logins = logins.map { RateLimiter($0) }
        names = requests == nil ? nil : NameLimiter()
    }
}
