internal import ArgumentParser
internal import Postgres
internal import Store

/// `bombyx journal`: the old part of the journal.
struct Journal: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Export and drop the old part of the journal.",
        subcommands: [Export.self, Drop.self]
    )

    /// `bombyx journal export`.
    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the batches before a number into a file.",
            discussion: """
                Each batch is found to continue the one before; the file ends with the SHA-256 of all of it. \
                Works beside a running server. Exit codes: 0; 1 when it cannot be done.
                """
        )

        @Option(help: "The first batch that is not exported.")
        var before: Int64

        @Argument(help: "The file to write; it must not be there yet.", completion: .file())
        var file: String

        @OptionGroup var database: DatabaseOptions

        func run() throws {
            try attempt("journal export") {
                let count = try database.withConnection(.auditor) { connection in
                    try JournalFiles.write(file) { try JournalArchive.export(before: before, connection, $0) }
                }
                say("\(count) batches are in \(file)")
            }
        }
    }

    /// `bombyx journal drop`.
    struct Drop: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Drop whole partitions of the journal that were exported.",
            discussion: """
                Every batch that goes must be in the file, byte by byte; a checkpoint that the journal has announced \
                must lie behind all of them. Needs the rights of the database's owner; the server has none to drop \
                anything. Works beside a running server. Exit codes: 0; 1 when nothing was dropped.
                """
        )

        @Option(help: "Only partitions that end before this batch are dropped.")
        var before: Int64

        @Option(help: "What `bombyx journal export` wrote.", completion: .file())
        var file: String

        @OptionGroup var database: DatabaseOptions

        func run() throws {
            try attempt("journal drop") {
                let dropped = try database.withConnection(.owner) { connection in
                    try JournalArchive.drop(before: before, exportedTo: JournalFiles.reader(file), connection)
                }
                for partition in dropped { say("dropped batches \(partition.first) to \(partition.end - 1)") }
            }
        }
    }
}

/// Runs a command; an error becomes a sentence and exit code 1.
private func attempt(_ name: String, _ body: () throws -> Void) throws {
    do {
        try body()
    } catch {
        complain("bombyx \(name): \(error)")
        throw ExitCode(1)
    }
}
