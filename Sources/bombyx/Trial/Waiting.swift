internal import Glibc

/// Time since `start` in microseconds.
func microseconds(since start: ContinuousClock.Instant) -> Int64 {
    let elapsed = (ContinuousClock.now - start).components
    return elapsed.seconds * 1_000_000 + elapsed.attoseconds / 1_000_000_000_000
}

/// Lets others run for a while.
func pause(milliseconds: UInt32) { usleep(milliseconds * 1_000) }
