import Exchange
import Units

/// Small, and the same on every platform: `SystemRandomNumberGenerator` cannot be replayed.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func capability() -> Capability {
        Capability(
            model: ModelID(.random(in: 1...5, using: &self)),
            modelVersion: 1,
            weightSet: WeightSetID(chance(90) ? 1 : 2),
            quality: chance(80) ? .random(in: 0...100, using: &self) : nil,
            contextLength: chance(50)
                ? 1 << Int64.random(in: 9...20, using: &self) : .random(in: 0...1_000_000, using: &self),
            features: Features(rawValue: .random(in: 0...15, using: &self)),
            quantization: Quantization.allCases.randomElement(using: &self) ?? .unknown,
            region: region(),
            tee: chance(50) ? .none : TEE.allCases.randomElement(using: &self) ?? .none,
            traits: traits(),
            weights: ModelWeights(revision: digest(), sha256: digest())
        )
    }

    private mutating func digest() -> HexDigest {
        HexDigest(["", "00ff", "aa", "ab"].randomElement(using: &self)?.utf8 ?? "".utf8) ?? .none
    }

    private mutating func traits() -> Traits {
        var traits = Traits()
        for trait in Trait.allCases where chance(70) { traits[trait] = trait.step(for: value(of: trait)) }
        return traits
    }

    private mutating func value(of trait: Trait) -> Int64 {
        switch trait.kind {
        case .number(let range): .random(in: range.lowerBound...min(range.upperBound, 20_000), using: &self)
        case .choice(let names): .random(in: 1...Int64(names.count), using: &self)
        case .flag: .random(in: 1...2, using: &self)
        case .set(let names): .random(in: 1..<(1 << Int64(names.count)), using: &self)
        }
    }

    private mutating func further() -> FurtherDemands {
        var further = FurtherDemands()
        for trait in Trait.allCases where chance(8) {
            switch trait.kind {
            case .number:
                if trait.hasLeast { further.least[trait] = value(of: trait) / 8 }
                if trait.hasMost, chance(50) || !trait.hasLeast { further.most[trait] = value(of: trait) }
            case .choice(let names): further.least[trait] = .random(in: 2..<(2 << Int64(names.count)), using: &self)
            case .flag: further.least[trait] = chance(50) ? 2 : 4
            case .set: further.least[trait] = 1 << Int64.random(in: 0...12, using: &self)
            }
        }
        if chance(10) { further.qualityAtMost = .random(in: 0...100, using: &self) }
        if chance(10) { further.contextLengthAtMost = .random(in: 0...1_000_000, using: &self) }
        if chance(10) { further.modelsExcluded = [ModelID(2)] }
        if chance(10) { further.regionsExcluded = [region()] }
        if chance(5) { further.revisions = [digest()] }
        if chance(5) { further.weightsExcluded = [digest()] }
        return further
    }

    mutating func requirement() -> Requirement {
        var requirement = Requirement(weightSet: WeightSetID(chance(90) ? 1 : 2))
        if chance(60) {
            let models = (0..<Int.random(in: 1...3, using: &self)).map { _ in ModelID(.random(in: 1...5, using: &self))
            }
            requirement.models = FixedList(models) ?? FixedList()
        }
        if chance(40) { requirement.qualityAtLeast = .random(in: 0...100, using: &self) }
        if chance(40) { requirement.contextLengthAtLeast = 1 << Int64.random(in: 0...20, using: &self) }
        if chance(30) { requirement.contextLengthAtLeast += 1 }
        if chance(40) { requirement.features = Features(rawValue: 1 << UInt32.random(in: 0...3, using: &self)) }
        if chance(30) { requirement.quantizations = .random(in: 0...4_095, using: &self) }
        if chance(30) { requirement.tees = .random(in: 0...63, using: &self) }
        if chance(30) { requirement.regions = FixedList([region(), region()]) ?? FixedList() }
        if chance(40) { requirement.further = further() }
        return requirement
    }

    mutating func region() -> Region {
        let names = ["de", "fr", "us", "sg", "eu", "at", "br"]
        return chance(10) ? .unknown : Region(name: (names.randomElement(using: &self) ?? "de").utf8) ?? .unknown
    }
}
