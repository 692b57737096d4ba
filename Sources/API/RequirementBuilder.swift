internal import Exchange
internal import Units

/// The fields of a requirement with their one operator each: the grammar of DESIGN §5.
enum RequirementField: Int, BodyField {
    case model, quality, contextLength, features, quantization, tee, region

    static let names: [StaticString] = [
        "model", "quality", "context_length", "features", "quantization", "tee", "region",
    ]

    /// `in`: one of these; `gte`: at least; `all`: each of these.
    var operation: StaticString { Self.operations[rawValue][0] }
    static let operations: [[StaticString]] = [["in"], ["gte"], ["gte"], ["all"], ["in"], ["in"], ["in"]]

    var isNumber: Bool { self == .quality || self == .contextLength }

    /// The values of a number.
    var range: ClosedRange<Int64> { self == .quality ? 0...Limits.qualityMax : 0...Limits.contextLengthMax }
}

/// Makes a requirement from either of its forms, JSON and URL: the rules for its values stand here once.
struct RequirementBuilder {
    /// Entries of one list: the longest that any field needs.
    static let entriesMax = max(Limits.modelsPerBidMax, Limits.regionsPerBidMax, Features.names.count)

    private let models: ModelTable
    private var requirement = Requirement()
    private var named: [ModelID] = []
    private var regions: [Region] = []
    private(set) var namesUnknownModel = false

    init(_ directory: Directory) { models = directory.models }

    /// A rule that a value breaks.
    struct Violation {
        let rule: FieldError.Rule
        let detail: String
    }

    /// Adds an entry to the list of `field`.
    mutating func add(_ name: ArraySlice<UInt8>, to field: RequirementField) -> Violation? {
        switch field {
        case .model:
            guard ModelName.isValid(name) else {
                return Violation(rule: .badFormat, detail: "A model's name is \(ModelName.rule).")
            }
            let id = models.id(named: name)
            if id == .unknown { namesUnknownModel = true } else { named.append(id) }
        case .features:
            guard let feature = Vocabularies.feature.value(name) else {
                return unknown(field, Vocabularies.feature.names)
            }
            requirement.features = Features(rawValue: requirement.features.rawValue | feature.rawValue)
        case .quantization:
            guard let quantization = Vocabularies.quantization.value(name) else {
                return unknown(field, Vocabularies.quantization.names)
            }
            requirement.quantizations |= quantization.bit
        case .tee:
            guard let tee = Vocabularies.tee.value(name) else { return unknown(field, Vocabularies.tee.names) }
            requirement.tees |= tee.bit
        case .region:
            guard let region = Region(name: name) else {
                let detail = "A region is a country code of two lower-case letters, or eu."
                return Violation(rule: .badFormat, detail: detail)
            }
            regions.append(region)
        case .quality, .contextLength:
            return Violation(rule: .wrongType, detail: "\(field.name) takes a number.")
        }
        return nil
    }

    /// Sets the least value of `field`, which must be in its range.
    mutating func set(_ value: Int64, of field: RequirementField) {
        if field == .quality { requirement.qualityAtLeast = value } else { requirement.contextLengthAtLeast = value }
    }

    /// The requirement in its canonical form, without a weight set of its own. At most ``entriesMax`` entries have been
    /// added to a list.
    func finish() -> Requirement {
        var requirement = requirement
        // What is appended is above what is there, so repetitions fall out.
        for model in named.sorted() { _ = requirement.models.append(model) }
        for region in regions.sorted() { _ = requirement.regions.append(region) }
        return requirement
    }

    private func unknown(_ field: RequirementField, _ names: String) -> Violation {
        Violation(rule: .notAllowed, detail: "An entry of \(field.name) must be one of \(names).")
    }
}
