/// A JSON document as a tree, for places where speed does not matter.
package indirect enum JSONValue: Equatable, Sendable {
    case null
    case boolean(Bool)
    /// A number without fraction or exponent that fits in 64 bits.
    case integer(Int64)
    /// Any other number, as it was written.
    case number(String)
    case string(String)
    case array([JSONValue])
    /// The members in the order of the document; no key stands twice.
    case object([Member])

    /// One member of an object.
    package struct Member: Equatable, Sendable {
        package let key: String
        package let value: JSONValue

        package init(_ key: String, _ value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// Reads a whole document; a key that stands twice in its object is `duplicateKey`.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var reader = try JSONReader(bytes, limits: limits)
        self = try reader.readValue()
        try reader.end()
    }

    /// The value of the member `key`, if this is an object that has it.
    package subscript(_ key: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// The element `index`, if this is an array that has it.
    package subscript(_ index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The string that this is.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The integer that this is.
    package var integer: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The truth value that this is.
    package var boolean: Bool? {
        if case .boolean(let value) = self { value } else { nil }
    }

    /// The elements of the array that this is.
    package var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of the object that this is.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension JSONReader {
    /// Reads a value of any type into a tree; a key that stands twice in its object is `duplicateKey`.
    package mutating func readValue() throws(JSONError) -> JSONValue {
        switch try nextKind() {
        case .null:
            try readNull()
            return .null
        case .boolean: return .boolean(try readBool())
        case .string: return .string(try readString())
        case .number:
            let start = position
            if let value = try scanNumber().value { return .integer(value) }
            return .number(String(decoding: bytes[start..<position], as: UTF8.self))
        case .array:
            var elements: [JSONValue] = []
            try beginArray()
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case .object: return try readObject()
        }
    }

    private mutating func readObject() throws(JSONError) -> JSONValue {
        var members: [JSONValue.Member] = []
        var keys: Set<[UInt8]> = []
        try beginObject()
        while let key = try nextKey() {
            // Keys are compared as bytes: Swift's strings hold different spellings of a letter equal, JSON does not.
            guard keys.insert(decoded(key)).inserted else { throw JSONError(.duplicateKey, at: key.start - 1) }
            members.append(JSONValue.Member(string(key), try readValue()))
        }
        return .object(members)
    }
}
