internal import Sockets

/// What the callbacks of C work on. It lies behind the session's user data.
///
/// A struct behind a pointer, not a class: the callbacks run several times for each request, and neither
/// reference counts nor exclusivity checks are wanted there.
@safe struct SessionCore {
    let pool: UnsafeMutablePointer<StreamPool.State>
    /// What ``DateField`` holds.
    let date: UnsafeMutablePointer<UInt8>
    let limits: ServerLimits

    var peer = SocketAddress.loopback(port: 0)
    var isTLS = false
    var hasContext = false
    var context: UInt64 = 0
    var authorization: [UInt8] = []

    /// Where in a frame the input ends.
    var frame: FrameProgress

    /// Open streams, as a list.
    var open: StreamPointer?
    var openCount = 0
    /// Open streams whose request has not been handed to the service.
    var incompleteCount = 0
    /// Complete requests without an answer. Each gets one, whatever the client still sends or reads.
    private(set) var waitingCount = 0
    /// Requests that the service has not seen, oldest first.
    var firstReady: StreamPointer?
    var lastReady: StreamPointer?
    /// Answers that have not gone out as far as they are there.
    var answersUnderWay = 0
    /// Open streams whose answer goes on.
    var ongoingCount = 0
    /// Those of them that have ended, until the service has been told.
    var endedOngoing: [Int32] = []
    /// Streams that are answered while the client still sends.
    var awaitingReset = 0
    /// The stream whose header block is coming in. Blocks are never interleaved (RFC 9113, section 4.3).
    var current: StreamPointer?
    /// That block is the trailers of a request.
    var isTrailer = false
    /// When that block began.
    var blockBeganAt: UInt64 = 0
    /// Bytes of the header block's frames so far, also of a block that nobody listens to.
    var blockBytes = 0

    /// Bytes of DATA that nobody needs any more and that the connection's window has not been given back.
    var unconsumed = 0
    /// Bytes of DATA that incomplete or unheard requests keep.
    var bodyBytesKept = 0
    /// Requests that came in.
    var requestCount: UInt64 = 0
    /// The client has sent its SETTINGS: it speaks HTTP/2.
    var isEstablished = false
    /// GOAWAY was submitted by us.
    var isTerminated = false
    /// Why the session ends, unless it is by nobody's fault.
    var end: SessionEnd?
    /// The time of the last input, in milliseconds of a clock that never goes back.
    var now: UInt64

    /// Bytes that came in, and those of frames that were seen; the rest was ignored.
    var receivedBytes = 0
    var seenBytes = 0
    /// Frames that bring nothing forward.
    var idleFrames: TokenBucket
    /// WINDOW_UPDATE frames that our own DATA explains.
    var windowUpdatesExplained = 0
    /// Streams that we reset because of the client's errors.
    var errorResets: TokenBucket
    var streamsReset: UInt64 = 0
    var streamsRefused: UInt64 = 0
    var streamsCancelled: UInt64 = 0

    /// The highest stream that the client has opened.
    var highestStream: Int32 = 0
    /// The last streams that we have reset, on which frames may still be under way; a ring when it is full.
    private var resetStreams: [Int32] = []
    private var resetCount = 0

    init(pool: StreamPool, limits: ServerLimits, now: UInt64 = 0) {
        unsafe self.pool = pool.state
        unsafe date = pool.date.bytes
        self.limits = limits
        self.now = now
        frame = FrameProgress(at: now)
        let perMinute = 60 * limits.idleFramesPerSecond
        idleFrames = TokenBucket(burst: limits.idleFrameBurst, perMinute: perMinute, at: now)
        errorResets = TokenBucket(burst: limits.errorResetBurst, perMinute: limits.errorResetBurst, at: now)
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
        unsafe stream.pointee.beganAt = now
        openCount += 1
        incompleteCount += 1
        unsafe beginBlock(of: stream, isTrailer: false)
        return unsafe stream
    }

    mutating func beginBlock(of stream: StreamPointer?, isTrailer: Bool) {
        unsafe current = stream
        self.isTrailer = isTrailer
        blockBeganAt = now
    }

    /// The stream of this number, if its header block is coming in.
    func block(of id: Int32) -> StreamPointer? {
        guard let stream = unsafe current, unsafe stream.pointee.id == id else { return nil }
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
        unsafe settle(stream)
        unsafe stopWaiting(stream)
        if unsafe stream.pointee.isOngoing {
            ongoingCount -= 1
            endedOngoing.append(unsafe stream.pointee.id)
        }
        if unsafe stream.pointee.isReady {
            unsafe stream.pointee.isClosed = true
        } else {
            unsafe letGo(of: stream)
            unsafe pool.pointee.give(stream)
        }
    }

    /// Hands a request to the service, once.
    mutating func deliver(_ stream: StreamPointer) {
        guard unsafe !stream.pointee.wasDelivered else { return }
        unsafe stream.pointee.wasDelivered = true
        unsafe stream.pointee.isReady = true
        unsafe stream.pointee.isWaiting = true
        waitingCount += 1
        unsafe pool.pointee.waitingCount += 1
        requestCount += 1
        incompleteCount -= 1
        if let last = unsafe lastReady { unsafe last.pointee.nextReady = stream } else { unsafe firstReady = stream }
        unsafe lastReady = stream
    }

    /// It has its answer, or needs none any more.
    mutating func stopWaiting(_ stream: StreamPointer) {
        guard unsafe stream.pointee.isWaiting else { return }
        unsafe stream.pointee.isWaiting = false
        waitingCount -= 1
        unsafe pool.pointee.waitingCount -= 1
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
        unsafe letGo(of: stream)
        if unsafe stream.pointee.isClosed { unsafe pool.pointee.give(stream) }
    }

    /// Gives every stream back, because the session ends.
    mutating func releaseAll() {
        while let stream = unsafe takeReady() { unsafe finish(stream) }
        while let stream = unsafe open { unsafe close(stream) }
    }

    /// What this stream's client has sent is needed no more: it may send as many others.
    mutating func letGo(of stream: StreamPointer) {
        unsafe stream.pointee.giveBackLargeBuffer()
        let count = unsafe stream.pointee.bodyBytesKept
        guard count > 0 else { return }
        unsafe stream.pointee.bodyBytesKept = 0
        bodyBytesKept -= count
        unsafe pool.pointee.bodyBytesKept -= count
        unconsumed += count
    }

    /// All streams that may be open at once can be reset at once, and so many more can be refused meanwhile.
    private var resetStreamsMax: Int { Int(limits.concurrentStreamsMax) + Int(limits.refusedStreamsMax) }

    mutating func rememberReset(_ id: Int32) {
        if resetStreams.count < resetStreamsMax {
            resetStreams.append(id)
        } else if !resetStreams.isEmpty {
            resetStreams[resetCount % resetStreams.count] = id
            resetCount += 1
        }
    }

    func hasReset(_ id: Int32) -> Bool { resetStreams.contains(id) }
}
