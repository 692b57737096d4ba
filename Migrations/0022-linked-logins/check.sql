DO $$
BEGIN
    ASSERT (SELECT coalesce(sum(trades), 0) FROM market.candles WHERE series < 0 AND seconds = 300)
        = (SELECT count(*) FROM market.trades), 'each trade is in five minutes of its model';
    ASSERT (SELECT count(*) FROM market.candles c FULL JOIN market.candles_of(0, 9223372036854775807) AS e
        ON e.series = c.series AND e.seconds = c.seconds AND e.start = c.start
        WHERE c::market.candles IS DISTINCT FROM e::market.candles) = 0, 'candles are what the trades say';
END
$$;
