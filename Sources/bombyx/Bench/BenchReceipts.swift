internal import ArgumentParser
internal import Cryptography
internal import Demonstration
internal import Provenance
internal import Units

/// `bombyx bench receipts`: signatures checked, and receipts recorded.
struct BenchReceipts: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts",
        abstract: "Receipts a second that a server verifies and records, beside two verifications on one thread.",
        discussion: """
            Workers hand in receipts that both parties have signed, in batches, each on a connection of its own; every \
            receipt must be recorded, and the log must have all of them.

            Exit codes: 0 when every receipt was recorded; 1 when one was not; 2 when it could not be measured; 64 for \
            wrong arguments; 130 when it was interrupted.
            """
    )

    @Option(help: "Workers, each with one lease and one connection, 1 to 64.")
    var workers = 4

    @Option(help: "Receipts of each worker, 1 to 100,000.")
    var receipts = 5_000

    @Option(help: "Receipts in one request, 1 to \(Limits.receiptsPerBatchMax).")
    var batch = 500

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...64).contains(workers) else { throw ValidationError("--workers is 1 to 64.") }
        guard (1...100_000).contains(receipts) else { throw ValidationError("--receipts is 1 to 100000.") }
        guard (1...Limits.receiptsPerBatchMax).contains(batch) else {
            throw ValidationError("--batch is 1 to \(Limits.receiptsPerBatchMax).")
        }
    }

    func run() throws {
        try Bench.measure { server in try ReceiptsRun(self, server).run() }
    }
}
