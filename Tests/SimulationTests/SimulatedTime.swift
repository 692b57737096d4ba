import Sockets
import Synchronization
import Units

@testable import Marketplace

/// The time of a simulated world, which passes only between two steps.
final class SimulatedTime: Sendable {
    /// What clocks that are right show at the beginning, in microseconds since 1970 UTC.
    static let start: Int64 = 1_700_000_000_000_000
    private let passed = Atomic<Int64>(0)

    /// Microseconds since the beginning.
    var now: Int64 {
        get { passed.load(ordering: .relaxed) }
        set { passed.store(newValue, ordering: .relaxed) }
    }

    /// What clocks that are right show.
    var wall: Int64 { Self.start + now }
}

/// The clocks of a machine, whose wall clock may be set.
final class MachineTime: Sendable {
    let time: SimulatedTime
    private let ahead = Atomic<Int64>(0)

    /// By how much the wall clock is ahead.
    var offset: Int64 {
        get { ahead.load(ordering: .relaxed) }
        set { ahead.store(newValue, ordering: .relaxed) }
    }

    init(_ time: SimulatedTime) { self.time = time }

    var wall: Int64 { time.wall + offset }
}

/// What one leadership reads its clocks by, with all that it has read for the time of its batches.
final class SimulatedClocks: Clocks {
    private let machine: MachineTime
    private let taken = Lock<[LogicalClock.Reading]>([])

    init(_ machine: MachineTime) { self.machine = machine }

    /// The first is of the beginning of the leadership, each other one of a batch.
    var readings: [LogicalClock.Reading] { taken.withLock { $0 } }

    /// Since the machine's start, a second before the beginning.
    private var monotonic: Int64 { machine.time.now + 1_000_000 }

    var instant: Instant { Instant(nanoseconds: monotonic * 1_000) }
    var wallMicroseconds: Int64 { machine.wall }
    var reading: LogicalClock.Reading {
        let reading = LogicalClock.Reading(wall: machine.wall, monotonic: monotonic)
        taken.withLock { $0.append(reading) }
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
