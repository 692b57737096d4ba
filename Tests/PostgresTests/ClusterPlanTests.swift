import Testing

@testable import Postgres

/// What is decided about a cluster without starting one.
@Suite struct ClusterPlanTests {
    private let root = SystemUser(uid: 0, gid: 0, name: "root")
    private let postgres = SystemUser(uid: 101, gid: 104, name: "postgres")

    @Test(
        arguments: [
            (0o755, 0, 0, true), (0o711, 0, 0, true), (0o700, 0, 0, false), (0o750, 0, 104, true),
            (0o740, 0, 104, false), (0o700, 101, 0, true), (0o677, 101, 0, false), (0o701, 0, 104, false),
        ] as [(UInt32, UInt32, UInt32, Bool)]
    )
    func `Owner, group and others are looked at in this order`(mode: UInt32, uid: UInt32, gid: UInt32, answer: Bool) {
        let status = Files.Status(uid: uid, gid: gid, mode: mode, isFolder: true)
        #expect(status.isSearchable(by: postgres) == answer)
        #expect(status.isSearchable(by: root))
    }

    @Test func `A socket's path has room for 107 bytes and no comma`() {
        #expect(ClusterPlace.socketPathBytesMax == 107)
        let longest = "/" + String(repeating: "x", count: 107 - 1 - ClusterPlace.socketName.utf8.count)
        #expect(ClusterPlace.suits(longest))
        #expect(!ClusterPlace.suits(longest + "x"))
        #expect(!ClusterPlace.suits("/a,b"))
    }

    @Test func `The newest server that is new enough is taken, or the one that the data needs`() {
        let installed = [14, 17, 15, 16].map { ServerBinaries(folder: "/\($0)", major: $0) }
        #expect(ServerBinaries.best(of: installed, major: nil)?.major == 17)
        #expect(ServerBinaries.best(of: installed, major: 15)?.major == 15)
        #expect(ServerBinaries.best(of: installed, major: 18) == nil)
        #expect(ServerBinaries.best(of: installed, major: 14) == nil)
        #expect(ServerBinaries.best(of: [], major: nil) == nil)
    }

    @Test(
        arguments: [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", 15), ("postgres (PostgreSQL) 18beta1", 18),
            ("postgres (PostgreSQL) 17.2", 17), ("postgres: not found", nil), ("", nil),
        ] as [(String, Int?)]
    )
    func `The version is read from what the server prints`(line: String, major: Int?) {
        #expect(ServerBinaries.major(in: line) == major)
    }

    @Test(
        arguments: [
            ("/usr/lib/postgresql/15/bin/postgres\0-c\0cluster_name=bombyx-1\0-D\0/x\0", true),
            ("postgres: bombyx-1: checkpointer ", false),
            ("postgres: bombyx-1: bombyx_server bombyx [local] idle", false),
            ("postgres: bombyx-12: checkpointer ", nil),
            ("/usr/lib/postgresql/15/bin/postgres\0-D\0/x\0-c\0cluster_name=bombyx-12\0", nil),
            ("postgres: 15/main: checkpointer ", nil),
            ("/usr/lib/postgresql/15/bin/postgres\0-D\0/var/lib/postgresql/15/main\0", nil),
            ("grep\0cluster_name=bombyx-1\0", nil),
            ("", nil),
        ] as [(String, Bool?)]
    )
    func `A cluster's processes are told from all others`(line: String, isPostmaster: Bool?) {
        #expect(Predecessor.isPostmaster(line, clusterName: "bombyx-1") == isPostmaster)
    }

