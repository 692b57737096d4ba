internal import Exchange
internal import Units

/// Makes a requirement from either of its forms, JSON and URL: the rules for its values stand here once.
struct RequirementBuilder {
    typealias Operation = RequirementField.Operation

    private let models: ModelTable
    private var requirement = Requirement()
    private var named: [ModelID] = []
    private var regions: [Region] = []
    /// What seldom comes.
    private var extra: Extra?
    private(set) var namesUnknownModel = false

    private struct Extra {
        var demands = FurtherDemands()
        /// By field: bits of a closed list that will not do.
        var excluded: [RequirementField: Int64] = [:]
    }

    init(_ directory: Directory) { models = directory.models }

    /// A rule that a value breaks.
    struct Violation {
        let rule: FieldError.Rule
        let detail: String
    }

    /// Adds an entry to the list of `field`; of ``Operation/eq`` it is the only one. No list gets more than
    /// ``RequirementField/entriesMax``.
    mutating func add(_ name: ArraySlice<UInt8>, _ operation: Operation, to field: RequirementField) -> Violation? {
        switch field.kind {
        case .choice, .set:
            guard let vocabulary = field.vocabulary, let code = vocabulary.value(name) else {
                let names = field.vocabulary?.names ?? ""
                return Violation(rule: .notAllowed, detail: "An entry of \(field.name) must be one of \(names).")
            }
            add(bit: 1 << code, operation, to: field)
            return nil
        case .names: return addName(name, operation, to: field)
        case .number: return Violation(rule: .wrongType, detail: "\(field.name) takes a number.")
        case .flag: return Violation(rule: .wrongType, detail: "\(field.name) takes true or false.")
        }
    }

    private mutating func addName(
        _ name: ArraySlice<UInt8>,
        _ operation: Operation,
        to field: RequirementField
    ) -> Violation? {
        switch field {
        case .model:
            guard ModelName.isValid(name) else {
                return Violation(rule: .badFormat, detail: "A model's name is \(ModelName.rule).")
            }
            let id = models.id(named: name)
            if id == .unknown {
                namesUnknownModel = true
            } else if operation == .notin {
                extend { $0.demands.modelsExcluded.append(id) }
            } else {
                named.append(id)
            }
        case .region:
            guard let region = Region(name: name) else {
                let detail = "A region is a country code of two lower-case letters, or eu."
                return Violation(rule: .badFormat, detail: detail)
            }
            if operation == .notin {
                extend { $0.demands.regionsExcluded.append(region) }
            } else {
                regions.append(region)
            }
        default:
            let digits = field == .revision ? 40 : 64
            guard name.count == digits, let digest = HexDigest(name) else {
                let detail = "An entry of \(field.name) must be \(digits) lower-case hexadecimal digits."
                return Violation(rule: .badFormat, detail: detail)
            }
            extend { extra in
                switch (field, operation) {
                case (.revision, .notin): extra.demands.revisionsExcluded.append(digest)
                case (.revision, _): extra.demands.revisions.append(digest)
                case (_, .notin): extra.demands.weightsExcluded.append(digest)
                default: extra.demands.weights.append(digest)
                }
            }
        }
        return nil
    }

    private mutating func add(bit: Int64, _ operation: Operation, to field: RequirementField) {
        if operation == .notin { return extend { $0.excluded[field, default: 0] |= bit } }
        switch field {
        case .features: requirement.features.formUnion(Features(rawValue: UInt32(truncatingIfNeeded: bit)))
        case .quantization: requirement.quantizations |= UInt16(truncatingIfNeeded: bit)
        case .tee: requirement.tees |= UInt8(truncatingIfNeeded: bit)
        default:
            guard let trait = field.trait else { return }
            extend { $0.demands.least[trait] = max(0, $0.demands.least[trait]) | bit }
        }
    }

    /// Sets the least of `field`, the most, or both; the value is in ``RequirementField/range(of:)``.
    mutating func set(_ value: Int64, _ operation: Operation, of field: RequirementField) {
        if operation != .lte { setLeast(value, of: field) }
        if operation != .gte { setMost(value, of: field) }
    }

    private mutating func setLeast(_ value: Int64, of field: RequirementField) {
        switch field {
        case .quality: requirement.qualityAtLeast = value
        case .contextLength: requirement.contextLengthAtLeast = value
        default: if let trait = field.trait { extend { $0.demands.least[trait] = value } }
        }
    }

    private mutating func setMost(_ value: Int64, of field: RequirementField) {
        extend { extra in
            switch field {
            case .quality: extra.demands.qualityAtMost = value
            case .contextLength: extra.demands.contextLengthAtMost = value
            default: if let trait = field.trait { extra.demands.most[trait] = value }
            }
        }
    }

