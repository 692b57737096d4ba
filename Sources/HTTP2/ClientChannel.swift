package import Sockets
package import TLS

/// A ``ClientPipeline`` on a socket that an event loop watches, over TLS if a context is given. It never blocks.
package final class ClientChannel: EventLoop.Handler {
    /// What a channel tells; all on the loop's thread.
    package protocol Owner: AnyObject {
        /// The connection stands, and the server's settings have come: requests may begin.
        func isReady(_ channel: ClientChannel)
        /// ``ClientPipeline/answers`` has some; they are forgotten after the call.
        func hasAnswers(_ channel: ClientChannel)
        /// The connection has ended. `tokens` are the requests whose outcome nobody knows.
        func hasEnded(_ channel: ClientChannel, tokens: [Int], because reason: HTTP2Error)
    }

    /// The caller's number of the channel.
    package let index: Int
    /// The requests and answers of the connection as it is now.
    package private(set) var pipeline: ClientPipeline
    /// Between ``open(to:tls:serverName:)`` and the end.
    package private(set) var isOpen = false

    private let loop: EventLoop
    private unowned let owner: any Owner
    private var socket: FileDescriptor?
    private var registration: EventLoop.Registration?
    private var tls: TLSSession?
    private var isConnected = false
    private var hasToldReady = false
    /// What the kernel did not take.
    private var unsent: [UInt8] = []
    private var unsentStart = 0
    private var input = [UInt8](repeating: 0, count: 65_536)
    private var plaintext: [UInt8] = []

    /// A channel without a connection; `owner` must outlive it.
    package init(index: Int, on loop: EventLoop, owner: any Owner) throws(HTTP2Error) {
        self.index = index
        self.loop = loop
        self.owner = owner
        pipeline = try ClientPipeline()
    }

    /// Begins a connection; the owner hears how it goes on. A failure that shows at once is thrown.
    package func open(to address: SocketAddress, tls context: TLSContext?, serverName: String) throws(HTTP2Error) {
        precondition(!isOpen, "a channel has one connection at a time")
        pipeline = try ClientPipeline()
        unsent = []
        unsentStart = 0
        isConnected = false
        hasToldReady = false
        do throws(TLSError) {
            tls = if let context { try TLSSession(connecting: context, serverName: serverName) } else { nil }
        } catch {
            throw .tls(error)
        }
        do throws(SystemError) {
            let socket = try FileDescriptor(beginningToConnectTo: address)
            registration = try loop.register(self, fileDescriptor: socket.rawValue)
            self.socket = consume socket
        } catch {
            throw .system(error)
        }
        isOpen = true
    }

    /// The server takes a request with a body of so many bytes, and what was sent before is on its way.
    package func canBegin(bodyCount: Int) -> Bool {
        isOpen && hasToldReady && unsent.isEmpty && pipeline.canBegin(bodyCount: bodyCount)
    }

    /// Ends the connection, with a goodbye if the kernel takes it at once. The owner is not told; requests without an
    /// answer are lost.
    package func close() {
        guard isOpen else { return }
        if hasToldReady {
            pipeline.sayGoodbye()
            try? send()
        }
        leave()
    }

    /// Sends what the pipeline has; to be called at the end of the loop's turn in which requests began.
    package func flush() {
        guard isOpen, isConnected else { return }
        do throws(HTTP2Error) { try send() } catch { end(error) }
    }

    package func becameReady(_ readiness: EventLoop.Readiness) {
        guard isOpen else { return }
        do throws(HTTP2Error) {
            if !isConnected {
                guard !readiness.isDisjoint(with: [.writable, .failed]) else { return }
                if let failure = socket?.connectionFailure() { throw .system(failure) }
                isConnected = true
            }
            if readiness.contains(.writable) { try send() }
            if !readiness.isDisjoint(with: [.readable, .hungUp, .failed]) { try read() }
        } catch {
            end(error)
        }
    }

    private func end(_ reason: HTTP2Error) {
        guard isOpen else { return }
        leave()
        owner.hasEnded(self, tokens: pipeline.abandon(), because: reason)
    }

    private func leave() {
        if let registration { loop.deregister(registration) }
        registration = nil
        socket = nil
        isOpen = false
        isConnected = false
    }
}

