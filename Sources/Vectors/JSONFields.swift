import JSON

/// The members of one object, each taken once; what nobody took is an error, so that no field is ignored.
struct JSONFields {
    private let members: [String: JSONValue]
    private var left: Set<String>
    /// Where the object stands, for people: `market 3 ("…"), command 7`.
    let place: String

    init(_ value: JSONValue, at place: String) throws(MarketFileError) {
        guard let members = value.members else { throw .invalid(place: place, rule: "this must be an object") }
        self.members = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
        left = Set(members.map(\.key))
        self.place = place
    }

    func error(_ field: String, _ rule: String) -> MarketFileError {
        .invalid(place: "\(place), field \"\(field)\"", rule: rule)
    }

    mutating func optional(_ field: String) -> JSONValue? {
        left.remove(field)
        return members[field]
    }

    mutating func required(_ field: String) throws(MarketFileError) -> JSONValue {
        guard let value = optional(field) else { throw error(field, "this is missing") }
        return value
    }

    mutating func string(_ field: String) throws(MarketFileError) -> String {
        guard let string = try required(field).string else { throw error(field, "this must be a string") }
        return string
    }

    /// A name that people gave: one character or more.
    mutating func name(_ field: String) throws(MarketFileError) -> String {
        let name = try string(field)
        guard !name.isEmpty else { throw error(field, "this must not be empty") }
        return name
    }

    mutating func elements(_ field: String) throws(MarketFileError) -> [JSONValue] {
        guard let elements = try required(field).elements else { throw error(field, "this must be an array") }
        return elements
    }

    mutating func boolean(_ field: String, default preset: Bool) throws(MarketFileError) -> Bool {
        guard let value = optional(field) else { return preset }
        guard let boolean = value.boolean else { throw error(field, "this must be true or false") }
        return boolean
    }

    /// An integer in `range`, also as a decimal string, as money is written elsewhere.
    mutating func integer(_ field: String, in range: ClosedRange<Int64>) throws(MarketFileError) -> Int64 {
        try integer(field, try required(field), in: range)
    }

    mutating func integer(
        _ field: String,
        in range: ClosedRange<Int64>,
        default preset: Int64
    ) throws(MarketFileError) -> Int64 {
        guard let value = optional(field) else { return preset }
        return try integer(field, value, in: range)
    }

    private func integer(
        _ field: String,
        _ value: JSONValue,
        in range: ClosedRange<Int64>
    ) throws(MarketFileError) -> Int64 {
        guard let integer = value.anyInteger else { throw error(field, "this must be an integer of 64 bits") }
        guard range.contains(integer) else {
            throw error(field, "\(integer) is outside \(range.lowerBound)…\(range.upperBound)")
        }
        return integer
    }

    /// Says that all fields have been taken.
    func end() throws(MarketFileError) {
        if let field = left.min() { throw error(field, "this field is unknown") }
    }
}

extension JSONValue {
    /// The integer that this is, as a number or as a decimal string.
    var anyInteger: Int64? { integer ?? string.flatMap { Int64($0) } }
}
