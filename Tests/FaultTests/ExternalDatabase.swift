import Postgres
import PostgresTesting
import ProgramTesting

/// A database of the test cluster with our tables, for servers that are given `DATABASE_URL`.
struct ExternalDatabase {
    /// libpq's string through the cluster's socket, as the owner.
    let owner: String
    private let name: String
    private let socketFolder: String

    init() throws {
        let shared = try TestCluster.shared()
        name = try shared.makeDatabase()
        owner = shared.cluster.connectionString(.owner, database: name)
        socketFolder = shared.cluster.place.socketFolder
        // As an operator does it.
        try TestServer.run(["migrate"], environment: ["DATABASE_URL": owner])
    }

    /// The file to which a proxy connects.
    var socket: String { socketFolder + "/.s.PGSQL.5432" }

    /// libpq's string through a proxy on this machine.
    func url(port: UInt16) -> String {
        "host=127.0.0.1 port=\(port) user=bombyx dbname=\(name) sslmode=disable gssencmode=disable"
    }

    /// Ends every session of the server, as an administrator would.
    func endSessions() throws {
        let connection = try Connection(owner)
        try connection.execute(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
            """
        )
    }
}
