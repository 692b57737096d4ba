package import Postgres
internal import Texts

/// The tables of the exchange. The files of `Migrations/` are embedded in the program, so that a server can be asked to
/// migrate a database wherever it runs.
package enum Schema {
    /// All migrations of this program, in order.
    package static let migrations = Texts.migrations.map { folder in
        Migration(number: folder.number, name: folder.name, up: folder.up, check: folder.check)
    }

    /// What ``migrate(_:)`` would run; empty when the database is up to date. Changes nothing.
    package static func plan(_ connection: Connection) throws(MigrationError) -> ArraySlice<Migration> {
        try Migrator(migrations).plan(connection)
    }

    /// Brings the database up to date and returns what was run. Needs a superuser, or the owner of the database when
    /// the roles `bombyx_server` and `bombyx_auditor` exist or may be created.
    @discardableResult
    package static func migrate(_ connection: Connection) throws(MigrationError) -> [Migration] {
        try Migrator(migrations).migrate(connection)
    }
}
