import Testing

@testable import HTTP2

/// A request as the service saw it.
struct Heard {
    let method: HTTP2.Method
    var fields: [RequestField: String] = [:]
    let body: [UInt8]
    let isBodyTooLarge: Bool

    init(_ request: borrowing Request) {
        method = request.method
        body = request.body
        isBodyTooLarge = request.isBodyTooLarge
        for field in RequestField.allCases {
            if let bytes = request.bytes(of: field) { fields[field] = String(decoding: bytes, as: UTF8.self) }
        }
    }
}

extension Session {
    func feed(_ bytes: [UInt8]) throws { try receive(bytes.span) }

    func heard() -> [Heard] {
        var heard: [Heard] = []
        takeRequests { request, _ in heard.append(Heard(request)) }
        return heard
    }

    func frames() throws -> [ReceivedFrame] {
        var output: [UInt8] = []
        try drain(into: &output, upTo: .max)
        return ReceivedFrame.all(in: output)
    }
}

/// A client's session and a server's, joined without a network.
struct SessionPair {
    let client: ClientSession
    let server: Session

    init(limits: ServerLimits = ServerLimits()) throws {
        client = try ClientSession()
        server = try Session(limits: limits)
    }

    /// Carries bytes in both directions until neither side has any.
    func settle(_ answer: (borrowing Request) -> Response?) throws {
        while true {
            var up: [UInt8] = []
            try client.drain(into: &up, upTo: .max)
            try server.receive(up.span)
            server.takeRequests { request, id in
                if let response = answer(request) { server.respond(response, on: id) }
            }
            var down: [UInt8] = []
            try server.drain(into: &down, upTo: .max)
            try client.receive(down.span)
            if up.isEmpty, down.isEmpty { return }
        }
    }

    /// One request and its answer.
    func exchange(
        _ request: ClientRequest,
        _ answer: (borrowing Request) -> Response?
    ) throws -> Result<ClientResponse, HTTP2Error> {
        let id = try client.send(request, scheme: "https", authority: "x")
        try settle(answer)
        let completions = client.takeCompleted()
        try #require(completions.map(\.id) == [id])
        return completions[0].result
    }
}
