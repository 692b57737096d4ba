internal import Sockets
internal import TLS

// How a connection ends: a close while bytes of the client are unread or under way resets it, and the client may so
// lose what it was told last. So the server ends its own direction first, and drops what still comes, within limits.
extension Connection {
    /// Ends what has lingered for long enough.
    func checkLinger(since: UInt64, _ now: UInt64, _ limits: ServerLimits) {
        let isHTTP1 = session.http1 != nil
        let longest = isHTTP1 ? limits.http1.lingerMilliseconds : limits.goodbyeMilliseconds
        let idle = isHTTP1 ? limits.http1.lingerIdleMilliseconds : limits.goodbyeIdleMilliseconds
        if now &- since >= longest || now &- max(since, lastInputAt) >= idle { close() }
    }

    /// Says that no more will be sent, and waits for the client to say the same (RFC 9112, section 9.6).
    func linger() {
        guard lingersSince == nil, let registration else { return }
        // Who was told nothing has nothing to lose.
        if session.isUndecided, !session.isTLS { return close() }
        lingersSince = server.loop.now
        do {
            try socket?.endSending()
        } catch {
            return close()
        }
        releaseSession()
        server.loop.callAgain(registration, .readable)
    }

    /// Bytes that are dropped at the most. An attacker is not listened to for long.
    private var discardedBytesMax: Int {
        let isAtFault = session.http1 == nil && endReason != nil
        return isAtFault ? server.limits.goodbyeBytesMax : server.limits.http1.lingerBytesMax
    }

    /// Bytes have been read that nobody looks at.
    func drop(_ count: Int) {
        discardedBytes += count
        if discardedBytes > discardedBytesMax { return close() }
        if let registration { server.loop.callAgain(registration, .readable) }
    }
}

// The end of the server.
extension Connection {
    /// Says that the server goes away.
    func announceShutdown() {
        guard lingersSince == nil else { return }
        // What the client may have sent already says in which words it is told.
        if session.isUndecided { readOnce() }
        guard socket != nil, lingersSince == nil else { return }
        if session.isEstablished {
            session.announceShutdown()
        } else if let tls, !tls.isEstablished {
            // Nothing can be said before the handshake is complete; it is given a moment.
            leavesSince = server.loop.now
        } else {
            sayGoodbye()
        }
        server.markDirty(self)
    }

    /// GOAWAY with stream 0: whatever the client has sent already, none of it is carried out.
    func sayGoodbye() {
        session.terminate()
        endsAfterFlush = true
    }

    /// Takes no new requests; ends when the open ones are answered.
    func refuseNewStreams() {
        session.refuseNewStreams()
        server.markDirty(self)
    }
}
