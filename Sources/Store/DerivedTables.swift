internal import Postgres

/// Tables that follow from other tables, which replay has compared: they must be what those say.
enum DerivedTables {
    static func check(_ connection: Connection) throws(VerificationError) {
        let difference = try asked { () throws(PostgresError) in
            try connection.execute(candles).firstRow().map { row throws(PostgresError) in
                (key: try row.text(0), kept: try row.text(1), expected: try row.text(2))
            }
        }
        guard let difference else { return }
        let place = "market.candles, series, seconds and start \(difference.key)"
        if difference.kept.isEmpty { throw .difference("\(place): the row is missing") }
        if difference.expected.isEmpty { throw .difference("\(place): the row should not be there") }
        throw .difference("\(place): the row is \(difference.kept), should be \(difference.expected)")
    }

    /// The first row that is not as the trades have it.
    private static let candles = """
        SELECT concat_ws(' ', coalesce(c.series, e.series), coalesce(c.seconds, e.seconds), coalesce(c.start, e.start)),
            coalesce(CASE WHEN c.series IS NOT NULL THEN c::text END, ''),
            coalesce(CASE WHEN e.series IS NOT NULL THEN e::text END, '')
        FROM market.candles c FULL JOIN market.candles_of(0, 9223372036854775807) AS e
            ON e.series = c.series AND e.seconds = c.seconds AND e.start = c.start
        WHERE c.series IS NULL OR e.series IS NULL OR c::market.candles IS DISTINCT FROM e::market.candles
        ORDER BY 1 LIMIT 1
        """
}
