package import Units

/// Tokens that were used on a lease since it opened, of each kind; each at most ``Limits/receiptTokensMax``.
package struct TokenUsage: Hashable, Sendable {
    /// Tokens that went in, the cached ones among them.
    package var prompt: Int64
    /// Tokens that came out, those of reasoning among them.
    package var completion: Int64
    /// Tokens of the prompt that were read from a cache.
    package var cached: Int64
    /// Tokens of the completion that were spent on reasoning.
    package var reasoning: Int64

    package init(prompt: Int64, completion: Int64, cached: Int64 = 0, reasoning: Int64 = 0) {
        self.prompt = prompt
        self.completion = completion
        self.cached = cached
        self.reasoning = reasoning
    }

    package static let zero = TokenUsage(prompt: 0, completion: 0)

    /// Whether no count is below that of `earlier`: usage is cumulative.
    package func isAtLeast(_ earlier: TokenUsage) -> Bool {
        prompt >= earlier.prompt && completion >= earlier.completion && cached >= earlier.cached
            && reasoning >= earlier.reasoning
    }

    /// The adjusted tokens of these counts, exact and rounded down once.
    package func adjusted(by weights: TokenWeights) -> AdjustedTokens {
        let inputs = Int128(prompt - cached) * Int128(weights.prompt) + Int128(cached) * Int128(weights.cached)
        let outputs =
            Int128(completion - reasoning) * Int128(weights.completion)
            + Int128(reasoning) * Int128(weights.reasoning)
        return AdjustedTokens(Int64((inputs + outputs) / 10_000))
    }
}

/// How tokens of each kind count, in 1/10,000: the numbers of a weight set, without its name.
///
/// A ticket states them, so that whoever holds it needs no list of the registered sets.
package struct TokenWeights: Hashable, Sendable {
    package var prompt: Int64
    package var cached: Int64
    package var completion: Int64
    package var reasoning: Int64

    package init(prompt: Int64, cached: Int64, completion: Int64, reasoning: Int64) {
        self.prompt = prompt
        self.cached = cached
        self.completion = completion
        self.reasoning = reasoning
    }

    /// The numbers of a registered set.
    package init(_ set: WeightSet) {
        self.init(prompt: set.prompt, cached: set.cached, completion: set.completion, reasoning: set.reasoning)
    }
}
