internal import Postgres
internal import Store

/// One `bombyx bench projector`.
final class ProjectorRun {
    private let options: BenchProjector
    private let cluster: EmbeddedCluster
    private let owner: Connection
    private let projector: Projector
    private var feed: ProjectorFeed
    private var rounds: [ProjectorFeed.Totals] = []
    private var totals = ProjectorFeed.Totals()
    private var copiedRows = 0

    /// Tables that get new rows with every trade, and the column that says with which command.
    private static let tables = [
        ("orders", "market.orders", "id"), ("trades", "market.trades", "sequence"),
        ("leases", "market.leases", "last_sequence"), ("transfers", "ledger.transfers", "sequence"),
        ("requests", "projection.requests", "sequence"),
    ]

    init(_ options: BenchProjector, folder: String) throws {
        self.options = options
        cluster = try EmbeddedCluster(try StateLock(folder: folder))
        var settings = Connection.Settings()
        settings.statementDeadline = .seconds(600)
        owner = try Connection(cluster.connectionString(.owner), settings)
        try Schema.migrate(owner)
        projector = try Projector(Connection(cluster.connectionString(.server), settings))
        feed = ProjectorFeed(batch: options.batch, seed: options.options.seed)
        try owner.run(script: "CREATE SCHEMA copied; SET synchronous_commit = off; SET client_min_messages = error")
        for (name, table, _) in Self.tables {
            try owner.run(script: "CREATE TABLE copied.\(name) (LIKE \(table) INCLUDING ALL)")
        }
        try projector.apply(feed.setup())
    }

    func stop() { cluster.stop() }

    /// Measures, prints, and returns whether the tables show what the engine did.
    func run() throws -> Bool {
        let sampler = Sampler()
        var report = BenchReport(
            name: "projector",
            title: "Trades into the tables of a PostgreSQL with the exchange's settings",
            settings: [
                ("commands", Int64(options.commands)), ("batch", Int64(options.batch)),
                ("events_of_a_transaction", Int64(options.events)),
            ],
            options: options.options,
            sampler: sampler
        )
        let projecting = BenchScenario("project", "a row that the projector adds, in transactions", sampleSize: 1) {
            [self] _ in
            try project(sampler)
        }
        let copying = BenchScenario("copy", "the same row with COPY from a file, five statements", sampleSize: 1) {
            [self] _ in
            try copy(sampler)
        }
        report.scenarios = [projecting, copying]
        report.ratios = [
            BenchRatio(
                name: "project/copy",
                about: "times longer than COPY of the added rows alone",
                numerator: projecting,
                denominator: copying
            )
        ]
        try BenchScenario.measure(report.scenarios, rounds: options.options.rounds, sampler)
        let rates = rounds.dropFirst().enumerated().map { index, totals in
            (totals, picoseconds: projecting.rounds[index].mean * totals.rows)
        }
        func perSecond(_ count: (ProjectorFeed.Totals) -> Int64) -> Int64 {
            Spread(rates.map { Int64(Int128(count($0)) * 1_000_000_000_000 / Int128(max(1, $1))) }).median
        }
        report.facts = [
            ("trades_per_second", perSecond(\.trades)), ("rows_per_second", perSecond(\.rows)),
            ("transfers_per_second", perSecond(\.transfers)), ("orders_per_second", perSecond(\.orders)),
            ("trades_of_a_round", rounds.last?.trades ?? 0), ("rows_of_a_round", rounds.last?.rows ?? 0),
        ]
        report.faults = try faults()
        return report.finish()
    }

    // MARK: A round

    /// Makes a round's batches, which is not measured, and projects them.
    private func project(_ sampler: Sampler) throws -> RoundFigures {
        let (batches, made) = feed.round(commands: options.commands)
        var transactions: [ArraySlice<ProjectedBatch>] = []
        var first = 0
        var events = 0
        for index in batches.indices {
            if index > first, events + batches[index].events.count > options.events {
                transactions.append(batches[first..<index])
                (first, events) = (index, 0)
            }
            events += batches[index].events.count
        }
        transactions.append(batches[first...])
        var failure: (any Error)?
        let figures = sampler.measure(operations: transactions.count, sampleSize: 1) { index in
            do { try projector.apply(Array(transactions[index])) } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
        rounds.append(made)
        totals.add(made)
        return figures.each(of: made.rows)
    }

    /// Copies the rows of the last projection from files into tables like their own.
    private func copy(_ sampler: Sampler) throws -> RoundFigures {
        let rows = Int(rounds.last?.rows ?? 0)
        let data = try owner.execute("SELECT current_setting('data_directory')").onlyRow().text(0)
        let names = Self.tables.map { ($0.0, "'\(data.replacing("'", with: "''"))/bench-\($0.0)'") }
        for ((_, table, key), (_, file)) in zip(Self.tables, names) {
            let added = "SELECT * FROM \(table) WHERE \(key) > \(feed.roundStart)"
            try owner.run(script: "COPY (\(added)) TO \(file) (FORMAT binary)")
        }
        var failure: (any Error)?
        var copied = 0
        let figures = sampler.measure(operations: 1, sampleSize: 1) { _ in
            do {
                for (name, file) in names {
                    copied += try owner.execute("COPY copied.\(name) FROM \(file) (FORMAT binary)").affectedRows
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        guard copied == rows else { throw CommandFailure("\(copied) of \(rows) rows were copied") }
        copiedRows += copied
        return figures.each(of: Int64(rows))
    }

    /// What the tables say, beside what the engine did.
    private func faults() throws -> [String] {
        var faults: [String] = []
        let counts = [totals.orders, totals.trades, totals.trades, totals.transfers, totals.requests]
        for ((_, table, key), expected) in zip(Self.tables, counts) {
            let found = try owner.execute("SELECT count(*) FROM \(table) WHERE \(key) > \(feed.setupEnd)").onlyRow()
            if try found.int8(0) != expected { faults.append("\(table) has \(try found.int8(0)) of \(expected) rows") }
        }
        // There is no journal here, so what relates the tables to it says nothing.
        for row in try owner.execute("SELECT * FROM ledger.invariants") where try row.int8(1) != 0 {
            let rule = try row.text(0)
            if !rule.contains("journal") { faults.append("violated: \(rule)") }
        }
        return faults
    }
}
