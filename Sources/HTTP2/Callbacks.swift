internal import CNghttp2

/// What every server session has in common: made once, never freed, never changed.
enum ServerCallbacks {
    /// The functions that nghttp2 calls. No logic here: each finds its ``SessionCore`` and hands on.
    nonisolated(unsafe) static let table: OpaquePointer? = {
        var table: OpaquePointer?
        guard unsafe nghttp2_session_callbacks_new(&table) == 0 else { return nil }
        unsafe setReceivingFields(table)
        unsafe setRejecting(table)
        unsafe setReceivingContent(table)
        unsafe setSending(table)
        unsafe setIgnoring(table)
        return unsafe table
    }()

    /// Gives the next part of an answer; its source is the stream's state.
    nonisolated(unsafe) static let readAnswer: nghttp2_data_source_read_callback = {
        session,
        _,
        target,
        limit,
        flags,
        source,
        userData in
        guard let target = unsafe target, let flags = unsafe flags, let raw = unsafe source?.pointee.ptr else {
            return Int(NGHTTP2_ERR_CALLBACK_FAILURE.rawValue)
        }
        let stream = unsafe raw.assumingMemoryBound(to: StreamState.self)
        return unsafe core(userData).pointee.answer(session, stream, into: target, limit: limit, flags: flags)
    }

    private static func setReceivingFields(_ table: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_begin_frame_callback(table) { session, header, userData in
            unsafe core(userData).pointee.beginFrame(session, header!.pointee)
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_begin_headers_callback(table) { session, frame, userData in
            let id = unsafe frame!.pointee.hd.stream_id
            guard unsafe frame!.pointee.headers.cat == NGHTTP2_HCAT_REQUEST else {
                unsafe core(userData).pointee.beginBlock(of: stream(session, id), isTrailer: true)
                return 0
            }
            let stream = unsafe core(userData).pointee.begin(id)
            return unsafe nghttp2_session_set_stream_user_data(session, id, stream)
        }
        unsafe nghttp2_session_callbacks_set_on_header_callback(table) {
            session,
            _,
            name,
            nameCount,
            value,
            valueCount,
            _,
            userData in
            let goesOn = unsafe core(userData).pointee.header(
                session,
                name: name!,
                nameCount: nameCount,
                value: value!,
                valueCount: valueCount
            )
            return goesOn ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE.rawValue
        }
    }

    private static func setRejecting(_ table: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(table) { _, frame, _, userData in
            let id = unsafe frame!.pointee.hd.stream_id
            let core = unsafe core(userData)
            // It is told of no end of a block that it rejects, and other streams' frames may come at once.
            if unsafe core.pointee.block(of: id) != nil { unsafe core.pointee.current = nil }
            return 0
        }
    }

    private static func setIgnoring(_ table: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_unpack_extension_callback(table) { _, _, _, _ in
            NGHTTP2_ERR_CANCEL.rawValue
        }
    }

    private static func setReceivingContent(_ table: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_data_chunk_recv_callback(table) {
            session,
            _,
            id,
            bytes,
            count,
            userData in
            let core = unsafe core(userData)
            if let stream = unsafe stream(session, id) {
                unsafe core.pointee.body(stream, bytes!, count: count)
            } else {
                unsafe core.pointee.unconsumed += count
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_frame_recv_callback(table) { session, frame, userData in
            let header = unsafe frame!.pointee.hd
            let core = unsafe core(userData)
            switch UInt32(header.type) {
            case NGHTTP2_HEADERS.rawValue, NGHTTP2_DATA.rawValue:
                let block = unsafe core.pointee.block(of: header.stream_id)
                guard let stream = unsafe block ?? stream(session, header.stream_id) else { return 0 }
                if unsafe block != nil {
                    unsafe core.pointee.endHeaders(stream)
                    let hasBody = header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) == 0
                    if hasBody { unsafe core.pointee.widen(session, stream) }
                }
                if header.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0 { unsafe core.pointee.end(stream) }
            case NGHTTP2_SETTINGS.rawValue: unsafe core.pointee.isEstablished = true
            default: break
            }
            return 0
        }
        unsafe nghttp2_session_callbacks_set_on_stream_close_callback(table) { session, id, _, userData in
            // From now on nghttp2 finds no stream of this number, so that it cannot give us the pointer again.
            if let stream = unsafe stream(session, id) { unsafe core(userData).pointee.close(stream) }
            return 0
        }
    }

    private static func setSending(_ table: OpaquePointer?) {
        unsafe nghttp2_session_callbacks_set_on_frame_send_callback(table) { session, frame, userData in
            let header = unsafe frame!.pointee.hd
            switch UInt32(header.type) {
            case NGHTTP2_RST_STREAM.rawValue:
                let code = unsafe frame!.pointee.rst_stream.error_code
                unsafe core(userData).pointee.countReset(session, header.stream_id, code: code)
            case NGHTTP2_GOAWAY.rawValue:
                unsafe core(userData).pointee.noteEnd(code: frame!.pointee.goaway.error_code)
            default: break
            }
            return 0
        }
    }
}

private func core(_ userData: UnsafeMutableRawPointer?) -> UnsafeMutablePointer<SessionCore> {
    unsafe userData!.assumingMemoryBound(to: SessionCore.self)
}

private func stream(_ session: OpaquePointer?, _ id: Int32) -> StreamPointer? {
    unsafe nghttp2_session_get_stream_user_data(session, id)?.assumingMemoryBound(to: StreamState.self)
}
