package import Engine
internal import Postgres
package import Units

/// Candles and what an index is made of, for the interface.
extension HistoryReader {
    /// A row of candles over one or several series.
    package struct CandleRow: Hashable, Sendable {
        package let start: LogicalTime
        package let open: Price
        package let high: Price
        package let low: Price
        package let close: Price
        package let lots: Int64
        package let value: Int128
        package let trades: Int64
    }

    /// A page of candles, newest first, and the time before which there are more; `nil` at the end.
    package struct CandlePage: Hashable, Sendable {
        package let candles: [CandleRow]
        package let continuation: LogicalTime?
    }

    /// The number of a model's candles, as `market.model_series` gives it.
    package static func series(of model: ModelID, _ weightSet: WeightSetID) -> Int64 {
        -(model.rawValue * 256 + Int64(weightSet.rawValue))
    }

    /// The candles of all series together, of at most `limit` intervals that end with the newest one which has a trade
    /// and begins before `before`. `seconds` are whole minutes and divide a day.
    package func candles(
        _ series: [Int64],
        seconds: Int64,
        before: LogicalTime,
        limit: Int
    ) throws(StoreError) -> AsOf<CandlePage> {
        let stored = CandleFold.lengths.last { seconds % Int64($0) == 0 } ?? 60
        let parameters: [Parameter] = [
            .int8Array(series), .int4(stored), .int8(seconds),
            before == .never ? .null(.timestamptz) : .timestamp(microsecondsSince1970: before.microseconds),
            .int8(Int64(limit)),
        ]
        var continuation: LogicalTime?
        let found = try page(Self.candlesStatement, parameters) { row throws(PostgresError) in
            if !row.isNull(2) { continuation = try row.time(2) }
            return try CandleRow(row, from: 3)
        }
        let result = CandlePage(candles: found.value, continuation: continuation)
        return AsOf(value: result, sequence: found.sequence)
    }

    /// Trades of one tier of a model in a window.
    package struct TierRow: Hashable, Sendable {
        package let isAttested: Bool
        package let trades: Int64
        package let lots: Int64
        package let buyers: Int64
        package let sellers: Int64
        /// Without the part that was trimmed.
        package let countedLots: Int64
        /// Sum of price × lots of those.
        package let countedValue: Int128
    }

    /// The trades of a model between two times, by tier: of the newest `limit`, without the dearest and the cheapest
    /// lots, one in `trimmedPart` at each end. Trades whose class is not known count in neither, nor do those of offers
    /// that did not sell to everybody.
    package func tiers(
        of model: ModelID,
        _ weightSet: WeightSetID,
        from start: LogicalTime,
        through end: LogicalTime,
        limit: Int,
        trimmedPart: Int64
    ) throws(StoreError) -> AsOf<[TierRow]> {
        let parameters: [Parameter] = [
            .int8(model.rawValue), .int2(Int16(weightSet.rawValue)),
            .timestamp(microsecondsSince1970: start.microseconds),
            .timestamp(microsecondsSince1970: end.microseconds), .int8(Int64(limit)), .int8(trimmedPart),
        ]
        return try page(Self.tiersStatement, parameters) { row throws(PostgresError) in
            TierRow(
                isAttested: try row.bool(2),
                trades: try row.int8(3),
                lots: try row.int8(4),
                buyers: try row.int8(5),
                sellers: try row.int8(6),
                countedLots: try row.int8(7),
                countedValue: try row.numeric(8)
            )
        }
    }

    /// Lots that bids with one requirement left unfilled.
    package struct UnfilledRow: Hashable, Sendable {
        package let profile: ProfileID
        package let reason: CloseReason
        package let lots: Int64
    }

    /// What bids placed between two times left unfilled when their own terms ended them; of the newest `limit` bids.
    package func unfilled(
        from start: LogicalTime,
        through end: LogicalTime,
        limit: Int
    ) throws(StoreError) -> [UnfilledRow] {
        let parameters: [Parameter] = [
            .timestamp(microsecondsSince1970: start.microseconds),
            .timestamp(microsecondsSince1970: end.microseconds), .int8(Int64(limit)),
        ]
        return try page(Self.unfilledStatement, parameters) { row throws(PostgresError) in
            UnfilledRow(profile: ProfileID(try row.int8(2)), reason: try row.code(3), lots: try row.int8(4))
        }.value
    }

    // MARK: Statements

