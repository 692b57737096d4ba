internal import Sockets
internal import TLS

/// One client: its socket, TLS if any, and what it speaks. It belongs to one loop.
///
/// What can be answered while its input is read is written then; what is answered later, once at the end of the
/// turn.
final class Connection: EventLoop.Handler {
    unowned let server: LoopServer
    let slot: UInt32
    let generation: UInt32
    private(set) var session: Conversation
    let tls: TLSSession?
    private(set) var socket: FileDescriptor?
    private(set) var registration: EventLoop.Registration?

    /// Output that the kernel did not take.
    private var unsent: [UInt8] = []
    private var unsentStart = 0
    /// It waits for ``flush()`` at the end of the turn.
    var isDirty = false
    /// It waits for its turn to be read, and then for ``flush()``: answers to a client that has much under way go out
    /// together.
    var flushesInItsTurn = false
    /// There is more to read, but reading is stopped until output has gone out.
    private var isReadingPaused = false
    /// The last read brought so much that it waits in line while many do.
    private(set) var hasSentMuch = false
    /// It waits in the loop's line to be read.
    var isInLine = false
    /// The peer sends no more: the end of the file is behind what there is to read.
    private var hasPeerHungUp = false
    /// What is ready goes out, and that is the end.
    var endsAfterFlush = false
    private var countedRequests: UInt64 = 0
    private var countedResets = ResetCounts()
    /// Why the server ends it, if the session does not say.
    private var end: SessionEnd?

    private let openedAt: UInt64
    private var lastRequestAt: UInt64
    var lastInputAt: UInt64
    private(set) var lastOutputAt: UInt64
    /// When an answer that goes on got something to send while nothing waited.
    var hasContentSince: UInt64 = 0
    /// When ``unsent`` was filled.
    private var unsentAt: UInt64 = 0

    /// The last word has gone out, and what still comes is dropped.
    var lingersSince: UInt64?
    /// The server stops, and the TLS handshake is given a moment so that this can be said.
    var leavesSince: UInt64?
    var discardedBytes = 0

    init(
        _ socket: consuming FileDescriptor,
        session: Conversation,
        tls: TLSSession?,
        slot: UInt32,
        generation: UInt32,
        on server: LoopServer
    ) throws(SystemError) {
        self.server = server
        self.slot = slot
        self.generation = generation
        self.session = session
        self.tls = tls
        let now = server.loop.now
        openedAt = now
        lastRequestAt = now
        lastInputAt = now
        lastOutputAt = now
        let fileDescriptor = socket.rawValue
        self.socket = consume socket
        registration = try server.loop.register(self, fileDescriptor: fileDescriptor)
    }

    var hasUnsent: Bool { unsentStart < unsent.count }

    /// The client's handshake, preface and settings have come.
    private var isEstablished: Bool { session.isEstablished }

    func becameReady(_ readiness: EventLoop.Readiness) {
        guard socket != nil else { return }
        // Both directions are closed when a client of HTTP/1 has ended, too; what it sent is still to be read, since
        // a close would otherwise reset the connection.
        if readiness.contains(.failed), lingersSince == nil { return close() }
        if readiness.contains(.hungUp) {
            hasPeerHungUp = true
            // A reader of an answer that goes on has nothing more to say, so that its end is the end.
            if session.http1?.isOngoing == true { return close() }
        }
        if readiness.contains(.writable), hasUnsent { server.markDirty(self) }
        if !readiness.isDisjoint(with: .incoming) { readOrWait() }
        if flushesInItsTurn {
            flushesInItsTurn = false
            server.markDirty(self)
        }
    }

    /// It has more to be read, and its turn has not come.
    var isPostponed: Bool { registration.map { server.loop.isPostponed($0) } ?? false }

    /// Ends without a word.
    func close() {
        guard socket != nil else { return }
        if let registration { server.loop.deregister(registration) }
        registration = nil
        socket = nil
        countResets()
        session.endOngoing()
        reportEnded()
        if let end = endReason { server.counters[end] &+= 1 }
        server.forget(self)
    }

    /// Why the server ends it, unless it is by nobody's fault.
    var endReason: SessionEnd? { end ?? session.end ?? session.http1?.end }

    func close(because end: SessionEnd) {
        self.end = end
        close()
    }

    /// Frees what it spoke with: its last word has gone out, and it is not listened to any more. Who does not go then
    /// holds a socket, and not what a hundred streams take.
    func releaseSession() {
        countResets()
        session.endOngoing()
        reportEnded()
        session.release()
    }

    private func countResets() {
        let counts = session.resetCounts
        guard counts != countedResets else { return }
        server.counters.streamsReset &+= counts.reset &- countedResets.reset
        server.counters.streamsRefused &+= counts.refused &- countedResets.refused
        server.counters.streamsCancelled &+= counts.cancelled &- countedResets.cancelled
        countedResets = counts
    }
}

