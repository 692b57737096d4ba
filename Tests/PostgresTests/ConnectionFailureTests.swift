import Glibc
import PostgresTesting
import Testing

@testable import Postgres

@Suite struct ConnectionFailureTests {
    @Test(
        arguments: [
            "postgresql://user:hunter2@[::1/db", "postgresql://user:hunter2@host:port/db", "password=hunter2 host",
            "postgresql://user:x@hunter2@localhost/db", "nonsense=hunter2", "password='hunter2",
            "host=/nowhere user=u password=hunter2", "postgresql://u:hunter2@127.0.0.1:1/hunter2",
        ]
    )
    func `A connection that fails says so without the password`(string: String) {
        let error = #expect(throws: PostgresError.self) { try Connection(string) }
        guard case .connectionFailed(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!text.isEmpty)
        #expect(!text.contains("hunter2"))
        #expect(error?.isOutcomeUnknown == false)
    }

    @Test func `A refused login is a failed connection that names the reason`() throws {
        let cluster = try TestCluster.shared().cluster
        let error = #expect(throws: PostgresError.self) {
            try Connection(cluster.connectionString(.server, database: "missing"))
        }
        #expect("\(try #require(error))".contains("database \"missing\" does not exist"))
    }

    @Test func `A server that runs as somebody else is not trusted`() throws {
        let cluster = try TestCluster.shared().cluster
        let string = cluster.connectionString(.server) + " requirepeer=daemon"
        let error = #expect(throws: PostgresError.self) { try Connection(string) }
        #expect("\(try #require(error))".contains("requirepeer"))
    }

    @Test func `A silent host is left after its time, and the next one is asked`() throws {
        let silent = try SilentListener()
        let folder = try TestCluster.shared().cluster.place.socketFolder
        var settings = Connection.Settings()
        settings.connectTimeout = .seconds(2)
        let owner = try SystemUser.clusterOwner(startedBy: .current()).name
        let hosts = "host=127.0.0.1,\(folder) port=\(silent.port),5432 user=bombyx dbname=bombyx"
        let connection = try Connection("\(hosts) requirepeer=\(owner) sslmode=disable gssencmode=disable", settings)
        #expect(try connection.execute("SELECT 1::int8").onlyRow().int8(0) == 1)
    }

    @Test func `A statement without an answer ends at its deadline, and the session with it`() throws {
        var settings = Connection.Settings()
        settings.statementDeadline = .milliseconds(200)
        let connection = try Connection(try TestCluster.shared().connectionString(), settings)
        let error = #expect(throws: PostgresError.self) { try connection.execute("SELECT pg_sleep(60)") }
        #expect(error == .deadlineExceeded(after: .milliseconds(200)))
        #expect(error?.isOutcomeUnknown == true)
        #expect(!connection.isUsable)
        #expect(connection.transactionStatus == .unknown)
        let next = #expect(throws: PostgresError.self) { try connection.execute("SELECT 1") }
        #expect(next == .connectionLost("it was closed after an earlier failure"))
    }

    @Test func `A terminated backend is a lost connection with an unknown outcome`() throws {
        let test = try TestCluster.shared()
        let database = try test.makeDatabase()
        let victim = try Connection(test.cluster.connectionString(.owner, database: database))
        let other = try Connection(test.cluster.connectionString(.owner, database: database))
        try victim.begin()
        try victim.run(script: "CREATE TABLE t ()")
        try other.execute("SELECT pg_terminate_backend($1)", [.int4(victim.backendPID)])
        let error = #expect(throws: PostgresError.self) { try victim.commit() }
        guard case .connectionLost = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(error?.isOutcomeUnknown == true)
        #expect(!victim.isUsable)
    }

    @Test func `A backend that is terminated while a statement runs is noticed at once`() throws {
        let test = try TestCluster.shared()
        let victim = try Connection(try test.connectionString())
        let error = #expect(throws: PostgresError.self) {
            try victim.execute("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(60)")
        }
        guard case .connectionLost(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.contains("terminating connection"))
    }

    @Test func `A backend that is terminated during COPY or a stream is a lost connection`() throws {
        let test = try TestCluster.shared()
        let database = try test.makeDatabase()
        let string = test.cluster.connectionString(.owner, database: database)
        let other = try Connection(string)
        try other.run(script: "CREATE TABLE t (payload bytea)")
        var writer = CopyWriter(columnCount: 1)
        for _ in 0..<100 {
            writer.beginRow()
            writer.bytea([UInt8](repeating: 1, count: 100_000))
        }
        let copying = try Connection(string)
        let streaming = try Connection(string)
        let rows = try streaming.stream(Statement("SELECT repeat('x', 1000) FROM generate_series(1, 100000)"))
        _ = try rows.next()
        for victim in [copying, streaming] {
            try other.execute("SELECT pg_terminate_backend($1, 5000)", [.int4(victim.backendPID)])
        }
        let copyError = #expect(throws: PostgresError.self) {
            try copying.copy("COPY t FROM STDIN (FORMAT binary)", from: writer)
        }
        let streamError = #expect(throws: PostgresError.self) { while try rows.next() != nil {} }
        #expect(copyError?.isOutcomeUnknown == true)
        #expect(streamError?.isOutcomeUnknown == true)
        #expect(!copying.isUsable)
        #expect(!streaming.isUsable)
    }

    @Test(
        arguments: [
            (.connectionLost(""), true), (.deadlineExceeded(after: .zero), true), (.connectionFailed(""), false),
            (.unexpectedResult(""), false),
            (.statementFailed(StatementFailure(sqlState: "23505", message: "")), false),
            (.statementFailed(StatementFailure(sqlState: "40001", message: "")), false),
            (.statementFailed(StatementFailure(sqlState: "40003", message: "")), true),
            (.statementFailed(StatementFailure(sqlState: "08006", message: "")), true),
        ] as [(PostgresError, Bool)]
    )
    func `Only what the server refused is known not to have happened`(error: PostgresError, isUnknown: Bool) {
        #expect(error.isOutcomeUnknown == isUnknown)
    }

    @Test func `Only a conflict is worth another attempt`() {
        let states = ["40001", "40P01", "23505", "57014"]
        #expect(states.filter { StatementFailure(sqlState: $0, message: "").isTransient } == ["40001", "40P01"])
    }
}

/// A TCP port that takes connections and never says a word.
private final class SilentListener {
    let port: UInt16
    private let file: Int32

    init() throws {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            let general = unsafe UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            guard unsafe bind(file, general, length) == 0, listen(file, 4) == 0 else { return Int32(-1) }
            return unsafe getsockname(file, general, &length)
        }
        try #require(result == 0)
        self.file = file
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(file) }
}
