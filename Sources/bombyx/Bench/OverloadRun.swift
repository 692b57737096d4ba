internal import Demonstration
internal import HTTP2
internal import JSON
internal import Measurement
internal import Postgres
internal import Sockets
internal import Units

/// Carries out `bombyx bench overload` with a server of its own.
final class OverloadRun {
    private let options: BenchOverload
    private let server: TemporaryServer
    private var report: OverloadReport
    /// Requests of all phases that nobody answered.
    private var unanswered: Int64 = 0

    /// Requests under way of which one is the peak's: what one thread of the network, one of the engine and a commit
    /// can overlap, and four times, and sixteen times that.
    private static let concurrencies = [256, 1_024, 4_096]
    private static let lanesOfPeak = 32
    private static let accounts = 16
    /// What waits until all is read that was said at the end, and memory given back.
    private static let settleMilliseconds: UInt32 = 1_000

    init(_ options: BenchOverload, _ server: TemporaryServer) {
        self.options = options
        self.server = server
        report = OverloadReport(options)
    }

    /// Measures, prints, and says whether all held.
    func run() throws -> Bool {
        try raiseDescriptorLimit()
        try server.start()
        let facts = try server.running()
        guard let address = facts.http else { throw CommandFailure("the server does not listen") }
        let endpoint = try Endpoint(url: "http://" + Endpoint.reachable(address), certificate: nil)
        let parties = try OverloadParties(server, endpoint, accounts: Self.accounts, resting: restingBefore)
        Bench.tell(report.title, besideJSON: options.json)
        let singles = try SinglePosts(endpoint, key: parties.keys[0], body: parties.order, after: parties.base)
        defer { singles.close() }
        let crew = try FloodCrew(
            endpoint,
            keys: parties.keys,
            body: parties.order,
            connections: options.connections,
            after: parties.base
        )
        defer { crew.finish() }
        try measurePeak(crew)
        report.singleRowWorst = try singles.measure(options.singles)
        report.singles = singles.latencies
        try overload(crew, singles, parties, endpoint, facts)
        guard let flooded = crew.finish() else { throw CommandFailure("the thread of the overload has failed") }
        var acknowledged = parties.placed
        acknowledged.add(flooded)
        acknowledged.add(singles.acknowledged)
        acknowledged.add(report.cancelling.placed)
        try check(acknowledged, facts)
        return report.finish()
    }

    private var restingBefore: Int { options.cancels * options.duration + options.cancels }

    /// Each connection takes a descriptor here and one in the server, which inherits the limit.
    private func raiseDescriptorLimit() throws {
        let needed = options.connections + 300
        guard DescriptorLimit.current < needed else { return }
        DescriptorLimit.raise()
        guard DescriptorLimit.current >= needed else {
            throw CommandFailure("\(needed) open files are needed: raise `ulimit -n`")
        }
    }

    private func measurePeak(_ crew: FloodCrew) throws {
        let lanes = min(Self.lanesOfPeak, options.connections)
        var best = (streams: 0, rate: Int64(-1))
        for streams in Self.concurrencies.map({ $0 / Self.lanesOfPeak }) {
            let figures = try crew.run(
                .closed(connections: lanes, streams: streams),
                milliseconds: options.trialMilliseconds
            )
            unanswered += figures.unanswered
            let rate = figures.perKilosecond(figures.acknowledgedMeanwhile)
            report.tried.append((lanes * streams, rate))
            Bench.tell(report.line(underWay: lanes * streams, rate), besideJSON: options.json)
            if rate > best.rate { best = (streams, rate) }
        }
        let pace = OrderFlood.Pace.closed(connections: lanes, streams: best.streams)
        report.peakUnderWay = lanes * best.streams
        report.peak = try crew.run(pace, milliseconds: options.peakMilliseconds)
        unanswered += report.peak.unanswered
        _ = try CatchUp(server)
    }

