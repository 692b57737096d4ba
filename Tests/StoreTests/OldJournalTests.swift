import Engine
import Foundation
import Postgres
import ProgramTesting
import Store
import Testing
import Units

/// A database from before migration 9, with a journal of rules version 1.
@Suite struct OldJournalTests {
    /// The tables of a market, as schema 8 had them; the names of numbers come with the migrations.
    private static let tables = """
        SELECT table_schema || '.' || table_name, string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position)
        FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema IN ('journal', 'ledger', 'market', 'projection') AND table_type = 'BASE TABLE'
            AND is_generated = 'NEVER' AND column_name <> 'committed_at'
            -- Rows that come with the migrations.
            AND table_name NOT IN ('codes', 'weight_sets', 'transfer_kinds')
        GROUP BY table_schema, table_name ORDER BY 1
        """

    private static let batches = 30

    /// A market of rules version 1 in schema 8.
    private func oldExchange(seed: UInt64) throws -> TestExchange {
        let source = try FilledExchange(seed: seed, batches: Self.batches, checkpoints: [], rules: 1)
        let old = try TestExchange(migrations: 8)
        let from = try source.exchange.connect(.owner)
        let to = try old.connect(.owner)
        try to.run(script: "SET session_replication_role = replica")
        for row in try to.execute(Self.tables) {
            let (table, columns) = (try row.text(0), try row.text(1))
            // Its rows come with the migrations.
            if table == "market.codes" { continue }
            let content = try from.execute("SELECT coalesce(json_agg(t), '[]')::text FROM \(table) t")
            let json = try #require(try content.firstRow()?.text(0))
            try to.execute("DELETE FROM \(table)")
            try to.execute(
                "INSERT INTO \(table) (\(columns)) "
                    + "SELECT \(columns) FROM json_populate_recordset(NULL::\(table), $1::text::json)",
                [.text(json)]
            )
        }
        let count = try to.execute("SELECT count(*) FROM journal.batches WHERE rules_version = 1").firstRow()?.int8(0)
        try #require(count == Int64(Self.batches))
        return old
    }

    private func expectSound(_ exchange: TestExchange, batches: Int64) throws -> Verification.Report {
        let report = try Verification(try exchange.connect(.auditor), from: .beginning).run()
        #expect(report.lastBatch >= batches)
        #expect(report.notDerivable.isEmpty)
        let broken = try Invariant.check(try exchange.connect(.auditor)).filter { $0.violations > 0 }
        #expect(broken.isEmpty, "\(broken)")
        return report
    }

    @Test(arguments: [UInt64](81...82))
    func `A journal of rules version 1 is found sound after the migration`(seed: UInt64) throws {
        let exchange = try oldExchange(seed: seed)
        let applied = try Schema.migrate(try exchange.connect(.owner))
        #expect(applied.map(\.number) == Array(9...Schema.migrations.count))
        let report = try expectSound(exchange, batches: Int64(Self.batches))
        #expect(report.lastBatch == Int64(Self.batches))
        #expect(report.checkpoints == 0)
    }

    @Test func `A server that starts on it announces a checkpoint of what the old rules left, and stops`() throws {
        let exchange = try oldExchange(seed: 83)
        let owner = try exchange.connect(.owner)
        try Schema.migrate(owner)
        // As the role of a server, which owns nothing.
        let server = try TestServer(environment: ["DATABASE_URL": exchange.connectionString(.server)])
        defer { server.remove() }
        let deadline = Date().addingTimeInterval(90)
        var announced = false
        while !announced, Date() < deadline {
            usleep(50_000)
            announced =
                try owner.execute("SELECT count(*) = 1 FROM projection.checkpoints").firstRow()?.bool(0) ?? false
        }
        #expect(announced, "\(server.logText)")
        #expect(server.terminate() == 0, "\(server.logText)")
        let report = try expectSound(exchange, batches: Int64(Self.batches) + 1)
        #expect(report.checkpoints == 1)
        // Exactly what the old rules left: the end of their last batch. The first of the new ones announces it.
        let row = try #require(try CheckpointStore.rows(owner).first)
        #expect(row.batch == Int64(Self.batches))
        #expect(row.rulesVersion == 1)
        let announcement = try owner.execute(
            """
            SELECT b.number FROM journal.batches b JOIN projection.checkpoints c
                ON c.sequence BETWEEN b.first_sequence AND b.last_sequence
            """
        )
        #expect(try announcement.map { try $0.int8(0) } == [Int64(Self.batches) + 1])
        let rules = try owner.execute(
            "SELECT DISTINCT number > \(Self.batches), rules_version FROM journal.batches ORDER BY 1"
        )
        #expect(try rules.map { try $0.int4(1) } == [1, RulesVersion.current])
    }
}
