internal import Engine
internal import Exchange
internal import JSON
package import Units

/// What a quantity costs or brings by the published levels.
package struct QuoteView: Hashable, Sendable {
    /// What is taken at each price, the best first.
    package private(set) var fills: [BookView.Level] = []
    /// Lots that are there; fewer than were asked for when the book, or what may be looked at of it, has no more.
    package private(set) var filled: Int64 = 0
    /// At most ``Limits/orderValueMax``.
    package private(set) var value = NanoTON.zero

    /// Takes from ladders, each of which has its best price first; of at most `levelsMax` levels.
    package init(_ ladders: [[BookView.Level]], for query: QuoteQuery, levelsMax: Int = Limits.quoteLevelsMax) {
        let isBuying = query.side == .bid
        var heads = Heads(ladders: ladders) { isBuying ? $0 < $1 : $0 > $1 }
        var seen = 0
        while filled < query.lots.count, seen < levelsMax, let level = heads.removeBest() {
            seen += 1
            let lots = min(level.lots, query.lots.count - filled)
            guard lots > 0 else { continue }
            filled += lots
            value = value + level.price.value(of: Lots(lots))
            if let last = fills.indices.last, fills[last].price == level.price {
                fills[last].lots += lots
                fills[last].orders += level.orders
            } else {
                fills.append(BookView.Level(price: level.price, lots: lots, orders: level.orders))
            }
        }
    }

    /// Of `filled` lots, in nanoTON per 1,000,000 adjusted tokens, rounded down; `nil` of none.
    package var averagePrice: Int64? {
        filled == 0 ? nil : Int64(Int128(value.count) * Int128(Price.step) / Int128(filled))
    }

    /// `GET /v1/book/quote`; `fees` are those of now.
    package func response(
        to query: QuoteQuery,
        fees: FeeRates,
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        let listed = fills.prefix(Limits.bookDepthMax)
        var writer = JSONWriter(capacity: 768 + 96 * listed.count)
        writer.beginObject()
        writer.key("requirement")
        RequirementText.write(query.requirement, models: models, to: &writer)
        writer.member("requirement_expression", RequirementText.expression(query.requirement, models: models))
        writer.member("weight_set", query.requirement.weightSet.weightSet?.name ?? "unknown")
        writer.member("side", word: query.side == .bid ? "buy" : "sell")
        writer.member("quantity_lots", query.lots.count)
        writer.member("filled_lots", filled)
        writer.member("is_complete", filled == query.lots.count)
        writer.key("average_price_nanoton_per_mtok")
        if let averagePrice { writer.decimalString(averagePrice) } else { writer.null() }
        writer.optional("worst_price_nanoton_per_mtok", price: fills.last?.price)
        let fee = fees.taker.part(of: value)
        writer.member("value_nanoton", decimalString: value.count)
        writer.member("taker_fee_bps", fees.taker.count)
        writer.member("fee_nanoton", decimalString: fee.count)
        let total = query.side == .bid ? value + fee : value - fee
        writer.member("total_nanoton", decimalString: total.count)
        writer.member("level_count", Int64(fills.count))
        writer.key("levels")
        writer.beginArray()
        for fill in listed {
            writer.beginObject()
            writer.member("price_nanoton_per_mtok", decimalString: fill.price.nanoTONPerMTok)
            writer.member("quantity_lots", fill.lots)
            writer.member("value_nanoton", decimalString: fill.price.value(of: Lots(fill.lots)).count)
            writer.endObject()
        }
        writer.endArray()
        return View.finish(&writer, asOf)
    }
}
