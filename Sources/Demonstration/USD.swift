package import Units

/// US dollars in 1/1,000,000,000, exact: prices of the market data and of TON.
package struct USD: Hashable, Comparable, Sendable {
    package let nano: Int64

    package init(nano: Int64) { self.nano = nano }

    package static func < (left: Self, right: Self) -> Bool { left.nano < right.nano }

    /// Reads digits with at most nine decimals, `0.0145`. `nil` for anything else, for a sign or an exponent, and for
    /// 1,000,000,000 and more.
    package init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? Array(parts[1]) : [UInt8(ascii: "0")]
        guard let whole = parts.first, (1...9).contains(whole.count), (1...9).contains(fraction.count) else {
            return nil
        }
        let padded = fraction + [UInt8](repeating: UInt8(ascii: "0"), count: 9 - fraction.count)
        var value: Int64 = 0
        for byte in Array(whole) + padded {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        nano = value
    }

    /// This amount rounded to a whole number of dollars, halves up.
    package var rounded: Int64 { (nano + 500_000_000) / 1_000_000_000 }
}

/// How many dollars a toncoin costs: an assumption of the demo.
package struct ExchangeRate: Hashable, Sendable {
    /// Above zero.
    package let usdPerTON: USD

    /// `nil` for a price of zero.
    package init?(_ usdPerTON: USD) {
        guard usdPerTON.nano > 0 else { return nil }
        self.usdPerTON = usdPerTON
    }

    /// 3 dollars: a round number of the size that a toncoin has had, not a quote.
    package static let roundDefault = ExchangeRate(unchecked: USD(nano: 3_000_000_000))

    private init(unchecked usdPerTON: USD) { self.usdPerTON = usdPerTON }

    /// The price for a million tokens in nanoTON, rounded up to a whole ``Price/step``, so that no worker sells below
    /// its listing. `nil` if it is outside the exchange's limits.
    package func price(_ usdPerMTok: USD) -> Price? {
        let divisor = Int128(usdPerTON.nano) * Int128(Price.step)
        let steps = (Int128(usdPerMTok.nano) * 1_000_000_000 + divisor - 1) / divisor
        let price = steps * Int128(Price.step)
        guard price >= Int128(Limits.priceMin), price <= Int128(Limits.priceMax) else { return nil }
        return Price(nanoTONPerMTok: Int64(price))
    }

    /// What an amount is worth in 1/1,000,000,000 dollars, rounded down.
    package func nanoUSD(_ amount: NanoTON) -> Int128 {
        Int128(amount.count) * Int128(usdPerTON.nano) / 1_000_000_000
    }
}
