internal import ArgumentParser
internal import Units

/// `bombyx bench streams`: one event to many readers.
struct BenchStreams: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "streams",
        abstract: "Time and CPU of one trade that is told to thousands of streams of events.",
        discussion: """
            Opens streams of the channel trades on many connections, lets one offer be bought lot by lot, and counts \
            for each bid the time until its answer, until the first stream and until the last stream have its trade. \
            Every stream must get every trade once.

            Exit codes: 0 when every stream got every trade; 1 when one did not; 2 when it could not be measured; 64 \
            for wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "Connections, 1 to 1,000.")
    var connections = 100

    @Option(help: "Streams on each connection, 1 to \(Limits.streamsPerConnectionMax).")
    var streams = Limits.streamsPerConnectionMax

    @Option(help: "Trades, one after the other, 1 to 10,000.")
    var events = 200

    @Flag(help: "Over TLS.")
    var tls = false

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(connections) else { throw ValidationError("--connections is 1 to 1000.") }
        guard (1...Limits.streamsPerConnectionMax).contains(streams) else {
            throw ValidationError("--streams is 1 to \(Limits.streamsPerConnectionMax).")
        }
        guard (1...10_000).contains(events) else { throw ValidationError("--events is 1 to 10000.") }
    }

    func run() throws {
        let options = ["--event-streams", String(connections * streams)]
        try Bench.measure(options: options) { server in try StreamsRun(self, server).run() }
    }
}
