import Engine
import Foundation
import HTTP2
import Postgres
import ProgramTesting
import Store
import Testing
import Units

/// The history that a database has, compared with what clients know and with itself.
struct History {
    /// libpq's string; reading is enough.
    let database: String

    private func connect() throws -> Connection {
        var settings = Connection.Settings()
        settings.applicationName = "bombyx fault tests"
        settings.statementDeadline = .seconds(120)
        return try Connection(database, settings)
    }

    /// The newest leadership; `nil` while the database cannot be asked.
    func epoch() -> Int64? {
        var settings = Connection.Settings()
        settings.connectTimeout = .seconds(2)
        settings.statementDeadline = .seconds(2)
        guard let connection = try? Connection(database, settings) else { return nil }
        return try? Leadership.current(on: connection).epoch
    }

    /// Waits until the tables show the journal as far as it goes now: under load it always goes further.
    func waitForTables(seconds: Double = 60) throws {
        let connection = try connect()
        let end = try connection.execute("SELECT coalesce(max(number), 0) FROM journal.batches").onlyRow().int8(0)
        let level = try poll(seconds: seconds) {
            try connection.execute("SELECT batch FROM projection.cursor").onlyRow().int8(0) >= end ? true : nil
        }
        try #require(level == true, "the tables do not reach batch \(end)")
    }

    /// What can be looked at after each fault: the newest part of the journal, and that what was acknowledged since
    /// the last look is there. Waits for the tables.
    func expectKept(_ acknowledged: [Oracle.Item], sourceLocation: SourceLocation = #_sourceLocation) throws {
        try waitForTables()
        let connection = try connect()
        let faults = try connection.execute(Self.gapsStatement).onlyRow()
        #expect(try faults.int8(0) == 0, "batches that do not follow the one before", sourceLocation: sourceLocation)
        let ends = try connection.execute(
            "SELECT last_batch = (SELECT coalesce(max(number), 0) FROM journal.batches) FROM journal.leader"
        ).onlyRow()
        #expect(try ends.bool(0), "the leader's row ends with the journal", sourceLocation: sourceLocation)
        var orders: [Int64: String] = [:]
        for item in acknowledged where item.kind == .order {
            if case .settled(let answer) = item.fate { orders[answer.order] = item.name }
        }
        let rows = try connection.execute(
            "SELECT id, client_order_id FROM market.orders WHERE id = ANY ($1)",
            [.int8Array(Array(orders.keys))]
        )
        for row in rows where try row.text(1) == orders[row.int8(0)] { orders[try row.int8(0)] = nil }
        #expect(orders.isEmpty, "acknowledged and lost", sourceLocation: sourceLocation)
    }

    /// Batches or sequence numbers that are missing, doubled or go back in time.
    private static let gapsStatement = Statement(
        """
        SELECT count(*) FROM (
            SELECT number, first_sequence, logical_time_us, epoch,
                lag(number, 1, 0::bigint) OVER w AS number_before,
                lag(last_sequence, 1, 0::bigint) OVER w AS sequence_before,
                lag(logical_time_us, 1, 0::bigint) OVER w AS time_before,
                lag(epoch, 1, 0::bigint) OVER w AS epoch_before
            FROM journal.batches WINDOW w AS (ORDER BY number)
        ) AS chain
        WHERE number <> number_before + 1 OR first_sequence <> sequence_before + 1
            OR logical_time_us < time_before OR epoch < epoch_before
        """
    )
}

// MARK: - The end of a run

extension History {
    /// Everything: each order of each client, each deposit, every rule in SQL, and the journal replayed from its start.
    func expectSound(_ load: FaultLoad, sourceLocation: SourceLocation = #_sourceLocation) throws {
        try waitForTables()
        let connection = try connect()
        let oracles = load.oracles
        for (_, oracle) in oracles {
            for complaint in oracle.complaints.prefix(5) {
                Issue.record(Comment(rawValue: complaint), sourceLocation: sourceLocation)
            }
        }
        let items = oracles.flatMap(\.oracle.items)
        expectNone(try orderFaults(items, connection), sourceLocation)
        expectNone(try depositFaults(items, connection), sourceLocation)
        for rule in try Invariant.check(connection) where rule.violations != 0 {
            Issue.record("\(rule.name): \(rule.violations)", sourceLocation: sourceLocation)
        }
        let gaps = try connection.execute(Self.gapsStatement).onlyRow().int8(0)
        #expect(gaps == 0, "batches that do not follow the one before", sourceLocation: sourceLocation)
        try expectReplayEqual(connection, sourceLocation)
    }

