internal import Glibc

typealias StreamPointer = UnsafeMutablePointer<StreamState>

/// Where a field's value lies in its stream's bytes.
struct FieldRange: BitwiseCopyable {
    var offset: UInt32 = 0
    var count: UInt32 = 0
}

/// What the server knows of one stream: the request as it comes in, the answer as it goes out.
///
/// It lies at a fixed address that nghttp2 keeps as the stream's user data, so no map is needed; its buffers
/// are used again by later streams, so a usual request costs no allocation.
@safe struct StreamState {
    /// In the pool: the next free one. In a session: its neighbours in the list of open streams.
    var next: StreamPointer?
    var previous: StreamPointer?
    /// The next request that is complete.
    var nextReady: StreamPointer?

    /// The stream's identifier.
    var id: Int32 = 0
    var method = Method.other
    /// The request has ended (END_STREAM).
    var hasEnded = false
    /// It waits in the session's list of requests for the service.
    var isReady = false
    /// It was handed to that list once.
    var wasDelivered = false
    /// The service has it, or will be given it, and has not answered; see ``SessionCore/waitingCount``.
    var isWaiting = false
    var isBodyTooLarge = false
    /// An answer was submitted.
    var isAnswered = false
    /// The answer goes on: what it says comes in ``pieces``, now and later.
    var isOngoing = false
    /// No more pieces will come.
    var isComplete = false
    /// nghttp2 was told that there is nothing to send at the moment.
    var isDeferred = false
    /// There is something of the answer that has not gone out; see ``SessionCore/answersUnderWay``.
    var isUnderWay = false
    /// The answer has gone out while the client still sends: it will be told to stop.
    var awaitsReset = false
    /// The stream is closed while it still waits in the list.
    var isClosed = false
    /// Its fields may be read in two ways: the request is answered with this, and no service sees it.
    var refusal: HTTP1Refusal?
    /// It broke a limit and is being reset: what still comes is dropped.
    var isCutOff = false
    /// When the request began and when it was answered, in milliseconds.
    var beganAt: UInt64 = 0
    var answeredAt: UInt64 = 0

    /// Bit n: the field with raw value n came.
    var present: UInt32 = 0
    var fields = InlineArray<14, FieldRange>(repeating: FieldRange())
    /// The values of the fields, then the body.
    var bytes: UnsafeMutablePointer<UInt8>
    var byteCount = 0
    var byteCapacity: Int
    var bodyOffset = 0
    /// Bytes of the body that the connection's window has not been given back.
    var bodyBytesKept = 0
    /// Size of all fields by the reckoning of RFC 9113, section 6.5.2, and their number.
    var headerBytes = 0
    var headerFields = 0

    var answer: [UInt8] = []
    /// Bytes of the answer that have gone out, of one that goes on since it last had nothing to send.
    var answerOffset = 0
    var pieces = PieceQueue()
    /// The digits of the status and of `content-length`, which nghttp2 reads when it encodes the answer.
    var digits: UnsafeMutablePointer<UInt8>

    /// What a new stream's buffer holds: the fields of a request. A body makes it grow, and later streams have it so;
    /// requests that are only begun, a hundred and more on each connection, take little.
    static let initialCapacity = 256
    /// A buffer that a large request has grown beyond this is given back.
    static let keptCapacityMax = 4_096
    /// Three for a status, nineteen for a length.
    static let digitCapacity = 24

    init() {
        unsafe bytes = .allocate(capacity: Self.initialCapacity)
        byteCapacity = Self.initialCapacity
        unsafe digits = .allocate(capacity: Self.digitCapacity)
    }

    func deallocate() {
        unsafe bytes.deallocate()
        unsafe digits.deallocate()
    }

    /// Makes it as new, but for the buffers.
    mutating func reset() {
        unsafe (next, previous, nextReady) = (nil, nil, nil)
        id = 0
        method = .other
        hasEnded = false
        isReady = false
        (wasDelivered, isWaiting) = (false, false)
        isBodyTooLarge = false
        isAnswered = false
        (isOngoing, isComplete, isDeferred, isUnderWay) = (false, false, false, false)
        pieces.removeAll()
        awaitsReset = false
        isClosed = false
        isCutOff = false
        refusal = nil
        bodyBytesKept = 0
        present = 0
        byteCount = 0
        bodyOffset = 0
        headerBytes = 0
        headerFields = 0
        if !answer.isEmpty { answer = [] }
        answerOffset = 0
        giveBackLargeBuffer()
    }

