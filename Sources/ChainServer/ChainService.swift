package import HTTP2
package import LocalChain

/// Answers over HTTP on a server's one loop, and lets the chain's clock go on with that of the world.
package final class ChainService: Service {
    private var center: Toncenter
    /// Seconds since 1970.
    private let clock: @Sendable () -> UInt64
    /// Writes the chain down, and says why it cannot.
    private let keep: (@Sendable (LocalChain) -> String?)?
    /// ``LocalChain/LocalChain/changes`` of what was written.
    private var kept: UInt64?

    /// With `keep`, no answer shows anything that was not written down before.
    package init(
        _ center: Toncenter,
        clock: @escaping @Sendable () -> UInt64,
        keep: (@Sendable (LocalChain) -> String?)? = nil
    ) {
        self.center = center
        self.clock = clock
        self.keep = keep
    }

    /// Answers at once.
    package func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        catchUp()
        let target = String(decoding: request.bytes(of: .path) ?? [], as: UTF8.self)
        let method = request.method.name.withUTF8Buffer { unsafe String(decoding: $0, as: UTF8.self) }
        var (status, body) =
            request.isBodyTooLarge
            ? (413, Array(#"{"error":"the body is too large"}"#.utf8)) : center.answer(method, target, request.body)
        if let problem = write() { (status, body) = (500, Toncenter.error(problem)) }
        server.respond(to: stream, Response(status: status, contentType: "application/json", body: body))
    }

    /// Makes the blocks that are due, also when nobody asks.
    package func tick(on server: LoopServer) {
        catchUp()
        _ = write()
    }

    /// Why the chain cannot be written down; `nil` if it is, or need not be.
    private func write() -> String? {
        guard let keep, kept != center.chain.changes else { return nil }
        if let problem = keep(center.chain) { return problem }
        kept = center.chain.changes
        return nil
    }

    private func catchUp() {
        let now = clock()
        if now > center.chain.now { center.chain.advance(seconds: now - center.chain.now) }
    }
}
