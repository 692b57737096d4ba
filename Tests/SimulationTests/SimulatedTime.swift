import Sockets
import Units

@testable import Marketplace

/// The time of a simulated world, which passes only between two steps.
///
/// One thread has everything of a world; what the product's types ask to be `Sendable` says so without being it.
final class SimulatedTime: @unchecked Sendable {
    /// What clocks that are right show at the beginning, in microseconds since 1970 UTC.
    static let start: Int64 = 1_700_000_000_000_000
    /// Microseconds since the beginning.
    var now: Int64 = 0

    /// What clocks that are right show.
    var wall: Int64 { Self.start + now }
}

/// The clocks of a machine, whose wall clock may be set.
final class MachineTime: @unchecked Sendable {
    let time: SimulatedTime
    /// By how much the wall clock is ahead.
    var offset: Int64 = 0

    init(_ time: SimulatedTime) { self.time = time }

    var wall: Int64 { time.wall + offset }
}

/// What one leadership reads its clocks by, with all that it has read for the time of its batches.
final class SimulatedClocks: Clocks, @unchecked Sendable {
    private let machine: MachineTime
    /// The first is of the beginning of the leadership, each other one of a batch.
    private(set) var readings: [LogicalClock.Reading] = []

    init(_ machine: MachineTime) { self.machine = machine }

    /// Since the machine's start, a second before the beginning.
    private var monotonic: Int64 { machine.time.now + 1_000_000 }

    var instant: Instant { Instant(nanoseconds: monotonic * 1_000) }
    var wallMicroseconds: Int64 { machine.wall }
    var reading: LogicalClock.Reading {
        let reading = LogicalClock.Reading(wall: machine.wall, monotonic: monotonic)
        readings.append(reading)
        return reading
    }
}

/// What is to happen, the earliest first; at one moment in the order in which it was planned.
struct Agenda {
    private struct Entry {
        let time: Int64
        let number: Int
        let action: () -> Void

        func comesBefore(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    /// A binary heap, the next on top.
    private var entries: [Entry] = []
    private var planned = 0

    mutating func add(at time: Int64, _ action: @escaping () -> Void) {
        planned += 1
        entries.append(Entry(time: time, number: planned, action: action))
        var child = entries.count - 1
        while child > 0, entries[child].comesBefore(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (time: Int64, action: () -> Void)? {
        guard let first = entries.first else { return nil }
        entries.swapAt(0, entries.count - 1)
        entries.removeLast()
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].comesBefore(entries[best]) {
                best = child
            }
            if best == parent { return (first.time, first.action) }
            entries.swapAt(parent, best)
            parent = best
        }
    }
}