    /// Demands that something is so, or is not.
    mutating func set(_ value: Bool, of field: RequirementField) {
        if let trait = field.trait { extend { $0.demands.least[trait] = value ? 1 << 2 : 1 << 1 } }
    }

    private mutating func extend(_ body: (inout Extra) -> Void) {
        var extra = extra ?? Extra()
        body(&extra)
        self.extra = extra
    }
}

// MARK: The whole

extension RequirementBuilder {
    /// Demands of a closed list that one of these bits be there, beside what is demanded already; says so when nothing
    /// is left.
    mutating func restrict(_ field: RequirementField, to bits: Int64) -> Violation? {
        let before = wanted(field)
        let after = before == 0 ? bits : before & bits
        setWanted(after, field)
        return after == 0 ? Self.nothing(field) : nil
    }

    /// Brings all that was said together; what contradicts itself is an error of its field. Comes once, before
    /// ``finish()``.
    mutating func close() -> [(field: RequirementField, violation: Violation)] {
        var violations: [(field: RequirementField, violation: Violation)] = []
        guard let extra else { return violations }
        for field in RequirementField.allCases {
            if let excluded = extra.excluded[field], let fault = restrict(field, to: field.knownBits & ~excluded) {
                violations.append((field, fault))
            }
            if let least = least(field), let most = most(field), least > most {
                let detail = "Nothing is at least \(least) and at most \(most)."
                violations.append((field, Violation(rule: .outOfRange, detail: detail)))
            }
        }
        closeLists(&violations)
        return violations
    }

    private mutating func closeLists(_ violations: inout [(field: RequirementField, violation: Violation)]) {
        guard var demands = extra?.demands else { return }
        // What is excluded from a list that is given need not be said.
        if !named.isEmpty, !demands.modelsExcluded.isEmpty {
            named.removeAll { demands.modelsExcluded.contains($0) }
            demands.modelsExcluded = []
            if named.isEmpty, !namesUnknownModel { violations.append((.model, Self.nothing(.model))) }
        }
        func close(_ wanted: inout [HexDigest], _ excluded: inout [HexDigest], _ field: RequirementField) {
            if !wanted.isEmpty, !excluded.isEmpty {
                wanted.removeAll { excluded.contains($0) }
                excluded = []
                if wanted.isEmpty { violations.append((field, Self.nothing(field))) }
            }
            wanted = Set(wanted).sorted()
            excluded = Set(excluded).sorted()
        }
        close(&demands.revisions, &demands.revisionsExcluded, .revision)
        close(&demands.weights, &demands.weightsExcluded, .weightsSHA256)
        demands.modelsExcluded = Set(demands.modelsExcluded).sorted()
        demands.regionsExcluded = Set(demands.regionsExcluded).sorted()
        extra?.demands = demands
    }

    private static func nothing(_ field: RequirementField) -> Violation {
        Violation(rule: .empty, detail: "Together, the demands on \(field.name) leave nothing.")
    }

    /// The requirement in its canonical form, without a weight set of its own.
    func finish() -> Requirement {
        var requirement = requirement
        // What is appended is above what is there, so repetitions fall out.
        for model in named.sorted() { _ = requirement.models.append(model) }
        for region in regions.sorted() { _ = requirement.regions.append(region) }
        requirement.further = extra?.demands
        return requirement
    }

    // MARK: Parts

    /// Bits of a closed list that will do; 0 for any.
    private func wanted(_ field: RequirementField) -> Int64 {
        switch field {
        case .quantization: return Int64(requirement.quantizations)
        case .tee: return Int64(requirement.tees)
        default:
            guard let trait = field.trait, let extra else { return 0 }
            return max(0, extra.demands.least[trait])
        }
    }

    private mutating func setWanted(_ bits: Int64, _ field: RequirementField) {
        switch field {
        case .quantization: requirement.quantizations = UInt16(truncatingIfNeeded: bits)
        case .tee: requirement.tees = UInt8(truncatingIfNeeded: bits)
        default: if let trait = field.trait { extend { $0.demands.least[trait] = bits } }
        }
    }

    private func least(_ field: RequirementField) -> Int64? {
        switch field {
        case .quality: return requirement.qualityAtLeast
        case .contextLength: return requirement.contextLengthAtLeast
        default:
            guard field.kind == .number, let trait = field.trait, let least = extra?.demands.least[trait] else {
                return nil
            }
            return least < 0 ? nil : least
        }
    }

    private func most(_ field: RequirementField) -> Int64? {
        guard field.kind == .number, let demands = extra?.demands else { return nil }
        let most: Int64
        switch field {
        case .quality: most = demands.qualityAtMost
        case .contextLength: most = demands.contextLengthAtMost
        default: most = field.trait.map { demands.most[$0] } ?? FurtherDemands.nothing
        }
        return most < 0 ? nil : most
    }
}
