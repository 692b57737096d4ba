internal import Sockets
internal import Units

/// What the threads of a leader read the time by: the machine's clocks, or those of a simulated world.
protocol Clocks: Sendable {
    /// The monotonic clock, for what is to happen after a while.
    var instant: Instant { get }
    /// Microseconds since 1970 UTC.
    var wallMicroseconds: Int64 { get }
    /// Both clocks at one moment, for the time of a batch.
    var reading: LogicalClock.Reading { get }
}

/// The machine's clocks.
struct MachineClocks: Clocks {
    var instant: Instant { .now }
    var wallMicroseconds: Int64 { wallClockMicroseconds() }
    var reading: LogicalClock.Reading { .now }
}
