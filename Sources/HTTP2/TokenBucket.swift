/// Allows a burst, and then so much a minute.
///
/// It is asked for each frame, so it divides only when the clock has moved.
struct TokenBucket: BitwiseCopyable {
    private let capacity: Int
    private let perMinute: Int
    /// What is there, in 60,000ths of a token: what one token a minute earns in a millisecond.
    private var level: Int
    /// Up to when the level was counted, in milliseconds.
    private var filledTo: UInt64

    private static let token = 60_000

    /// A full bucket at `now`, in milliseconds of a clock that never goes back.
    init(burst: Int, perMinute: Int, at now: UInt64) {
        capacity = burst * Self.token
        self.perMinute = perMinute
        level = capacity
        filledTo = now
    }

    /// Takes one token. Returns `false` if there is none.
    mutating func take(at now: UInt64) -> Bool {
        if now != filledTo { fill(to: now) }
        guard level >= Self.token else { return false }
        level -= Self.token
        return true
    }

    private mutating func fill(to now: UInt64) {
        let (earned, overflow) = Int(clamping: now &- filledTo).multipliedReportingOverflow(by: perMinute)
        level = overflow ? capacity : min(capacity, level + min(earned, capacity))
        filledTo = now
    }
}
