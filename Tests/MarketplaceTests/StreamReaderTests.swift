import API
import Exchange
import Glibc
import HTTP2
import JSON
import Sockets
import Testing
import Units

@testable import Marketplace

/// Readers that are slow, on a real loop: what may be left out is, what may not ends the stream, and memory stays.
@Suite(.serialized) struct StreamReaderTests {
    /// What the test tells the loop to write.
    private struct Write: Sendable {
        let messages: [StreamMessage]
        let tick: Bool
    }

    /// Begins every request as a stream of one topic.
    private final class StreamingService: Service {
        let readers: StreamReaders
        let channel: StreamChannel
        let metrics: StreamMetrics
        let highWater: Lock<Int>

        init(_ fixture: Fixture, _ channel: StreamChannel) {
            readers = StreamReaders(fixture.feed, fixture.counts, loop: 0, heartbeat: 1_000_000)
            self.channel = channel
            metrics = fixture.feed.metrics
            highWater = fixture.highWater
        }

        private var streams: [StreamReference] = []

        func receive(_ request: borrowing HTTP2.Request, stream: StreamReference, on server: LoopServer) {
            let asked = StreamRequest(stream: stream, requestID: 1, query: StreamQuery(channels: [channel]))
            let opened = StreamOpened(request: asked, topics: [TopicID(number: 1)], sequence: .none, text: [])
            _ = readers.begin(opened, at: .now, on: server)
            streams.append(stream)
        }

        func receive(_ message: any Sendable, on server: LoopServer) {
            guard let write = message as? Write else { return }
            let last = write.messages.last?.sequence ?? .none
            readers.tell(write.messages, asOf: last, at: .now, on: server)
            if write.tick { readers.tick(at: .now, on: server) }
            let waiting = streams.compactMap { server.waitingBytes(of: $0) }.max() ?? 0
            highWater.withLock { $0 = max($0, waiting) }
        }

        func ended(_ stream: StreamReference, on server: LoopServer) { _ = readers.ended(stream) }
    }

    private final class Fixture: Sendable {
        let feed: StreamFeed
        let counts = StreamCounts(StreamLimits())
        let highWater = Lock(0)
        private let mailboxes = LoopMailboxes(count: 1) { _ in }

        init() { feed = StreamFeed(loops: mailboxes, count: 1, published: Published()) }
    }

    private func message(_ sequence: Int64, _ channel: StreamChannel, bytes: Int) -> StreamMessage {
        let text = "event: \(channel.name)\ndata: \"\(String(repeating: "x", count: bytes))\"\n"
        return StreamMessage(
            topic: TopicID(number: 1),
            channel: channel,
            sequence: SequenceNumber(sequence),
            text: Array(text.utf8)
        )
    }

    private func serve(
        _ channel: StreamChannel,
        _ limits: ServerLimits,
        _ body: (Server, ClientConnection, RequestID, Fixture) throws -> Void
    ) throws {
        let fixture = Fixture()
        let configuration = ServerConfiguration(cleartext: [.loopback(port: 0)], limits: limits)
        let server = try Server(configuration) { _ in StreamingService(fixture, channel) }
        defer { server.drain(timeoutMilliseconds: 0) }
        let connection = try ClientConnection(to: server.cleartext[0])
        let request = try connection.send(ClientRequest("GET", "/"))
        try body(server, connection, request, fixture)
    }

    /// Waits until it is so.
    private func wait(_ what: String, _ isSo: () -> Bool) {
        let deadline = MonotonicClock.milliseconds() + 20_000
        while !isSo(), MonotonicClock.milliseconds() < deadline { usleep(2_000) }
        #expect(isSo(), "\(what)")
    }

    private func overflows(_ fixture: Fixture) -> (overflows: Int64, conflations: Int64) {
        var text = MetricsText()
        fixture.feed.metrics.write(into: &text, clients: 0)
        let lines = String(decoding: text.response.body, as: UTF8.self).split(separator: "\n")
        func value(_ name: String) -> Int64 {
            lines.first { $0.hasPrefix("bombyx_stream_\(name)_total ") }?.split(separator: " ").last.flatMap {
                Int64($0)
            }
                ?? -1
        }
        return (value("overflows"), value("conflations"))
    }