// Reading.
extension Connection {
    /// Reads once, so that others get their turn; if there may be more, asks for another turn.
    func readOnce(hasWaited: Bool = false) {
        let isDropped = lingersSince != nil
        if !isDropped {
            if endsAfterFlush { return }
            if mustPauseReading {
                isReadingPaused = true
                return
            }
        }
        let shared = server.nextInput(hasWaited: hasWaited)
        var input = shared.lend()
        defer { shared.giveBack(input) }
        var buffer = input.mutableSpan
        switch try? socket?.read(into: &buffer) {
        case .bytes(let count):
            server.counters.bytesReceived &+= UInt64(count)
            lastInputAt = server.loop.now
            if isDropped { return drop(count) }
            receive(input.span.extracting(first: count))
            hasSentMuch = count >= (hasWaited ? server.limits.readBytesForgiven : server.readBytesCrowded)
            let mayHaveMore = count == input.count || hasPeerHungUp
            if mayHaveMore, let registration { server.loop.callAgain(registration, .readable) }
        case .wouldBlock: break
        case .endOfFile, nil: close()
        }
    }

    private func receive(_ input: Span<UInt8>) {
        do throws(HTTP2Error) {
            if let tls {
                try decrypt(input, with: tls)
            } else {
                try session.receive(input, at: server.loop.now)
            }
        } catch {
            // What the session or TLS has to say about it (GOAWAY, an alert) still goes out.
            endsAfterFlush = true
        }
        serve()
        // What was answered at once goes out at once, so that the client works while the others are served.
        flush()
    }

    private func decrypt(_ input: Span<UInt8>, with tls: TLSSession) throws(HTTP2Error) {
        var start = 0
        do throws(TLSError) {
            while start < input.count {
                let end = min(start + TLSSession.chunkBytes, input.count)
                try tls.receive(input.extracting(start..<end))
                start = end
                guard try tls.handshake() else { continue }
                if session.isUndecided {
                    if (try? session.choose(tls.agreedProtocol)) == nil { endsAfterFlush = true }
                    if leavesSince != nil, session.http1 == nil { sayGoodbye() }
                }
                try readPlaintext(of: tls)
                // A request of HTTP/1 that came with the end of the handshake is answered.
                if leavesSince != nil, !session.isEstablished { endsAfterFlush = true }
            }
        } catch {
            if !tls.isEstablished { server.counters.handshakesFailed &+= 1 }
            end = .tls
            throw .tls(error)
        }
    }

    private func readPlaintext(of tls: TLSSession) throws(TLSError) {
        var plaintext = server.plaintext.lend()
        defer { server.plaintext.giveBack(plaintext) }
        while !endsAfterFlush, !session.isInputOver {
            var buffer = plaintext.mutableSpan
            switch try tls.read(into: &buffer) {
            case .bytes(let count):
                let bytes = plaintext.span.extracting(first: count)
                let isBroken = (try? session.receive(bytes, at: server.loop.now)) == nil
                if isBroken { endsAfterFlush = true }
            case .needsInput: return
            case .closed: endsAfterFlush = true
            }
        }
    }

    /// Gives the service what is complete.
    private func serve() {
        if let http1 = session.http1 { serveRefusal(of: http1) }
        guard session.requestCount != countedRequests else { return }
        server.counters.requests &+= session.requestCount &- countedRequests
        countedRequests = session.requestCount
        lastRequestAt = server.loop.now
        let (loop, slot, generation) = (server.index, slot, generation)
        session.takeRequests { request, id in
            let stream = StreamReference(loop: loop, slot: slot, generation: generation, id: id)
            if let refusal = request.refusal {
                session.respond(answer(to: refusal), on: id)
            } else {
                server.service?.receive(request, stream: stream, on: server)
            }
        }
    }

    /// The service's answer to a request that it does not see.
    func answer(to refusal: HTTP1Refusal) -> Response {
        server.service?.answer(to: refusal, on: server) ?? Response(status: refusal.status)
    }

    private var mustPauseReading: Bool {
        unsent.count - unsentStart >= server.limits.outputBytesMax
            || session.queuedFrameCount > server.limits.queuedFramesMax || session.isInputOver
    }
}

