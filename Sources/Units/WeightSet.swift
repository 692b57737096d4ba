/// How tokens of each kind count towards adjusted tokens, in 1/10,000 (DESIGN §1).
///
/// Tokens of different weight sets are different goods: they never trade with each other.
package struct WeightSet: Hashable, Sendable {
    package let id: WeightSetID
    /// The name in JSON.
    package let name: String
    package let prompt: Int64
    package let cached: Int64
    package let completion: Int64
    package let reasoning: Int64

    /// Adjusted tokens of cumulative counts, rounded down: cached tokens are part of the prompt, reasoning tokens
    /// part of the completion (Cocoon, `runners/helpers/CountTokens.cpp`).
    package func adjusted(
        prompt promptTokens: Int64,
        cached cachedTokens: Int64 = 0,
        completion completionTokens: Int64,
        reasoning reasoningTokens: Int64 = 0
    ) -> AdjustedTokens {
        let inputs = Int128(promptTokens - cachedTokens) * Int128(prompt) + Int128(cachedTokens) * Int128(cached)
        let outputs =
            Int128(completionTokens - reasoningTokens) * Int128(completion)
            + Int128(reasoningTokens) * Int128(reasoning)
        return AdjustedTokens(Int64((inputs + outputs) / 10_000))
    }

    /// All registered weight sets; the first is the standard one, Cocoon's. Migration 0001 writes the same rows.
    package static let registered: [WeightSet] = [
        WeightSet(id: WeightSetID(1), name: "standard", prompt: 10_000, cached: 1_000, output: 80_000),
        WeightSet(id: WeightSetID(2), name: "ratio-1", prompt: 10_000, cached: 1_000, output: 10_000),
        WeightSet(id: WeightSetID(3), name: "ratio-2", prompt: 10_000, cached: 1_000, output: 20_000),
        WeightSet(id: WeightSetID(4), name: "ratio-3", prompt: 10_000, cached: 1_000, output: 30_000),
        WeightSet(id: WeightSetID(5), name: "ratio-4", prompt: 10_000, cached: 1_000, output: 40_000),
        WeightSet(id: WeightSetID(6), name: "ratio-5", prompt: 10_000, cached: 1_000, output: 50_000),
    ]

    package static let standard = registered[0]

    private init(id: WeightSetID, name: String, prompt: Int64, cached: Int64, output: Int64) {
        self.id = id
        self.name = name
        self.prompt = prompt
        self.cached = cached
        completion = output
        reasoning = output
    }
}

/// The number of a registered weight set, from 1.
package struct WeightSetID: Hashable, Comparable, Sendable {
    package let rawValue: UInt8

    package init(_ rawValue: UInt8) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package static let standard = WeightSetID(1)

    /// The weight set, if one is registered under this number.
    package var weightSet: WeightSet? {
        let index = Int(rawValue) - 1
        return WeightSet.registered.indices.contains(index) ? WeightSet.registered[index] : nil
    }
}
