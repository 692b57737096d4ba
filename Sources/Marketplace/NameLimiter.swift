internal import Engine
internal import Synchronization
internal import Units

/// How many classes and profiles each account may be the first to name: what is named once is kept for ever, in memory
/// and in the tables, also when the order that named it is gone at once. Who has named too many places no orders for a
/// while; cancelling goes on.
///
/// It is no rule of the engine: what a restart has forgotten starts anew.
final class NameLimiter: Sendable {
    private let meters = Meters<AccountID>()
    /// Until then some account has to wait: nobody is looked up afterwards.
    private let waitingUntil = Atomic<Int64>(0)

    init() {}

    /// The account was the first to name so many.
    func count(_ names: Int, by account: AccountID, at now: Int64) {
        let meter = meters.meter(of: account, at: now)
        meter.take(Int64(names), of: .names, at: now, mayOwe: true)
        if let wait = meter.debt(of: .names, at: now) { waitingUntil.max(now + wait, ordering: .relaxed) }
    }

    /// Nanoseconds until the account may place orders again; `nil` when it may. Each order asks: the clock is read only
    /// once somebody has had to wait.
    func wait(for account: AccountID, at now: @autoclosure () -> Int64) -> Int64? {
        let until = waitingUntil.load(ordering: .relaxed)
        guard until > 0 else { return nil }
        let now = now()
        return until > now ? meters[account]?.debt(of: .names, at: now) : nil
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
