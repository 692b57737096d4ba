package import HTTP2

/// Answers over HTTP on a server's one loop with what a host's chain says.
package final class ChainService: Service {
    private let host: ChainHost

    package init(_ host: ChainHost) { self.host = host }

    /// Answers at once.
    package func receive(_ request: borrowing Request, stream: StreamReference, on server: LoopServer) {
        let target = String(decoding: request.bytes(of: .path) ?? [], as: UTF8.self)
        let method = request.method.name.withUTF8Buffer { unsafe String(decoding: $0, as: UTF8.self) }
        let (status, body) =
            request.isBodyTooLarge
            ? (413, Array(#"{"error":"the body is too large"}"#.utf8)) : host.answer(method, target, request.body)
        server.respond(to: stream, Response(status: status, contentType: "application/json", body: body))
    }

    /// Makes the blocks that are due.
    package func tick(on server: LoopServer) { host.tick() }
}
