@testable import Postgres

extension Row {
    /// The only column, as a parameter of the type that `parameter` has.
    func value(like parameter: Parameter) throws(PostgresError) -> Parameter {
        switch parameter {
        case .bool: .bool(try bool(0))
        case .int2: .int2(try int2(0))
        case .int4: .int4(try int4(0))
        case .int8: .int8(try int8(0))
        case .text: .text(try text(0))
        case .bytea: .bytea(try bytea(0))
        case .numeric: .numeric(try numeric(0))
        case .timestamp: .timestamp(microsecondsSince1970: try timestamp(0))
        case .int8Array: .int8Array(try int8Array(0))
        case .int4Array: .int4Array(try int4Array(0))
        case .int2Array: .int2Array(try int2Array(0))
        case .textArray: .textArray(try textArray(0))
        case .byteaArray: .byteaArray(try byteaArray(0))
        default: throw .unexpectedResult("no typed read for \(parameter.type)")
        }
    }

    /// Reads a column as `type` and drops it.
    func value(of type: PostgresType, _ column: Int) throws(PostgresError) {
        switch type {
        case .int8: _ = try int8(column)
        case .text: _ = try text(column)
        case .bytea: _ = try bytea(column)
        default: _ = try int8Array(column)
        }
    }
}