    private func expectNone(_ faults: [String], _ sourceLocation: SourceLocation) {
        for fault in faults.prefix(5) { Issue.record(Comment(rawValue: fault), sourceLocation: sourceLocation) }
        if faults.count > 5 { Issue.record("and \(faults.count - 5) more", sourceLocation: sourceLocation) }
    }

    private func orderFaults(_ items: [Oracle.Item], _ connection: Connection) throws -> [String] {
        var faults: [String] = []
        var found: [String: Int64] = [:]
        let rows = try connection.execute(
            "SELECT id, client_order_id FROM market.orders WHERE client_order_id IS NOT NULL ORDER BY id"
        )
        for row in rows {
            let name = try row.text(1)
            if let first = found.updateValue(try row.int8(0), forKey: name) {
                faults.append("\(name) is there twice, first as o\(first)")
            }
        }
        for item in items where item.kind == .order {
            let order = found[item.name]
            switch item.fate {
            case .settled(let answer) where order != answer.order || answer.sequence != answer.order:
                faults.append(
                    "\(item.name) was acknowledged as o\(answer.order) and is \(order.map { "o\($0)" } ?? "lost")"
                )
            case .refused where order != nil, .declined where order != nil:
                faults.append("\(item.name) was refused and is there")
            case .underWay: faults.append("\(item.name) is still under way")
            case .fresh, .unknown, .refused, .declined, .settled: break
            }
        }
        return faults
    }

    private func depositFaults(_ items: [Oracle.Item], _ connection: Connection) throws -> [String] {
        var count: [Int64: Int64] = [:]
        let rows = try connection.execute(
            "SELECT amount, count(*) FROM ledger.transfers WHERE kind = 1 AND amount < $1 GROUP BY amount",
            [.int8(FaultLoad.firstDeposit)]
        )
        for row in rows { count[try row.int8(0)] = try row.int8(1) }
        return items.compactMap { item in
            guard case .deposit(let amount) = item.kind else { return nil }
            let times = count[amount] ?? 0
            switch item.fate {
            case .settled where times != 1: return "deposit \(item.name) was acknowledged and is there \(times) times"
            case .refused where times != 0, .declined where times != 0:
                return "deposit \(item.name) was refused and is there"
            case .unknown where times > 1: return "deposit \(item.name) is there \(times) times"
            default: return nil
            }
        }
    }

    /// The journal from its first batch gives every digest that it carries, and in the end the state of the tables.
    private func expectReplayEqual(_ connection: Connection, _ sourceLocation: SourceLocation) throws {
        var replay = JournalReplay(Engine(), at: 0)
        var reader = JournalReader(connection)
        while true {
            let batches = try reader.next()
            if batches.isEmpty { break }
            for batch in batches {
                do {
                    _ = try replay.carryOut(batch)
                } catch {
                    Issue.record(error, sourceLocation: sourceLocation)
                    throw error
                }
            }
        }
        let loaded = try StateLoader.load(connection)
        #expect(loaded.cursor.batch == reader.chain.number, "the tables are level", sourceLocation: sourceLocation)
        let tables = try Engine(state: loaded.state)
        let isEqual = tables.digest == replay.engine.digest
        #expect(isEqual, "the tables give the replayed state", sourceLocation: sourceLocation)
    }
}

// MARK: - Repetitions

extension History {
    /// Sends requests that were carried out once more: the same bytes come back, and say that they are a repetition.
    static func expectRepeatable(
        _ load: FaultLoad,
        on server: TestServer,
        count: Int,
        _ generator: inout FaultGenerator,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let client = try server.connect()
        for (writer, oracle) in load.oracles {
            let settled = oracle.items.filter { if case .settled = $0.fate { true } else { false } }
            for item in settled.shuffled(using: &generator).prefix(count) {
                guard case .settled(let answer) = item.fate else { continue }
                let response = try client.connection.request(writer.request(item))
                let isSame = response.body == answer.body && response.field("idempotency-replayed") == "true"
                #expect(isSame, "\(item.name): \(response.status) \(response.text)", sourceLocation: sourceLocation)
            }
        }
    }
}
