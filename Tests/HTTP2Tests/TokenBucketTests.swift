import Testing

@testable import HTTP2

@Suite struct TokenBucketTests {
    @Test func `A bucket gives its burst at once and then nothing`() {
        var bucket = TokenBucket(burst: 10, perMinute: 60, at: 1_000)
        #expect(bucket.takeAll(at: 1_000) == 10)
        #expect(bucket.takeAll(at: 1_999) == 0, "less than one token has come")
        #expect(bucket.takeAll(at: 2_000) == 1)
    }

    @Test func `A bucket never holds more than its burst`() {
        var bucket = TokenBucket(burst: 3, perMinute: 60, at: 0)
        for _ in 0..<3 { _ = bucket.take(at: 0) }
        let later: UInt64 = 1 << 62
        #expect(bucket.takeAll(at: later) == 3)
    }

    @Test func `However it is asked, a bucket gives at most the burst and what came with time`() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SplitMix(seed)
        for _ in 0..<100 {
            let burst = Int(random.next() % 50)
            let perMinute = Int(random.next() % 10_000)
            var bucket = TokenBucket(burst: burst, perMinute: perMinute, at: 0)
            var now: UInt64 = 0
            var taken = 0
            for _ in 0..<1_000 {
                now += random.next() % 40
                if bucket.take(at: now) { taken += 1 }
                #expect(taken <= burst + perMinute * Int(now) / 60_000, "seed \(seed)")
            }
        }
    }
}

extension TokenBucket {
    /// Takes as many tokens as there are at one moment.
    fileprivate mutating func takeAll(at now: UInt64) -> Int {
        var count = 0
        while take(at: now) { count += 1 }
        return count
    }
}

/// Random numbers from a seed that a test can print (Steele, Lea, Flood: SplitMix64).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
