/// A value for `$1`, `$2` … with its wire type. The type is explicit: `int8` and `numeric` are not the same money.
package enum Parameter: Sendable, Equatable {
    case bool(Bool)
    case int2(Int16)
    case int4(Int32)
    case int8(Int64)
    /// UTF-8; the server refuses a text with a zero byte.
    case text(String)
    /// Handed to libpq without a copy of our own, however large.
    case bytea([UInt8])
    /// A whole number of up to 128 bits.
    case numeric(Int128)
    /// `timestamptz`, microseconds since 1970-01-01 UTC.
    case timestamp(microsecondsSince1970: Int64)
    case boolArray([Bool])
    case int2Array([Int16])
    case int4Array([Int32])
    case int8Array([Int64])
    case textArray([String])
    case byteaArray([[UInt8]])
    case numericArray([Int128])
    /// `timestamptz[]`, microseconds since 1970-01-01 UTC.
    case timestampArray(microsecondsSince1970: [Int64])
    /// No value. The type is stated, because a prepared statement keeps the types of its first use.
    case null(PostgresType)
    /// Any other type, already in its binary form.
    case encoded(PostgresType, [UInt8])

    /// The type that the server is told.
    package var type: PostgresType {
        switch self {
        case .bool: .bool
        case .int2: .int2
        case .int4: .int4
        case .int8: .int8
        case .text: .text
        case .bytea: .bytea
        case .numeric: .numeric
        case .timestamp: .timestamptz
        case .boolArray: .boolArray
        case .int2Array: .int2Array
        case .int4Array: .int4Array
        case .int8Array: .int8Array
        case .textArray: .textArray
        case .byteaArray: .byteaArray
        case .numericArray: .numericArray
        case .timestampArray: .timestamptzArray
        case .null(let type): type
        case .encoded(let type, _): type
        }
    }

    /// Appends the binary form; a null appends nothing.
    func append(to bytes: inout [UInt8]) {
        switch self {
        case .bool(let value): bytes.append(value ? 1 : 0)
        case .int2(let value): bytes.appendBigEndian(value)
        case .int4(let value): bytes.appendBigEndian(value)
        case .int8(let value): bytes.appendBigEndian(value)
        case .text(let value): bytes.appendText(value)
        case .bytea(let value), .encoded(_, let value): bytes.append(contentsOf: value)
        case .numeric(let value): Numeric.append(value, to: &bytes)
        case .timestamp(let value): bytes.appendBigEndian(BinaryFormat.timestamp(value))
        case .null: break
        default: appendArray(to: &bytes)
        }
    }

    private func appendArray(to bytes: inout [UInt8]) {
        switch self {
        case .boolArray(let values): bytes.appendArray(of: .bool, values) { $0.append($1 ? 1 : 0) }
        case .int2Array(let values): bytes.appendArray(of: .int2, values) { $0.appendBigEndian($1) }
        case .int4Array(let values): bytes.appendArray(of: .int4, values) { $0.appendBigEndian($1) }
        case .int8Array(let values): bytes.appendArray(of: .int8, values) { $0.appendBigEndian($1) }
        case .textArray(let values): bytes.appendArray(of: .text, values) { $0.appendText($1) }
        case .byteaArray(let values): bytes.appendArray(of: .bytea, values) { $0.append(contentsOf: $1) }
        case .numericArray(let values): bytes.appendArray(of: .numeric, values) { Numeric.append($1, to: &$0) }
        case .timestampArray(let values):
            bytes.appendArray(of: .timestamptz, values) { $0.appendBigEndian(BinaryFormat.timestamp($1)) }
        default: preconditionFailure("only arrays come here")
        }
    }
}

extension [UInt8] {
    /// Appends an array of one dimension without nulls (`array_recv`): dimensions, flags, element type, length,
    /// lower bound, then each element behind its length.
    fileprivate mutating func appendArray<Value>(
        of type: PostgresType,
        _ values: [Value],
        _ append: (inout [UInt8], Value) -> Void
    ) {
        appendBigEndian(Int32(values.isEmpty ? 0 : 1))
        appendBigEndian(Int32(0))
        appendBigEndian(type.oid)
        guard !values.isEmpty else { return }
        appendBigEndian(Int32(values.count))
        appendBigEndian(Int32(1))
        for value in values { appendSized { append(&$0, value) } }
    }
}
