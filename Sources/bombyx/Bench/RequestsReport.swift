internal import Demonstration
internal import JSON

/// What `bombyx bench requests` has measured.
struct RequestsReport {
    private let options: BenchRequests
    private let machine = MachineFacts()
    var rounds: [Round] = []
    /// Orders of the worker at the end.
    var openOrders: Int64 = 0

    init(_ options: BenchRequests) { self.options = options }

    /// The book of the exchange, then a file of nghttpd.
    struct Read {
        /// Bytes of the answer, and of the file.
        let bytes: Int64
        let book: H2LoadReport
        /// A request's share of the server's processor time.
        let bookCPUNanoseconds: Int64
        let file: H2LoadReport
        let fileCPUNanoseconds: Int64
    }

    /// Orders in batches, then one by one.
    struct Placed {
        let batches: H2LoadReport
        let singles: H2LoadReport
    }

    struct Round {
        let read: Read
        let placed: Placed

        /// Processor time for the book in thousandths of nghttpd's for the file.
        var readRatio: Int64 { read.bookCPUNanoseconds * 1_000 / max(1, read.fileCPUNanoseconds) }
    }

    /// Orders a second in batches, of 1,000 seconds.
    private func batched(_ round: Round) -> Int64 {
        round.placed.batches.requestsPerKilosecond * Int64(options.batch)
    }

    /// Orders a second in batches in thousandths of those one by one.
    private func placedRatio(_ round: Round) -> Int64 {
        let ratio = Int128(batched(round)) * 1_000 / Int128(max(1, round.placed.singles.requestsPerKilosecond))
        return Int64(clamping: ratio)
    }

    /// Every request was answered with 2xx, and every order rests.
    var isSound: Bool {
        let all = rounds.allSatisfy { round in
            round.read.book.succeeded == Int64(options.requests) && round.read.file.succeeded == Int64(options.requests)
                && round.placed.batches.succeeded == Int64(options.orders / options.batch)
                && round.placed.singles.succeeded == Int64(options.orders)
        }
        return all && openOrders == Int64(2 * options.orders * rounds.count + RequestsRun.levels)
    }

    var title: String {
        """
        GET /v1/book beside nghttpd with as many bytes; orders in batches of \(options.batch) beside single ones
          h2load -c \(options.connections) -m \(options.inFlight), cleartext; requests \(options.requests), \
        orders \(options.orders) a round
          \(machine.line)
        """
    }

    /// One round in one line.
    func line(_ round: Round, number: Int) -> String {
        let read = round.read
        return "  round \(number): book \(Self.rate(read.book)) req/s, CPU \(Self.micro(read.bookCPUNanoseconds)); "
            + "nghttpd \(Self.rate(read.file)) req/s, CPU \(Self.micro(read.fileCPUNanoseconds)); "
            + "CPU ratio \(Self.thousandths(round.readRatio)); batches \(Self.whole(batched(round))) orders/s, "
            + "single \(Self.rate(round.placed.singles)); ratio \(Self.thousandths(placedRatio(round)))"
    }

    /// The medians.
    var summary: [String] {
        var table = TextTable("lrr")
        table.row("", "bombyx", "nghttpd")
        table.row(
            "GET /v1/book a second",
            whole { $0.read.book.requestsPerKilosecond },
            whole { $0.read.file.requestsPerKilosecond }
        )
        table.row(
            "CPU a request of \(Figures.count(median { $0.read.bytes })) bytes",
            Self.micro(median { $0.read.bookCPUNanoseconds }),
            Self.micro(median { $0.read.fileCPUNanoseconds })
        )
        table.row("orders a second in batches of \(options.batch)", whole(batched), "–")
        table.row("orders a second one by one", whole { $0.placed.singles.requestsPerKilosecond }, "–")
        var lines = ["", "Medians of \(rounds.count) rounds"] + table.lines()
        lines.append("  ratio of CPU, the book to nghttpd's file: \(Self.thousandths(median(\.readRatio)))")
        lines.append("  ratio of orders a second, batches to single ones: \(Self.thousandths(median(placedRatio)))")
        if !isSound { lines.append("  NOT EVERY REQUEST WAS ANSWERED WITH 2xx, OR NOT EVERY ORDER RESTS") }
        return lines
    }

    /// The middle of all rounds, the lower one of two.
    private func median(_ value: (Round) -> Int64) -> Int64 {
        let sorted = rounds.map(value).sorted()
        return sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
    }

    private func whole(_ value: (Round) -> Int64) -> String { Self.whole(median(value)) }

    private static func whole(_ perKilosecond: Int64) -> String { Figures.count((perKilosecond + 500) / 1_000) }
    private static func rate(_ report: H2LoadReport) -> String { whole(report.requestsPerKilosecond) }

    private static func micro(_ nanoseconds: Int64) -> String {
        Figures.decimal(Int128(nanoseconds), scale: 3, decimals: 2) + " µs"
    }

    private static func thousandths(_ value: Int64) -> String { Figures.decimal(Int128(value), scale: 3, decimals: 3) }

    // MARK: JSON

    /// The rounds and their medians.
    var json: JSONValue {
        .members([
            ("rounds", .array(rounds.map(json))),
            ("requests", .integer(Int64(options.requests))),
            ("orders", .integer(Int64(options.orders))),
            ("batch", .integer(Int64(options.batch))),
            ("connections", .integer(Int64(options.connections))),
            ("in_flight", .integer(Int64(options.inFlight))),
            ("machine", machine.json),
            ("median_book_cpu_ratio", .thousandths(median(\.readRatio))),
            ("median_batch_ratio", .thousandths(median(placedRatio))),
            ("open_orders", .integer(openOrders)),
            ("sound", .boolean(isSound)),
        ])
    }

    private func json(_ round: Round) -> JSONValue {
        .members([
            ("book_bytes", .integer(round.read.bytes)),
            ("book_requests_per_second", .thousandths(round.read.book.requestsPerKilosecond)),
            ("book_cpu_microseconds_per_request", .thousandths(round.read.bookCPUNanoseconds)),
            ("nghttpd_requests_per_second", .thousandths(round.read.file.requestsPerKilosecond)),
            ("nghttpd_cpu_microseconds_per_request", .thousandths(round.read.fileCPUNanoseconds)),
            ("book_cpu_ratio", .thousandths(round.readRatio)),
            ("batch_orders_per_second", .thousandths(batched(round))),
            ("single_orders_per_second", .thousandths(round.placed.singles.requestsPerKilosecond)),
            ("batch_ratio", .thousandths(placedRatio(round))),
        ])
    }
}
