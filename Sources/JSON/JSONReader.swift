/// A pull reader of one JSON document (RFC 8259) that lies in memory.
///
/// The caller says what it expects and the reader follows, so nothing is built that nobody asked for:
///
/// ```swift
/// var reader = try JSONReader(body)
/// try reader.beginObject()
/// while let key = try reader.nextKey() {
///     if reader.equals(key, "lots") { lots = try reader.readInt64() } else { try reader.skipValue() }
/// }
/// try reader.end()
/// ```
///
/// Each key is followed by exactly one read of its value. A value of another type than asked for is an error
/// of ``JSONError/Category/value`` and stays unread, so that the caller can skip it and go on.
/// Duplicate keys are the caller's to find: ``JSONFieldSet`` does it in one bit a key.
package struct JSONReader: ~Copyable {
    @usableFromInline let bytes: [UInt8]
    @usableFromInline var position = 0
    /// Arrays and objects that are open at ``position``.
    private var depth = 0
    /// Nothing has been read yet of the innermost open array or object.
    private var isFirst = false
    private let limits: JSONLimits

    /// Starts before the first byte of `bytes`; throws `tooLarge` if there are more than `limits` allow.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        guard bytes.count <= limits.bytesMax else { throw JSONError(.tooLarge, at: limits.bytesMax) }
        self.bytes = bytes
        self.limits = limits
    }

    /// The byte at which the next read begins.
    package var offset: Int { position }

    /// What the next value is, which stays unread.
    package mutating func nextKind() throws(JSONError) -> JSONKind {
        switch try peek() {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: throw JSONError(.unexpectedByte, at: position)
        }
    }

    /// Enters an object. ``nextKey()`` follows, until it returns nothing.
    package mutating func beginObject() throws(JSONError) {
        try open(UInt8(ascii: "{"), else: .notAnObject)
    }

    /// Enters an array. ``nextElement()`` follows, until it returns `false`.
    package mutating func beginArray() throws(JSONError) {
        try open(UInt8(ascii: "["), else: .notAnArray)
    }

    /// The next key of the innermost object, with the reader before its value; nothing at the object's end.
    package mutating func nextKey() throws(JSONError) -> JSONText? {
        guard try advance(closedBy: UInt8(ascii: "}")) else { return nil }
        guard try peek() == UInt8(ascii: "\"") else { throw JSONError(.unexpectedByte, at: position) }
        let key = try scanText()
        guard try peek() == UInt8(ascii: ":") else { throw JSONError(.unexpectedByte, at: position) }
        position += 1
        return key
    }

    /// Whether the innermost array has another element, which the reader then stands before.
    package mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closedBy: UInt8(ascii: "]"))
    }

    /// Reads past a value of any type, which must be valid JSON within the depth limit.
    package mutating func skipValue() throws(JSONError) {
        switch try nextKind() {
        case .object:
            try beginObject()
            while try nextKey() != nil { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: _ = try scanText()
        case .number: _ = try scanNumber()
        case .boolean: _ = try readBool()
        case .null: try readNull()
        }
    }

    /// Says that the document is complete: nothing but white space may follow.
    package mutating func end() throws(JSONError) {
        precondition(depth == 0, "an array or object is still open")
        skipWhitespace()
        guard position == bytes.count else { throw JSONError(.trailingBytes, at: position) }
    }

    private mutating func open(_ bracket: UInt8, else reason: JSONError.Reason) throws(JSONError) {
        guard try peek() == bracket else { throw try mismatch(reason) }
        guard depth < limits.depthMax else { throw JSONError(.tooDeep, at: position) }
        depth += 1
        isFirst = true
        position += 1
    }

    /// Steps over the comma before the next member or element, or over the closing bracket. What follows a comma
    /// is then read as a key or value, which neither an end nor a closing bracket is.
    private mutating func advance(closedBy bracket: UInt8) throws(JSONError) -> Bool {
        precondition(depth > 0, "no array or object is open")
        let byte = try peek()
        if byte == bracket {
            depth -= 1
            isFirst = false
            position += 1
            return false
        }
        if isFirst {
            isFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw JSONError(.unexpectedByte, at: position) }
        position += 1
        return true
    }
}

extension JSONReader {
    /// The next byte that is not white space, which stays unread.
    mutating func peek() throws(JSONError) -> UInt8 {
        // Most documents have no white space between what they say.
        if position < bytes.count, bytes[position] > 0x20 { return bytes[position] }
        skipWhitespace()
        guard position < bytes.count else { throw JSONError(.unexpectedEnd, at: position) }
        return bytes[position]
    }

    mutating func skipWhitespace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    /// The error for a value of another type than asked for: `reason`, unless the value is no JSON at all.
    mutating func mismatch(_ reason: JSONError.Reason) throws(JSONError) -> JSONError {
        _ = try nextKind()
        return JSONError(reason, at: position)
    }
}

/// What a JSON value is.
package enum JSONKind: Sendable {
    case null, boolean, number, string, array, object
}

/// How much a reader accepts.
package struct JSONLimits: Sendable {
    /// Arrays and objects within each other. No body of ours nests deeper than 6; 16 leaves room for what
    /// clients add and is far from what recursion could not bear.
    package var depthMax: Int
    /// Bytes of the document. Positions are kept in 32 bits.
    package var bytesMax: Int

    /// The largest depth that can be asked for: reading past a value recurses once a level.
    package static let depthCeiling = 512
    /// The largest size that can be asked for.
    package static let bytesCeiling = Int(Int32.max)

    /// By default 16 levels and 1 MiB, which holds the largest batch of orders (1,000 of under 1 KiB).
    package init(depthMax: Int = 16, bytesMax: Int = 1 << 20) {
        precondition((0...Self.depthCeiling).contains(depthMax) && (0...Self.bytesCeiling).contains(bytesMax))
        self.depthMax = depthMax
        self.bytesMax = bytesMax
    }
}

/// Which of an object's known keys have been seen: one bit for each, by the caller's numbers 0...63.
package struct JSONFieldSet: Sendable, Equatable {
    package private(set) var bits: UInt64 = 0

    package init() {}

    /// Adds `field`; `false` if it was there, which means that the key is a duplicate.
    package mutating func insert(_ field: Int) -> Bool {
        precondition((0..<64).contains(field), "a field has one of 64 bits")
        let bit = UInt64(1) << UInt64(field)
        defer { bits |= bit }
        return bits & bit == 0
    }

    /// Whether `field` has been added.
    package func contains(_ field: Int) -> Bool {
        precondition((0..<64).contains(field), "a field has one of 64 bits")
        return bits >> UInt64(field) & 1 == 1
    }
}
