internal import Demonstration
internal import JSON

/// What `bombyx bench streams` has measured; times in microseconds.
struct StreamsReport {
    private let options: BenchStreams
    private let machine = MachineFacts()
    /// From the bid to its answer, to the first stream's trade, and to the last one's.
    var answers: [Int64] = []
    var firsts: [Int64] = []
    var lasts: [Int64] = []
    /// Processor time of the server for all of it.
    var cpuMicroseconds: Int64 = 0
    var bytesPerStream: Int64 = 0
    var isComplete = false

    init(_ options: BenchStreams) { self.options = options }

    private var streams: Int64 { Int64(options.connections * options.streams) }
    private var cpuPerEvent: Int64 { cpuMicroseconds / Int64(max(1, answers.count)) }
    private var nanosecondsPerMessage: Int64 { cpuPerEvent * 1_000 / max(1, streams) }

    /// Prints the report and says whether everything held.
    func finish() -> Bool {
        if options.json { Bench.say(json) } else { for line in lines { say(line) } }
        return isComplete
    }

    private static func quantiles(_ times: [Int64]) -> (p50: Int64, p99: Int64, longest: Int64) {
        let sorted = times.sorted()
        guard let last = sorted.last else { return (0, 0, 0) }
        return (sorted[sorted.count / 2], sorted[min(sorted.count - 1, sorted.count * 99 / 100)], last)
    }

    private var rows: [(name: String, times: [Int64])] {
        [("answer", answers), ("first stream", firsts), ("last stream", lasts)]
    }

    private var lines: [String] {
        var table = TextTable("lrrr")
        table.row("from a bid to", "p50", "p99", "longest")
        for row in rows {
            let times = Self.quantiles(row.times)
            let shown = [times.p50, times.p99, times.longest].map(Figures.duration)
            table.row(row.name, shown[0], shown[1], shown[2])
        }
        let transport = options.tls ? "TLS" : "cleartext"
        var lines = [
            "\(Figures.count(streams)) streams on \(Figures.count(options.connections)) connections, \(transport)",
            "  " + machine.line,
        ]
        if MachineFacts.build == "debug" { lines.append("  A DEBUG BUILD: these figures mean nothing") }
        return lines + table.lines() + [
            "  CPU of the server: \(Figures.duration(cpuPerEvent)) a trade, \(nanosecondsPerMessage) ns a stream",
            "  memory of the server: \(Figures.count(bytesPerStream)) bytes a stream",
        ] + (isComplete ? [] : ["  NOT EVERY STREAM GOT EVERY TRADE ONCE"])
    }

    private var json: JSONValue {
        .members(
            [
                ("streams", .integer(streams)),
                ("connections", .integer(Int64(options.connections))),
                ("tls", .boolean(options.tls)),
                ("trades", .integer(Int64(answers.count))),
                ("machine", machine.json),
                ("cpu_microseconds_per_trade", .integer(cpuPerEvent)),
                ("cpu_nanoseconds_per_message", .integer(nanosecondsPerMessage)),
                ("bytes_per_stream", .integer(bytesPerStream)),
            ]
                + rows.map { row in
                    let times = Self.quantiles(row.times)
                    return (
                        row.name.replacing(" ", with: "_") + "_microseconds",
                        .members([
                            ("p50", .integer(times.p50)), ("p99", .integer(times.p99)),
                            ("longest", .integer(times.longest)),
                        ])
                    )
                } + [("sound", .boolean(isComplete))]
        )
    }
}
