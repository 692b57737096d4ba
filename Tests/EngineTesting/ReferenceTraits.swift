import Engine
import Exchange
import Units

/// What an offer has, the plain way.
extension ReferenceEngine {
    /// The ends of the steps in which the age of evidence is known, in seconds.
    private static let ages: [Int64] = [15 * 60, 60 * 60, 6 * 60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60]

    /// What the worker says, and what others say now.
    func traits(_ declared: Traits, of account: AccountID, _ model: ModelID, tee: TEE) -> Traits {
        var traits = declared
        for trait in Trait.allCases where trait.provenance != .declared { traits[trait] = 0 }
        for record in measurements
        where record.terms.account == account && record.terms.model == model && record.terms.expiresAt > time {
            for (trait, steps) in Self.steps {
                let exact = record.terms[trait]
                traits[trait] =
                    (trait == .ttftMS ? steps.first { exact > 0 && $0 >= exact } : steps.last { $0 <= exact }) ?? 0
            }
        }
        guard tee != .none, let word = attestations.first(where: { $0.terms.account == account })?.terms else {
            return traits
        }
        traits[.tcbStatus] = Int64(word.tcbStatus)
        if let attestedAt = word.attestedAt {
            let age = time.microseconds - attestedAt.microseconds
            traits[.attestationAgeS] = Self.ages.first { age <= $0 * 1_000_000 } ?? 0
        }
        return traits
    }

    private static let steps: [(Trait, [Int64])] = [
        (.throughputTPS, [1, 5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500]),
        (.ttftMS, [50, 100, 200, 300, 500, 750, 1_000, 2_000, 5_000, 10_000]),
        (.uptimeBP, [9_000, 9_500, 9_900, 9_990, 9_999]),
    ]

    /// When the word ends, and when the evidence is older than a step for the first time.
    func deadlines(of word: AttestationTerms) -> [LogicalTime] {
        // A time beyond all times never comes.
        let latest = Int64.max - 8 * 24 * 60 * 60 * 1_000_000
        let agings = word.attestedAt.flatMap { attestedAt in
            attestedAt.microseconds > latest
                ? nil : Self.ages.map { LogicalTime(microseconds: attestedAt.microseconds + $0 * 1_000_000 + 1) }
        }
        return [word.expiresAt] + (agings ?? []).filter { $0 < word.expiresAt }
    }
}
