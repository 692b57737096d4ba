import PostgresTesting
import Testing

@testable import Postgres

@Suite struct CopyTests {
    @Test func `A row is its field count, then each field behind its length`() {
        var writer = CopyWriter(columnCount: 3)
        writer.beginRow()
        writer.int2(258)
        writer.null()
        writer.text("é")
        #expect(
            Array(writer.bytes.dropFirst(CopyWriter.header.count)) == [
                0, 3, 0, 0, 0, 2, 1, 2, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 2, 0xC3, 0xA9,
            ]
        )
        #expect(writer.isComplete)
        #expect(writer.rowCount == 1)
    }

    @Test func `An emptied writer is as a new one`() {
        var writer = CopyWriter(columnCount: 1)
        writer.beginRow()
        writer.removeAll()
        #expect(writer.bytes == CopyWriter(columnCount: 1).bytes)
        #expect(writer.isComplete)
    }

    @Test func `Every kind of field arrives as it was written`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        try connection.run(
            script: """
                CREATE TABLE t (
                    a bool, b int2, c int4, d int8, e text, f bytea, g numeric, h timestamptz, i int8[], j text
                )
                """
        )
        var writer = CopyWriter(columnCount: 10)
        writer.beginRow()
        writer.bool(true)
        writer.int2(.min)
        writer.int4(.max)
        writer.int8(.min)
        writer.text("Grüße \u{1F41B}")
        writer.bytea([0, 255, 1])
        writer.numeric(.max)
        writer.timestamp(microsecondsSince1970: 1_700_000_000_000_001)
        writer.value(.int8Array([1, -1]))
        let text: [UInt8] = Array("span".utf8)
        writer.bytes(text.span)
        writer.beginRow()
        for _ in 0..<10 { writer.null() }

        #expect(try connection.copy("COPY t FROM STDIN (FORMAT binary)", from: writer) == 2)
        let rows = try connection.execute("SELECT * FROM t ORDER BY a NULLS LAST")
        let row = rows[0]
        #expect(try row.bool(0))
        #expect(try row.int2(1) == .min)
        #expect(try row.int4(2) == .max)
        #expect(try row.int8(3) == .min)
        #expect(try row.text(4) == "Grüße \u{1F41B}")
        #expect(try row.bytea(5) == [0, 255, 1])
        #expect(try row.numeric(6) == .max)
        #expect(try row.timestamp(7) == 1_700_000_000_000_001)
        #expect(try row.int8Array(8) == [1, -1])
        #expect(try row.text(9) == "span")
        for column in 0..<10 { #expect(rows[1].isNull(column)) }
    }

    @Test func `Rows of many pieces arrive, and the session goes on`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        try connection.run(script: "CREATE TABLE t (id int8, payload bytea)")
        var writer = CopyWriter(columnCount: 2)
        for id in 0..<1_000 {
            writer.beginRow()
            writer.int8(Int64(id))
            writer.bytea([UInt8](repeating: UInt8(id % 251), count: 1_000))
        }
        #expect(writer.byteCount > 4 * Connection.copyPieceBytesMax)
        #expect(try connection.copy("COPY t FROM STDIN (FORMAT binary)", from: writer) == 1_000)
        let row = try connection.execute("SELECT sum(id)::int8, sum(octet_length(payload)) FROM t").onlyRow()
        #expect(try row.int8(0) == 499_500)
        #expect(try row.int8(1) == 1_000_000)
    }

    @Test func `A refused row undoes the whole COPY, and the session goes on`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        try connection.run(script: "CREATE TABLE t (id int8 PRIMARY KEY)")
        var writer = CopyWriter(columnCount: 1)
        for id in [1, 2, 1] as [Int64] {
            writer.beginRow()
            writer.int8(id)
        }
        let error = #expect(throws: PostgresError.self) {
            try connection.copy("COPY t FROM STDIN (FORMAT binary)", from: writer)
        }
        #expect(error?.sqlState == "23505")
        #expect(error?.isOutcomeUnknown == false)
        #expect(try connection.execute("SELECT count(*) FROM t").onlyRow().int8(0) == 0)
    }

    @Test func `A table that is not there is a refusal, not the end of the session`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        let error = #expect(throws: PostgresError.self) {
            try connection.copy("COPY missing FROM STDIN (FORMAT binary)", from: CopyWriter(columnCount: 1))
        }
        #expect(error?.sqlState == "42P01")
        #expect(connection.transactionStatus == .idle)
    }

    @Test func `A statement that is no COPY is said to be none`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        #expect(throws: PostgresError.unexpectedResult("the statement is not a COPY FROM STDIN")) {
            try connection.copy("SELECT 1", from: CopyWriter(columnCount: 1))
        }
        #expect(try connection.execute("SELECT 1::int8").onlyRow().int8(0) == 1)
    }

    @Test func `A COPY run as a plain statement ends with an error, not in waiting`() throws {
        let connection = try Connection(try TestCluster.shared().connectionString())
        try connection.run(script: "CREATE TABLE t (id int8)")
        for sql in ["COPY t FROM STDIN", "COPY t TO STDOUT"] {
            let session = try Connection(try TestCluster.shared().connectionString())
            try session.run(script: "CREATE TABLE t (id int8)")
            #expect(throws: PostgresError.self) { try session.run(script: sql) }
            #expect(!session.isUsable)
        }
    }
}
