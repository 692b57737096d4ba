import Exchange
import Units

/// Something that an app asks for repeatedly; only the context length differs from request to request.
struct DemandHabit: Sendable {
    let kind: Demand.Kind
    let requirement: Requirement

    /// Features that a demand for quality may ask for.
    static let featureNames = [
        "tools", "structured_outputs", "reasoning", "parallel_tool_calls", "image_input", "prompt_caching",
    ]

    /// Draws habits. Models are drawn by listing, so that a model which many sell is asked for more often.
    struct Chooser {
        private let listings: [Supply.Offer]
        private let modelsByUnit: [WeightSetID: [ModelID]]
        private var random: SeededGenerator

        init(supply: Supply, seed: UInt64) {
            listings = supply.offers.filter { !$0.isTwin }
            modelsByUnit = Dictionary(grouping: listings, by: \.capability.weightSet).mapValues { offers in
                Set(offers.map(\.capability.model)).sorted()
            }
            random = SeededGenerator(seed: seed, stream: 2)
        }

        mutating func next() -> DemandHabit {
            let kind = kind()
            switch kind {
            case .exactModel: return DemandHabit(kind: kind, requirement: exactModel())
            case .severalModels: return DemandHabit(kind: kind, requirement: severalModels(2 + random.below(3)))
            case .quality: return DemandHabit(kind: kind, requirement: quality())
            case .attested:
                var requirement = severalModels(1 + random.below(4))
                requirement.tees = TEE.tdx.bit
                return DemandHabit(kind: kind, requirement: requirement)
            }
        }

        private mutating func kind() -> Demand.Kind {
            var draw = random.below(100)
            for kind in Demand.Kind.allCases {
                if draw < kind.percent { return kind }
                draw -= kind.percent
            }
            return .exactModel
        }

        /// One listed model; in three of ten cases with a feature that this listing has.
        private mutating func exactModel() -> Requirement {
            let listing = random.pick(listings).capability
            var requirement = Requirement(weightSet: listing.weightSet)
            requirement.models = FixedList([listing.model]) ?? FixedList()
            if random.chance(percent: 30), !listing.features.names.isEmpty {
                requirement.features = Features(name: random.pick(listing.features.names)) ?? []
            }
            return requirement
        }

        /// Models of one weight set: only these are the same good.
        private mutating func severalModels(_ count: Int) -> Requirement {
            let unit = random.pick(listings).capability.weightSet
            var requirement = Requirement(weightSet: unit)
            requirement.models = FixedList(random.sample(modelsByUnit[unit] ?? [], count)) ?? FixedList()
            return requirement
        }

        /// At least the quality of some listed model, whichever model it is, with up to two features.
        private mutating func quality() -> Requirement {
            let measured = listings.filter { $0.capability.quality != nil }
            let listing = random.pick(measured.isEmpty ? listings : measured).capability
            var requirement = Requirement(weightSet: listing.weightSet)
            requirement.qualityAtLeast = listing.quality ?? 1
            for name in random.sample(DemandHabit.featureNames, random.below(3)) {
                requirement.features.formUnion(Features(name: name) ?? [])
            }
            return requirement
        }
    }
}
