import PostgresTesting
import Testing

@testable import Postgres

@Suite struct ConnectionTests {
    private func connect() throws -> Connection {
        try Connection(try TestCluster.shared().connectionString())
    }

    /// For tests that leave nothing behind.
    private func connectToShared() throws -> Connection {
        try Connection(try TestCluster.shared().cluster.connectionString(.owner))
    }

    @Test func `A session knows its server, its backend and its transaction`() throws {
        let connection = try connect()
        #expect(connection.serverVersion >= 150_000)
        #expect(try connection.execute("SELECT pg_backend_pid()").onlyRow().int4(0) == connection.backendPID)
        #expect(connection.transactionStatus == .idle)
        try connection.begin()
        #expect(connection.transactionStatus == .inTransaction)
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1/0") }
        #expect(connection.transactionStatus == .inFailedTransaction)
        try connection.rollback()
        #expect(connection.transactionStatus == .idle)
    }

    @Test(
        arguments: [
            .bool(true), .bool(false), .int2(.min), .int2(.max), .int4(.min), .int4(.max), .int8(.min), .int8(.max),
            .text(""), .text("Grüße \u{1F41B}"), .bytea([]), .bytea([0, 1, 255]), .numeric(.min), .numeric(.max),
            .numeric(0), .timestamp(microsecondsSince1970: 0), .timestamp(microsecondsSince1970: -1),
            .int8Array([]), .int8Array([.min, 0, .max]), .int4Array([.min, 7]), .int2Array([.max, -1]),
            .textArray(["", "a,b", "\"{}\""]), .byteaArray([[], [0], [255, 254]]),
        ] as [Parameter]
    )
    func `A value comes back as it was sent`(parameter: Parameter) throws {
        let row = try connectToShared().execute("SELECT $1::\(parameter.type)", [parameter]).onlyRow()
        #expect(try row.value(like: parameter) == parameter)
    }

    @Test(
        arguments: [
            (.numericArray([.min, 0, .max]), "{\(Int128.min),0,\(Int128.max)}"),
            (.boolArray([true, false]), "{t,f}"),
            (.timestampArray(microsecondsSince1970: [0]), "{\"1970-01-01 00:00:00+00\"}"),
            (.timestamp(microsecondsSince1970: 1), "1970-01-01 00:00:00.000001+00"),
            (.byteaArray([[0xDE, 0xAD], []]), "{\"\\\\xdead\",\"\\\\x\"}"),
            (
                .encoded(PostgresType(oid: 2_950), [UInt8](repeating: 0x11, count: 16)),
                "11111111-1111-1111-1111-111111111111"
            ),
        ] as [(Parameter, String)]
    )
    func `The server reads a value as it is meant`(parameter: Parameter, text: String) throws {
        let type = parameter.type.oid == 2_950 ? "uuid" : "\(parameter.type)"
        let row = try connectToShared().execute("SELECT ($1::\(type))::text", [parameter]).onlyRow()
        #expect(try row.text(0) == text)
    }

    @Test(arguments: [PostgresType.int8, .text, .bytea, .int8Array])
    func `A null is a null, and reading it as a value names the column`(type: PostgresType) throws {
        let connection = try connect()
        let row = try connection.execute("SELECT 1::int8 AS one, $1::\(type) AS nothing", [.null(type)]).onlyRow()
        #expect(row.isNull(1))
        let error = #expect(throws: PostgresError.self) { try row.value(of: type, 1) }
        #expect(error == .unexpectedResult("column 1 (nothing) is null where \(type) was expected"))
    }