    @Test func `A reader of its own orders that stops reading is ended, with a word, and holds no more than the bound`()
        throws
    {
        var limits = ServerLimits()
        limits.streamBytesMax = 200_000
        try serve(.orders, limits) { server, connection, request, fixture in
            connection.wait(timeoutMilliseconds: 1_000)
            var sequence: Int64 = 0
            // More than the kernel keeps for a connection.
            while overflows(fixture).overflows == 0, sequence < 1_000 {
                sequence += 1
                server.post(Write(messages: [message(sequence, .orders, bytes: 50_000)], tick: false), to: 0)
                usleep(1_000)
            }
            #expect(overflows(fixture).overflows == 1, "after \(sequence) messages")
            #expect(fixture.highWater.withLock { $0 } < 300_000, "what waits is bounded")
            var reader = ServerSentEventReader()
            var events: [ServerSentEvent] = []
            let deadline = MonotonicClock.milliseconds() + 20_000
            while MonotonicClock.milliseconds() < deadline {
                connection.wait(timeoutMilliseconds: 100)
                guard let (_, bytes) = connection.takeContent(of: request) else { break }
                events += reader.take(bytes)
            }
            for completion in connection.receive(timeoutMilliseconds: 0) {
                events += reader.take(try completion.result.get().body)
            }
            #expect(events.last?.name == "overflow")
            let ids = events.dropLast().compactMap { $0.lastID.flatMap { Int64($0) } }
            #expect(ids == Array(1...Int64(ids.count)), "nothing before the end is left out")
        }
    }

    @Test func `A reader of a book that stops reading gets less, and the stream goes on`() throws {
        try serve(.book, ServerLimits()) { server, connection, request, fixture in
            connection.wait(timeoutMilliseconds: 1_000)
            for sequence in 1...400 as ClosedRange<Int64> {
                server.post(Write(messages: [message(sequence, .book, bytes: 50_000)], tick: false), to: 0)
            }
            wait("messages are left out") { overflows(fixture).conflations > 0 }
            #expect(fixture.highWater.withLock { $0 } < 150_000)
            var reader = ServerSentEventReader()
            var count = 0
            while connection.wait(timeoutMilliseconds: 500) {
                guard let (_, bytes) = connection.takeContent(of: request) else { break }
                count += reader.take(bytes).count
            }
            #expect(count > 0 && count < 400)
            #expect(connection.takeContent(of: request) != nil, "it goes on")
            #expect(overflows(fixture).overflows == 0)
        }
    }

    @Test func `A reader that takes nothing at all is cut off in time`() throws {
        var limits = ServerLimits()
        limits.writeStallMilliseconds = 100
        limits.streamBytesMax = 30_000_000
        try serve(.orders, limits) { server, connection, _, _ in
            connection.wait(timeoutMilliseconds: 1_000)
            server.post(Write(messages: [message(1, .orders, bytes: 20_000_000)], tick: false), to: 0)
            wait("the connection is closed") { server.counters.connectionsOpen == 0 }
            #expect(server.counters[.slowReader] == 1)
        }
    }

    @Test func `A message of several channels has its id at the end of its number only`() throws {
        try serve(.trades, ServerLimits()) { server, connection, request, _ in
            connection.wait(timeoutMilliseconds: 1_000)
            let messages = [1, 1, 2, 3, 3].map { message($0, .trades, bytes: 1) }
            server.post(Write(messages: messages, tick: false), to: 0)
            var text: [UInt8] = []
            let deadline = MonotonicClock.milliseconds() + 10_000
            while text.count < 200, MonotonicClock.milliseconds() < deadline {
                connection.wait(timeoutMilliseconds: 50)
                text += connection.takeContent(of: request)?.bytes ?? []
            }
            var reader = ServerSentEventReader()
            #expect(reader.take(text).map(\.lastID) == [nil, "1", "2", "2", "3"])
        }
    }
}
