internal import ArgumentParser
internal import Units

/// `bombyx bench requests`: what reading costs, and what a batch of orders saves.
struct BenchRequests: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "requests",
        abstract: "The book beside nghttpd with a file, and orders in batches beside orders one by one.",
        discussion: """
            A round has four loads of h2load, in turns: GET /v1/book of a book of \(RequestsRun.levels) prices, then \
            from nghttpd a file of as many bytes as that answer has; POST /v1/orders:batch with offers that rest, then \
            as many of these offers one by one, with POST /v1/offers. The ratio of the first two is that of the \
            servers' processor time for a request, of the other two that of orders a second.

            Needs h2load and nghttpd (Debian: nghttp2-client, nghttp2-server).

            Exit codes: 0 when every request was answered with 2xx and every order rests; 1 otherwise; 2 when it could \
            not be measured; 64 for wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "How often all are measured; medians are taken of so many, 1 to 100.")
    var rounds = 5

    @Option(help: "Requests for the book, and for nghttpd's file, in a round; 100 to 100,000,000.")
    var requests = 200_000

    @Option(help: "Orders of a round in batches, and of one by one; a multiple of --batch.")
    var orders = 50_000

    @Option(help: "Orders in one request, 1 to \(Limits.batchOrdersMax).")
    var batch = 500

    @Option(help: "Connections, 1 to 1,024.")
    var connections = 32

    @Option(help: "Requests under way at once on each connection, 1 to 128.")
    var inFlight = 32

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...100).contains(rounds) else { throw ValidationError("--rounds is 1 to 100.") }
        guard (100...100_000_000).contains(requests) else { throw ValidationError("--requests is 100 to 100000000.") }
        guard (1...Limits.batchOrdersMax).contains(batch) else {
            throw ValidationError("--batch is 1 to \(Limits.batchOrdersMax).")
        }
        guard (1...1_024).contains(connections) else { throw ValidationError("--connections is 1 to 1024.") }
        guard (1...128).contains(inFlight) else { throw ValidationError("--in-flight is 1 to 128.") }
        guard orders > 0, orders.isMultiple(of: batch) else {
            throw ValidationError("--orders is a multiple of --batch.")
        }
        guard orders <= RequestsRun.ordersMax / (2 * rounds) else {
            throw ValidationError("2 × --rounds × --orders is at most \(RequestsRun.ordersMax).")
        }
    }

    func run() throws {
        try Bench.measure { server in try RequestsRun(self, server).run() }
    }
}
