internal import Glibc

/// The clock that deadlines are measured with: it never jumps, and its zero means nothing.
package enum MonotonicClock {
    /// Milliseconds since some fixed moment before the process started.
    package static func milliseconds() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000 &+ UInt64(time.tv_nsec) / 1_000_000
    }

    /// Nanoseconds since some fixed moment before the process started.
    package static func nanoseconds() -> UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}
