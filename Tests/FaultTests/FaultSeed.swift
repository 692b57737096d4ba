import Foundation

/// SplitMix64: the same seed gives the same moments, kinds and requests.
struct FaultGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    /// A generator of its own for one purpose of the run.
    init(for purpose: String) {
        state = purpose.utf8.reduce(faultSeed) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// True once in `count` times.
    mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

/// What all that is random in these tests comes from: `BOMBYX_SEED`, or another one each time. It is in every line
/// that the tests print, so that a failure can be repeated.
let faultSeed: UInt64 =
    ProcessInfo.processInfo.environment["BOMBYX_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1...1_000_000_000)

/// Prints a line of results, which `Deploy/test` shows.
func report(_ line: String) {
    FileHandle.standardError.write(Data("faults: \(line) (BOMBYX_SEED=\(faultSeed))\n".utf8))
}

/// Times that belong together, as one line of text.
struct Durations {
    private(set) var seconds: [Double] = []

    mutating func append(_ duration: Duration) {
        let parts = duration.components
        seconds.append(Double(parts.seconds) + Double(parts.attoseconds) / 1e18)
    }

    /// The least, the median and the greatest, in seconds.
    var text: String {
        guard let least = seconds.min(), let greatest = seconds.max() else { return "none" }
        let median = seconds.sorted()[seconds.count / 2]
        return String(format: "min %.2f s, median %.2f s, max %.2f s of %d", least, median, greatest, seconds.count)
    }
}

/// Tries again until `body` answers something or the time is over.
func poll<Value>(seconds: Double, every microseconds: UInt32 = 20_000, _ body: () throws -> Value?) rethrows -> Value? {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < deadline {
        if let value = try body() { return value }
        usleep(microseconds)
    }
    return nil
}
