internal import Demonstration
internal import Foundation
internal import Measurement
internal import Postgres
internal import Store

/// What a report says of the machine and of the database.
enum LoadFacts {
    /// The machine that the generator runs on.
    static var machine: [LoadOutcome.Fact] {
        let machine = MachineFacts()
        return [
            LoadOutcome.Fact("processors", "\(machine.processors) of \(machine.processor)"),
            LoadOutcome.Fact("memory", Figures.bytes(machine.memoryBytes)),
            LoadOutcome.Fact("system", "\(machine.system), kernel \(machine.kernel)"),
            LoadOutcome.Fact("load_average_before", machine.loadAverage),
            LoadOutcome.Fact("time", Date.now.formatted(.iso8601)),
        ]
    }

    /// The settings of the database that decide whether an acknowledgement is durable, as it says itself.
    static func database(_ connection: Connection) throws -> [LoadOutcome.Fact] {
        let names = [
            "server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method", "wal_level",
            "commit_delay", "shared_buffers", "max_wal_size",
        ]
        return try names.map { name in
            let row = try connection.execute("SELECT current_setting($1)", [.text(name)]).onlyRow()
            return LoadOutcome.Fact(name, try row.text(0))
        }
    }

    /// Rules that the database checks itself, and what it found.
    static func invariants(_ connection: Connection) throws -> LoadOutcome.Check {
        let rule = "the invariants in SQL hold"
        let found = try Invariant.check(connection)
        if let broken = found.first(where: { $0.violations != 0 }) {
            return LoadOutcome.Check(rule, holds: false, "\(broken.name): \(broken.violations) violations")
        }
        return LoadOutcome.Check(rule, holds: !found.isEmpty, "\(found.count) rules")
    }
}
