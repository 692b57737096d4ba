internal import Demonstration
internal import JSON

/// What `bombyx bench journal` has measured.
struct JournalReport {
    private let options: BenchJournal
    private let machine = MachineFacts()
    var rounds: [Round] = []

    init(_ options: BenchJournal) { self.options = options }

    /// One round: the exchange, then nghttpd.
    struct Round {
        let exchange: H2LoadReport
        /// A request's share of the server's processor time, its projection included.
        let serverCPUNanoseconds: Int64
        /// A request's share of its PostgreSQL's.
        let databaseCPUNanoseconds: Int64
        let commands: Int64
        let batches: Int64
        let catchUp: CatchUp
        /// Memory of the server after the round, with the orders of all rounds.
        let residentBytes: Int64
        let reference: H2LoadReport
        let referenceCPUNanoseconds: Int64

        /// Commands of a batch, in thousandths.
        var batchSize: Int64 { commands * 1_000 / max(1, batches) }
        /// The exchange's requests a second, in thousandths of nghttpd's.
        var ratio: Int64 { exchange.requestsPerKilosecond * 1_000 / max(1, reference.requestsPerKilosecond) }
    }

    /// Every request was answered with 2xx, on both sides.
    var isSound: Bool {
        rounds.allSatisfy {
            $0.exchange.succeeded == Int64(options.requests) && $0.reference.succeeded == Int64(options.requests)
        }
    }

    var title: String {
        let load = "h2load -n \(options.requests) -c \(options.connections) -m \(options.inFlight)"
        return """
            Orders that rest, each durable before its answer, beside nghttpd with a file of 81 bytes
              \(load), \(options.tls ? "TLS" : "cleartext"); threads of the network: \(options.ioThreads) each
              \(machine.line)
            """
    }

    /// One round in one line.
    static func line(_ round: Round, number: Int) -> String {
        let ours = side(round.exchange) + ", CPU \(micro(round.serverCPUNanoseconds)) + database "
        return "  round \(number): " + ours + micro(round.databaseCPUNanoseconds)
            + "; nghttpd " + side(round.reference) + ", CPU \(micro(round.referenceCPUNanoseconds))"
            + "; ratio \(thousandths(round.ratio)); batch \(thousandths(round.batchSize)), "
            + "tables \(Figures.count(round.catchUp.lag)) behind, "
            + "caught up in \(Figures.duration(round.catchUp.microseconds)), "
            + "memory \(Figures.bytes(round.residentBytes))"
    }

    /// The medians.
    var summary: [String] {
        var table = TextTable("lrr")
        table.row("", "bombyx", "nghttpd")
        table.row("requests a second", rate(\.exchange.requestsPerKilosecond), rate(\.reference.requestsPerKilosecond))
        table.row("mean time", time(\.exchange.meanMicroseconds), time(\.reference.meanMicroseconds))
        table.row("longest time", time(\.exchange.maxMicroseconds), time(\.reference.maxMicroseconds))
        table.row(
            "CPU a request",
            Self.micro(median(\.serverCPUNanoseconds)),
            Self.micro(median(\.referenceCPUNanoseconds))
        )
        table.row("CPU of the database", Self.micro(median(\.databaseCPUNanoseconds)), "–")
        table.row("answered with 2xx", total(\.exchange.succeeded), total(\.reference.succeeded))
        var lines = ["", "Medians of \(rounds.count) rounds"] + table.lines()
        lines.append("  ratio of requests a second: \(Self.thousandths(median(\.ratio)))")
        lines.append("  commands a batch: \(Self.thousandths(median(\.batchSize)))")
        lines.append(
            "  tables behind at the end: \(Figures.count(median(\.catchUp.lag))) commands, "
                + "for \(Figures.duration(median(\.catchUp.microseconds)))"
        )
        if !isSound { lines.append("  NOT EVERY REQUEST WAS ANSWERED WITH 2xx") }
        return lines
    }

