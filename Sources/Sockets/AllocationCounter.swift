internal import CLinux

/// What a thread has asked the memory allocator for, for measurements: a real count of the calls of `malloc` and its
/// relatives, by the program and by every library that it has loaded.
package struct AllocationCounter: Sendable {
    /// Calls of `malloc`, `calloc`, `realloc`, `aligned_alloc` and `posix_memalign`.
    package var calls: Int64
    /// Bytes that they asked for.
    package var bytes: Int64

    package init(calls: Int64, bytes: Int64) {
        self.calls = calls
        self.bytes = bytes
    }

    /// Begins to count, for the rest of the process's life. False where it cannot be counted: then every figure is 0.
    package static func start() -> Bool { CLinux_count_allocations() > 0 }

    /// What the calling thread has asked for since counting began.
    package static var now: AllocationCounter {
        let counted = CLinux_allocations()
        return AllocationCounter(
            calls: Int64(truncatingIfNeeded: counted.calls),
            bytes: Int64(truncatingIfNeeded: counted.bytes)
        )
    }

    package mutating func add(_ other: Self) {
        calls += other.calls
        bytes += other.bytes
    }

    /// What was asked for between two moments of the same thread.
    package static func - (later: Self, earlier: Self) -> Self {
        AllocationCounter(calls: later.calls - earlier.calls, bytes: later.bytes - earlier.bytes)
    }
}
