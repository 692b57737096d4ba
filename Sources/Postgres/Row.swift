internal import CPQ

/// One row of a result. Columns are numbered from 0 in the order of the statement; reading one as another type than it
/// has, or a null as a value, is a ``PostgresError/unexpectedResult(_:)`` that names the column.
package struct Row {
    let result: ResultSet
    let index: Int32

    package func isNull(_ column: Int) -> Bool {
        unsafe PQgetisnull(result.handle, index, Int32(column)) == 1
    }

    /// The bytes of a field as the server sent them, whatever its type; nil for null.
    package func raw(_ column: Int) -> [UInt8]? {
        guard !isNull(column) else { return nil }
        let count = Int(unsafe PQgetlength(result.handle, index, Int32(column)))
        guard let start = unsafe PQgetvalue(result.handle, index, Int32(column)) else { return nil }
        return unsafe Array(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// The type of a column.
    package func columnType(_ column: Int) -> PostgresType { type(column) }

    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        unsafe Self.integer(try field(column, of: .bool, size: 1)) != 0
    }

    package func int2(_ column: Int) throws(PostgresError) -> Int16 {
        unsafe Int16(truncatingIfNeeded: Self.integer(try field(column, of: .int2, size: 2)))
    }

    package func int4(_ column: Int) throws(PostgresError) -> Int32 {
        unsafe Int32(truncatingIfNeeded: Self.integer(try field(column, of: .int4, size: 4)))
    }

    /// An `int8`; an `int4` or `int2` widens.
    package func int8(_ column: Int) throws(PostgresError) -> Int64 {
        switch type(column) {
        case .int2: Int64(try int2(column))
        case .int4: Int64(try int4(column))
        default: unsafe Self.integer(try field(column, of: .int8, size: 8))
        }
    }

    /// Text of any of the character types.
    package func text(_ column: Int) throws(PostgresError) -> String {
        let type = type(column)
        let isText = type == .text || type == .varchar || type == .name
        return unsafe String(decoding: try field(column, of: isText ? type : .text), as: UTF8.self)
    }

    package func bytea(_ column: Int) throws(PostgresError) -> [UInt8] {
        unsafe Array(try field(column, of: .bytea))
    }

    /// Hands the bytes of a `bytea` to `body` where they lie.
    package func withBytea<Value>(
        _ column: Int,
        _ body: (Span<UInt8>) throws(PostgresError) -> Value
    ) throws(PostgresError) -> Value {
        unsafe try body(Span(_unsafeElements: field(column, of: .bytea)))
    }

    /// A `numeric` that is a whole number of up to 128 bits; the integer types widen.
    package func numeric(_ column: Int) throws(PostgresError) -> Int128 {
        switch type(column) {
        case .int2, .int4, .int8: return Int128(try int8(column))
        default: break
        }
        guard let value = unsafe Numeric.decode(Span(_unsafeElements: try field(column, of: .numeric))) else {
            throw .unexpectedResult("\(label(column)) is not a whole number of 128 bits")
        }
        return value
    }

    /// A `timestamptz` in microseconds since 1970-01-01 UTC.
    package func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        let value = unsafe Self.integer(try field(column, of: .timestamptz, size: 8))
        let (microseconds, overflow) = value.addingReportingOverflow(BinaryFormat.epochMicroseconds)
        guard !overflow, value != .min else { throw .unexpectedResult("\(label(column)) is infinite") }
        return microseconds
    }

    /// An array of `int8` of one dimension, without nulls.
    package func int8Array(_ column: Int) throws(PostgresError) -> [Int64] {
        try array(column, .int8Array, size: 8).map { Self.integer($0) }
    }

    /// An array of `int4` of one dimension, without nulls.
    package func int4Array(_ column: Int) throws(PostgresError) -> [Int32] {
        try array(column, .int4Array, size: 4).map { Int32(truncatingIfNeeded: Self.integer($0)) }
    }

    /// An array of `int2` of one dimension, without nulls.
    package func int2Array(_ column: Int) throws(PostgresError) -> [Int16] {
        try array(column, .int2Array, size: 2).map { Int16(truncatingIfNeeded: Self.integer($0)) }
    }

    /// An array of `text` of one dimension, without nulls.
    package func textArray(_ column: Int) throws(PostgresError) -> [String] {
        try array(column, .textArray, size: nil).map { String(decoding: $0, as: UTF8.self) }
    }

    /// An array of `bytea` of one dimension, without nulls.
    package func byteaArray(_ column: Int) throws(PostgresError) -> [[UInt8]] {
        try array(column, .byteaArray, size: nil).map { Array($0) }
    }
}

extension Row {
    private func type(_ column: Int) -> PostgresType {
        PostgresType(oid: unsafe PQftype(result.handle, Int32(column)))
    }

    private func label(_ column: Int) -> String { "column \(column) (\(result.columnName(column)))" }

    /// The bytes of a field, after the checks that every typed read shares. They live as long as the result, which
    /// the caller, being a method of this row, keeps.
    @unsafe private func field(
        _ column: Int,
        of expected: PostgresType,
        size: Int? = nil
    ) throws(PostgresError) -> UnsafeBufferPointer<UInt8> {
        guard column >= 0, column < result.columnCount else {
            throw .unexpectedResult("column \(column) was read from a row of \(result.columnCount)")
        }
        let actual = type(column)
        guard actual == expected else {
            throw .unexpectedResult("\(label(column)) is \(actual) where \(expected) was expected")
        }
        guard !isNull(column) else {
            throw .unexpectedResult("\(label(column)) is null where \(expected) was expected")
        }
        let count = Int(unsafe PQgetlength(result.handle, index, Int32(column)))
        guard size == nil || size == count else {
            throw .unexpectedResult("\(label(column)) has \(count) bytes, which is not the size of \(expected)")
        }
        let start = unsafe UnsafeRawPointer(PQgetvalue(result.handle, index, Int32(column))!)
        return unsafe UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: count)
    }

    /// A big-endian integer of up to 8 bytes, with its sign.
    private static func integer(_ bytes: some Collection<UInt8>) -> Int64 {
        let start: Int64 = if let first = bytes.first, first >= 0x80 { -1 } else { 0 }
        return bytes.reduce(start) { $0 << 8 | Int64($1) }
    }

    /// The elements of an array (`array_send`), each of `size` bytes when the type has one size.
    private func array(_ column: Int, _ type: PostgresType, size: Int?) throws(PostgresError) -> [ArraySlice<UInt8>] {
        guard let elements = unsafe Self.elements(of: Array(try field(column, of: type)), size: size) else {
            throw .unexpectedResult("\(label(column)) is not an array of one dimension without nulls")
        }
        return elements
    }

    private static func elements(of bytes: [UInt8], size: Int?) -> [ArraySlice<UInt8>]? {
        func word(_ offset: Int) -> Int? {
            offset + 4 <= bytes.count ? Int(integer(bytes[offset..<offset + 4])) : nil
        }
        guard let dimensions = word(0), dimensions <= 1 else { return nil }
        if dimensions == 0 { return [] }
        guard let count = word(12), count >= 0, count <= bytes.count else { return nil }
        var elements: [ArraySlice<UInt8>] = []
        elements.reserveCapacity(count)
        var offset = 20
        for _ in 0..<count {
            guard let length = word(offset), length >= 0, size == nil || size == length else { return nil }
            guard offset + 4 + length <= bytes.count else { return nil }
            elements.append(bytes[offset + 4..<offset + 4 + length])
            offset += 4 + length
        }
        return elements
    }
}
