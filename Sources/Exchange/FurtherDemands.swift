package import Units

/// What a bid demands beyond the fields of ``Requirement`` itself. Canonical: lists are sorted and without repetition,
/// and what demands nothing has the one value for it, so that equal demands are equal values.
///
/// Whatever a demand is about must be known: an offer whose number of GPUs nobody knows has neither at least nor at
/// most four of them, and one whose region is unknown lies in none and outside of none.
package struct FurtherDemands: Hashable, Sendable {
    /// Numbers: the least that will do. Choices and flags: bits of the codes that will do. Sets: bits that must be
    /// there. ``nothing`` for no demand.
    package var least = Traits(repeating: Self.nothing)
    /// Numbers: the most that will do; ``nothing`` for no demand.
    package var most = Traits(repeating: Self.nothing)
    /// The most quality that will do, and the longest context; ``nothing`` for no demand.
    package var qualityAtMost = Self.nothing
    package var contextLengthAtMost = Self.nothing
    /// Models that will not do.
    package var modelsExcluded: [ModelID] = []
    /// Regions that will not do.
    package var regionsExcluded: [Region] = []
    /// The digests that will do; empty for any.
    package var revisions: [HexDigest] = []
    package var weights: [HexDigest] = []
    /// Digests that will not do.
    package var revisionsExcluded: [HexDigest] = []
    package var weightsExcluded: [HexDigest] = []

    /// Instead of a number: no demand.
    package static let nothing: Int64 = -1

    /// Demands nothing.
    package init() {}

    /// The exact rule.
    func areMet(by capability: Capability) -> Bool {
        for trait in Trait.allCases where !isMet(trait, capability.traits.known(trait)) { return false }
        if qualityAtMost >= 0 {
            guard let quality = capability.quality, quality <= qualityAtMost else { return false }
        }
        if contextLengthAtMost >= 0 {
            guard capability.contextLength > 0, capability.contextLength <= contextLengthAtMost else { return false }
        }
        guard !modelsExcluded.contains(capability.model) else { return false }
        guard Self.admits(capability.weights.revision, revisions, revisionsExcluded) else { return false }
        guard Self.admits(capability.weights.sha256, weights, weightsExcluded) else { return false }
        if regionsExcluded.isEmpty { return true }
        guard capability.region != .unknown else { return false }
        // An offer somewhere in the union may be in any of its members.
        return !regionsExcluded.contains { capability.region.lies(in: $0) || $0.lies(in: capability.region) }
    }

    private func isMet(_ trait: Trait, _ value: Int64) -> Bool {
        let (least, most) = (least[trait], most[trait])
        guard least >= 0 || most >= 0 else { return true }
        switch trait.kind {
        case .choice, .flag: return least >> value & 1 == 1
        case .set: return value & least == least
        case .number: return value > 0 && value >= least && (most < 0 || value <= most)
        }
    }

    private static func admits(_ digest: HexDigest, _ wanted: [HexDigest], _ excluded: [HexDigest]) -> Bool {
        if wanted.isEmpty && excluded.isEmpty { return true }
        guard digest != .none else { return false }
        return (wanted.isEmpty || wanted.contains(digest)) && !excluded.contains(digest)
    }
}

/// A value that lies elsewhere, so that who does not have it is small.
package indirect enum Boxed<Value: Hashable & Sendable>: Hashable, Sendable {
    case none
    case some(Value)

    package init(_ value: Value?) { self = value.map { .some($0) } ?? .none }

    package var value: Value? { if case .some(let value) = self { value } else { nil } }
}
