import Glibc
import PostgresTesting
import Testing

@testable import Postgres

@Suite struct EmbeddedClusterTests {
    private func start(_ folder: TemporaryFolder) throws -> EmbeddedCluster {
        try EmbeddedCluster(try StateLock(folder: folder.path + "/state"))
    }

    private func processes(of cluster: EmbeddedCluster) throws -> [Predecessor.Process] {
        let owner = try SystemUser.clusterOwner(startedBy: .current())
        return Predecessor(clusterName: cluster.place.clusterName, owner: owner).processes()
    }

    @Test func `An empty folder becomes a running cluster`() throws {
        let folder = try TemporaryFolder()
        let cluster = try start(folder)
        #expect(cluster.isAlive)
        #expect(cluster.notice == nil)
        #expect(cluster.place.folder == "\(folder.path)/state/postgres")

        cluster.stop()
        try cluster.restart()
        for role in ClusterRole.allCases {
            let state = folder.path + "/./state"
            #expect(try EmbeddedCluster.connectionString(role, stateFolder: state) == cluster.connectionString(role))
            let connection = try Connection(cluster.connectionString(role))
            let row = try connection.execute("SELECT current_user::text, current_database()::text").onlyRow()
            #expect(try row.text(0) == role.rawValue)
            #expect(try row.text(1) == "bombyx")
        }
    }

    @Test func `What was committed is there after a restart, and stopping leaves no process`() throws {
        let folder = try TemporaryFolder()
        let cluster = try start(folder)
        let owner = try Connection(cluster.connectionString(.owner))
        try owner.run(script: "CREATE TABLE t AS SELECT 7::int8 AS id")
        let processes = try processes(of: cluster)
        #expect(processes.filter(\.isPostmaster).count == 1)
        #expect(processes.count > 3, "the server and its children")
        #expect(processes.contains { $0.pid == cluster.processID && $0.isPostmaster })

        cluster.stop()
        #expect(try self.processes(of: cluster) == [])
        #expect(!cluster.isAlive)
        #expect(cluster.processID == nil)
        #expect(throws: PostgresError.self) { try owner.execute("SELECT 1") }
        try cluster.restart()
        let again = try Connection(cluster.connectionString(.owner))
        #expect(try again.execute("SELECT id FROM t").onlyRow().int8(0) == 7)
    }

    @Test func `A server that was killed is started again over what it left`() throws {
        let folder = try TemporaryFolder()
        let cluster = try start(folder)
        let busy = try Connection(cluster.connectionString(.owner))
        try busy.run(script: "CREATE TABLE t AS SELECT 7::int8 AS id")
        let before = try #require(cluster.processID)
        kill(before, SIGKILL)
        #expect(cluster.waitForEnd(.seconds(10)))
        #expect(!cluster.isAlive)
        #expect(Files.exists(cluster.place.data + "/postmaster.pid"), "a killed server leaves its file")

        try cluster.restart()
        #expect(cluster.isAlive)
        #expect(cluster.processID != before)
        let again = try Connection(cluster.connectionString(.server))
        #expect(try again.execute("SELECT 1::int8").onlyRow().int8(0) == 1)
        let owner = try Connection(cluster.connectionString(.owner))
        #expect(try owner.execute("SELECT id FROM t").onlyRow().int8(0) == 7)
    }

    @Test func `A server that another process left running is stopped before ours starts`() throws {
        let folder = try TemporaryFolder()
        var cluster: EmbeddedCluster? = try start(folder)
        let place = try #require(cluster).place
        let binaries = try #require(cluster).binaries
        cluster = nil

        let user = try SystemUser.current()
        let owner = try SystemUser.clusterOwner(startedBy: user)
        let configuration = ClusterConfiguration(place: place, owner: owner, user: user)
        let command = ChildProcess.Command(
            path: binaries.folder + "/postgres",
            arguments: configuration.arguments,
            user: user.isRoot ? owner : nil,
            deathSignal: SIGINT
        )
        let left = try ChildProcess(command, output: 1)
        try waitUntilConnectable(configuration.connectionString(.server, database: "bombyx"))

        let next = try start(folder)
        #expect(left.wait(for: .seconds(5)) == .code(0), "a fast shutdown, not a kill")
        #expect(next.isAlive)
        #expect(try processes(of: next).filter(\.isPostmaster).map(\.pid) == [next.processID])
    }

    private func waitUntilConnectable(_ string: String) throws {
        try waitUntil { (try? Connection(string)) != nil }
    }

