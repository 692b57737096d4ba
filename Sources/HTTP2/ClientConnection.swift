package import Sockets
package import TLS

/// One HTTP/2 connection of a client, with many requests at once. It belongs to one thread, and its calls
/// block at most for the time that they are given.
package final class ClientConnection {
    private let transport: ClientTransport
    private let session: ClientSession
    private let scheme: String
    private let authority: String
    private var completed: [ClientCompletion] = []
    /// The connection has ended, or will be by us.
    package private(set) var isClosed = false

    /// Output prepared at once; more is prepared when the kernel has taken it.
    private static let outputBytesMax = 262_144

    /// Connects to `address`, over TLS if a context is given.
    ///
    /// `authority` is what the server is called in requests (by default, the address); `serverName`, what its
    /// certificate must carry (by default, the address without its port).
    package init(
        to address: SocketAddress,
        authority: String? = nil,
        tls context: TLSContext? = nil,
        serverName: String? = nil,
        timeoutMilliseconds: UInt64 = 5_000
    ) throws(HTTP2Error) {
        session = try ClientSession()
        scheme = context == nil ? "http" : "https"
        self.authority = authority ?? address.description
        transport = try ClientTransport(
            to: address,
            tls: context,
            serverName: serverName ?? address.hostDescription,
            deadline: MonotonicClock.milliseconds() + timeoutMilliseconds
        )
        flush()
    }

    /// Requests whose completion was not given out.
    package var openCount: Int { session.openCount + completed.count }

    /// Requests that the server takes at once; more wait on this side.
    package var concurrentStreamsMax: Int { Int(session.concurrentStreamsMax) }

    /// Sends a request, or as much of it as the kernel takes now; ``receive(timeoutMilliseconds:)`` sends the rest.
    @discardableResult
    package func send(_ request: ClientRequest) throws(HTTP2Error) -> RequestID {
        let id = try queue(request)
        flush()
        return id
    }

    /// Prepares a request that the next ``send(_:)`` or ``receive(timeoutMilliseconds:)`` sends: several requests
    /// then share a write.
    @discardableResult
    package func queue(_ request: ClientRequest) throws(HTTP2Error) -> RequestID {
        guard !isClosed else { throw .connectionClosed }
        return try session.send(request, scheme: scheme, authority: authority)
    }

    /// Waits until at least one request is complete, and gives all that are; none if the time is over, or if no
    /// request is open.
    ///
    /// When the connection ends, every open request is completed with the failure: its outcome is unknown.
    package func receive(timeoutMilliseconds: UInt64) -> [ClientCompletion] {
        let deadline = MonotonicClock.milliseconds() + timeoutMilliseconds
        flush()
        completed += session.takeCompleted()
        // What is refused before it is sent, because the server has said goodbye, must not hide that it has gone.
        if !completed.isEmpty, !isClosed, exchange(deadline: 0) { completed += session.takeCompleted() }
        while completed.isEmpty, session.openCount > 0, exchange(deadline: deadline) {
            completed += session.takeCompleted()
        }
        defer { completed.removeAll() }
        return completed
    }

    /// Sends a request and waits for its answer. Completions of other requests are kept.
    package func request(
        _ request: ClientRequest,
        timeoutMilliseconds: UInt64 = 10_000
    ) throws(HTTP2Error) -> ClientResponse {
        let deadline = MonotonicClock.milliseconds() + timeoutMilliseconds
        let id = try send(request)
        while true {
            completed += session.takeCompleted()
            if let index = completed.firstIndex(where: { $0.id == id }) {
                return try completed.remove(at: index).result.get()
            }
            guard exchange(deadline: deadline) else { throw .timedOut }
        }
    }

    /// What has come of an answer that goes on since this was last asked, with its status, which is 0 before its head;
    /// `nil` when the request is not open, and its completion has the rest.
    package func takeContent(of id: RequestID) -> (status: Int, bytes: [UInt8])? { session.takeContent(of: id) }

    /// Gives a request up; it is completed as reset.
    package func cancel(_ id: RequestID) {
        session.cancel(id)
        flush()
    }

    /// Waits once for whatever comes. Returns `false` when the time is over.
    @discardableResult
    package func wait(timeoutMilliseconds: UInt64) -> Bool {
        flush()
        guard !isClosed else { return false }
        return exchange(deadline: MonotonicClock.milliseconds() + timeoutMilliseconds)
    }

    /// Waits until the server has ended the connection (`true`), or the time is over.
    package func waitForEnd(timeoutMilliseconds: UInt64) -> Bool {
        let deadline = MonotonicClock.milliseconds() + timeoutMilliseconds
        while !isClosed, exchange(deadline: deadline) {}
        return isClosed
    }

    /// Says goodbye, if the kernel takes it at once; open requests are completed as failed.
    package func close() {
        guard !isClosed else { return }
        session.terminate()
        flush()
        end(.connectionClosed)
    }

    /// Waits once, and takes what has come. Returns `false` when the time is over.
    private func exchange(deadline: UInt64) -> Bool {
        do throws(HTTP2Error) {
            switch try transport.receive(deadline: deadline) {
            case .timedOut: return false
            case .endOfFile: end(.connectionClosed)
            case .bytes(let bytes): try session.receive(bytes.span)
            }
        } catch {
            end(error)
        }
        flush()
        return true
    }

    private func flush() {
        guard !isClosed else { return }
        do throws(HTTP2Error) {
            while transport.unsentByteCount < Self.outputBytesMax {
                var frames: [UInt8] = []
                try session.drain(into: &frames, upTo: Self.outputBytesMax)
                if frames.isEmpty { break }
                try transport.send(frames)
            }
            if session.isFinished { end(.connectionClosed) }
        } catch {
            end(error)
        }
    }

    private func end(_ reason: HTTP2Error) {
        isClosed = true
        transport.close()
        session.fail(reason)
    }
}