    /// The middle of all rounds, the lower one of two.
    private func median(_ value: KeyPath<Round, Int64>) -> Int64 {
        let sorted = rounds.map { $0[keyPath: value] }.sorted()
        return sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
    }

    private func rate(_ value: KeyPath<Round, Int64>) -> String { Figures.count((median(value) + 500) / 1_000) }
    private func time(_ value: KeyPath<Round, Int64>) -> String { Figures.duration(median(value)) }
    private func total(_ value: KeyPath<Round, Int64>) -> String {
        Figures.count(rounds.reduce(0) { $0 + $1[keyPath: value] })
    }

    private static func side(_ report: H2LoadReport) -> String {
        "\(Figures.count((report.requestsPerKilosecond + 500) / 1_000)) req/s, "
            + "\(Figures.count(report.succeeded)) 2xx, mean \(Figures.duration(report.meanMicroseconds)), "
            + "max \(Figures.duration(report.maxMicroseconds))"
    }

    private static func micro(_ nanoseconds: Int64) -> String {
        Figures.decimal(Int128(nanoseconds), scale: 3, decimals: 1) + " µs"
    }

    private static func thousandths(_ value: Int64) -> String { Figures.decimal(Int128(value), scale: 3, decimals: 3) }
}

// MARK: - JSON

extension JournalReport {
    /// The rounds and their medians.
    var json: JSONValue {
        .members([
            ("requests", .integer(Int64(options.requests))),
            ("connections", .integer(Int64(options.connections))),
            ("in_flight", .integer(Int64(options.inFlight))),
            ("tls", .boolean(options.tls)),
            ("io_threads", .integer(Int64(options.ioThreads))),
            ("machine", machine.json),
            ("rounds", .array(rounds.map(Self.json))),
            (
                "median",
                .members([
                    ("requests_per_second", .thousandths(median(\.exchange.requestsPerKilosecond))),
                    ("nghttpd_requests_per_second", .thousandths(median(\.reference.requestsPerKilosecond))),
                    ("ratio", .thousandths(median(\.ratio))),
                    ("server_cpu_microseconds_per_request", .thousandths(median(\.serverCPUNanoseconds))),
                    ("database_cpu_microseconds_per_request", .thousandths(median(\.databaseCPUNanoseconds))),
                    ("nghttpd_cpu_microseconds_per_request", .thousandths(median(\.referenceCPUNanoseconds))),
                    ("commands_per_batch", .thousandths(median(\.batchSize))),
                    ("tables_caught_up_microseconds", .integer(median(\.catchUp.microseconds))),
                ])
            ),
            ("sound", .boolean(isSound)),
        ])
    }

    private static func json(_ round: Round) -> JSONValue {
        .members([
            ("bombyx", json(round.exchange, cpu: round.serverCPUNanoseconds)),
            ("database_cpu_microseconds_per_request", .thousandths(round.databaseCPUNanoseconds)),
            ("commands", .integer(round.commands)),
            ("batches", .integer(round.batches)),
            ("tables_behind_commands", .integer(round.catchUp.lag)),
            ("tables_caught_up_microseconds", .integer(round.catchUp.microseconds)),
            ("resident_bytes", .integer(round.residentBytes)),
            ("nghttpd", json(round.reference, cpu: round.referenceCPUNanoseconds)),
            ("ratio", .thousandths(round.ratio)),
        ])
    }

    private static func json(_ report: H2LoadReport, cpu nanoseconds: Int64) -> JSONValue {
        .members([
            ("requests_per_second", .thousandths(report.requestsPerKilosecond)),
            ("answered_2xx", .integer(report.succeeded)),
            ("mean_microseconds", .integer(report.meanMicroseconds)),
            ("max_microseconds", .integer(report.maxMicroseconds)),
            ("cpu_microseconds_per_request", .thousandths(nanoseconds)),
        ])
    }
}
