internal import Sockets

/// The server's HTTP/1 state of one connection: one request in, one answer out. It joins ``HTTP1Reader`` to what
/// services see of a request, which is a stream as HTTP/2 has many. No socket, no TLS, no clock.
@safe package final class HTTP1Session {
    private let core: UnsafeMutablePointer<SessionCore>
    private let pool: StreamPool
    private var reader: HTTP1Reader
    private var refusal: HTTP1Refusal?
    private var output: [UInt8] = []
    private var outputStart = 0
    /// What follows ``output``: a large content, shared with whoever has it, so that a slow client costs no copy.
    private var content: [UInt8] = []
    /// A content of more bytes is not copied.
    private static let copiedBytesMax = 65_536
    private var hasToldToGoOn = false
    private var isAnswered = false
    /// The answer goes on: more may be written.
    private(set) var isOngoing = false
    /// An answer that went on has ended, and the service has not been told.
    private var hasEndedUntold = false

    /// When the connection's clock first saw that the head, or the body, was waited for.
    var headSince: UInt64?
    /// See ``headSince``.
    var bodySince: UInt64?

    /// The stream of a connection's only request.
    static let streamID: Int32 = 1

    /// A session for tests, with its own store of streams.
    package convenience init(limits: ServerLimits = ServerLimits(), isTLS: Bool = false) {
        self.init(limits: limits, pool: StreamPool(), peer: .loopback(port: 0), isTLS: isTLS)
    }

    /// A session that takes its stream from `pool`.
    init(limits: ServerLimits, pool: StreamPool, peer: SocketAddress, isTLS: Bool) {
        unsafe core = .allocate(capacity: 1)
        unsafe core.initialize(to: SessionCore(pool: pool, limits: limits))
        unsafe core.pointee.peer = peer
        unsafe core.pointee.isTLS = isTLS
        self.pool = pool
        reader = HTTP1Reader(limits: limits, isTLS: isTLS)
    }

    deinit {
        unsafe core.pointee.releaseAll()
        unsafe core.deinitialize(count: 1)
        unsafe core.deallocate()
    }

    /// How far the request has come.
    package var phase: HTTP1Reader.Phase { reader.phase }

    /// The client has sent something.
    var hasBegun: Bool { isInputOver || !reader.bytes.isEmpty }

    /// Bytes of the body that have come.
    var bodyByteCount: Int { reader.body.count }

    /// The request is complete or refused: what comes is dropped.
    package var isInputOver: Bool {
        switch reader.phase {
        case .head, .body: false
        case .complete, .refused: true
        }
    }

    /// Why the connection ends, if not with an answer of the service.
    var end: SessionEnd? {
        guard case .refused(let reason) = reader.phase else { return nil }
        return reason.end
    }

    /// Feeds what the socket gave.
    package func receive(_ bytes: Span<UInt8>) {
        guard !isInputOver else { return }
        reader.receive(bytes)
        switch reader.phase {
        case .head: break
        case .body: tellToGoOn()
        case .complete: deliver()
        case .refused(let reason): refusal = reason
        }
    }

    /// Ends the wait for the rest of the request.
    package func giveUp(_ reason: HTTP1Refusal) {
        guard !isInputOver else { return }
        reader.giveUp(reason)
        refusal = reason
    }

    /// The refusal that was not answered yet, once.
    package func takeRefusal() -> HTTP1Refusal? {
        defer { refusal = nil }
        return refusal
    }

    /// Calls `use` with the request when it is complete, once.
    package func takeRequests(_ use: (borrowing Request, Int32) -> Void) {
        while let stream = unsafe core.pointee.takeReady() {
            let request = unsafe Request(stream, core)
            use(request, Self.streamID)
            unsafe core.pointee.finish(stream)
        }
    }

    /// Answers the request, or its refusal. Returns `false` if it is not there yet or was answered. An answer that
    /// `goesOn` is ended by ``finish(with:)``.
    @discardableResult
    package func respond(_ response: consuming Response, on id: Int32 = streamID, goesOn: Bool = false) -> Bool {
        guard id == Self.streamID, isInputOver, !isAnswered else { return false }
        isAnswered = true
        isOngoing = goesOn
        let date = unsafe UnsafeBufferPointer(start: pool.date.bytes, count: DateField.count)
        let isHead = reader.head.method == .head
        let isLarge = response.body.count > Self.copiedBytesMax && response.mayHaveContent && !isHead
        unsafe HTTP1Answer.append(
            response,
            toHead: isHead || isLarge,
            goesOn: goesOn,
            date: date.span,
            to: &output
        )
        if isLarge { content = response.body }
        reader.dropBytes()
        unsafe core.pointee.releaseAll()
        return true
    }

    /// Adds a piece to an answer that goes on. A session with nothing waiting takes any piece.
    package func write(_ piece: [UInt8], limit: Int) -> PieceResult {
        guard isOngoing else { return .gone }
        guard waitingBytes + piece.count <= limit || !hasOutput else { return .full }
        if outputStart > limit {
            output.removeFirst(outputStart)
            outputStart = 0
        }
        output += piece
        return .taken
    }

    /// Ends an answer that goes on; `last` is sent before, whatever waits already.
    package func finish(with last: [UInt8]) {
        guard isOngoing else { return }
        output += last
        endOngoing()
    }

    /// Nothing more is written.
    func endOngoing() {
        if isOngoing { hasEndedUntold = true }
        isOngoing = false
    }

    /// Whether an answer that went on has ended; once.
    func takeEnded() -> Bool {
        defer { hasEndedUntold = false }
        return hasEndedUntold
    }

    /// Bytes that wait to be drained.
    var waitingBytes: Int { output.count - outputStart }

    /// The request on `id` is there and not answered.
    package func isOpen(_ id: Int32) -> Bool { id == Self.streamID && isInputOver && !isAnswered }

    /// Appends what is ready until `output` has `limit` bytes. Returns whether more is ready.
    @discardableResult
    package func drain(into target: inout [UInt8], upTo limit: Int) -> Bool {
        let end = min(output.count, outputStart + max(0, limit - target.count))
        target += output[outputStart..<end]
        outputStart = end
        if outputStart < output.count { return true }
        output = content
        content = []
        outputStart = 0
        return output.isEmpty ? false : drain(into: &target, upTo: limit)
    }

    /// Something waits to be drained.
    package var hasOutput: Bool { outputStart < output.count }

    /// The answer has been drained: the connection ends.
    package var isFinished: Bool { isAnswered && !isOngoing && !hasOutput }

    /// Requests that came in: at most one.
    package var requestCount: UInt64 { unsafe core.pointee.requestCount }
}

