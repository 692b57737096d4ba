internal import CPQ

/// What the server answered to one statement: its rows, in binary, and its command tag.
@safe package final class ResultSet {
    let handle: OpaquePointer

    init(owning handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe PQclear(handle) }

    package var columnCount: Int { Int(unsafe PQnfields(handle)) }

    /// The server's word for what it did, such as `INSERT 0 5` or `COMMIT`.
    package var commandTag: String { unsafe String(cString: PQcmdStatus(handle)) }

    /// Rows that an INSERT, UPDATE, DELETE, MERGE or COPY changed, or that a SELECT returned.
    package var affectedRows: Int { Int(unsafe String(cString: PQcmdTuples(handle))) ?? 0 }

    /// The name of a column, or its number when the result has no such column.
    package func columnName(_ column: Int) -> String {
        unsafe PQfname(handle, Int32(column)).map { name in unsafe String(cString: name) } ?? "column \(column)"
    }

    /// The one row of a statement that must return exactly one.
    package func onlyRow() throws(PostgresError) -> Row {
        guard count == 1 else { throw .unexpectedResult("\(count) rows where one was expected") }
        return self[0]
    }

    /// The row of a statement that returns one or none.
    package func firstRow() throws(PostgresError) -> Row? {
        guard count <= 1 else { throw .unexpectedResult("\(count) rows where at most one was expected") }
        return count == 0 ? nil : self[0]
    }
}

extension ResultSet: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { Int(unsafe PQntuples(handle)) }

    package subscript(index: Int) -> Row {
        precondition(index >= 0 && index < endIndex, "the row is in the result")
        return Row(result: self, index: Int32(index))
    }
}
