package import Units

/// Everything that a demo is going to do, decided before the first request: facts, assumptions, offers, bids.
package struct Plan: Sendable {
    package let settings: Settings
    package let supply: Supply
    package let demand: Demand
    /// Lots of each offer.
    package let depth: Lots
    /// The trace as the user named it, and how many requests it has.
    package let traceSource: String
    package let traceRequests: Int

    /// What the user may choose.
    package struct Settings: Sendable {
        /// What one toncoin costs.
        package var rate: ExchangeRate
        /// Lots of each offer; `nil` for ``Plan/defaultDepth(for:offers:)``.
        package var depth: Lots?
        package var seed: UInt64
        /// `nil` for every request of the trace.
        package var orders: Int?
        /// Set at the start of the demo.
        package var fees: FeeRates

        package init(rate: ExchangeRate, depth: Lots?, seed: UInt64, orders: Int?, fees: FeeRates) {
            self.rate = rate
            self.depth = depth
            self.seed = seed
            self.orders = orders
            self.fees = fees
        }
    }

    /// Throws ``DemonstrationError`` when the facts and the settings make no market.
    package init(market: Market, trace: Trace, settings: Settings) throws(DemonstrationError) {
        self.settings = settings
        traceSource = trace.source
        traceRequests = trace.requests.count
        supply = try Supply(market: market, settings: Supply.Settings(rate: settings.rate, seed: settings.seed))
        demand = try Demand(
            trace: trace,
            supply: supply,
            settings: Demand.Settings(seed: settings.seed, ordersMax: settings.orders ?? .max, fees: settings.fees)
        )
        depth = settings.depth ?? Self.defaultDepth(for: demand.lots, offers: supply.offers.count)
    }

    /// Lots for each offer so that all together hold half again as much as the demand: few enough for cheap ones to
    /// sell out, enough for most bids to find a seller.
    package static func defaultDepth(for demand: Lots, offers: Int) -> Lots {
        let twice = Int64(offers) * 2
        return Lots(min((demand.count * 3 + twice - 1) / twice, Limits.orderLotsMax))
    }
}
