internal import JSON
internal import Units

/// The fields of one kind of object in a body.
protocol BodyField: RawRepresentable<Int>, CaseIterable {
    /// The names in JSON, by raw value.
    static var names: [StaticString] { get }
}

extension BodyField {
    var name: StaticString { Self.names[rawValue] }
}

/// Where a value of a body stands. Its text is made only for an error.
struct BodyPlace {
    private var first: StaticString?
    private var second: StaticString?
    private var third: StaticString?
    private var index: Int?

    /// The whole body.
    static let document = BodyPlace()

    func field(_ name: StaticString) -> BodyPlace {
        var place = self
        if first == nil {
            place.first = name
        } else if second == nil {
            place.second = name
        } else {
            place.third = name
        }
        return place
    }

    func element(_ index: Int) -> BodyPlace {
        var place = self
        place.index = index
        return place
    }

    /// A JSON pointer as a URI fragment (RFC 6901, section 6). Our own names need no escapes.
    var pointer: String {
        var text = "#"
        for part in [first, second, third] {
            if let part { text += "/\(part)" }
        }
        if let index { text += "/\(index)" }
        return text
    }

    /// The pointer of a member that we do not know, with the escapes of RFC 6901 and of URIs.
    func pointer(to key: ArraySlice<UInt8>) -> String {
        var text = pointer + "/"
        for byte in key.prefix(Self.keyBytesShown) {
            switch byte {
            case UInt8(ascii: "~"): text += "~0"
            case UInt8(ascii: "/"): text += "~1"
            case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): text.unicodeScalars.append(.init(byte))
            default:
                if byte.isAlphanumeric {
                    text.unicodeScalars.append(.init(byte))
                } else {
                    text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                }
            }
        }
        return text
    }

    /// Bytes of an unknown name that an error repeats.
    static let keyBytesShown = 64

    /// The name of the field, for messages.
    var name: String { (third ?? second ?? first).map { "\($0)" } ?? "The body" }
}

/// Reads a body field by field and goes on after a value that breaks a rule, so that one answer names them all. Only
/// what is no JSON ends the reading.
struct BodyReader: ~Copyable {
    private let body: [UInt8]
    private var json: JSONReader
    private(set) var errors: [FieldError] = []

    init(_ body: [UInt8], bytesMax: Int = Limits.bodyBytesMax) throws(JSONError) {
        self.body = body
        json = try JSONReader(body, limits: JSONLimits(depthMax: Limits.jsonDepthMax, bytesMax: bytesMax))
    }

    mutating func fail(_ place: BodyPlace, _ rule: FieldError.Rule, _ detail: String) {
        guard errors.count < Problem.errorsMax else { return }
        errors.append(FieldError(.pointer(place.pointer), rule, detail))
    }

    /// Says that the body is complete.
    mutating func end() throws(JSONError) { try json.end() }

    // MARK: Objects

    /// Enters an object; if the value is none, says so, skips it, and returns `false`.
    mutating func beginObject(at place: BodyPlace) throws(JSONError) -> Bool {
        do {
            try json.beginObject()
            return true
        } catch {
            try recover(error, at: place, "an object")
            return false
        }
    }

    /// The next known field of the object; `nil` at its end. Unknown and repeated fields are errors, and skipped.
    mutating func nextField<Field: BodyField>(
        _ type: Field.Type,
        of place: BodyPlace,
        seen: inout JSONFieldSet
    ) throws(JSONError) -> Field? {
        guard let index = try nextField(Field.names, of: place, seen: &seen) else { return nil }
        return Field(rawValue: index)
    }

    /// Whether the next field has this name, whatever the others are; `nil` at the end of the object.
    mutating func nextKey(is name: StaticString) throws(JSONError) -> Bool? {
        guard let key = try json.nextKey() else { return nil }
        return json.equals(key, name)
    }

    /// The position in `names` of the next known field.
    mutating func nextField(
        _ names: [StaticString],
        of place: BodyPlace,
        seen: inout JSONFieldSet
    ) throws(JSONError) -> Int? {
        while let key = try json.nextKey() {
            guard let index = position(of: key, in: names, after: seen) else {
                failUnknown(slice(key), of: place, names)
                try json.skipValue()
                continue
            }
            guard seen.insert(index) else {
                fail(place.field(names[index]), .duplicateField, "\(names[index]) is there twice.")
                try json.skipValue()
                continue
            }
            return index
        }
        return nil
    }

    private mutating func failUnknown(_ key: ArraySlice<UInt8>, of place: BodyPlace, _ names: [StaticString]) {
        guard errors.count < Problem.errorsMax else { return }
        let shown = key.prefix(BodyPlace.keyBytesShown).text
        let known = names.map { "\($0)" }.joined(separator: ", ")
        let detail = "There is no field \"\(shown)\" here; there are \(known)."
        errors.append(FieldError(.pointer(place.pointer(to: key)), .unknownField, detail))
    }

    /// Says so when `field` was not seen.
    mutating func require(_ name: StaticString, _ index: Int, of place: BodyPlace, seen: JSONFieldSet) {
        if !seen.contains(index) { fail(place.field(name), .required, "\(name) is required.") }
    }