    @Test func `Names are quoted where they could be misread`() {
        let place = ClusterPlace(folder: "/a b", socketFolder: "/it's \\ \"here\"", notice: nil)
        let user = SystemUser(uid: 1_000, gid: 1_000, name: "ann lee")
        let configuration = ClusterConfiguration(place: place, owner: user, user: user)
        let string = configuration.connectionString(.auditor, database: "bombyx")
        #expect(
            string == #"host='/it\'s \\ "here"' port=5432 user=bombyx_auditor dbname='bombyx' requirepeer='ann lee'"#
        )
        #expect(configuration.arguments.contains(#"unix_socket_directories="/it's \ ""here""""#))
        #expect(configuration.identities.contains("bombyx \"ann lee\" bombyx_server\n"))
    }

    @Test func `Who started the program and who runs the server may become each role, nobody else`() {
        let place = ClusterPlace(folder: "/s/postgres", socketFolder: "/s/postgres/socket", notice: nil)
        let configuration = ClusterConfiguration(place: place, owner: postgres, user: root)
        let lines = configuration.identities.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(
            lines == [
                #"bombyx "root" bombyx"#, #"bombyx "root" bombyx_server"#, #"bombyx "root" bombyx_auditor"#,
                #"bombyx "postgres" bombyx"#, #"bombyx "postgres" bombyx_server"#, #"bombyx "postgres" bombyx_auditor"#,
            ]
        )
        let rules = configuration.authentication.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(rules == ["local all bombyx,bombyx_server,bombyx_auditor peer map=bombyx"])
    }

    @Test func `Every setting of the server says why it is there`() {
        let file = String(decoding: PackageResources.postgresql_conf, as: UTF8.self)
        let settings = file.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(settings.count > 40)
        for line in settings { #expect(line.contains(" # "), "\(line)") }
    }

    @Test func `A path has a short name of its own`() {
        // FNV-1a of 64 bits: the published values for "" and "foobar".
        #expect(Files.digest("") == "cbf29ce484222325")
        #expect(Files.digest("foobar") == "85944171f73967e8")
        #expect(Files.chain(to: "/a/b") == ["/", "/a", "/a/b"])
    }

    @Test func `A server that keeps ending is started ever later, one that was well at once`() {
        var policy = RestartPolicy()
        let pauses = (0..<9).map { _ in policy.pause(afterUptime: .seconds(1)) }
        #expect(pauses == [0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000].map { .milliseconds($0) })
        #expect(policy.pause(afterUptime: RestartPolicy.stableUptime) == .zero)
        #expect(policy.pause(afterUptime: .zero) == RestartPolicy.firstPause)
    }

    @Test func `Every error is a sentence that says what to do`() {
        #expect("\(ClusterError.serverNotFound)".contains("Debian package postgresql"))
        #expect("\(ClusterError.versionNotFound(major: 16, data: "/d"))".contains("postgresql-16"))
        #expect("\(ClusterError.folderInUse(folder: "/f", pid: 42))".contains("process 42"))
        #expect("\(ClusterError.system(call: "open", path: "/f", errno: 13))" == "open /f: Permission denied")
    }
}

@Suite struct ChildProcessTests {
    private func shell(_ script: String) -> ChildProcess.Command {
        ChildProcess.Command(path: "/bin/sh", arguments: ["-c", script], user: nil, deathSignal: 9)
    }

    @Test func `A command's output and exit come back`() throws {
        let (exit, output) = try ChildProcess.run(shell("echo out; echo err >&2; exit 3"), deadline: .seconds(10))
        #expect(exit == .code(3))
        #expect(output == "out\nerr\n")
    }

    @Test func `A command that does not end is killed at its deadline`() throws {
        let (exit, _) = try ChildProcess.run(shell("exec sleep 60"), deadline: .milliseconds(100))
        #expect(exit == .signal(9))
    }

    @Test func `A program that is not there exits with 127`() throws {
        let command = ChildProcess.Command(path: "/nonexistent", arguments: [], user: nil, deathSignal: 9)
        #expect(try ChildProcess.run(command, deadline: .seconds(10)).exit == .code(127))
    }

    @Test func `A child has a session of its own, no files of ours, and nothing of our environment`() throws {
        let script = "ls /proc/self/fd | tr '\\n' ' '; env | sort; test $(ps -o sid= -p $$) = $$ && echo leader; pwd"
        let (_, output) = try ChildProcess.run(shell(script), deadline: .seconds(10))
        #expect(output.hasPrefix("0 1 2 3 "), "3 is the folder that ls reads")
        #expect(output.contains("leader\n/\n"))
        #expect(!output.contains("HOME="))
    }
}
