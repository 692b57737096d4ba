internal import Foundation
internal import HTTP2
internal import Units

/// One `bombyx bench journal`.
struct JournalRun {
    private let options: BenchJournal
    private let server: TemporaryServer
    private let tools: Nghttp2Tools

    /// Every order rests, and all belong to one account.
    static let ordersMax = Int(Limits.openOrdersPerAccountMax)

    init(_ options: BenchJournal, _ server: TemporaryServer) throws {
        self.options = options
        self.server = server
        tools = try Nghttp2Tools()
    }

    /// Measures, prints, and says whether every request was answered with 2xx.
    func run() throws -> Bool {
        try server.start()
        let facts = try server.running()
        let operations = try ExchangeClient(Endpoint(facts), key: server.operatorKey())
        try server.makeModel(by: operations)
        let key = try server.makeWorker("bench", openOrdersMax: Int64(Self.ordersMax), by: operations)
        operations.close()
        let body = try writeOffer()
        guard let address = options.tls ? facts.https : facts.http else {
            throw CommandFailure("the server does not listen")
        }
        var report = JournalReport(options)
        Bench.tell(report.title, besideJSON: options.json)
        for number in 1...options.rounds {
            let round = try measure(
                url: (options.tls ? "https://" : "http://") + address + "/v1/offers",
                body: body,
                key: key,
                facts
            )
            report.rounds.append(round)
            Bench.tell(JournalReport.line(round, number: number), besideJSON: options.json)
        }
        if options.json { Bench.say(report.json) } else { for line in report.summary { say(line) } }
        return report.isSound
    }

    private func writeOffer() throws -> String {
        let file = server.folder + "/offer.json"
        let offer = """
            {"model":"\(TemporaryServer.model)","price_nanoton_per_mtok":"20000000","quantity_lots":1}
            """
        try offer.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    private func measure(url: String, body: String, key: String, _ facts: RunningFacts) throws -> JournalReport.Round {
        let load = Nghttp2Tools.Load(
            requests: options.requests,
            connections: options.connections,
            inFlight: options.inFlight
        )
        let before = try Usage(server, facts.pid)
        let exchange = try tools.run(load, url: url, body: body, key: key, in: server.folder)
        let catchUp = try CatchUp(server)
        let after = try Usage(server, facts.pid)

        let state = StateFolder(path: server.stateFolder)
        let reference = try tools.serve(
            threads: options.ioThreads,
            streams: options.streams,
            certificate: options.tls ? (state.certificatePath, state.certificateKeyPath) : nil,
            in: server.folder
        )
        defer { reference.stop() }
        let idle = ProcessTimes.microseconds(of: reference.pid)
        let fileServer = try tools.run(load, url: reference.url, body: body, key: key, in: server.folder)
        let busy = ProcessTimes.microseconds(of: reference.pid)

        let count = Int64(options.requests)
        return JournalReport.Round(
            exchange: exchange,
            serverCPUNanoseconds: (after.server - before.server) * 1_000 / count,
            databaseCPUNanoseconds: (after.database - before.database) * 1_000 / count,
            commands: after.metrics.commands - before.metrics.commands,
            batches: after.metrics.batches - before.metrics.batches,
            catchUp: catchUp,
            residentBytes: ProcessTimes.residentBytes(of: facts.pid),
            reference: fileServer,
            referenceCPUNanoseconds: (busy - idle) * 1_000 / count
        )
    }

    /// What the exchange has used until now.
    private struct Usage {
        let server: Int64
        let database: Int64
        let metrics: ServerMetrics

        init(_ server: TemporaryServer, _ pid: Int32) throws {
            let client = try ExchangeClient(Endpoint(server.running()), key: nil)
            defer { client.close() }
            metrics = try ServerMetrics(client)
            self.server = ProcessTimes.microseconds(of: pid)
            database = ProcessTimes.microsecondsOfDescendants(of: pid)
        }
    }
}
