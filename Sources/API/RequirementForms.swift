internal import Engine
package import Exchange
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
        return builder
    }

    /// One field's demand: an object of its operator and the values.
    private mutating func demand(
        of field: RequirementField,
        at place: BodyPlace,
        into builder: inout RequirementBuilder
    ) throws(JSONError) {
        guard try beginObject(at: place) else { return }
        var seen = JSONFieldSet()
        let names = RequirementField.operations[field.rawValue]
        while try nextField(names, of: place, seen: &seen) != nil {
            let place = place.field(field.operation)
            if field.isNumber {
                if let value = try integer(at: place, in: field.range) { builder.set(value, of: field) }
            } else {
                try list(of: field, at: place, into: &builder)
            }
        }
        require(field.operation, 0, of: place, seen: seen)
    }

    private mutating func list(
        of field: RequirementField,
        at place: BodyPlace,
        into builder: inout RequirementBuilder
    ) throws(JSONError) {
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: RequirementBuilder.entriesMax) {
            (reader: inout BodyReader, place) throws(JSONError) in
            guard let name = try reader.text(at: place) else { return }
            if let violation = builder.add(name, to: field) { reader.fail(place, violation.rule, violation.detail) }
        }
        if !isFilled, errors.count == errorsBefore { fail(place, .empty, "\(field.name) needs at least one entry.") }
    }
}

/// A requirement in a URL: `model:in=a,b;quality:gte=40`, after percent-decoding. Model names have neither comma nor
/// semicolon, so the form has no escapes of its own.
struct RequirementExpression {
    private(set) var errors: [FieldError] = []
    private(set) var builder: RequirementBuilder
    private let parameter: String
    private var seen = JSONFieldSet()

    init(_ text: ArraySlice<UInt8>, parameter: String, directory: Directory) {
        self.parameter = parameter
        builder = RequirementBuilder(directory)
        guard !text.isEmpty else { return }
        for term in text.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) { read(term) }
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
        guard term[(colon + 1)..<equals].equals(field.operation.description) else {
            return fail(.notAllowed, "\(field.name) has the operator \(field.operation) only.")
        }
        guard seen.insert(field.rawValue) else { return fail(.duplicateField, "\(field.name) is there twice.") }
        read(term[(equals + 1)...], of: field)
    }

    private mutating func read(_ value: ArraySlice<UInt8>, of field: RequirementField) {
        guard !field.isNumber else {
            guard let number = value.decimal else {
                return fail(.wrongType, "\(field.name):\(field.operation) takes an integer.")
            }
            guard field.range.contains(number) else {
                let range = "\(field.range.lowerBound) to \(field.range.upperBound)"
                return fail(.outOfRange, "\(field.name):\(field.operation) must be from \(range).")
            }
            return builder.set(number, of: field)
        }
        guard !value.isEmpty else { return fail(.empty, "\(field.name) needs at least one entry.") }
        let entries = value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard entries.count <= RequirementBuilder.entriesMax else {
            return fail(.tooMany, "\(field.name) may have at most \(RequirementBuilder.entriesMax) entries.")
        }
        for entry in entries {
            if let violation = builder.add(entry, to: field) { fail(violation.rule, violation.detail) }
        }
    }

    private mutating func fail(_ rule: FieldError.Rule, _ detail: String) {
        errors.append(FieldError(.parameter(parameter), rule, detail))
    }
}

/// How a requirement is written: always its canonical form.
package enum RequirementText {
    /// The JSON object.
    static func write(_ requirement: Requirement, models: ModelTable, to writer: inout JSONWriter) {
        writer.beginObject()
        for field in RequirementField.allCases {
            if let number = number(of: field, in: requirement) {
                writer.key(field.name)
                writer.beginObject()
                writer.key(field.operation)
                writer.integer(number)
                writer.endObject()
            }
            let names = names(of: field, in: requirement, models: models)
            guard !names.isEmpty else { continue }
            writer.key(field.name)
            writer.beginObject()
            writer.key(field.operation)
            writer.beginArray()
            for name in names { writer.string(name) }
            writer.endArray()
            writer.endObject()
        }
        writer.endObject()
    }

    /// The form in URLs, before percent-encoding.
    package static func expression(_ requirement: Requirement, models: ModelTable) -> String {
        var terms: [String] = []
        for field in RequirementField.allCases {
            if let number = number(of: field, in: requirement) {
                terms.append("\(field.name):\(field.operation)=\(number)")
            }
            let names = names(of: field, in: requirement, models: models)
            if !names.isEmpty { terms.append("\(field.name):\(field.operation)=" + names.joined(separator: ",")) }
        }
        return terms.joined(separator: ";")
    }

    private static func number(of field: RequirementField, in requirement: Requirement) -> Int64? {
        switch field {
        case .quality: requirement.qualityAtLeast == 0 ? nil : requirement.qualityAtLeast
        case .contextLength: requirement.contextLengthAtLeast == 0 ? nil : requirement.contextLengthAtLeast
        default: nil
        }
    }

    private static func names(
        of field: RequirementField,
        in requirement: Requirement,
        models: ModelTable
    ) -> [String] {
        switch field {
        case .model: requirement.models.array.map { models.record($0)?.terms.name ?? $0.text }
        case .features: requirement.features.names
        case .quantization:
            Quantization.allCases.filter { requirement.quantizations & $0.bit != 0 }.map(\.name)
        case .tee: TEE.allCases.filter { requirement.tees & $0.bit != 0 }.map(\.name)
        case .region: requirement.regions.array.map(\.name)
        case .quality, .contextLength: []
        }
    }
}
