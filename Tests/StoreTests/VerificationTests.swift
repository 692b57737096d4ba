import Engine
import Postgres
import Store
import Testing
import Units

/// A database that a random market has filled, with a checkpoint in the middle.
struct FilledExchange {
    let exchange: TestExchange
    private(set) var market: RandomMarket
    private(set) var rows: [JournalBatch] = []

    /// `batches` batches; a checkpoint after each number in `checkpoints`, announced in the batch that follows.
    init(
        seed: UInt64,
        batches: Int = 40,
        checkpoints: Set<Int> = [20],
        rules: Int32 = RulesVersion.current,
        settles: Bool = false
    ) throws {
        exchange = try TestExchange()
        market = RandomMarket(seed: seed, requestsMax: Limits.idempotencyEntriesMax, rules: rules)
        market.settles = settles
        let leadership = try exchange.lead()
        let writer = try JournalWriter(try exchange.connect(), leadership)
        let projector = try Projector(try exchange.connect())
        for number in 1...batches {
            let batch = market.batch(20, epoch: leadership.epoch)
            try writer.commit(batch.row)
            try projector.apply([batch.projected])
            rows.append(batch.row)
            guard checkpoints.contains(number) else { continue }
            if let terms = try CheckpointStore.make(try exchange.connect()) { market.announcements = [terms] }
        }
    }

    func verify(_ start: Verification.Start = .beginning) throws -> Verification.Report {
        try Verification(try exchange.connect(.auditor), from: start).run()
    }
}

@Suite struct VerificationTests {
    @Test(arguments: [UInt64](31...33))
    func `A sound exchange is found sound, from the start and from each checkpoint`(seed: UInt64) throws {
        let filled = try FilledExchange(seed: seed, checkpoints: [12, 20])
        let whole = try filled.verify()
        #expect(whole.lastBatch == 40)
        #expect(whole.tablesBatch == 40)
        #expect(whole.notDerivable.isEmpty)
        #expect(whole.checkpoints == 2)
        for start in [Verification.Start.newestCheckpoint, .checkpoint(12)] {
            let part = try filled.verify(start)
            #expect(part.startBatch == (start == .newestCheckpoint ? 20 : 12), "seed \(seed)")
            #expect(part.rows + part.notDerivable.values.reduce(0, +) == whole.rows)
            #expect(part.notDerivable["ledger.transfers", default: 0] > 0)
        }
    }

    @Test func `Replay from a checkpoint gives the live engine`() throws {
        let filled = try FilledExchange(seed: 41)
        let connection = try filled.exchange.connect(.auditor)
        let row = try #require(try CheckpointStore.rows(connection).first)
        let checkpoint = try CheckpointStore.read(row, connection)
        var fromCheckpoint = JournalReplay(try checkpoint.engine(), at: checkpoint.batch)
        var fromStart = JournalReplay(Engine(), at: 0)
        for row in filled.rows {
            _ = try fromStart.carryOut(row)
            if row.number > checkpoint.batch { _ = try fromCheckpoint.carryOut(row) }
        }
        #expect(fromStart.engine.digest == filled.market.engine.digest)
        #expect(fromCheckpoint.engine.digest == filled.market.engine.digest)
        #expect(fromCheckpoint.engine.state() == fromStart.engine.state())
    }

    @Test func `Tables that are behind the journal are compared where they are`() throws {
        let filled = try FilledExchange(seed: 42, batches: 20, checkpoints: [])
        let exchange = filled.exchange
        let leadership = try exchange.lead()
        let writer = try JournalWriter(try exchange.connect(), leadership)
        var market = filled.market
        for _ in 0..<5 { try writer.commit(market.batch(20, epoch: leadership.epoch).row) }
        let report = try filled.verify()
        #expect(report.tablesBatch == 20)
        #expect(report.lastBatch == 25)
    }

