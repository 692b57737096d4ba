import Units

/// One condition under which a bid takes an offer, in the order in which explanations go through them.
///
/// Together with the price they are the whole of ``Requirement/isMet(by:)``: a field that a requirement gets needs a
/// case here, or an explanation would name the wrong obstacle.
package enum Constraint: Int, CaseIterable, Sendable {
    case weightSet, model, quality, contextLength, features, quantization, tee, region
    /// The limit of the order that is explained. Unlike the others it is met or not by each price level.
    case price

    /// How its values are compared.
    package enum Shape: Sendable {
        /// Another value makes it another good: nothing to relax.
        case fixed
        /// The offer's number is at least the bid's.
        case number
        /// The bid names the values that will do, or none for any; the offer has one.
        case oneOf
        /// The offer has every one of the bid's bits.
        case allOf
        case limit
    }

    package var shape: Shape {
        switch self {
        case .weightSet: .fixed
        case .quality, .contextLength: .number
        case .model, .quantization, .tee, .region: .oneOf
        case .features: .allOf
        case .price: .limit
        }
    }

    /// Everything but the price.
    package static let conditions = allCases.filter { $0 != .price }

    /// This constraint's bit in a set of them.
    var bit: UInt32 { 1 << UInt32(rawValue) }
}

extension Constraint {
    /// Whether the demand is met as far as this condition goes. The price is no part of either value, and met.
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
        case .price: true
        }
    }

    /// Of a ``Shape/number``: the least that the bid takes; 0 takes anything.
    package func least(of demand: Requirement) -> Int64 {
        self == .quality ? demand.qualityAtLeast : demand.contextLengthAtLeast
    }

    /// Of a ``Shape/number``: what the offer has; −1 when nobody measured it.
    package func number(of supply: Capability) -> Int64 {
        self == .quality ? supply.quality ?? -1 : supply.contextLength
    }

    /// Of a ``Shape/allOf``: the bits that the bid wants.
    package func bits(of demand: Requirement) -> UInt64 { UInt64(demand.features.rawValue) }

    /// Of a ``Shape/allOf``: the bits that the offer has.
    package func bits(of supply: Capability) -> UInt64 { UInt64(supply.features.rawValue) }

    /// Of a ``Shape/oneOf``: the values that an offer could have to be taken, as numbers of the value's own type;
    /// `nil` when any will do. A demand for the European Union is met in each of its members.
    package func names(of demand: Requirement) -> [Int64]? {
        switch self {
        case .model: return demand.models.isEmpty ? nil : demand.models.array.map(\.rawValue)
        case .quantization:
            guard demand.quantizations != 0 else { return nil }
            return Quantization.allCases.filter { demand.quantizations & $0.bit != 0 }.map { Int64($0.rawValue) }
        case .tee:
            guard demand.tees != 0 else { return nil }
            return TEE.allCases.filter { demand.tees & $0.bit != 0 }.map { Int64($0.rawValue) }
        case .region:
            guard !demand.regions.isEmpty else { return nil }
            var regions = Set(demand.regions.array)
            if regions.contains(.europeanUnion) { regions.formUnion(Region.memberStates) }
            return regions.map { Int64($0.code) }.sorted()
        case .weightSet, .quality, .contextLength, .features, .price: return nil
        }
    }

    /// Of a ``Shape/oneOf``: the values that a bid could name to take the offer; none where no bid can name what the
    /// offer has.
    func demands(for supply: Capability) -> [Int64] {
        guard self == .region else { return [name(of: supply)] }
        if supply.region == .unknown { return [] }
        let isMember = supply.region != .europeanUnion && supply.region.lies(in: .europeanUnion)
        return [name(of: supply)] + (isMember ? [Int64(Region.europeanUnion.code)] : [])
    }

    /// Of a ``Shape/oneOf``: what the offer has.
    package func name(of supply: Capability) -> Int64 {
        switch self {
        case .model: supply.model.rawValue
        case .quantization: Int64(supply.quantization.rawValue)
        case .tee: Int64(supply.tee.rawValue)
        case .region: Int64(supply.region.code)
        case .weightSet, .quality, .contextLength, .features, .price: 0
        }
    }
}
