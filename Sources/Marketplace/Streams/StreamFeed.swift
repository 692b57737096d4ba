internal import API
internal import Engine
internal import HTTP2
internal import Synchronization
internal import Units

/// The thread that writes the messages of streams: durable batches come in, messages go to the loops that have readers
/// of them. It keeps nobody up: a loop that takes none loses its streams.
final class StreamFeed: Sendable {
    private let queue = Monitor(Queue())
    private let loops: LoopMailboxes
    private let loopCount: Int
    private let published: Published
    let metrics = StreamMetrics()

    private struct Queue {
        var items: [Item] = []
        var bytes = 0
        var isStopping = false
    }

    private enum Item: Sendable {
        case start(StreamStart)
        case batch(StreamBatch)
        case open(StreamRequest)
        case close([TopicID], loop: Int)
        case catchUp(StreamReference, TopicID)
        /// This server leads no longer.
        case end
    }

    /// Bytes of batches that may wait; the journal waits when there are more.
    static let waitingBytesMax = 64 << 20
    /// The time between two words to the loops when nothing happens, in milliseconds.
    static let positionMilliseconds: Int64 = 1_000

    init(loops: LoopMailboxes, count: Int, published: Published) {
        self.loops = loops
        loopCount = count
        self.published = published
    }

    // MARK: What other threads say

    func start(_ start: StreamStart) { post(.start(start)) }
    func end() { post(.end) }
    func open(_ request: StreamRequest) { post(.open(request)) }
    func close(_ topics: [TopicID], loop: Int) { post(.close(topics, loop: loop)) }
    func catchUp(_ stream: StreamReference, _ topic: TopicID) { post(.catchUp(stream, topic)) }
    func stop() { queue.withLock(waking: true) { $0.isStopping = true } }

    private func post(_ item: Item) { queue.withLock(waking: true) { $0.items.append(item) } }

    /// A batch is durable. Called by the journal's thread only.
    func publish(_ sealed: SealedBatch) {
        guard sealed.hasCommands || sealed.bookChanges != nil else { return }
        let batch = StreamBatch(
            firstSequence: sealed.firstSequence,
            lastSequence: sealed.lastSequence,
            time: sealed.time,
            events: sealed.events,
            ends: sealed.ends,
            changes: sealed.bookChanges
        )
        let bytes = batch.bytes
        let isTaken: Bool? = queue.wait { queue -> Bool? in
            guard queue.isStopping || queue.bytes == 0 || queue.bytes + bytes <= Self.waitingBytesMax else {
                return nil
            }
            return true
        }
        guard isTaken ?? false else { return }
        queue.withLock(waking: true) { queue in
            queue.items.append(.batch(batch))
            queue.bytes += bytes
        }
    }

    // MARK: The thread

    /// Runs on a thread of its own until ``stop()``.
    func run() {
        var worker = StreamWorker(loops: loops, count: loopCount, published: published, metrics: metrics)
        while let (items, bytes) = next() {
            for item in items {
                switch item {
                case .start(let start): worker.start(start)
                case .batch(let batch): worker.take(batch)
                case .open(let request): worker.open(request)
                case .close(let topics, let loop): worker.close(topics, loop: loop)
                case .catchUp(let stream, let topic): worker.catchUp(stream, topic)
                case .end: worker.end()
                }
            }
            worker.finishTurn()
            // Only now is there room for more: what was taken out still lay in memory.
            if bytes > 0 { queue.withLock(waking: true) { $0.bytes -= bytes } }
        }
    }

    /// What waits, after a second also nothing, with the bytes of its batches; `nil` at the end.
    private func next() -> (items: [Item], bytes: Int)? {
        let deadline = Instant.now.adding(milliseconds: Self.positionMilliseconds)
        let found = queue.wait(until: deadline) { queue -> Queue? in
            guard queue.isStopping || !queue.items.isEmpty else { return nil }
            defer { queue.items = [] }
            return queue
        }
        guard let found else { return ([], 0) }
        let bytes = found.items.reduce(0) { sum, item in
            if case .batch(let batch) = item { sum + batch.bytes } else { sum }
        }
        return found.isStopping ? nil : (found.items, bytes)
    }
}

/// What the feed's thread works with.
private struct StreamWorker {
    private let loops: LoopMailboxes
    private let count: Int
    private let published: Published
    private let metrics: StreamMetrics
    private var core: StreamCore?
    /// Loops whose mailbox was full, and which have still to be told that they have missed something.
    private var lost: Set<Int> = []
    private var toldSequence = SequenceNumber.none
    private var toldAt = Instant.now

    init(loops: LoopMailboxes, count: Int, published: Published, metrics: StreamMetrics) {
        self.loops = loops
        self.count = count
        self.published = published
        self.metrics = metrics
    }

    mutating func start(_ start: StreamStart) {
        core = StreamCore(start, loops: count)
        toldSequence = start.sequence
    }

    mutating func take(_ batch: StreamBatch) { core?.take(batch, published, at: .now) }

    mutating func open(_ request: StreamRequest) {
        let loop = request.stream.loop
        guard core != nil else {
            loops.post(StreamNews.refused(request, .rebuilding), to: loop)
            return
        }
        // What came before the stream is not for it.
        send()
        // Asked again, it is refused for its key.
        if let key = request.query.key, core?.revokedKeys.contains(key) == true {
            loops.post(StreamNews.refused(request, .rebuilding), to: loop)
            return
        }
        guard let beginning = core?.open(request.query, loop: loop, published) else {
            loops.post(StreamNews.refused(request, .overloaded), to: loop)
            return
        }
        if beginning.isResumed { metrics.resumed(fully: beginning.missing.isEmpty) }
        let opened = StreamOpened(
            request: request,
            topics: beginning.topics,
            sequence: beginning.sequence,
            text: beginning.text
        )
        loops.post(StreamNews.opened(opened), to: loop)
    }

