internal import CLinux
internal import Glibc

/// A thread of the operating system that runs one closure. It must be joined.
///
/// The server has a fixed handful of them. Blocking calls are fine here, and only here: a thread of the
/// Swift concurrency pool must never block.
@safe package struct Thread: ~Copyable, Sendable {
    private let handle: pthread_t

    /// What the kernel keeps of a name, without the ending NUL.
    package static let nameBytesMax = 15

    private final class Body {
        let name: String
        let run: () -> Void

        init(_ name: String, _ run: @escaping () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread that `ps -L` and a debugger show as `name` (its first 15 bytes).
    ///
    /// `body` is `sending`: what it captures leaves the caller's thread for good, so it may own values that
    /// are not `Sendable`.
    package init(named name: String, _ body: sending @escaping () -> Void) throws(SystemError) {
        var handle = pthread_t()
        let context = unsafe Unmanaged.passRetained(Body(name, body))
        let result = unsafe pthread_create(
            &handle,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                let body = unsafe Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                Thread.nameCurrent(body.name)
                body.run()
                return nil
            },
            context.toOpaque()
        )
        guard result == 0 else {
            unsafe context.release()
            throw SystemError(call: "pthread_create \(name)", errno: result)
        }
        self.handle = handle
    }

    /// Waits until the closure has returned.
    package consuming func join() {
        let result = pthread_join(handle, nil)
        precondition(result == 0, "a thread is joined once, by another thread")
    }

    /// Lets other threads run.
    package static func yield() { _ = sched_yield() }

    /// Names the calling thread; a name is a convenience, so a failure is not told.
    package static func nameCurrent(_ name: String) {
        let kept = String(decoding: name.utf8.prefix(nameBytesMax), as: UTF8.self)
        _ = unsafe CLinux_name_thread(kept)
    }
}
