internal import Demonstration
internal import Foundation
internal import HTTP2
internal import JSON
internal import Units

/// Carries out `bombyx bench requests` with a server that runs.
struct RequestsRun {
    private let options: BenchRequests
    private let server: TemporaryServer
    private let tools: Nghttp2Tools

    /// Prices of the book that is read.
    static let levels = 100
    /// Every order rests, and all belong to one account.
    static let ordersMax = Int(Limits.openOrdersPerAccountMax) - levels
    /// Offers of the loads, below those that the book begins with.
    private static let price = 20_000_000
    private static let bookPrice = 30_000_000
    private static let bookPath = "/v1/book?requirement=model:in=" + TemporaryServer.model

    init(_ options: BenchRequests, _ server: TemporaryServer) throws {
        self.options = options
        self.server = server
        tools = try Nghttp2Tools()
    }

    /// Measures, prints, and says whether every request did what it should.
    func run() throws -> Bool {
        try server.start()
        let facts = try server.running()
        let operations = try ExchangeClient(Endpoint(facts), key: server.operatorKey())
        defer { operations.close() }
        try server.makeModel(by: operations)
        let openOrdersMax = Int64(Limits.openOrdersPerAccountMax)
        let key = try server.makeWorker("bench", openOrdersMax: openOrdersMax, by: operations)
        let worker = try ExchangeClient(Endpoint(facts), key: key)
        defer { worker.close() }
        let book = Self.batch((0..<Self.levels).map { Self.bookPrice + $0 * Int(Price.step) })
        _ = try worker.bytes("POST", "/v1/orders:batch", Array(book.utf8))
        let batch = try write(Self.batch([Int](repeating: Self.price, count: options.batch)), "batch.json")
        let single = try write(Self.offer(Self.price), "offer.json")
        var report = RequestsReport(options)
        Bench.tell(report.title, besideJSON: options.json)
        for number in 1...options.rounds {
            let read = try measureBook(facts)
            let placed = try measureOrders(batch: batch, single: single, key: key, facts)
            let round = RequestsReport.Round(read: read, placed: placed)
            report.rounds.append(round)
            Bench.tell(report.line(round, number: number), besideJSON: options.json)
        }
        let account = try worker.json("GET", "/v1/account")
        report.openOrders = account["open_order_count"]?.integer ?? 0
        if options.json { Bench.say(report.json) } else { for line in report.summary { say(line) } }
        return report.isSound
    }

    private func write(_ text: String, _ name: String) throws -> String {
        let file = server.folder + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }

    private static func offer(_ price: Int, _ side: String = "") -> String {
        """
        {\(side)"model":"\(TemporaryServer.model)","price_nanoton_per_mtok":"\(price)","quantity_lots":1}
        """
    }

    private static func batch(_ prices: [Int]) -> String {
        #"{"orders":[\#(prices.map { offer($0, #""side":"offer","#) }.joined(separator: ","))]}"#
    }

    private func load(_ requests: Int) -> Nghttp2Tools.Load {
        let connections = min(options.connections, requests)
        return Nghttp2Tools.Load(requests: requests, connections: connections, inFlight: options.inFlight)
    }

    /// The book, then a file of as many bytes.
    private func measureBook(_ facts: RunningFacts) throws -> RequestsReport.Read {
        let reader = try ExchangeClient(Endpoint(facts), key: nil)
        defer { reader.close() }
        let bytes = try reader.bytes("GET", Self.bookPath).count
        _ = try CatchUp(server)
        guard let address = facts.http else { throw CommandFailure("the server does not listen") }
        let url = "http://" + address + Self.bookPath
        let before = ProcessTimes.microseconds(of: facts.pid)
        let book = try tools.run(load(options.requests), url: url, body: nil, key: nil, in: server.folder)
        let after = ProcessTimes.microseconds(of: facts.pid)

        let reference = try tools.serve(bytes: bytes, threads: 1, streams: 256, certificate: nil, in: server.folder)
        defer { reference.stop() }
        let idle = ProcessTimes.microseconds(of: reference.pid)
        let file = try tools.run(load(options.requests), url: reference.url, body: nil, key: nil, in: server.folder)
        let busy = ProcessTimes.microseconds(of: reference.pid)
        let count = Int64(options.requests)
        return RequestsReport.Read(
            bytes: Int64(bytes),
            book: book,
            bookCPUNanoseconds: (after - before) * 1_000 / count,
            file: file,
            fileCPUNanoseconds: (busy - idle) * 1_000 / count
        )
    }

    /// Orders in batches, then one by one; the tables have what was before.
    private func measureOrders(batch: String, single: String, key: String, _ facts: RunningFacts) throws
        -> RequestsReport.Placed
    {
        guard let address = facts.http else { throw CommandFailure("the server does not listen") }
        let requests = options.orders / options.batch
        let url = "http://" + address + "/v1/orders:batch"
        let batches = try tools.run(load(requests), url: url, body: batch, key: key, in: server.folder)
        _ = try CatchUp(server)
        let offers = "http://" + address + "/v1/offers"
        let singles = try tools.run(load(options.orders), url: offers, body: single, key: key, in: server.folder)
        _ = try CatchUp(server)
        return RequestsReport.Placed(batches: batches, singles: singles)
    }
}