// Reading.
extension ClientChannel {
    /// Reads until there is nothing more: readiness is told once.
    private func read() throws(HTTP2Error) {
        while isOpen {
            var bytes: [UInt8] = []
            swap(&bytes, &input)
            defer { swap(&bytes, &input) }
            let result: ReadResult?
            do throws(SystemError) {
                var buffer = bytes.mutableSpan
                result = try socket?.read(into: &buffer)
            } catch {
                throw .system(error)
            }
            switch result {
            case .bytes(let count):
                try take(bytes.span.extracting(first: count))
                // A short read was all that there is; what comes later is told again.
                if count < bytes.count { return }
            case .wouldBlock, nil: return
            case .endOfFile: throw .connectionClosed
            }
        }
    }

    private func take(_ bytes: Span<UInt8>) throws(HTTP2Error) {
        if let tls { try decrypt(bytes, tls) } else { try pipeline.receive(bytes) }
        if pipeline.isReady, !hasToldReady {
            hasToldReady = true
            owner.isReady(self)
        }
        if !pipeline.answers.isEmpty {
            owner.hasAnswers(self)
            pipeline.forgetAnswers()
        }
        try send()
        if pipeline.isRetiring, pipeline.openCount == 0 { throw .connectionClosed }
    }

    private func decrypt(_ bytes: Span<UInt8>, _ tls: TLSSession) throws(HTTP2Error) {
        var start = 0
        if plaintext.isEmpty { plaintext = [UInt8](repeating: 0, count: TLSSession.chunkBytes) }
        do throws(TLSError) {
            while start < bytes.count {
                let end = min(start + TLSSession.chunkBytes, bytes.count)
                try tls.receive(bytes.extracting(start..<end))
                start = end
                guard try tls.handshake() else { continue }
                try readPlaintext(tls)
            }
        } catch {
            throw .tls(error)
        }
        if tls.isEstablished, !tls.hasAgreedOnHTTP2 { throw .notHTTP2 }
    }

    private func readPlaintext(_ tls: TLSSession) throws(TLSError) {
        var bytes: [UInt8] = []
        swap(&bytes, &plaintext)
        defer { swap(&bytes, &plaintext) }
        while true {
            var buffer = bytes.mutableSpan
            switch try tls.read(into: &buffer) {
            case .bytes(let count):
                // A broken frame ends the connection like a broken record.
                guard (try? pipeline.receive(bytes.span.extracting(first: count))) != nil else { throw .truncated }
            case .needsInput: return
            case .closed: throw .truncated
            }
        }
    }
}

// Writing.
extension ClientChannel {
    /// Sends what waits, as much as the kernel takes.
    private func send() throws(HTTP2Error) {
        guard isConnected else { return }
        if !unsent.isEmpty {
            let bytes = unsent
            unsentStart += try give(bytes.span.extracting(unsentStart..<bytes.count))
            guard unsentStart == bytes.count else { return }
            unsent = []
            unsentStart = 0
        }
        var frames: [UInt8] = []
        if let tls {
            if !tls.isEstablished { try begin(tls) }
            try encrypt(tls, into: &frames)
        } else {
            swap(&frames, &pipeline.output)
        }
        if !frames.isEmpty {
            let count = try give(frames.span)
            if count < frames.count { unsent = Array(frames[count...]) }
        }
        if tls == nil {
            frames.removeAll(keepingCapacity: true)
            swap(&frames, &pipeline.output)
        }
    }

    private func begin(_ tls: TLSSession) throws(HTTP2Error) {
        do throws(TLSError) { _ = try tls.handshake() } catch { throw .tls(error) }
    }

    private func encrypt(_ tls: TLSSession, into frames: inout [UInt8]) throws(HTTP2Error) {
        if tls.isEstablished, !pipeline.output.isEmpty {
            let bytes = pipeline.output
            pipeline.output.removeAll()
            do throws(TLSError) {
                for start in stride(from: 0, to: bytes.count, by: TLSSession.chunkBytes) {
                    let end = min(start + TLSSession.chunkBytes, bytes.count)
                    try tls.write(bytes.span.extracting(start..<end))
                    tls.takeCiphertext(into: &frames)
                }
            } catch {
                throw .tls(error)
            }
        }
        tls.takeCiphertext(into: &frames)
    }

    private func give(_ bytes: Span<UInt8>) throws(HTTP2Error) -> Int {
        do throws(SystemError) {
            switch try socket?.send(bytes) {
            case .bytes(let count): return count
            case .wouldBlock, nil: return 0
            }
        } catch {
            throw .system(error)
        }
    }
}
