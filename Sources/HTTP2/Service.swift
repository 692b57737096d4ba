/// What answers requests on one loop's thread. It is made, called and dropped there, so it need not be
/// `Sendable`.
package protocol Service: AnyObject {
    /// A complete request, whose bytes are valid during the call only. Answer by
    /// ``LoopServer/respond(to:_:)``, now or later: a request that is never answered holds its stream until the
    /// client gives up.
    func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer)
    /// A message of another thread, in order (see ``Server/post(_:to:)``).
    func receive(_ message: any Sendable, on server: LoopServer)
    /// The answer to what is not a request of HTTP/1, and never becomes one; its status is the refusal's.
    func answer(to refusal: HTTP1Refusal, on server: LoopServer) -> Response
    /// After all events and messages of one turn, before the loop writes to its connections: hand over what
    /// was collected.
    func endTurn(on server: LoopServer)
    /// An answer that went on (``LoopServer/begin(_:_:)``) has ended, by whichever side; `stream` is gone.
    func ended(_ stream: StreamReference, on server: LoopServer)
    /// The server is told to go: end the answers that go on, since all others are waited for.
    func beginDrain(on server: LoopServer)
    /// About once a second.
    func tick(on server: LoopServer)
}

extension Service {
    /// Ignores messages.
    package func receive(_ message: any Sendable, on server: LoopServer) {}
    /// The rule that was broken, as plain text.
    package func answer(to refusal: HTTP1Refusal, on server: LoopServer) -> Response {
        Response(status: refusal.status, contentType: "text/plain", body: Array("\(refusal.rule)\n".utf8))
    }
    /// Does nothing.
    package func endTurn(on server: LoopServer) {}
    /// Does nothing.
    package func ended(_ stream: StreamReference, on server: LoopServer) {}
    /// Does nothing.
    package func beginDrain(on server: LoopServer) {}
    /// Does nothing.
    package func tick(on server: LoopServer) {}
}

/// Names one request for ever, from any thread: an answer to one that is gone is dropped.
package struct StreamReference: Hashable, Sendable {
    /// The loop that the answer must go to.
    package let loop: Int
    let slot: UInt32
    let generation: UInt32
    let id: Int32

    /// Tells the connections of one loop apart.
    package var connection: UInt64 { UInt64(slot) << 32 | UInt64(generation) }

    /// A reference to no request, for tests: no answer to it arrives.
    package static let none = StreamReference(loop: -1, slot: .max, generation: 0, id: 0)
}
