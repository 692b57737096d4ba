internal import Engine
internal import Exchange
internal import JSON
internal import Units

extension BodyReader {
    /// A requirement in JSON: `{"model":{"in":[…]},"quality":{"gte":40}}`.
    mutating func requirement(
        at place: BodyPlace,
        directory: Directory
    ) throws(JSONError) -> RequirementBuilder {
        var builder = RequirementBuilder(directory)
        guard try beginObject(at: place) else { return builder }
        var seen = JSONFieldSet()
        while let field = try nextField(RequirementField.self, of: place, seen: &seen) {
            try demand(of: field, at: place.field(field.name), into: &builder)
        }
        for (field, violation) in builder.close() {
            fail(place.field(field.name), violation.rule, violation.detail)
        }
        return builder
    }

    /// One field's demands: an object of operators and values.
    private mutating func demand(
        of field: RequirementField,
        at place: BodyPlace,
        into builder: inout RequirementBuilder
    ) throws(JSONError) {
        guard try beginObject(at: place) else { return }
        var seen = JSONFieldSet()
        var count = 0
        let errorsBefore = errors.count
        while let index = try nextField(field.operationNames, of: place, seen: &seen) {
            let operation = field.operations[index]
            let place = place.field(operation.name)
            count += 1
            switch field.kind {
            case .number:
                let range = field.range(of: operation)
                if let value = try integer(at: place, in: range) { builder.set(value, operation, of: field) }
            case .flag: if let value = try boolean(at: place) { builder.set(value, of: field) }
            case .names, .choice, .set:
                if operation == .eq {
                    if let name = try text(at: place) { add(name, operation, to: field, at: place, &builder) }
                } else {
                    try list(of: field, operation, at: place, into: &builder)
                }
            }
        }
        if count == 0, errors.count == errorsBefore { require(field.operationNames[0], 0, of: place, seen: seen) }
        if count > 1, let eq = field.operations.firstIndex(of: .eq), seen.contains(eq) {
            fail(place.field(Operation.eq.name), .notAllowed, "eq leaves nothing for another operator to say.")
        }
    }

    private typealias Operation = RequirementField.Operation

    private mutating func list(
        of field: RequirementField,
        _ operation: RequirementField.Operation,
        at place: BodyPlace,
        into builder: inout RequirementBuilder
    ) throws(JSONError) {
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: field.entriesMax) {
            (reader: inout BodyReader, place) throws(JSONError) in
            guard let name = try reader.text(at: place) else { return }
            reader.add(name, operation, to: field, at: place, &builder)
        }
        if !isFilled, errors.count == errorsBefore { fail(place, .empty, "\(field.name) needs at least one entry.") }
    }

    private mutating func add(
        _ name: ArraySlice<UInt8>,
        _ operation: RequirementField.Operation,
        to field: RequirementField,
        at place: BodyPlace,
        _ builder: inout RequirementBuilder
    ) {
        if let violation = builder.add(name, operation, to: field) { fail(place, violation.rule, violation.detail) }
    }
}

/// A requirement in a URL: `model:in=a,b;quality:gte=40`, after percent-decoding. Model names have neither comma nor
/// semicolon, so the form has no escapes of its own.
struct RequirementExpression {
    private(set) var errors: [FieldError] = []
    private(set) var builder: RequirementBuilder
    private let parameter: String
    /// Operators that were there, by field.
    private var seen: [RequirementField: [RequirementField.Operation]] = [:]

    init(_ text: ArraySlice<UInt8>, parameter: String, directory: Directory) {
        self.parameter = parameter
        builder = RequirementBuilder(directory)
        guard !text.isEmpty else { return }
        for term in text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        where errors.count < Problem.errorsMax {
            read(term)
        }
        for (field, operations) in seen.sorted(by: { $0.key.rawValue < $1.key.rawValue })
        where operations.count > 1 && operations.contains(.eq) {
            fail(.notAllowed, "\(field.name):eq leaves nothing for another operator to say.")
        }
        for (_, violation) in builder.close() { fail(violation.rule, violation.detail) }
    }

    private mutating func read(_ term: ArraySlice<UInt8>) {
        guard let colon = term.firstIndex(of: UInt8(ascii: ":")), let equals = term.firstIndex(of: UInt8(ascii: "=")),
            colon < equals
        else { return fail(.badFormat, "Each term is FIELD:OPERATOR=VALUE, and terms are separated by semicolons.") }
        let name = term[..<colon]
        guard let field = RequirementField.allCases.first(where: { name.equals($0.name.description) }) else {
            let names = RequirementField.names.map { "\($0)" }.joined(separator: ", ")
            return fail(.unknownField, "There is no field \"\(name.prefix(64).text)\"; there are \(names).")
        }
        let word = term[(colon + 1)..<equals]
        guard let operation = field.operations.first(where: { word.equals($0.name.description) }) else {
            let names = field.operationNames.map { "\($0)" }.joined(separator: ", ")
            return fail(.notAllowed, "An operator of \(field.name) must be one of \(names).")
        }
        guard seen[field]?.contains(operation) != true else {
            return fail(.duplicateField, "\(field.name):\(operation.name) is there twice.")
        }
        seen[field, default: []].append(operation)
        read(term[(equals + 1)...], operation, of: field)
    }

    private mutating func read(
        _ value: ArraySlice<UInt8>,
        _ operation: RequirementField.Operation,
        of field: RequirementField
    ) {
        let name = "\(field.name):\(operation.name)"
        switch field.kind {
        case .number:
            guard let number = value.decimal else { return fail(.wrongType, "\(name) takes an integer.") }
            let range = field.range(of: operation)
            guard range.contains(number) else {
                return fail(.outOfRange, "\(name) must be from \(range.lowerBound) to \(range.upperBound).")
            }
            builder.set(number, operation, of: field)
        case .flag:
            guard value.equals("true") || value.equals("false") else {
                return fail(.wrongType, "\(name) takes true or false.")
            }
            builder.set(value.equals("true"), of: field)
        case .names, .choice, .set:
            guard !value.isEmpty else { return fail(.empty, "\(field.name) needs at least one entry.") }
            let entries = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
            let most = operation == .eq ? 1 : field.entriesMax
            guard entries.count <= most else { return fail(.tooMany, "\(name) may have at most \(most) entries.") }
            for entry in entries {
                if let violation = builder.add(entry, operation, to: field) { fail(violation.rule, violation.detail) }
            }
        }
    }

    private mutating func fail(_ rule: FieldError.Rule, _ detail: String) {
        errors.append(FieldError(.parameter(parameter), rule, detail))
    }
}
