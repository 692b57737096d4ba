internal import CNghttp2
internal import Sockets

// Answers that go on, as streams of events do: they begin with a head and no length, and the service adds pieces to
// them whenever it has any, until it ends them or the client goes.

extension SessionCore {
    /// Something of the stream's answer waits to go out.
    mutating func markUnderWay(_ stream: StreamPointer, at now: UInt64) {
        guard unsafe !stream.pointee.isUnderWay else { return }
        unsafe stream.pointee.isUnderWay = true
        unsafe stream.pointee.answeredAt = now
        unsafe stream.pointee.answerOffset = 0
        answersUnderWay += 1
    }

    /// All of the stream's answer that is there has gone out.
    mutating func settle(_ stream: StreamPointer) {
        guard unsafe stream.pointee.isUnderWay else { return }
        unsafe stream.pointee.isUnderWay = false
        answersUnderWay -= 1
    }

    /// Puts the next pieces where nghttp2 wants them; while there are none, nghttp2 does not ask again.
    mutating func answerOn(
        _ stream: StreamPointer,
        into target: UnsafeMutablePointer<UInt8>,
        limit: Int,
        flags: UnsafeMutablePointer<UInt32>
    ) -> Int {
        let (count, _) = unsafe stream.pointee.pieces.move(to: target, limit: limit)
        unsafe stream.pointee.answerOffset += count
        if count > 0 { explainWindowUpdates(count) }
        if unsafe !stream.pointee.pieces.isEmpty { return count }
        if unsafe stream.pointee.isComplete {
            unsafe flags.pointee |= NGHTTP2_DATA_FLAG_EOF.rawValue
            unsafe expectEnd(of: stream)
            return count
        }
        unsafe settle(stream)
        if count > 0 { return count }
        unsafe stream.pointee.isDeferred = true
        return Int(NGHTTP2_ERR_DEFERRED.rawValue)
    }

    /// The open streams whose answers go on.
    var ongoingStreams: [Int32] {
        var ids: [Int32] = []
        var next = unsafe ongoingCount > 0 ? open : nil
        while let stream = unsafe next {
            if unsafe stream.pointee.isOngoing { ids.append(unsafe stream.pointee.id) }
            unsafe next = stream.pointee.next
        }
        return ids
    }
}

extension Session {
    /// Begins an answer that goes on; its content is the first piece. Returns `false` if the request is gone or has
    /// been answered. `now` as in ``receive(_:at:)``.
    package func begin(_ response: consuming Response, on id: Int32, at now: UInt64) -> Bool {
        guard let stream = unsafe beginAnswer(on: id) else { return false }
        unsafe stream.pointee.isOngoing = true
        unsafe core.pointee.ongoingCount += 1
        unsafe core.pointee.markUnderWay(stream, at: now)
        let date = unsafe core.pointee.date
        return unsafe ResponseHead.submit(response, on: stream, date: date, goesOn: true, to: handle) == 0
    }

    /// Adds a piece to an answer that goes on. A stream with nothing waiting takes any piece.
    package func write(_ piece: [UInt8], on id: Int32, at now: UInt64) -> PieceResult {
        guard let stream = unsafe ongoing(id) else { return .gone }
        let waiting = unsafe stream.pointee.pieces.byteCount
        let limit = unsafe core.pointee.limits.streamBytesMax
        guard waiting == 0 || waiting + piece.count <= limit else { return .full }
        unsafe stream.pointee.pieces.append(piece)
        unsafe resume(stream, at: now)
        return .taken
    }

    /// Ends an answer that goes on; `last` is sent before, whatever waits already.
    package func finish(_ id: Int32, with last: [UInt8], at now: UInt64) {
        guard let stream = unsafe ongoing(id) else { return }
        unsafe stream.pointee.pieces.append(last)
        unsafe stream.pointee.isComplete = true
        unsafe resume(stream, at: now)
    }

    /// Bytes of an answer that goes on which wait for its reader; `nil` when it has ended.
    package func waitingBytes(on id: Int32) -> Int? { unsafe ongoing(id)?.pointee.pieces.byteCount }

    /// Answers that went on and have ended since this was last called.
    package func takeEnded() -> [Int32] {
        guard unsafe !core.pointee.endedOngoing.isEmpty else { return [] }
        let ended = unsafe core.pointee.endedOngoing
        unsafe core.pointee.endedOngoing = []
        return ended
    }

