internal import Sockets
internal import TLS

/// What a connection speaks: nothing that is known yet, HTTP/2, or HTTP/1.
///
/// Over TLS, ALPN decides (RFC 7301); without it, it is HTTP/1.1, since HTTP/2 needs ALPN there (RFC 9113, section
/// 3.2). Without TLS, the first bytes decide (``ProtocolChoice``), and the server says nothing before them.
struct Conversation {
    private enum Spoken {
        case undecided([UInt8])
        case http1(HTTP1Session)
        case http2(Session)
        /// HTTP/2 whose last word has gone out.
        case over(Remains)
    }

    /// What is asked of a session of HTTP/2 that is no more.
    private struct Remains {
        let end: SessionEnd?
        let resetCounts: ResetCounts
        let requestCount: UInt64
    }

    private var spoken = Spoken.undecided([])
    private let limits: ServerLimits
    private let pool: StreamPool
    private let peer: SocketAddress
    let isTLS: Bool

    init(limits: ServerLimits, pool: StreamPool, peer: SocketAddress, isTLS: Bool) {
        self.limits = limits
        self.pool = pool
        self.peer = peer
        self.isTLS = isTLS
    }

    /// The session, if it is one of HTTP/1.
    var http1: HTTP1Session? {
        guard case .http1(let session) = spoken else { return nil }
        return session
    }

    var http2: Session? {
        guard case .http2(let session) = spoken else { return nil }
        return session
    }

    /// Nothing has decided yet.
    var isUndecided: Bool {
        if case .undecided = spoken { true } else { false }
    }

    /// Takes what ALPN chose, when the handshake is complete.
    mutating func choose(_ agreed: TLSContext.ApplicationProtocol?) throws(HTTP2Error) {
        try begin(agreed == .http2 ? .http2 : .http1)
    }

    private mutating func begin(_ choice: ProtocolChoice) throws(HTTP2Error) {
        switch choice {
        case .undecided: break
        case .http1: spoken = .http1(HTTP1Session(limits: limits, pool: pool, peer: peer, isTLS: isTLS))
        case .http2: spoken = .http2(try Session(limits: limits, pool: pool, peer: peer, isTLS: isTLS))
        }
    }

    /// Frees what HTTP/2 keeps for its streams. From now on nothing is read, sent or answered.
    mutating func release() {
        guard let session = http2 else { return }
        let remains = Remains(
            end: session.end,
            resetCounts: session.resetCounts,
            requestCount: session.requestCount
        )
        spoken = .over(remains)
    }

    private var remains: Remains? {
        guard case .over(let remains) = spoken else { return nil }
        return remains
    }

    /// Feeds what the client sent. Throws where HTTP/2 does; what is left to drain then says why.
    mutating func receive(_ bytes: Span<UInt8>, at now: UInt64) throws(HTTP2Error) {
        switch spoken {
        case .http2(let session): try session.receive(bytes, at: now)
        case .http1(let session): session.receive(bytes)
        case .over: break
        case .undecided(var start):
            // The choice needs a few bytes only, so what is copied here is seldom more than one small read.
            unsafe bytes.withUnsafeBufferPointer { unsafe start.append(contentsOf: $0) }
            spoken = .undecided(start)
            let choice = ProtocolChoice(start)
            guard choice != .undecided else { return }
            try begin(choice)
            try receive(start.span, at: now)
        }
    }
}

// What a connection asks of what it speaks.
extension Conversation {
    /// The client has begun to speak HTTP/1, or has sent its settings of HTTP/2.
    var isEstablished: Bool { http2?.isEstablished ?? http1?.hasBegun ?? (remains != nil) }

    /// The request is complete or refused, and nothing more is read.
    var isInputOver: Bool { http1?.isInputOver ?? false }

    /// Neither side has anything more to say.
    var isFinished: Bool { http2?.isFinished ?? http1?.isFinished ?? (remains != nil) }

    var queuedFrameCount: Int { http2?.queuedFrameCount ?? 0 }
    var openStreamCount: Int { http2?.openStreamCount ?? 0 }
    var incompleteRequestCount: Int { http2?.incompleteRequestCount ?? 0 }
    var waitingRequestCount: Int { http2?.waitingRequestCount ?? 0 }
    var answersUnderWay: Int { http2?.answersUnderWay ?? 0 }
    var requestCount: UInt64 { http2?.requestCount ?? http1?.requestCount ?? remains?.requestCount ?? 0 }

    func takeRequests(_ use: (borrowing Request, Int32) -> Void) {
        if let http2 { http2.takeRequests(use) } else { http1?.takeRequests(use) }
    }

    @discardableResult
    func respond(_ response: consuming Response, on id: Int32) -> Bool {
        if let http2 { return http2.respond(response, on: id) }
        return http1?.respond(response, on: id) ?? false
    }

    func isOpen(_ id: Int32) -> Bool { http2?.isOpen(id) ?? http1?.isOpen(id) ?? false }

    func drain(into output: inout [UInt8], upTo limit: Int) throws(HTTP2Error) -> Bool {
        if let http2 { return try http2.drain(into: &output, upTo: limit) }
        return http1?.drain(into: &output, upTo: limit) ?? false
    }

    func resetAnswered() -> Bool { http2?.resetAnswered() ?? false }
    func announceShutdown() { http2?.announceShutdown() }
    func refuseNewStreams() { http2?.refuseNewStreams() }
    func terminate(because end: SessionEnd? = nil) { http2?.terminate(because: end) }
    func cutOffSlow(at now: UInt64) -> Bool { http2?.cutOffSlow(at: now) ?? false }
    var end: SessionEnd? { http2?.end ?? remains?.end }
    var resetCounts: ResetCounts { http2?.resetCounts ?? remains?.resetCounts ?? ResetCounts() }
}
