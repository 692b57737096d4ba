import Units

/// A capability or a requirement compiled to bits and one number, so that most pairs, and most sets of pairs, are told
/// apart by a few operations (DESIGN §3). What they say is a necessary condition; ``Requirement/isMet(by:)`` is the rule.
///
/// *Needs*: a bit that both sides have excludes the pair. A capability has the bits of what it lacks, a requirement
/// those of what it demands: features, and thermometers with a bit for each threshold. *Sets*: of each group of bits
/// the two sides must share one. A capability has one bit of a group, a requirement those of all that will do. *Reach*:
/// the context in tokens, negated in a requirement; the sum must not be negative.
///
/// Of several groups of one side the masks are joined so that they exclude a pair only if they exclude it for each.
package struct GroupMasks: Hashable, Sendable {
    var firstNeeds: UInt64
    var secondNeeds: UInt64
    var firstSets: UInt64
    var secondSets: UInt64
    var reach: Int64

    init(firstNeeds: UInt64, secondNeeds: UInt64, firstSets: UInt64, secondSets: UInt64, reach: Int64) {
        self.firstNeeds = firstNeeds
        self.secondNeeds = secondNeeds
        self.firstSets = firstSets
        self.secondSets = secondSets
        self.reach = reach
    }

    package init(_ capability: Capability) {
        let traits = capability.traits
        firstNeeds =
            ~(UInt64(capability.features.rawValue)
            | NeedLayout.quality(capability.quality ?? 0)
            | NeedLayout.modalities(traits[.modalities]))
        var has: UInt64 = 0
        for trait in Trait.allCases { has |= NeedLayout.has(trait, traits[trait]) }
        secondNeeds = ~has
        firstSets =
            UInt64(capability.quantization.bit)
            | UInt64(capability.tee.bit) << SetLayout.teeShift
            | SetLayout.weightSet(capability.weightSet)
            | SetLayout.region(capability.region)
        secondSets = 0
        for (trait, shift) in SetLayout.traits { secondSets |= 1 << (UInt64(traits[trait]) + shift) }
        reach = capability.contextLength
    }

    package init(_ requirement: Requirement) {
        firstNeeds =
            UInt64(requirement.features.rawValue)
            | NeedLayout.quality(requirement.qualityAtLeast)
        secondNeeds = 0
        let quantizations =
            requirement.quantizations == 0 ? SetLayout.quantizations : UInt64(requirement.quantizations)
        let tees = requirement.tees == 0 ? SetLayout.tees : UInt64(requirement.tees) << SetLayout.teeShift
        var regions: UInt64 = requirement.regions.isEmpty ? SetLayout.regions : 0
        requirement.regions.forEach { regions |= SetLayout.demanded($0) }
        firstSets =
            (quantizations | tees | regions | SetLayout.weightSet(requirement.weightSet)) & SetLayout.first.values
        secondSets = SetLayout.second.values
        reach = -requirement.contextLengthAtLeast
        guard let further = requirement.further else { return }
        if further.least[.modalities] > 0 { firstNeeds |= NeedLayout.modalities(further.least[.modalities]) }
        for trait in Trait.allCases {
            secondNeeds |= NeedLayout.demanded(trait, least: further.least[trait], most: further.most[trait])
        }
        for (trait, shift) in SetLayout.traits where further.least[trait] > 0 {
            let group = SetLayout.traitGroup(shift)
            secondSets = secondSets & ~group | UInt64(further.least[trait]) << shift & group
        }
    }

    /// What the other side's reach must be at the least.
    var reachNeeded: Int64 { -reach }

    /// False only when the two cannot trade; one is of a capability, the other of a requirement.
    package func mayMeet(_ other: GroupMasks) -> Bool {
        firstNeeds & other.firstNeeds == 0 && secondNeeds & other.secondNeeds == 0
            && SetLayout.first.meet(firstSets & other.firstSets)
            && SetLayout.second.meet(secondSets & other.secondSets)
            && reach >= other.reachNeeded
    }

    /// Afterwards this excludes only what both exclude.
    mutating func absorb(_ other: GroupMasks) {
        firstNeeds &= other.firstNeeds
        secondNeeds &= other.secondNeeds
        firstSets |= other.firstSets
        secondSets |= other.secondSets
        reach = max(reach, other.reach)
    }

    /// Groups with neighbouring numbers are much alike: first by what is one of a list, then by features and quality.
    var order: UInt64 {
        func position(_ bits: UInt64) -> UInt64 { UInt64(bits.trailingZeroBitCount & 31) }
        let tee = position(firstSets >> SetLayout.teeShift & 0x7F) & 7
        let region = position(firstSets >> SetLayout.regionShift & 0x7FFF_FFFF)
        let quantization = position(firstSets & SetLayout.quantizations) & 15
        return tee << 61 | quantization << 57 | region << 52 | (firstNeeds & 0xFFFF_FFFF_FFFF) << 4
    }
}

