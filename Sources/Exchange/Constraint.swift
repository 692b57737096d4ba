import Units

/// One condition under which a bid takes an offer, in the order in which explanations go through them.
///
/// Together with the price they are the whole of ``Requirement/isMet(by:)``: a field that a requirement gets needs a
/// case here, or an explanation would name the wrong obstacle.
package enum Constraint: Hashable, Sendable {
    case weightSet, model, quality, contextLength, features, quantization, tee, region
    /// Of a number the least that will do; of anything else the values.
    case trait(Trait)
    /// The most that will do of a number.
    case traitMost(Trait)
    case qualityMost, contextLengthMost
    /// The digests of the weights.
    case weights
    /// Models and regions that will not do.
    case exclusions
    /// Whom the offer sells to: known of the account that asks only, and so no part of ``isMet(_:by:)``.
    case buyers
    /// The limit of the order that is explained. Unlike the others it is met or not by each price level.
    case price

    /// How its values are compared.
    package enum Shape: Sendable {
        /// Another value makes it another good, or is nothing to suggest.
        case fixed
        /// The offer's number is at least, or at most, the bid's.
        case number
        /// The bid names the values that will do, or none for any; the offer has one.
        case oneOf
        /// The offer has every one of the bid's bits.
        case allOf
        case limit
    }

    package var shape: Shape {
        switch self {
        case .weightSet, .weights, .exclusions, .buyers: .fixed
        case .quality, .contextLength, .traitMost, .qualityMost, .contextLengthMost: .number
        case .model, .quantization, .tee, .region: .oneOf
        case .features: .allOf
        case .price: .limit
        case .trait(let trait):
            switch trait.kind {
            case .number: .number
            case .choice, .flag: .oneOf
            case .set: .allOf
            }
        }
    }

    /// Everything but the price.
    package static let conditions: [Self] =
        [.weightSet, .model, .quality, .contextLength, .features, .quantization, .tee, .region]
        + Trait.allCases.map { .trait($0) } + [.qualityMost, .contextLengthMost]
        + Trait.allCases.filter(\.hasMost).map { .traitMost($0) } + [.weights, .exclusions, .buyers]

    package static let allCases = conditions + [.price]

    /// This condition's bit in a set of them.
    var bit: UInt64 { 1 << UInt64(Self.places[self] ?? 63) }
    private static let places = Dictionary(
        uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) }
    )
}

extension Constraint {
    /// Whether the demand is met as far as this condition goes. Price and buyer are no part of either value, and met.
    package func isMet(_ demand: Requirement, by supply: Capability) -> Bool {
        switch self {
        case .weightSet: demand.weightSet == supply.weightSet
        case .model: demand.models.isEmpty || demand.models.contains(supply.model)
        case .quality: demand.qualityAtLeast == 0 || (supply.quality ?? -1) >= demand.qualityAtLeast
        case .contextLength: supply.contextLength >= demand.contextLengthAtLeast
        case .features: supply.features.isSuperset(of: demand.features)
        case .quantization: demand.quantizations == 0 || demand.quantizations & supply.quantization.bit != 0
        case .tee: demand.tees == 0 || demand.tees & supply.tee.bit != 0
        case .region: demand.regions.isEmpty || demand.regions.contains { supply.region.lies(in: $0) }
        case .price, .buyers: true
        case .trait, .traitMost, .qualityMost, .contextLengthMost, .weights, .exclusions:
            // The rule for one of them is the rule for all of them when the others ask for nothing.
            alone(in: demand.further).areMet(by: supply)
        }
    }

    /// What this condition asks for of `demands`, and nothing else.
    private func alone(in demands: FurtherDemands?) -> FurtherDemands {
        var alone = FurtherDemands()
        guard let demands else { return alone }
        switch self {
        case .trait(let trait): alone.least[trait] = demands.least[trait]
        case .traitMost(let trait): alone.most[trait] = demands.most[trait]
        case .qualityMost: alone.qualityAtMost = demands.qualityAtMost
        case .contextLengthMost: alone.contextLengthAtMost = demands.contextLengthAtMost
        case .weights:
            alone.revisions = demands.revisions
            alone.weights = demands.weights
            alone.revisionsExcluded = demands.revisionsExcluded
            alone.weightsExcluded = demands.weightsExcluded
        case .exclusions:
            alone.modelsExcluded = demands.modelsExcluded
            alone.regionsExcluded = demands.regionsExcluded
        default: break
        }
        return alone
    }

