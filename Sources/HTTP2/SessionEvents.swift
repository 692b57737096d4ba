internal import CNghttp2
internal import Glibc

// What the callbacks do. A client's mistake is no failure of ours: with one exception nghttp2 goes on.
extension SessionCore {

    /// Whether the block is decoded on. What a client says after a block that is too long is not looked at: nghttp2
    /// reads each byte of each field, and a field of the dynamic table that takes one byte of a frame may have 4,000.
    mutating func header(
        _ session: OpaquePointer?,
        name: UnsafePointer<UInt8>,
        nameCount: Int,
        value: UnsafePointer<UInt8>,
        valueCount: Int
    ) -> Bool {
        guard let stream = unsafe current else { return true }
        unsafe stream.pointee.headerFields += 1
        unsafe stream.pointee.headerBytes += nameCount + valueCount + 32
        guard unsafe stream.pointee.headerFields <= limits.headerFieldsMax,
            unsafe stream.pointee.headerBytes <= limits.headerBytesMax
        else {
            unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM, because: .headers)
            return false
        }
        if !isTrailer { unsafe keepField(of: stream, name, nameCount, value, valueCount) }
        return true
    }

    private func keepField(
        of stream: StreamPointer,
        _ name: UnsafePointer<UInt8>,
        _ nameCount: Int,
        _ value: UnsafePointer<UInt8>,
        _ valueCount: Int
    ) {
        if nameCount == 0 { return }
        if unsafe isHost(name, nameCount) { return unsafe host(of: stream, value, valueCount) }
        guard let field = unsafe RequestField.recognise(name, count: nameCount) else { return }
        // As HTTP/1 refuses it: a proxy in front may have judged the other one.
        if unsafe stream.pointee.present & 1 << field.rawValue != 0, field != .accept, field != .prefer {
            unsafe stream.pointee.refusal = .repeatedField
        }
        if field == .method, valueCount > 0 {
            unsafe stream.pointee.method = Method.recognise(value, count: valueCount)
        }
        unsafe stream.pointee.keep(field, value, count: valueCount)
    }

    private func isHost(_ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        guard count == 4 else { return false }
        return unsafe memcmp(name, "host", 4) == 0
    }

    /// `host` is what `:authority` is, or stands for it (RFC 9113, section 8.3.1). nghttp2 lets it come once, and after
    /// all pseudo-header fields.
    private func host(of stream: StreamPointer, _ value: UnsafePointer<UInt8>, _ count: Int) {
        guard unsafe stream.pointee.present & 1 << RequestField.authority.rawValue != 0 else {
            return unsafe stream.pointee.keep(.authority, value, count: count)
        }
        let authority = unsafe stream.pointee.value(of: .authority)
        let host = unsafe UnsafeBufferPointer(start: value, count: count)
        let isTLS = unsafe stream.pointee.value(of: .scheme).elementsEqual("https".utf8)
        let isSame = unsafe Authority.normalized(authority, isTLS: isTLS)
            .elementsEqual(Authority.normalized(host, isTLS: isTLS)) {
                HTTP1Grammar.lowercased($0) == HTTP1Grammar.lowercased($1)
            }
        if !isSame { unsafe stream.pointee.refusal = .authorityDisagrees }
    }

    mutating func endHeaders(_ stream: StreamPointer) {
        unsafe current = nil
        guard !isTrailer, unsafe !stream.pointee.wasDelivered, unsafe !stream.pointee.hasEnded else { return }
        unsafe stream.pointee.bodyOffset = stream.pointee.byteCount
        // A body that is announced as too long is not waited for.
        if unsafe contentLength(of: stream) > limits.bodyBytesMax(for: stream.pointee.value(of: .path)) {
            unsafe stream.pointee.isBodyTooLarge = true
            unsafe deliver(stream)
        }
    }

    /// Lets a client send a body that is larger than others may be, if the path allows it.
    func widen(_ session: OpaquePointer?, _ stream: StreamPointer) {
        guard !limits.largeBodyPaths.isEmpty, unsafe !stream.pointee.wasDelivered else { return }
        let most = unsafe limits.bodyBytesMax(for: stream.pointee.value(of: .path))
        guard most > limits.bodyBytesMax else { return }
        let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
        let window = Int32(clamping: most + 1)
        // It fails for a stream that is closed already, which then needs no window.
        _ = unsafe nghttp2_session_set_local_window_size(session, noFlags, stream.pointee.id, window)
    }

    /// 0 if it is absent; nghttp2 has checked that it is a number.
    private func contentLength(of stream: StreamPointer) -> Int {
        let index = Int(RequestField.contentLength.rawValue)
        guard unsafe stream.pointee.present & 1 << index != 0 else { return 0 }
        let range = unsafe stream.pointee.fields[index]
        var length = 0
        for position in Int(range.offset)..<Int(range.offset + range.count) {
            let digit = Int(unsafe stream.pointee.bytes[position]) - 0x30
            guard (0...9).contains(digit), length < Int.max / 10 - 9 else { return Int.max }
            length = length * 10 + digit
        }
        return length
    }

    mutating func body(_ stream: StreamPointer, _ bytes: UnsafePointer<UInt8>, count: Int) {
        guard unsafe !stream.pointee.isBodyTooLarge, unsafe !stream.pointee.isCutOff else {
            unconsumed += count
            return
        }
        let length = unsafe stream.pointee.byteCount - stream.pointee.bodyOffset + count
        if length > limits.bodyBytesMax, unsafe length > limits.bodyBytesMax(for: stream.pointee.value(of: .path)) {
            unsafe stream.pointee.isBodyTooLarge = true
            unconsumed += count
            unsafe deliver(stream)
        } else {
            unsafe stream.pointee.append(bytes, count: count)
            unsafe stream.pointee.bodyBytesKept += count
            bodyBytesKept += count
            unsafe pool.pointee.bodyBytesKept += count
        }
    }

    mutating func end(_ stream: StreamPointer) {
        unsafe stream.pointee.hasEnded = true
        unsafe deliver(stream)
    }

    /// Puts the next part of an answer where nghttp2 wants it.
    mutating func answer(
        _ session: OpaquePointer?,
        _ stream: StreamPointer,
        into target: UnsafeMutablePointer<UInt8>,
        limit: Int,
        flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if unsafe stream.pointee.isOngoing {
            return unsafe answerOn(stream, into: target, limit: limit, flags: flags)
        }
        let offset = unsafe stream.pointee.answerOffset
        let left = unsafe stream.pointee.answer.count - offset
        let count = min(left, limit)
        if count > 0 {
            unsafe stream.pointee.answer.withUnsafeBufferPointer { bytes in
                _ = unsafe memcpy(target, bytes.baseAddress! + offset, count)
            }
            unsafe stream.pointee.answerOffset = offset + count
        }
        explainWindowUpdates(count)
        if count == left {
            unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            unsafe expectEnd(of: stream)
        }
        return count
    }

    /// The answer is complete: a client that still sends is to be told to stop.
    mutating func expectEnd(of stream: StreamPointer) {
        guard unsafe !stream.pointee.hasEnded else { return }
        unsafe stream.pointee.awaitsReset = true
        awaitingReset += 1
    }

    /// Tells clients that still send what is answered to stop (RFC 9113, section 8.1). Returns whether any does.
    mutating func resetAnswered(_ session: OpaquePointer?) -> Bool {
        guard awaitingReset > 0 else { return false }
        var next = unsafe open
        while let stream = unsafe next {
            unsafe next = stream.pointee.next
            guard unsafe stream.pointee.awaitsReset else { continue }
            unsafe stream.pointee.awaitsReset = false
            awaitingReset -= 1
            let noFlags = UInt8(NGHTTP2_FLAG_NONE.rawValue)
            let id = unsafe stream.pointee.id
            _ = unsafe nghttp2_submit_rst_stream(session, noFlags, id, NGHTTP2_NO_ERROR.rawValue)
        }
        return true
    }

    /// Ends the connection with GOAWAY.
    mutating func terminate(_ session: OpaquePointer?, _ code: nghttp2_error_code, because end: SessionEnd?) {
        if isTerminated { return }
        isTerminated = true
        self.end = self.end ?? end
        _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }
}
