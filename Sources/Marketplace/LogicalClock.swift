internal import Sockets
internal import Units

/// Gives batches their time, and finds gaps: how long the exchange did not run, or by how much the clock jumped
/// (DESIGN §2). A value: readings of the clocks in, time and gap out.
struct LogicalClock: Hashable, Sendable {
    /// Both clocks at one moment, in microseconds.
    struct Reading: Hashable, Sendable {
        /// Since 1970 UTC; can be set, and then jumps.
        var wall: Int64
        /// Since some fixed moment; runs on whatever happens to the other.
        var monotonic: Int64

        static var now: Reading {
            Reading(
                wall: wallClockMicroseconds(),
                monotonic: Int64(truncatingIfNeeded: MonotonicClock.nanoseconds() / 1_000)
            )
        }
    }

    private var time: LogicalTime
    private var last: Reading
    /// What the next batch will carry.
    private var gap: Int64 = 0

    /// Goes on after a batch of `last`, when the leader before was last seen alive at `seenAt`. Nothing is missing
    /// before the first batch of all, whose `last` is zero.
    init(after last: LogicalTime, seenAt: LogicalTime, _ now: Reading) {
        time = last
        self.last = now
        if last > .zero { note(now.wall.subtractingReportingOverflow(max(last, seenAt).microseconds).partialValue) }
    }

    /// Whether the next batch carries a gap.
    var hasGap: Bool { gap > 0 }

    /// The time of a batch that begins now, and the gap that it carries. While the wall clock is behind the batch
    /// before, time stands still.
    mutating func next(_ now: Reading) -> (time: LogicalTime, gap: Int64) {
        let (jump, _) = (now.wall &- last.wall).subtractingReportingOverflow(now.monotonic &- last.monotonic)
        // Where a step leads back to is no gap.
        note(min(jump, now.wall &- time.microseconds))
        last = now
        time = max(time, LogicalTime(microseconds: now.wall))
        defer { gap = 0 }
        return (time, gap)
    }

    /// Shorter ones are not worth a word.
    private mutating func note(_ length: Int64) {
        if length > Limits.gapMin { gap = gap.addingReportingOverflow(length).partialValue }
    }
}