    @Test func `Every column of every table is compared, but those with a source of their own`() throws {
        let connection = try TestExchange().connect(.auditor)
        let rows = try connection.execute(
            """
            SELECT a.attrelid::regclass::text || '.' || a.attname FROM pg_attribute a
                JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('ledger', 'log', 'market', 'projection', 'settlement') AND c.relkind = 'r'
                AND a.attnum > 0 AND NOT a.attisdropped
            """
        )
        var columns = Set(try rows.map { try $0.text(0) })
        for table in CheckedTable.final + CheckedTable.growing {
            for column in table.columns { #expect(columns.remove("\(table.name).\(column)") != nil, "\(column)") }
        }
        // Candles follow from the trades, and are compared with them. Messages are a source: the journal has none.
        let constants = [
            "market.codes", "market.weight_sets", "ledger.transfer_kinds", "market.candles", "settlement.messages",
        ]
        columns = columns.filter { name in !constants.contains { name.hasPrefix($0 + ".") } }
        #expect(columns == ["projection.cursor.moved_at"])
    }

    // MARK: Damage

    /// What nothing else in the database says.
    private static let sources: Set<String> = [
        "journal.leader.epoch", "journal.leader.holder", "journal.leader.expires_at", "journal.leader.backends",
        "journal.leader.taken_at", "journal.leader.address", "journal.leader.seen_at", "projection.cursor.moved_at",
    ]

    /// A change of one bit of a value, by the name of its type.
    private static func flip(_ column: String, _ type: String, _ generator: inout SeededGenerator) -> String? {
        let bit = Int.random(in: 0..<64, using: &generator)
        switch type {
        case "bigint": return bit == 63 ? "\(column) # (-9223372036854775807 - 1)" : "\(column) # \(Int64(1) << bit)"
        case "integer": return "\(column) # \(1 << (bit % 31))"
        case "smallint": return "(\(column) # \(1 << (bit % 15))::smallint)::smallint"
        case "numeric": return "\(column) + \(Int64(1) << (bit % 40))"
        case "boolean": return "NOT \(column)"
        case "timestamp with time zone": return "\(column) + interval '1 microsecond' * \(Int64(1) << (bit % 40))"
        case "text": return "overlay(\(column) placing chr(ascii(\(column)) # \(1 << (bit % 5))) from 1 for 1)"
        case "bytea":
            return "set_bit(\(column), mod(\(bit) * 7919, 8 * octet_length(\(column))), "
                + "1 - get_bit(\(column), mod(\(bit) * 7919, 8 * octet_length(\(column)))))"
        case "bigint[]": return "\(column) || 7::bigint"
        case "text[]": return "\(column) || 'fr'::text"
        default: return nil
        }
    }

    private struct Column {
        let table: String
        let name: String
        let type: String
    }

    private func columns(_ connection: Connection) throws -> [Column] {
        let rows = try connection.execute(
            """
            SELECT a.attrelid::regclass::text, a.attname, format_type(a.atttypid, NULL) FROM pg_attribute a
                JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('journal', 'ledger', 'log', 'market', 'projection') AND c.relkind = 'r' AND a.attnum > 0
                AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY 1, a.attnum
            """
        )
        return try rows.map { Column(table: try $0.text(0), name: try $0.text(1), type: try $0.text(2)) }
    }

    @Test(arguments: [UInt64](51...53))
    func `A flipped bit in any column of any table is found, and its table is named`(seed: UInt64) throws {
        let filled = try FilledExchange(seed: seed, batches: 30)
        let owner = try filled.exchange.connect(.owner)
        try owner.execute("SET session_replication_role = replica")
        var generator = SeededGenerator(seed: seed)
        var flipped: Set<String> = []
        let columns = try columns(owner).filter { !Self.sources.contains("\($0.table).\($0.name)") }
        for column in columns {
            guard let change = Self.flip(column.name, column.type, &generator) else {
                Issue.record("\(column.table).\(column.name) has a type that the test does not know: \(column.type)")
                continue
            }
            let place = try owner.execute(
                "SELECT ctid::text FROM \(column.table) WHERE \(column.name) IS NOT NULL "
                    + "ORDER BY md5(ctid::text || '\(seed)') LIMIT 1"
            ).firstRow()?.text(0)
            guard let place else { continue }
            let copy =
                "CREATE TEMP TABLE kept AS SELECT \(column.name) AS value FROM \(column.table) WHERE ctid = '\(place)'"
            try owner.execute(copy)
            defer { _ = try? owner.execute("DROP TABLE kept") }
            let changed = try? owner.execute(
                "UPDATE \(column.table) SET \(column.name) = \(change) "
                    + "WHERE ctid = '\(place)' AND \(change) <> \(column.name) RETURNING ctid::text"
            ).firstRow()?.text(0)
            // Constraints may refuse it, or the value was empty.
            guard let changed else { continue }
            flipped.insert(column.table)
            do {
                _ = try filled.verify()
                Issue.record("seed \(seed): \(column.table).\(column.name) was changed, and nothing was found")
            } catch VerificationError.difference(let sentence) {
                let table = column.table.hasPrefix("journal.batches") ? "journal.batches" : column.table
                #expect(sentence.contains(table), "seed \(seed), \(column.name): \(sentence)")
            } catch {
                Issue.record("seed \(seed): \(column.table).\(column.name): \(error)")
            }
            try owner.execute(
                "UPDATE \(column.table) SET \(column.name) = (SELECT value FROM kept) WHERE ctid = '\(changed)'"
            )
        }
        #expect(flipped.count >= 20, "\(flipped.sorted())")
        _ = try filled.verify()
    }

    @Test func `A row that is missing or was added is found, and its table is named`() throws {
        let filled = try FilledExchange(seed: 61, batches: 30)
        let owner = try filled.exchange.connect(.owner)
        try owner.execute("SET session_replication_role = replica")
        for table in Set(try columns(owner).map(\.table)).sorted() {
            for sql in [
                "DELETE FROM \(table) WHERE ctid = (SELECT ctid FROM \(table) ORDER BY md5(ctid::text) LIMIT 1)",
                "DELETE FROM \(table) WHERE ctid = (SELECT max(ctid) FROM \(table))",
            ] {
                try owner.execute("CREATE TEMP TABLE kept AS SELECT * FROM \(table)")
                defer { _ = try? owner.execute("DROP TABLE kept") }
                guard try owner.execute(sql).affectedRows == 1 else { continue }
                expectFound(table, sql, filled)
                let names = try columns(owner).filter { $0.table == table }.map(\.name).joined(separator: ", ")
                try owner.execute("INSERT INTO \(table) (\(names)) SELECT \(names) FROM kept ON CONFLICT DO NOTHING")
            }
        }
        let additions = [
            ("ledger.transfers", "INSERT INTO ledger.transfers VALUES (1, 17, 18, 5, NULL, NULL, now(), 900, 2)"),
            ("market.codes", "INSERT INTO market.codes VALUES ('side', 9, 'x')"),
            ("projection.requests", "INSERT INTO projection.requests VALUES (999999, 1, 1, 2, 3, 0, now())"),
            ("market.fees", "INSERT INTO market.fees VALUES (-4, 1, 2, 3, now())"),
            ("ledger.accounts", "INSERT INTO ledger.accounts (account, debits, credits) VALUES (37, 0, 0)"),
            ("journal.checkpoint_parts", "INSERT INTO journal.checkpoint_parts VALUES (7, 1, 'x')"),
        ]
        for (table, sql) in additions {
            try owner.execute("CREATE TEMP TABLE before AS SELECT ctid AS place FROM \(table)")
            try owner.execute(sql)
            expectFound(table, sql, filled)
            try owner.execute("DELETE FROM \(table) WHERE ctid NOT IN (SELECT place FROM before)")
            try owner.execute("DROP TABLE before")
        }
        _ = try filled.verify()
    }

    private func expectFound(_ table: String, _ sql: String, _ filled: FilledExchange) {
        do {
            _ = try filled.verify()
            Issue.record("\(sql): nothing was found")
        } catch VerificationError.difference(let sentence) {
            let name = table.hasPrefix("journal.batches") ? "journal.batches" : table
            // Without its one row, the leader or the cursor cannot be read at all.
            #expect(sentence.contains(name), "\(sql): \(sentence)")
        } catch {
            #expect(table == "journal.leader" || table == "projection.cursor", "\(sql): \(error)")
        }
    }
}
