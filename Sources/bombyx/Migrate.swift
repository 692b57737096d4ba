internal import ArgumentParser
internal import Foundation
internal import Postgres
internal import Store

/// `bombyx migrate`: the database brought up to date.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring the database up to date.",
        discussion: """
            With DATABASE_URL in the environment, that database; its user must be a superuser, or own the database \
            while the roles bombyx_server and bombyx_auditor exist. Without it, the private cluster of the state \
            folder, which is started for this; `bombyx serve` does the same by itself.

            Migrations go forward only, each in a transaction of its own with its checks. One that was changed after \
            it had been applied, or that this program does not know, is refused.
            Exit codes: 0 when the database is up to date, or for --dry-run; 1 when it cannot be brought there.
            """
    )

    @Option(help: "The state folder of the private cluster.")
    var stateDir = ".bombyx"

    @Flag(help: "Say what would be done and change nothing.")
    var dryRun = false

    func run() throws {
        do {
            if let external = ProcessInfo.processInfo.environment["DATABASE_URL"], !external.isEmpty {
                try migrate(Connection(external))
            } else if dryRun, !EmbeddedCluster.exists(stateFolder: stateDir) {
                for migration in Schema.migrations { say("would apply \(migration) to a new private cluster") }
            } else {
                let cluster = try EmbeddedCluster(try StateLock(folder: stateDir))
                defer { cluster.stop() }
                try migrate(Connection(cluster.connectionString(.owner)))
            }
        } catch {
            complain("bombyx migrate: \(error)")
            throw ExitCode(1)
        }
    }

    private func migrate(_ connection: Connection) throws {
        if dryRun {
            let pending = try Schema.plan(connection)
            for migration in pending { say("would apply \(migration)") }
            if pending.isEmpty { say("the database is up to date") }
        } else {
            let done = try Schema.migrate(connection)
            for migration in done { say("applied \(migration)") }
            say("the database is up to date")
        }
    }
}
