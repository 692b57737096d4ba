/// A ``Thread`` that several owners may hold, as an element of an array for example; the first ``join()`` joins it.
package final class SharedThread: Sendable {
    private let thread: Lock<Thread?>

    /// Starts a thread; see ``Thread/init(named:_:)``.
    package init(named name: String, _ body: sending @escaping () -> Void) throws(SystemError) {
        thread = Lock(try Thread(named: name, body))
    }

    /// Waits until the closure has returned; also if another thread is waiting for it.
    package func join() { thread.withLock { thread in thread.take()?.join() } }
}
