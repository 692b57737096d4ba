internal import ArgumentParser
internal import Foundation
internal import Postgres

/// Which database a command works on: the one of `DATABASE_URL`, or the private cluster of a state folder.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The state folder; not used with DATABASE_URL in the environment.")
    var stateDir = ".bombyx"

    /// The longest silence of the database that is borne: about a hundred million rows.
    private static let deadline = Duration.seconds(3_600)

    /// Connects as `role`, whatever else the user may be. A private cluster that no server runs is started for this.
    func withConnection<Value>(_ role: ClusterRole, _ body: (Connection) throws -> Value) throws -> Value {
        if let external = ProcessInfo.processInfo.environment["DATABASE_URL"], !external.isEmpty {
            return try body(connect(external, as: role))
        }
        guard EmbeddedCluster.exists(stateFolder: stateDir) else {
            throw CommandFailure("there is no exchange in \(stateDir)")
        }
        if FileManager.default.fileExists(atPath: StateFolder(path: stateDir).runningPath) {
            let running = try EmbeddedCluster.connectionString(role, stateFolder: stateDir)
            if let connection = try? connect(running, as: nil) { return try body(connection) }
        }
        let cluster = try EmbeddedCluster(try StateLock(folder: stateDir))
        defer { cluster.stop() }
        return try body(connect(cluster.connectionString(role), as: nil))
    }

    private func connect(_ database: String, as role: ClusterRole?) throws -> Connection {
        var settings = Connection.Settings()
        settings.statementDeadline = Self.deadline
        let connection = try Connection(database, settings)
        if let role, role != .owner { try connection.execute("SET ROLE \(role.rawValue)") }
        return connection
    }
}
