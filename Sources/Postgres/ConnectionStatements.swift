internal import CPQ

extension Connection {
    /// Runs one statement and returns its rows, in binary. Outside of a transaction it commits by itself.
    ///
    /// A large `bytea` goes from its array into libpq's buffer, and nowhere between.
    @discardableResult
    package func execute(
        _ statement: Statement,
        _ parameters: [Parameter] = []
    ) throws(PostgresError) -> ResultSet {
        try send(statement, parameters)
        return try finish(until: deadlineFromNow())
    }

    /// Runs one statement that is planned each time.
    @discardableResult
    package func execute(_ sql: String, _ parameters: [Parameter] = []) throws(PostgresError) -> ResultSet {
        try execute(Statement(sql), parameters)
    }

    /// Runs a text of any number of statements without parameters, such as a migration. Those after a refused one are
    /// not run; without BEGIN in the text, all of them are one transaction.
    package func run(script: String) throws(PostgresError) {
        try requireIdle()
        guard unsafe PQsendQuery(handle, script) == 1 else { throw lost() }
        try finish(until: deadlineFromNow())
    }
}

// MARK: - Transactions

extension Connection {
    package func begin() throws(PostgresError) {
        try run(script: "BEGIN")
    }

    /// Commits. A commit that the server turned into a rollback, because a statement of the transaction had failed, is
    /// an error too.
    package func commit() throws(PostgresError) {
        let result = try execute("COMMIT")
        guard result.commandTag == "COMMIT" else {
            throw .statementFailed(
                StatementFailure(sqlState: "25P02", message: "the transaction was rolled back, not committed")
            )
        }
    }

    package func rollback() throws(PostgresError) {
        try run(script: "ROLLBACK")
    }

    /// Runs `body` in a transaction: commits when it returns, rolls back when it throws. The closure states its error:
    /// `{ () throws(PostgresError) in … }`.
    @discardableResult
    package func transaction<Value>(
        _ body: () throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        try begin()
        let value: Value
        do throws(PostgresError) {
            value = try body()
        } catch {
            // The first error says what happened; if this fails too, the session is over and its transaction with it.
            if isUsable { try? rollback() }
            throw error
        }
        try commit()
        return value
    }
}

// MARK: - Sending and receiving

extension Connection {
    /// Parameters above this size are read where they lie; below it, one small copy costs less than the detour.
    static let copiedParameterBytesMax = 4_096

