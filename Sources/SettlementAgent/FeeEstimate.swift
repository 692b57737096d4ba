package import Settlement
package import Units

/// What a batch costs at most: a part whatever is in it, and one for each payout.
package struct FeeEstimate: Hashable, Sendable {
    package let base: NanoTON
    package let perPayout: NanoTON

    /// Cells and bits of a batch without its payouts, in each of its two messages.
    private static let fixed = ChainFees.Size(cells: 8, bits: 3_500)
    /// What a payout adds to each of them: its action, its message and the comment.
    private static let added = ChainFees.Size(cells: 3, bits: 1_600)
    /// Its own message, below the root: the comment.
    private static let own = ChainFees.Size(cells: 1, bits: 700)

    /// By what the chain charges. `queries` are the ids that the wallet has used: it remembers no more sets than those
    /// take.
    package init(_ fees: ChainFees, queries: UInt64) {
        let sets = min(queries / QueryCounter.idsPerSet + 2, 8_192)
        base = fees.batch(outside: Self.fixed, inside: Self.fixed, payouts: [], shifts: Int64(sets))
        let share = fees.forward(Self.added) - fees.forward(ChainFees.Size(cells: 0, bits: 0)) + NanoTON(1)
        perPayout = share + share + fees.forward(Self.own)
    }
}

extension ChainFees {
    /// What the base chain charges by its configuration of June 2026 (parameters 21 and 25).
    package static let june2026 = ChainFees(
        lump: 66_667,
        bitPrice: 4_369_067,
        cellPrice: 436_906_667,
        flatGas: 100,
        flatGasPrice: 6_667,
        gasPrice: 4_369_067
    )
}