    /// Gives back what a large request has grown, and forgets its fields and its body. A client may leave the answer
    /// untaken, and the stream open with it, for as long as it likes.
    mutating func giveBackLargeBuffer() {
        guard byteCapacity > Self.keptCapacityMax else { return }
        unsafe bytes.deallocate()
        unsafe bytes = .allocate(capacity: Self.initialCapacity)
        byteCapacity = Self.initialCapacity
        (present, byteCount, bodyOffset) = (0, 0, 0)
    }

    /// Appends to the bytes; the caller has checked the limit.
    mutating func append(_ source: UnsafePointer<UInt8>, count: Int) {
        if byteCapacity - byteCount < count {
            let capacity = max(byteCapacity * 2, byteCount + count)
            let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
            unsafe memcpy(larger, bytes, byteCount)
            unsafe bytes.deallocate()
            unsafe bytes = larger
            byteCapacity = capacity
        }
        unsafe memcpy(bytes + byteCount, source, count)
        byteCount += count
    }

    mutating func keep(_ field: RequestField, _ value: UnsafePointer<UInt8>, count: Int) {
        // Only lists (RFC 9110, section 12.5.1; RFC 7240, section 2) may come in pieces: the first piece counts.
        guard present & 1 << field.rawValue == 0 else { return }
        present |= 1 << field.rawValue
        fields[Int(field.rawValue)] = FieldRange(offset: UInt32(byteCount), count: UInt32(count))
        unsafe append(value, count: count)
    }
}

extension StreamState {
    /// A field's value, as long as nothing is appended; no bytes if it is absent.
    func value(of field: RequestField) -> UnsafeBufferPointer<UInt8> {
        guard present & 1 << field.rawValue != 0 else { return unsafe UnsafeBufferPointer(start: nil, count: 0) }
        let range = fields[Int(field.rawValue)]
        return unsafe UnsafeBufferPointer(start: bytes + Int(range.offset), count: Int(range.count))
    }
}

/// How authorities are compared.
enum Authority {
    /// Without the scheme's own port, which may be left out (RFC 3986, section 6.2.3).
    static func normalized(
        _ authority: UnsafeBufferPointer<UInt8>,
        isTLS: Bool
    ) -> Slice<UnsafeBufferPointer<UInt8>> {
        for port in [":", isTLS ? ":443" : ":80"]
        where unsafe authority.suffix(port.utf8.count).elementsEqual(port.utf8) {
            return unsafe authority.dropLast(port.utf8.count)
        }
        return unsafe authority[...]
    }
}

/// The streams that one loop uses and uses again, and the time of day that its answers tell.
///
/// It is shared by the loop's sessions, so what is kept is bounded by the loop's busiest moment, not by the
/// number of its connections.
@safe final class StreamPool {
    /// Free streams that are kept: those of 32 full connections, about 12 MiB.
    static let keptMax = 4_096

    @safe struct State {
        var free: StreamPointer?
        var freeCount = 0
        /// Bytes of bodies that incomplete or unheard requests keep, of all sessions.
        var bodyBytesKept = 0
        /// Complete requests without an answer, of all sessions.
        var waitingCount = 0

        @unsafe mutating func take() -> StreamPointer {
            if let stream = unsafe free {
                unsafe free = stream.pointee.next
                freeCount -= 1
                unsafe stream.pointee.next = nil
                return unsafe stream
            }
            let stream = StreamPointer.allocate(capacity: 1)
            unsafe stream.initialize(to: StreamState())
            return unsafe stream
        }

        @unsafe mutating func give(_ stream: StreamPointer) {
            unsafe stream.pointee.reset()
            guard freeCount < StreamPool.keptMax else { return unsafe Self.release(stream) }
            unsafe stream.pointee.next = free
            unsafe free = stream
            freeCount += 1
        }

        @unsafe static func release(_ stream: StreamPointer) {
            unsafe stream.pointee.deallocate()
            unsafe stream.deinitialize(count: 1)
            unsafe stream.deallocate()
        }
    }

    /// What every answer says about the time.
    let date = DateField()

    /// Bytes of bodies that incomplete or unheard requests keep, of all sessions.
    var bodyBytesKept: Int { unsafe state.pointee.bodyBytesKept }

    /// Complete requests without an answer, of all sessions.
    var waitingCount: Int { unsafe state.pointee.waitingCount }

    /// Behind a pointer, so that the callbacks of C reach it without a reference count.
    let state: UnsafeMutablePointer<State>

    init() {
        unsafe state = .allocate(capacity: 1)
        unsafe state.initialize(to: State())
    }

    deinit {
        while let stream = unsafe state.pointee.free {
            unsafe state.pointee.free = stream.pointee.next
            unsafe State.release(stream)
        }
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }
}