// Writing.
extension Connection {
    /// Writes what is ready, once; what the kernel does not take waits for the next readiness.
    func flush() {
        guard socket != nil, lingersSince == nil else { return }
        defer { reportEnded() }
        do {
            guard try sendUnsent() else {
                // A client that is told to go and does not listen is not waited for.
                if session.end != nil { close() }
                return
            }
            let mayHaveMore = try prepareOutput()
            let isFinished = endsAfterFlush || session.isFinished
            if isFinished, let tls, end != .tls {
                tls.close()
                tls.takeCiphertext(into: &server.output)
            }
            try sendOutput()
            if hasUnsent { return session.end != nil ? close() : () }
            if isFinished { return linger() }
            goOn(mayHaveMore: mayHaveMore)
        } catch {
            close()
        }
    }

    /// Asks for another turn, where this one was cut short.
    private func goOn(mayHaveMore: Bool) {
        guard let registration else { return }
        if mayHaveMore { server.flushAgain(self) }
        if isReadingPaused, !mustPauseReading {
            isReadingPaused = false
            server.loop.callAgain(registration, .readable)
        }
    }

    /// Sends what the kernel did not take before. Returns whether it is all gone.
    private func sendUnsent() throws -> Bool {
        guard hasUnsent else { return true }
        let bytes = unsent
        let sent = try send(bytes.span.extracting(unsentStart..<bytes.count))
        unsentStart += sent
        if hasUnsent { return false }
        // The buffer is given back: most connections never need one.
        unsent = []
        unsentStart = 0
        return true
    }

    /// Fills the loop's output with the frames that are ready, encrypted if need be.
    private func prepareOutput() throws -> Bool {
        server.output.removeAll(keepingCapacity: true)
        guard let tls else { return try session.drain(into: &server.output, upTo: server.limits.outputBytesMax) }

        // Before the handshake is complete there is nothing but the handshake to send, and after an error nothing but
        // the alert that tells it.
        guard tls.isEstablished, end != .tls else {
            tls.takeCiphertext(into: &server.output)
            return false
        }
        server.plainOutput.removeAll(keepingCapacity: true)
        let mayHaveMore = try session.drain(into: &server.plainOutput, upTo: server.limits.outputBytesMax)
        let plaintext = server.plainOutput
        var start = 0
        while start < plaintext.count {
            let end = min(start + TLSSession.chunkBytes, plaintext.count)
            try tls.write(plaintext.span.extracting(start..<end))
            tls.takeCiphertext(into: &server.output)
            start = end
        }
        // Also what TLS itself has to say, such as a new session ticket.
        tls.takeCiphertext(into: &server.output)
        return mayHaveMore
    }

    private func sendOutput() throws {
        let bytes = server.output
        guard !bytes.isEmpty else { return }
        let sent = try send(bytes.span)
        if sent < bytes.count {
            unsent = Array(bytes[sent...])
            unsentStart = 0
            unsentAt = server.loop.now
        }
    }

    private func send(_ bytes: Span<UInt8>) throws -> Int {
        switch try socket?.send(bytes) {
        case .bytes(let count):
            server.counters.bytesSent &+= UInt64(count)
            lastOutputAt = server.loop.now
            return count
        case .wouldBlock, nil: return 0
        }
    }
}

// Time and the end.
extension Connection {
    /// Ends what has taken too long.
    func checkTime(_ now: UInt64, _ limits: ServerLimits) {
        if let lingersSince { return checkLinger(since: lingersSince, now, limits) }
        if let http1 = session.http1 { return checkTime(of: http1, now, limits) }
        if !isEstablished {
            if let leavesSince, now &- leavesSince >= limits.goodbyeMilliseconds { return close() }
            if now &- openedAt >= limits.handshakeMilliseconds { close(because: .slowHandshake) }
            return
        }
        // What is late because it is not read is not the client's fault.
        if session.resetAnswered() || !isInLine && session.cutOffSlow(at: now) { server.markDirty(self) }
        countResets()
        let isStalled = hasUnsent || session.answersUnderWay > 0
        if isStalled, now &- lastProgressAt >= limits.writeStallMilliseconds || isDribbling(now) {
            return close(because: .slowReader)
        }
        if session.incompleteRequestCount > 0, !isInLine, now &- lastInputAt >= limits.requestStallMilliseconds {
            return close(because: .slowRequest)
        }
        if session.openStreamCount == 0, now &- lastRequestAt >= limits.idleMilliseconds {
            session.terminate(because: .idle)
            server.markDirty(self)
        }
    }

    /// When the client last took something, or was given something to take.
    var lastProgressAt: UInt64 { max(lastOutputAt, lastRequestAt, hasContentSince) }

    /// What waits for the kernel has waited longer than the least rate allows.
    private func isDribbling(_ now: UInt64) -> Bool {
        let allowed = UInt64(unsent.count) &* 1_000 / max(1, server.limits.bytesPerSecondMin)
        return hasUnsent && now &- unsentAt >= server.limits.writeStallMilliseconds + allowed
    }
}
