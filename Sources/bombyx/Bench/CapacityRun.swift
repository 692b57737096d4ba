internal import Demonstration
internal import Exchange
internal import HTTP2
internal import JSON
internal import Units

/// The offers of a full book: every account has as many capability classes as it may have.
struct CapacityOffers {
    /// An account's own quantization keeps its classes apart from those of the others.
    static let accountsMax = Quantization.allCases.count

    private static let regions = ["at", "be", "de", "es", "fi", "fr", "it", "us"]
    /// A prime, so that prices and classes go through all their combinations.
    private static let prices = 10_007

    /// The body of offer `index`, of account `account`. Its `client_order_id` makes it safe to send twice.
    static func body(_ index: Int, account: Int) -> [UInt8] {
        let kind = index % Limits.classesPerAccountMax
        let features = Features(rawValue: UInt32(kind % 8)).names
        let capability = JSONValue.members([
            ("context_length", .integer(4_096 << Int64(kind / 8 % 4))),
            ("features", .array(features.map(JSONValue.string))),
            ("quantization", .string(Quantization.allCases[account].name)),
            ("region", .string(regions[kind / 32])),
        ])
        return jsonObject([
            ("model", .string(TemporaryServer.model)),
            ("price_nanoton_per_mtok", .string(String(10_000_000 + index % prices * 1_000))),
            ("quantity_lots", .integer(Int64(1 + index % 1_000))),
            ("client_order_id", .string("c\(index)")),
            ("capability", capability),
        ])
    }
}

/// One `bombyx bench capacity`.
struct CapacityRun {
    private let options: BenchCapacity
    private let server: TemporaryServer

    /// Offers that are made and sent at once: a million of them and their answers need not be in memory.
    private static let portion = 20_000

    init(_ options: BenchCapacity, _ server: TemporaryServer) {
        self.options = options
        self.server = server
    }

    /// Measures, prints, and says whether all orders rest after every start.
    func run() throws -> Bool {
        let machine = MachineFacts()
        var stages: [Stage] = []
        stages.append(try started("empty") { try server.start() })
        let placing = ContinuousClock.now
        try place()
        let placingMicroseconds = microseconds(since: placing)
        let catchUp = try CatchUp(server)
        stages.append(try Stage("full", server, microseconds: 0))
        let stopping = ContinuousClock.now
        try server.stop()
        let stopMicroseconds = microseconds(since: stopping)
        stages.append(try started("after a stop") { try server.start() })
        server.kill()
        stages.append(try started("after a kill") { try server.start() })
        let report = CapacityReport(
            orders: Int64(options.orders),
            machine: machine,
            placingMicroseconds: placingMicroseconds,
            catchUp: catchUp,
            stopMicroseconds: stopMicroseconds,
            stages: stages
        )
        if options.json { Bench.say(report.json) } else { for line in report.lines { say(line) } }
        return report.isSound
    }

    /// What the server is at one moment.
    struct Stage {
        let name: String
        /// From the start of its process until it was ready; 0 for a server that was not started.
        let startMicroseconds: Int64
        let residentBytes: Int64
        let peakBytes: Int64
        let openOrders: Int64

        init(_ name: String, _ server: TemporaryServer, microseconds: Int64) throws {
            let facts = try server.running()
            let client = try ExchangeClient(Endpoint(facts), key: nil)
            defer { client.close() }
            self.name = name
            startMicroseconds = microseconds
            openOrders = try ServerMetrics(client).openOrders
            residentBytes = ProcessTimes.residentBytes(of: facts.pid)
            peakBytes = ProcessTimes.peakBytes(of: facts.pid)
        }
    }

    private func started(_ name: String, _ start: () throws -> Void) throws -> Stage {
        complain("  starting the server: \(name)")
        let moment = ContinuousClock.now
        try start()
        return try Stage(name, server, microseconds: microseconds(since: moment))
    }

    private func place() throws {
        let operations = try ExchangeClient(Endpoint(server.running()), key: server.operatorKey())
        try server.makeModel(by: operations)
        let keys = try (0..<options.accounts).map { index in
            try server.makeWorker("bench \(index)", openOrdersMax: Limits.openOrdersPerAccountMax, by: operations)
        }
        operations.close()
        var progress = Progress("placing offers", total: options.orders)
        let settings = Load.Settings(connections: options.connections, inFlight: options.inFlight)
        for first in stride(from: 0, to: options.orders, by: Self.portion) {
            let requests = (first..<min(first + Self.portion, options.orders)).map { index in
                let account = index % keys.count
                // The account's own number of the offer, so that each account has every class.
                let body = CapacityOffers.body(index / keys.count, account: account)
                return LoadRequest(
                    index: index,
                    request: ClientRequest("POST", "/v1/offers", key: keys[account], body: body)
                )
            }
            for answer in try Load(server, settings).run(requests, watch: { progress.update(first + $0) })
            where answer.response.status != 201 {
                throw ServerRefusal(answer.response)
            }
        }
    }
}
