import JSON

/// The part of JSON Schema 2020-12 that the contract uses. A keyword that it does not know is a fault, so that no rule
/// of the contract goes unchecked.
struct SchemaValidator {
    let contract: Contract

    private static let silent: Set<String> = [
        "description", "examples", "example", "default", "format", "title",
    ]

    /// What is wrong with `value`, each with its place; empty when it is valid.
    func faults(_ value: JSONValue, _ schema: JSONValue, at place: String = "#") -> [String] {
        guard let keywords = schema.members else { return ["\(place): the schema is no object"] }
        return keywords.flatMap { faults(value, $0.key, $0.value, of: schema, at: place) }
    }

    private func faults(
        _ value: JSONValue,
        _ keyword: String,
        _ rule: JSONValue,
        of schema: JSONValue,
        at place: String
    ) -> [String] {
        switch keyword {
        case "$ref":
            guard let target = try? contract.resolved(.object([.init("$ref", rule)])) else {
                return ["\(place): \(rule) names nothing"]
            }
            return faults(value, target, at: place)
        case "type":
            let types = rule.string.map { [$0] } ?? rule.strings
            return types.contains { isType(value, $0) } ? [] : ["\(place): is no \(types.joined(separator: " or "))"]
        case "enum": return (rule.elements ?? []).contains(value) ? [] : ["\(place): \(value) is not in the list"]
        case "oneOf":
            let count = (rule.elements ?? []).count { faults(value, $0, at: place).isEmpty }
            return count == 1 ? [] : ["\(place): \(value) fits \(count) of the alternatives"]
        case "properties", "required", "additionalProperties":
            return objectFaults(value, keyword, rule, of: schema, at: place)
        case "items":
            return (value.elements ?? []).enumerated().flatMap { faults($1, rule, at: "\(place)/\($0)") }
        case "minProperties": return (value.members?.count ?? .max) >= rule.integer ?? 0 ? [] : ["\(place): is empty"]
        case "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum", "multipleOf":
            return isWithin(value, keyword, rule.integer ?? 0) ? [] : ["\(place): \(value) breaks \(keyword)"]
        case "pattern":
            guard let text = value.string, let pattern = rule.string else { return [] }
            guard let regex = try? Regex(pattern) else { return ["\(place): \(pattern) is no pattern"] }
            return text.contains(regex) ? [] : ["\(place): \(text) does not match \(pattern)"]
        default: return Self.silent.contains(keyword) ? [] : ["\(place): the validator does not know \(keyword)"]
        }
    }

    private func objectFaults(
        _ value: JSONValue,
        _ keyword: String,
        _ rule: JSONValue,
        of schema: JSONValue,
        at place: String
    ) -> [String] {
        guard let members = value.members else { return [] }
        switch keyword {
        case "properties":
            return members.flatMap { member in
                rule[member.key].map { faults(member.value, $0, at: "\(place)/\(member.key)") } ?? []
            }
        case "required":
            return rule.strings.filter { value[$0] == nil }.map { "\(place): \($0) is missing" }
        default:
            guard rule == .boolean(false) else { return [] }
            let known = schema["properties"]?.keys ?? []
            return value.keys.filter { !known.contains($0) }.map { "\(place): \($0) is not declared" }
        }
    }

    private func isType(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"),
            (.number, "number"), (.string, "string"), (.array, "array"), (.object, "object"):
            true
        default: false
        }
    }

    private func isWithin(_ value: JSONValue, _ keyword: String, _ bound: Int64) -> Bool {
        switch (keyword, value) {
        case ("minItems", .array(let elements)): elements.count >= bound
        case ("maxItems", .array(let elements)): elements.count <= bound
        case ("minLength", .string(let text)): text.unicodeScalars.count >= bound
        case ("maxLength", .string(let text)): text.unicodeScalars.count <= bound
        case ("minimum", .integer(let number)): number >= bound
        case ("maximum", .integer(let number)): number <= bound
        case ("multipleOf", .integer(let number)): number % bound == 0
        default: true
        }
    }
}
