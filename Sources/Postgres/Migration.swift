/// One folder of `Migrations/`, named like `0007-offer-region`, with its two files.
///
/// Migrations only go forward. A folder that has been released is never edited: its checksum is in the database, and
/// a server that finds another one refuses to start.
package struct Migration: Equatable, Sendable {
    /// From 1, without gaps.
    package let number: Int
    package let name: String
    /// `up.sql`: the statements that change the schema. No BEGIN and no COMMIT.
    package let up: [UInt8]
    /// `check.sql`: statements that raise an error unless `up` did what it should, such as `DO` blocks with ASSERT.
    package let check: [UInt8]

    package init(number: Int, name: String, up: [UInt8], check: [UInt8]) {
        self.number = number
        self.name = name
        self.up = up
        self.check = check
    }

    /// What the database remembers of an applied migration.
    package struct Record: Equatable, Sendable {
        package let number: Int
        package let name: String
        /// SHA-256 of the length of `up.sql` in 8 bytes, `up.sql`, and `check.sql`.
        package let checksum: [UInt8]

        package init(number: Int, name: String, checksum: [UInt8]) {
            self.number = number
            self.name = name
            self.checksum = checksum
        }
    }
}

extension Migration: CustomStringConvertible {
    /// The name of the folder.
    package var description: String { Self.folder(number, name) }

    fileprivate static func folder(_ number: Int, _ name: String) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "-" + name
    }
}

/// Why a database cannot be brought to this server's schema.
package enum MigrationError: Error, Equatable, Sendable {
    /// A mistake in the server: its own list has a gap.
    case numberMissing(Int)
    /// An applied migration has another name or content here than when it was applied.
    case changedAfterRelease(Migration.Record)
    /// The database was migrated by a newer server than this one.
    case unknown(Migration.Record)
    /// The database has a migration but not the one before it: somebody deleted a record.
    case recordMissing(Int)
    /// `up.sql` or `check.sql` failed; nothing of this migration remains.
    case failed(migration: String, file: String, PostgresError)
    /// `up.sql` or `check.sql` ended the transaction in which it ran.
    case endedTransaction(migration: String, file: String)
    /// The database could not be asked, or the outcome of a commit is unknown: running again is safe.
    case database(PostgresError)
}

extension MigrationError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .numberMissing(let number): "this program has no migration \(number): it was built wrongly"
        case .changedAfterRelease(let record):
            "migration \(record) was applied to this database with other content than this program has; "
                + "a released migration must not change: use the release that belongs to the database"
        case .unknown(let record):
            "the database has migration \(record), which this program does not know: it belongs to a newer release"
        case .recordMissing(let number):
            "the database has no record of migration \(number) but of a later one: its records were changed by hand"
        case .failed(let migration, let file, let error): "migration \(migration), \(file): \(error)"
        case .endedTransaction(let migration, let file):
            "migration \(migration), \(file) ended its transaction: it must not contain COMMIT or ROLLBACK"
        case .database(let error): "\(error)"
        }
    }
}

extension Migration.Record: CustomStringConvertible {
    package var description: String { Migration.folder(number, name) }
}

extension Migration {
    /// Which of `available` are still to be run on a database that already has `applied`: their indices.
    ///
    /// Pure, so that every way in which the two can disagree has a test without a database.
    package static func pending(
        available: [Record],
        applied: [Record]
    ) throws(MigrationError) -> Range<Int> {
        for (index, record) in available.enumerated() {
            guard record.number == index + 1 else { throw .numberMissing(index + 1) }
        }
        for (index, record) in applied.enumerated() {
            guard record.number == index + 1 else { throw .recordMissing(index + 1) }
            guard index < available.count else { throw .unknown(record) }
            guard available[index] == record else { throw .changedAfterRelease(record) }
        }
        return applied.count..<available.count
    }
}