/// Groups of bits in a word, each below a bit of its own that is always 0: an addition then shows which groups are
/// empty.
struct SetLayout {
    /// The bits of all groups.
    let values: UInt64
    /// The bit above each group.
    let guards: UInt64

    /// Whether there is a bit in each group.
    func meet(_ bits: UInt64) -> Bool { (bits &+ values) & guards == guards }

    /// 0…14 quantization, 16…22 TEE, 24…30 weight set, 32…62 region (several regions and weight sets share a bit).
    static var first: SetLayout { SetLayout(values: 0x7FFF_FFFF_7F7F_7FFF, guards: 0x8000_0000_8080_8000) }
    /// 0…30 GPU model, 32…42 retention, 44…52 TCB status, 54…56 training, 58…60 moderation.
    static var second: SetLayout { SetLayout(values: 0x1DDF_F7FF_7FFF_FFFF, guards: 0x2220_0800_8000_0000) }

    static var quantizations: UInt64 { 0x7FFF }
    static var teeShift: UInt64 { 16 }
    static var tees: UInt64 { 0x7F << teeShift }
    static var regionShift: UInt64 { 32 }
    static var regions: UInt64 { 0x7FFF_FFFF << regionShift }

    /// The groups of the second word, and where each begins.
    static let traits: [(Trait, UInt64)] = [
        (.gpuModel, 0), (.dataRetention, 32), (.tcbStatus, 44), (.trainsOnData, 54), (.moderated, 58),
    ]

    /// The bits of the group of the second word that begins at `shift`.
    static func traitGroup(_ shift: UInt64) -> UInt64 {
        let end = (second.guards >> shift).trailingZeroBitCount
        return ((1 << UInt64(end)) - 1) << shift
    }

    static func weightSet(_ id: WeightSetID) -> UInt64 { 1 << UInt64(24 + id.rawValue % 7) }

    static func region(_ region: Region) -> UInt64 { 1 << (regionShift + UInt64(region.code % 31)) }

    static func demanded(_ region: Region) -> UInt64 {
        guard region == .europeanUnion else { return Self.region(region) }
        return unionRegions
    }

    private static let unionRegions = Region.memberStates.reduce(region(.europeanUnion)) { $0 | region($1) }
}

/// Which bit of the needs means what. First word: 0…31 features, 32…47 quality, 48…63 modalities. Second word: the
/// thermometers of ``thermometers``.
private enum NeedLayout {
    /// Close together where models are: most have between 30 and 60 points.
    static let qualityThresholds: InlineArray<16, Int64> = [
        1, 10, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 90,
    ]

    static func quality(_ points: Int64) -> UInt64 {
        var bits: UInt64 = 0
        for index in qualityThresholds.indices where points >= qualityThresholds[index] {
            bits |= 1 << UInt64(32 + index)
        }
        return bits
    }

    static func modalities(_ set: Int64) -> UInt64 { UInt64(set) << 48 }

    /// By trait: where its thermometer begins, and the thresholds. 64 bits in all.
    private static let thermometers: [(start: UInt64, thresholds: [Int64])] = Trait.allCases.map { trait in
        switch trait {
        case .maxOutputTokens: (0, (10..<24).map { 1 << Int64($0) })
        case .vramGB: (14, [8, 16, 24, 32, 40, 48, 80, 96, 141, 192])
        case .gpuCount: (24, [1, 2, 4, 8, 16, 32, 64, 128])
        case .throughputTPS: (32, Trait.throughputBuckets)
        case .ttftMS: (44, Trait.ttftBuckets)
        case .uptimeBP: (54, Trait.uptimeBuckets)
        case .attestationAgeS: (59, Trait.ageBuckets)
        default: (0, [])
        }
    }

    /// A bit for each threshold that a capability reaches, upwards or, where less is better, downwards.
    static func has(_ trait: Trait, _ value: Int64) -> UInt64 {
        guard value > 0 else { return 0 }
        let (start, thresholds) = thermometers[trait.rawValue]
        var bits: UInt64 = 0
        for (index, threshold) in thresholds.enumerated()
        where trait.hasLeast ? value >= threshold : value <= threshold {
            bits |= 1 << (start + UInt64(index))
        }
        return bits
    }

    /// A bit for each threshold that whoever meets the demand must reach.
    static func demanded(_ trait: Trait, least: Int64, most: Int64) -> UInt64 {
        guard case .number = trait.kind else { return 0 }
        return trait.hasLeast ? has(trait, least) : has(trait, most)
    }
}