    private func overload(
        _ crew: FloodCrew,
        _ singles: SinglePosts,
        _ parties: OverloadParties,
        _ endpoint: Endpoint,
        _ facts: RunningFacts
    ) throws {
        report.memoryBefore = ProcessTimes.residentBytes(of: facts.pid)
        report.memoryMost = report.memoryBefore
        let before = Usage(facts.pid)
        let steady = try ScheduledClient("cancels", endpoint, perSecond: options.cancels, parties.cancelling)
        let asking = try ScheduledClient("health", endpoint, perSecond: HealthClient.perSecond, HealthClient())
        let watching = try ScheduledClient("metrics", endpoint, perSecond: BacklogClient.perSecond, BacklogClient())
        let rate = report.peakPerSecond * Double(BenchOverload.factor)
        report.flood = try crew.run(.open(perSecond: rate), milliseconds: options.duration * 1_000) {
            report.memoryMost = max(report.memoryMost, ProcessTimes.residentBytes(of: facts.pid))
        } stopped: {
            let stoppedAt = MonotonicClock.nanoseconds()
            report.processor = Usage(facts.pid).since(before)
            report.recoveryMicroseconds = try singles.recover(
                to: report.singleRowWorst,
                since: stoppedAt,
                deadline: stoppedAt + UInt64(BenchOverload.recoverySecondsMax) * 1_000_000_000
            )
        }
        unanswered += report.flood.unanswered
        if let part = steady.end() as? CancellingClient { report.cancelling = part }
        if let part = asking.end() as? HealthClient { report.health = part }
        if let part = watching.end() as? BacklogClient { report.backlog = part }
        unanswered += report.cancelling.placements.unanswered
        report.catchUp = try CatchUp(server)
        pause(milliseconds: Self.settleMilliseconds)
        report.memoryAfter = ProcessTimes.residentBytes(of: facts.pid)
    }

    private func check(_ acknowledged: AcknowledgedOrders, _ facts: RunningFacts) throws {
        guard let database = facts.psql else { throw CommandFailure("the server has no database of its own") }
        let connection = try Connection(database)
        connection.statementDeadline = .seconds(600)
        let row = try connection.execute(
            "SELECT count(*)::text, coalesce(sum(id), 0)::text, count(*) FILTER (WHERE close_reason IS NULL)::text"
                + " FROM market.orders"
        ).onlyRow()
        let tables = OverloadReport.Tables(
            orders: Int64(try row.text(0)) ?? -1,
            sum: Int128(try row.text(1)) ?? -1,
            resting: Int64(try row.text(2)) ?? -1
        )
        report.check(acknowledged, unanswered: unanswered, tables)
        report.checks.append(try LoadFacts.invariants(connection))
    }

    /// Processor time until now.
    private struct Usage {
        let server: Int64
        let database: Int64

        init(_ pid: Int32) {
            server = ProcessTimes.microseconds(of: pid)
            database = ProcessTimes.microsecondsOfDescendants(of: pid)
        }

        func since(_ before: Usage) -> (server: Int64, database: Int64) {
            (server - before.server, database - before.database)
        }
    }
}

/// The accounts of a `bombyx bench overload`, and what they place.
struct OverloadParties {
    /// The last sequence number before all that is measured.
    let base: Int64
    /// Of the accounts that the overload comes from.
    let keys: [String]
    /// What they post.
    let order: [UInt8]
    /// Places and cancels beside them.
    let cancelling: CancellingClient
    /// What rests before the overload.
    let placed: AcknowledgedOrders

    init(_ server: TemporaryServer, _ endpoint: Endpoint, accounts: Int, resting: Int) throws {
        let operations = try ExchangeClient(endpoint, key: server.operatorKey())
        defer { operations.close() }
        try server.makeModel(by: operations)
        keys = try (0..<accounts).map { number in
            try server.makeWorker("overload \(number)", openOrdersMax: 10, by: operations)
        }
        let key = try server.makeWorker("steady", openOrdersMax: Limits.openOrdersPerAccountMax, by: operations)
        order = Self.offer(lots: 1, timeInForce: "ioc")
        let rests = Self.offer(lots: 2, timeInForce: "gtc")
        base = try ServerMetrics(operations).sequence
        let worker = try ExchangeClient(endpoint, key: key)
        defer { worker.close() }
        var placed = AcknowledgedOrders(after: base)
        var ids: [String] = []
        for _ in 0..<resting {
            let bytes = try worker.bytes("POST", "/v1/offers", rests)
            guard let id = AnswerCheck.sequence(of: .offer, in: bytes.span) else {
                throw CommandFailure("an order has no id")
            }
            placed.add(id)
            ids.append("o\(id)")
        }
        self.placed = placed
        cancelling = CancellingClient(key: key, body: rests, resting: ids, after: base)
    }

    private static func offer(lots: Int, timeInForce: String) -> [UInt8] {
        jsonObject([
            ("model", .string(TemporaryServer.model)), ("price_nanoton_per_mtok", .string("20000000")),
            ("quantity_lots", .integer(Int64(lots))), ("time_in_force", .string(timeInForce)),
        ])
    }
}
