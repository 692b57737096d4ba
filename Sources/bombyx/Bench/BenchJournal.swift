internal import ArgumentParser

/// `bombyx bench journal`: what an acknowledgement costs.
struct BenchJournal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "Orders a second, each one durable before its answer, beside nghttpd with a static file.",
        discussion: """
            The thin path: POST /v1/offers, engine, journal row, COMMIT, 201. h2load posts offers that rest, without \
            an idempotency key; then it posts the same to nghttpd, nghttp2's own server, which answers with a file of \
            81 bytes from its memory and keeps nothing. Both stand in the same round, because a machine is not the \
            same from minute to minute. The tables that follow the journal are written on the same processors: how \
            far they were behind, and how long they took, is told too. Processor time is that of the whole round \
            until the tables show all.

            Needs h2load and nghttpd (Debian: nghttp2-client, nghttp2-server). h2load takes the API key as an \
            argument, so that it is in the list of processes; the exchange that it is for ends with the measurement.

            Exit codes: 0 when every request was answered with 2xx; 1 when one was not; 2 when it could not be \
            measured; 64 for wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "How often both are measured; medians are taken of so many.")
    var rounds = 5

    @Option(help: "Requests of a round to each server.")
    var requests = 100_000

    @Option(help: "Connections, 1 to 1,024.")
    var connections = 32

    @Option(help: "Requests under way at once on each connection, 1 to 1,024.")
    var inFlight = 32

    @Flag(help: "Over TLS, with the exchange's self-signed certificate in both servers.")
    var tls = false

    @Option(help: "Threads of the network, of both servers.")
    var ioThreads = 1

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds is 1 to 1000.") }
        guard (1...1_024).contains(connections) else { throw ValidationError("--connections is 1 to 1024.") }
        guard (1...1_024).contains(inFlight) else { throw ValidationError("--in-flight is 1 to 1024.") }
        guard (1...256).contains(ioThreads) else { throw ValidationError("--io-threads is 1 to 256.") }
        guard requests >= connections else { throw ValidationError("--requests is at least --connections.") }
        guard requests <= JournalRun.ordersMax / rounds else {
            throw ValidationError("--rounds times --requests is at most \(JournalRun.ordersMax).")
        }
    }

    /// Requests that both servers let a client have under way on a connection.
    var streams: Int { max(256, inFlight) }

    func run() throws {
        let options = ["--streams", String(streams), "--io-threads", String(ioThreads)]
        try Bench.measure(options: options) { server in try JournalRun(self, server).run() }
    }
}
