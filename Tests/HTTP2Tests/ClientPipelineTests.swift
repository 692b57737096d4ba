import Sockets
import Testing

@testable import HTTP2

/// The generator's side of HTTP/2, frame by frame.
@Suite struct ClientPipelineTests {
    private let head = ClientHead(
        "POST",
        "/v1/offers",
        isTLS: false,
        authority: "a",
        fields: [("authorization", String(repeating: "x", count: 300))]
    )

    /// A frame of a server.
    private func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        [0, UInt8(payload.count >> 8), UInt8(payload.count & 255), kind, flags, 0, 0, 0, stream] + payload
    }

    private func ready(settings: [UInt8] = []) throws -> ClientPipeline {
        let pipeline = try ClientPipeline()
        #expect(!pipeline.canBegin(bodyCount: 0), "the server's settings come first")
        try pipeline.receive(frame(4, settings).span)
        pipeline.output = []
        return pipeline
    }

    @discardableResult
    private func begin(_ pipeline: ClientPipeline, body: [UInt8] = [1, 2, 3], token: Int = 7) -> [UInt8] {
        var block: [UInt8] = []
        head.append(to: &block, bodyCount: body.count)
        pipeline.begin(head: block.span, body: body.span, token: token)
        defer { pipeline.output = [] }
        return pipeline.output
    }

    @Test func `It says hello, and confirms the settings of the server`() throws {
        let pipeline = try ClientPipeline()
        #expect(Array(pipeline.output.prefix(24)) == Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
        pipeline.output = []
        try pipeline.receive(frame(4, [0, 3, 0, 0, 0, 1]).span)
        #expect(pipeline.output == frame(4, flags: 1))
        #expect(pipeline.canBegin(bodyCount: 16_384))
        begin(pipeline)
        #expect(!pipeline.canBegin(bodyCount: 0), "one stream was granted")
    }

    @Test func `A request is HEADERS and DATA, with streams 1, 3, 5`() throws {
        let pipeline = try ready()
        for stream in [UInt8(1), 3, 5] {
            let output = begin(pipeline)
            let count = Int(output[1]) << 8 | Int(output[2])
            #expect(Array(output[3..<9]) == [1, 4, 0, 0, 0, stream])
            #expect(Array(output[(9 + count)...]) == frame(0, flags: 1, stream: stream, [1, 2, 3]))
        }
        let get = begin(pipeline, body: [])
        #expect(get[4] == 5, "END_STREAM and END_HEADERS")
    }

    @Test func `Answers may come in pieces, in any order, with padding, trailers and unknown frames`() throws {
        // :status 200 and 204 of the static table, in blocks cut in two.
        let input =
            frame(1, flags: 0, stream: 3) + frame(9, flags: 4, stream: 3, [0x88])
            + frame(0x55, flags: 255, stream: 1, [1])
            + frame(0, flags: 8, stream: 3, [2, 65, 66, 0, 0])
            + frame(1, flags: 0x2D, stream: 1, [1, 0, 0, 0, 0, 0, 0x89, 0])
            + frame(0, flags: 0, stream: 3, [67]) + frame(1, flags: 5, stream: 3, [])
        for size in [1, 2, 7, 1_000] {
            let pipeline = try ready()
            begin(pipeline, token: 10)
            begin(pipeline, token: 11)
            for start in stride(from: 0, to: input.count, by: size) {
                try pipeline.receive(input[start..<min(start + size, input.count)].span)
            }
            #expect(pipeline.answers.map(\.token) == [10, 11])
            #expect(pipeline.answers.map(\.status) == [204, 200])
            #expect(Array(pipeline.bodies[pipeline.answers[1].body]) == Array("ABC".utf8))
            #expect(pipeline.openCount == 0)
        }
    }

    @Test func `What a generator needs of the fields is read`() throws {
        let pipeline = try ready()
        begin(pipeline)
        var block: [UInt8] = [0x48, 3] + Array("503".utf8)
        ClientHead.append("retry-after", Array("17".utf8).span, to: &block)
        ClientHead.append("idempotency-replayed", Array("true".utf8).span, to: &block)
        try pipeline.receive(frame(1, flags: 5, stream: 1, block).span)
        let answer = try #require(pipeline.answers.first)
        #expect(answer.status == 503 && answer.retryAfterSeconds == 17 && answer.isReplayed)
        pipeline.forgetAnswers()
        #expect(pipeline.answers.isEmpty && pipeline.bodies.isEmpty)
    }

    @Test func `A reset, and a server that goes away, say which requests were not processed`() throws {
        let pipeline = try ready()
        for token in 1...3 { begin(pipeline, token: token) }
        try pipeline.receive(frame(3, stream: 1, [0, 0, 0, 2]).span)
        try pipeline.receive(frame(7, [0, 0, 0, 3, 0, 0, 0, 0]).span)
        #expect(pipeline.answers.map(\.token) == [1, 3])
        #expect(pipeline.answers.map(\.resetCode) == [2, 7])
        #expect(pipeline.isRetiring && !pipeline.canBegin(bodyCount: 0))
        #expect(pipeline.abandon() == [2])
        #expect(pipeline.openCount == 0)
    }

    @Test func `Bodies wait for the server's windows`() throws {
        let pipeline = try ready()
        for _ in 0..<4 { begin(pipeline, body: [UInt8](repeating: 0, count: 16_384 - 1)) }
        #expect(!pipeline.canBegin(bodyCount: 4))
        #expect(pipeline.canBegin(bodyCount: 3))
        try pipeline.receive(frame(8, [0, 0, 0, 1]).span)
        #expect(pipeline.canBegin(bodyCount: 4))
        // INITIAL_WINDOW_SIZE
        try pipeline.receive(frame(4, [0, 4, 0, 0, 0, 2]).span)
        #expect(!pipeline.canBegin(bodyCount: 3))
    }

    @Test func `Pings are answered, and the window is opened again`() throws {
        let pipeline = try ready()
        try pipeline.receive(frame(6, [1, 2, 3, 4, 5, 6, 7, 8]).span)
        #expect(pipeline.output == frame(6, flags: 1, [1, 2, 3, 4, 5, 6, 7, 8]))
        pipeline.output = []
        let content = frame(0, stream: 99, [UInt8](repeating: 0, count: 16_384))
        for _ in 0..<512 { try pipeline.receive(content.span) }
        #expect(pipeline.output == frame(8, [0, 0x80, 0, 0]))
    }

    @Test(
        arguments: [
            [0, 0x40, 1, 0, 0, 0, 0, 0, 1], [0, 0, 0, 5, 4, 0, 0, 0, 1], [0, 0, 1, 4, 0, 0, 0, 0, 0, 0],
            [0, 0, 1, 0, 8, 0, 0, 0, 1, 1], [0, 0, 0, 9, 4, 0, 0, 0, 1], [0, 0, 1, 6, 0, 0, 0, 0, 0, 0],
            [0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 1, 4, 0, 0, 0, 1, 0xFF],
            [0, 0, 1, 3, 0, 0, 0, 0, 1, 0], [0, 0, 1, 7, 0, 0, 0, 0, 0, 0], [0, 0, 1, 8, 0, 0, 0, 0, 0, 0],
        ] as [[UInt8]]
    )
    func `A broken frame ends the connection`(bytes: [UInt8]) throws {
        let pipeline = try ready()
        begin(pipeline)
        #expect(throws: HTTP2Error.self) { try pipeline.receive(bytes.span) }
    }

    @Test func `Streams are found while old ones stay open`() throws {
        var ring = StreamRing()
        #expect(ring.append(0) == 1)
        for index in 1..<1_000 {
            let stream = ring.append(Int32(index))
            #expect(stream == Int32(index) * 2 + 1)
            #expect(ring.slot(of: stream) == Int32(index))
            if index % 3 != 0 { #expect(ring.remove(stream) == Int32(index)) }
        }
        #expect(ring.slot(of: 1) == 0)
        #expect(ring.slot(of: 3) == nil && ring.remove(3) == nil)
        #expect(ring.slot(of: 7) == 3)
        #expect(ring.slot(of: 2) == nil && ring.slot(of: 2_001) == nil && ring.slot(of: -1) == nil)
        #expect(
            ring.streams(above: 1_900) == [
                1_903, 1_909, 1_915, 1_921, 1_927, 1_933, 1_939, 1_945, 1_951, 1_957, 1_963, 1_969, 1_975, 1_981, 1_987,
                1_993, 1_999,
            ]
        )
    }
}

