internal import Engine
internal import Postgres
internal import Units

/// The trades of a transaction as changes of `market.candles`, each row written once.
struct CandleFold {
    /// What one interval of one series gained.
    struct Change: Hashable {
        let series: Int64
        let seconds: Int32
        /// Seconds since 1970.
        let start: Int64
        let firstTrade: Int64
        var lastTrade: Int64
        let open: Int64
        var high: Int64
        var low: Int64
        var close: Int64
        var lots: Int64
        var value: Int128
        var trades: Int64
    }

    private struct Key: Hashable {
        let series: Int64
        let seconds: Int32
        let start: Int64
    }

    private(set) var changes: [Change] = []
    private var places: [Key: Int] = [:]

    /// The lengths of interval that are kept, in seconds, ascending; others are sums of these.
    static let lengths: [Int32] = [60, 300, 3_600]

    /// Trades come in the order of their numbers.
    mutating func add(_ trade: Trade, at time: LogicalTime) {
        add(trade, to: HistoryReader.series(of: trade.model, trade.weightSet), time)
        if trade.classID.rawValue > 0 { add(trade, to: trade.classID.rawValue, time) }
    }

    private mutating func add(_ trade: Trade, to series: Int64, _ time: LogicalTime) {
        let price = trade.price.nanoTONPerMTok
        let value = Int128(trade.price.value(of: trade.lots).count)
        for seconds in Self.lengths {
            let start = time.microseconds / (Int64(seconds) * 1_000_000) * Int64(seconds)
            let key = Key(series: series, seconds: seconds, start: start)
            guard let place = places[key] else {
                places[key] = changes.count
                changes.append(
                    Change(
                        series: series,
                        seconds: seconds,
                        start: start,
                        firstTrade: trade.id.rawValue,
                        lastTrade: trade.id.rawValue,
                        open: price,
                        high: price,
                        low: price,
                        close: price,
                        lots: trade.lots.count,
                        value: value,
                        trades: 1
                    )
                )
                continue
            }
            changes[place].lastTrade = trade.id.rawValue
            changes[place].high = max(changes[place].high, price)
            changes[place].low = min(changes[place].low, price)
            changes[place].close = price
            changes[place].lots += trade.lots.count
            changes[place].value += value
            changes[place].trades += 1
        }
    }

    /// For ``statement``.
    var parameters: [Parameter] {
        [
            .int8Array(changes.map(\.series)), .int4Array(changes.map(\.seconds)), .int8Array(changes.map(\.start)),
            .int8Array(changes.map(\.firstTrade)), .int8Array(changes.map(\.lastTrade)),
            .int8Array(changes.map(\.open)), .int8Array(changes.map(\.high)), .int8Array(changes.map(\.low)),
            .int8Array(changes.map(\.close)), .int8Array(changes.map(\.lots)), .numericArray(changes.map(\.value)),
            .int8Array(changes.map(\.trades)),
        ]
    }

    /// Trades come in order, so the newer ones of an interval close it.
    static let statement = Statement(
        prepared: "candles_add",
        """
        INSERT INTO market.candles AS c (series, seconds, start, first_trade, last_trade, open, high, low, close, lots,
            value, trades)
        SELECT series, seconds, to_timestamp(start), first_trade, last_trade, open, high, low, close, lots, value,
            trades
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) AS n (series, seconds, start, first_trade,
            last_trade, open, high, low, close, lots, value, trades)
        ON CONFLICT (series, seconds, start) DO UPDATE SET last_trade = excluded.last_trade,
            high = greatest(c.high, excluded.high), low = least(c.low, excluded.low), close = excluded.close,
            lots = c.lots + excluded.lots, value = c.value + excluded.value, trades = c.trades + excluded.trades
        """
    )
}
