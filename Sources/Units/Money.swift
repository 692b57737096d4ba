/// An amount of money in nanoTON; one toncoin is 1,000,000,000 of them. Signed, because a difference may be
/// negative; every amount that a transfer moves is positive.
///
/// Arithmetic traps on overflow. ``Limits`` keeps every sum that a client can cause far below `Int64.max`.
public struct NanoTON: Hashable, Comparable, Sendable {
    public let count: Int64

    @inlinable public init(_ count: Int64) { self.count = count }

    @inlinable public static var zero: NanoTON { NanoTON(0) }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.count < right.count }
    @inlinable public static func + (left: Self, right: Self) -> Self { Self(left.count + right.count) }
    @inlinable public static func - (left: Self, right: Self) -> Self { Self(left.count - right.count) }
}

/// A whole number of lots, the traded unit of quantity. One lot is ``Lots/tokensPerLot`` adjusted tokens.
public struct Lots: Hashable, Comparable, Sendable {
    public let count: Int64

    @inlinable public init(_ count: Int64) { self.count = count }

    @inlinable public static var zero: Lots { Lots(0) }
    /// Adjusted tokens in a lot.
    @inlinable public static var tokensPerLot: Int64 { 1_000 }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.count < right.count }
    @inlinable public static func + (left: Self, right: Self) -> Self { Self(left.count + right.count) }
    @inlinable public static func - (left: Self, right: Self) -> Self { Self(left.count - right.count) }

    /// The same quantity in adjusted tokens.
    @inlinable public var tokens: AdjustedTokens { AdjustedTokens(count * Self.tokensPerLot) }
}

/// A number of adjusted tokens: tokens of each kind weighted by a weight set (``WeightSet``).
public struct AdjustedTokens: Hashable, Comparable, Sendable {
    public let count: Int64

    @inlinable public init(_ count: Int64) { self.count = count }

    @inlinable public static var zero: AdjustedTokens { AdjustedTokens(0) }
    @inlinable public static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.count < right.count }
}

/// nanoTON for 1,000,000 adjusted tokens; a multiple of ``Price/step``, so that the price of a lot is exact.
public struct Price: Hashable, Comparable, Sendable {
    public let nanoTONPerMTok: Int64

    @inlinable public init(nanoTONPerMTok: Int64) { self.nanoTONPerMTok = nanoTONPerMTok }

    /// Every price is a multiple of this: lots are 1,000 tokens and prices are per 1,000,000.
    @inlinable public static var step: Int64 { 1_000 }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.nanoTONPerMTok == right.nanoTONPerMTok }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.nanoTONPerMTok < right.nanoTONPerMTok }

    /// What `lots` cost at this price: `price / 1000 × lots`, exact (ENGINE §4).
    ///
    /// At most ``Limits/orderValueMax`` for a price and a quantity within the limits.
    @inlinable public func value(of lots: Lots) -> NanoTON { NanoTON(nanoTONPerMTok / Self.step * lots.count) }

    /// What `tokens` cost: `floor(tokens × price / 1,000,000)`. Charges are differences of this function at
    /// cumulative counts, so that rounding never adds up (ENGINE §4).
    @inlinable public func cost(of tokens: AdjustedTokens) -> NanoTON {
        NanoTON(Int64(Int128(tokens.count) * Int128(nanoTONPerMTok) / 1_000_000))
    }
}

/// A rate in 1/10,000.
public struct BasisPoints: Hashable, Comparable, Sendable {
    public let count: Int64

    @inlinable public init(_ count: Int64) { self.count = count }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.count == right.count }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.count < right.count }

    /// This part of `amount`, rounded down.
    @inlinable public func part(of amount: NanoTON) -> NanoTON {
        NanoTON(Int64(Int128(amount.count) * Int128(count) / 10_000))
    }
}

/// The exchange's fee rates, frozen in an order when it is accepted and in a lease when it is traded.
public struct FeeRates: Hashable, Sendable {
    /// What the side that was resting pays.
    public let maker: BasisPoints
    /// What the side that came later pays.
    public let taker: BasisPoints

    @inlinable public init(maker: BasisPoints, taker: BasisPoints) {
        self.maker = maker
        self.taker = taker
    }

    /// The dearer of the two; a hold covers it, because a bid's role in its trades is not known beforehand.
    @inlinable public var dearer: BasisPoints { max(maker, taker) }

    /// Money to hold for `lots` at limit `price`: the value and the dearer fee on it (ENGINE §4).
    @inlinable public func hold(for lots: Lots, at price: Price) -> NanoTON {
        let value = price.value(of: lots)
        return value + dearer.part(of: value)
    }
}
