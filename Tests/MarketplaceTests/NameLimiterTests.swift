import Engine
import Testing
import Units

@testable import Marketplace

/// Classes and profiles are kept for ever: each account may be the first to name so many.
@Suite struct NameLimiterTests {
    private let second: Int64 = 1_000_000_000
    private let spammer = AccountID(2)
    private let other = AccountID(3)

    @Test func `An account names as many as it may at first, and then one each second, by all of its keys`() {
        let limiter = NameLimiter()
        let start = 5 * second
        limiter.count(Int(Limits.newNamesMax), by: spammer, at: start)
        #expect(limiter.wait(for: spammer, at: start) == nil, "as many as it may")
        limiter.count(1, by: spammer, at: start)
        #expect(limiter.wait(for: spammer, at: start) == Limits.newNameSeconds * second)
        #expect(limiter.wait(for: other, at: start) == nil, "others are not concerned")
        #expect(limiter.wait(for: spammer, at: start + Limits.newNameSeconds * second) == nil)
        // What was under way when it was told to wait counts, too.
        limiter.count(600, by: spammer, at: start + second)
        #expect(limiter.wait(for: spammer, at: start + second) == 600 * Limits.newNameSeconds * second)
        limiter.count(1, by: other, at: start + second)
        #expect(limiter.wait(for: other, at: start + second) == nil)
        let rested = start + second + (600 + Limits.newNamesMax) * Limits.newNameSeconds * second
        limiter.count(Int(Limits.newNamesMax), by: spammer, at: rested)
        #expect(limiter.wait(for: spammer, at: rested) == nil, "it has as many again")
    }

    @Test func `However many accounts come, only those are kept that have named something of late`() {
        let limiter = NameLimiter()
        for number in 0..<RateLimiter.metersMax { limiter.count(1, by: AccountID(Int64(number + 10)), at: second) }
        limiter.count(Int(Limits.newNamesMax) + 9, by: spammer, at: 100 * second)
        limiter.count(1, by: other, at: 100 * second)
        #expect(limiter.wait(for: spammer, at: 100 * second) != nil, "one that has to wait is never forgotten")
    }
}
