internal import CPQ
internal import Glibc

extension Connection {
    /// Bytes that are handed to libpq at a time: large enough that the calls do not count, small enough that its
    /// buffer stays small.
    static let copyPieceBytesMax = 131_072

    /// Runs `COPY table (columns) FROM STDIN (FORMAT binary)` with the rows of `writer` and returns how many the
    /// server took. All of them or none.
    @discardableResult
    package func copy(_ sql: String, from writer: borrowing CopyWriter) throws(PostgresError) -> Int {
        precondition(writer.isComplete, "the last row has all its fields")
        try requireIdle()
        guard unsafe PQsendQuery(handle, sql) == 1 else { throw lost() }
        try enterCopy()
        try sendPieces(of: writer.bytes)
        try send(copyBytes: CopyWriter.trailer[...])
        guard unsafe PQputCopyEnd(handle, nil) == 1 else { throw lost() }
        return try finish(until: deadlineFromNow()).affectedRows
    }

    /// Waits for the server's invitation to send, or for its refusal.
    private func enterCopy() throws(PostgresError) {
        let deadline = deadlineFromNow()
        try waitForResult(until: deadline)
        guard let handle = unsafe PQgetResult(handle) else { throw lost() }
        let result = unsafe ResultSet(owning: handle)
        if unsafe PQresultStatus(result.handle) == PGRES_COPY_IN {
            guard unsafe PQbinaryTuples(result.handle) == 1 else {
                throw ended(by: "COPY was not told (FORMAT binary)")
            }
            return
        }
        try finish(until: deadline, first: result)
        throw .unexpectedResult("the statement is not a COPY FROM STDIN")
    }

    private func sendPieces(of bytes: [UInt8]) throws(PostgresError) {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.copyPieceBytesMax, bytes.count)
            try send(copyBytes: bytes[start..<end])
            start = end
        }
    }

    private func send(copyBytes piece: ArraySlice<UInt8>) throws(PostgresError) {
        let result = unsafe piece.withUnsafeBytes { buffer in
            unsafe PQputCopyData(handle, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count))
        }
        guard result == 1 else { throw lost() }
        try flush(until: deadlineFromNow())
    }
}
