import Engine
import Exchange
import Units

@testable import EngineTesting

/// What offers say and bids demand beyond the first fields: few values, so that they meet.
extension SplitMix64 {
    mutating func declaredTraits() -> Traits {
        var traits = Traits()
        for trait in Trait.allCases where trait.provenance == .declared && chance(50) {
            traits[trait] = value(of: trait)
        }
        return traits
    }

    private mutating func value(of trait: Trait) -> Int64 {
        switch trait.kind {
        case .number: number(1...4)
        case .choice, .flag: number(1...2)
        case .set: number(1...7)
        }
    }

    mutating func furtherDemands() -> FurtherDemands? {
        var demands = FurtherDemands()
        for trait in Trait.allCases where chance(trait.provenance == .declared ? 5 : 9) {
            switch trait.kind {
            case .number:
                let steps = trait.steps
                let value = steps.isEmpty ? number(1...4) : pick(Array(steps.dropLast())) + number(-1...1)
                if trait.hasLeast { demands.least[trait] = value }
                if trait.hasMost, chance(50) || !trait.hasLeast { demands.most[trait] = value + number(0...2) }
            case .choice, .flag: demands.least[trait] = pick([0b10, 0b100, 0b110, 0b001])
            case .set: demands.least[trait] = number(1...3)
            }
        }
        if chance(5) { demands.qualityAtMost = number(0...60) }
        if chance(5) { demands.contextLengthAtMost = pick([0, 4_096, 8_192]) }
        if chance(5) { demands.modelsExcluded = [ModelID(1)] }
        if chance(5) { demands.regionsExcluded = [.europeanUnion] }
        let digest = HexDigest("aa".utf8) ?? .none
        if chance(4) { demands.revisions = [digest] }
        if chance(4) { demands.revisionsExcluded = [digest] }
        return demands == FurtherDemands() ? nil : demands
    }
}
