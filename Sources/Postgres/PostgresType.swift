/// A data type by its object identifier, which is the same in every PostgreSQL (`pg_type.dat`).
package struct PostgresType: Hashable, Sendable {
    package let oid: UInt32

    package init(oid: UInt32) { self.oid = oid }

    package static let bool = PostgresType(oid: 16)
    package static let bytea = PostgresType(oid: 17)
    package static let int8 = PostgresType(oid: 20)
    package static let int2 = PostgresType(oid: 21)
    package static let int4 = PostgresType(oid: 23)
    package static let text = PostgresType(oid: 25)
    package static let varchar = PostgresType(oid: 1_043)
    package static let name = PostgresType(oid: 19)
    package static let oid = PostgresType(oid: 26)
    package static let numeric = PostgresType(oid: 1_700)
    package static let timestamptz = PostgresType(oid: 1_184)
    package static let boolArray = PostgresType(oid: 1_000)
    package static let byteaArray = PostgresType(oid: 1_001)
    package static let int2Array = PostgresType(oid: 1_005)
    package static let int4Array = PostgresType(oid: 1_007)
    package static let textArray = PostgresType(oid: 1_009)
    package static let int8Array = PostgresType(oid: 1_016)
    package static let timestamptzArray = PostgresType(oid: 1_185)
    package static let numericArray = PostgresType(oid: 1_231)
}

extension PostgresType: CustomStringConvertible {
    package var description: String {
        switch self {
        case .bool: "bool"
        case .bytea: "bytea"
        case .int8: "int8"
        case .int2: "int2"
        case .int4: "int4"
        case .text: "text"
        case .varchar: "varchar"
        case .name: "name"
        case .oid: "oid"
        case .numeric: "numeric"
        case .timestamptz: "timestamptz"
        case .boolArray: "bool[]"
        case .byteaArray: "bytea[]"
        case .int2Array: "int2[]"
        case .int4Array: "int4[]"
        case .textArray: "text[]"
        case .int8Array: "int8[]"
        case .timestamptzArray: "timestamptz[]"
        case .numericArray: "numeric[]"
        default: "type \(oid)"
        }
    }
}