    /// The connection ends, and so does what goes on.
    func endOngoing() {
        unsafe core.pointee.endedOngoing += core.pointee.ongoingStreams
        unsafe core.pointee.ongoingCount = 0
    }

    @unsafe private func ongoing(_ id: Int32) -> StreamPointer? {
        guard let raw = unsafe nghttp2_session_get_stream_user_data(handle, id) else { return nil }
        let stream = unsafe raw.assumingMemoryBound(to: StreamState.self)
        let isOpen = unsafe stream.pointee.isOngoing && !stream.pointee.isComplete && !stream.pointee.isCutOff
        return unsafe isOpen ? stream : nil
    }

    @unsafe private func resume(_ stream: StreamPointer, at now: UInt64) {
        unsafe core.pointee.markUnderWay(stream, at: now)
        guard unsafe stream.pointee.isDeferred else { return }
        unsafe stream.pointee.isDeferred = false
        // It fails only for a stream that is gone or at the end of memory; the timers then end it.
        _ = unsafe nghttp2_session_resume_data(handle, stream.pointee.id)
    }
}

extension Conversation {
    func begin(_ response: consuming Response, on id: Int32, at now: UInt64) -> Bool {
        if let http2 { return http2.begin(response, on: id, at: now) }
        return http1?.respond(response, on: id, goesOn: true) ?? false
    }

    func write(_ piece: [UInt8], on id: Int32, limit: Int, at now: UInt64) -> PieceResult {
        http2?.write(piece, on: id, at: now) ?? http1?.write(piece, limit: limit) ?? .gone
    }

    func finish(_ id: Int32, with last: [UInt8], at now: UInt64) {
        if let http2 { http2.finish(id, with: last, at: now) } else { http1?.finish(with: last) }
    }

    func waitingBytes(on id: Int32) -> Int? {
        if let http2 { return http2.waitingBytes(on: id) }
        guard let http1, http1.isOngoing else { return nil }
        return http1.waitingBytes
    }

    func endOngoing() {
        http2?.endOngoing()
        http1?.endOngoing()
    }

    func takeEnded() -> [Int32] {
        if let http2 { return http2.takeEnded() }
        return http1?.takeEnded() == true ? [HTTP1Session.streamID] : []
    }
}

extension Connection {
    /// Tells the server which answers that went on have ended.
    func reportEnded() {
        for id in session.takeEnded() {
            server.noteEnded(StreamReference(loop: server.index, slot: slot, generation: generation, id: id))
        }
    }

    /// Something is about to wait for the client, and nothing did.
    func noteContent(at now: UInt64) {
        if !hasUnsent, session.answersUnderWay == 0, session.http1?.hasOutput != true { hasContentSince = now }
    }
}

// What services call; only on the loop's thread.
extension LoopServer {
    /// Begins an answer that goes on until ``finish(_:with:)``; the content of `response` is its first piece. Returns
    /// `false`, and drops it, if the request is gone or was answered. The service hears of its end by
    /// ``Service/ended(_:on:)``.
    @discardableResult
    package func begin(_ stream: StreamReference, _ response: consuming Response) -> Bool {
        guard let connection = connection(of: stream) else { return false }
        connection.noteContent(at: loop.now)
        let isOpen = connection.session.begin(response, on: stream.id, at: loop.now)
        if isOpen { markDirty(connection) }
        return isOpen
    }

    /// Adds a piece to an answer that goes on.
    package func write(_ piece: [UInt8], to stream: StreamReference) -> PieceResult {
        guard let connection = connection(of: stream) else { return .gone }
        connection.noteContent(at: loop.now)
        let limit = limits.streamBytesMax
        let result = connection.session.write(piece, on: stream.id, limit: limit, at: loop.now)
        if result == .taken { markDirty(connection) }
        return result
    }

    /// Ends an answer that goes on, after what waits and `last`.
    package func finish(_ stream: StreamReference, with last: [UInt8] = []) {
        guard let connection = connection(of: stream) else { return }
        connection.noteContent(at: loop.now)
        connection.session.finish(stream.id, with: last, at: loop.now)
        markDirty(connection)
    }

    /// Bytes of an answer that goes on which its reader has not taken; `nil` when it has ended.
    package func waitingBytes(of stream: StreamReference) -> Int? {
        connection(of: stream)?.session.waitingBytes(on: stream.id)
    }
}
