import Sockets
import TLS
import Testing

@testable import HTTP2

/// A server with its services and a client, over real sockets.
@Suite struct EndToEndTests {
    @Test(arguments: [false, true]) func `Thousands of requests on many connections are answered`(
        overTLS: Bool
    ) throws {
        let fixture = try ServerFixture(loops: 2) { _ in EchoService() }
        defer { fixture.stop() }
        let connectionsCount = 8
        let requestsPerConnection = 500
        var clients: [ClientConnection] = []
        for _ in 0..<connectionsCount { clients.append(try fixture.connect(overTLS: overTLS)) }
        var answered = 0
        for (number, client) in clients.enumerated() {
            for index in 0..<requestsPerConnection {
                try client.queue(ClientRequest("POST", "/echo", body: Array("\(number) \(index)".utf8)))
            }
        }
        for (number, client) in clients.enumerated() {
            var texts: Set<String> = []
            while client.openCount > 0 {
                let completions = client.receive(timeoutMilliseconds: 10_000)
                try #require(!completions.isEmpty, "an answer comes in time")
                for completion in completions { texts.insert(try completion.result.get().text) }
            }
            #expect(texts == Set((0..<requestsPerConnection).map { "\(number) \($0)" }))
            answered += texts.count
        }
        #expect(answered == connectionsCount * requestsPerConnection)
        fixture.wait { $0.requests == UInt64(answered) }
        fixture.wait { $0.connectionsOpen == UInt64(connectionsCount) }
    }

    @Test(arguments: [false, true]) func `A long body goes up and comes back`(overTLS: Bool) throws {
        var limits = ServerLimits()
        limits.bodyBytesMax = 8 * 1_048_576
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connect(overTLS: overTLS)
        let body = (0..<(4 * 1_048_576)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        let response = try client.request(ClientRequest("POST", "/echo", body: body), timeoutMilliseconds: 30_000)
        #expect(response.body == body)
    }

    @Test func `A client that does not read gets no more than the limits allow, and then everything`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connect()
        let body = [UInt8](repeating: 5, count: 60_000)
        for _ in 0..<300 { try client.send(ClientRequest("POST", "/echo", body: body)) }
        var answered = 0
        while client.openCount > 0 {
            let completions = client.receive(timeoutMilliseconds: 10_000)
            try #require(!completions.isEmpty)
            for completion in completions {
                #expect(try completion.result.get().body.count == body.count)
                answered += 1
            }
        }
        #expect(answered == 300)
    }

