package import Sockets
package import TLS

/// The socket of a client, and TLS if any, for bytes that need be no HTTP. Calls block only where they are given a
/// deadline, in milliseconds of the monotonic clock.
package final class ClientTransport {
    private var socket: FileDescriptor?
    private let tls: TLSSession?
    /// The server takes nothing more; what it has said can still be read.
    package private(set) var hasFailedToSend = false
    private var output: [UInt8] = []
    private var outputStart = 0
    private var input = [UInt8](repeating: 0, count: 65_536)

    /// What ``receive(deadline:)`` gave.
    package enum Received {
        /// Plaintext; none if only TLS had something to say, or only output went out.
        case bytes([UInt8])
        case timedOut
        case endOfFile
    }

    /// Connects, and completes the TLS handshake with `h2` agreed on.
    ///
    /// Errors: ``HTTP2Error/system(_:)``, ``HTTP2Error/tls(_:)``, ``HTTP2Error/timedOut``,
    /// ``HTTP2Error/connectionClosed``, ``HTTP2Error/notHTTP2``.
    package init(
        to address: SocketAddress,
        tls context: TLSContext?,
        serverName: String,
        deadline: UInt64
    ) throws(HTTP2Error) {
        do throws(SystemError) {
            socket = try FileDescriptor(connectingTo: address, deadline: deadline)
        } catch {
            throw .system(error)
        }
        guard let context else {
            tls = nil
            return
        }
        do throws(TLSError) {
            tls = try TLSSession(connecting: context, serverName: serverName)
        } catch {
            throw .tls(error)
        }
        try shakeHands(deadline: deadline)
    }

    private func shakeHands(deadline: UInt64) throws(HTTP2Error) {
        guard let tls else { return }
        while !tls.isEstablished {
            do throws(TLSError) {
                _ = try tls.handshake()
            } catch {
                // The alert tells the server why.
                tls.takeCiphertext(into: &output)
                flush()
                throw .tls(error)
            }
            tls.takeCiphertext(into: &output)
            flush()
            if tls.isEstablished { break }
            guard try wait(deadline: deadline) else { throw .timedOut }
            guard let count = try readSocket() else { throw .connectionClosed }
            let bytes = input
            do throws(TLSError) { try tls.receive(bytes.span.extracting(first: count)) } catch { throw .tls(error) }
        }
        guard tls.hasAgreedOnHTTP2 else { throw .notHTTP2 }
    }

    /// Encrypts `plaintext` if need be, and sends what the kernel takes now.
    package func send(_ plaintext: [UInt8]) throws(HTTP2Error) {
        if let tls {
            do throws(TLSError) {
                var start = 0
                while start < plaintext.count {
                    let end = min(start + TLSSession.chunkBytes, plaintext.count)
                    try tls.write(plaintext.span.extracting(start..<end))
                    tls.takeCiphertext(into: &output)
                    start = end
                }
            } catch {
                throw .tls(error)
            }
        } else {
            output += plaintext
        }
        flush()
    }

    /// Ends the connection.
    package func close() { socket = nil }

    /// Output that the kernel has not taken.
    package var unsentByteCount: Int { output.count - outputStart }

    /// Waits for input, or for room for output that waits, and reads once.
    package func receive(deadline: UInt64) throws(HTTP2Error) -> Received {
        guard try wait(deadline: deadline) else { return .timedOut }
        flush()
        guard let count = try readSocket() else { return .endOfFile }
        if count == 0 { return .bytes([]) }
        guard let tls else { return .bytes(Array(input[..<count])) }
        do throws(TLSError) {
            return try decrypt(count, with: tls)
        } catch {
            throw .tls(error)
        }
    }

    private func decrypt(_ count: Int, with tls: TLSSession) throws(TLSError) -> Received {
        let ciphertext = input
        var plaintext: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: TLSSession.chunkBytes)
        var isClosed = false
        try tls.receive(ciphertext.span.extracting(first: count))
        reading: while true {
            var buffer = chunk.mutableSpan
            switch try tls.read(into: &buffer) {
            case .bytes(let count): plaintext += chunk[..<count]
            case .needsInput: break reading
            case .closed:
                isClosed = true
                break reading
            }
        }
        tls.takeCiphertext(into: &output)
        return isClosed && plaintext.isEmpty ? .endOfFile : .bytes(plaintext)
    }

    /// `nil` at the end; 0 if there is nothing now.
    private func readSocket() throws(HTTP2Error) -> Int? {
        var bytes: [UInt8] = []
        swap(&bytes, &input)
        defer { swap(&bytes, &input) }
        do throws(SystemError) {
            var buffer = bytes.mutableSpan
            switch try socket?.read(into: &buffer) {
            case .bytes(let count): return count
            case .wouldBlock: return 0
            case .endOfFile, nil: return nil
            }
        } catch {
            throw .system(error)
        }
    }

    private func wait(deadline: UInt64) throws(HTTP2Error) -> Bool {
        do throws(SystemError) {
            let readiness: EventLoop.Readiness = unsentByteCount > 0 ? [.readable, .writable] : .readable
            return try socket?.wait(for: readiness, deadline: deadline) ?? true
        } catch {
            throw .system(error)
        }
    }

    /// Sends what the kernel takes now.
    ///
    /// A connection that takes no more may still have the server's last words to read, such as GOAWAY: a failure to
    /// send only drops the output, and reading comes to the end of it.
    private func flush() {
        let bytes = output
        sending: while outputStart < bytes.count {
            switch try? socket?.send(bytes.span.extracting(outputStart..<bytes.count)) {
            case .bytes(let count): outputStart += count
            case .wouldBlock: return
            case nil:
                hasFailedToSend = true
                break sending
            }
        }
        output.removeAll()
        outputStart = 0
    }
}
