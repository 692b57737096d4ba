internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import Postgres

/// `bombyx psql`: the ledger in SQL, read only.
struct Psql: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Open psql on the exchange's database, as bombyx_auditor, who may read everything and change nothing.",
        discussion: """
            Takes the database of the server that runs on the state folder; with DATABASE_URL in the environment, that \
            one, as the user whom it names. What stands behind `--` goes to psql:

              bombyx psql -- -c 'SELECT * FROM ledger.trial_balance'
              bombyx psql -- -c 'SELECT * FROM ledger.invariants'

            Views to begin with: ledger.trial_balance, ledger.statement, ledger.invariants, market.open_orders, \
            market.open_obligations, market.volume_by_day, journal.chain, projection.lag; `\\d+ ledger.*` explains them.
            Exit codes: psql's own; 1 when no server runs or psql is not installed.
            """
    )

    @Option(help: "The state folder of the server.")
    var stateDir = ".bombyx"

    @Flag(help: "Print the command instead of running it.")
    var print = false

    @Argument(parsing: .postTerminator, help: "Arguments for psql.")
    var arguments: [String] = []

    func run() throws {
        do {
            let external = ProcessInfo.processInfo.environment["DATABASE_URL"] ?? ""
            if external.isEmpty {
                try open(running())
            } else {
                try open(external)
            }
        } catch let error where !(error is ExitCode) {
            complain("bombyx psql: \(error)")
            throw ExitCode(1)
        }
    }

    /// The private cluster of the server on the state folder: the kernel says who comes, so there is no secret.
    private func running() throws -> [String] {
        guard let database = try StateFolder(path: stateDir).running().psql else {
            throw CommandFailure("the server uses a database of its own choice: set DATABASE_URL to the same")
        }
        return ["psql", "-X", "-d", database]
    }

    private func open(_ command: [String]) throws {
        guard print else {
            throw ExitCode(Self.become(command + arguments))
        }
        say((command + arguments).map(Self.quoted).joined(separator: " "))
    }

    /// A database that the user named, maybe with a password, which no list of processes may show.
    private func open(_ database: String) throws {
        // Whoever the connection string says that we are, psql may only read.
        let role = "-c role=bombyx_auditor"
        if print {
            say("PGOPTIONS='\(role)' psql -X -d \"$DATABASE_URL\"")
            return
        }
        let connection = try ClientEnvironment(database)
        for variable in connection.variables { unsafe setenv(variable.name, variable.value, 1) }
        unsafe setenv("PGOPTIONS", role, 1)
        let rest = connection.openSettings.isEmpty ? [] : ["-d", connection.openSettings]
        throw ExitCode(Self.become(["psql", "-X"] + rest + arguments))
    }

    /// Replaces this process by psql, so that the terminal and its signals are psql's. Returns only if that fails.
    private static func become(_ command: [String]) -> Int32 {
        var arguments = unsafe command.map { unsafe strdup($0) }
        unsafe arguments.append(nil)
        unsafe execvp("psql", arguments)
        let reason = unsafe String(cString: strerror(errno))
        complain("bombyx psql: psql cannot be started (\(reason)): install postgresql-client")
        return 1
    }

    /// In single quotes for a shell, where needed.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy {
            $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "/") || isalnum(Int32($0)) != 0
        }
        return isPlain && !text.isEmpty ? text : "'" + text.replacingOccurrences(of: "'", with: "'\\''") + "'"
    }
}