    @Test func `The service learns where a request comes from`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        #expect(try fixture.connect().request(ClientRequest("GET", "/peer")).text == "127.0.0.1 false")
        #expect(try fixture.connect(overTLS: true).request(ClientRequest("GET", "/peer")).text == "127.0.0.1 true")
    }

    @Test func `An answer may come later, from another thread`() throws {
        let late = LateAnswers()
        let fixture = try ServerFixture(loops: 2) { _ in LateService(late) }
        defer { fixture.stop() }
        let server = fixture.server
        let answerer = try SharedThread(named: "answerer") {
            while let streams = late.takeAll() {
                for stream in streams { server.post(LateAnswer(stream: stream), to: stream.loop) }
            }
        }
        defer {
            late.stop()
            answerer.join()
        }
        let clients = try (0..<4).map { _ in try fixture.connect() }
        for client in clients { for _ in 0..<1_000 { try client.queue(ClientRequest("GET", "/")) } }
        for client in clients {
            var count = 0
            while client.openCount > 0 {
                let completions = client.receive(timeoutMilliseconds: 10_000)
                try #require(!completions.isEmpty)
                for completion in completions { #expect(try completion.result.get().text == "late") }
                count += completions.count
            }
            #expect(count == 1_000)
        }
    }

    @Test func `An answer to a connection that is gone is dropped, also if its place was taken`() throws {
        let late = LateAnswers()
        let fixture = try ServerFixture { _ in LateService(late) }
        defer { fixture.stop() }
        let first = try fixture.connect()
        try first.send(ClientRequest("GET", "/"))
        let stream = try #require(late.waitForOne())
        first.close()
        fixture.wait { $0.connectionsOpen == 0 }

        let second = try fixture.connect()
        try second.send(ClientRequest("GET", "/"))
        let successor = try #require(late.waitForOne())
        #expect(successor.slot == stream.slot)
        #expect(successor.id == stream.id)
        fixture.server.post(LateAnswer(stream: stream), to: 0)
        #expect(second.receive(timeoutMilliseconds: 100).isEmpty, "the answer was not for this client")
        fixture.server.post(LateAnswer(stream: successor), to: 0)
        #expect(second.receive(timeoutMilliseconds: 10_000).count == 1)
    }

    @Test(arguments: [false, true]) func `Draining finishes the requests under way, then closes`(
        overTLS: Bool
    ) throws {
        let late = LateAnswers()
        let fixture = try ServerFixture(loops: 2) { _ in LateService(late) }
        let busy = try fixture.connect(overTLS: overTLS)
        let idle = try fixture.connect(overTLS: overTLS)
        try busy.send(ClientRequest("GET", "/"))
        let stream = try #require(late.waitForOne())
        // The idle client has been heard, too.
        fixture.wait { $0.connectionsOpen == 2 }

        let server = fixture.server
        let drainer = try SharedThread(named: "drainer") { fixture.stop() }
        #expect(idle.waitForEnd(timeoutMilliseconds: 10_000), "an idle connection is closed")
        #expect(!busy.isClosed)
        server.post(LateAnswer(stream: stream), to: stream.loop)
        let completions = busy.receive(timeoutMilliseconds: 10_000)
        #expect(try completions.first?.result.get().text == "late")
        #expect(busy.waitForEnd(timeoutMilliseconds: 10_000))
        drainer.join()
        #expect(server.counters.connectionsOpen == 0)
        #expect(throws: HTTP2Error.self) { try fixture.connect(overTLS: overTLS) }
    }

    @Test func `Draining is bounded: what is not finished is cut off`() throws {
        let late = LateAnswers()
        let fixture = try ServerFixture { _ in LateService(late) }
        let client = try fixture.connect()
        try client.send(ClientRequest("GET", "/"))
        _ = try #require(late.waitForOne())
        fixture.stop(timeoutMilliseconds: 100)
        let completion = try #require(client.receive(timeoutMilliseconds: 10_000).first)
        #expect(throws: HTTP2Error.connectionClosed) { try completion.result.get() }
    }

    @Test func `Connections above the limit are closed at once`() throws {
        var limits = ServerLimits()
        limits.connectionsMax = 2
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let first = try fixture.connect()
        let second = try fixture.connect()
        #expect(try first.request(ClientRequest("GET", "/peer")).status == 200)
        #expect(try second.request(ClientRequest("GET", "/peer")).status == 200)
        let third = try fixture.connect()
        #expect(third.waitForEnd(timeoutMilliseconds: 10_000))
        fixture.wait { $0[ConnectionRefusal.full] == 1 }
        second.close()
        fixture.wait { $0.connectionsOpen == 1 }
        #expect(try fixture.connect().request(ClientRequest("GET", "/peer")).status == 200)
    }

    @Test func `A client that speaks no protocol of ours is told so and closed`() throws {
        let fixture = try ServerFixture { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connectRaw()
        try client.send("INVALID CONNECTION PREFACE\r\n\r\n")
        try client.readToEnd()
        #expect(ReceivedFrame.all(in: client.received).last?.type == 7, "GOAWAY")
    }

    @Test func `A client that says nothing is closed after the handshake time`() throws {
        var limits = ServerLimits()
        limits.handshakeMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let deadline = MonotonicClock.milliseconds() + 10_000
        let silent = try FileDescriptor(connectingTo: fixture.server.tls[0], deadline: deadline)
        fixture.wait { $0.connectionsAccepted == 1 && $0.connectionsOpen == 0 }
        _ = consume silent
    }

    @Test func `An idle connection is told goodbye`() throws {
        var limits = ServerLimits()
        limits.idleMilliseconds = 1
        let fixture = try ServerFixture(limits: limits) { _ in EchoService() }
        defer { fixture.stop() }
        let client = try fixture.connect()
        #expect(try client.request(ClientRequest("GET", "/peer")).status == 200)
        #expect(client.waitForEnd(timeoutMilliseconds: 10_000))
    }
}
