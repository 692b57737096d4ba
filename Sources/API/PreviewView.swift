package import Engine
package import Exchange
internal import JSON
package import Units

/// What placing an order would come to.
package struct PreviewOutcome: Hashable, Sendable {
    /// What would be traded at each price, in the order of the walk; `orders` counts the fills.
    package var fills: [BookView.Level] = []
    package var filled = Lots.zero
    package var value = NanoTON.zero
    /// The sum of the fees of the trades.
    package var fee = NanoTON.zero
    /// What would be left.
    package var remaining: Lots
    /// How the rest would end; `nil` when it would rest, or nothing is left.
    package var closeReason: CloseReason?
    /// Why the order would be refused.
    package var rejection: Rejection?
    /// What would be held for a bid at first.
    package var hold = NanoTON.zero

    package init(remaining: Lots) { self.remaining = remaining }

    var state: StaticString {
        if rejection != nil { return "rejected" }
        if closeReason != nil { return "cancelled" }
        return remaining.count == 0 ? "filled" : "open"
    }
}

extension View {
    /// `POST /v1/orders:preview`. `asOf` is the state that the fills come from, `whyNotAsOf` that of the explanation.
    package static func preview(
        _ query: PreviewQuery,
        _ outcome: PreviewOutcome,
        whyNot: WhyNot?,
        models: ModelTable,
        asOf: SequenceNumber,
        whyNotAsOf: SequenceNumber
    ) -> APIResponse {
        let listed = outcome.fills.prefix(Limits.tradesInAnswerMax)
        var writer = JSONWriter(capacity: 2_048 + query.body.count + 128 * listed.count)
        writer.beginObject()
        writer.member("side", query.side.name)
        writer.key("request")
        writer.beginObject()
        writer.member("method", word: "POST")
        writer.member("path", word: query.side == .bid ? "/v1/bids" : "/v1/offers")
        writer.key("body")
        writer.body(query.body)
        writer.endObject()
        writer.member("state", word: outcome.state)
        writer.optional("close_reason", outcome.closeReason?.name ?? "")
        writer.optional("rejection", outcome.rejection?.code ?? "")
        writer.member("filled_lots", outcome.filled.count)
        writer.member("remaining_lots", outcome.remaining.count)
        writer.key("average_price_nanoton_per_mtok")
        if outcome.filled.count > 0 {
            writer.decimalString(
                Int128(outcome.value.count) * Int128(Price.step) / Int128(outcome.filled.count)
            )
        } else {
            writer.null()
        }
        writer.member("value_nanoton", decimalString: outcome.value.count)
        writer.member("fee_nanoton", decimalString: outcome.fee.count)
        writer.member("held_nanoton", decimalString: outcome.hold.count)
        writer.key("fills")
        writer.beginArray()
        for fill in listed {
            writer.beginObject()
            writer.member("price_nanoton_per_mtok", decimalString: fill.price.nanoTONPerMTok)
            writer.member("quantity_lots", fill.lots)
            writer.member("order_count", Int64(fill.orders))
            writer.endObject()
        }
        writer.endArray()
        if let whyNot {
            writer.whyNot(whyNot, models: models, asOf: whyNotAsOf)
        } else {
            writer.nullMember("why_not")
        }
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    /// The body as it was sent, which is valid JSON.
    fileprivate mutating func body(_ bytes: [UInt8]) {
        if let value = try? JSONValue(bytes) { self.value(value) } else { null() }
    }
}
