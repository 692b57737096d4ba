internal import Units

/// The parameters of a URL's query, each taken once by name; what nobody took is an error.
struct QueryParameters {
    private var parameters: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>, isTaken: Bool)] = []
    private(set) var errors: [FieldError] = []

    /// None at all.
    init() {}

    /// Throws when the percent-encoding is broken.
    init(_ query: ArraySlice<UInt8>) throws(Problem) {
        for part in query.split(separator: UInt8(ascii: "&")) {
            let equals = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = part[..<equals].percentDecoded(), let value = part[equals...].dropFirst().percentDecoded()
            else { throw Problem(.malformedRequest, "A % in the query must be followed by two hexadecimal digits.") }
            parameters.append((name, value, false))
        }
    }

    mutating func fail(_ name: StaticString, _ rule: FieldError.Rule, _ detail: String) {
        guard errors.count < Problem.errorsMax else { return }
        errors.append(FieldError(.parameter("\(name)"), rule, detail))
    }

    mutating func fail(_ errors: [FieldError]) { self.errors += errors }

    /// Whether `name` is there, taken or not.
    func has(_ name: StaticString) -> Bool { parameters.contains { $0.name.equals(name.description) } }

    /// The value of `name`; `nil` when it is not there.
    mutating func take(_ name: StaticString) -> ArraySlice<UInt8>? {
        var found: ArraySlice<UInt8>?
        for index in parameters.indices where parameters[index].name.equals(name.description) {
            parameters[index].isTaken = true
            if found == nil {
                found = parameters[index].value
            } else {
                fail(name, .duplicateField, "\(name) is there twice.")
            }
        }
        return found
    }

    /// An integer in `range`.
    mutating func integer(_ name: StaticString, in range: ClosedRange<Int64>) -> Int64? {
        guard let text = take(name) else { return nil }
        if let value = text.decimal, range.contains(value) { return value }
        let isNumber = text.decimal != nil
        let detail = "\(name) must be an integer from \(range.lowerBound) to \(range.upperBound)."
        fail(name, isNumber ? .outOfRange : .wrongType, detail)
        return nil
    }

    /// One of a list of names.
    mutating func choice<Value>(_ name: StaticString, of list: Vocabulary<Value>) -> Value? {
        guard let text = take(name) else { return nil }
        if let value = list.value(text) { return value }
        fail(name, .notAllowed, "\(name) must be one of \(list.names).")
        return nil
    }

    /// `true` or `false`; `false` when it is not there.
    mutating func flag(_ name: StaticString) -> Bool {
        guard let text = take(name) else { return false }
        if text.equals("true") { return true }
        if !text.equals("false") { fail(name, .notAllowed, "\(name) must be true or false.") }
        return false
    }

    /// An identifier such as `a2`.
    mutating func identifier<ID: Identifier>(_ name: StaticString, _ type: ID.Type) -> ID? {
        guard let text = take(name) else { return nil }
        if let id = ID(text: text) { return id }
        fail(
            name,
            .badFormat,
            "\(name) must be \(String(UnicodeScalar(ID.letter))) and a number, as in \(ID(17).text)."
        )
        return nil
    }

    /// Throws when a rule was broken or a parameter is unknown.
    mutating func end() throws(Problem) {
        for parameter in parameters where !parameter.isTaken && errors.count < Problem.errorsMax {
            let name = parameter.name.prefix(BodyPlace.keyBytesShown).text
            errors.append(FieldError(.parameter(name), .unknownField, "There is no parameter \"\(name)\" here."))
        }
        if !errors.isEmpty { throw Problem(invalid: errors) }
    }
}
