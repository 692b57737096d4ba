internal import Sockets

// What a connection does differently when it speaks HTTP/1: it has its own times, refusals have an answer, and it
// lingers after the answer.
extension Connection {
    /// Answers a request that is refused before any handler sees it.
    func serveRefusal(of http1: HTTP1Session) {
        guard let refusal = http1.takeRefusal() else { return }
        http1.respond(server.service?.answer(to: refusal, on: server) ?? Response(status: refusal.status))
        server.markDirty(self)
    }

    /// Ends what has taken too long.
    func checkTime(of http1: HTTP1Session, _ now: UInt64, _ limits: ServerLimits) {
        if let lingersSince { return checkLinger(since: lingersSince, now, limits.http1) }
        if hasUnsent || http1.hasOutput {
            if now &- lastOutputAt >= limits.writeStallMilliseconds { close() }
            return
        }
        let isLate: Bool
        switch http1.phase {
        case .head:
            let since = http1.headSince ?? now
            http1.headSince = since
            isLate = now &- since >= limits.http1.headMilliseconds
        case .body:
            let since = http1.bodySince ?? now
            http1.bodySince = since
            isLate = now &- since >= limits.http1.bodyMilliseconds(after: http1.bodyByteCount)
        case .complete, .refused: isLate = false
        }
        guard isLate else { return }
        // Browsers connect before they have anything to ask; there is nothing to answer.
        guard http1.hasBegun else { return close() }
        http1.giveUp(.timedOut)
        serveRefusal(of: http1)
    }

    private func checkLinger(since: UInt64, _ now: UInt64, _ limits: HTTP1Limits) {
        let isOver = now &- since >= limits.lingerMilliseconds
        if isOver || now &- max(since, lastInputAt) >= limits.lingerIdleMilliseconds { close() }
    }

    /// Says that no more will be sent, and waits for the client to say the same (RFC 9112, section 9.6).
    func linger() {
        guard lingersSince == nil, let registration else { return }
        lingersSince = server.loop.now
        do {
            try socket?.endSending()
        } catch {
            return close()
        }
        server.loop.callAgain(registration, .readable)
    }

    /// Reads once, and drops it.
    func discardInput() {
        var input = server.input.lend()
        defer { server.input.giveBack(input) }
        var buffer = input.mutableSpan
        switch try? socket?.read(into: &buffer) {
        case .bytes(let count):
            server.counters.bytesReceived &+= UInt64(count)
            lastInputAt = server.loop.now
            discardedBytes += count
            if discardedBytes > server.limits.http1.lingerBytesMax { return close() }
            if let registration { server.loop.callAgain(registration, .readable) }
        case .wouldBlock: break
        case .endOfFile, nil: close()
        }
    }
}
