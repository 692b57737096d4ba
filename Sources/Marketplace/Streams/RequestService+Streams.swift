internal import API
package import HTTP2
internal import Units

/// Streams of events (`GET /v1/stream`): asked of the feed, begun when it has an answer, ended by whoever ends first.
extension RequestService {
    func open(_ query: StreamQuery, _ stream: StreamReference, _ requestID: UInt64, on server: LoopServer) {
        if isDraining { return refuse(stream, requestID, .rebuilding, on: server) }
        if let refusal = marketplace.inbox.refusal { return refuse(stream, requestID, refusal, on: server) }
        if query.cancelsOnDisconnect != nil, marketplace.configuration.onDisconnect == nil {
            let problem = Problem(.notImplemented, "This server does not cancel orders when a stream ends.")
            return answer(problem.response(requestID: requestID), to: stream, requestID, on: server)
        }
        let request = StreamRequest(stream: stream, requestID: requestID, query: query)
        if let problem = marketplace.streams.admit(request) {
            return answer(problem.response(requestID: requestID), to: stream, requestID, on: server)
        }
        marketplace.feed.open(request)
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
            marketplace.streams.release(request)
            refuse(request.stream, request.requestID, reason, on: server)
        case .caughtUp(let stream, let message): readers.catchUp(stream, message, at: .now, on: server)
        case .lost(let sequence): readers.lose(asOf: sequence, on: server)
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

    /// Whoever was to have its orders cancelled with its stream has it done now.
    private func disconnected(_ request: StreamRequest) {
        guard let account = request.query.cancelsOnDisconnect else { return }
        marketplace.configuration.onDisconnect?(account, request.stream)
    }
}
