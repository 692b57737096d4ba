internal import Glibc
internal import Sockets

/// A value that several threads share, with a condition to wait on: what a mailbox between two threads is made of.
///
/// `Mutex` of the standard library has no condition variable, so this is the one place with a lock of our own. The
/// state is touched only inside ``withLock(_:)`` and ``wait(until:for:)``.
@safe package final class Monitor<State>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var state: State

    package init(_ state: sending State) {
        self.state = state
        unsafe mutex = .allocate(capacity: 1)
        unsafe condition = .allocate(capacity: 1)
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        // Deadlines are of the monotonic clock: a stepped wall clock must not stretch a wait.
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe pthread_mutex_destroy(mutex)
        unsafe condition.deallocate()
        unsafe mutex.deallocate()
    }

    /// Changes or reads the state, alone. Wakes the waiting threads when `waking` is true.
    package func withLock<Result>(waking: Bool = false, _ body: (inout State) -> Result) -> Result {
        withLock(wakingIf: { _ in waking }, body)
    }

    /// Changes the state, alone, and wakes the waiting threads if `isNews` says so of what has become of it.
    package func withLock<Result>(wakingIf isNews: (State) -> Bool, _ body: (inout State) -> Result) -> Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        let result = body(&state)
        if isNews(state) { unsafe pthread_cond_broadcast(condition) }
        return result
    }

    /// Waits until `body` answers something, looking again whenever another thread has changed the state with `waking`;
    /// `nil` when the deadline has passed.
    package func wait<Result>(until deadline: Instant? = nil, for body: (inout State) -> Result?) -> Result? {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = body(&state) { return result }
            guard let deadline else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            var limit = timespec(
                tv_sec: Int(deadline.nanoseconds / 1_000_000_000),
                tv_nsec: Int(deadline.nanoseconds % 1_000_000_000)
            )
            if unsafe pthread_cond_timedwait(condition, mutex, &limit) == ETIMEDOUT { return body(&state) }
        }
    }
}

/// A moment of the monotonic clock.
package struct Instant: Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static var now: Instant { Instant(nanoseconds: Int64(MonotonicClock.nanoseconds())) }

    package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }
    /// What is too far away to be counted, 292 years after the machine's start, is then.
    package func adding(milliseconds: Int64) -> Instant {
        let (product, overflows) = milliseconds.multipliedReportingOverflow(by: 1_000_000)
        let (sum, overflowsToo) = nanoseconds.addingReportingOverflow(product)
        return Instant(nanoseconds: overflows || overflowsToo ? (milliseconds < 0 ? 0 : .max) : sum)
    }

    /// Whole microseconds since `earlier`.
    package func microseconds(since earlier: Instant) -> Int64 { (nanoseconds - earlier.nanoseconds) / 1_000 }
}

/// The wall clock in microseconds since 1970 UTC, 0 when it is set to a time before. Only the driver of the engine and
/// the logs look at it.
package func wallClockMicroseconds() -> Int64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return max(0, Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000)
}
