import Testing
import Units

@testable import Marketplace

@Suite struct LogicalClockTests {
    /// Seconds, as microseconds.
    private static func seconds(_ count: Int64) -> Int64 { count * 1_000_000 }

    private static func reading(_ wall: Int64, _ monotonic: Int64) -> LogicalClock.Reading {
        LogicalClock.Reading(wall: seconds(wall), monotonic: seconds(monotonic))
    }

    /// Last batch, last sign of life, start; all in seconds; and the gap of the first batch.
    @Test(arguments: [
        (0, 0, 1_000, 0), (900, 0, 1_000, 100), (900, 998, 1_000, 0), (900, 995, 1_000, 0), (900, 994, 1_000, 6),
        (900, 2_000, 1_000, 0), (2_000, 900, 1_000, 0),
    ])
    func `A start carries the time since the exchange was last seen alive`(
        last: Int64,
        seen: Int64,
        now: Int64,
        gap: Int64
    ) {
        var clock = LogicalClock(
            after: LogicalTime(microseconds: Self.seconds(last)),
            seenAt: LogicalTime(microseconds: Self.seconds(seen)),
            Self.reading(now, 50)
        )
        #expect(clock.hasGap == (gap > 0))
        let first = clock.next(Self.reading(now + 1, 51))
        #expect(first.gap == Self.seconds(gap))
        #expect(first.time.microseconds == Self.seconds(max(last, now + 1)))
        #expect(clock.next(Self.reading(now + 100_000, 100_050)).gap == 0, "it is carried once")
    }

    /// Wall and monotonic clock at each batch, after a start at (1000, 0); then time and gap of the last one.
    static let jumps: [(readings: [(Int64, Int64)], time: Int64, gap: Int64)] = [
        ([(1_001, 1)], 1_001, 0), ([(9_000, 8_000)], 9_000, 0), ([(1_106, 6)], 1_106, 100), ([(1_006, 1)], 1_006, 0),
        ([(1_007, 1)], 1_007, 6), ([(1_008, 1)], 1_008, 7), ([(500, 1)], 1_000, 0), ([(500, 1), (600, 101)], 1_000, 0),
        ([(500, 1), (1_200, 701)], 1_200, 0), ([(500, 1), (1_001, 2)], 1_001, 0), ([(500, 1), (1_100, 2)], 1_100, 100),
        ([(2_000, 1), (1_500, 2), (2_100, 602)], 2_100, 0),
    ]

    @Test(arguments: jumps)
    func `A clock that jumps forward is a gap, one that is set back stands`(
        readings: [(Int64, Int64)],
        time: Int64,
        gap: Int64
    ) {
        let start = LogicalTime(microseconds: Self.seconds(1_000))
        var clock = LogicalClock(after: start, seenAt: start, Self.reading(1_000, 0))
        var last = (time: LogicalTime.zero, gap: Int64(0))
        for (wall, monotonic) in readings { last = clock.next(Self.reading(wall, monotonic)) }
        #expect(last.time.microseconds == Self.seconds(time))
        // What the step's own second says is the running clock's.
        #expect(abs(last.gap - Self.seconds(gap)) <= Self.seconds(1))
    }
}