    func send(_ statement: Statement, _ parameters: [Parameter]) throws(PostgresError) {
        try requireIdle()
        precondition(parameters.count <= Int(UInt16.max), "the protocol counts parameters in 16 bits")
        if settings.preparesStatements, !statement.name.isEmpty { try prepare(statement, parameters) }

        // The small values in one buffer, so that one scope keeps every pointer into it alive.
        var bytes: [UInt8] = [0]
        var values: [ParameterBytes] = []
        values.reserveCapacity(parameters.count)
        for parameter in parameters {
            switch parameter {
            case .null: values.append(.null)
            case .bytea(let large) where large.count > Self.copiedParameterBytesMax: values.append(.large(large))
            default:
                let start = bytes.count
                parameter.append(to: &bytes)
                values.append(.small(start..<bytes.count))
            }
        }
        let sent = unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe withPointers(to: values[...], in: buffer, []) { pointers, lengths in
                unsafe send(statement, parameters, pointers, lengths)
            }
        }
        guard sent else { throw lost() }
    }

    /// Where the bytes of one parameter lie.
    private enum ParameterBytes {
        case null
        case small(Range<Int>)
        case large([UInt8])
    }

    /// Collects a pointer for each value. A large array is pinned by the scope of its own call, so this goes one level
    /// deep for each of them.
    @unsafe private func withPointers(
        to values: ArraySlice<ParameterBytes>,
        in buffer: UnsafeBufferPointer<UInt8>,
        _ found: [UnsafeBufferPointer<UInt8>?],
        _ body: ([UnsafePointer<CChar>?], [Int32]) -> Bool
    ) -> Bool {
        var found = unsafe found
        for index in values.indices {
            switch values[index] {
            case .null: unsafe found.append(nil)
            case .small(let range): unsafe found.append(UnsafeBufferPointer(rebasing: buffer[range]))
            case .large(let array):
                return unsafe array.withUnsafeBufferPointer { large in
                    unsafe withPointers(to: values[(index + 1)...], in: buffer, found + [large], body)
                }
            }
        }
        let pointers = unsafe found.map { field in
            unsafe field.map { bytes in unsafe UnsafeRawPointer(bytes.baseAddress!).assumingMemoryBound(to: CChar.self)
            }
        }
        let lengths = unsafe found.map { field in unsafe Int32(field?.count ?? 0) }
        return unsafe body(pointers, lengths)
    }

    @unsafe private func send(
        _ statement: Statement,
        _ parameters: [Parameter],
        _ pointers: [UnsafePointer<CChar>?],
        _ lengths: [Int32]
    ) -> Bool {
        let count = Int32(parameters.count)
        let formats = [Int32](repeating: 1, count: parameters.count)
        if preparedNames.contains(statement.name) {
            return unsafe PQsendQueryPrepared(handle, statement.name, count, pointers, lengths, formats, 1) == 1
        }
        let types = parameters.map(\.type.oid)
        return unsafe PQsendQueryParams(handle, statement.sql, count, types, pointers, lengths, formats, 1) == 1
    }

    /// Prepares a statement at its first use in this session.
    private func prepare(_ statement: Statement, _ parameters: [Parameter]) throws(PostgresError) {
        guard !preparedNames.contains(statement.name) else { return }
        let types = parameters.map(\.type.oid)
        let sent = unsafe PQsendPrepare(handle, statement.name, statement.sql, Int32(types.count), types)
        guard sent == 1 else { throw lost() }
        try finish(until: deadlineFromNow())
        preparedNames.insert(statement.name)
    }

    /// Takes every result up to the server's *ready for query*, also after a failure, so that the next statement finds
    /// the session idle. Returns the last result; `first` is one that was taken already.
    @discardableResult
    func finish(
        until deadline: ContinuousClock.Instant,
        first: ResultSet? = nil
    ) throws(PostgresError) -> ResultSet {
        var last = first
        var failure = first.flatMap { self.failure(in: $0) }
        while isUsable, let result = try nextResult(until: deadline) {
            last = result
            failure = failure ?? self.failure(in: result)
        }
        if let failure { throw failure }
        guard let last else { throw lost() }
        return last
    }

    func nextResult(until deadline: ContinuousClock.Instant) throws(PostgresError) -> ResultSet? {
        try waitForResult(until: deadline)
        guard let result = unsafe PQgetResult(handle) else { return nil }
        return unsafe ResultSet(owning: result)
    }

    /// What a result says went wrong; nil if nothing did.
    func failure(in result: ResultSet) -> PostgresError? {
        switch unsafe PQresultStatus(result.handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_SINGLE_TUPLE, PGRES_EMPTY_QUERY: return nil
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            return ended(by: "a COPY was run as if it were a plain statement")
        default: break
        }
        func field(_ code: Character) -> String? {
            unsafe PQresultErrorField(result.handle, Int32(code.asciiValue!)).map { unsafe String(cString: $0) }
        }
        let message = unsafe field("M") ?? String(cString: PQresultErrorMessage(result.handle))
        // Without an SQLSTATE it is libpq that speaks, not the server. FATAL and PANIC end the session.
        guard let sqlState = field("C"), field("V") == "ERROR" else { return ended(by: message) }
        return .statementFailed(
            StatementFailure(sqlState: sqlState, message: message, detail: field("D"), hint: field("H"))
        )
    }
}
