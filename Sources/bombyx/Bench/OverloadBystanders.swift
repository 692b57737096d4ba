internal import HTTP2
internal import JSON
internal import Measurement
internal import Sockets
internal import Synchronization

/// A client that asks on a schedule, whatever the answers do, on a connection of its own or on one for each question.
final class ScheduledClient {
    private let shared: Shared
    private let thread: SharedThread

    /// What a client does when a moment of its schedule has come, and with what it gets.
    protocol Part: Sendable {
        /// The requests of the next moment; none when there is nothing to ask.
        mutating func next() -> [(request: ClientRequest, purpose: Int)]
        /// What has come of one, so many nanoseconds after it was due; `nil` for no answer.
        mutating func take(_ response: ClientResponse?, purpose: Int, sinceIntended: UInt64, sinceSent: UInt64)
    }

    /// What the client's thread and the one that started it both see.
    private final class Shared: Sendable {
        let isStopAsked = Atomic(false)
        let part: Lock<any Part>

        init(_ part: any Part) { self.part = Lock(part) }
    }

    /// An answer that takes longer than that is none.
    private static let patienceMilliseconds: UInt64 = 60_000

    /// Begins at once. Who comes anew opens a connection for each question, and asks the next one after the answer.
    init(_ name: String, _ endpoint: Endpoint, perSecond: Int, comesAnew: Bool = false, _ part: any Part) throws {
        let shared = Shared(part)
        self.shared = shared
        thread = try SharedThread(named: name) {
            if comesAnew {
                ScheduledClient.runAnew(endpoint, perSecond, shared)
            } else {
                ScheduledClient.run(endpoint, perSecond, shared)
            }
        }
    }

    private static func run(_ endpoint: Endpoint, _ perSecond: Int, _ shared: Shared) {
        // Without a connection nothing is asked, which the checks notice.
        guard let connection = try? endpoint.connect() else { return }
        var client = Schedule(connection: connection, perSecond: perSecond, part: shared.part.withLock { $0 })
        while !shared.isStopAsked.load(ordering: .relaxed) { client.step(sends: true) }
        client.drain(until: MonotonicClock.milliseconds() + patienceMilliseconds)
        connection.close()
        let part = client.part
        shared.part.withLock { $0 = part }
    }

    private static func runAnew(_ endpoint: Endpoint, _ perSecond: Int, _ shared: Shared) {
        var part = shared.part.withLock { $0 }
        var due = MonotonicClock.nanoseconds()
        while !shared.isStopAsked.load(ordering: .relaxed) {
            let now = MonotonicClock.nanoseconds()
            guard due <= now else {
                pause(milliseconds: UInt32(min(50, (due - now) / 1_000_000 + 1)))
                continue
            }
            for (request, purpose) in part.next() {
                let sentAt = MonotonicClock.nanoseconds()
                let response = ask(endpoint, request)
                let answeredAt = MonotonicClock.nanoseconds()
                part.take(
                    response,
                    purpose: purpose,
                    sinceIntended: answeredAt - due,
                    sinceSent: answeredAt - sentAt
                )
            }
            due += 1_000_000_000 / UInt64(perSecond)
        }
        let found = part
        shared.part.withLock { $0 = found }
    }

    private static func ask(_ endpoint: Endpoint, _ request: ClientRequest) -> ClientResponse? {
        guard let connection = try? endpoint.connect() else { return nil }
        defer { connection.close() }
        return try? connection.request(request, timeoutMilliseconds: patienceMilliseconds)
    }

    /// Sends nothing more, waits for the answers, and gives what was found.
    func end() -> any Part {
        shared.isStopAsked.store(true, ordering: .relaxed)
        thread.join()
        return shared.part.withLock { $0 }
    }

    private struct Schedule {
        let connection: ClientConnection
        let interval: UInt64
        var part: any Part
        var due = MonotonicClock.nanoseconds()
        var open: [RequestID: (purpose: Int, intendedAt: UInt64)] = [:]

        init(connection: ClientConnection, perSecond: Int, part: any Part) {
            self.connection = connection
            interval = 1_000_000_000 / UInt64(perSecond)
            self.part = part
        }

        mutating func step(sends: Bool) {
            let now = MonotonicClock.nanoseconds()
            while sends, due <= now {
                for (request, purpose) in part.next() {
                    guard let id = try? connection.queue(request) else {
                        part.take(nil, purpose: purpose, sinceIntended: now - due, sinceSent: 0)
                        continue
                    }
                    open[id] = (purpose, due)
                }
                due += interval
            }
            let wait = due > now ? min(50, (due - now) / 1_000_000 + 1) : 1
            let completions = connection.receive(timeoutMilliseconds: wait)
            for completion in completions { take(completion) }
            // A connection with nothing under way does not wait.
            if completions.isEmpty, open.isEmpty { pause(milliseconds: UInt32(wait)) }
        }

