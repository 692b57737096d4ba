internal import Exchange
internal import JSON
internal import Units

/// OpenRouter's `provider` object, in a bid beside its requirement.
enum ProviderField: Int, BodyField {
    case order, only, ignore, allowFallbacks, requireParameters, dataCollection, zdr, enforceDistillableText
    case quantizations, sort, maxPrice, preferredMinThroughput, preferredMaxLatency

    static let names: [StaticString] = [
        "order", "only", "ignore", "allow_fallbacks", "require_parameters", "data_collection", "zdr",
        "enforce_distillable_text", "quantizations", "sort", "max_price", "preferred_min_throughput",
        "preferred_max_latency",
    ]

    /// Why a key has no translation; `nil` for one that has.
    var obstacle: String? {
        switch self {
        case .order, .only, .ignore:
            "offers belong to accounts, not to providers with names, and a bid names what it demands, not whom. Demand "
                + "what the provider is chosen for."
        case .enforceDistillableText: "no offer says whether its answers may be used for distillation."
        case .maxPrice:
            "it is in dollars for each kind of token. The limit is price_nanoton_per_mtok, one price for adjusted "
                + "tokens, whose weights are those of weight_set."
        case .preferredMinThroughput:
            "offers are ranked by price, so a preference has no effect. Demand throughput_tps in the requirement."
        case .preferredMaxLatency:
            "offers are ranked by price, so a preference has no effect. Demand ttft_ms in the requirement."
        case .allowFallbacks, .requireParameters, .dataCollection, .zdr, .quantizations, .sort: nil
        }
    }
}

/// What a `provider` object demands: bits of closed lists.
struct ProviderDemands {
    fileprivate var bits: [(key: ProviderField, field: RequirementField, bits: Int64)] = []

    /// Neither kept longer than the answer takes, …
    fileprivate static let retentions: Int64 = 1 << 1 | 1 << 2
    /// … nor trained on.
    fileprivate static let noTraining: Int64 = 1 << 1
}

extension BodyReader {
    /// Reads the object; each key is translated in full, or is an error that says why it cannot be.
    mutating func provider(at place: BodyPlace) throws(JSONError) -> ProviderDemands {
        var demands = ProviderDemands()
        guard try beginObject(at: place) else { return demands }
        var seen = JSONFieldSet()
        while let field = try nextField(ProviderField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            if let obstacle = field.obstacle {
                fail(place, .notAllowed, "\(field.name) cannot be translated: \(obstacle)")
                try skip()
                continue
            }
            switch field {
            case .allowFallbacks:
                try agree(true, at: place, "whatever offer meets the demand will do; leave it out or say true.")
            case .requireParameters:
                try agree(true, at: place, "what is demanded must be there; leave it out or say true.")
            case .zdr:
                if try boolean(at: place) == true {
                    demands.bits.append((field, .dataRetention, ProviderDemands.retentions))
                }
            case .dataCollection:
                if try choice(of: Self.dataCollections, at: place) == true {
                    demands.bits.append((field, .dataRetention, ProviderDemands.retentions))
                    demands.bits.append((field, .trainsOnData, ProviderDemands.noTraining))
                }
            case .quantizations: demands.bits.append((field, .quantization, try quantizations(at: place)))
            default: _ = try choice(of: Self.sorts, at: place)
            }
        }
        return demands
    }

    /// True for the one that demands something.
    private static let dataCollections = Vocabulary([("allow", false), ("deny", true)])
    /// Offers are ranked by price; what else OpenRouter sorts by can only be demanded.
    private static let sorts = Vocabulary([("price", true)])

    private mutating func agree(_ expected: Bool, at place: BodyPlace, _ reason: String) throws(JSONError) {
        guard let value = try boolean(at: place), value != expected else { return }
        fail(place, .notAllowed, "\(place.name) cannot be \(value): \(reason)")
    }

    private mutating func quantizations(at place: BodyPlace) throws(JSONError) -> Int64 {
        var bits: Int64 = 0
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: Quantization.allCases.count) {
            (reader: inout BodyReader, place) throws(JSONError) in
            if let value = try reader.choice(of: Vocabularies.quantization, at: place) { bits |= Int64(value.bit) }
        }
        if !isFilled, errors.count == errorsBefore { fail(place, .empty, "\(place.name) needs at least one entry.") }
        return bits
    }

    /// Adds what a `provider` object demands to the requirement beside it: both hold.
    mutating func apply(_ demands: ProviderDemands, to builder: inout RequirementBuilder, at place: BodyPlace) {
        for (key, field, bits) in demands.bits where bits != 0 {
            guard let violation = builder.restrict(field, to: bits) else { continue }
            fail(place.field(key.name), violation.rule, violation.detail)
        }
    }
}
