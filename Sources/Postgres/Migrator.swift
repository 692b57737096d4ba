/// Brings a database to this program's schema, one transaction for each migration.
///
/// Each transaction takes an advisory lock and reads again what is applied, so any number of programs may migrate one
/// database at once: one works, the others wait and find nothing to do. Nothing depends on the session, so a proxy
/// that shares sessions does no harm.
package struct Migrator: Sendable {
    package let migrations: [Migration]

    /// "bombyx" in ASCII. Whoever migrates a bombyx database holds this lock.
    static let lockKey: Int64 = 0x626F_6D62_7978

    /// The longest that one file may run, or that another migrator is waited for: building an index over a year of
    /// transfers takes minutes, not hours.
    package static let statementDeadline = Duration.seconds(3_600)

    package init(_ migrations: [Migration]) {
        self.migrations = migrations
    }

    /// What ``migrate(_:)`` would run, in order. Changes nothing; the right to read the table of records suffices.
    package func plan(_ connection: Connection) throws(MigrationError) -> ArraySlice<Migration> {
        let applied = try database { () throws(PostgresError) in try appliedRecords(connection) }
        return try pending(connection, applied)
    }

    /// Runs what is pending and returns it. Each migration is applied as a whole or not at all.
    @discardableResult
    package func migrate(_ connection: Connection) throws(MigrationError) -> [Migration] {
        let deadline = connection.statementDeadline
        connection.statementDeadline = Self.statementDeadline
        defer { connection.statementDeadline = deadline }

        var done: [Migration] = []
        while let migration = try migrateOne(connection) { done.append(migration) }
        return done
    }

    /// Runs the first pending migration in a transaction of its own; nil if there is none.
    private func migrateOne(_ connection: Connection) throws(MigrationError) -> Migration? {
        try database { () throws(PostgresError) in
            try connection.begin()
            try connection.execute("SELECT pg_advisory_xact_lock($1)", [.int8(Self.lockKey)])
        }
        do throws(MigrationError) {
            let applied = try database { () throws(PostgresError) in try appliedRecords(connection) }
            let next = try pending(connection, applied).first
            if let next { try run(next, isFirst: applied.isEmpty, connection) }
            try database { () throws(PostgresError) in try connection.commit() }
            return next
        } catch {
            if connection.isUsable, connection.transactionStatus != .idle { try? connection.rollback() }
            throw error
        }
    }

    private func run(_ migration: Migration, isFirst: Bool, _ connection: Connection) throws(MigrationError) {
        if isFirst {
            try database { () throws(PostgresError) in try connection.run(script: Self.recordsTable) }
        }
        for (file, sql) in [("up.sql", migration.up), ("check.sql", migration.check)] {
            do throws(PostgresError) {
                try connection.run(script: String(decoding: sql, as: UTF8.self))
            } catch {
                throw error.isOutcomeUnknown ? .database(error) : .failed(migration: "\(migration)", file: file, error)
            }
            guard connection.transactionStatus == .inTransaction else {
                throw .endedTransaction(migration: "\(migration)", file: file)
            }
        }
        let record = try record(of: migration, connection)
        try database { () throws(PostgresError) in
            try connection.execute(
                "INSERT INTO public.bombyx_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                [.int4(Int32(record.number)), .text(record.name), .bytea(record.checksum)]
            )
        }
    }

    private static let recordsTable = """
        CREATE TABLE IF NOT EXISTS public.bombyx_migrations (
            number int4 PRIMARY KEY CHECK (number > 0),
            name text NOT NULL,
            checksum bytea NOT NULL CHECK (octet_length(checksum) = 32),
            applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            applied_by name NOT NULL DEFAULT session_user
        );
        COMMENT ON TABLE public.bombyx_migrations IS 'Migrations that were applied to this database, one row each.';
        COMMENT ON COLUMN public.bombyx_migrations.number IS 'Number of the migration, from 1 without gaps.';
        COMMENT ON COLUMN public.bombyx_migrations.name IS 'Name of the migration, as in its folder.';
        COMMENT ON COLUMN public.bombyx_migrations.checksum IS
            'SHA-256 of the length of up.sql in 8 bytes, up.sql, and check.sql.';
        COMMENT ON COLUMN public.bombyx_migrations.applied_at IS 'When it was applied, by the database''s clock.';
        COMMENT ON COLUMN public.bombyx_migrations.applied_by IS 'The role that applied it.';
        """
}

// MARK: - Reading what is there

extension Migrator {
    private func pending(
        _ connection: Connection,
        _ applied: [Migration.Record]
    ) throws(MigrationError) -> ArraySlice<Migration> {
        var available: [Migration.Record] = []
        for migration in migrations { available.append(try record(of: migration, connection)) }
        return migrations[try Migration.pending(available: available, applied: applied)]
    }

    /// The record that this migration would leave. The database computes the hash, so that the target needs no
    /// cryptography of its own.
    private func record(of migration: Migration, _ connection: Connection) throws(MigrationError) -> Migration.Record {
        let checksum = try database { () throws(PostgresError) in
            try connection.execute(
                "SELECT sha256(int8send(octet_length($1)::int8) || $1 || $2)",
                [.bytea(migration.up), .bytea(migration.check)]
            ).onlyRow().bytea(0)
        }
        return Migration.Record(number: migration.number, name: migration.name, checksum: checksum)
    }

    /// What the database has, in order; nothing if it has never been migrated.
    private func appliedRecords(_ connection: Connection) throws(PostgresError) -> [Migration.Record] {
        let table = try connection.execute("SELECT to_regclass('public.bombyx_migrations') IS NOT NULL")
        guard try table.onlyRow().bool(0) else { return [] }
        let rows = try connection.execute("SELECT number, name, checksum FROM public.bombyx_migrations ORDER BY number")
        var records: [Migration.Record] = []
        for row in rows {
            let record = Migration.Record(
                number: Int(try row.int4(0)),
                name: try row.text(1),
                checksum: try row.bytea(2)
            )
            records.append(record)
        }
        return records
    }

    @discardableResult
    private func database<Value>(_ body: () throws(PostgresError) -> Value) throws(MigrationError) -> Value {
        do throws(PostgresError) {
            return try body()
        } catch {
            throw .database(error)
        }
    }
}