/// The generator's connection against a real server.
@Suite struct ClientChannelTests {
    /// Sends requests over a channel until so many were answered, on a loop of its own.
    private final class Asker: EventLoop.Owner, ClientChannel.Owner {
        let head: ClientHead
        let total: Int
        var channel: ClientChannel?
        var loop: EventLoop?
        var sent = 0
        var bodies: [String] = []
        var failure: HTTP2Error?

        init(head: ClientHead, total: Int) {
            self.head = head
            self.total = total
        }

        func isReady(_ channel: ClientChannel) { fill(channel) }

        func hasAnswers(_ channel: ClientChannel) {
            for answer in channel.pipeline.answers where answer.status == 200 {
                bodies.append(String(decoding: channel.pipeline.bodies[answer.body], as: UTF8.self))
            }
            if bodies.count == total { loop?.stop() }
            fill(channel)
        }

        func hasEnded(_ channel: ClientChannel, tokens: [Int], because reason: HTTP2Error) {
            failure = reason
            loop?.stop()
        }

        private func fill(_ channel: ClientChannel) {
            while sent < total, channel.canBegin(bodyCount: 512) {
                let body = Array("request \(sent)".utf8)
                var block: [UInt8] = []
                head.append(to: &block, bodyCount: body.count)
                channel.pipeline.begin(head: block.span, body: body.span, token: sent)
                sent += 1
            }
        }