    @Test func `Reading a column as another type names both`() throws {
        let row = try connect().execute("SELECT 'x'::text AS name").onlyRow()
        #expect(throws: PostgresError.unexpectedResult("column 0 (name) is text where int8 was expected")) {
            try row.int8(0)
        }
        #expect(throws: PostgresError.unexpectedResult("column 1 was read from a row of 1")) { try row.int8(1) }
        #expect(throws: PostgresError.unexpectedResult("column -1 was read from a row of 1")) { try row.int8(-1) }
    }

    @Test func `Narrow integers widen, wide ones do not narrow`() throws {
        let row = try connect().execute("SELECT (-2)::int2, (-4)::int4, (-8)::int8").onlyRow()
        #expect(try row.int8(0) == -2)
        #expect(try row.int8(1) == -4)
        #expect(try row.numeric(2) == -8)
        #expect(throws: PostgresError.self) { try row.int4(2) }
    }

    @Test func `A statement is prepared once and then runs with other values`() throws {
        let connection = try connect()
        let statement = Statement(prepared: "double", "SELECT $1 * 2")
        for value in [1, 2, 3] as [Int64] {
            #expect(try connection.execute(statement, [.int8(value)]).onlyRow().int8(0) == 2 * value)
        }
        let names = try connection.execute("SELECT count(*) FROM pg_prepared_statements WHERE name = 'double'")
        #expect(try names.onlyRow().int8(0) == 1)
    }

    @Test func `Behind a proxy nothing is prepared`() throws {
        var settings = Connection.Settings()
        settings.preparesStatements = false
        let connection = try Connection(try TestCluster.shared().connectionString(), settings)
        _ = try connection.execute(Statement(prepared: "one", "SELECT 1"))
        let names = try connection.execute("SELECT count(*) FROM pg_prepared_statements")
        #expect(try names.onlyRow().int8(0) == 0)
    }

    @Test func `Large and small values of one statement keep their places`() throws {
        let large = [UInt8](repeating: 1, count: 9_000_000)
        let other = [UInt8](repeating: 2, count: Connection.copiedParameterBytesMax + 1)
        let row = try connect().execute(
            "SELECT octet_length($1), $2, octet_length($3), get_byte($3, 0), $4",
            [.bytea(large), .int8(7), .bytea(other), .text("end")]
        ).onlyRow()
        #expect(try row.int8(0) == 9_000_000)
        #expect(try row.int8(1) == 7)
        #expect(try row.int8(2) == Int64(other.count))
        #expect(try row.int8(3) == 2)
        #expect(try row.text(4) == "end")
    }

    @Test func `A script is all its statements or none`() throws {
        let connection = try connect()
        #expect(throws: PostgresError.self) {
            try connection.run(script: "CREATE TABLE a (id int8); CREATE TABLE b (id nonsense); CREATE TABLE c ()")
        }
        let tables = try connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        #expect(try tables.onlyRow().int8(0) == 0)
    }

    @Test func `A commit of a failed transaction is an error, not a success`() throws {
        let connection = try connect()
        try connection.begin()
        #expect(throws: PostgresError.self) { try connection.execute("SELECT 1/0") }
        let error = #expect(throws: PostgresError.self) { try connection.commit() }
        #expect(error?.sqlState == "25P02")
        #expect(error?.isOutcomeUnknown == false)
    }

    @Test func `A transaction that throws leaves nothing`() throws {
        let connection = try connect()
        try connection.run(script: "CREATE TABLE t (id int8)")
        #expect(throws: PostgresError.unexpectedResult("enough")) {
            try connection.transaction { () throws(PostgresError) in
                try connection.execute("INSERT INTO t VALUES (1)")
                throw .unexpectedResult("enough")
            }
        }
        #expect(try connection.execute("SELECT count(*) FROM t").onlyRow().int8(0) == 0)
        try connection.transaction { () throws(PostgresError) in try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(try connection.execute("DELETE FROM t").affectedRows == 1)
    }

    @Test func `A refusal carries what the server said about it`() throws {
        let error = #expect(throws: PostgresError.self) {
            try connect().run(script: "DO $$ BEGIN RAISE 'm' USING DETAIL = 'd', HINT = 'h', ERRCODE = 'BX001'; END $$")
        }
        #expect(
            error == .statementFailed(StatementFailure(sqlState: "BX001", message: "m", detail: "d", hint: "h"))
        )
    }
}

@Suite struct RowStreamTests {
    @Test func `A stream gives every row once, then nil`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        let rows = try connection.stream(Statement("SELECT generate_series(1, $1)"), [.int8(10_000)])
        var sum: Int64 = 0
        while let row = try rows.next() { sum += try row.int8(0) }
        #expect(sum == 50_005_000)
        #expect(try rows.next() == nil)
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `Another statement ends an abandoned stream`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        let rows = try connection.stream(Statement("SELECT generate_series(1, 1000)"))
        _ = try rows.next()
        #expect(try connection.execute("SELECT 5::int8").onlyRow().int8(0) == 5)
        #expect(try rows.next() == nil)
    }

    @Test func `A failure in the middle is thrown, and the session goes on`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        let rows = try connection.stream(Statement("SELECT 10 / (5 - i) FROM generate_series(1, 9) AS i"))
        var count = 0
        let error = #expect(throws: PostgresError.self) { while try rows.next() != nil { count += 1 } }
        #expect(error?.sqlState == "22012")
        #expect(count == 4)
        #expect(try connection.execute("SELECT 5::int8").onlyRow().int8(0) == 5)
    }
}
