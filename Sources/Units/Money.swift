/// An amount of money in nanoTON; one toncoin is 1,000,000,000 of them. Signed, because a difference may be
/// negative; every amount that a transfer moves is positive.
///
/// Arithmetic traps on overflow. ``Limits`` keeps every sum that a client can cause far below `Int64.max`.
package struct NanoTON: Hashable, Comparable, Sendable {
    package let count: Int64

    @inlinable package init(_ count: Int64) { self.count = count }

    @inlinable package static var zero: NanoTON { NanoTON(0) }

    @inlinable package static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable package static func < (left: Self, right: Self) -> Bool { left.count < right.count }
    @inlinable package static func + (left: Self, right: Self) -> Self { Self(left.count + right.count) }
    @inlinable package static func - (left: Self, right: Self) -> Self { Self(left.count - right.count) }
}

/// A whole number of lots, the traded unit of quantity. One lot is ``Lots/tokensPerLot`` adjusted tokens.
package struct Lots: Hashable, Comparable, Sendable {
    package let count: Int64

    @inlinable package init(_ count: Int64) { self.count = count }

    @inlinable package static var zero: Lots { Lots(0) }
    /// Adjusted tokens in a lot.
    @inlinable package static var tokensPerLot: Int64 { 1_000 }

    @inlinable package static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable package static func < (left: Self, right: Self) -> Bool { left.count < right.count }
    @inlinable package static func + (left: Self, right: Self) -> Self { Self(left.count + right.count) }
    @inlinable package static func - (left: Self, right: Self) -> Self { Self(left.count - right.count) }

    /// The same quantity in adjusted tokens.
    @inlinable package var tokens: AdjustedTokens { AdjustedTokens(count * Self.tokensPerLot) }
}

/// A number of adjusted tokens: tokens of each kind weighted by a weight set (``WeightSet``).
package struct AdjustedTokens: Hashable, Comparable, Sendable {
    package let count: Int64

    @inlinable package init(_ count: Int64) { self.count = count }

    @inlinable package static var zero: AdjustedTokens { AdjustedTokens(0) }
    @inlinable package static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable package static func < (left: Self, right: Self) -> Bool { left.count < right.count }
}

/// nanoTON for 1,000,000 adjusted tokens; a multiple of ``Price/step``, so that the price of a lot is exact.
package struct Price: Hashable, Comparable, Sendable {
    package let nanoTONPerMTok: Int64

    @inlinable package init(nanoTONPerMTok: Int64) { self.nanoTONPerMTok = nanoTONPerMTok }

    /// Every price is a multiple of this: lots are 1,000 tokens and prices are per 1,000,000.
    @inlinable package static var step: Int64 { 1_000 }

    @inlinable package static func == (left: Self, right: Self) -> Bool { left.nanoTONPerMTok == right.nanoTONPerMTok }
    @inlinable package static func < (left: Self, right: Self) -> Bool { left.nanoTONPerMTok < right.nanoTONPerMTok }

    /// What `lots` cost at this price: `price / 1000 × lots`, exact (ENGINE §4).
    ///
    /// At most ``Limits/orderValueMax`` for a price and a quantity within the limits.
    @inlinable package func value(of lots: Lots) -> NanoTON { NanoTON(nanoTONPerMTok / Self.step * lots.count) }

    /// What `tokens` cost: `floor(tokens × price / 1,000,000)`. Charges are differences of this function at
    /// cumulative counts, so that rounding never adds up (ENGINE §4).
    @inlinable package func cost(of tokens: AdjustedTokens) -> NanoTON {
        NanoTON(Int64(Int128(tokens.count) * Int128(nanoTONPerMTok) / 1_000_000))
    }
}

/// A rate in 1/10,000.
package struct BasisPoints: Hashable, Comparable, Sendable {
    package let count: Int64

    @inlinable package init(_ count: Int64) { self.count = count }

    @inlinable package static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable package static func < (left: Self, right: Self) -> Bool { left.count < right.count }

    /// This part of `amount`, rounded down.
    @inlinable package func part(of amount: NanoTON) -> NanoTON {
        NanoTON(Int64(Int128(amount.count) * Int128(count) / 10_000))
    }
}

/// The exchange's fee rates, frozen in an order when it is accepted and in a lease when it is traded.
package struct FeeRates: Hashable, Sendable {
    /// What the side that was resting pays.
    package let maker: BasisPoints
    /// What the side that came later pays.
    package let taker: BasisPoints

    @inlinable package init(maker: BasisPoints, taker: BasisPoints) {
        self.maker = maker
        self.taker = taker
    }

    /// The dearer of the two; a hold covers it, because a bid's role in its trades is not known beforehand.
    @inlinable package var dearer: BasisPoints { max(maker, taker) }

    /// Money to hold for `lots` at limit `price`: the value and the dearer fee on it (ENGINE §4).
    @inlinable package func hold(for lots: Lots, at price: Price) -> NanoTON {
        let value = price.value(of: lots)
        return value + dearer.part(of: value)
    }
}