    @Test func `A server whose program was killed shuts down by itself, fast and clean`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path
        await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
            let cluster = try EmbeddedCluster(try StateLock(folder: path + "/state"))
            let owner = try Connection(cluster.connectionString(.owner))
            try owner.run(script: "CREATE TABLE t AS SELECT 7::int8 AS id")
            kill(getpid(), SIGKILL)
        }
        let state = try Files.resolved(path + "/state")
        let owner = try SystemUser.clusterOwner(startedBy: .current())
        let place = try ClusterPlace.choose(state: state, owner: owner, ClusterPlace.Alternatives())
        let left = Predecessor(clusterName: place.clusterName, owner: owner)
        let deadline = ContinuousClock.now + .seconds(60)
        while !left.processes().isEmpty {
            try #require(ContinuousClock.now < deadline, "the server is still there")
            usleep(10_000)
        }

        let next = try start(folder)
        let connection = try Connection(next.connectionString(.owner))
        #expect(try connection.execute("SELECT id FROM t").onlyRow().int8(0) == 7)
        let log = Files.names(in: next.place.data + "/log").map {
            Files.tail(next.place.data + "/log/" + $0, limit: 65_536)
        }
        #expect(log.joined().contains("received fast shutdown request"))
        #expect(!log.joined().contains("not properly shut down"))
    }

    /// What a lock file of PostgreSQL may name.
    enum Named: CaseIterable {
        /// A living process of the server's user that was given the number of a server that is gone.
        case stranger
        /// A process that has ended and stays in the kernel's table until it is waited for.
        case dead
    }

    @Test(arguments: Named.allCases, [0, 1])
    func `A lock file that names a stranger or the dead does not stand in the way`(named: Named, file: Int) throws {
        let folder = try TemporaryFolder()
        var cluster: EmbeddedCluster? = try start(folder)
        let place = try #require(cluster).place
        cluster = nil
        let user = try SystemUser.current()
        let owner = try SystemUser.clusterOwner(startedBy: user)
        let pid = try spawn(named == .dead ? ["/bin/true"] : ["/bin/sleep", "3600"], as: owner)
        defer {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        let mark = named == .dead ? ") Z " : "(sleep) S "
        try waitUntil { Files.text("/proc/\(pid)/stat")?.contains(mark) == true }
        let text = "\(pid)\n\(place.data)\n1700000000\n5432\n\(place.socketFolder)\n\n  1 1\nready   \n"
        let lock = place.lockFiles[file]
        try Files.write(Array(text.utf8), to: lock, mode: 0o600)
        if user.isRoot { try Files.give(lock, to: owner) }

        let next = try start(folder)
        #expect(next.isAlive)
        #expect(kill(pid, 0) == 0, "a stranger is left alone")
    }

    @Test func `A server that somebody started by hand keeps the folder`() throws {
        let folder = try TemporaryFolder()
        var cluster: EmbeddedCluster? = try start(folder)
        let place = try #require(cluster).place
        let server = try #require(cluster).binaries.folder + "/postgres"
        cluster = nil
        let owner = try SystemUser.clusterOwner(startedBy: .current())
        let settings = ["-c", "listen_addresses=", "-c", "unix_socket_directories=\(place.socketFolder)"]
        let pid = try spawn([server, "-D", place.data] + settings, as: owner)
        defer {
            kill(pid, SIGQUIT)
            waitpid(pid, nil, 0)
        }
        try waitUntil { Files.text(place.lockFiles[0])?.contains("ready") == true }

        let error = #expect(throws: ClusterError.self) { try start(folder) }
        #expect("\(try #require(error))".contains("postmaster.pid"))
        #expect(Files.text(place.lockFiles[0])?.hasPrefix("\(pid)\n") == true)
    }

    private func waitUntil(_ condition: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while !condition() {
            try #require(ContinuousClock.now < deadline)
            usleep(5_000)
        }
    }

    /// Starts a program as the server's user; the caller ends it and asks how it ended.
    private func spawn(_ command: [String], as owner: SystemUser) throws -> pid_t {
        let arguments = geteuid() == 0 ? ["/usr/bin/setpriv", "--reuid=\(owner.uid)"] + command : command
        var strings = unsafe arguments.map { unsafe strdup($0) }
        unsafe strings.append(nil)
        defer { for index in unsafe strings.indices { unsafe free(strings[index]) } }
        var pid = pid_t()
        try #require(unsafe posix_spawn(&pid, arguments[0], nil, nil, &strings, environ) == 0)
        return pid
    }

    @Test func `A first start that was cut short is begun again`() throws {
        let folder = try TemporaryFolder()
        let lock = try StateLock(folder: folder.path + "/state")
        try Files.makeFolder(folder.path + "/state/postgres", mode: 0o711)
        try Files.makeFolder(folder.path + "/state/postgres/data.new", mode: 0o700)
        try Files.write([1], to: folder.path + "/state/postgres/data.new/PG_VERSION", mode: 0o600)
        #expect(try EmbeddedCluster(lock).isAlive)
    }

    @Test func `A second program on the folder is refused and told whose it is`() throws {
        let folder = try TemporaryFolder()
        let lock = try StateLock(folder: folder.path)
        #expect(throws: ClusterError.folderInUse(folder: folder.path, pid: getpid())) {
            try StateLock(folder: folder.path + "/../" + folder.path.dropFirst(TemporaryFolder.parent.count + 1))
        }
        #expect("\(ClusterError.folderInUse(folder: folder.path, pid: getpid()))".contains("process \(getpid())"))
        #expect(lock.folder == folder.path)
    }

    @Test func `A folder is free again when its program has ended`() throws {
        let folder = try TemporaryFolder()
        for _ in 0..<3 { #expect(try StateLock(folder: folder.path).folder == folder.path) }
    }

    @Test func `Too long a path only moves the socket`() throws {
        let folder = try TemporaryFolder()
        let long = folder.path + "/" + String(repeating: "long", count: 25)
        var settings = EmbeddedCluster.Settings()
        settings.alternatives.socket = folder.path
        let cluster = try EmbeddedCluster(try StateLock(folder: long), settings)
        #expect(cluster.place.folder == long + "/postgres")
        #expect(cluster.place.socketFolder.hasPrefix(folder.path + "/bombyx-"))
        #expect(cluster.notice?.contains("too long") == true)
        #expect(try Connection(cluster.connectionString(.server)).serverVersion > 0)
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as somebody else"))
    func `A folder that the server's user cannot reach is replaced, kept, and spoken of`() throws {
        let folder = try TemporaryFolder()
        let closed = folder.path + "/closed"
        try Files.makeFolder(closed, mode: 0o700)
        var settings = EmbeddedCluster.Settings()
        settings.alternatives.data = folder.path + "/other"
        var cluster: EmbeddedCluster? = try EmbeddedCluster(try StateLock(folder: closed + "/state"), settings)
        let place = try #require(cluster).place
        #expect(place.folder.hasPrefix(folder.path + "/other/"))
        #expect(place.notice?.contains("cannot reach \(closed)") == true)
        #expect(try Connection(try #require(cluster).connectionString(.auditor)).serverVersion > 0)
        cluster = nil

        #expect(unsafe chmod(closed, 0o711) == 0)
        let again = try EmbeddedCluster(try StateLock(folder: closed + "/state"), settings)
        #expect(again.place.folder == place.folder, "data stays where it is")
    }

    @Test(.enabled(if: geteuid() == 0, "only root runs the server as somebody else"))
    func `A folder that was closed after the first start is an error, not a new database`() throws {
        let folder = try TemporaryFolder()
        _ = try start(folder)
        #expect(unsafe chmod(folder.path, 0o700) == 0)
        let error = #expect(throws: ClusterError.self) { try start(folder) }
        guard case .unreachable(let path, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(path == folder.path)
    }

    @Test func `A server that cannot start says why, with the end of its log`() throws {
        let folder = try TemporaryFolder()
        var cluster: EmbeddedCluster? = try start(folder)
        let place = try #require(cluster).place
        cluster = nil
        try Files.write(Array("no_such_setting = 1\n".utf8), to: place.configuration + "/local.conf", mode: 0o644)
        let error = #expect(throws: ClusterError.self) { try start(folder) }
        #expect("\(try #require(error))".contains("no_such_setting"))
    }

    @Test func `Another user of the database is not let in`() throws {
        let cluster = try TestCluster.shared().cluster
        try Connection(cluster.connectionString(.owner)).run(
            script: "DO $$ BEGIN CREATE ROLE stranger LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        let string = cluster.connectionString(.server).replacingAll("bombyx_server", with: "stranger")
        let error = #expect(throws: PostgresError.self) { try Connection(string) }
        #expect("\(try #require(error))".contains("no pg_hba.conf entry"))
    }

    @Test func `The server's settings are those of the file`() throws {
        let connection = try Connection(try TestCluster.shared().cluster.connectionString(.owner))
        let wanted = [
            "listen_addresses": "", "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "jit": "off",
            "data_checksums": "on", "server_encoding": "UTF8", "logging_collector": "on", "log_directory": "log",
            "client_connection_check_interval": "2s", "max_wal_size": "4GB",
        ]
        for (name, value) in wanted {
            let row = try connection.execute("SELECT current_setting($1)", [.text(name)]).onlyRow()
            #expect(try row.text(0) == value, "\(name)")
        }
        let collation = try connection.execute("SELECT datcollate::text FROM pg_database WHERE datname = 'bombyx'")
        #expect(try collation.onlyRow().text(0) == "C.UTF-8")
    }
}
