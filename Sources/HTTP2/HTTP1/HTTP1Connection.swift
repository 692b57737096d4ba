internal import Sockets

// What a connection does differently when it speaks HTTP/1: it has its own times, and refusals have an answer.
extension Connection {
    /// Answers a request that is refused before any handler sees it.
    func serveRefusal(of http1: HTTP1Session) {
        guard let refusal = http1.takeRefusal() else { return }
        http1.respond(answer(to: refusal))
        server.markDirty(self)
    }

    /// Ends what has taken too long.
    func checkTime(of http1: HTTP1Session, _ now: UInt64, _ limits: ServerLimits) {
        if hasUnsent || http1.hasOutput {
            if now &- lastProgressAt >= limits.writeStallMilliseconds { close(because: .slowReader) }
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
        guard http1.hasBegun else { return close(because: .idle) }
        http1.giveUp(.timedOut)
        serveRefusal(of: http1)
    }
}
