internal import HTTP2
internal import Sockets
internal import Synchronization

/// A request of a load, with what tells it from the others.
struct LoadRequest: Sendable {
    let index: Int
    let request: ClientRequest
}

/// What a request was answered with.
struct LoadAnswer: Sendable {
    let index: Int
    let response: ClientResponse
    /// From sending the request, for the last time if it was sent again, to its answer.
    let latencyMicroseconds: Int64
}

/// Many requests over several connections, a thread for each, several under way at once on each.
///
/// A request without an answer may have been carried out: it is sent again, over a new connection if need be, and its
/// own identity (`client_order_id`) keeps it from being done twice.
final class Load: Sendable {
    private let server: TemporaryServer
    private let settings: Settings
    private let answers = Lock<[LoadAnswer]>([])
    private let failure = Lock<String?>(nil)
    private let answered = Atomic(0)
    private let running = Atomic(0)
    private let resent = Atomic(0)

    struct Settings: Sendable {
        var connections: Int
        var inFlight: Int
        /// A load that gets no answer for so long has failed.
        var patience = Duration.seconds(90)
    }

    init(_ server: TemporaryServer, _ settings: Settings) {
        self.server = server
        self.settings = settings
    }

    /// Requests that were sent again because their outcome was unknown, or because the server asked for patience.
    var resentCount: Int { resent.load(ordering: .relaxed) }

    /// Sends all and returns the answers in the order of the requests. `watch` is called now and then with the number
    /// of answers; what it throws ends the load.
    func run(_ requests: [LoadRequest], watch: (Int) throws -> Void) throws -> [LoadAnswer] {
        let lanes = min(settings.connections, max(requests.count, 1))
        running.store(lanes, ordering: .sequentiallyConsistent)
        var threads: [LaneThread] = []
        for lane in 0..<lanes {
            let part = stride(from: lane, to: requests.count, by: lanes).map { requests[$0] }
            threads.append(try LaneThread("load-\(lane)") { [self] in work(part) })
        }
        defer { for thread in threads { thread.join() } }
        while running.load(ordering: .sequentiallyConsistent) > 0 {
            do {
                try watch(answered.load(ordering: .relaxed))
            } catch {
                fail("\(error)")
            }
            pause(milliseconds: 10)
        }
        if let failure = failure.withLock({ $0 }) { throw CommandFailure(failure) }
        try watch(answered.load(ordering: .relaxed))
        return answers.withLock { $0.sorted { $0.index < $1.index } }
    }

    private func work(_ requests: [LoadRequest]) {
        var lane = SenderLane(requests, inFlight: settings.inFlight)
        var lastAnswer = ContinuousClock.now
        while !lane.isDone, failure.withLock({ $0 == nil }) {
            let (fresh, again) = lane.turn { try server.connect() }
            if !fresh.isEmpty {
                lastAnswer = .now
                answered.add(fresh.count, ordering: .relaxed)
                answers.withLock { $0 += fresh }
            }
            resent.add(again, ordering: .relaxed)
            if ContinuousClock.now - lastAnswer > settings.patience { fail("the server gave no answer for too long") }
        }
        lane.close()
        running.subtract(1, ordering: .sequentiallyConsistent)
    }

    private func fail(_ reason: String) { failure.withLock { $0 = $0 ?? reason } }
}

/// A thread in an array: the thread itself cannot be copied into one.
private final class LaneThread {
    private var thread: Thread?

    init(_ name: String, _ body: sending @escaping () -> Void) throws { thread = try Thread(named: name, body) }

    func join() { thread.take()?.join() }
}

/// What one thread of a load does.
private struct SenderLane {
    private var waiting: [LoadRequest]
    private var open: [RequestID: LoadRequest] = [:]
    private var connection: ClientConnection?
    private let inFlight: Int

    init(_ requests: [LoadRequest], inFlight: Int) {
        waiting = requests.reversed()
        self.inFlight = inFlight
    }

    var isDone: Bool { waiting.isEmpty && open.isEmpty }

    mutating func close() { connection?.close() }

    /// Sends what may be sent, waits for what comes, and returns the answers and how many requests have to be sent
    /// again.
    mutating func turn(_ connect: () throws -> ClientConnection) -> (answers: [LoadAnswer], again: Int) {
        if connection == nil || connection?.isClosed == true { connection = try? connect() }
        guard let connection else {
            pause(milliseconds: 50)
            return ([], 0)
        }
        while open.count < inFlight, let next = waiting.popLast() {
            guard let id = try? connection.queue(next.request) else {
                waiting.append(next)
                break
            }
            open[id] = next
        }
        var answers: [LoadAnswer] = []
        var again = 0
        for completion in connection.receive(timeoutMilliseconds: 1_000) {
            guard let request = open.removeValue(forKey: completion.id) else { continue }
            if case .success(let response) = completion.result, response.status != 503, response.status != 429 {
                let latency = Int64(completion.latencyNanoseconds / 1_000)
                answers.append(LoadAnswer(index: request.index, response: response, latencyMicroseconds: latency))
            } else {
                waiting.append(request)
                again += 1
            }
        }
        // Whoever is asked for patience waits a little; the server says at least this.
        if again > 0 { pause(milliseconds: 20) }
        return (answers, again)
    }
}

extension TemporaryServer {
    /// A new connection to the server as it runs now.
    func connect() throws -> ClientConnection { try Endpoint(running()).connect() }
}