    /// As above, for a field of a kind of object.
    mutating func require<Field: BodyField>(_ field: Field, of place: BodyPlace, seen: JSONFieldSet) {
        guard !seen.contains(field.rawValue) else { return }
        require(field.name, field.rawValue, of: place, seen: seen)
    }

    /// Calls `read` before each element of an array; the values beyond `max` are skipped and are one error.
    mutating func elements(
        at place: BodyPlace,
        max: Int,
        _ read: (inout BodyReader, BodyPlace) throws(JSONError) -> Void
    ) throws(JSONError) -> Bool {
        do {
            try json.beginArray()
        } catch {
            try recover(error, at: place, "an array")
            return false
        }
        var count = 0
        while try json.nextElement() {
            if count < max { try read(&self, place.element(count)) } else { try json.skipValue() }
            count += 1
        }
        if count > max { fail(place, .tooMany, "\(place.name) may have at most \(max) entries.") }
        return count > 0
    }

    /// Looks first where the order of our own documents would have it: behind the last field that was seen.
    private func position(of key: JSONText, in names: [StaticString], after seen: JSONFieldSet) -> Int? {
        // Lengths first: most names differ in it, and a comparison is a call.
        let length = key.end - key.start
        var index = UInt64.bitWidth - seen.bits.leadingZeroBitCount
        for _ in names.indices {
            if index >= names.count { index = 0 }
            if (names[index].utf8CodeUnitCount == length || key.hasEscapes) && json.equals(key, names[index]) {
                return index
            }
            index += 1
        }
        return nil
    }

    // MARK: Scalars

    /// The decoded bytes of a string.
    mutating func text(at place: BodyPlace) throws(JSONError) -> ArraySlice<UInt8>? {
        do {
            return slice(try json.readText())
        } catch {
            try recover(error, at: place, "a string")
            return nil
        }
    }

    /// A JSON integer in `range`.
    mutating func integer(at place: BodyPlace, in range: ClosedRange<Int64>) throws(JSONError) -> Int64? {
        do {
            return check(try json.readInt64(), at: place, in: range)
        } catch {
            try recover(error, at: place, "an integer from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
    }

    /// `true` or `false`.
    mutating func boolean(at place: BodyPlace) throws(JSONError) -> Bool? {
        do {
            return try json.readBool()
        } catch {
            try recover(error, at: place, "true or false")
            return nil
        }
    }

    /// Whether the value is `null`, which is then read.
    mutating func readsNull() throws(JSONError) -> Bool {
        guard try json.nextKind() == .null else { return false }
        try json.readNull()
        return true
    }

    /// The bytes of the next value, whatever it is.
    mutating func value() throws(JSONError) -> ArraySlice<UInt8> {
        _ = try json.nextKind()
        let start = json.offset
        try json.skipValue()
        return body[start..<json.offset]
    }

    /// Money: a decimal string, or a JSON integer.
    mutating func money(at place: BodyPlace, in range: ClosedRange<Int64>) throws(JSONError) -> Int64? {
        do {
            return check(try json.readInt64OrDecimalString(), at: place, in: range)
        } catch {
            let kind = "a decimal string or an integer from \(range.lowerBound) to \(range.upperBound)"
            try recover(error, at: place, kind)
            return nil
        }
    }

    private mutating func check(_ value: Int64, at place: BodyPlace, in range: ClosedRange<Int64>) -> Int64? {
        if range.contains(value) { return value }
        fail(place, .outOfRange, "\(place.name) must be from \(range.lowerBound) to \(range.upperBound).")
        return nil
    }

    /// One of a list of names.
    mutating func choice<Value>(of list: Vocabulary<Value>, at place: BodyPlace) throws(JSONError) -> Value? {
        guard let name = try text(at: place) else { return nil }
        if let value = list.value(name) { return value }
        fail(place, .notAllowed, "\(place.name) must be one of \(list.names).")
        return nil
    }

    private func slice(_ text: JSONText) -> ArraySlice<UInt8> {
        text.hasEscapes ? json.decoded(text)[...] : body[text.start..<text.end]
    }

    /// Records a value of the wrong kind and skips it; throws what is no JSON.
    private mutating func recover(_ error: JSONError, at place: BodyPlace, _ expected: String) throws(JSONError) {
        guard error.category == .value else { throw error }
        let rule: FieldError.Rule = error.reason == .integerOutOfRange ? .outOfRange : .wrongType
        fail(place, rule, "\(place.name) must be \(expected).")
        try json.skipValue()
    }
}

extension Problem {
    /// A body that cannot be read to its end.
    init(_ error: JSONError) {
        switch (error.category, error.reason) {
        case (.limit, .tooLarge):
            self.init(.bodyTooLarge, "The body may have at most \(error.offset) bytes.")
        case (.limit, _):
            self.init(.jsonTooDeep, "Objects and arrays may be nested at most \(Limits.jsonDepthMax) deep.")
        case (.syntax, _), (.value, _):
            self.init(.malformedJSON, "At byte \(error.offset): \(error.reason.rawValue).")
        }
    }
}
