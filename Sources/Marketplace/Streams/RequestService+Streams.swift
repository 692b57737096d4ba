internal import API
internal import Engine
package import HTTP2
internal import Units

/// Streams of events (`GET /v1/stream`): asked of the feed, begun when it has an answer, ended by whoever ends first.
extension RequestService {
    func open(_ query: StreamQuery, _ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) {
        if isDraining { return refuse(stream, requestID, .rebuilding, on: server) }
        if let refusal = marketplace.inbox.refusal { return refuse(stream, requestID, refusal, on: server) }
        let request = StreamRequest(stream: stream, requestID: requestID, query: query)
        if let problem = marketplace.streams.admit(request) {
            return answer(problem.response(requestID: requestID), to: stream, requestID, on: server)
        }
        guard query.cancelsOnDisconnect != nil else { return marketplace.feed.open(request) }
        arm(request, on: server)
    }

    func take(_ news: StreamNews, on server: LoopServer) {
        switch news {
        case .messages(let messages, let sequence): readers.tell(messages, asOf: sequence, at: .now, on: server)
        case .opened(let opened):
            let now = Instant.now
            observer.answered(opened.request.requestID, status: 200, at: now)
            guard readers.begin(opened, at: now, on: server) else { return disconnected(opened.request) }
            if isDraining { readers.drain(on: server) }
        case .refused(let request, let reason):
            giveUp(request)
            refuse(request.stream, request.requestID, reason, on: server)
        case .caughtUp(let stream, let message): readers.catchUp(stream, message, at: .now, on: server)
        case .lost(let sequence): readers.lose(asOf: sequence, on: server)
        case .revoked(let keys):
            readers.end(.revoked, where: { $0.key.map { keys.contains($0) } ?? false }, on: server)
        case .ended(let sequence): readers.endAll(.draining, asOf: sequence, on: server)
        }
    }

    package func ended(_ stream: StreamReference, on server: LoopServer) {
        if let request = readers.ended(stream) { disconnected(request) }
    }

    package func beginDrain(on server: LoopServer) {
        isDraining = true
        readers.drain(on: server)
    }
}

// Streams whose end cancels orders.
extension RequestService {
    /// Tells the engine first: no event may come before it is durable that the end will count.
    private func arm(_ request: StreamRequest, on server: LoopServer) {
        var request = request
        switch marketplace.disconnects.arm(request) {
        case .armed(let epoch):
            request.armedIn = epoch
            arming[request.stream] = request
        case .refused(let reason):
            marketplace.streams.release(request)
            refuse(request.stream, request.requestID, reason, on: server)
        }
    }

    /// The stream that waits for this delivery.
    func takeArming(_ stream: StreamReference) -> StreamRequest? {
        arming.isEmpty ? nil : arming.removeValue(forKey: stream)
    }

    /// The engine has answered.
    func armed(_ request: StreamRequest, _ delivery: Delivery, of batch: SealedBatch, on server: LoopServer) {
        guard case .command(let index, let shape) = delivery.outcome else {
            preconditionFailure("a stream is announced with a command")
        }
        let outcome = Outcome(
            sequence: batch.sequence(index),
            events: batch.group(index),
            requestID: request.requestID
        )
        if outcome.events.contains(where: \.isRejection) {
            giveUp(request)
            let response = Answer.render(shape, outcome)
            return answer(response, to: request.stream, request.requestID, isDurable: true, on: server)
        }
        guard server.isOpen(request.stream) else {
            marketplace.streams.release(request)
            return disconnected(request)
        }
        marketplace.feed.open(request)
    }

    /// A stream that was announced does not begin, and its client is told so: nothing is cancelled.
    func giveUp(_ request: StreamRequest) {
        marketplace.streams.release(request)
        marketplace.disconnects.end(request, cancels: false)
    }

    /// Whoever was to have its orders cancelled with its stream has it done now.
    private func disconnected(_ request: StreamRequest) { marketplace.disconnects.end(request, cancels: true) }
}

extension Event {
    fileprivate var isRejection: Bool {
        if case .rejected = self { true } else { false }
    }
}
