internal import CPQ

/// The rows of one statement, taken one by one, so that a large table does not have to fit in memory.
///
/// The session belongs to the stream until ``next()`` returns nil. Any other statement ends it: what is left is read
/// and dropped.
package struct RowStream {
    private let connection: Connection
    private let number: Int

    fileprivate init(_ connection: Connection, number: Int) {
        self.connection = connection
        self.number = number
    }

    /// The next row, or nil after the last. ``Connection/statementDeadline`` holds for each.
    package func next() throws(PostgresError) -> Row? {
        while connection.openStream == number {
            guard let result = try connection.nextResult(until: connection.deadlineFromNow()) else {
                connection.openStream = nil
                return nil
            }
            if let failure = connection.failure(in: result) { throw failure }
            // A result without rows only says that the statement is done.
            if let row = result.first { return row }
        }
        return nil
    }
}

extension Connection {
    /// Runs one statement and returns its rows as a stream.
    package func stream(_ statement: Statement, _ parameters: [Parameter] = []) throws(PostgresError) -> RowStream {
        try send(statement, parameters)
        let entered = unsafe PQsetSingleRowMode(handle)
        precondition(entered == 1, "single row mode is set right after sending")
        streamCount += 1
        openStream = streamCount
        return RowStream(self, number: streamCount)
    }
}
