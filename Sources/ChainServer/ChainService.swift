package import HTTP2
internal import LocalChain

/// Answers over HTTP on a server's one loop, and lets the chain's clock go on with that of the world.
package final class ChainService: Service {
    private var center: Toncenter
    /// Seconds since 1970.
    private let clock: @Sendable () -> UInt64

    package init(_ center: Toncenter, clock: @escaping @Sendable () -> UInt64) {
        self.center = center
        self.clock = clock
    }

    /// Answers at once.
    package func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        catchUp()
        let target = String(decoding: request.bytes(of: .path) ?? [], as: UTF8.self)
        let method = request.method.name.withUTF8Buffer { unsafe String(decoding: $0, as: UTF8.self) }
        let (status, body) =
            request.isBodyTooLarge
            ? (413, Array(#"{"error":"the body is too large"}"#.utf8)) : center.answer(method, target, request.body)
        server.respond(to: stream, Response(status: status, contentType: "application/json", body: body))
    }

    /// Makes the blocks that are due, also when nobody asks.
    package func tick(on server: LoopServer) { catchUp() }

    private func catchUp() {
        let now = clock()
        if now > center.chain.now { center.chain.advance(seconds: now - center.chain.now) }
    }
}
