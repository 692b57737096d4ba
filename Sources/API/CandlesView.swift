internal import Engine
internal import Exchange
internal import JSON
package import Units

/// What was traded in one interval. There is none for an interval without trades.
package struct Candle: Hashable, Sendable {
    package var start: LogicalTime
    package var open: Price
    package var high: Price
    package var low: Price
    package var close: Price
    package var lots: Int64
    /// In nanoTON; may exceed 64 bits.
    package var value: Int128
    package var trades: Int64

    package init(
        start: LogicalTime,
        open: Price,
        high: Price,
        low: Price,
        close: Price,
        lots: Int64,
        value: Int128,
        trades: Int64
    ) {
        self.start = start
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.lots = lots
        self.value = value
        self.trades = trades
    }

    /// Average by quantity in nanoTON per 1,000,000 adjusted tokens, rounded down.
    package var averagePrice: Int64 { Int64(value * Int128(Price.step) / Int128(lots)) }
}

extension View {
    /// `GET /v1/candles`. `continuation`: where the page before this one in time ends, if there is one.
    package static func candles(
        _ query: CandlesQuery,
        _ candles: [Candle],
        continuation: LogicalTime?,
        models: ModelTable,
        asOf: SequenceNumber
    ) -> APIResponse {
        let next = continuation.map {
            Cursor(list: .candles, filters: query.filters, first: $0.microseconds)
        }
        if query.format == .csv { return candlesCSV(candles, next) }
        var writer = JSONWriter(capacity: 256 + 320 * candles.count)
        writer.beginList()
        for candle in candles { writer.candle(candle) }
        writer.endArray()
        writer.page(next, limit: query.limit)
        writer.member("interval", query.interval.rawValue)
        switch query.subject {
        case .model(let id):
            writer.member("model", models.record(id)?.terms.name ?? id.text)
            writer.nullMember("requirement_expression")
            writer.nullMember("weight_set")
        case .requirement(let requirement):
            writer.nullMember("model")
            writer.member("requirement_expression", RequirementText.expression(requirement, models: models))
            writer.member("weight_set", requirement.weightSet.weightSet?.name ?? "unknown")
        }
        writer.endObject()
        return finish(&writer, asOf)
    }

    private static func candlesCSV(_ candles: [Candle], _ next: Cursor?) -> APIResponse {
        var table = CSVWriter([
            "starts_at", "open_nanoton_per_mtok", "high_nanoton_per_mtok", "low_nanoton_per_mtok",
            "close_nanoton_per_mtok", "vwap_nanoton_per_mtok", "volume_lots", "value_nanoton", "trade_count",
        ])
        for candle in candles {
            table.row([
                Timestamp.text(candle.start), "\(candle.open.nanoTONPerMTok)", "\(candle.high.nanoTONPerMTok)",
                "\(candle.low.nanoTONPerMTok)", "\(candle.close.nanoTONPerMTok)", "\(candle.averagePrice)",
                "\(candle.lots)", "\(candle.value)", "\(candle.trades)",
            ])
        }
        return table.response(next)
    }

    /// `GET /v1/trades` as CSV: what the public list has.
    static func tradesCSV(_ rows: ArraySlice<TradeDetail>, models: ModelTable, next: Cursor?) -> APIResponse {
        var table = CSVWriter([
            "id", "traded_at", "model", "model_version", "weight_set", "price_nanoton_per_mtok", "quantity_lots",
            "value_nanoton", "taker_side", "sequence",
        ])
        for row in rows {
            let trade = row.trade
            table.row([
                trade.id.text, Timestamp.text(row.time), models.record(trade.model)?.terms.name ?? trade.model.text,
                "\(trade.modelVersion)", trade.weightSet.weightSet?.name ?? "unknown",
                "\(trade.price.nanoTONPerMTok)", "\(trade.lots.count)", "\(trade.price.value(of: trade.lots).count)",
                trade.takerSide.name, "\(row.sequence.rawValue)",
            ])
        }
        return table.response(next)
    }
}

extension Timestamp {
    static func text(_ time: LogicalTime) -> String {
        let bytes = bytes(time)
        return String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
    }
}

/// Comma-separated values (RFC 4180). No field of ours needs quotation marks: names have none of the bytes that do.
struct CSVWriter {
    private var bytes: [UInt8] = []

    init(_ names: [String]) { row(names) }

    mutating func row(_ fields: [String]) {
        bytes += fields.joined(separator: ",").utf8
        bytes += "\r\n".utf8
    }

    /// The cursor of the next page is in the field `next-cursor`.
    func response(_ next: Cursor?) -> APIResponse {
        var response = APIResponse(status: 200, contentType: .csv, body: bytes)
        response.nextCursor = next?.text
        return response
    }
}

extension JSONWriter {
    fileprivate mutating func candle(_ candle: Candle) {
        beginObject()
        time("starts_at", candle.start)
        member("open_nanoton_per_mtok", decimalString: candle.open.nanoTONPerMTok)
        member("high_nanoton_per_mtok", decimalString: candle.high.nanoTONPerMTok)
        member("low_nanoton_per_mtok", decimalString: candle.low.nanoTONPerMTok)
        member("close_nanoton_per_mtok", decimalString: candle.close.nanoTONPerMTok)
        member("vwap_nanoton_per_mtok", decimalString: candle.averagePrice)
        member("volume_lots", candle.lots)
        member("value_nanoton", decimalString: candle.value)
        member("trade_count", candle.trades)
        endObject()
    }
}
