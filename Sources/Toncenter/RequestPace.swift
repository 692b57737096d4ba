/// When the next request may go: so many a second, and so many at once after a pause. A value; its times are
/// milliseconds of any clock that does not jump.
package struct RequestPace: Hashable, Sendable {
    /// Microseconds from request to request.
    private let interval: UInt64
    /// How far ahead of its turn a request may go, in microseconds.
    private let slack: UInt64
    /// When it is the next one's turn, in microseconds.
    private var turn: UInt64 = 0

    /// Both are 1 or more.
    package init(perSecond: UInt64, burst: UInt64) {
        precondition(perSecond > 0 && burst > 0, "a pace lets requests go")
        interval = max(1, 1_000_000 / perSecond)
        slack = interval * (burst - 1)
    }

    /// Milliseconds to wait from `now` on until the next request may go; it counts as gone then.
    package mutating func wait(at now: UInt64) -> UInt64 {
        let now = now * 1_000
        turn = max(turn, now)
        let start = turn > slack ? turn - slack : 0
        turn += interval
        return start > now ? (start - now + 999) / 1_000 : 0
    }
}

/// How long to wait until a request is tried again: twice as long each time, up to a limit, and by chance some of it
/// less, so that not all who were turned away come back at once.
package struct RetryDelay: Hashable, Sendable {
    /// Milliseconds before the first repetition, and the most.
    package var base: UInt64 = 500
    package var most: UInt64 = 15_000

    package init() {}

    /// Milliseconds before repetition `number`, from 1 on. A provider that names seconds is believed up to the most.
    package func milliseconds(
        _ number: Int,
        retryAfter seconds: UInt64,
        using generator: inout some RandomNumberGenerator
    ) -> UInt64 {
        let doubled = min(most, base << UInt64(min(max(number - 1, 0), 20)))
        let chance = UInt64.random(in: doubled / 2...max(doubled, 1), using: &generator)
        return min(most, max(chance, min(seconds, most) * 1_000))
    }
}
