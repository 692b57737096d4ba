internal import Glibc

/// An open file descriptor, closed exactly once: the compiler refuses a second owner.
package struct FileDescriptor: ~Copyable, Sendable {
    /// The number that the kernel knows it by.
    package let rawValue: Int32

    /// Takes ownership of what a system call returned; a negative value is that call's failure.
    package init(owning rawValue: Int32, from call: @autoclosure () -> String) throws(SystemError) {
        guard rawValue >= 0 else { throw SystemError(call: call(), errno: errno) }
        self.rawValue = rawValue
    }

    deinit {
        // Retrying a close after EINTR could close a descriptor another thread was just given.
        _ = close(rawValue)
    }
}

/// What one read of a non-blocking descriptor gave.
package enum ReadResult: Equatable, Sendable {
    /// This many bytes, at least one.
    case bytes(Int)
    /// Nothing to read yet: wait for the next readiness.
    case wouldBlock
    /// The peer sends no more.
    case endOfFile
}

/// What one write to a non-blocking socket gave.
package enum WriteResult: Equatable, Sendable {
    /// This many bytes were taken, at least one.
    case bytes(Int)
    /// The kernel's buffer is full: wait for the next readiness.
    case wouldBlock
}

extension FileDescriptor {
    /// Reads once, without blocking, into the front of `buffer`, which must not be empty.
    package borrowing func read(into buffer: inout MutableSpan<UInt8>) throws(SystemError) -> ReadResult {
        while true {
            let count = unsafe buffer.withUnsafeMutableBufferPointer { bytes in
                unsafe Glibc.read(rawValue, bytes.baseAddress, bytes.count)
            }
            if count > 0 { return .bytes(count) }
            if count == 0 { return .endOfFile }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: throw SystemError(call: "read", errno: errno)
            }
        }
    }

    /// Sends once, without blocking, what a socket takes of `bytes`, which must not be empty.
    ///
    /// A peer that is gone is an error (`EPIPE`), not a signal.
    package borrowing func send(_ bytes: Span<UInt8>) throws(SystemError) -> WriteResult {
        while true {
            let count = unsafe bytes.withUnsafeBufferPointer { bytes in
                unsafe Glibc.send(rawValue, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
            }
            if count >= 0 { return .bytes(count) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: throw SystemError(call: "send", errno: errno)
            }
        }
    }

    /// Says to a socket's peer that no more will be sent; what it sends can still be read.
    package borrowing func endSending() throws(SystemError) {
        guard shutdown(rawValue, Int32(SHUT_WR)) == 0 else { throw SystemError(call: "shutdown", errno: errno) }
    }

    /// Sets a socket's integer option; `name` is for the error.
    package borrowing func setOption(
        _ option: Int32,
        at level: Int32,
        to value: Int32,
        name: StaticString
    ) throws(SystemError) {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(rawValue, level, option, &value, size) == 0 else {
            throw SystemError(call: "setsockopt \(name)", errno: errno)
        }
    }

    /// Sends small writes at once: a server that writes once a turn gains nothing from waiting (RFC 896 off).
    package borrowing func sendWithoutDelay() throws(SystemError) {
        try setOption(TCP_NODELAY, at: Int32(IPPROTO_TCP), to: 1, name: "TCP_NODELAY")
    }
}