extension HTTP1Session {
    private func tellToGoOn() {
        // A client that did not wait for the word does not need it.
        guard reader.head.expectsContinue, !hasToldToGoOn, reader.body.isEmpty else { return }
        hasToldToGoOn = true
        HTTP1Answer.goOn.withUTF8Buffer { unsafe output.append(contentsOf: $0) }
    }

    /// Makes the request what services expect.
    private func deliver() {
        let head = reader.head
        let stream = unsafe core.pointee.begin(Self.streamID)
        unsafe stream.pointee.method = head.method
        unsafe reader.bytes.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            func keep(_ field: RequestField, _ range: Range<Int>) {
                unsafe stream.pointee.keep(field, base + range.lowerBound, count: range.count)
            }
            keep(.method, head.methodName)
            if head.path.isEmpty { unsafe Self.keep(.path, "/", in: stream) } else { keep(.path, head.path) }
            unsafe Self.keep(.scheme, core.pointee.isTLS ? "https" : "http", in: stream)
            if let authority = head.authority { keep(.authority, authority) }
            for field in head.fields { keep(field.field, field.value) }
            unsafe stream.pointee.bodyOffset = stream.pointee.byteCount
            let body = reader.body
            if !body.isEmpty { unsafe stream.pointee.append(base + body.startIndex, count: body.count) }
        }
        unsafe stream.pointee.isBodyTooLarge = reader.isBodyTooLarge
        unsafe core.pointee.current = nil
        unsafe core.pointee.end(stream)
    }

    @unsafe private static func keep(_ field: RequestField, _ value: StaticString, in stream: StreamPointer) {
        value.withUTF8Buffer { bytes in
            guard let base = bytes.baseAddress else { return }
            unsafe stream.pointee.keep(field, base, count: bytes.count)
        }
    }
}
