internal import Engine
internal import Exchange
internal import JSON
internal import Ledger
internal import Units

/// Answers to placing and cancelling. Placing is the busiest path of the interface.
enum OrderAnswer {
    /// Bytes of an answer without trades.
    private static let capacity = 512
    /// Bytes that one trade adds.
    static let tradeCapacity = 192

    /// 201 with what became of the order at once; `nil` when it was not accepted.
    static func placed(_ outcome: Outcome) -> APIResponse? {
        let id = OrderID(outcome.sequence.rawValue)
        var order: OrderRecord?
        var tradeCount = 0
        for event in outcome.events {
            switch event {
            case .accepted(let record) where record.id == id: order = record
            case .rested(id, let remaining): order?.remaining = remaining
            case .shown(id, let lots, _): order?.displayed = lots
            case .closed(id, let reason, let remaining):
                order?.remaining = remaining
                order?.closeReason = reason
            case .traded(let trade) where trade.bid == id || trade.offer == id: tradeCount += 1
            default: continue
            }
        }
        guard let order else { return nil }
        let listed = min(tradeCount, Limits.tradesInAnswerMax)
        var writer = JSONWriter(capacity: capacity + listed * tradeCapacity)
        writer.beginObject()
        writer.order(order)
        writer.member("sequence", outcome.sequence.rawValue)
        writer.member("trade_count", Int64(tradeCount))
        writer.key("trades")
        writer.beginArray()
        if tradeCount > 0 { write(outcome.events, of: order.id, to: &writer) }
        writer.endArray()
        writer.endObject()
        var response = APIResponse(status: 201, body: writer.take())
        response.location = location(of: id)
        return response
    }

    /// 200 with what was left; `nil` when the order was not cancelled.
    static func cancelled(_ id: OrderID, _ outcome: Outcome) -> APIResponse? {
        var remaining: Lots?
        var released: Int64 = 0
        for event in outcome.events {
            switch event {
            case .closed(id, .cancelled, let lots): remaining = lots
            case .transfer(let transfer) where transfer.kind == .release && transfer.order == id:
                released += transfer.amount.count
            default: continue
            }
        }
        guard let remaining else { return nil }
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("id", "o", id.rawValue)
        writer.member("state", word: "cancelled")
        writer.member("close_reason", word: "cancelled")
        writer.member("remaining_lots", remaining.count)
        writer.member("released_nanoton", decimalString: released)
        writer.member("sequence", outcome.sequence.rawValue)
        writer.endObject()
        return APIResponse(status: 200, body: writer.take())
    }

    static func write(_ events: ArraySlice<Event>, of order: OrderID, to writer: inout JSONWriter) {
        var listed = 0
        for event in events {
            guard case .traded(let trade) = event, listed < Limits.tradesInAnswerMax,
                trade.bid == order || trade.offer == order
            else { continue }
            listed += 1
            writer.beginObject()
            writer.member("id", "t", trade.id.rawValue)
            writer.member("lease_id", "l", trade.id.rawValue)
            writer.member("price_nanoton_per_mtok", decimalString: trade.price.nanoTONPerMTok)
            writer.member("quantity_lots", trade.lots.count)
            writer.member("value_nanoton", decimalString: trade.price.value(of: trade.lots).count)
            if trade.bid == order { writer.member("locked_nanoton", decimalString: trade.locked.count) }
            writer.endObject()
        }
    }

    private static func location(of id: OrderID) -> [UInt8] {
        var path: [UInt8] = []
        path.reserveCapacity(32)
        path.append(contentsOf: "/v1/orders/o".utf8)
        var power: Int64 = 1
        while id.rawValue / power >= 10 { power *= 10 }
        while power > 0 {
            path.append(UInt8(ascii: "0") + UInt8(id.rawValue / power % 10))
            power /= 10
        }
        return path
    }
}

extension JSONWriter {
    /// What every view of an order has.
    mutating func order(_ order: OrderRecord) {
        member("id", "o", order.id.rawValue)
        member("side", word: order.side == .offer ? "offer" : "bid")
        switch OrderState(order.closeReason) {
        case .open: member("state", word: "open")
        case .filled: member("state", word: "filled")
        case .cancelled: member("state", word: "cancelled")
        }
        if let reason = order.closeReason { member("close_reason", reason.name) } else { nullMember("close_reason") }
        member("price_nanoton_per_mtok", decimalString: order.price.nanoTONPerMTok)
        member("quantity_lots", order.lots.count)
        member("filled_lots", order.lots.count - order.remaining.count)
        member("remaining_lots", order.remaining.count)
        switch order.timeInForce {
        case .gtc: member("time_in_force", word: "gtc")
        case .ioc: member("time_in_force", word: "ioc")
        case .gtd: member("time_in_force", word: "gtd")
        case .fok: member("time_in_force", word: "fok")
        }
        if let id = order.clientOrderID {
            key("client_order_id")
            text(id.bytes.span)
        } else {
            nullMember("client_order_id")
        }
        member("held_nanoton", decimalString: order.held.count)
        member("maker_fee_bps", order.rates.maker.count)
        member("taker_fee_bps", order.rates.taker.count)
        time("created_at", order.createdAt)
        rules(of: order)
    }
}
