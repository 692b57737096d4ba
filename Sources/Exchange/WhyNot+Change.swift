import Units

extension Constraint {
    /// The demand with a change of this condition.
    package func applying(_ change: WhyNot.Change, to demand: Requirement) -> Requirement {
        var demand = demand
        var further = demand.further ?? FurtherDemands()
        switch (self, change) {
        case (.quality, _): demand.qualityAtLeast = change.number ?? 0
        case (.contextLength, _): demand.contextLengthAtLeast = change.number ?? 0
        case (.model, .name(let name)): demand.models = demand.models.with(ModelID(name))
        case (.model, _): demand.models = FixedList()
        case (.quantization, .name(let name)): demand.quantizations |= 1 << UInt16(truncatingIfNeeded: name)
        case (.quantization, _): demand.quantizations = 0
        case (.tee, .name(let name)): demand.tees |= 1 << UInt8(truncatingIfNeeded: name)
        case (.tee, _): demand.tees = 0
        case (.region, .name(let name)):
            demand.regions = demand.regions.with(Region(code: UInt16(truncatingIfNeeded: name)))
        case (.region, _): demand.regions = FixedList()
        case (.features, .bits(let bits)):
            demand.features.subtract(Features(rawValue: UInt32(truncatingIfNeeded: bits)))
        case (.qualityMost, _): further.qualityAtMost = change.number ?? FurtherDemands.nothing
        case (.contextLengthMost, _): further.contextLengthAtMost = change.number ?? FurtherDemands.nothing
        case (.traitMost(let trait), _): further.most[trait] = change.number ?? FurtherDemands.nothing
        case (.trait(let trait), .name(let name)): further.least[trait] |= 1 << name
        case (.trait(let trait), .bits(let bits)):
            let left = further.least[trait] & ~Int64(truncatingIfNeeded: bits)
            further.least[trait] = left == 0 ? FurtherDemands.nothing : left
        case (.trait(let trait), _): further.least[trait] = change.number ?? FurtherDemands.nothing
        default: break
        }
        demand.further = further
        return demand
    }

    /// What an offer can do, with a change of this condition.
    package func applying(_ change: WhyNot.Change, to supply: Capability) -> Capability {
        var supply = supply
        switch (self, change) {
        case (.quality, .number(let number)), (.qualityMost, .number(let number)): supply.quality = number
        case (.contextLength, .number(let number)), (.contextLengthMost, .number(let number)):
            supply.contextLength = number
        case (.model, .name(let name)): supply.model = ModelID(name)
        case (.quantization, .name(let name)):
            supply.quantization = Quantization(rawValue: UInt8(truncatingIfNeeded: name)) ?? .unknown
        case (.tee, .name(let name)): supply.tee = TEE(rawValue: UInt8(truncatingIfNeeded: name)) ?? .none
        case (.region, .name(let name)): supply.region = Region(code: UInt16(truncatingIfNeeded: name))
        case (.features, .bits(let bits)):
            supply.features.formUnion(Features(rawValue: UInt32(truncatingIfNeeded: bits)))
        case (.trait(let trait), .bits(let bits)): supply.traits[trait] |= Int64(truncatingIfNeeded: bits)
        case (.trait(let trait), .name(let number)), (.trait(let trait), .number(let number)),
            (.traitMost(let trait), .number(let number)):
            supply.traits[trait] = number
        default: break
        }
        return supply
    }
}

extension WhyNot.Change {
    /// Of a number: the new bound.
    fileprivate var number: Int64? {
        if case .number(let number) = self { return number }
        return nil
    }
}

extension FixedList {
    /// With one more value; a list that is full stays.
    fileprivate func with(_ value: Element) -> Self { Self(array + [value]) ?? self }
}
