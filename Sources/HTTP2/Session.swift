internal import CNghttp2
internal import Glibc
internal import Sockets

/// The server's HTTP/2 state of one connection: bytes in, requests out; answers in, bytes out. No socket, no
/// TLS, no clock.
@safe package final class Session {
    let handle: OpaquePointer
    let core: UnsafeMutablePointer<SessionCore>
    private let pool: StreamPool
    private let limits: ServerLimits

    /// A session for tests, with its own store of streams.
    package convenience init(limits: ServerLimits = ServerLimits()) throws(HTTP2Error) {
        try self.init(limits: limits, pool: StreamPool(), peer: .loopback(port: 0), isTLS: false)
    }

    /// A session that takes its streams from `pool`; what it says first, its settings, is ready to be drained.
    init(
        limits: ServerLimits,
        pool: StreamPool,
        peer: SocketAddress,
        isTLS: Bool,
        at now: UInt64 = 0
    ) throws(HTTP2Error) {
        let core = UnsafeMutablePointer<SessionCore>.allocate(capacity: 1)
        unsafe core.initialize(to: SessionCore(pool: pool, limits: limits, now: now))
        unsafe core.pointee.peer = peer
        unsafe core.pointee.isTLS = isTLS
        do {
            unsafe handle = try Self.open(core, limits)
        } catch {
            unsafe core.deinitialize(count: 1)
            unsafe core.deallocate()
            throw error
        }
        unsafe self.core = core
        self.pool = pool
        self.limits = limits
    }

    deinit {
        unsafe nghttp2_session_del(handle)
        unsafe core.pointee.releaseAll()
        unsafe core.deinitialize(count: 1)
        unsafe core.deallocate()
    }

    private static func open(
        _ core: UnsafeMutablePointer<SessionCore>,
        _ limits: ServerLimits
    ) throws(HTTP2Error) -> OpaquePointer {
        var option: OpaquePointer?
        try HTTP2Error.check(unsafe nghttp2_option_new(&option), "nghttp2_option_new")
        defer { unsafe nghttp2_option_del(option) }
        unsafe nghttp2_option_set_no_auto_window_update(option, 1)
        unsafe nghttp2_option_set_stream_reset_rate_limit(option, limits.resetBurst, limits.resetsPerSecond)
        // Answers to PING and SETTINGS that may wait, and settings in one frame; see ServerLimits.queuedFramesMax.
        unsafe nghttp2_option_set_max_outbound_ack(option, 200)
        unsafe nghttp2_option_set_max_settings(option, 32)
        unsafe nghttp2_option_set_max_continuations(option, limits.continuationFramesMax)
        // Unknown frames are ignored, but not unseen.
        for type in UInt8(NGHTTP2_CONTINUATION.rawValue) + 1 ... .max {
            unsafe nghttp2_option_set_user_recv_extension_type(option, type)
        }

        var handle: OpaquePointer?
        let made = unsafe nghttp2_session_server_new2(&handle, ServerCallbacks.table, core, option)
        try HTTP2Error.check(made, "nghttp2_session_server_new2")
        guard let handle = unsafe handle else { throw .session(call: "nghttp2_session_server_new2", code: 0) }
        do {
            try unsafe sayFirst(handle, limits)
        } catch {
            unsafe nghttp2_session_del(handle)
            throw error
        }
        return unsafe handle
    }

    @unsafe private static func sayFirst(_ handle: OpaquePointer, _ limits: ServerLimits) throws(HTTP2Error) {
        let settings = [
            entry(NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.concurrentStreamsMax),
            entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.streamWindow),
            entry(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, UInt32(clamping: limits.headerBytesMax)),
        ]
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let submitted = unsafe nghttp2_submit_settings(handle, noFlags, settings, settings.count)
        try HTTP2Error.check(submitted, "nghttp2_submit_settings")
        let window = limits.connectionWindow
        let widened = unsafe nghttp2_session_set_local_window_size(handle, noFlags, 0, window)
        try HTTP2Error.check(widened, "nghttp2_session_set_local_window_size")
    }

    private static func entry(_ setting: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(setting.rawValue), value: value)
    }
}

