internal import ArgumentParser
internal import Postgres
internal import Store

/// `bombyx replay`: the journal carried out again.
struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Carry out the journal again, and prove that every digest and every row follows from it.",
        discussion: """
            Begins at the newest checkpoint. What is older cannot be derived from there: the report counts it; \
            --from-start, and exported files for what was dropped, prove all of it. Works beside a running server.
            Exit codes: 0 when all follows; 1 and the first difference when not; 2 when it cannot run.
            """
    )

    @Option(help: "Begin at the checkpoint of this batch.")
    var from: Int64?

    @Flag(help: "Begin with the first batch.")
    var fromStart = false

    @Option(help: "An exported file with batches before those of the database; several in order.", completion: .file())
    var file: [String] = []

    @OptionGroup var database: DatabaseOptions

    func validate() throws {
        guard from == nil || !fromStart else { throw ValidationError("--from and --from-start exclude each other.") }
    }

    func run() throws {
        let isWhole = fromStart || !file.isEmpty && from == nil
        let start: Verification.Start = isWhole ? .beginning : from.map { .checkpoint($0) } ?? .newestCheckpoint
        try Proof(name: "replay", database: database, files: file).run(from: start, checksInvariants: false)
    }
}

/// What `bombyx replay` and `bombyx verify` do.
struct Proof {
    let name: String
    let database: DatabaseOptions
    let files: [String]

    func run(from start: Verification.Start, checksInvariants: Bool) throws {
        do {
            try database.withConnection(.auditor) { connection in
                let report = try Verification(connection, from: start, earlier: JournalFiles.source(files)).run()
                for line in lines(report) { say(line) }
                if checksInvariants { try check(connection) }
            }
        } catch VerificationError.difference(let sentence) {
            say("DIFFERENCE \(sentence)")
            throw ExitCode(1)
        } catch VerificationError.cannotRun(let reason) {
            complain("bombyx \(name): \(reason)")
            throw ExitCode(2)
        } catch let error where !(error is ExitCode) {
            complain("bombyx \(name): \(error)")
            throw ExitCode(2)
        }
    }

    private func check(_ connection: Connection) throws {
        let rules = try Invariant.check(connection)
        let broken = rules.filter { $0.violations > 0 }
        for rule in broken { say("DIFFERENCE ledger.invariants: \(rule.name): \(rule.violations) violations") }
        guard broken.isEmpty else { throw ExitCode(1) }
        say("\(rules.count) rules of ledger.invariants hold")
    }

    private func lines(_ report: Verification.Report) -> [String] {
        let start = report.startBatch == 0 ? "the start" : "the checkpoint of batch \(report.startBatch)"
        var lines = [
            "replayed \(report.lastBatch - report.startBatch) batches from \(start) to batch \(report.lastBatch), "
                + "sequence \(report.lastSequence): every digest follows",
            "compared \(report.rows) rows at batch \(report.tablesBatch): every column follows",
            "\(report.checkpoints) checkpoints have their SHA-256",
        ]
        for (table, count) in report.notDerivable.sorted(by: { $0.key < $1.key }) {
            lines.append("not proven: \(count) rows of \(table) are older than the checkpoint")
        }
        return lines
    }
}
