internal import Postgres

/// Compares rows of one table with what replay gives, in the order of their keys.
struct TableComparison {
    let connection: Connection
    let table: CheckedTable

    /// Rows that were compared, and rows from before a checkpoint that replay cannot derive.
    struct Count: Hashable {
        var compared: Int64 = 0
        var notDerivable: Int64 = 0
    }

    /// Compares all rows in `range`; throws the first difference.
    func run(
        _ expected: [ExpectedRow],
        where range: String = "true",
        _ parameters: [Parameter] = [],
        isBeforeStart: (RowKey) -> Bool
    ) throws(VerificationError) -> Count {
        var count = Count()
        var next = 0
        let stream = try asked { () throws(PostgresError) in
            try connection.stream(Statement(table.selection(where: range)), parameters)
        }
        while let row = try asked({ () throws(PostgresError) -> Row? in try stream.next() }) {
            let key = try asked { () throws(PostgresError) -> RowKey in try self.key(of: row) }
            if next < expected.count, expected[next].key < key { break }
            guard next < expected.count, expected[next].key == key else {
                guard isBeforeStart(key) else {
                    throw .difference("\(table.name): the row \(name(key)) should not be there")
                }
                count.notDerivable += 1
                continue
            }
            let actual = row.copyBytes(columns: table.columns.count)
            if !expected[next].equals(actual), let found = expected[next].firstDifference(actual) {
                throw difference(key, found, row.columnType(found.column))
            }
            next += 1
            count.compared += 1
        }
        guard next == expected.count else {
            throw .difference("\(table.name): the row \(name(expected[next].key)) is missing")
        }
        return count
    }

    private func key(of row: Row) throws(PostgresError) -> RowKey {
        let columns = table.keyColumns
        var key = RowKey(first: 0)
        if let column = columns.first { key.first = try row.int8(column) }
        if columns.count > 1 { key.second = try row.int8(columns[1]) }
        return key
    }

    private func name(_ key: RowKey) -> String {
        zip(table.key, [key.first, key.second]).map { "\($0) \($1)" }.joined(separator: ", ")
    }

    private func difference(
        _ key: RowKey,
        _ found: (column: Int, expected: [UInt8]?, found: [UInt8]?),
        _ type: PostgresType
    ) -> VerificationError {
        let row = table.key.isEmpty ? table.name : "\(table.name), \(name(key))"
        let column = table.columns[found.column]
        return .difference("\(row): \(column) is \(text(found.found, type)), should be \(text(found.expected, type))")
    }

    /// A value as SQL prints it.
    private func text(_ bytes: [UInt8]?, _ type: PostgresType) -> String {
        guard let bytes else { return "null" }
        let printed = try? connection.execute("SELECT $1::text", [.encoded(type, bytes)]).onlyRow().text(0)
        return printed ?? "something that is no \(type)"
    }
}

/// Why a verification did not end well.
package enum VerificationError: Error, Hashable, Sendable {
    /// What was written down contradicts itself: the first difference that was found, as a sentence.
    case difference(String)
    /// The database or a file could not be read.
    case cannotRun(String)
}

/// Runs statements whose errors are no differences.
@discardableResult
func asked<Value>(_ body: () throws(PostgresError) -> Value) throws(VerificationError) -> Value {
    do throws(PostgresError) {
        return try body()
    } catch {
        throw .cannotRun(error.description)
    }
}

/// Runs what may find the records contradicting each other.
@discardableResult
func consistent<Value>(_ body: () throws(StoreError) -> Value) throws(VerificationError) -> Value {
    do throws(StoreError) {
        return try body()
    } catch {
        switch error {
        case .brokenChain(let batch, let reason): throw .difference("journal.batches, number \(batch): \(reason)")
        case .inconsistent(let reason): throw .difference(reason)
        default: throw .cannotRun(error.description)
        }
    }
}
