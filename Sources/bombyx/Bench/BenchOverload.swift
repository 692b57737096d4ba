internal import ArgumentParser

/// `bombyx bench overload`: ten times more than the exchange can do.
struct BenchOverload: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "overload",
        abstract: "What is still done, and for whom, when ten times the peak is asked for.",
        discussion: """
            The peak comes first: single orders that each wait for their commit, in a closed loop at several \
            concurrencies, of which the best is measured once more. The orders are offers with the time in force ioc, \
            which nobody takes: each is journaled, acknowledged and closed, so that the book does not grow and the \
            server's memory says what the load costs.

            Then ten times as many are offered for --duration seconds, whatever the answers do. What finds no stream \
            free is shed by the client and counted; no request waits for a place, and no Retry-After is obeyed. Beside \
            that, each on a connection of its own, one client places orders that rest and cancels them, on a \
            schedule, and another asks /healthz. Afterwards single orders tell how soon all is as it was before: when \
            \(SinglePosts.row) of them in a row have a 99th percentile no worse than the worst of such rows before.

            Exit codes: 0 when at least --goodput-limit of the peak was acknowledged, all was as before within \
            --recovery-limit, every acknowledged order is in the tables, every cancel got through, every refusal said \
            when to come again, memory stayed within its bound, and the sums hold; 1 otherwise; 2 when it could not be \
            measured; 64 for wrong arguments; 130 when it was interrupted.

            The bound of memory is what the server had before, \(OverloadReport.bytesUnderWay) bytes for each request \
            that may be under way, what may wait for the engine, and the events that the tables lacked at the most, up \
            to where the server refuses orders for them; and a quarter of all that, which the allocator may keep.
            """
    )

    @Option(help: "Seconds of overload, 1 to 3,600.")
    var duration = 60

    @Option(help: "Connections of the overload, 1 to 8,192, with \(Self.streams) requests under way on each.")
    var connections = 1_024

    @Option(help: "Seconds for which the peak is measured, 1 to 3,600; --duration unless it is said.")
    var peakSeconds: Int?

    @Option(help: "Cancels a second, and as many orders that rest, 1 to 1,000.")
    var cancels = 20

    @Option(help: "Single orders one after the other before the overload, 100 to 100,000.")
    var singles = 1_000

    @Option(help: "Percent of the peak that must be acknowledged in the overload, up to 1,000; 0 judges nothing.")
    var goodputLimit = 80

    @Option(help: "Seconds after the end within which all must be as before, up to 120; 0 judges nothing.")
    var recoveryLimit = 10

    @Flag(help: "Print the report in JSON.")
    var json = false

    /// Requests under way at once on a connection: what the server grants unless it is told otherwise.
    static let streams = 128
    /// How many times the peak are offered.
    static let factor = 10
    /// Seconds until the server is given up that is not as fast as it was.
    static let recoverySecondsMax = 120
    /// Most milliseconds for which a concurrency is tried.
    private static let trialMillisecondsMax = 5_000

    /// The peak lasts as long as the overload unless it is said otherwise, so that both pay for the database's
    /// checkpoints.
    var peakMilliseconds: Int { (peakSeconds ?? duration) * 1_000 }
    /// For how long each concurrency is tried; the best of them is the peak's.
    var trialMilliseconds: Int { min(peakMilliseconds / 2, Self.trialMillisecondsMax) }

    func validate() throws {
        guard (1...3_600).contains(duration) else { throw ValidationError("--duration is 1 to 3600.") }
        guard (1...8_192).contains(connections) else { throw ValidationError("--connections is 1 to 8192.") }
        guard peakSeconds.map((1...3_600).contains) ?? true else {
            throw ValidationError("--peak-seconds is 1 to 3600.")
        }
        guard (1...1_000).contains(cancels) else { throw ValidationError("--cancels is 1 to 1000.") }
        guard (SinglePosts.row...100_000).contains(singles) else {
            throw ValidationError("--singles is \(SinglePosts.row) to 100000.")
        }
        guard (0...1_000).contains(goodputLimit) else { throw ValidationError("--goodput-limit is 0 to 1000.") }
        guard (0...Self.recoverySecondsMax).contains(recoveryLimit) else {
            throw ValidationError("--recovery-limit is 0 to \(Self.recoverySecondsMax).")
        }
    }

    func run() throws {
        let options = ["--streams", String(Self.streams)]
        try Bench.measure(options: options) { server in try OverloadRun(self, server).run() }
    }
}