        func receive(_ message: any Sendable) {}
        func endTurn() { channel?.flush() }
        func tick() {}
    }

    @Test(.timeLimit(.minutes(2)), arguments: [false, true])
    func `Thousands of requests go over one connection, each with its own answer`(overTLS: Bool) throws {
        let fixture = try ServerFixture { _ in EchoService() }
        let head = ClientHead("POST", "/echo", isTLS: overTLS, authority: "localhost", fields: [])
        let asker = Asker(head: head, total: 5_000)
        let loop = try EventLoop(mailbox: try Mailbox())
        let channel = try ClientChannel(index: 0, on: loop, owner: asker)
        (asker.channel, asker.loop) = (channel, loop)
        try channel.open(
            to: overTLS ? fixture.server.tls[0] : fixture.server.cleartext[0],
            tls: overTLS ? fixture.clientContext : nil,
            serverName: "localhost"
        )
        try loop.run(for: asker)
        #expect(asker.failure == nil)
        #expect(Set(asker.bodies) == Set((0..<5_000).map { "request \($0)" }))
        #expect(asker.bodies.count == 5_000)
        channel.close()
        asker.channel = nil
        fixture.stop()
    }

    @Test(.timeLimit(.minutes(1))) func `A connection that is refused is told`() throws {
        let free = try Listener(on: .loopback(port: 0)).address
        let asker = Asker(head: ClientHead("GET", "/", isTLS: false, authority: "a", fields: []), total: 1)
        let loop = try EventLoop(mailbox: try Mailbox())
        let channel = try ClientChannel(index: 0, on: loop, owner: asker)
        asker.loop = loop
        try channel.open(to: free, tls: nil, serverName: "a")
        try loop.run(for: asker)
        #expect(asker.failure != nil)
    }
}
