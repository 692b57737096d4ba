internal import CNghttp2
internal import Glibc
internal import Sockets

/// What the callbacks of C work on. It lies behind the session's user data.
///
/// A struct behind a pointer, not a class: the callbacks run several times for each request, and neither
/// reference counts nor exclusivity checks are wanted there.
@safe struct SessionCore {
    let pool: UnsafeMutablePointer<StreamPool.State>
    /// What ``DateField`` holds.
    let date: UnsafeMutablePointer<UInt8>
    let bodyBytesMax: Int
    let headerBytesMax: Int
    let headerFieldsMax: Int

    var peer = SocketAddress.loopback(port: 0)
    var isTLS = false
    var hasContext = false
    var context: UInt64 = 0
    var authorization: [UInt8] = []

    /// Open streams, as a list.
    var open: StreamPointer?
    var openCount = 0
    /// Open streams whose request has not been handed to the service.
    var incompleteCount = 0
    /// Requests that the service has not seen, oldest first.
    var firstReady: StreamPointer?
    var lastReady: StreamPointer?
    /// Answers that have not gone out completely.
    var answersUnderWay = 0
    /// Streams that are answered while the client still sends.
    var awaitingReset = 0
    /// The stream whose header block is coming in. Blocks are never interleaved (RFC 9113, section 4.3).
    var current: StreamPointer?

    /// Bytes of DATA that the connection's window has not been given back.
    var unconsumed = 0
    /// Requests that came in.
    var requestCount: UInt64 = 0
    /// The client has sent its SETTINGS: it speaks HTTP/2.
    var isEstablished = false
    /// The client has broken a limit and GOAWAY was submitted.
    var isTerminated = false

    /// The highest stream that the client has opened.
    var highestStream: Int32 = 0
    /// The last streams that we have reset, on which frames may still be under way.
    var resetStreams = InlineArray<64, Int32>(repeating: 0)
    var resetCount = 0

    init(pool: StreamPool, limits: ServerLimits) {
        unsafe self.pool = pool.state
        unsafe date = pool.date.bytes
        bodyBytesMax = limits.bodyBytesMax
        headerBytesMax = limits.headerBytesMax
        headerFieldsMax = limits.headerFieldsMax
    }

    /// Compares in a time that does not depend on the bytes, since a proxy may share a connection among clients.
    func authorizationMatches(_ value: Span<UInt8>) -> Bool {
        guard value.count == authorization.count else { return false }
        var difference: UInt8 = 0
        for index in value.indices { difference |= value[index] ^ authorization[index] }
        return difference == 0
    }

    mutating func begin(_ id: Int32) -> StreamPointer {
        let stream = unsafe pool.pointee.take()
        unsafe stream.pointee.id = id
        unsafe stream.pointee.next = open
        unsafe open?.pointee.previous = stream
        unsafe open = stream
        openCount += 1
        incompleteCount += 1
        unsafe current = stream
        return unsafe stream
    }

    /// Takes a stream out of the list and gives it back, unless the service has still to pass it by.
    mutating func close(_ stream: StreamPointer) {
        if let previous = unsafe stream.pointee.previous {
            unsafe previous.pointee.next = stream.pointee.next
        } else {
            unsafe open = stream.pointee.next
        }
        unsafe stream.pointee.next?.pointee.previous = stream.pointee.previous
        openCount -= 1
        if unsafe !stream.pointee.wasDelivered { incompleteCount -= 1 }
        if unsafe current == stream { unsafe current = nil }
        if unsafe stream.pointee.awaitsReset { awaitingReset -= 1 }
        if unsafe stream.pointee.isAnswered { answersUnderWay -= 1 }
        if unsafe stream.pointee.isReady {
            unsafe stream.pointee.isClosed = true
        } else {
            unsafe pool.pointee.give(stream)
        }
    }

    /// Hands a request to the service, once.
    mutating func deliver(_ stream: StreamPointer) {
        guard unsafe !stream.pointee.wasDelivered else { return }
        unsafe stream.pointee.wasDelivered = true
        unsafe stream.pointee.isReady = true
        requestCount += 1
        incompleteCount -= 1
        if let last = unsafe lastReady { unsafe last.pointee.nextReady = stream } else { unsafe firstReady = stream }
        unsafe lastReady = stream
    }

