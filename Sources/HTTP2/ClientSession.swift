internal import CNghttp2
internal import Sockets

/// The client's HTTP/2 state of one connection: requests in, bytes out; bytes in, answers out. No socket, no TLS.
@safe final class ClientSession {
    private let handle: OpaquePointer
    /// What has been completed since it was last taken.
    private var completed: [ClientCompletion] = []
    /// Requests without an answer.
    private(set) var openCount = 0
    private var open: [Int32: Exchange] = [:]

    /// One request and what has come of its answer.
    fileprivate final class Exchange {
        let id: Int32
        let body: [UInt8]
        var bodyOffset = 0
        let sentAt: UInt64
        var response = ClientResponse(status: 0, fields: [], body: [])

        init(id: Int32, body: [UInt8]) {
            self.id = id
            self.body = body
            sentAt = MonotonicClock.nanoseconds()
        }
    }

    /// The window of a stream and of the connection: answers of some MiB without waiting.
    private static let window: Int32 = 16 * 1_048_576

    init() throws(HTTP2Error) {
        var callbacks: OpaquePointer?
        try HTTP2Error.check(unsafe nghttp2_session_callbacks_new(&callbacks), "nghttp2_session_callbacks_new")
        defer { unsafe nghttp2_session_callbacks_del(callbacks) }
        unsafe Self.register(in: callbacks)

        var handle: OpaquePointer?
        let made = unsafe nghttp2_session_client_new(&handle, callbacks, nil)
        try HTTP2Error.check(made, "nghttp2_session_client_new")
        guard let handle = unsafe handle else { throw .session(call: "nghttp2_session_client_new", code: 0) }
        unsafe self.handle = handle
        unsafe nghttp2_session_set_user_data(handle, Unmanaged.passUnretained(self).toOpaque())

        let settings = [
            Self.entry(NGHTTP2_SETTINGS_ENABLE_PUSH, 0),
            Self.entry(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, UInt32(Self.window)),
        ]
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let submitted = unsafe nghttp2_submit_settings(handle, noFlags, settings, settings.count)
        try HTTP2Error.check(submitted, "nghttp2_submit_settings")
        let widened = unsafe nghttp2_session_set_local_window_size(handle, noFlags, 0, Self.window)
        try HTTP2Error.check(widened, "nghttp2_session_set_local_window_size")
    }

    deinit { unsafe nghttp2_session_del(handle) }

    private static func entry(_ setting: nghttp2_settings_id, _ value: UInt32) -> nghttp2_settings_entry {
        nghttp2_settings_entry(settings_id: Int32(setting.rawValue), value: value)
    }

    /// Queues a request.
    func send(_ request: ClientRequest, scheme: String, authority: String) throws(HTTP2Error) -> RequestID {
        var fields: [(name: String, value: String)] = [
            (":method", request.method), (":scheme", scheme), (":authority", authority), (":path", request.path),
        ]
        fields += request.fields
        if !request.body.isEmpty { fields.append(("content-length", String(request.body.count))) }

        let id = unsafe Self.withPairs(fields) { pairs in
            guard !request.body.isEmpty else {
                return unsafe nghttp2_submit_request(handle, nil, pairs.baseAddress, pairs.count, nil, nil)
            }
            var provider = unsafe nghttp2_data_provider()
            unsafe provider.read_callback = readBody
            return unsafe nghttp2_submit_request(handle, nil, pairs.baseAddress, pairs.count, &provider, nil)
        }
        guard id > 0 else { throw .session(call: "nghttp2_submit_request", code: id) }
        open[id] = Exchange(id: id, body: request.body)
        openCount += 1
        return RequestID(stream: id)
    }

    /// nghttp2 copies names and values: they live no longer than the call.
    private static func withPairs(
        _ fields: [(name: String, value: String)],
        _ use: (UnsafeMutableBufferPointer<nghttp2_nv>) -> Int32
    ) -> Int32 {
        var bytes: [UInt8] = []
        for field in fields {
            bytes += field.name.utf8
            bytes += field.value.utf8
        }
        return unsafe bytes.withUnsafeMutableBufferPointer { bytes in
            unsafe withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { pairs in
                var offset = 0
                for (index, field) in fields.enumerated() {
                    let (nameCount, valueCount) = (field.name.utf8.count, field.value.utf8.count)
                    unsafe pairs[index] = nghttp2_nv(
                        name: bytes.baseAddress! + offset,
                        value: bytes.baseAddress! + offset + nameCount,
                        namelen: nameCount,
                        valuelen: valueCount,
                        flags: UInt8(NGHTTP2_NV_FLAG_NONE.rawValue)
                    )
                    offset += nameCount + valueCount
                }
                return unsafe use(pairs)
            }
        }
    }

