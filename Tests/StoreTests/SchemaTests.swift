import Engine
import Exchange
import Glibc
import Ledger
import Postgres
import Testing
import Units

@testable import Store

@Suite struct SchemaTests {
    @Test func `Every folder of Migrations is embedded, byte by byte and in order`() throws {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        for migration in Schema.migrations {
            let folder = "\(root)/Migrations/\(migration)"
            #expect(try contents("\(folder)/up.sql") == migration.up)
            #expect(try contents("\(folder)/check.sql") == migration.check)
        }
        #expect(try folderCount("\(root)/Migrations") == Schema.migrations.count)
    }

    @Test func `Migrating again finds nothing to do`() throws {
        let exchange = try TestExchange()
        let owner = try exchange.connect(.owner)
        #expect(try Schema.plan(owner).isEmpty)
        #expect(try Schema.migrate(owner).isEmpty)
    }

    @Test func `Every table, view, column and function says what it is`() throws {
        let exchange = try TestExchange()
        let silent = try exchange.connect(.auditor).execute(
            """
            SELECT n.nspname || '.' || c.relname || coalesce('.' || a.attname, '')
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE n.nspname IN ('journal', 'ledger', 'market', 'projection', 'public') AND c.relkind IN ('r', 'v', 'p')
                AND (obj_description(c.oid, 'pg_class') IS NULL OR col_description(c.oid, a.attnum) IS NULL)
            UNION ALL
            SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
            WHERE n.nspname IN ('journal', 'ledger', 'market', 'projection')
                AND obj_description(p.oid, 'pg_proc') IS NULL
            """
        )
        #expect(try silent.map { try $0.text(0) } == [])
    }

    // MARK: Numbers and names

    @Test func `The codes in the database are those of the program`() throws {
        let exchange = try TestExchange()
        var expected = ConstantTables.codes
        for kind in Transfer.Kind.allCases { expected.insert("transfer \(kind.rawValue) \(kind.name)") }
        for set in WeightSet.registered {
            let weights = "\(set.prompt)/\(set.cached)/\(set.completion)/\(set.reasoning)"
            expected.insert("weight_set \(set.id.rawValue) \(set.name) \(weights)")
        }
        let found = try exchange.connect(.auditor).execute(
            """
            SELECT field || ' ' || code || ' ' || name FROM market.codes
            UNION ALL SELECT 'transfer ' || kind || ' ' || name FROM ledger.transfer_kinds
            UNION ALL SELECT 'weight_set ' || weight_set || ' ' || name || ' ' || prompt || '/' || cached || '/'
                || completion || '/' || reasoning FROM market.weight_sets
            """
        )
        #expect(Set(try found.map { try $0.text(0) }) == expected)
    }

    @Test func `The database names and splits ledger accounts as the program does`() throws {
        let connection = try TestExchange().connect(.auditor)
        let accounts =
            LedgerAccount.SystemKind.allCases.map { LedgerAccount($0) }
            + LedgerAccount.Kind.allCases.map { LedgerAccount(AccountID(7), $0) }
        for account in accounts {
            let row = try connection.execute(
                "SELECT ledger.account_kind($1), $1 / 16",
                [.int8(account.rawValue)]
            ).onlyRow()
            #expect(try row.text(0) == account.kindName)
            #expect(try row.int8(1) == account.owner.rawValue)
        }
    }

    @Test(arguments: [(1_000, 1, 0), (25_123_000, 5, 1_234), (99_999_999_999_000, 9_999_999, 77), (7_000, 3, 2_999)])
    func `Holds and costs in SQL are those of the program`(price: Int64, lots: Int64, tokens: Int64) throws {
        let connection = try TestExchange().connect(.auditor)
        let rates = FeeRates(maker: BasisPoints(17), taker: BasisPoints(33))
        let row = try connection.execute(
            "SELECT market.hold_for($1, $2, 17, 33), market.cost_of($1, $3)",
            [.int8(price), .int8(lots), .int8(tokens)]
        ).onlyRow()
        let limit = Price(nanoTONPerMTok: price)
        #expect(try row.int8(0) == rates.hold(for: Lots(lots), at: limit).count)
        #expect(try row.int8(1) == limit.cost(of: AdjustedTokens(tokens)).count)
    }

    // MARK: Rights

    @Test(arguments: ["journal.batches", "ledger.transfers"])
    func `Nobody changes or deletes a row of a table that only grows, not even its owner`(table: String) throws {
        let owner = try TestExchange().connect(.owner)
        for statement in ["DELETE FROM \(table)", "TRUNCATE \(table)", "UPDATE \(table) SET epoch = 1"] {
            let sql = table == "ledger.transfers" ? statement.replacing("epoch", with: "amount") : statement
            #expect(throws: PostgresError.self) { try owner.execute(sql) }
            do { try owner.execute(sql) } catch { #expect(error.sqlState == "23001", "\(sql)") }
        }
    }

    @Test func `The server may not change or delete what it only adds`() throws {
        let server = try TestExchange().connect(.server)
        let forbidden = [
            "UPDATE ledger.transfers SET amount = 1", "DELETE FROM ledger.transfers", "TRUNCATE ledger.transfers",
            "UPDATE journal.batches SET epoch = 1", "DELETE FROM journal.batches", "DELETE FROM journal.leader",
            "UPDATE market.trades SET price = 1", "DELETE FROM market.orders", "DELETE FROM ledger.accounts",
            "INSERT INTO market.codes VALUES ('side', 3, 'x')", "DROP TABLE market.orders",
            "ALTER TABLE ledger.transfers DISABLE TRIGGER append_only", "CREATE TABLE market.mine (a int)",
        ]
        for sql in forbidden {
            do {
                try server.execute(sql)
                Issue.record("\(sql) was allowed")
            } catch {
                #expect(error.sqlState == "42501", "\(sql): \(error)")
            }
        }
    }

    @Test func `An auditor reads everything and writes nothing`() throws {
        let exchange = try TestExchange()
        let auditor = try exchange.connect(.auditor)
        let relations = try auditor.execute(
            """
            SELECT n.nspname || '.' || c.relname, c.relkind = 'r'
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname IN ('journal', 'ledger', 'market', 'projection') AND c.relkind IN ('r', 'v') ORDER BY 1
            """
        )
        #expect(relations.count > 20)
        for relation in relations {
            let name = try relation.text(0)
            #expect(throws: Never.self, "\(name)") { try auditor.execute("SELECT count(*) FROM \(name)") }
            guard try relation.bool(1) else { continue }
            for sql in ["DELETE FROM \(name)", "INSERT INTO \(name) DEFAULT VALUES", "TRUNCATE \(name)"] {
                do {
                    try auditor.execute(sql)
                    Issue.record("\(sql) was allowed")
                } catch {
                    #expect(error.sqlState == "42501", "\(sql): \(error)")
                }
            }
        }
    }

    private func contents(_ path: String) throws -> [UInt8] {
        guard let file = unsafe fopen(path, "r") else { throw PostgresError.unexpectedResult("no file \(path)") }
        defer { _ = unsafe fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe fread($0.baseAddress, 1, $0.count, file) }
        return Array(bytes[..<count])
    }

    private func folderCount(_ path: String) throws -> Int {
        guard let folder = unsafe opendir(path) else { throw PostgresError.unexpectedResult("no folder \(path)") }
        defer { _ = unsafe closedir(folder) }
        var count = 0
        while let entry = unsafe readdir(folder) {
            if unsafe entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }
}
