internal import Glibc
internal import HTTP2
internal import Measurement
internal import Sockets
internal import Synchronization

/// One order, posted again and again over many connections by a thread of its own.
///
/// It does as little as it can for each: the same bytes every time, and nothing is kept that is not counted. A closed
/// loop sends when an answer comes. An open loop has a number of requests due by the clock; those for which no stream
/// is free are not sent at all, and never later.
final class OrderFlood: EventLoop.Owner, ClientChannel.Owner {
    enum Pace: Sendable {
        /// So many requests under way at once, on so many connections.
        case closed(connections: Int, streams: Int)
        case open(perSecond: Double)
    }

    enum Order: Sendable {
        case begin(Pace, nanoseconds: UInt64)
        case finish
    }

    /// What the flood shows to whoever gives it orders.
    final class Gauges: Sendable {
        let ready = Atomic(0)
        /// Requests are no longer sent; some may be under way.
        let isDraining = Atomic(false)
        /// Of the phase that is over.
        let figures = Lock<FloodFigures?>(nil)
        let orders = Lock<AcknowledgedOrders?>(nil)
        let failure = Lock<String?>(nil)
    }

    private let endpoint: Endpoint
    private let heads: [[UInt8]]
    private let body: [UInt8]
    private let gauges: Gauges
    private let loop: EventLoop
    private let timer: Timer
    private var lanes: [Lane] = []
    /// Places of lanes that may have a free stream, each once.
    private var ready: [Int] = []
    /// Places of lanes to flush at the end of the turn.
    private var dirty: [Int] = []
    private var broken: [Int] = []
    /// By token, when the request was sent.
    private var sentAt: [UInt64] = []
    private var freeTokens: [Int] = []
    private var acknowledged: AcknowledgedOrders

    private var pace: Pace?
    private var figures = FloodFigures(nanoseconds: 0)
    private var startedAt: UInt64 = 0
    private var endsAt: UInt64 = .max
    private var drainsUntil: UInt64 = .max
    private var processorBefore: Int64 = 0

    private struct Lane {
        let channel: ClientChannel
        var isReady = false
        var isDirty = false
    }

    private static let wakeNanoseconds: UInt64 = 1_000_000
    private static let drainNanoseconds: UInt64 = 60_000_000_000

    /// `heads` are those of the accounts that take turns; every request has the same body.
    init(
        _ endpoint: Endpoint,
        heads: [ClientHead],
        body: [UInt8],
        after base: Int64,
        _ gauges: Gauges,
        mailbox: Mailbox
    ) throws {
        self.endpoint = endpoint
        self.heads = heads.map { head in
            var bytes: [UInt8] = []
            head.append(to: &bytes, bodyCount: body.count)
            return bytes
        }
        self.body = body
        self.gauges = gauges
        acknowledged = AcknowledgedOrders(after: base)
        loop = try EventLoop(mailbox: mailbox)
        timer = try Timer()
    }

    /// Connects, carries orders out, and ends with ``Order/finish``.
    func run(connections: Int) throws {
        try timer.attach(to: loop)
        for place in 0..<connections {
            lanes.append(Lane(channel: try ClientChannel(index: place, on: loop, owner: self)))
            connect(place)
        }
        try loop.run(for: self)
        for lane in lanes { lane.channel.close() }
        gauges.orders.withLock { $0 = acknowledged }
    }

    private func connect(_ place: Int) {
        do {
            let name = endpoint.serverName ?? endpoint.address.hostDescription
            try lanes[place].channel.open(to: endpoint.address, tls: endpoint.tls, serverName: name)
        } catch {
            gauges.failure.withLock { $0 = "\(error)" }
            broken.append(place)
        }
    }

    func receive(_ message: any Sendable) {
        guard let order = message as? Order else { return }
        switch order {
        case .begin(let pace, let nanoseconds): begin(pace, nanoseconds)
        case .finish: loop.stop()
        }
    }

    private func begin(_ pace: Pace, _ nanoseconds: UInt64) {
        self.pace = pace
        figures = FloodFigures(nanoseconds: nanoseconds)
        startedAt = MonotonicClock.nanoseconds()
        endsAt = startedAt + nanoseconds
        processorBefore = Self.processorMicroseconds()
        for place in lanes.indices { becameReady(place) }
    }

    /// What this thread has used.
    private static func processorMicroseconds() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }

    func endTurn() {
        let now = MonotonicClock.nanoseconds()
        if pace != nil {
            if now < endsAt { send(now) } else { drain(now) }
        }
        while let place = dirty.popLast() {
            lanes[place].isDirty = false
            lanes[place].channel.flush()
        }
    }

    func tick() {
        let places = broken
        broken = []
        for place in places { connect(place) }
        // A lane whose output the kernel did not take at its last answer is not told when it does.
        for place in lanes.indices { becameReady(place) }
    }

    private func becameReady(_ place: Int) {
        guard !lanes[place].isReady else { return }
        lanes[place].isReady = true
        ready.append(place)
    }
}

