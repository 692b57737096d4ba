internal import Cryptography
internal import Engine
package import Exchange
internal import JSON
internal import Units

/// How a requirement is written: always its canonical form, which is the same for equal demands.
package enum RequirementText {
    /// One demand of the canonical form.
    private struct Term {
        let field: RequirementField
        let operation: RequirementField.Operation
        let value: Value

        enum Value {
            case names([String])
            case number(Int64)
            case flag(Bool)
        }
    }

    /// The JSON object.
    static func write(_ requirement: Requirement, models: ModelTable, to writer: inout JSONWriter) {
        var open: RequirementField?
        writer.beginObject()
        for term in terms(of: requirement, models) {
            if term.field != open {
                if open != nil { writer.endObject() }
                writer.key(term.field.name)
                writer.beginObject()
                open = term.field
            }
            writer.key(term.operation.name)
            switch term.value {
            case .number(let number): writer.integer(number)
            case .flag(let flag): writer.bool(flag)
            case .names(let names):
                writer.beginArray()
                for name in names { writer.string(name) }
                writer.endArray()
            }
        }
        if open != nil { writer.endObject() }
        writer.endObject()
    }

    /// The bytes of the JSON object.
    package static func bytes(_ requirement: Requirement, models: ModelTable) -> [UInt8] {
        var writer = JSONWriter(capacity: 256)
        write(requirement, models: models, to: &writer)
        return writer.take()
    }

    /// SHA-256 of the JSON object's bytes as 64 hexadecimal digits.
    package static func hash(_ requirement: Requirement, models: ModelTable) -> String {
        SHA256.hash(bytes(requirement, models: models)).hex
    }

    /// The form in URLs, before percent-encoding.
    package static func expression(_ requirement: Requirement, models: ModelTable) -> String {
        terms(of: requirement, models).map { term in
            let value =
                switch term.value {
                case .number(let number): "\(number)"
                case .flag(let flag): "\(flag)"
                case .names(let names): names.joined(separator: ",")
                }
            return "\(term.field.name):\(term.operation.name)=\(value)"
        }
        .joined(separator: ";")
    }

    private static let fields = RequirementField.allCases
    /// What a requirement without ``FurtherDemands`` can say.
    private static let basicFields = fields.filter { $0.rawValue <= RequirementField.region.rawValue }

    /// All demands, in the order of fields and operators.
    private static func terms(of requirement: Requirement, _ models: ModelTable) -> [Term] {
        let further = requirement.further
        var terms: [Term] = []
        for field in further == nil ? Self.basicFields : Self.fields {
            switch field.kind {
            case .number: append(numbers(of: field, requirement, further), field, to: &terms)
            case .flag:
                guard let bits = bits(of: field, requirement, further) else { continue }
                terms.append(Term(field: field, operation: .eq, value: .flag(bits & 4 != 0)))
            case .choice, .set:
                guard let bits = bits(of: field, requirement, further), let names = field.names else { continue }
                let wanted = names.indices.filter { bits >> (Int64($0) + field.firstCode) & 1 == 1 }.map { names[$0] }
                guard !wanted.isEmpty else { continue }
                let operation: RequirementField.Operation = field.kind == .set ? .all : .in
                terms.append(Term(field: field, operation: operation, value: .names(wanted)))
            case .names:
                let (wanted, excluded) = names(of: field, requirement, further, models)
                if !wanted.isEmpty { terms.append(Term(field: field, operation: .in, value: .names(wanted))) }
                if !excluded.isEmpty { terms.append(Term(field: field, operation: .notin, value: .names(excluded))) }
            }
        }
        return terms
    }

    private static func append(
        _ numbers: (least: Int64, most: Int64),
        _ field: RequirementField,
        to terms: inout [Term]
    ) {
        let (least, most) = numbers
        if least > 0, least == most { return terms.append(Term(field: field, operation: .eq, value: .number(least))) }
        if least > 0 { terms.append(Term(field: field, operation: .gte, value: .number(least))) }
        if most >= 0 { terms.append(Term(field: field, operation: .lte, value: .number(most))) }
    }

    private static func numbers(
        of field: RequirementField,
        _ requirement: Requirement,
        _ further: FurtherDemands?
    ) -> (least: Int64, most: Int64) {
        let nothing = FurtherDemands.nothing
        switch field {
        case .quality: return (requirement.qualityAtLeast, further?.qualityAtMost ?? nothing)
        case .contextLength: return (requirement.contextLengthAtLeast, further?.contextLengthAtMost ?? nothing)
        default:
            guard let trait = field.trait, let further else { return (nothing, nothing) }
            return (further.least[trait], further.most[trait])
        }
    }

    /// `nil` when nothing is demanded.
    private static func bits(
        of field: RequirementField,
        _ requirement: Requirement,
        _ further: FurtherDemands?
    ) -> Int64? {
        let bits: Int64
        switch field {
        case .features: bits = Int64(requirement.features.rawValue)
        case .quantization: bits = Int64(requirement.quantizations)
        case .tee: bits = Int64(requirement.tees)
        default:
            guard let trait = field.trait, let further else { return nil }
            bits = further.least[trait]
        }
        return bits > 0 ? bits : nil
    }

    private static func names(
        of field: RequirementField,
        _ requirement: Requirement,
        _ further: FurtherDemands?,
        _ models: ModelTable
    ) -> (wanted: [String], excluded: [String]) {
        func name(_ id: ModelID) -> String { models.record(id)?.terms.name ?? id.text }
        switch field {
        case .model: return (requirement.models.array.map(name), (further?.modelsExcluded ?? []).map(name))
        case .region: return (requirement.regions.array.map(\.name), (further?.regionsExcluded ?? []).map(\.name))
        case .revision: return ((further?.revisions ?? []).map(\.text), (further?.revisionsExcluded ?? []).map(\.text))
        default: return ((further?.weights ?? []).map(\.text), (further?.weightsExcluded ?? []).map(\.text))
        }
    }
}

/// What an answer repeats of a bid's requirement.
package struct RequirementEcho: Hashable, Sendable {
    /// The canonical JSON object.
    let object: [UInt8]
    /// Its SHA-256.
    let hash: String

    package init(_ requirement: Requirement, models: ModelTable) {
        object = RequirementText.bytes(requirement, models: models)
        hash = SHA256.hash(object).hex
    }
}