    /// The newest interval with a trade ends the page; what lies `limit` intervals before it is for the next one.
    private static let candlesStatement = Statement(
        prepared: "history_candles",
        """
        WITH newest AS (
            SELECT date_bin(make_interval(secs => $3), max(c.start), 'epoch') AS start
            FROM unnest($1::bigint[]) AS s (series) CROSS JOIN LATERAL (
                SELECT start FROM market.candles WHERE series = s.series AND seconds = $2
                    AND ($4::timestamptz IS NULL OR start < $4) ORDER BY start DESC LIMIT 1
            ) AS c
        ), page AS (
            SELECT start - make_interval(secs => $3 * ($5 - 1)) AS first, start + make_interval(secs => $3) AS past
            FROM newest
        ), older AS (
            SELECT EXISTS (
                SELECT FROM unnest($1::bigint[]) AS s (series) CROSS JOIN page CROSS JOIN LATERAL (
                    SELECT FROM market.candles WHERE series = s.series AND seconds = $2 AND start < page.first
                    ORDER BY start DESC LIMIT 1
                ) AS c
            ) AS exist
        )
        SELECT c.sequence, found.present, CASE WHEN older.exist THEN page.first END, found.start, found.open[2],
            found.high, found.low, found.close[2], found.lots, found.value, found.trades
        FROM projection.cursor c CROSS JOIN page CROSS JOIN older LEFT JOIN LATERAL (
            SELECT true AS present, date_bin(make_interval(secs => $3), start, 'epoch') AS start,
                min(ARRAY[first_trade, open]) AS open, max(high) AS high, min(low) AS low,
                max(ARRAY[last_trade, close]) AS close, sum(lots)::bigint AS lots, sum(value) AS value,
                sum(trades)::bigint AS trades
            FROM market.candles WHERE series = ANY ($1) AND seconds = $2 AND start >= page.first
                AND start < page.past AND ($4::timestamptz IS NULL OR start < $4)
            GROUP BY 2
        ) AS found ON true
        ORDER BY found.start DESC
        """
    )

    /// The minute in which the window begins says with which trade; from there the index over a model's trades is read
    /// from its end.
    private static let tiersStatement = Statement(
        prepared: "history_tiers",
        """
        WITH recent AS MATERIALIZED (
            SELECT k.tee <> 0 AS attested, t.trade, t.price, t.lots::integer AS lots, t.buyer, t.seller
            FROM market.trades t JOIN market.capability_classes k ON k.class = t.class
            WHERE t.model = $1 AND t.weight_set = $2 AND t.at > $3 AND t.at <= $4
                AND k.allowed = '{}' AND k.denied = '{}' AND k.minimum_deposit = 0 AND t.trade >= (
                SELECT min(first_trade) FROM market.candles WHERE series = market.model_series($1, $2)
                    AND seconds = 60 AND start >= date_bin('1 minute', $3, 'epoch')
            )
            ORDER BY t.trade DESC LIMIT $5
        ), ordered AS (
            SELECT *, sum(lots) OVER (PARTITION BY attested ORDER BY price, trade) AS upto,
                sum(lots) OVER (PARTITION BY attested) AS total
            FROM recent
        ), trimmed AS (
            SELECT *, greatest(0, least(upto, total - total / $6) - greatest(upto - lots, total / $6)) AS counted
            FROM ordered
        )
        SELECT c.sequence, found.* FROM projection.cursor c LEFT JOIN LATERAL (
            SELECT true AS present, attested, count(*) AS trades, sum(lots) AS lots,
                count(DISTINCT buyer) AS buyers, count(DISTINCT seller) AS sellers,
                sum(counted)::bigint AS counted, sum(counted::numeric * price) AS value
            FROM trimmed GROUP BY attested
        ) AS found ON true
        """
    )

    private static let unfilledStatement = Statement(
        prepared: "history_unfilled",
        """
        SELECT c.sequence, found.* FROM projection.cursor c LEFT JOIN LATERAL (
            SELECT true AS present, profile, close_reason, sum(remaining)::bigint AS lots
            FROM (
                SELECT profile, close_reason, remaining FROM market.orders
                WHERE side = 2 AND close_reason IN (3, 5, 7) AND created_at > $1 AND created_at <= $2
                ORDER BY created_at DESC LIMIT $3
            ) AS bids
            GROUP BY profile, close_reason
        ) AS found ON true
        """
    )
}

extension HistoryReader.CandleRow {
    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        start = try row.time(first)
        open = Price(nanoTONPerMTok: try row.int8(first + 1))
        high = Price(nanoTONPerMTok: try row.int8(first + 2))
        low = Price(nanoTONPerMTok: try row.int8(first + 3))
        close = Price(nanoTONPerMTok: try row.int8(first + 4))
        lots = try row.int8(first + 5)
        value = try row.numeric(first + 6)
        trades = try row.int8(first + 7)
    }
}
