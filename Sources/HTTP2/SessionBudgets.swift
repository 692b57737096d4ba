internal import CNghttp2

// What a client may waste on one connection. Each function runs for frames that are rare in good hands; the rest
// costs one comparison.
extension SessionCore {
    /// DATA and CONTINUATION frames up to this many bytes, without their padding, bring nothing forward.
    static let tinyFrameBytes = 32
    /// The padding of a frame, with its length (RFC 9113, section 6.1).
    private static let paddingBytesMax = 256
    /// The most WINDOW_UPDATE frames that are expected for what was sent before.
    private static let windowUpdatesExplainedMax = 1 << 16

    /// Bytes of frames that nghttp2 ignores without a word (DATA on a stream that is long gone, blocks of refused
    /// streams) that count as one frame. So a body that is under way when its stream is reset does no harm.
    static let ignoredBytesPerFrame = 4_096

    /// A frame begins: nghttp2 tells its head before it looks at the rest.
    mutating func beginFrame(_ session: OpaquePointer?, _ head: nghttp2_frame_hd) {
        seenBytes &+= 9 &+ head.length
        switch UInt32(head.type) {
        case NGHTTP2_HEADERS.rawValue:
            blockBytes = 0
            unsafe beginStream(session, head.stream_id)
            unsafe countBlock(session, head)
        case NGHTTP2_CONTINUATION.rawValue:
            if head.length <= Self.tinyFrameBytes { unsafe spend(session) }
            unsafe countBlock(session, head)
        case NGHTTP2_DATA.rawValue: unsafe beginData(session, head)
        case NGHTTP2_WINDOW_UPDATE.rawValue:
            if windowUpdatesExplained > 0 { windowUpdatesExplained -= 1 } else { unsafe spend(session) }
        case NGHTTP2_RST_STREAM.rawValue:
            if unsafe isOpen(session, head.stream_id) { streamsCancelled += 1 } else { unsafe spend(session) }
        default: unsafe spend(session)
        }
    }

    /// nghttp2 ignores a HEADERS frame on a stream number below the highest one that was never used or is long
    /// gone; RFC 9113, section 5.1.1, demands a connection error.
    private mutating func beginStream(_ session: OpaquePointer?, _ id: Int32) {
        guard id & 1 == 1 else { return }
        if id > highestStream {
            highestStream = id
        } else if unsafe nghttp2_session_find_stream(session, id) == nil, !hasReset(id) {
            unsafe terminate(session, NGHTTP2_PROTOCOL_ERROR, because: .protocolError)
        }
    }

    /// No field takes more bytes on the wire than ``ServerLimits/headerBytesMax`` reckons for it, so a block that
    /// is longer there is too long.
    private mutating func countBlock(_ session: OpaquePointer?, _ head: nghttp2_frame_hd) {
        blockBytes += head.length
        if blockBytes > limits.headerBytesMax + Self.paddingBytesMax {
            unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .headers)
        }
    }

    private mutating func beginData(_ session: OpaquePointer?, _ head: nghttp2_frame_hd) {
        let isPadded = head.flags & UInt8(NGHTTP2_FLAG_PADDED.rawValue) != 0
        if head.length > Self.tinyFrameBytes + (isPadded ? Self.paddingBytesMax : 0) { return }
        let endsStream = head.flags & UInt8(NGHTTP2_FLAG_END_STREAM.rawValue) != 0
        // The end of a request is progress, but only once.
        if endsStream, unsafe isOpen(session, head.stream_id) { return }
        unsafe spend(session)
    }

    /// A request or an answer is under way there.
    private func isOpen(_ session: OpaquePointer?, _ id: Int32) -> Bool {
        unsafe nghttp2_session_get_stream_user_data(session, id) != nil
    }

    /// `count` bytes came in. What no frame has explained was ignored.
    mutating func countInput(_ session: OpaquePointer?, _ count: Int) {
        receivedBytes &+= count
        while receivedBytes &- seenBytes > Self.ignoredBytesPerFrame {
            seenBytes &+= Self.ignoredBytesPerFrame
            unsafe spend(session)
        }
    }

    /// The client sent a frame that brings nothing forward.
    private mutating func spend(_ session: OpaquePointer?) {
        guard !idleFrames.take(at: now) else { return }
        unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .idleFrames)
    }

    /// We send `count` bytes of an answer. A client tells that it has read them by two frames, for stream and
    /// connection, or by some more if it reads in small parts. However small they are, the answer has an end, and
    /// ``ServerLimits/bytesPerSecondMin`` says how soon.
    mutating func explainWindowUpdates(_ count: Int) {
        windowUpdatesExplained = min(windowUpdatesExplained + 2 + count >> 10, Self.windowUpdatesExplainedMax)
    }

    /// We have sent RST_STREAM.
    mutating func countReset(_ session: OpaquePointer?, _ id: Int32, code: UInt32) {
        rememberReset(id)
        switch code {
        // The answer was complete before the request was: nobody's fault.
        case NGHTTP2_NO_ERROR.rawValue: break
        case NGHTTP2_REFUSED_STREAM.rawValue:
            streamsRefused += 1
            if streamsRefused > UInt64(limits.refusedStreamsMax) {
                unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .refusedStreams)
            }
        default:
            streamsReset += 1
            if !errorResets.take(at: now) {
                unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .errorResets)
            }
        }
    }

    /// nghttp2 has sent GOAWAY: by itself it does so for errors, and for too many cancelled streams.
    mutating func noteEnd(code: UInt32) {
        guard code != NGHTTP2_NO_ERROR.rawValue, end == nil else { return }
        end = code == NGHTTP2_INTERNAL_ERROR.rawValue ? .cancelledStreams : .protocolError
    }
}

