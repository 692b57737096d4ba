import Glibc
import PostgresTesting
import Synchronization
import Testing

@testable import Postgres

@Suite struct MigratorTests {
    private let accounts = migration(
        1,
        "accounts",
        "CREATE TABLE account (id int8); INSERT INTO account VALUES (1);",
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM account) = 1, 'one account'; END $$;"
    )
    private let orders = migration(2, "orders", "CREATE TABLE orders (id int8);", "SELECT id FROM orders;")

    private static func migration(_ number: Int, _ name: String, _ up: String, _ check: String) -> Migration {
        Migration(number: number, name: name, up: Array(up.utf8), check: Array(check.utf8))
    }

    private func connect() throws -> Connection {
        try Connection(try TestCluster.shared().connectionString())
    }

    private func has(_ table: String, _ connection: Connection) throws -> Bool {
        try connection.execute("SELECT to_regclass($1) IS NOT NULL", [.text(table)]).onlyRow().bool(0)
    }

    @Test func `A plan changes nothing and says what would run`() throws {
        let connection = try connect()
        #expect(try Array(Migrator([accounts, orders]).plan(connection)) == [accounts, orders])
        #expect(try !has("bombyx_migrations", connection))
        #expect(try !has("account", connection))
    }

    @Test func `What is pending runs once and is recorded`() throws {
        let connection = try connect()
        #expect(try Migrator([accounts]).migrate(connection) == [accounts])
        #expect(try Migrator([accounts, orders]).plan(connection) == [orders])
        #expect(try Migrator([accounts, orders]).migrate(connection) == [orders])
        #expect(try Migrator([accounts, orders]).migrate(connection).isEmpty)
        #expect(try has("orders", connection))
        let comments = try connection.execute(
            """
            SELECT count(*) FROM pg_attribute WHERE attrelid = 'bombyx_migrations'::regclass AND attnum > 0
            AND col_description(attrelid, attnum) IS NULL
            """
        )
        #expect(try comments.onlyRow().int8(0) == 0, "every column has a comment")
        #expect(connection.statementDeadline == .seconds(30), "the caller's deadline is back")
    }

    @Test func `A changed migration is refused, also in its check alone`() throws {
        let connection = try connect()
        try Migrator([accounts]).migrate(connection)
        let edited = Migration(number: 1, name: "accounts", up: accounts.up, check: Array("SELECT 1".utf8))
        let moved = Migration(number: 1, name: "accounts", up: accounts.up + accounts.check, check: [])
        for changed in [edited, moved] {
            let error = #expect(throws: MigrationError.self) { try Migrator([changed]).migrate(connection) }
            guard case .changedAfterRelease(let record) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(record.number == 1)
            #expect(connection.transactionStatus == .idle)
        }
        let error = #expect(throws: MigrationError.self) { try Migrator([]).plan(connection) }
        guard case .unknown = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(
        arguments: [
            ("CREATE TABLE t (id int8); SELECT 1/0;", "SELECT 1;", "up.sql", "22012"),
            ("CREATE TABLE t (id int8);", "DO $$ BEGIN ASSERT false, 'no'; END $$;", "check.sql", "P0004"),
        ]
    )
    func `A migration that fails leaves nothing`(up: String, check: String, file: String, sqlState: String) throws {
        let connection = try connect()
        let bad = Self.migration(2, "bad", up, check)
        let error = #expect(throws: MigrationError.self) { try Migrator([accounts, bad]).migrate(connection) }
        guard case .failed(let migration, let failedFile, let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(migration == "0002-bad")
        #expect(failedFile == file)
        #expect(reason.sqlState == sqlState)
        #expect(try !has("t", connection))
        #expect(try has("account", connection), "the one before it stays")
        #expect(try Migrator([accounts, bad]).plan(connection) == [bad])
    }

    @Test(arguments: ["CREATE TABLE t (); COMMIT;", "ROLLBACK;"])
    func `A migration that ends its transaction is refused`(up: String) throws {
        let bad = Self.migration(1, "bad", up, "SELECT 1;")
        #expect(throws: MigrationError.endedTransaction(migration: "0001-bad", file: "up.sql")) {
            try Migrator([bad]).migrate(try connect())
        }
    }

    @Test func `Of many migrators at once each migration is run by one`() throws {
        let test = try TestCluster.shared()
        let database = try test.makeDatabase()
        let slow = Self.migration(2, "slow", "SELECT pg_sleep(0.05); CREATE TABLE s (id int8);", "SELECT id FROM s;")
        let migrator = Migrator([accounts, slow])
        let done = Mutex<[Migration]>([])
        let failures = Mutex<[String]>([])
        let string = test.cluster.connectionString(.owner, database: database)
        inThreads(6) {
            do {
                let mine = try migrator.migrate(try Connection(string))
                done.withLock { $0 += mine }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(done.withLock { $0.map(\.number).sorted() } == [1, 2])
    }
}

/// Runs `body` on `count` threads at once and waits for all.
private func inThreads(_ count: Int, _ body: @escaping @Sendable () -> Void) {
    final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    let shared = Body(body)
    var threads: [pthread_t] = []
    for _ in 0..<count {
        var thread = pthread_t()
        let context = unsafe Unmanaged.passRetained(shared)
        let result = unsafe pthread_create(
            &thread,
            nil,
            { context in
                unsafe Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
                return nil
            },
            context.toOpaque()
        )
        precondition(result == 0, "a thread starts")
        threads.append(thread)
    }
    for thread in threads { pthread_join(thread, nil) }
}
