import Testing

@testable import HTTP2

/// A session is fed bytes and asked for bytes: no socket is needed to test the protocol.
@Suite struct SessionTests {
    let hello = Frames.preface + Frames.settings

    @Test func `A request is heard with its fields and its body`() throws {
        let session = try Session()
        let fields = [
            ("authorization", "Bearer bx_1"), ("content-type", "application/json"), ("x-unknown", "dropped"),
            ("idempotency-key", "k-1"), ("accept", "*/*"), ("traceparent", "00-1"), ("x-request-id", "r-1"),
            ("last-event-id", "7"),
        ]
        try session.feed(hello + Frames.request("POST", "/v1/bids?x=1", stream: 1, fields, ends: false))
        #expect(session.heard().isEmpty, "it has not ended")
        try session.feed(Frames.body(Array("{}".utf8), stream: 1))

        let heard = try #require(session.heard().first)
        #expect(heard.method == .post)
        #expect(heard.body == Array("{}".utf8))
        #expect(heard.fields[.path] == "/v1/bids?x=1")
        #expect(heard.fields[.authority] == "x")
        #expect(heard.fields[.scheme] == "https")
        #expect(heard.fields[.authorization] == "Bearer bx_1")
        #expect(heard.fields[.contentType] == "application/json")
        #expect(heard.fields[.idempotencyKey] == "k-1")
        #expect(heard.fields[.accept] == "*/*")
        #expect(heard.fields[.traceparent] == "00-1")
        #expect(heard.fields[.requestID] == "r-1")
        #expect(heard.fields[.lastEventID] == "7")
        #expect(heard.fields[.contentLength] == nil)
        #expect(session.heard().isEmpty, "it is given once")
    }

