internal import ArgumentParser
internal import Demonstration

/// `bombyx bench projector`: how fast the tables can follow.
struct BenchProjector: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projector",
        abstract: "Trades a second into the tables, with orders, leases, transfers and balances, beside bare COPY.",
        discussion: """
            Starts a PostgreSQL of its own with the exchange's settings and tables. The engine makes trades (an offer, \
            then a bid that takes it), and the projector writes them in transactions as large as the server's: rows of \
            orders, trades, leases, transfers and requests are copied in, orders and balances are changed.

            The peer is COPY: the server writes the rows that a round has added into files, and reads them again into \
            tables of the same columns, checks and indexes; one statement a table, nothing changed, nothing computed, \
            no client. Rows are those that were added; changed ones are not counted.

            Exit codes: 0; 1 when the tables do not show what the engine did; 2 when it could not be measured; 64 for \
            wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "Commands of a round, 2 to 2,000,000: offers and bids in turns.")
    var commands = 200_000

    @Option(help: "Commands of a batch of the journal, 1 to 100,000.")
    var batch = 256

    @Option(help: "Events of a transaction at most; the server has 60,000.")
    var events = 60_000

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (2...2_000_000).contains(commands) else { throw ValidationError("--commands is 2 to 2000000.") }
        guard (1...100_000).contains(batch) else { throw ValidationError("--batch is 1 to 100000.") }
        guard (1...10_000_000).contains(events) else { throw ValidationError("--events is 1 to 10000000.") }
    }

    func run() throws {
        try Bench.measure { server in
            let run = try ProjectorRun(self, folder: server.stateFolder)
            defer { run.stop() }
            return try run.run()
        }
    }
}