    /// Feeds what the socket gave.
    func receive(_ bytes: Span<UInt8>) throws(HTTP2Error) {
        let consumed = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe nghttp2_session_mem_recv(handle, buffer.baseAddress, buffer.count)
        }
        guard consumed == bytes.count else {
            throw .session(call: "nghttp2_session_mem_recv", code: Int32(truncatingIfNeeded: consumed))
        }
    }

    /// Appends the frames that are ready, until there are none or `output` has reached `limit` bytes.
    func drain(into output: inout [UInt8], upTo limit: Int) throws(HTTP2Error) {
        while output.count < limit {
            var frame: UnsafePointer<UInt8>?
            let count = unsafe nghttp2_session_mem_send(handle, &frame)
            guard count >= 0 else { throw .session(call: "nghttp2_session_mem_send", code: Int32(count)) }
            if count == 0 { return }
            unsafe output.append(contentsOf: UnsafeBufferPointer(start: frame, count: count))
        }
    }

    /// What has been completed since the last call.
    func takeCompleted() -> [ClientCompletion] {
        var taken: [ClientCompletion] = []
        swap(&taken, &completed)
        return taken
    }

    /// What has come of the answer to an open request since this was last asked, with its status, which is 0 before its
    /// head; `nil` when the request is not open.
    func takeContent(of id: RequestID) -> (status: Int, bytes: [UInt8])? {
        guard let exchange = open[id.stream] else { return nil }
        var bytes: [UInt8] = []
        swap(&bytes, &exchange.response.body)
        return (exchange.response.status, bytes)
    }

    /// Gives a request up.
    func cancel(_ id: RequestID) {
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        _ = unsafe nghttp2_submit_rst_stream(handle, noFlags, id.stream, NGHTTP2_CANCEL.rawValue)
    }

    /// Completes every open request with the failure `reason`.
    func fail(_ reason: HTTP2Error) {
        for id in open.keys.sorted() { finish(id, failure: reason) }
    }

    /// Says goodbye; GOAWAY is ready to be drained.
    func terminate() { _ = unsafe nghttp2_session_terminate_session(handle, NGHTTP2_NO_ERROR.rawValue) }

    /// Neither side has anything more to say.
    var isFinished: Bool {
        unsafe nghttp2_session_want_read(handle) == 0 && nghttp2_session_want_write(handle) == 0
    }

    /// Requests that the server takes at once; more are queued here.
    var concurrentStreamsMax: UInt32 {
        unsafe nghttp2_session_get_remote_settings(handle, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS)
    }

    fileprivate func exchange(_ id: Int32) -> Exchange? { open[id] }

    fileprivate func finish(_ id: Int32, failure: HTTP2Error?) {
        guard let exchange = open.removeValue(forKey: id) else { return }
        openCount -= 1
        let result: Result<ClientResponse, HTTP2Error> =
            if let failure { .failure(failure) } else { .success(exchange.response) }
        completed.append(
            ClientCompletion(
                id: RequestID(stream: id),
                result: result,
                sentAt: exchange.sentAt,
                completedAt: MonotonicClock.nanoseconds()
            )
        )
    }
}

// The C side: each callback finds its session, and hands on.
extension ClientSession {
    private static func register(in callbacks: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_header_callback(callbacks) {
            _,
            frame,
            name,
            nameCount,
            value,
            valueCount,
            _,
            userData in
            let name = unsafe UnsafeBufferPointer(start: name, count: nameCount)
            let value = unsafe UnsafeBufferPointer(start: value, count: valueCount)
            let exchange = unsafe session(userData).exchange(frame!.pointee.hd.stream_id)
            exchange?.heard(unsafe String(decoding: name, as: UTF8.self), unsafe String(decoding: value, as: UTF8.self))
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks) {
            _,
            _,
            id,
            bytes,
            count,
            userData in
            let bytes = unsafe UnsafeBufferPointer(start: bytes, count: count)
            unsafe session(userData).exchange(id)?.response.body.append(contentsOf: bytes)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(callbacks) { _, id, code, userData in
            let session = unsafe session(userData)
            let isAnswered = session.exchange(id)?.isAnswered ?? false
            // A server may answer and then say that it does not read the rest (RFC 9113, section 8.1).
            let isGood = code == NGHTTP2_NO_ERROR.rawValue && isAnswered
            session.finish(id, failure: isGood ? nil : .streamReset(code: code))
            return 0
        }
    }
}

extension ClientSession.Exchange {
    fileprivate var isAnswered: Bool { response.status >= 200 }

    fileprivate func heard(_ name: String, _ value: String) {
        if name == ":status" {
            response.status = Int(value) ?? 0
            response.fields = []
        } else {
            response.fields.append((name, value))
        }
    }
}

private func session(_ userData: UnsafeMutableRawPointer?) -> ClientSession {
    unsafe Unmanaged<ClientSession>.fromOpaque(userData!).takeUnretainedValue()
}

/// Gives the next part of a request's content.
private func readBody(
    _: OpaquePointer?,
    id: Int32,
    target: UnsafeMutablePointer<UInt8>?,
    limit: Int,
    flags: UnsafeMutablePointer<UInt32>?,
    _: UnsafeMutablePointer<nghttp2_data_source>?,
    userData: UnsafeMutableRawPointer?
) -> Int {
    guard let exchange = unsafe session(userData).exchange(id) else {
        return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
    }
    let count = min(limit, exchange.body.count - exchange.bodyOffset)
    for index in 0..<count { unsafe target![index] = exchange.body[exchange.bodyOffset + index] }
    exchange.bodyOffset += count
    if exchange.bodyOffset == exchange.body.count { unsafe flags!.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue }
    return count
}