    @Test func `It makes no difference how the network cuts the bytes`() throws {
        let bytes =
            hello + Frames.request("POST", "/a", stream: 1, ends: false) + Frames.body([1, 2, 3], stream: 1)
            + Frames.request("GET", "/b", stream: 3)
        for size in [1, 2, 7, 64, bytes.count] {
            let session = try Session()
            var heard: [Heard] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                try session.feed(Array(bytes[start..<min(start + size, bytes.count)]))
                heard += session.heard()
            }
            #expect(heard.map { $0.fields[.path] } == ["/a", "/b"], "cut every \(size) bytes")
            #expect(heard.first?.body == [1, 2, 3])
        }
    }

    @Test func `A server speaks first: its settings`() throws {
        let session = try Session()
        let first = try #require(session.frames().first)
        #expect(first.type == 4)
        // Streams, window, header list: what ServerLimits says.
        #expect(first.payload == [0, 3, 0, 0, 0, 128, 0, 4, 0, 1, 0, 1, 0, 6, 0, 0, 64, 0])
    }

    @Test func `Bytes that are no HTTP2 preface break the connection with GOAWAY`() throws {
        let session = try Session()
        #expect(throws: HTTP2Error.self) { try session.feed(Array("GET / HTTP/1.1\r\n\r\n      ".utf8)) }
        #expect(try session.frames().last?.type == 7)
        #expect(session.isFinished)
    }

    @Test(
        arguments: [
            (200, "application/json", "{\"a\":1}"), (404, "", ""), (422, "application/problem+json", "{}"),
            (100_000, "text/plain", "an impossible status is an internal error"),
        ] as [(Int, StaticString, String)]
    )
    func `An answer arrives with its status, type, length and content`(
        status: Int,
        type: StaticString,
        body: String
    ) throws {
        let pair = try SessionPair()
        let answer = Response(status: status, contentType: type, body: Array(body.utf8))
        let response = try pair.exchange(ClientRequest("GET", "/")) { _ in answer }.get()
        #expect(response.status == (status == 100_000 ? 500 : status))
        #expect(response.field("date")?.hasSuffix(" GMT") == true)
        #expect(response.field("content-type") == (type.utf8CodeUnitCount == 0 ? nil : "\(type)"))
        #expect(response.field("content-length") == "\(body.utf8.count)")
        #expect(response.text == body)
    }

    @Test func `Further fields are sent`() throws {
        let pair = try SessionPair()
        let response = try pair.exchange(ClientRequest("POST", "/", body: [1])) { _ in
            Response(status: 201, fields: [.init("location", "/v1/orders/7"), .init("retry-after", "1")])
        }.get()
        #expect(response.field("location") == "/v1/orders/7")
        #expect(response.field("retry-after") == "1")
    }

    @Test func `HEAD has the length of the content and no content`() throws {
        let pair = try SessionPair()
        let response = try pair.exchange(ClientRequest("HEAD", "/")) { _ in Response(status: 200, body: [1, 2, 3]) }
            .get()
        #expect(response.field("content-length") == "3")
        #expect(response.body.isEmpty)
    }

    @Test func `An answer without content has no length`() throws {
        let pair = try SessionPair()
        let response = try pair.exchange(ClientRequest("DELETE", "/")) { _ in Response(status: 204) }.get()
        #expect(response.status == 204)
        #expect(response.field("content-length") == nil)
    }

    @Test func `A long answer arrives whole`() throws {
        let pair = try SessionPair()
        let body = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        let response = try pair.exchange(ClientRequest("GET", "/")) { _ in Response(status: 200, body: body) }.get()
        #expect(response.body == body)
    }

    @Test(arguments: [0, 1, 16_384, 65_536]) func `A body up to the limit arrives whole`(count: Int) throws {
        let pair = try SessionPair()
        let body = [UInt8](repeating: 7, count: count)
        var heard: Heard?
        let response = try pair.exchange(ClientRequest("POST", "/", body: body)) { request in
            heard = Heard(request)
            return Response(status: 200)
        }.get()
        #expect(response.status == 200)
        #expect(heard?.body.count == count)
        #expect(heard?.isBodyTooLarge == false)
    }

    @Test func `A body above the limit is told as soon as it is announced`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("POST", "/", stream: 1, [("content-length", "65537")], ends: false))
        let heard = try #require(session.heard().first)
        #expect(heard.isBodyTooLarge)
    }

    @Test func `A body above the limit is answered, then the rest is refused`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 10
        let session = try Session(limits: limits)
        let body = Frames.body([UInt8](repeating: 0, count: 11), stream: 1, ends: false)
        try session.feed(hello + Frames.request("POST", "/", stream: 1, ends: false) + body)
        let heard = try #require(session.heard().first)
        #expect(heard.isBodyTooLarge)
        #expect(heard.body.isEmpty, "nothing above the limit is kept")

        #expect(session.respond(Response(status: 413, body: [1, 2]), on: 1))
        let frames = try session.frames().filter { $0.stream == 1 }
        #expect(frames.map(\.type) == [1, 0], "HEADERS, DATA")
        #expect(session.resetAnswered())
        #expect(!session.resetAnswered(), "once")
        let reset = try session.frames()
        #expect(reset.map(\.type) == [3], "RST_STREAM")
        #expect(reset.last?.errorCode == 0, "NO_ERROR")
        #expect(session.openStreamCount == 0)
        try session.feed(Frames.body([1, 2, 3], stream: 1))
        #expect(session.heard().isEmpty, "what was under way is ignored")
        #expect(!session.isFinished)
    }

    @Test func `A client that sends all of a body that is too long needs no reset`() throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 10
        let pair = try SessionPair(limits: limits)
        let result = try pair.exchange(ClientRequest("POST", "/", body: [UInt8](repeating: 0, count: 20_000))) { _ in
            Response(status: 413, body: [1])
        }
        #expect(try result.get().status == 413)
        #expect(!pair.server.resetAnswered())
        #expect(pair.server.openStreamCount == 0)
    }

    @Test func `Consumed bytes are given back to the connection's window`() throws {
        let pair = try SessionPair()
        for _ in 0..<64 {
            let body = [UInt8](repeating: 1, count: 65_536)
            let result = try pair.exchange(ClientRequest("POST", "/", body: body)) { _ in Response(status: 200) }
            #expect(try result.get().status == 200)
        }
    }

    @Test func `A cancelled request is not given to the service, and its answer is dropped`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("GET", "/", stream: 1) + Frames.reset(stream: 1))
        #expect(session.heard().isEmpty)
        #expect(session.openStreamCount == 0)

        try session.feed(Frames.request("GET", "/", stream: 3))
        #expect(session.heard().count == 1)
        try session.feed(Frames.reset(stream: 3))
        #expect(!session.respond(Response(status: 200), on: 3))
    }

    @Test func `A request is answered once, and not before it came`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("GET", "/", stream: 1))
        #expect(!session.respond(Response(status: 200), on: 3))
        #expect(session.respond(Response(status: 200), on: 1))
        #expect(!session.respond(Response(status: 200), on: 1))
    }

    @Test func `An answer to a closed stream does not reach the stream that took its place`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("GET", "/", stream: 1))
        #expect(session.heard().count == 1)
        #expect(session.respond(Response(status: 200), on: 1))
        #expect(try session.frames().contains { $0.type == 1 && $0.stream == 1 })
        #expect(session.openStreamCount == 0)

        try session.feed(Frames.request("GET", "/", stream: 3))
        #expect(session.heard().count == 1)
        #expect(!session.isOpen(1))
        #expect(!session.respond(Response(status: 200), on: 1))
        #expect(session.isOpen(3))
        #expect(session.respond(Response(status: 200), on: 3))
        #expect(!session.isOpen(3))
    }

    @Test func `Trailers are neither fields nor body`() throws {
        let session = try Session()
        let trailers = Frames.frame(
            type: 1,
            flags: Frames.endHeaders | Frames.endStream,
            stream: 1,
            Frames.block([("authorization", "Bearer late")])
        )
        let start = Frames.request("POST", "/", stream: 1, ends: false)
        try session.feed(hello + start + Frames.body([9], stream: 1, ends: false) + trailers)
        let heard = try #require(session.heard().first)
        #expect(heard.body == [9])
        #expect(heard.fields[.authorization] == nil)
    }

    @Test func `Too many fields end the connection`() throws {
        let session = try Session()
        let fields = (0..<97).map { ("x-\($0)", "1") }
        #expect(throws: HTTP2Error.self) {
            try session.feed(hello + Frames.request("GET", "/", stream: 1, fields))
        }
        #expect(try session.frames().last?.errorCode == 11, "ENHANCE_YOUR_CALM")
        #expect(session.isFinished)
    }

    @Test func `Too many bytes of fields end the connection`() throws {
        let session = try Session()
        // With its overhead of 32 bytes a field counts 186 bytes, but takes 157 on the wire: one frame holds them.
        let fields = (10..<97).map { ("x-\($0)", String(repeating: "v", count: 150)) }
        try session.feed(hello + Frames.request("GET", "/", stream: 1, fields))
        #expect(session.heard().count == 1, "just below 16,384")
        let more = fields + [("x-97", String(repeating: "v", count: 150))]
        #expect(throws: HTTP2Error.self) { try session.feed(Frames.request("GET", "/", stream: 3, more)) }
        #expect(try session.frames().last?.errorCode == 11, "ENHANCE_YOUR_CALM")
    }

    @Test func `A stream number below the highest that was never used is a connection error`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("GET", "/", stream: 5))
        try session.feed(Frames.request("GET", "/", stream: 3))
        #expect(try session.frames().last?.errorCode == 1, "PROTOCOL_ERROR")
    }

    @Test func `Rapid resets end the connection`() throws {
        let session = try Session()
        try session.feed(hello)
        for id in 0..<300 as Range<UInt32> {
            try session.feed(Frames.request("GET", "/", stream: 2 * id + 1) + Frames.reset(stream: 2 * id + 1))
        }
        #expect(try session.frames().last?.type == 7, "GOAWAY")
        #expect(session.heard().isEmpty)
    }

    @Test func `After the last word, open requests are finished and new ones are not heard`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("GET", "/", stream: 1))
        #expect(session.heard().count == 1)
        session.announceShutdown()
        #expect(try session.frames().last?.type == 7)
        session.refuseNewStreams()
        #expect(try session.frames().last?.type == 7)
        try session.feed(Frames.request("GET", "/", stream: 3))
        #expect(session.heard().isEmpty)
        #expect(!session.isFinished)
        #expect(session.respond(Response(status: 200), on: 1))
        let last = try session.frames()
        #expect(last.contains { $0.type == 1 && $0.stream == 1 })
        #expect(session.isFinished)
    }

    @Test func `A remembered context belongs to the same authorization only`() throws {
        let session = try Session()
        var seen: [UInt64?] = []
        for (index, key) in ["Bearer a", "Bearer a", "Bearer b", "Bearer a"].enumerated() {
            let id = UInt32(2 * index + 1)
            try session.feed(
                (index == 0 ? hello : []) + Frames.request("GET", "/", stream: id, [("authorization", key)])
            )
            session.takeRequests { request, _ in
                seen.append(request.rememberedContext)
                request.remember(UInt64(index))
            }
        }
        try session.feed(Frames.request("GET", "/", stream: 9))
        session.takeRequests { request, _ in seen.append(request.rememberedContext) }
        #expect(seen == [nil, 0, nil, nil, nil])
    }

    @Test func `A field that differs anywhere, or is longer or shorter, is not the one that is remembered`() throws {
        let kept = "Bearer bx_0123456789"
        let others = kept.indices.map { "\(kept[..<$0])~\(kept[$0...].dropFirst())" }
        let session = try Session()
        var seen: [UInt64?] = []
        for (index, value) in ([kept] + others + [String(kept.dropLast()), kept + "0", kept]).enumerated() {
            let fields = [("authorization", value)]
            try session.feed(
                (index == 0 ? hello : []) + Frames.request("GET", "/", stream: UInt32(2 * index + 1), fields)
            )
            session.takeRequests { request, _ in
                if index == 0 { request.remember(7) } else { seen.append(request.rememberedContext) }
            }
        }
        #expect(seen == [UInt64?](repeating: nil, count: others.count + 2) + [7])
    }

    @Test func `A client that makes the server answer and does not read is not answered without end`() throws {
        let session = try Session()
        try session.feed(hello)
        let ping = Frames.frame(type: 6, [UInt8](repeating: 1, count: 8))
        for _ in 0..<100 { try session.feed(ping) }
        #expect(session.queuedFrameCount <= 103, "and its settings, their answer, and a window")
        #expect(throws: HTTP2Error.self) { for _ in 0..<200 { try session.feed(ping) } }
        #expect(session.queuedFrameCount <= 204)
    }

    @Test func `A request that has begun is counted until it is complete or cancelled`() throws {
        let session = try Session()
        try session.feed(hello + Frames.request("POST", "/", stream: 1, ends: false))
        try session.feed(Frames.request("POST", "/", stream: 3, ends: false))
        #expect(session.incompleteRequestCount == 2)
        try session.feed(Frames.body([1], stream: 1))
        #expect(session.incompleteRequestCount == 1)
        try session.feed(Frames.reset(stream: 3))
        #expect(session.incompleteRequestCount == 0)
        #expect(session.openStreamCount == 1)
    }
}
