import Units

/// A capability or a requirement compiled to bits, so that most pairs are told apart by two operations (DESIGN §3).
///
/// `has` and `required` hold features and thermometers: a bit for each threshold that is reached. `exclusive` and
/// `allowed` hold one-hot groups. The test is a necessary condition; ``Requirement/isMet(by:)`` is the rule.
package struct CapabilityMask: Hashable, Sendable {
    package let has: UInt64
    package let exclusive: UInt64

    package init(_ capability: Capability) {
        has =
            UInt64(capability.features.rawValue)
            | MaskLayout.context(capability.contextLength)
            | MaskLayout.quality(capability.quality ?? 0)
        exclusive =
            UInt64(capability.quantization.bit)
            | UInt64(capability.tee.bit) << MaskLayout.teeShift
            | MaskLayout.weightSet(capability.weightSet)
            | MaskLayout.region(capability.region)
    }
}

/// The bits that a bid demands and allows.
package struct RequirementMask: Hashable, Sendable {
    package let required: UInt64
    package let allowed: UInt64

    package init(_ requirement: Requirement) {
        required =
            UInt64(requirement.features.rawValue)
            | MaskLayout.context(requirement.contextLengthAtLeast)
            | MaskLayout.quality(requirement.qualityAtLeast)
        let quantizations =
            requirement.quantizations == 0 ? MaskLayout.quantizations : UInt64(requirement.quantizations)
        let tees = requirement.tees == 0 ? MaskLayout.tees : UInt64(requirement.tees) << MaskLayout.teeShift
        var regions: UInt64 = requirement.regions.isEmpty ? MaskLayout.regions : 0
        requirement.regions.forEach { regions |= MaskLayout.demanded($0) }
        allowed = quantizations | tees | regions | MaskLayout.weightSet(requirement.weightSet)
    }

    /// False only when the requirement is not met.
    package func mayBeMet(by capability: CapabilityMask) -> Bool {
        required & ~capability.has == 0 && capability.exclusive & ~allowed == 0
    }
}

/// Which bit means what.
///
/// First word: 0…31 features, 32…47 context, 48…63 quality. Second word: 0…15 quantization, 16…23 TEE, 24…31 weight
/// set, 32…63 region (several regions may share a bit).
private enum MaskLayout {
    static let quantizations: UInt64 = 0xFFFF
    static let teeShift: UInt64 = 16
    static let tees: UInt64 = 0xFF << teeShift
    static let regions: UInt64 = 0xFFFF_FFFF << 32

    /// Bit i for 2^(10 + i) tokens or more.
    static func context(_ length: Int64) -> UInt64 {
        guard length >= 1 << 10 else { return 0 }
        let reached = min(16, 64 - length.leadingZeroBitCount - 10)
        return ((1 << UInt64(reached)) - 1) << 32
    }

    /// Close together where models are: most have between 30 and 60 points.
    static let qualityThresholds: InlineArray<16, Int64> = [
        1, 10, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 90,
    ]

    static func quality(_ points: Int64) -> UInt64 {
        var bits: UInt64 = 0
        for index in qualityThresholds.indices where points >= qualityThresholds[index] {
            bits |= 1 << UInt64(48 + index)
        }
        return bits
    }

    static func weightSet(_ id: WeightSetID) -> UInt64 { 1 << UInt64(24 + id.rawValue % 8) }

    static func region(_ region: Region) -> UInt64 { 1 << UInt64(32 + region.code % 31) }

    static func demanded(_ region: Region) -> UInt64 {
        guard region == .europeanUnion else { return Self.region(region) }
        return unionRegions
    }

    private static let unionRegions = Region.memberStates.reduce(region(.europeanUnion)) { $0 | region($1) }
}
