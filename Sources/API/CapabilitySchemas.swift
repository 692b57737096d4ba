internal import Exchange
internal import JSON
internal import Units

/// JSON Schemas (draft 2020-12) of what an offer declares and a bid demands, made from the lists that bodies are read
/// by, so that the two cannot differ. `x-provenance` says who says what a field is about: `declared`, `measured`,
/// `attested`, or `registry`.
package enum CapabilitySchemas {
    /// `GET /v1/schemas/capability.json`.
    package static let capability: [UInt8] = document("Capability", "What an offer declares.") { writer in
        for field in CapabilityField.allCases {
            writer.key(field.name)
            writer.beginObject()
            writer.value(of: field.demanded)
            writer.provenance(field == .tee ? nil : field.demanded.provenance, else: "declared")
            writer.endObject()
        }
    }

    /// `GET /v1/schemas/requirement.json`.
    package static let requirement: [UInt8] = document("Requirement", "What a bid demands.") { writer in
        for field in RequirementField.allCases {
            writer.key(field.name)
            writer.beginObject()
            writer.member("type", word: "object")
            writer.member("additionalProperties", false)
            writer.member("minProperties", Int64(1))
            // An operator eq leaves nothing for another one to say.
            if field.operations.contains(.eq) {
                writer.key("if")
                writer.beginObject()
                writer.names("required", ["eq"])
                writer.endObject()
                writer.key("then")
                writer.beginObject()
                writer.member("maxProperties", Int64(1))
                writer.endObject()
            }
            writer.key("properties")
            writer.beginObject()
            for operation in field.operations { writer.demand(of: field, operation) }
            writer.endObject()
            writer.provenance(field.provenance, else: "registry")
            if let steps = field.trait?.steps, !steps.isEmpty {
                writer.key("x-known-in-steps")
                writer.beginArray()
                for step in steps { writer.integer(step) }
                writer.endArray()
            }
            writer.endObject()
        }
    }

    private static func document(
        _ title: String,
        _ description: String,
        _ properties: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 16_384)
        writer.beginObject()
        writer.member("$schema", word: "https://json-schema.org/draft/2020-12/schema")
        writer.member("title", title)
        writer.member("description", description)
        writer.member("type", word: "object")
        writer.member("additionalProperties", false)
        writer.key("properties")
        writer.beginObject()
        properties(&writer)
        writer.endObject()
        writer.endObject()
        return writer.take()
    }
}

extension JSONWriter {
    fileprivate mutating func provenance(_ provenance: Trait.Provenance?, else other: String) {
        member("x-provenance", provenance?.rawValue ?? other)
    }

    /// The type of what an offer says of a field.
    fileprivate mutating func value(of field: RequirementField) {
        switch field.kind {
        case .set: list(of: field, isFilled: false)
        case .choice, .names: name(of: field)
        case .flag: member("type", word: "boolean")
        case .number: number(field.range(of: field == .contextLength ? .gte : .eq))
        }
    }

    fileprivate mutating func demand(of field: RequirementField, _ operation: RequirementField.Operation) {
        key(operation.name)
        beginObject()
        switch field.kind {
        case .number: number(field.range(of: operation))
        case .flag: member("type", word: "boolean")
        case .names, .choice, .set:
            if operation == .eq { name(of: field) } else { list(of: field, isFilled: true) }
        }
        endObject()
    }

    private mutating func number(_ range: ClosedRange<Int64>) {
        member("type", word: "integer")
        member("minimum", range.lowerBound)
        member("maximum", range.upperBound)
    }

    private mutating func list(of field: RequirementField, isFilled: Bool) {
        member("type", word: "array")
        if isFilled { member("minItems", Int64(1)) }
        member("maxItems", Int64(field.entriesMax))
        key("items")
        beginObject()
        name(of: field)
        endObject()
    }

    private mutating func name(of field: RequirementField) {
        member("type", word: "string")
        if let names = field.names { return self.names("enum", names) }
        switch field {
        case .model:
            member("maxLength", Int64(Limits.modelNameBytesMax))
            member("pattern", "^[A-Za-z0-9][A-Za-z0-9._:/@+~-]*$")
        case .region: member("pattern", "^[a-z]{2}$")
        default: member("pattern", field == .revision ? "^[0-9a-f]{40}$" : "^[0-9a-f]{64}$")
        }
    }
}
