internal import Demonstration
internal import Foundation
internal import Glibc
internal import Measurement
internal import Postgres

/// What a report says of the machine and of the database.
enum LoadFacts {
    /// The machine that the generator runs on.
    static var machine: [LoadOutcome.Fact] {
        let processors = lines("/proc/cpuinfo").filter { $0.hasPrefix("model name") }
        let model = processors.first?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
        let memory = lines("/proc/meminfo").first?.split(separator: " ").compactMap { Int64($0) }.first ?? 0
        let kernel = lines("/proc/sys/kernel/osrelease").first ?? "unknown"
        let system = lines("/etc/os-release").first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst(12) ?? "Linux"
        return [
            LoadOutcome.Fact("processors", "\(max(1, processors.count)) of \(model ?? "unknown")"),
            LoadOutcome.Fact("memory", Figures.bytes(memory * 1_024)),
            LoadOutcome.Fact("system", "\(system.filter { $0 != "\"" }), kernel \(kernel)"),
            LoadOutcome.Fact("load_average_before", ProcessTimes.loadAverage),
            LoadOutcome.Fact("time", Date.now.formatted(.iso8601)),
        ]
    }

    private static func lines(_ path: String) -> [String] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
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
        var held = 0
        for row in try connection.execute("SELECT name, violations FROM ledger.invariants") {
            let violations = try row.int8(1)
            guard violations == 0 else {
                return LoadOutcome.Check(rule, holds: false, "\(try row.text(0)): \(violations) violations")
            }
            held += 1
        }
        return LoadOutcome.Check(rule, holds: held > 0, "\(held) rules")
    }
}