extension Session {
    /// Feeds what the socket gave. All of it is consumed, or the connection is broken; then what is left to
    /// drain says why (GOAWAY). `now` is in milliseconds of a clock that never goes back.
    package func receive(_ bytes: Span<UInt8>, at now: UInt64 = 0) throws(HTTP2Error) {
        unsafe core.pointee.now = now
        unsafe core.pointee.frame.take(bytes, at: now)
        let consumed = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe nghttp2_session_mem_recv(handle, buffer.baseAddress, buffer.count)
        }
        guard consumed == bytes.count else {
            let isFlood = consumed == Int(NGHTTP2_ERR_FLOODED.rawValue)
            let (code, end) =
                isFlood
                ? (NGHTTP2_ENHANCE_YOUR_CALM, SessionEnd.unreadAnswers) : (NGHTTP2_PROTOCOL_ERROR, .protocolError)
            unsafe core.pointee.terminate(handle, code, because: end)
            throw .session(call: "nghttp2_session_mem_recv", code: Int32(truncatingIfNeeded: consumed))
        }
        unsafe core.pointee.countInput(handle, consumed)
        unsafe core.pointee.boundBodies(handle)
        try giveBack()
    }

    /// Opens the connection's window by what is needed no more.
    private func giveBack() throws(HTTP2Error) {
        let unconsumed = unsafe core.pointee.unconsumed
        guard unconsumed > 0 else { return }
        unsafe core.pointee.unconsumed = 0
        let result = unsafe nghttp2_session_consume_connection(handle, unconsumed)
        try HTTP2Error.check(result, "nghttp2_session_consume_connection")
    }

    /// Calls `use` with each request that is complete and was not given before, and the number of its stream,
    /// oldest first. A request whose client has cancelled it meanwhile is not given.
    package func takeRequests(_ use: (borrowing Request, Int32) -> Void) {
        while let stream = unsafe core.pointee.takeReady() {
            if unsafe !stream.pointee.isClosed {
                let request = unsafe Request(stream, core)
                use(request, unsafe stream.pointee.id)
            }
            unsafe core.pointee.finish(stream)
        }
        // It fails only where memory is at its end; then the client's window stays as it is.
        try? giveBack()
    }

    /// The request on `id`, which is answered from now on; `nil` if it is gone or has been answered.
    func beginAnswer(on id: Int32) -> StreamPointer? {
        guard let raw = unsafe nghttp2_session_get_stream_user_data(handle, id) else { return nil }
        let stream = unsafe raw.assumingMemoryBound(to: StreamState.self)
        guard unsafe stream.pointee.wasDelivered, unsafe !stream.pointee.isAnswered, unsafe !stream.pointee.isCutOff
        else { return nil }
        unsafe stream.pointee.isAnswered = true
        unsafe core.pointee.stopWaiting(stream)
        return unsafe stream
    }

    /// Answers the request on `stream`. Returns `false` if it is gone or has been answered.
    @discardableResult
    package func respond(_ response: consuming Response, on id: Int32) -> Bool {
        guard let stream = unsafe beginAnswer(on: id) else { return false }
        unsafe core.pointee.markUnderWay(stream, at: core.pointee.now)

        let result = unsafe ResponseHead.submit(response, on: stream, date: core.pointee.date, to: handle)
        if result != 0 {
            let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
            _ = unsafe nghttp2_submit_rst_stream(handle, noFlags, id, NGHTTP2_INTERNAL_ERROR.rawValue)
        }
        return result == 0
    }

    /// Tells clients that still send what was answered to stop. Returns whether there are any.
    ///
    /// Not at once: curl 7.88 loses an answer that comes together with the reset.
    package func resetAnswered() -> Bool { unsafe core.pointee.resetAnswered(handle) }

    /// Cuts off requests and answers that take longer than the limits allow; `now` as in ``receive(_:at:)``.
    /// Returns whether there were any.
    package func cutOffSlow(at now: UInt64) -> Bool {
        unsafe core.pointee.now = now
        let count = unsafe core.pointee.cutOffSlow(handle)
        try? giveBack()
        return count > 0
    }

    /// The request on `id` is there and not answered.
    package func isOpen(_ id: Int32) -> Bool {
        guard let raw = unsafe nghttp2_session_get_stream_user_data(handle, id) else { return false }
        return unsafe !raw.assumingMemoryBound(to: StreamState.self).pointee.isAnswered
    }

    /// Appends the frames that are ready, until there are none or `output` has reached `limit` bytes, which the
    /// last frame may exceed by its own length. Returns whether more may be ready.
    @discardableResult
    package func drain(into output: inout [UInt8], upTo limit: Int) throws(HTTP2Error) -> Bool {
        while output.count < limit {
            var frame: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(handle, &frame)
            guard count >= 0 else { throw .session(call: "nghttp2_session_mem_send", code: Int32(count)) }
            if count == 0 { return false }
            unsafe output.append(contentsOf: UnsafeBufferPointer(start: frame, count: count))
        }
        return true
    }

    /// Says that the server is going away; the client may still open streams that are under way (RFC 9113,
    /// section 6.8).
    package func announceShutdown() { _ = unsafe nghttp2_submit_shutdown_notice(handle) }

    /// Says that streams from now on are not served; open ones are.
    package func refuseNewStreams() {
        let last = unsafe nghttp2_session_get_last_proc_stream_id(handle)
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        _ = unsafe nghttp2_submit_goaway(handle, noFlags, last, NGHTTP2_NO_ERROR.rawValue, nil, 0)
    }

    /// Ends the connection: GOAWAY is what is left to drain.
    package func terminate(because end: SessionEnd? = nil) {
        unsafe core.pointee.terminate(handle, NGHTTP2_NO_ERROR, because: end)
    }

    /// Why the session ends, unless it is by nobody's fault.
    package var end: SessionEnd? { unsafe core.pointee.end }

    /// Neither side has anything more to say.
    package var isFinished: Bool {
        unsafe nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0
    }

    /// Frames that wait to be drained, DATA not counted.
    package var queuedFrameCount: Int { unsafe nghttp2_session_get_outbound_queue_size(handle) }

    /// Streams that are open.
    package var openStreamCount: Int { unsafe core.pointee.openCount }

    /// Requests that have begun and are not complete.
    package var incompleteRequestCount: Int { unsafe core.pointee.incompleteCount }

    /// Complete requests without an answer.
    package var waitingRequestCount: Int { unsafe core.pointee.waitingCount }

    /// Answers that have not gone out as far as they are there.
    package var answersUnderWay: Int { unsafe core.pointee.answersUnderWay }

    /// Requests that came in since the session began.
    package var requestCount: UInt64 { unsafe core.pointee.requestCount }

    /// Bytes of bodies that incomplete or unheard requests keep.
    package var bodyBytesKept: Int { unsafe core.pointee.bodyBytesKept }

    /// Streams that were reset for the client's errors, refused, and cancelled by the client.
    var resetCounts: ResetCounts {
        unsafe ResetCounts(
            reset: core.pointee.streamsReset,
            refused: core.pointee.streamsRefused,
            cancelled: core.pointee.streamsCancelled
        )
    }

    /// The client has sent its preface and its settings.
    package var isEstablished: Bool { unsafe core.pointee.isEstablished }
}

/// How many streams of one session did not end well, and by whom.
struct ResetCounts: Equatable {
    var reset: UInt64 = 0
    var refused: UInt64 = 0
    var cancelled: UInt64 = 0
}
