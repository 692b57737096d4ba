internal import Demonstration
internal import Exchange
internal import Units

/// A book as it might be: some models are offered much more than others, and who can do more asks for more.
struct MatchMarket {
    private(set) var offers: [RestingOffer] = []

    static let modelCount = 60
    private static let regions = ["at", "be", "de", "es", "fi", "fr", "gb", "in", "it", "jp", "sg", "us"].compactMap {
        Region(name: $0.utf8)
    }
    private static let environments: [TEE] = [.tdx, .sevSNP, .tdxNvidia, .sevSNPNvidia]
    /// nanoTON for a million adjusted tokens of the cheapest model's plainest offer.
    private static let basePrice: Int64 = 20_000_000
    /// What one more feature, doubling of the context, or environment adds, in 1/100.
    private static let premium: Int64 = 3

    init(orders: Int, classes: Int, seed: UInt64) {
        var random = SeededGenerator(seed: seed, stream: 1)
        var known: Set<Capability> = []
        var capabilities: [Capability] = []
        while capabilities.count < classes {
            let capability = Self.capability(&random)
            if known.insert(capability).inserted { capabilities.append(capability) }
        }
        offers.reserveCapacity(orders)
        for index in 0..<orders {
            // Every class has one; the rest falls where it falls.
            let capability = index < classes ? capabilities[index] : random.pick(capabilities)
            offers.append(RestingOffer(capability: capability, price: Self.price(of: capability, &random)))
        }
    }

    /// Model m comes up in proportion to 1 / (m + 3), roughly as requests of a market do (Zipf).
    private static let modelWeights = (0..<modelCount).map { 100_000 / ($0 + 3) }
    private static let modelWeightSum = modelWeights.reduce(0, +)

    private static func model(_ random: inout SeededGenerator) -> ModelID {
        var rest = random.below(modelWeightSum)
        for (index, weight) in modelWeights.enumerated() {
            if rest < weight { return ModelID(Int64(index) + 1) }
            rest -= weight
        }
        return ModelID(Int64(modelCount))
    }

    /// Points of a model.
    static func quality(of model: ModelID) -> Int64 { 20 + model.rawValue * 37 % 60 }

    private static func capability(_ random: inout SeededGenerator) -> Capability {
        let model = model(&random)
        return Capability(
            model: model,
            modelVersion: 1,
            weightSet: .standard,
            quality: quality(of: model),
            contextLength: Int64(4_096) << Int64(random.below(9)),
            features: features(random.below(7) + 2, &random),
            quantization: random.pick(Quantization.allCases),
            region: random.pick(regions),
            tee: random.chance(percent: 30) ? random.pick(environments) : .none
        )
    }

    private static func features(_ count: Int, _ random: inout SeededGenerator) -> Features {
        // The first twelve, as a text model has them.
        Features(rawValue: random.sample((0..<12).map { UInt32(1) << $0 }, count).reduce(0, |))
    }

    private static func price(of capability: Capability, _ random: inout SeededGenerator) -> Price {
        let doublings = Int64(52 - capability.contextLength.leadingZeroBitCount)
        let extras = Int64(capability.features.rawValue.nonzeroBitCount) + doublings + (capability.isAttested ? 5 : 0)
        let base = basePrice * (100 + capability.model.rawValue * 7) / 100
        let noise = Int64(80 + random.below(60))
        let price = base * (100 + extras * premium) / 100 * noise / 100
        return Price(nanoTONPerMTok: price / Price.step * Price.step)
    }

    /// A random demand: context, quality, two features, and in some cases an environment, regions, quantizations.
    func question(namesModel: Bool, _ random: inout SeededGenerator) -> BookQuestion {
        // What somebody wants is what somebody has, and less of it.
        let wanted = random.pick(offers).capability
        var requirement = Requirement()
        if namesModel, let models = FixedList([wanted.model]) { requirement.models = models }
        requirement.contextLengthAtLeast = wanted.contextLength / Int64(1 + random.below(4))
        requirement.qualityAtLeast = random.chance(percent: 50) ? max(0, (wanted.quality ?? 0) - 10) : 0
        let has = (0..<12).map { UInt32(1) << $0 }.filter { wanted.features.rawValue & $0 != 0 }
        requirement.features = Features(rawValue: random.sample(has, 2).reduce(0, |))
        if random.chance(percent: 50) {
            let some = random.sample(Array(Quantization.allCases), 3) + [wanted.quantization]
            requirement.quantizations = some.reduce(0) { $0 | $1.bit }
        }
        if random.chance(percent: 50), let some = FixedList(random.sample(Self.regions, 3) + [wanted.region]) {
            requirement.regions = some
        }
        if wanted.isAttested, random.chance(percent: 50) { requirement.tees = wanted.tee.bit }
        // One in five is too low for most.
        let percent = random.chance(percent: 20) ? Int64(90) : 300
        let base = Self.basePrice * (100 + wanted.model.rawValue * 7) / 100
        return BookQuestion(
            requirement: requirement,
            limit: Price(nanoTONPerMTok: base * percent / 100 / Price.step * Price.step)
        )
    }
}