    mutating func close(_ topics: [TopicID], loop: Int) { core?.close(topics, loop: loop, at: .now) }

    mutating func catchUp(_ stream: StreamReference, _ topic: TopicID) {
        send()
        guard let message = core?.snapshot(of: topic, published) else { return }
        offer(.caughtUp(stream, message), to: stream.loop)
    }

    mutating func end() {
        send()
        core = nil
        for loop in 0..<count { loops.post(StreamNews.ended(toldSequence), to: loop) }
    }

    mutating func finishTurn() {
        send()
        let now = Instant.now
        guard let sequence = core?.sequence else { return }
        guard now.microseconds(since: toldAt) >= StreamFeed.positionMilliseconds * 1_000 else { return }
        if sequence > toldSequence {
            for loop in 0..<count { offer(.messages([], asOf: sequence), to: loop) }
            toldSequence = sequence
        }
        toldAt = now
        core?.clean(at: now)
        metrics.keeps(bytes: core?.historyBytes ?? 0, topics: core?.topicCount ?? 0)
    }

    private mutating func send() {
        sendMessages()
        guard let revoked = core?.takeRevokedKeys(), !revoked.isEmpty else { return }
        for loop in 0..<count { loops.post(StreamNews.revoked(revoked), to: loop) }
    }

    private mutating func sendMessages() {
        guard core != nil, let messages = core?.takeMessages(published, at: .now), !messages.isEmpty, let core else {
            return
        }
        metrics.wrote(messages.count)
        for loop in 0..<count {
            let wanted = messages.filter { (core.topic($0.topic)?.readers[loop] ?? 0) > 0 }
            if !wanted.isEmpty { offer(.messages(wanted, asOf: core.sequence), to: loop) }
        }
    }

    private mutating func offer(_ news: StreamNews, to loop: Int) {
        if lost.contains(loop) {
            guard loops.offer(StreamNews.lost(toldSequence), to: loop) else { return }
            lost.remove(loop)
        }
        if !loops.offer(news, to: loop) { lost.insert(loop) }
    }
}

extension Published: StreamNames {
    var models: ModelTable { directory.models }
}

/// A stream that somebody asks for.
struct StreamRequest: Sendable {
    let stream: StreamReference
    let requestID: UInt64
    let query: StreamQuery
    /// The leadership in which its end was announced to the engine; `nil` when its end is nobody's business.
    var armedIn: Int64?
}

/// A stream that may begin.
struct StreamOpened: Sendable {
    let request: StreamRequest
    /// In the order of the stream's channels.
    let topics: [TopicID]
    let sequence: SequenceNumber
    /// What it begins with.
    let text: [UInt8]
}

/// What the feed tells a loop of the network.
enum StreamNews: LoopMessage {
    /// In the order of their sequence numbers; with them everything up to `asOf` is told.
    case messages([StreamMessage], asOf: SequenceNumber)
    case opened(StreamOpened)
    case refused(StreamRequest, Unavailable)
    /// Of a topic whose messages the stream has left out, because its reader was slow.
    case caughtUp(StreamReference, StreamMessage)
    /// Messages after this were dropped.
    case lost(SequenceNumber)
    /// Keys that were revoked.
    case revoked(Set<KeyID>)
    /// This server leads no longer.
    case ended(SequenceNumber)

    var bytes: Int {
        switch self {
        case .messages(let messages, _): messages.reduce(64) { $0 + 64 + $1.text.count }
        case .opened(let opened): 256 + opened.text.count
        case .caughtUp(_, let message): 128 + message.text.count
        case .revoked(let keys): 128 + 16 * keys.count
        case .refused, .lost, .ended: 128
        }
    }
}

/// What streams do, for `/metrics`.
final class StreamMetrics: Sendable {
    private let messages = Counter()
    private let resumes = Counter()
    private let resets = Counter()
    private let historyBytes = Atomic<Int>(0)
    private let topics = Atomic<Int>(0)
    /// Changed by all loops.
    private let overflows = Atomic<Int64>(0)
    private let conflations = Atomic<Int64>(0)

    func wrote(_ count: Int) { messages.add(Int64(count)) }
    func resumed(fully isFull: Bool) { (isFull ? resumes : resets).add() }
    func keeps(bytes: Int, topics count: Int) {
        historyBytes.store(bytes, ordering: .relaxed)
        topics.store(count, ordering: .relaxed)
    }
    func overflowed() { overflows.add(1, ordering: .relaxed) }
    func conflated() { conflations.add(1, ordering: .relaxed) }

    func write(into text: inout MetricsText, clients: Int) {
        let gauges: [(String, String, Int)] = [
            ("sse_clients", "Streams of events that are open.", clients),
            ("stream_topics", "Channels with readers, now or a moment ago.", topics.load(ordering: .relaxed)),
            ("stream_history_bytes", "Bytes of messages for streams to resume.", historyBytes.load(ordering: .relaxed)),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, Int64(value)) }
        let counters: [(String, String, Int64)] = [
            ("stream_messages_total", "Messages written, each once for all its readers.", messages.value),
            ("stream_resumes_total", "Streams that were resumed without a loss.", resumes.value),
            ("stream_resets_total", "Streams that were resumed too late (event reset).", resets.value),
            ("stream_overflows_total", "Streams ended with overflow.", overflows.load(ordering: .relaxed)),
            ("stream_conflations_total", "Messages left out for slow readers.", conflations.load(ordering: .relaxed)),
        ]
        for (name, help, value) in counters { text.metric("bombyx_\(name)", .counter, help, value) }
    }
}