    /// The oldest request that the service has not seen; the caller gives it back by ``finish(_:)``.
    mutating func takeReady() -> StreamPointer? {
        guard let stream = unsafe firstReady else { return nil }
        unsafe firstReady = stream.pointee.nextReady
        if unsafe firstReady == nil { unsafe lastReady = nil }
        unsafe stream.pointee.nextReady = nil
        return unsafe stream
    }

    mutating func finish(_ stream: StreamPointer) {
        unsafe stream.pointee.isReady = false
        if unsafe stream.pointee.isClosed { unsafe pool.pointee.give(stream) }
    }

    /// Gives every stream back, because the session ends.
    mutating func releaseAll() {
        while let stream = unsafe takeReady() { unsafe finish(stream) }
        while let stream = unsafe open { unsafe close(stream) }
    }

    mutating func rememberReset(_ id: Int32) {
        resetStreams[resetCount % resetStreams.count] = id
        resetCount += 1
    }

    func hasReset(_ id: Int32) -> Bool {
        for index in resetStreams.indices where resetStreams[index] == id { return true }
        return false
    }
}

// What the callbacks do. Each returns what nghttp2 expects: 0, since a client's mistake is no failure of ours.
extension SessionCore {
    /// A frame begins. nghttp2 ignores a HEADERS frame on a stream number below the highest one that was never
    /// used or is long gone; RFC 9113, section 5.1.1, demands a connection error.
    mutating func beginFrame(_ session: OpaquePointer?, type: UInt8, id: Int32) {
        guard type == UInt8(NGHTTP2_HEADERS.rawValue), id & 1 == 1 else { return }
        if id > highestStream {
            highestStream = id
        } else if unsafe nghttp2_session_find_stream(session, id) == nil, !hasReset(id) {
            unsafe terminate(session, NGHTTP2_PROTOCOL_ERROR)
        }
    }

    mutating func header(
        _ session: OpaquePointer?,
        name: UnsafePointer<UInt8>,
        nameCount: Int,
        value: UnsafePointer<UInt8>,
        valueCount: Int
    ) {
        guard let stream = unsafe current else { return }
        unsafe stream.pointee.headerFields += 1
        unsafe stream.pointee.headerBytes += nameCount + valueCount + 32
        guard unsafe stream.pointee.headerFields <= headerFieldsMax, unsafe stream.pointee.headerBytes <= headerBytesMax
        else { return unsafe terminate(session, NGHTTP2_ENHANCE_YOUR_CALM) }

        guard nameCount > 0, let field = unsafe RequestField.recognise(name, count: nameCount) else { return }
        if field == .method, valueCount > 0 {
            unsafe stream.pointee.method = Method.recognise(value, count: valueCount)
        }
        unsafe stream.pointee.keep(field, value, count: valueCount)
    }

    mutating func endHeaders(_ stream: StreamPointer) {
        unsafe current = nil
        guard unsafe !stream.pointee.wasDelivered, unsafe !stream.pointee.hasEnded else { return }
        unsafe stream.pointee.bodyOffset = stream.pointee.byteCount
        // A body that is announced as too long is not waited for.
        if unsafe contentLength(of: stream) > bodyBytesMax {
            unsafe stream.pointee.isBodyTooLarge = true
            unsafe deliver(stream)
        }
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
        guard unsafe !stream.pointee.isBodyTooLarge else { return }
        let length = unsafe stream.pointee.byteCount - stream.pointee.bodyOffset + count
        if length > bodyBytesMax {
            unsafe stream.pointee.isBodyTooLarge = true
            unsafe deliver(stream)
        } else {
            unsafe stream.pointee.append(bytes, count: count)
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
        let offset = unsafe stream.pointee.answerOffset
        let left = unsafe stream.pointee.answer.count - offset
        let count = min(left, limit)
        if count > 0 {
            unsafe stream.pointee.answer.withUnsafeBufferPointer { bytes in
                _ = unsafe memcpy(target, bytes.baseAddress! + offset, count)
            }
            unsafe stream.pointee.answerOffset = offset + count
        }
        if count == left {
            unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            if unsafe !stream.pointee.hasEnded {
                unsafe stream.pointee.awaitsReset = true
                awaitingReset += 1
            }
        }
        return count
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
    mutating func terminate(_ session: OpaquePointer?, _ code: nghttp2_error_code) {
        if isTerminated { return }
        isTerminated = true
        _ = unsafe nghttp2_session_terminate_session(session, code.rawValue)
    }
}
