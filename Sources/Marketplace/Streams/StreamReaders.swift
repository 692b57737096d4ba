internal import API
internal import HTTP2
internal import Units

/// The streams of one loop: they share what the feed has written, and each has its own pace.
final class StreamReaders {
    private let feed: StreamFeed
    private let counts: StreamCounts
    private let loop: Int
    private let heartbeat: Int64
    private var slots: ContiguousArray<Reader?> = []
    private var freeSlots: [Int] = []
    private var places: [StreamReference: Int] = [:]
    private var subscribers: [TopicID: [Int]] = [:]
    /// Slots with a message whose completion waits for the next one.
    private var holding: [Int] = []
    /// Everything up to it has been told to every stream.
    private var sequence = SequenceNumber.none

    /// One stream.
    private final class Reader {
        let request: StreamRequest
        let topics: [TopicID]
        /// Topics of which messages were left out; true once the feed was asked for what counts now.
        var behind: [TopicID: Bool] = [:]
        var lastWrite: Instant
        /// The place of a message in the delivery under way.
        var held = -1

        init(_ opened: StreamOpened, at now: Instant) {
            request = opened.request
            topics = opened.topics
            lastWrite = now
        }
    }

    /// Bytes waiting for a reader from which on what may be left out is left out.
    static let conflatedBytes = 32_768

    init(_ feed: StreamFeed, _ counts: StreamCounts, loop: Int, heartbeat milliseconds: Int64) {
        self.feed = feed
        self.counts = counts
        self.loop = loop
        heartbeat = milliseconds
    }

    /// Begins a stream. False when its client has gone meanwhile.
    func begin(_ opened: StreamOpened, at now: Instant, on server: LoopServer) -> Bool {
        let stream = opened.request.stream
        let response = HTTP2.Response(
            status: 200,
            contentType: ContentType.events.text,
            body: opened.text,
            fields: [.init("cache-control", "no-store")]
        )
        guard server.begin(stream, response) else {
            feed.close(opened.topics, loop: loop)
            counts.release(opened.request)
            return false
        }
        sequence = max(sequence, opened.sequence)
        let slot = freeSlots.popLast() ?? slots.count
        if slot == slots.count { slots.append(nil) }
        slots[slot] = Reader(opened, at: now)
        places[stream] = slot
        for topic in opened.topics { subscribers[topic, default: []].append(slot) }
        return true
    }

    /// A stream is over; what it was, if it was one.
    func ended(_ stream: StreamReference) -> StreamRequest? {
        guard let slot = places.removeValue(forKey: stream), let reader = slots[slot] else { return nil }
        for topic in reader.topics {
            subscribers[topic]?.removeAll { $0 == slot }
            if subscribers[topic]?.isEmpty == true { subscribers[topic] = nil }
        }
        slots[slot] = nil
        freeSlots.append(slot)
        feed.close(reader.topics, loop: loop)
        counts.release(reader.request)
        return reader.request
    }

    /// Ends every stream with a last word.
    func endAll(_ reason: StreamEnd, asOf sequence: SequenceNumber, on server: LoopServer) {
        let last = StreamText.end(reason, asOf: sequence)
        for stream in places.keys { server.finish(stream, with: last) }
    }

    /// Ends the streams of which it holds, because what allowed them is in force no longer.
    func end(_ reason: StreamEnd, where isOver: (StreamQuery) -> Bool, on server: LoopServer) {
        for case let reader? in slots where isOver(reader.request.query) {
            server.finish(reader.request.stream, with: StreamText.end(reason, asOf: sequence))
        }
    }

    /// Ends every stream because the server stops.
    func drain(on server: LoopServer) { endAll(.draining, asOf: sequence, on: server) }

    /// The feed had to leave something out.
    func lose(asOf sequence: SequenceNumber, on server: LoopServer) {
        for _ in places { feed.metrics.overflowed() }
        endAll(.overflow, asOf: sequence, on: server)
    }
}

// Messages.
extension StreamReaders {
    /// Passes messages on. Of those with one sequence number a stream gets the id with the last one only, so that who
    /// resumes there has missed none of them.
    func tell(_ messages: [StreamMessage], asOf latest: SequenceNumber, at now: Instant, on server: LoopServer) {
        var pieces = messages.map { Pieces($0) }
        for index in messages.indices {
            let message = messages[index]
            for slot in subscribers[message.topic] ?? [] {
                guard let reader = slots[slot] else { continue }
                if reader.held >= 0 {
                    let held = messages[reader.held]
                    let piece = pieces[reader.held].complete(withID: held.sequence < message.sequence)
                    write(piece, held, to: reader, at: now, on: server)
                } else {
                    holding.append(slot)
                }
                reader.held = index
            }
        }
        for slot in holding {
            guard let reader = slots[slot] else { continue }
            let held = reader.held
            reader.held = -1
            write(pieces[held].complete(withID: true), messages[held], to: reader, at: now, on: server)
        }
        holding.removeAll(keepingCapacity: true)
        sequence = max(sequence, latest)
    }

    /// A message with both of its ends, each made once.
    private struct Pieces {
        private let message: StreamMessage
        private var withID: [UInt8]?
        private var withoutID: [UInt8]?

        init(_ message: StreamMessage) { self.message = message }

        mutating func complete(withID hasID: Bool) -> [UInt8] {
            if let made = hasID ? withID : withoutID { return made }
            let made = message.text + StreamText.closing(hasID ? message.sequence : nil)
            if hasID { withID = made } else { withoutID = made }
            return made
        }
    }

    private func write(
        _ piece: [UInt8],
        _ message: StreamMessage,
        to reader: Reader,
        at now: Instant,
        on server: LoopServer
    ) {
        let stream = reader.request.stream
        if message.channel.conflates {
            let isBehind = !reader.behind.isEmpty && reader.behind[message.topic] != nil
            if isBehind || (server.waitingBytes(of: stream) ?? 0) > Self.conflatedBytes {
                if !isBehind { reader.behind[message.topic] = false }
                return feed.metrics.conflated()
            }
        }
        switch server.write(piece, to: stream) {
        case .taken: reader.lastWrite = now
        case .gone: return
        case .full:
            feed.metrics.overflowed()
            server.finish(stream, with: StreamText.end(.overflow, asOf: message.sequence))
        }
    }

    /// What counts now of a topic that a stream was behind in.
    func catchUp(_ stream: StreamReference, _ message: StreamMessage, at now: Instant, on server: LoopServer) {
        guard let slot = places[stream], let reader = slots[slot] else { return }
        guard reader.behind.removeValue(forKey: message.topic) != nil else { return }
        if server.write(message.text + StreamText.closing(nil), to: stream) == .taken { reader.lastWrite = now }
    }

    /// Heartbeats, and what counts now for those who have read what waited for them.
    func tick(at now: Instant, on server: LoopServer) {
        let beat = StreamText.heartbeat(sequence)
        for case let reader? in slots {
            let stream = reader.request.stream
            if !reader.behind.isEmpty, server.waitingBytes(of: stream) == 0 {
                for (topic, isAsked) in reader.behind where !isAsked {
                    reader.behind[topic] = true
                    feed.catchUp(stream, topic)
                }
            }
            guard now.microseconds(since: reader.lastWrite) >= heartbeat * 1_000 else { continue }
            guard server.waitingBytes(of: stream) == 0 else { continue }
            if server.write(beat, to: stream) == .taken { reader.lastWrite = now }
        }
    }
}
