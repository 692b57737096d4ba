internal import Exchange
internal import Units

/// Books that are made to be slow to search: one model, and one offer in each class.
enum HostileBook: String, CaseIterable {
    case nearMisses = "near_misses"
    case unattested
    case oneFeatureShort = "one_feature_short"
    case descendingHeads = "descending_heads"

    private static let cheapest: Int64 = 20_000_000
    private static let allFeatures = Features(rawValue: .max)
    /// From here to the next power of two all contexts have the same bits.
    private static let contextStep: Int64 = 32_768
    /// More than the book's classes reach, but the dearest.
    private static let contextWanted: Int64 = 60_000

    func stage(classes: Int, questions: Int) -> MatchStage {
        let offers = (0..<classes).map { offer($0, of: classes) }
        return MatchStage(rawValue, about, offers, [BookQuestion](repeating: question(classes), count: questions))
    }

    private var about: String {
        switch self {
        case .nearMisses: "every class passes the masks, the dearest alone meets the demand"
        case .unattested: "the bid demands an environment that no offer has"
        case .oneFeatureShort: "every class lacks one of the demanded features, but not the same"
        case .descendingHeads: "every class will do, and each is cheaper than the one before it"
        }
    }

    private func offer(_ index: Int, of classes: Int) -> RestingOffer {
        var capability = Capability(
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard,
            quality: 50,
            // Tells the classes apart.
            contextLength: Self.contextStep + Int64(index),
            features: Self.allFeatures,
            quantization: .fp8,
            region: .unknown,
            tee: .none
        )
        var step = Int64(index)
        switch self {
        case .nearMisses:
            if index == classes - 1 { capability.contextLength = Self.contextWanted }
        case .unattested: break
        case .oneFeatureShort:
            let missing = UInt32(1) << UInt32(index % Features.names.count)
            capability.features = Features(rawValue: Self.allFeatures.rawValue & ~missing)
        case .descendingHeads: step = Int64(classes - index)
        }
        return RestingOffer(
            capability: capability,
            price: Price(nanoTONPerMTok: Self.cheapest + step * Price.step)
        )
    }

    private func question(_ classes: Int) -> BookQuestion {
        var requirement = Requirement()
        if let models = FixedList([ModelID(1)]) { requirement.models = models }
        switch self {
        case .nearMisses: requirement.contextLengthAtLeast = Self.contextWanted
        case .unattested: requirement.tees = TEE.tdx.bit
        case .oneFeatureShort: requirement.features = Self.allFeatures
        case .descendingHeads: requirement.contextLengthAtLeast = Self.contextStep
        }
        let limit = Self.cheapest + Int64(classes + 1) * Price.step
        return BookQuestion(requirement: requirement, limit: Price(nanoTONPerMTok: limit))
    }
}