        mutating func drain(until deadline: UInt64) {
            while !open.isEmpty, MonotonicClock.milliseconds() < deadline { step(sends: false) }
            for (purpose, _) in open.values { part.take(nil, purpose: purpose, sinceIntended: 0, sinceSent: 0) }
        }

        private mutating func take(_ completion: ClientCompletion) {
            guard let (purpose, intendedAt) = open.removeValue(forKey: completion.id) else { return }
            part.take(
                try? completion.result.get(),
                purpose: purpose,
                sinceIntended: completion.completedAt - min(intendedAt, completion.completedAt),
                sinceSent: completion.completedAt - completion.sentAt
            )
        }
    }
}

/// Places orders that rest, and cancels the oldest of them.
struct CancellingClient: ScheduledClient.Part {
    private let key: String
    private let body: [UInt8]
    /// Orders that rest and whose cancel was not sent, the oldest first.
    private var resting: [String]
    private var nextCancelled = 0
    private(set) var cancels = Tally()
    private(set) var placements = Tally()
    /// What was placed meanwhile.
    private(set) var placed: AcknowledgedOrders

    /// What became of requests of one kind.
    struct Tally: Sendable {
        var sent: Int64 = 0
        var succeeded: Int64 = 0
        var unanswered: Int64 = 0
        var refusals: [ServerRefusal.Kind: Int64] = [:]
        var latencies = Latencies()

        var refusedCount: Int64 { refusals.values.reduce(0, +) }

        fileprivate mutating func take(_ response: ClientResponse?, success: Int, _ intended: UInt64, _ sent: UInt64) {
            guard let response else {
                unanswered += 1
                return
            }
            if response.status == success {
                succeeded += 1
                latencies.record(sinceSent: sent, sinceIntended: intended)
            } else {
                refusals[ServerRefusal(response).kind, default: 0] += 1
            }
        }
    }

    private enum Purpose: Int { case cancel, placement }

    /// `resting` are orders that were placed before.
    init(key: String, body: [UInt8], resting: [String], after base: Int64) {
        self.key = key
        self.body = body
        self.resting = resting
        placed = AcknowledgedOrders(after: base)
    }

    /// Orders that must rest in the end, beside those whose cancel got through.
    var restingCount: Int64 { Int64(resting.count) - cancels.succeeded }

    mutating func next() -> [(request: ClientRequest, purpose: Int)] {
        var requests = [
            (ClientRequest("POST", "/v1/offers", key: key, body: body), Purpose.placement.rawValue)
        ]
        placements.sent += 1
        if nextCancelled < resting.count {
            let path = "/v1/orders/" + resting[nextCancelled]
            nextCancelled += 1
            cancels.sent += 1
            requests.append((ClientRequest("DELETE", path, key: key, body: []), Purpose.cancel.rawValue))
        }
        return requests
    }

    mutating func take(_ response: ClientResponse?, purpose: Int, sinceIntended: UInt64, sinceSent: UInt64) {
        guard purpose == Purpose.placement.rawValue else {
            return cancels.take(response, success: 200, sinceIntended, sinceSent)
        }
        placements.take(response, success: 201, sinceIntended, sinceSent)
        guard let response, response.status == 201 else { return }
        guard let order = AnswerCheck.sequence(of: .offer, in: response.body.span) else { return }
        placed.add(order)
        resting.append("o\(order)")
    }
}

/// Asks whether the server lives.
struct HealthClient: ScheduledClient.Part {
    static let perSecond = 10

    private(set) var asked: Int64 = 0
    private(set) var healthy: Int64 = 0
    private(set) var latencies = Latencies()

    mutating func next() -> [(request: ClientRequest, purpose: Int)] {
        asked += 1
        return [(ClientRequest("GET", "/healthz", key: nil, body: []), 0)]
    }

    mutating func take(_ response: ClientResponse?, purpose: Int, sinceIntended: UInt64, sinceSent: UInt64) {
        guard response?.status == 200 else { return }
        healthy += 1
        latencies.record(sinceSent: sinceSent, sinceIntended: sinceIntended)
    }
}

/// Asks how much the tables lack.
struct BacklogClient: ScheduledClient.Part {
    static let perSecond = 10

    private(set) var asked: Int64 = 0
    private(set) var answered: Int64 = 0
    /// Bytes of events at the most.
    private(set) var bytesMost: Int64 = 0

    mutating func next() -> [(request: ClientRequest, purpose: Int)] {
        asked += 1
        return [(ClientRequest("GET", "/metrics", key: nil, body: []), 0)]
    }

    mutating func take(_ response: ClientResponse?, purpose: Int, sinceIntended: UInt64, sinceSent: UInt64) {
        guard let response, response.status == 200 else { return }
        let bytes = ServerMetrics(text: String(decoding: response.body, as: UTF8.self)).waitingBytes
        guard bytes >= 0 else { return }
        answered += 1
        bytesMost = max(bytesMost, bytes)
    }
}