// Requests.
extension OrderFlood {
    private func send(_ now: UInt64) {
        guard let pace else { return }
        switch pace {
        case .closed(let connections, let streams):
            while let place = ready.popLast() {
                lanes[place].isReady = false
                guard place < connections else { continue }
                while lanes[place].channel.pipeline.openCount < streams, post(place, now) { figures.offered += 1 }
            }
            wake(at: endsAt)
        case .open(let perSecond):
            let due = Self.due(perSecond, in: now - startedAt)
            var count = due - figures.offered
            figures.offered = due
            while count > 0, let place = ready.last {
                if post(place, now) {
                    count -= 1
                } else {
                    lanes[place].isReady = false
                    ready.removeLast()
                }
            }
            wake(at: ready.isEmpty ? endsAt : min(endsAt, now + Self.wakeNanoseconds))
        }
    }

    /// Begins a request; false when the lane has no room for it.
    private func post(_ place: Int, _ now: UInt64) -> Bool {
        let channel = lanes[place].channel
        guard channel.canBegin(bodyCount: body.count) else { return false }
        let token = freeTokens.popLast() ?? sentAt.count
        if token == sentAt.count { sentAt.append(now) } else { sentAt[token] = now }
        let (head, body) = (heads[place % heads.count], body)
        channel.pipeline.begin(head: head.span, body: body.span, token: token)
        figures.sent += 1
        if !lanes[place].isDirty {
            lanes[place].isDirty = true
            dirty.append(place)
        }
        return true
    }

    /// Requests of an open loop in so many nanoseconds.
    private static func due(_ perSecond: Double, in nanoseconds: UInt64) -> Int64 {
        Int64(Double(nanoseconds) * perSecond / 1_000_000_000)
    }

    private func wake(at time: UInt64) { try? timer.set(time) }

    private func drain(_ now: UInt64) {
        if drainsUntil == .max {
            // What became due since the last turn was not sent.
            if case .open(let perSecond) = pace { figures.offered = Self.due(perSecond, in: figures.nanoseconds) }
            drainsUntil = now + Self.drainNanoseconds
            gauges.isDraining.store(true, ordering: .sequentiallyConsistent)
        }
        let open = sentAt.count - freeTokens.count
        guard open == 0 || now >= drainsUntil else { return wake(at: drainsUntil) }
        figures.unanswered += Int64(open)
        // Answers that come even later are nobody's.
        sentAt = []
        freeTokens = []
        figures.processorMicroseconds = Self.processorMicroseconds() - processorBefore
        pace = nil
        drainsUntil = .max
        let found = figures
        gauges.figures.withLock { $0 = found }
    }
}

// Answers.
extension OrderFlood {
    func isReady(_ channel: ClientChannel) {
        gauges.ready.add(1, ordering: .sequentiallyConsistent)
        becameReady(channel.index)
    }

    func hasEnded(_ channel: ClientChannel, tokens: [Int], because reason: HTTP2Error) {
        gauges.ready.subtract(1, ordering: .sequentiallyConsistent)
        gauges.failure.withLock { $0 = "\(reason)" }
        freeTokens += tokens
        figures.unanswered += Int64(tokens.count)
        figures.connectionsLost += 1
        broken.append(channel.index)
    }

    func hasAnswers(_ channel: ClientChannel) {
        let now = MonotonicClock.nanoseconds()
        let bodies = channel.pipeline.bodies
        for answer in channel.pipeline.answers where answer.token < sentAt.count {
            freeTokens.append(answer.token)
            let nanoseconds = now - sentAt[answer.token]
            guard answer.resetCode == nil else {
                figures.unanswered += 1
                continue
            }
            if answer.status == 201 {
                acknowledge(bodies.span.extracting(answer.body), now)
                figures.acknowledgements.record(sinceSent: nanoseconds)
            } else {
                refuse(answer, bodies.span.extracting(answer.body))
                figures.refused.record(sinceSent: nanoseconds)
            }
        }
        becameReady(channel.index)
    }

    private func acknowledge(_ body: Span<UInt8>, _ now: UInt64) {
        if now < endsAt { figures.acknowledgedMeanwhile += 1 } else { figures.acknowledgedLater += 1 }
        guard let order = AnswerCheck.sequence(of: .offer, in: body) else {
            figures.malformed += 1
            return
        }
        acknowledged.add(order)
    }

    private func refuse(_ answer: ClientPipeline.Answer, _ body: Span<UInt8>) {
        let code = AnswerCheck.problemCode(body)
        figures.refusals[ServerRefusal.Kind(status: answer.status, code: code), default: 0] += 1
        if answer.status == 503 || answer.status == 429, answer.retryAfterSeconds == 0 {
            figures.withoutRetryAfter += 1
        }
    }
}