// Memory and time.
extension SessionCore {
    /// Refuses the newest incomplete requests while the incomplete bodies take more than they may. The oldest can
    /// then be completed, so that the connection always goes on.
    mutating func boundBodies(_ session: OpaquePointer?) {
        while true {
            let isLoopFull = unsafe pool.pointee.bodyBytesKept > limits.bodyBytesPerLoopMax
            let allowed = isLoopFull ? min(limits.bodyBytesMax, limits.keptBodyBytesMax) : limits.keptBodyBytesMax
            guard bodyBytesKept > allowed, let stream = unsafe newestIncomplete() else { return }
            unsafe cutOff(session, stream, NGHTTP2_REFUSED_STREAM)
        }
    }

    private func newestIncomplete() -> StreamPointer? {
        var next = unsafe open
        while let stream = unsafe next {
            if unsafe !stream.pointee.wasDelivered, unsafe stream.pointee.bodyBytesKept > 0 { return unsafe stream }
            unsafe next = stream.pointee.next
        }
        return nil
    }

    /// Resets a stream whose request is not complete or whose answer is not taken, and lets its memory go.
    private mutating func cutOff(_ session: OpaquePointer?, _ stream: StreamPointer, _ code: nghttp2_error_code) {
        unsafe stream.pointee.isCutOff = true
        if unsafe !stream.pointee.wasDelivered {
            unsafe stream.pointee.wasDelivered = true
            incompleteCount -= 1
        }
        unsafe letGo(of: stream)
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        _ = unsafe nghttp2_submit_rst_stream(session, noFlags, stream.pointee.id, code.rawValue)
    }

    /// Cuts off what takes too long. Returns how many streams it were; a header block or a frame that does not end
    /// takes the session with it, because nothing else can come before its end.
    mutating func cutOffSlow(_ session: OpaquePointer?) -> Int {
        if unsafe current != nil && now &- blockBeganAt >= limits.headerMilliseconds || isFrameSlow {
            unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .slowRequest)
            return 1
        }
        guard incompleteCount > 0 || answersUnderWay > 0 else { return 0 }
        var count = 0
        var next = unsafe open
        while let stream = unsafe next {
            unsafe next = stream.pointee.next
            guard unsafe isSlow(stream) else { continue }
            unsafe cutOff(session, stream, NGHTTP2_ENHANCE_YOUR_CALM)
            count += 1
        }
        return count
    }

    /// A frame of whatever kind has begun and does not end.
    private var isFrameSlow: Bool {
        let earned = UInt64(frame.byteCount) &* 1_000 / max(1, limits.bytesPerSecondMin)
        return frame.isInside && now &- frame.beganAt >= limits.requestStallMilliseconds + earned
    }

    private func isSlow(_ stream: StreamPointer) -> Bool {
        if unsafe stream.pointee.isCutOff { return false }
        let rate = max(1, limits.bytesPerSecondMin)
        if unsafe stream.pointee.isAnswered {
            // What goes on and has nothing to send at the moment waits for us, not for its reader.
            guard unsafe stream.pointee.isUnderWay else { return false }
            let earned = UInt64(unsafe stream.pointee.answerOffset) &* 1_000 / rate
            return unsafe now &- stream.pointee.answeredAt >= limits.writeStallMilliseconds + earned
        }
        if unsafe stream.pointee.wasDelivered { return false }
        let earned = UInt64(unsafe stream.pointee.bodyBytesKept) &* 1_000 / rate
        return unsafe now &- stream.pointee.beganAt >= limits.requestMilliseconds + earned
    }
}
