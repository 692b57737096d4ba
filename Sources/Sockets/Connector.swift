internal import CLinux
internal import Glibc

extension FileDescriptor {
    /// Opens a TCP connection to `address`, non-blocking once it stands, and waits for it at most until
    /// `deadline` (``MonotonicClock/milliseconds()``; afterwards `ETIMEDOUT`).
    package init(connectingTo address: SocketAddress, deadline: UInt64) throws(SystemError) {
        let socket = try FileDescriptor(beginningToConnectTo: address)
        guard try socket.wait(for: .writable, deadline: deadline) else {
            throw SystemError(call: "connect \(address)", errno: ETIMEDOUT)
        }
        let failure = socket.pendingError()
        guard failure == 0 else { throw SystemError(call: "connect \(address)", errno: failure) }
        self = socket
    }

    /// Begins a TCP connection to `address` and does not wait for it: the descriptor is writable when it stands, or
    /// when it has failed, as ``connectionFailure()`` says.
    package init(beginningToConnectTo address: SocketAddress) throws(SystemError) {
        let socket = try FileDescriptor(owning: CLinux_socket(address.family), from: "socket")
        let result = unsafe address.withKernelAddress { kernel, size in
            unsafe connect(socket.rawValue, kernel, size)
        }
        guard result == 0 || errno == EINPROGRESS else { throw SystemError(call: "connect \(address)", errno: errno) }
        try socket.sendWithoutDelay()
        self = socket
    }

    /// Why a connection that was begun does not stand; `nil` if it does.
    package borrowing func connectionFailure() -> SystemError? {
        let failure = pendingError()
        return failure == 0 ? nil : SystemError(call: "connect", errno: failure)
    }

    private borrowing func pendingError() -> Int32 {
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe getsockopt(rawValue, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 else { return errno }
        return failure
    }

    /// Blocks until the descriptor is ready for any of `readiness` or failed (`true`), or until `deadline`
    /// (``MonotonicClock/milliseconds()``; `false`).
    package borrowing func wait(
        for readiness: EventLoop.Readiness,
        deadline: UInt64
    ) throws(SystemError) -> Bool {
        // The bits of poll and epoll are the same on Linux.
        var entry = pollfd(fd: rawValue, events: Int16(truncatingIfNeeded: readiness.rawValue), revents: 0)
        while true {
            let now = MonotonicClock.milliseconds()
            let left = deadline > now ? Int32(clamping: deadline - now) : 0
            let count = unsafe poll(&entry, 1, left)
            if count > 0 { return true }
            if count == 0 { return false }
            guard errno == EINTR else { throw SystemError(call: "poll", errno: errno) }
        }
    }
}
