internal import Demonstration
internal import HTTP2
internal import JSON
internal import Sockets

/// Carries out `bombyx bench streams` with a server that runs.
struct StreamsRun {
    private let options: BenchStreams
    private let server: TemporaryServer

    init(_ options: BenchStreams, _ server: TemporaryServer) {
        self.options = options
        self.server = server
    }

    /// True when every stream got every trade.
    func run() throws -> Bool {
        try server.start()
        let facts = try server.running()
        let address = (options.tls ? facts.https : facts.http).map(Endpoint.reachable)
        guard let address else { throw CommandFailure("the server does not listen as it should") }
        let endpoint = try Endpoint(
            url: (options.tls ? "https://" : "http://") + address,
            certificate: options.tls ? facts.certificate : nil
        )
        let parties = try Parties(server, lots: options.events)
        let emptyBytes = ProcessTimes.residentBytes(of: facts.pid)
        complain("  opening \(options.connections) connections with \(options.streams) streams each")
        let readers = try (0..<options.connections).map { _ in try StreamsReader(endpoint, streams: options.streams) }
        for reader in readers { try reader.waitUntilOpen() }
        var report = StreamsReport(options)
        report.bytesPerStream =
            (ProcessTimes.residentBytes(of: facts.pid) - emptyBytes) / Int64(options.connections * options.streams)
        let before = ProcessTimes.microseconds(of: facts.pid)
        for event in 1...options.events { try measure(event, parties, readers, &report) }
        report.cpuMicroseconds = ProcessTimes.microseconds(of: facts.pid) - before
        report.isComplete = readers.allSatisfy { $0.isExact(events: options.events) }
        return report.finish()
    }

    private func measure(
        _ event: Int,
        _ parties: Parties,
        _ readers: [StreamsReader],
        _ report: inout StreamsReport
    ) throws {
        let started = MonotonicClock.nanoseconds()
        try parties.buy()
        let answered = MonotonicClock.nanoseconds()
        var first: UInt64?
        let deadline = MonotonicClock.milliseconds() + 30_000
        var waiting = readers
        while !waiting.isEmpty {
            guard MonotonicClock.milliseconds() < deadline else {
                throw CommandFailure("a trade did not reach all streams within 30 s")
            }
            for reader in waiting {
                if reader.read(), first == nil { first = MonotonicClock.nanoseconds() }
            }
            waiting.removeAll { $0.hasAll(events: event) }
        }
        let last = MonotonicClock.nanoseconds()
        report.answers.append(Int64(answered - started) / 1_000)
        report.firsts.append(Int64((first ?? last) - started) / 1_000)
        report.lasts.append(Int64(last - started) / 1_000)
    }

    /// Who trades.
    private struct Parties {
        private let app: ExchangeClient

        init(_ server: TemporaryServer, lots: Int) throws {
            let endpoint = try Endpoint(server.running())
            let operations = try ExchangeClient(endpoint, key: server.operatorKey())
            defer { operations.close() }
            try server.makeModel(by: operations)
            let worker = try ExchangeClient(
                endpoint,
                key: server.makeWorker("bench worker", openOrdersMax: 1_000, by: operations)
            )
            defer { worker.close() }
            let offer = jsonObject([
                ("model", .string(TemporaryServer.model)), ("price_nanoton_per_mtok", .string("1000000")),
                ("quantity_lots", .integer(Int64(lots))),
            ])
            _ = try worker.json("POST", "/v1/offers", offer)
            let label = jsonObject([("label", .string("bench app"))])
            let id = try operations.json("POST", "/v1/accounts", label)["id"]?.string ?? ""
            let scopes = jsonObject([("scopes", .array([.string("bid")]))])
            let key = try operations.json("POST", "/v1/accounts/\(id)/keys", scopes)["key"]?.string
            let deposit = jsonObject([("amount_nanoton", .string("1000000000000"))])
            _ = try operations.json("POST", "/v1/accounts/\(id)/deposits", deposit)
            app = try ExchangeClient(endpoint, key: key)
        }

        /// One lot.
        func buy() throws {
            let bid = jsonObject([
                ("requirement", .members([("model", .members([("in", .array([.string(TemporaryServer.model)]))]))])),
                ("price_nanoton_per_mtok", .string("1000000")), ("quantity_lots", .integer(1)),
            ])
            let state = try app.json("POST", "/v1/bids", bid)["state"]?.string
            guard state == "filled" else { throw CommandFailure("a bid did not trade: \(state ?? "no state")") }
        }
    }
}

/// The streams of one connection.
final class StreamsReader {
    private let connection: ClientConnection
    private let requests: [RequestID]
    private var readers: [ServerSentEventReader]
    private var trades: [Int]
    private var isBroken = false

    init(_ endpoint: Endpoint, streams: Int) throws {
        connection = try endpoint.connect()
        // The server's settings say how many streams there may be at once.
        connection.wait(timeoutMilliseconds: 1_000)
        var requests: [RequestID] = []
        for _ in 0..<streams {
            requests.append(try connection.queue(ClientRequest("GET", "/v1/stream?channels=trades")))
        }
        self.requests = requests
        readers = Array(repeating: ServerSentEventReader(), count: streams)
        trades = Array(repeating: 0, count: streams)
    }

    /// Waits until every stream has begun.
    func waitUntilOpen() throws {
        let deadline = MonotonicClock.milliseconds() + 30_000
        while readers.contains(where: { $0.lastID == nil }) {
            guard MonotonicClock.milliseconds() < deadline, !isBroken else {
                throw CommandFailure("the streams of a connection do not begin")
            }
            connection.wait(timeoutMilliseconds: 10)
            collect()
        }
    }

    /// Takes what has come; says whether anything has.
    func read() -> Bool {
        guard connection.wait(timeoutMilliseconds: 0) else { return false }
        collect()
        return true
    }

    private func collect() {
        for (index, request) in requests.enumerated() {
            guard let (status, bytes) = connection.takeContent(of: request) else {
                isBroken = true
                continue
            }
            if bytes.isEmpty { continue }
            if status != 200 { isBroken = true }
            trades[index] += readers[index].take(bytes).count { $0.name == "trades" }
        }
    }

    /// Every stream has got so many trades.
    func hasAll(events: Int) -> Bool { trades.allSatisfy { $0 >= events } }

    /// Every stream has got exactly so many trades, and goes on.
    func isExact(events: Int) -> Bool { !isBroken && trades.allSatisfy { $0 == events } }
}
