internal import Glibc
internal import Synchronization

/// A private PostgreSQL server under the state folder: made at the first start, reachable only through a Unix socket
/// and only by the user who started the program, stopped with it. The distribution's own clusters are not touched.
///
/// If this process dies in any way, the kernel tells the server to shut down; the next start waits for that.
package final class EmbeddedCluster: Sendable {
    /// What can be chosen about a cluster.
    package struct Settings: Sendable {
        package var alternatives = ClusterPlace.Alternatives()
        /// Time to accept the first connection. After a crash the server first replays up to `max_wal_size` of log.
        package var startDeadline = Duration.seconds(300)
        /// Time for a fast shutdown, which writes what is in memory, before it is cut short.
        package var stopDeadline = Duration.seconds(30)

        package init() {}
    }

    /// The database that the exchange uses.
    package static let databaseName = "bombyx"

    package let place: ClusterPlace
    package let binaries: ServerBinaries
    private let configuration: ClusterConfiguration
    private let settings: Settings
    /// Kept, so that nobody else can start a server on the folder while this one may run.
    private let lock: StateLock
    private let process = Mutex<ChildProcess?>(nil)

    /// Starts the cluster of a state folder, making it if the folder has none. Returns when it accepts connections,
    /// the database ``databaseName`` exists, and the roles of ``ClusterRole`` can connect.
    package init(_ lock: StateLock, _ settings: Settings = Settings()) throws(ClusterError) {
        let user = try SystemUser.current()
        let owner = try SystemUser.clusterOwner(startedBy: user)
        place = try ClusterPlace.choose(state: lock.folder, owner: owner, settings.alternatives)
        configuration = ClusterConfiguration(place: place, owner: owner, user: user)
        binaries = try Self.findBinaries(for: place)
        self.settings = settings
        self.lock = lock
        try place.make(owner: owner, startedBy: user)
        try start()
    }

    deinit { stop() }

    /// A connection string of libpq for a role. By default for the exchange's own database.
    package func connectionString(_ role: ClusterRole, database: String = databaseName) -> String {
        configuration.connectionString(role, database: database)
    }

    /// The connection string for the cluster of a state folder that another process of this user runs.
    package static func connectionString(
        _ role: ClusterRole,
        stateFolder: String,
        _ settings: Settings = Settings()
    ) throws(ClusterError) -> String {
        let user = try SystemUser.current()
        let owner = try SystemUser.clusterOwner(startedBy: user)
        let state = try Files.resolved(stateFolder)
        let place = try ClusterPlace.choose(state: state, owner: owner, settings.alternatives)
        let configuration = ClusterConfiguration(place: place, owner: owner, user: user)
        return configuration.connectionString(role, database: databaseName)
    }

    /// Whether the state folder has a cluster already. Looks, and makes nothing.
    package static func exists(stateFolder: String, _ settings: Settings = Settings()) -> Bool {
        guard let state = try? Files.resolved(stateFolder), let user = try? SystemUser.current(),
            let owner = try? SystemUser.clusterOwner(startedBy: user),
            let place = try? ClusterPlace.choose(state: state, owner: owner, settings.alternatives)
        else { return false }
        return Files.exists(place.data)
    }

    /// A sentence for the person who started the program, when the cluster is not where it is to be expected.
    package var notice: String? { place.notice }

    /// Whether the server's process runs. It restarts sessions that crash by itself; only its own end needs
    /// ``restart()``.
    package var isAlive: Bool { process.withLock { $0.map { $0.exit == nil } ?? false } }

    /// The server's process id, while there is one.
    package var processID: Int32? { process.withLock { $0.flatMap { $0.exit == nil ? $0.pid : nil } } }

    /// Waits until the server's process has ended, up to `duration`; returns whether it has.
    package func waitForEnd(_ duration: Duration) -> Bool {
        guard let child = process.withLock({ $0 }) else { return true }
        return child.wait(for: duration) != nil
    }

    /// Starts the server again after its end, also after ``stop()``; does nothing while it runs. Clears away what a
    /// dead one left. ``RestartPolicy`` says when.
    package func restart() throws(ClusterError) {
        guard !isAlive else { return }
        try start()
    }

    /// Stops the server: fast, then at once, then by force; it is gone on return. Sessions still open are ended.
    ///
    /// One that lets nobody in cannot be waited for: it is stopped at once, which loses nothing that was committed.
    package func stop() {
        guard let child = process.withLock({ $0 }) else { return }
        let steps = [
            (SIGINT, settings.stopDeadline), (SIGQUIT, Predecessor.immediateShutdown),
            (SIGKILL, Predecessor.immediateShutdown),
        ]
        for (signal, duration) in letsIn() ? steps[...] : steps.dropFirst() {
            child.send(signal)
            if child.wait(for: duration) != nil { break }
        }
        // The log's writer outlives the server for a moment, a killed server's children for longer.
        try? predecessor.stop()
        process.withLock { $0 = nil }
    }
}

// MARK: - Starting

extension EmbeddedCluster {
    /// Whether a session can be had within 2 s.
    private func letsIn() -> Bool {
        var settings = Connection.Settings()
        settings.connectTimeout = .seconds(2)
        return (try? Connection(connectionString(.owner, database: "postgres"), settings)) != nil
    }

