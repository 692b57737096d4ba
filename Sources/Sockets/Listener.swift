internal import CLinux
internal import Glibc

/// A TCP socket that accepts connections, without blocking.
package final class Listener: Sendable {
    private let socket: FileDescriptor
    /// A descriptor kept for the moment when the process has no other left (see ``accept()``).
    private let reserve: Lock<FileDescriptor?>
    /// Where it listens; the port is the one that the kernel chose if 0 was asked for.
    package let address: SocketAddress

    /// Connections that the kernel keeps until they are accepted: the most that Linux allows by default
    /// (`net.core.somaxconn`).
    package static let backlog: Int32 = 4_096

    /// Binds and listens.
    ///
    /// A port that another listener has is refused (`EADDRINUSE`), unless this one is `joining` it: then the
    /// kernel spreads connections over all of them (`SO_REUSEPORT`). The first of a process does not join, so
    /// that a second server on the port is noticed and not given half of the clients.
    package init(on address: SocketAddress, joining: Bool = false) throws(SystemError) {
        let socket = try FileDescriptor(owning: CLinux_socket(address.family), from: "socket")
        try socket.setOption(SO_REUSEADDR, at: SOL_SOCKET, to: 1, name: "SO_REUSEADDR")
        if joining { try socket.setOption(SO_REUSEPORT, at: SOL_SOCKET, to: 1, name: "SO_REUSEPORT") }
        let bound = unsafe address.withKernelAddress { kernel, size in
            unsafe bind(socket.rawValue, kernel, size)
        }
        guard bound == 0 else { throw SystemError(call: "bind \(address)", errno: errno) }
        if !joining { try socket.setOption(SO_REUSEPORT, at: SOL_SOCKET, to: 1, name: "SO_REUSEPORT") }
        guard listen(socket.rawValue, Self.backlog) == 0 else {
            throw SystemError(call: "listen \(address)", errno: errno)
        }
        let actual = unsafe SocketAddress(of: socket.rawValue) { unsafe getsockname($0, $1, $2) }
        guard let actual else { throw SystemError(call: "getsockname", errno: errno) }

        self.reserve = Lock(try FileDescriptor(owning: CLinux_null(), from: "open /dev/null"))
        self.address = actual
        self.socket = socket
    }

    /// The descriptor to watch for readability.
    package var fileDescriptor: Int32 { socket.rawValue }

    /// Stops listening: those who wait and those who come are refused. The port is free when nobody holds the
    /// listener any more.
    package func stop() { _ = shutdown(socket.rawValue, Int32(SHUT_RDWR)) }

    /// What one accept gave.
    package enum Accepted: ~Copyable, Sendable {
        /// A connection, non-blocking, close-on-exec, without delay, and where it comes from.
        case connection(FileDescriptor, SocketAddress)
        /// Nobody waits.
        case wouldBlock
        /// The process has no descriptor left: a waiting connection was closed instead, or (`false`) even
        /// that failed and nothing can be accepted now.
        case exhausted(closedOne: Bool)
    }

    /// Accepts one connection. What a client did wrong before it was accepted is skipped.
    package func accept() throws(SystemError) -> Accepted {
        while true {
            let raw = CLinux_accept(socket.rawValue)
            if raw >= 0 {
                let connection = try FileDescriptor(owning: raw, from: "accept4")
                let peer = unsafe SocketAddress(of: raw) { unsafe getpeername($0, $1, $2) }
                guard let peer else { continue }
                // The connection works without it, only later.
                try? connection.sendWithoutDelay()
                return .connection(connection, peer)
            }
            switch errno {
            case EAGAIN: return .wouldBlock
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: return .exhausted(closedOne: shedOne())
            case EINTR, ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENETUNREACH, EHOSTUNREACH, ENOPROTOOPT, EOPNOTSUPP:
                continue
            default: throw SystemError(call: "accept4", errno: errno)
            }
        }
    }

    /// Gives the reserve up to accept a connection and close it: a client is better told no than left waiting.
    private func shedOne() -> Bool {
        reserve.withLock { reserve in
            guard reserve != nil else {
                reserve = try? FileDescriptor(owning: CLinux_null(), from: "open")
                return false
            }
            reserve = nil
            let raw = CLinux_accept(socket.rawValue)
            if raw >= 0 { _ = close(raw) }
            reserve = try? FileDescriptor(owning: CLinux_null(), from: "open")
            return raw >= 0
        }
    }
}
