import Testing

@testable import HTTP2

/// One request and its answer, without a socket.
@Suite struct HTTP1SessionTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    private func feed(_ session: HTTP1Session, _ text: String) { session.receive(Array(text.utf8).span) }

    private func drain(_ session: HTTP1Session, upTo limit: Int = .max) -> String {
        var output: [UInt8] = []
        session.drain(into: &output, upTo: limit)
        return String(decoding: output, as: UTF8.self)
    }

    /// The answer to one request, and its date blanked.
    private func exchange(_ request: String, _ response: Response) -> String {
        let session = HTTP1Session()
        feed(session, request)
        session.takeRequests { _, id in session.respond(response, on: id) }
        #expect(session.hasOutput && !session.isFinished)
        let text = drain(session)
        #expect(session.isFinished)
        let date = /date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/
        #expect(text.matches(of: date).count == 1, "\(text)")
        return text.replacing(date, with: "")
    }

    @Test func `An answer has its status, its fields, its length and its content, and ends the connection`() {
        let response = Response(
            status: 201,
            contentType: "application/json",
            body: Array("{}".utf8),
            location: Array("/v1/orders/o1".utf8),
            fields: [Response.Field("idempotency-replayed", "true")]
        )
        #expect(
            exchange(Self.get, response) == """
                HTTP/1.1 201 Created\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 2\r
                location: /v1/orders/o1\r\nidempotency-replayed: true\r\n\r\n{}
                """
        )
    }

    @Test func `HEAD has the length of the content, and no content`() {
        let response = Response(status: 200, contentType: "text/plain", body: Array("hello".utf8))
        let text = exchange("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", response)
        #expect(text.hasSuffix("content-length: 5\r\n\r\n"))
    }

    @Test(arguments: [204, 304]) func `A status without content has no length either`(status: Int) {
        let text = exchange(Self.get, Response(status: status, body: Array("hello".utf8)))
        #expect(!text.contains("content-length"))
        #expect(text.hasSuffix("\r\n\r\n"))
    }

    @Test func `An empty answer says so, and HTTP 1_0 gets the same`() {
        let expected = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        #expect(exchange(Self.get, Response(status: 200)) == expected)
        #expect(exchange("GET / HTTP/1.0\r\n\r\n", Response(status: 200)) == expected)
    }

    @Test func `A value cannot begin another field`() {
        let field = Response.Field("x", "a\r\nset-cookie: b\0")
        let text = exchange(Self.get, Response(status: 200, location: Array("/\nb".utf8), fields: [field]))
        #expect(text.contains("location: / b\r\nx: a  set-cookie: b \r\n\r\n"))
    }

    @Test func `A request is given once and answered once`() {
        let session = HTTP1Session()
        feed(session, Self.get + Self.get)
        var count = 0
        session.takeRequests { _, _ in count += 1 }
        feed(session, Self.get)
        session.takeRequests { _, _ in count += 1 }
        #expect(count == 1 && session.requestCount == 1)
        #expect(session.isOpen(1) && !session.isOpen(3))
        #expect(!session.respond(Response(status: 200), on: 3))
        #expect(session.respond(Response(status: 200)))
        #expect(!session.respond(Response(status: 500)))
        #expect(!session.isOpen(1))
        #expect(drain(session).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func `Nothing is answered before the request is there`() {
        let session = HTTP1Session()
        feed(session, "GET / HTTP/1.1\r\n")
        #expect(!session.respond(Response(status: 200)))
        #expect(!session.isFinished && !session.hasOutput)
    }

    @Test func `A refusal is told once, and answered like a request`() {
        let session = HTTP1Session()
        feed(session, "HEAD / HTTP/1.1\r\nHost: a b\r\n")
        #expect(session.takeRefusal() == .hostInvalid)
        #expect(session.takeRefusal() == nil)
        session.takeRequests { _, _ in Issue.record("no request") }
        #expect(session.respond(Response(status: 400, body: [1, 2, 3])))
        #expect(drain(session).hasSuffix("content-length: 3\r\n\r\n"), "HEAD has no content")
    }

    @Test func `A large answer is drained in parts`() {
        let session = HTTP1Session()
        feed(session, Self.get)
        let body = [UInt8](repeating: 0x61, count: 100_000)
        session.respond(Response(status: 200, body: body))
        var text = ""
        while session.hasOutput {
            let part = drain(session, upTo: 1_000)
            #expect(part.utf8.count <= 1_000 && !part.isEmpty)
            text += part
        }
        #expect(text.utf8.suffix(body.count).elementsEqual(body))
        #expect(session.isFinished)
    }

    @Test func `A client that waits for the word to go on gets it, once and only then`() {
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n"
        let session = HTTP1Session()
        feed(session, head)
        #expect(drain(session) == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(!session.isFinished)
        feed(session, "a")
        #expect(drain(session).isEmpty)
        feed(session, "b")
        #expect(session.isInputOver && drain(session).isEmpty)

        let eager = HTTP1Session()
        feed(eager, head + "a")
        #expect(drain(eager).isEmpty, "it did not wait")
        let tooLarge = HTTP1Session()
        feed(tooLarge, head.replacing("Length: 2", with: "Length: 99999"))
        #expect(tooLarge.isInputOver && drain(tooLarge).isEmpty, "its body is not wanted")
        let old = HTTP1Session()
        feed(old, head.replacing("HTTP/1.1", with: "HTTP/1.0"))
        #expect(drain(old).isEmpty, "HTTP/1.0 has no interim answers")
    }
}
