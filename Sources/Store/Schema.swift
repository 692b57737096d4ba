package import Postgres

/// The tables of the exchange. The files of `Migrations/` are embedded in the program, so that a server can be asked to
/// migrate a database wherever it runs.
package enum Schema {
    /// All migrations of this program, in order.
    package static let migrations: [Migration] = [
        Migration(
            number: 1,
            name: "roles",
            up: PackageResources.m0001_roles_up_sql,
            check: PackageResources.m0001_roles_check_sql
        ),
        Migration(
            number: 2,
            name: "journal",
            up: PackageResources.m0002_journal_up_sql,
            check: PackageResources.m0002_journal_check_sql
        ),
        Migration(
            number: 3,
            name: "ledger",
            up: PackageResources.m0003_ledger_up_sql,
            check: PackageResources.m0003_ledger_check_sql
        ),
        Migration(
            number: 4,
            name: "market",
            up: PackageResources.m0004_market_up_sql,
            check: PackageResources.m0004_market_check_sql
        ),
        Migration(
            number: 5,
            name: "projection",
            up: PackageResources.m0005_projection_up_sql,
            check: PackageResources.m0005_projection_check_sql
        ),
        Migration(
            number: 6,
            name: "views",
            up: PackageResources.m0006_views_up_sql,
            check: PackageResources.m0006_views_check_sql
        ),
        Migration(
            number: 7,
            name: "invariants",
            up: PackageResources.m0007_invariants_up_sql,
            check: PackageResources.m0007_invariants_check_sql
        ),
        Migration(
            number: 8,
            name: "leader-address",
            up: PackageResources.m0008_leader_address_up_sql,
            check: PackageResources.m0008_leader_address_check_sql
        ),
        Migration(
            number: 9,
            name: "journal-age",
            up: PackageResources.m0009_journal_age_up_sql,
            check: PackageResources.m0009_journal_age_check_sql
        ),
        Migration(
            number: 10,
            name: "migrations-read",
            up: PackageResources.m0010_migrations_read_up_sql,
            check: PackageResources.m0010_migrations_read_check_sql
        ),
        Migration(
            number: 11,
            name: "order-types",
            up: PackageResources.m0011_order_types_up_sql,
            check: PackageResources.m0011_order_types_check_sql
        ),
        Migration(
            number: 12,
            name: "changes",
            up: PackageResources.m0012_changes_up_sql,
            check: PackageResources.m0012_changes_check_sql
        ),
        Migration(
            number: 13,
            name: "admin-views",
            up: PackageResources.m0013_admin_views_up_sql,
            check: PackageResources.m0013_admin_views_check_sql
        ),
        Migration(
            number: 14,
            name: "keys",
            up: PackageResources.m0014_keys_up_sql,
            check: PackageResources.m0014_keys_check_sql
        ),
        Migration(
            number: 15,
            name: "capabilities",
            up: PackageResources.m0015_capabilities_up_sql,
            check: PackageResources.m0015_capabilities_check_sql
        ),
        Migration(
            number: 16,
            name: "market-data",
            up: PackageResources.m0016_market_data_up_sql,
            check: PackageResources.m0016_market_data_check_sql
        ),
        Migration(
            number: 17,
            name: "logins",
            up: PackageResources.m0017_logins_up_sql,
            check: PackageResources.m0017_logins_check_sql
        ),
        Migration(
            number: 18,
            name: "lowered-lots",
            up: PackageResources.m0018_lowered_lots_up_sql,
            check: PackageResources.m0018_lowered_lots_check_sql
        ),
        Migration(
            number: 19,
            name: "leases",
            up: PackageResources.m0019_leases_up_sql,
            check: PackageResources.m0019_leases_check_sql
        ),
        Migration(
            number: 20,
            name: "performance",
            up: PackageResources.m0020_performance_up_sql,
            check: PackageResources.m0020_performance_check_sql
        ),
        Migration(
            number: 21,
            name: "settlement",
            up: PackageResources.m0021_settlement_up_sql,
            check: PackageResources.m0021_settlement_check_sql
        ),
        Migration(
            number: 22,
            name: "linked-logins",
            up: PackageResources.m0022_linked_logins_up_sql,
            check: PackageResources.m0022_linked_logins_check_sql
        ),
        Migration(
            number: 23,
            name: "settlement-messages",
            up: PackageResources.m0023_settlement_messages_up_sql,
            check: PackageResources.m0023_settlement_messages_check_sql
        ),
        Migration(
            number: 24,
            name: "log-payouts",
            up: PackageResources.m0024_log_payouts_up_sql,
            check: PackageResources.m0024_log_payouts_check_sql
        ),
        Migration(
            number: 25,
            name: "resolved-payouts",
            up: PackageResources.m0025_resolved_payouts_up_sql,
            check: PackageResources.m0025_resolved_payouts_check_sql
        ),
        Migration(
            number: 26,
            name: "anchors",
            up: PackageResources.m0026_anchors_up_sql,
            check: PackageResources.m0026_anchors_check_sql
        ),
        Migration(
            number: 27,
            name: "fewer-indexes",
            up: PackageResources.m0027_fewer_indexes_up_sql,
            check: PackageResources.m0027_fewer_indexes_check_sql
        ),
        Migration(
            number: 28,
            name: "ready-orders",
            up: PackageResources.m0028_ready_orders_up_sql,
            check: PackageResources.m0028_ready_orders_check_sql
        ),
    ]

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