    /// Whether a bid with this demand asks for something here.
    package func isAsked(by demand: Requirement) -> Bool {
        switch self {
        case .weightSet, .price: true
        case .buyers: false
        case .model: !demand.models.isEmpty
        case .quality: demand.qualityAtLeast > 0
        case .contextLength: demand.contextLengthAtLeast > 0
        case .features: !demand.features.isEmpty
        case .quantization: demand.quantizations != 0
        case .tee: demand.tees != 0
        case .region: !demand.regions.isEmpty
        default: alone(in: demand.further) != FurtherDemands()
        }
    }

    /// Of a ``Shape/number``: the most instead of the least is given.
    package var isMost: Bool {
        switch self {
        case .traitMost, .qualityMost, .contextLengthMost: true
        default: false
        }
    }

    /// Of a ``Shape/number``: the bound that the bid gives; 0 or less for none.
    package func bound(of demand: Requirement) -> Int64 {
        switch self {
        case .quality: demand.qualityAtLeast
        case .contextLength: demand.contextLengthAtLeast
        case .qualityMost: demand.further?.qualityAtMost ?? FurtherDemands.nothing
        case .contextLengthMost: demand.further?.contextLengthAtMost ?? FurtherDemands.nothing
        case .trait(let trait): demand.further?.least[trait] ?? FurtherDemands.nothing
        case .traitMost(let trait): demand.further?.most[trait] ?? FurtherDemands.nothing
        default: 0
        }
    }

    /// Of a ``Shape/number``: what the offer has; `nil` when nobody knows.
    package func number(of supply: Capability) -> Int64? {
        switch self {
        case .quality, .qualityMost: supply.quality
        case .contextLength: supply.contextLength
        case .contextLengthMost: supply.contextLength > 0 ? supply.contextLength : nil
        case .trait(let trait), .traitMost(let trait): supply.traits.known(trait) > 0 ? supply.traits.known(trait) : nil
        default: nil
        }
    }

    /// Of a ``Shape/allOf``: the bits that the bid wants.
    package func bits(of demand: Requirement) -> UInt64 {
        guard case .trait(let trait) = self else { return UInt64(demand.features.rawValue) }
        return UInt64(max(0, demand.further?.least[trait] ?? 0))
    }

    /// Of a ``Shape/allOf``: the bits that the offer has.
    package func bits(of supply: Capability) -> UInt64 {
        guard case .trait(let trait) = self else { return UInt64(supply.features.rawValue) }
        return UInt64(max(0, supply.traits[trait]))
    }

    /// Of a ``Shape/oneOf``: the values that an offer could have to be taken, as numbers of the value's own type;
    /// `nil` when any will do. A demand for the European Union is met in each of its members.
    package func names(of demand: Requirement) -> [Int64]? {
        guard isAsked(by: demand) else { return nil }
        switch self {
        case .model: return demand.models.array.map(\.rawValue)
        case .quantization:
            return Quantization.allCases.filter { demand.quantizations & $0.bit != 0 }.map { Int64($0.rawValue) }
        case .tee: return TEE.allCases.filter { demand.tees & $0.bit != 0 }.map { Int64($0.rawValue) }
        case .region:
            var regions = Set(demand.regions.array)
            if regions.contains(.europeanUnion) { regions.formUnion(Region.memberStates) }
            return regions.map { Int64($0.code) }.sorted()
        case .trait(let trait):
            let bits = demand.further?.least[trait] ?? 0
            return (0..<63).filter { bits >> $0 & 1 == 1 }
        default: return nil
        }
    }

    /// Of a ``Shape/oneOf``: the values that a bid could name to take the offer; none where no bid can name what the
    /// offer has.
    func demands(for supply: Capability) -> [Int64] {
        switch self {
        case .region:
            if supply.region == .unknown { return [] }
            let isMember = supply.region != .europeanUnion && supply.region.lies(in: .europeanUnion)
            return [name(of: supply)] + (isMember ? [Int64(Region.europeanUnion.code)] : [])
        case .trait(let trait): return supply.traits[trait] > 0 ? [supply.traits[trait]] : []
        default: return [name(of: supply)]
        }
    }

    /// Of a ``Shape/oneOf``: what the offer has.
    package func name(of supply: Capability) -> Int64 {
        switch self {
        case .model: supply.model.rawValue
        case .quantization: Int64(supply.quantization.rawValue)
        case .tee: Int64(supply.tee.rawValue)
        case .region: Int64(supply.region.code)
        case .trait(let trait): supply.traits[trait]
        default: 0
        }
    }
}
