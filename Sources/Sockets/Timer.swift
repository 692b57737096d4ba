internal import CLinux
internal import Glibc

/// Wakes an event loop at a time that is finer than its milliseconds. One at a time: a new time replaces the old one.
package final class Timer: EventLoop.Handler {
    private let descriptor: FileDescriptor
    private var setTo: UInt64 = 0

    /// A timer that is not set.
    package init() throws(SystemError) {
        descriptor = try FileDescriptor(owning: CLinux_timer(), from: "timerfd_create")
    }

    /// Lets `loop` wake up for it; what is due then, the loop's owner does at the end of the turn.
    package func attach(to loop: EventLoop) throws(SystemError) {
        _ = try loop.register(self, fileDescriptor: descriptor.rawValue, for: .readable)
    }

    /// Wakes the loop at `nanoseconds` of ``MonotonicClock``, at once if that has passed.
    package func set(_ nanoseconds: UInt64) throws(SystemError) {
        guard nanoseconds != setTo else { return }
        setTo = nanoseconds
        // Zero would switch the timer off.
        guard CLinux_timer_set(descriptor.rawValue, max(1, nanoseconds)) == 0 else {
            throw SystemError(call: "timerfd_settime", errno: errno)
        }
    }

    package func becameReady(_ readiness: EventLoop.Readiness) {
        setTo = 0
        var count: UInt64 = 0
        _ = unsafe read(descriptor.rawValue, &count, MemoryLayout<UInt64>.size)
    }
}
