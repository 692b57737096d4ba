package import Engine
internal import JSON
package import Units

/// The price index of one model in two tiers: offers that were attested, and those that were not.
package struct PriceIndex: Hashable, Sendable {
    package var attested: Tier
    package var unattested: Tier

    package init(attested: Tier, unattested: Tier) {
        self.attested = attested
        self.unattested = unattested
    }

    /// What is known of one tier. A window's trades are the newest ``Limits/indexTradesMax`` of it.
    package struct Tier: Hashable, Sendable {
        package var trades: Int64 = 0
        package var lots: Int64 = 0
        /// Different accounts that bought.
        package var buyers: Int64 = 0
        /// Different accounts that sold.
        package var sellers: Int64 = 0
        /// Lots that are left after trimming, and the sum of price × lots of these.
        package var countedLots: Int64 = 0
        package var countedValue: Int128 = 0
        /// The best price of each capability class with offers, the lowest first.
        package var bestOffers: [Price] = []
        /// Lots of bids that rest.
        package var restingLots: Int64 = 0
        /// Lots that bids of the window left unfilled when their own terms ended them, by the reason.
        package var unfilled: [CloseReason: Int64] = [:]

        package init() {}

        /// Fewer different buyers, or sellers, make no average: a few hands could set it.
        package static let counterpartiesMin: Int64 = 3
        /// Fewer classes make no median.
        package static let classesMin = 3
        /// The part of all lots that is left out at each end of the order of prices: one in this many.
        package static let trimmedPart: Int64 = 10

        /// Average by quantity of the trades without the dearest and the cheapest tenth of the lots, in nanoTON per
        /// 1,000,000 adjusted tokens, rounded down; `nil` when too few have traded.
        package var averagePrice: Int64? {
            let isBroad = buyers >= Self.counterpartiesMin && sellers >= Self.counterpartiesMin
            guard isBroad, countedLots > 0 else { return nil }
            return Int64(countedValue / Int128(countedLots))
        }

        /// The median of the classes' best offers; of an even number the lower one of the two in the middle.
        package var medianOffer: Int64? {
            guard bestOffers.count >= Self.classesMin else { return nil }
            return bestOffers[(bestOffers.count - 1) / 2].nanoTONPerMTok
        }
    }
}

extension View {
    /// `GET /v1/index`: trades as of `asOf`, the book as of `bookAsOf`.
    package static func index(
        _ query: IndexQuery,
        _ index: PriceIndex,
        models: ModelTable,
        asOf: SequenceNumber,
        bookAsOf: SequenceNumber
    ) -> APIResponse {
        var writer = JSONWriter(capacity: 1_536)
        writer.beginObject()
        writer.member("model", models.record(query.model)?.terms.name ?? query.model.text)
        writer.member("window", query.window.rawValue)
        writer.time("window_starts_at", query.start)
        writer.time("window_ends_at", query.end)
        writer.key("tiers")
        writer.beginObject()
        writer.tier("attested", index.attested)
        writer.tier("unattested", index.unattested)
        writer.endObject()
        writer.key("price_of_privacy")
        writer.beginObject()
        writer.premium("vwap", index.attested.averagePrice, index.unattested.averagePrice)
        writer.premium("median_best_offer", index.attested.medianOffer, index.unattested.medianOffer)
        writer.premium(
            "best_offer",
            index.attested.bestOffers.first?.nanoTONPerMTok,
            index.unattested.bestOffers.first?.nanoTONPerMTok
        )
        writer.endObject()
        writer.member("book_as_of_sequence", bookAsOf.rawValue)
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    fileprivate mutating func tier(_ name: StaticString, _ tier: PriceIndex.Tier) {
        key(name)
        beginObject()
        price("vwap_nanoton_per_mtok", tier.averagePrice)
        price("median_best_offer_nanoton_per_mtok", tier.medianOffer)
        optional("best_offer_nanoton_per_mtok", price: tier.bestOffers.first)
        member("offer_class_count", Int64(tier.bestOffers.count))
        member("trade_count", tier.trades)
        member("volume_lots", tier.lots)
        member("buyer_count", tier.buyers)
        member("seller_count", tier.sellers)
        key("unfilled_demand")
        beginObject()
        member("resting_lots", tier.restingLots)
        member("ioc_lots", tier.unfilled[.ioc] ?? 0)
        member("work_limit_lots", tier.unfilled[.workLimit] ?? 0)
        member("expired_lots", tier.unfilled[.expired] ?? 0)
        endObject()
        endObject()
    }

    /// What the attested tier costs more, or `null` where one of the two has no price.
    fileprivate mutating func premium(_ name: StaticString, _ attested: Int64?, _ unattested: Int64?) {
        key(name)
        guard let attested, let unattested, unattested > 0 else { return null() }
        beginObject()
        member("difference_nanoton_per_mtok", decimalString: attested - unattested)
        member("ratio_per_10000", Int64(Int128(attested) * 10_000 / Int128(unattested)))
        endObject()
    }

    private mutating func price(_ name: StaticString, _ price: Int64?) {
        key(name)
        if let price { decimalString(price) } else { null() }
    }
}
