internal import CPQ
internal import Glibc

/// Ends a session from another thread than the one that uses it: whatever it waits for fails with
/// ``PostgresError/connectionLost(_:)``. Harmless when the session has ended already.
package final class Interrupter: Sendable {
    /// A descriptor of our own for the session's socket, so that the number never means another one.
    private let descriptor: Int32

    init(_ socket: Int32) { descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0) }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package func interrupt() { if descriptor >= 0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
}

extension Connection {
    /// What another thread needs to end this session.
    package func makeInterrupter() -> Interrupter { Interrupter(unsafe PQsocket(handle)) }
}
