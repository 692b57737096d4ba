import API
import Engine
import Testing
import Units

@testable import Marketplace

/// Token buckets that loops share.
@Suite struct RateLimitTests {
    private let second: Int64 = 1_000_000_000

    private func limit(_ perSecond: Int64) throws -> RateLimit { try #require(RateLimit(perSecond)) }

    @Test func `A bucket gives what it holds, and then what it earns`() throws {
        let limit = try limit(10)
        let meter = Meter()
        let start = 5 * second
        for left in (0..<10).reversed() {
            #expect(
                meter.take(1, of: limit, at: start)
                    == .taken(left: Int64(left), fullIn: second - Int64(left) * second / 10)
            )
        }
        #expect(meter.take(1, of: limit, at: start) == .refused(wait: second / 10))
        #expect(meter.take(2, of: limit, at: start) == .refused(wait: second / 5))
        #expect(meter.take(1, of: limit, at: start + second / 10 - 1) == .refused(wait: 1))
        #expect(meter.take(1, of: limit, at: start + second / 10) == .taken(left: 0, fullIn: second))
        #expect(
            meter.take(10, of: limit, at: start + 9 * second) == .taken(left: 0, fullIn: second),
            "no more than it holds"
        )
        #expect(meter.take(1, of: limit, at: start + 9 * second) == .refused(wait: second / 10))
    }

    @Test func `Threads that share a bucket get no more than one would`() async throws {
        let limit = try limit(1_000)
        let meter = Meter()
        let taken = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    (0..<5_000).count { index in
                        if case .taken = meter.take(1, of: limit, at: 1_000_000 + Int64(index) * 100_000) {
                            true
                        } else {
                            false
                        }
                    }
                }
            }
            return await group.reduce(0, +)
        }
        // Half a second passes: a full bucket and 500 tokens, whatever the order in which the threads came.
        #expect((1_000...1_500).contains(taken), "\(taken)")
    }

    @Test func `Limits outside of the range are none`() {
        #expect(RateLimit(RateLimit.range.lowerBound - 1) == nil && RateLimit(RateLimit.range.upperBound + 1) == nil)
        for number in [RateLimit.range.lowerBound, RateLimit.range.upperBound] { #expect(RateLimit(number) != nil) }
    }

    @Test func `An address has one bucket, a customer's network of IPv6 too, and their number is bounded`() throws {
        let limiter = RateLimiter(try limit(10))
        let v6 = NetworkAddress(v6: UInt128(0x2001_0DB8) << 96 | 1)
        let neighbour = NetworkAddress(v6: UInt128(0x2001_0DB8) << 96 | 2)
        let other = NetworkAddress(v6: UInt128(0x2001_0DB9) << 96 | 1)
        #expect(limiter.meter(of: v6, at: 1) === limiter.meter(of: neighbour, at: 1))
        #expect(limiter.meter(of: v6, at: 1) !== limiter.meter(of: other, at: 1))
        for number in 0..<RateLimiter.metersMax {
            _ = limiter.meter(of: NetworkAddress(v4: UInt32(number)), at: 1).take(1, of: limiter.limit, at: 1)
        }
        let late = (
            limiter.meter(of: NetworkAddress(v4: .max), at: 1), limiter.meter(of: NetworkAddress(v4: .max - 1), at: 1)
        )
        #expect(late.0 === late.1, "addresses beyond them share one")
        #expect(limiter.meter(of: NetworkAddress(v4: .max), at: 2 * second) !== late.0, "full buckets make room")
    }

    @Test func `Logins have a bucket of their own for each address`() throws {
        let logins = RateLimiter(try #require(RateLimit(loginsPerMinute: 3)))
        var throttle = Throttle(RateLimiter(try limit(1_000)), logins: logins)
        let peer = NetworkAddress(v4: 1)
        for (id, route) in [Route.createLoginNonce, .loginTON, .loginTelegram].enumerated() {
            try throttle.charge(route, nil, peer: peer, requestID: UInt64(id))
        }
        let refusal = #expect(throws: Problem.self) {
            try throttle.charge(.loginTON, nil, peer: peer, requestID: 3)
        }
        #expect(refusal?.code == .rateLimited && refusal?.retryAfterSeconds == 20)
        let quota = throttle.quota(of: 3)
        #expect(quota?.owner == .login && quota?.tokens == 3 && quota?.seconds == 60 && quota?.left == 0)
        try throttle.charge(.loginTON, nil, peer: NetworkAddress(v4: 2), requestID: 4)
        try throttle.charge(.getBook, nil, peer: peer, requestID: 5)
        for number in [RateLimit.loginRange.lowerBound - 1, RateLimit.loginRange.upperBound + 1] {
            #expect(RateLimit(loginsPerMinute: number) == nil)
        }
        var alone = Throttle(nil, logins: logins)
        #expect(throws: Problem.self, "also where nothing else is limited") {
            try alone.charge(.loginTON, nil, peer: peer, requestID: 6)
        }
    }

    @Test(arguments: [(entries: 1, tokens: 1), (10, 1), (11, 2), (100, 10), (101, 11), (1_000, 40)])
    func `Ten entries of a batch cost as much as one request, and no batch more than a full bucket has`(
        entries: Int,
        tokens: Int64
    ) throws {
        var throttle = Throttle(RateLimiter(try limit(40)))
        let principal = Principal(account: AccountID(2), key: KeyID(2), scopes: .bid)
        func take() throws {
            try throttle.charge(.placeBatch, principal, peer: NetworkAddress(v4: 1), requestID: 1)
            try throttle.charge(entries: entries, of: principal.key, requestID: 1)
        }
        var taken: Int64 = 0
        while taken < 40 / tokens {
            try take()
            taken += 1
        }
        let refusal = #expect(throws: Problem.self) { for _ in 0..<2 { try take() } }
        #expect(refusal?.code == .rateLimited && refusal?.retryAfterSeconds == 1)
    }

    @Test func `Only what asks for something costs`() throws {
        var throttle = Throttle(RateLimiter(try limit(10)))
        let principal = Principal(account: AccountID(2), key: KeyID(2), scopes: .bid)
        let peer = NetworkAddress(v4: 1)
        for id in 0..<10 { try throttle.charge(.placeBid, principal, peer: peer, requestID: UInt64(id)) }
        #expect(throttle.quota(of: 0) == nil, "nothing is told while half is left")
        #expect(throttle.quota(of: 9)?.left == 0)
        #expect(throttle.quota(of: 9) == nil, "once")
        let refusal = #expect(throws: Problem.self) {
            try throttle.charge(.placeBid, principal, peer: peer, requestID: 10)
        }
        #expect(refusal?.code == .rateLimited && refusal?.retryAfterSeconds == 1)
        for route in [Route.cancelOrder, .revokeOwnKey, .getHealth, .getMetrics] {
            try throttle.charge(route, principal, peer: peer, requestID: 11)
        }
        try throttle.charge(.getBook, nil, peer: peer, requestID: 12)
        var unlimited = Throttle(nil)
        for id in 0..<1_000 { try unlimited.charge(.placeBid, principal, peer: peer, requestID: UInt64(id)) }
    }
}
