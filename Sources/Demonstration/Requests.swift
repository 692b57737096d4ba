import Exchange
import JSON
package import Units

/// The bodies of the requests that carry a plan out, as `openapi.yaml` has them.
extension Plan {
    /// `POST /v1/offers` for the offer of this index. The client order id makes a repetition harmless.
    package func offerBody(_ index: Int) -> [UInt8] {
        let offer = supply.offers[index]
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("model", supply.models[offer.model].facts.name)
        writer.key("capability")
        writer.beginObject()
        writer.member("context_length", offer.capability.contextLength)
        writer.names("features", offer.capability.features.names)
        if offer.isTwin { writer.member("tee", offer.capability.tee.name) }
        writer.endObject()
        writer.order(price: offer.price, lots: depth, isImmediate: false, id: Self.offerID(index))
        writer.endObject()
        return writer.finish()
    }

    /// `POST /v1/bids` for the bid of this index.
    package func bidBody(_ index: Int) -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        write(demand.bids[index], lots: demand.bids[index].lots, id: Self.bidID(index), to: &writer)
        writer.endObject()
        return writer.finish()
    }

    /// `POST /v1/orders:preview` for what is left of the bid of this index.
    package func previewBody(_ index: Int, lots: Lots) -> [UInt8] {
        var writer = JSONWriter(capacity: 384)
        writer.beginObject()
        writer.member("side", word: "bid")
        write(demand.bids[index], lots: lots, id: "", to: &writer)
        writer.endObject()
        return writer.finish()
    }

    private func write(_ bid: Demand.Bid, lots: Lots, id: String, to writer: inout JSONWriter) {
        let requirement = bid.requirement
        writer.key("requirement")
        writer.beginObject()
        let models = requirement.models.array.map { supply.models[Int($0.rawValue) - 1].facts.name }
        writer.demand("model", "in", models)
        writer.demand("quality", requirement.qualityAtLeast)
        writer.demand("context_length", requirement.contextLengthAtLeast)
        writer.demand("features", "all", requirement.features.names)
        writer.demand("tee", "in", TEE.allCases.filter { requirement.tees & $0.bit != 0 }.map(\.name))
        writer.endObject()
        if models.isEmpty, let weightSet = requirement.weightSet.weightSet {
            writer.member("weight_set", weightSet.name)
        }
        writer.order(price: bid.limit, lots: lots, isImmediate: bid.isImmediate, id: id)
    }

    /// The client order id of an offer.
    package static func offerID(_ index: Int) -> String { "listing-\(index + 1)" }
    /// The client order id of a bid.
    package static func bidID(_ index: Int) -> String { "request-\(index + 1)" }

    /// `PUT /v1/models/{id}` for the model of this index.
    package func modelBody(_ index: Int) -> [UInt8] {
        let model = supply.models[index]
        var writer = JSONWriter()
        writer.beginObject()
        if !model.facts.huggingFaceID.isEmpty { writer.member("hugging_face_id", model.facts.huggingFaceID) }
        writer.member("weight_set", model.weightSet.name)
        if let quality = model.facts.quality { writer.member("quality", quality) }
        writer.member("context_length", model.facts.contextLength)
        writer.endObject()
        return writer.finish()
    }

    /// `PUT /v1/fees`. No order is too small here: with a dear toncoin, a real request costs very little.
    package var feesBody: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("maker_fee_bps", settings.fees.maker.count)
        writer.member("taker_fee_bps", settings.fees.taker.count)
        writer.member("minimum_notional_nanoton", decimalString: 0 as Int64)
        writer.endObject()
        return writer.finish()
    }

    /// Orders that may rest in an account: the exchange's default, or as many as one account could need here.
    package var openOrdersMax: Int64 {
        let needed = Int64(max(demand.bids.count, supply.offers.count))
        return min(max(needed, Limits.openOrdersPerAccountDefault), Limits.openOrdersPerAccountMax)
    }

    /// `POST /v1/accounts` for an owner of up to so many open orders as the plan needs.
    package func accountBody(label: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("label", label)
        if openOrdersMax != Limits.openOrdersPerAccountDefault { writer.member("open_orders_max", openOrdersMax) }
        writer.endObject()
        return writer.finish()
    }
}

extension JSONWriter {
    fileprivate mutating func order(price: Price, lots: Lots, isImmediate: Bool, id: String) {
        member("price_nanoton_per_mtok", decimalString: price.nanoTONPerMTok)
        member("quantity_lots", lots.count)
        member("time_in_force", word: isImmediate ? "ioc" : "gtc")
        if !id.isEmpty { member("client_order_id", id) }
    }

    /// A field's demand for names, unless there are none.
    fileprivate mutating func demand(_ field: StaticString, _ operation: StaticString, _ names: [String]) {
        guard !names.isEmpty else { return }
        key(field)
        beginObject()
        self.names(operation, names)
        endObject()
    }

    /// A field's demand for a number, unless it demands nothing.
    fileprivate mutating func demand(_ field: StaticString, _ least: Int64) {
        guard least > 0 else { return }
        key(field)
        beginObject()
        member("gte", least)
        endObject()
    }

    fileprivate mutating func names(_ key: StaticString, _ names: [String]) {
        self.key(key)
        beginArray()
        for name in names { string(name) }
        endArray()
    }
}
