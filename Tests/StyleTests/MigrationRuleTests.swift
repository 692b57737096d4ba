import Testing

@Suite struct MigrationRuleTests {
    private let files = ["up.sql": "", "check.sql": ""]

    @Test func `Migrations are numbered from 1 without gaps`() {
        func faults(_ names: [String]) -> Int {
            layoutFaults(names.map { MigrationFolder(name: $0, files: files) }).count
        }
        #expect(faults(["0001-accounts", "0002-market-data"]) == 0)
        #expect(faults(["0002-market", "0001-accounts"]) == 0)
        #expect(faults(["0001-accounts", "0003-market"]) == 1)
        #expect(faults(["0000-accounts"]) == 1)
        #expect(faults(["0001-a", "0001-b"]) == 1)
        #expect(faults(["1-accounts"]) == 1)
        #expect(faults(["0001"]) == 1)
        #expect(faults(["0001-Accounts"]) == 1)
        #expect(faults(["README.md"]) == 1)
    }

    @Test func `A migration holds up.sql and check.sql and nothing else`() {
        for names in [["up.sql"], ["check.sql"], ["up.sql", "check.sql", "down.sql"], []] {
            let files = Dictionary(uniqueKeysWithValues: names.map { ($0, "") })
            #expect(layoutFaults([MigrationFolder(name: "0001-a", files: files)]).count == 1)
        }
    }

    @Test func `A table and each of its columns are commented`() {
        let table = """
            -- CREATE TABLE old (x int);
            CREATE TABLE IF NOT EXISTS ledger.accounts (
                id bigint PRIMARY KEY,
                balance numeric(20, 0) NOT NULL DEFAULT 0 CHECK (balance >= 0), -- never negative, ever
                "kind" text NOT NULL CHECK (kind IN ('a', 'b;c')),
                CONSTRAINT positive CHECK (id > 0),
                UNIQUE (kind, id)
            ) PARTITION BY RANGE (id);
            """
        let names = ["table ledger.accounts", "column ledger.accounts.id", "column ledger.accounts.balance"]
        #expect(missingComments(table) == names + ["column ledger.accounts.kind"])
        let comments = names.map { "COMMENT ON \($0) IS 'x; y';" }.joined(separator: "\n")
        #expect(missingComments(table + comments) == ["column ledger.accounts.kind"])
        #expect(missingComments(table + comments + "comment on column ledger.accounts.\"kind\" is 'it''s';").isEmpty)
    }

    @Test func `Views and added columns are commented, partitions and temporary tables need not be`() {
        #expect(missingComments("CREATE OR REPLACE VIEW a.v AS SELECT 1;") == ["view a.v"])
        #expect(missingComments("CREATE MATERIALIZED VIEW v AS SELECT 1;") == ["view v"])
        #expect(missingComments("CREATE VIEW v AS SELECT 1; COMMENT ON VIEW v IS 'x';").isEmpty)
        #expect(missingComments("CREATE VIEW v (a, b) AS SELECT 1, 2; COMMENT ON VIEW v IS 'x';").isEmpty)
        #expect(missingComments("ALTER TABLE t ADD COLUMN IF NOT EXISTS c int;") == ["column t.c"])
        #expect(missingComments("CREATE TABLE p PARTITION OF t FOR VALUES FROM (1) TO (2);").isEmpty)
        #expect(missingComments("CREATE TEMPORARY TABLE t (a int);").isEmpty)
        #expect(missingComments("CREATE INDEX i ON t (a); CREATE FUNCTION f() RETURNS int;").isEmpty)
    }
}
