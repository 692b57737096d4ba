internal import Glibc

/// A value that one thread at a time may use.
///
/// It is what `Mutex` of the standard library is, on top of a POSIX mutex: ThreadSanitizer understands only the
/// latter, and reports a race at each use of the former.
@safe package final class Lock<Value: ~Copyable>: Sendable {
    // Both are used only by who holds the mutex, and the mutex needs an address that does not change.
    nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    nonisolated(unsafe) private var value: Value

    /// Guards `value`, which the caller gives away.
    package init(_ value: consuming sending Value) {
        unsafe mutex = .allocate(capacity: 1)
        unsafe mutex.initialize(to: pthread_mutex_t())
        let result = unsafe pthread_mutex_init(mutex, nil)
        precondition(result == 0, "a mutex without attributes can be made")
        unsafe self.value = value
    }

    deinit {
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
    }

    /// Waits for the value and calls `use` with it. `use` must be short, and must not come back here.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ use: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        let result = unsafe pthread_mutex_lock(mutex)
        precondition(result == 0, "a mutex without attributes can be locked")
        defer { unsafe pthread_mutex_unlock(mutex) }
        return unsafe try use(&value)
    }
}