    private static func findBinaries(for place: ClusterPlace) throws(ClusterError) -> ServerBinaries {
        let version = Files.text(place.data + "/PG_VERSION").flatMap { Int($0.prefix { $0 != "\n" }) }
        if let binaries = try ServerBinaries.find(major: version) { return binaries }
        guard let version else { throw .serverNotFound }
        throw .versionNotFound(major: version, data: place.data)
    }

    private var predecessor: Predecessor {
        Predecessor(clusterName: place.clusterName, owner: configuration.owner)
    }

    private func start() throws(ClusterError) {
        try predecessor.stop()
        predecessor.clear(lockFiles: place.lockFiles, data: place.data)
        if !Files.exists(place.data) { try initialize() }
        try writeConfiguration()

        let log = unsafe open(place.startLog, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard log >= 0 else { throw Files.failure("open", place.startLog) }
        defer { close(log) }
        // SIGINT is a fast shutdown: the log is written to its end, and the next start has nothing to repair.
        let arguments = configuration.arguments + ["-c", "wal_compression=\(try logCompression())"]
        let child = try ChildProcess(command("postgres", arguments, deathSignal: SIGINT), output: log)
        process.withLock { $0 = child }
        try waitUntilReady(child)
    }

    private func command(_ program: String, _ arguments: [String], deathSignal: Int32) -> ChildProcess.Command {
        ChildProcess.Command(
            path: "\(binaries.folder)/\(program)",
            arguments: arguments,
            user: configuration.user.isRoot ? configuration.owner : nil,
            deathSignal: deathSignal
        )
    }

    /// Makes the data folder under another name and moves it, so that a first start that is cut short leaves nothing
    /// that looks like a cluster.
    private func initialize() throws(ClusterError) {
        let draft = place.data + ".new"
        if Files.exists(draft) {
            let remove = ChildProcess.Command(
                path: "/bin/rm",
                arguments: ["-rf", "--", draft],
                user: nil,
                deathSignal: SIGTERM
            )
            _ = try ChildProcess.run(remove, deadline: .seconds(60))
        }
        try Files.makeFolder(draft, mode: 0o700, owner: configuration.user.isRoot ? configuration.owner : nil)
        let arguments = [
            "-D", draft, "-U", ClusterRole.owner.rawValue, "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums",
            "--auth=peer", "--no-sync",
        ]
        let initdb = command("initdb", arguments, deathSignal: SIGTERM)
        let (exit, output) = try ChildProcess.run(initdb, deadline: .seconds(60))
        guard exit == .code(0) else {
            throw .initializationFailed(output.split(separator: "\n").joined(separator: "; "))
        }
        // initdb would bring its thousand files to the disk one by one, which takes seconds on a busy one.
        try Files.sync(draft)
        try Files.move(draft, to: place.data)
        try Files.syncNames(in: place.folder)
    }

    /// The best compression of the log that this build of PostgreSQL has: a fifth less for the journal's rows.
    private func logCompression() throws(ClusterError) -> String {
        let question = ["-D", place.data, "-C", "wal_compression", "-c", "wal_compression=lz4"]
        let (exit, _) = try ChildProcess.run(
            command("postgres", question, deathSignal: SIGTERM),
            deadline: .seconds(10)
        )
        return exit == .code(0) ? "lz4" : "pglz"
    }

    private func writeConfiguration() throws(ClusterError) {
        let files = [
            ("postgresql.conf", PackageResources.postgresql_conf),
            ("pg_hba.conf", Array(configuration.authentication.utf8)),
            ("pg_ident.conf", Array(configuration.identities.utf8)),
        ]
        for (name, bytes) in files { try Files.write(bytes, to: "\(place.configuration)/\(name)", mode: 0o644) }
    }

    /// Connects until it works. A server that is still repairing says so; one that has ended cannot.
    private func waitUntilReady(_ child: ChildProcess) throws(ClusterError) {
        let deadline = ContinuousClock.now + settings.startDeadline
        var reason = "it accepted no connection"
        while ContinuousClock.now < deadline {
            do throws(PostgresError) {
                return try prepareDatabase(try Connection(connectionString(.owner, database: "postgres")))
            } catch {
                guard case .connectionFailed(let text) = error else { throw .database(error) }
                reason = text
            }
            // Waits a moment, or as long as it takes the server to end.
            if let exit = child.wait(for: .milliseconds(10)) {
                throw .startFailed("it ended with \(exit)", log: Files.tail(place.startLog))
            }
        }
        stop()
        throw .startFailed(reason, log: Files.tail(place.startLog))
    }

    /// What a new cluster lacks: the two roles, without any rights, and the database.
    private func prepareDatabase(_ connection: Connection) throws(PostgresError) {
        for role in [ClusterRole.server, .auditor] {
            let found = try connection.execute("SELECT FROM pg_roles WHERE rolname = $1", [.text(role.rawValue)])
            if found.isEmpty { try connection.run(script: "CREATE ROLE \(role.rawValue) LOGIN") }
        }
        let database = Self.databaseName
        let found = try connection.execute("SELECT FROM pg_database WHERE datname = $1", [.text(database)])
        if found.isEmpty { try connection.run(script: "CREATE DATABASE \(database)") }
    }
}
