/// Rows for `COPY … FROM STDIN (FORMAT binary)`, encoded into one buffer.
///
/// A value without I/O: fill it wherever the rows are made, hand it to ``Connection/copy(_:from:)``, and empty it with
/// ``removeAll()`` to use its memory again.
package struct CopyWriter: Sendable {
    /// Fields of each row.
    package let columnCount: Int

    /// Rows begun so far.
    package private(set) var rowCount = 0

    /// Header and rows. The trailer is sent apart, so that the value stays open for more rows.
    private(set) var bytes: [UInt8]

    /// Fields that the current row still lacks.
    private var fieldsLeft = 0

    /// "PGCOPY", then bytes that a careless transfer would change; no flags, no extension.
    static let header: [UInt8] =
        [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

    /// A field count of −1.
    static let trailer: [UInt8] = [0xFF, 0xFF]

    /// Makes an empty writer for rows of `columnCount` fields; `capacity` is in bytes.
    package init(columnCount: Int, capacity: Int = 65_536) {
        precondition(columnCount > 0 && columnCount <= Int(Int16.max), "a row has 1 to 32,767 fields")
        self.columnCount = columnCount
        bytes = []
        bytes.reserveCapacity(capacity)
        bytes.append(contentsOf: Self.header)
    }

    /// Size of what is encoded, to decide when to send.
    package var byteCount: Int { bytes.count }

    /// The rows alone: for each, the number of fields (2 bytes), and each field's length (4 bytes, −1 for null) and
    /// bytes.
    package var rowBytes: ArraySlice<UInt8> { bytes[Self.header.count...] }

    /// Whether every row has all its fields.
    package var isComplete: Bool { fieldsLeft == 0 }

    /// Forgets the rows and keeps the memory.
    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        bytes.append(contentsOf: Self.header)
        rowCount = 0
        fieldsLeft = 0
    }

    /// Begins a row; its fields follow in the order of COPY's column list.
    package mutating func beginRow() {
        precondition(fieldsLeft == 0, "the row before has all its fields")
        fieldsLeft = columnCount
        rowCount += 1
        bytes.appendBigEndian(Int16(columnCount))
    }

    package mutating func null() {
        field()
        bytes.appendBigEndian(Int32(-1))
    }

    package mutating func bool(_ value: Bool) {
        fixed(UInt8(value ? 1 : 0))
    }

    package mutating func int2(_ value: Int16) {
        fixed(value)
    }

    package mutating func int4(_ value: Int32) {
        fixed(value)
    }

    package mutating func int8(_ value: Int64) {
        fixed(value)
    }

    /// `timestamptz`, microseconds since 1970-01-01 UTC.
    package mutating func timestamp(microsecondsSince1970: Int64) {
        fixed(BinaryFormat.timestamp(microsecondsSince1970))
    }

    package mutating func text(_ value: String) {
        field()
        bytes.appendBigEndian(Int32(value.utf8.count))
        bytes.appendText(value)
    }

    package mutating func bytea(_ value: [UInt8]) {
        field()
        bytes.appendBigEndian(Int32(value.count))
        bytes.append(contentsOf: value)
    }

    /// `bytea` or `text` from bytes that lie in a larger buffer.
    package mutating func bytes(_ value: Span<UInt8>) {
        field()
        bytes.appendBigEndian(Int32(value.count))
        unsafe value.withUnsafeBufferPointer { buffer in unsafe bytes.append(contentsOf: buffer) }
    }

    /// A whole number of up to 128 bits as `numeric`.
    package mutating func numeric(_ value: Int128) {
        field()
        bytes.appendSized { Numeric.append(value, to: &$0) }
    }

    /// Any value that a statement takes too, arrays included.
    package mutating func value(_ parameter: Parameter) {
        if case .null = parameter { return null() }
        field()
        bytes.appendSized { parameter.append(to: &$0) }
    }

    @inline(__always)
    private mutating func fixed<Integer: FixedWidthInteger>(_ value: Integer) {
        field()
        bytes.appendBigEndian(Int32(MemoryLayout<Integer>.size))
        bytes.appendBigEndian(value)
    }

    @inline(__always)
    private mutating func field() {
        precondition(fieldsLeft > 0, "a row has as many fields as COPY has columns")
        fieldsLeft -= 1
    }
}
