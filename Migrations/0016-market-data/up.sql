-- What happened at which price, for charts and indexes: candles follow from the trades, and the projector keeps them in
-- the transaction that writes the trades.

ALTER TABLE market.trades ADD COLUMN class bigint;
COMMENT ON COLUMN market.trades.class IS
    'The offer''s capability class when it traded (market.capability_classes); null under rules before version 3.';

CREATE TABLE market.candles (
    series bigint NOT NULL,
    seconds integer NOT NULL CHECK (seconds IN (60, 3600)),
    start timestamptz NOT NULL,
    first_trade bigint NOT NULL,
    last_trade bigint NOT NULL,
    open bigint NOT NULL,
    high bigint NOT NULL,
    low bigint NOT NULL,
    close bigint NOT NULL,
    lots bigint NOT NULL,
    value numeric NOT NULL,
    trades bigint NOT NULL,
    PRIMARY KEY (series, seconds, start)
) WITH (fillfactor = 85);
COMMENT ON TABLE market.candles IS
    'What was traded in each minute and each hour; no row where nothing was. Longer intervals are sums of these.';
COMMENT ON COLUMN market.candles.series IS
    'A capability class, or for a model and weight set the number market.model_series gives, which is below zero.';
COMMENT ON COLUMN market.candles.seconds IS 'Length of the interval.';
COMMENT ON COLUMN market.candles.start IS 'Where it begins, in whole minutes or hours of UTC by the exchange''s time.';
COMMENT ON COLUMN market.candles.first_trade IS 'The first trade of the interval.';
COMMENT ON COLUMN market.candles.last_trade IS 'The last trade of the interval.';
COMMENT ON COLUMN market.candles.open IS 'Price of the first, in nanoTON per 1,000,000 adjusted tokens.';
COMMENT ON COLUMN market.candles.high IS 'The highest price.';
COMMENT ON COLUMN market.candles.low IS 'The lowest price.';
COMMENT ON COLUMN market.candles.close IS 'Price of the last.';
COMMENT ON COLUMN market.candles.lots IS 'Lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.candles.value IS 'nanoTON without fees: value × 1000 / lots is the average price.';
COMMENT ON COLUMN market.candles.trades IS 'How many trades there were.';

CREATE FUNCTION market.model_series(model bigint, weight_set smallint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT -(model * 256 + weight_set)';
COMMENT ON FUNCTION market.model_series(bigint, smallint) IS
    'The number of a model''s candles: a version that counts tokens by other weights is another good.';

CREATE FUNCTION market.candles_of(after bigint, through bigint) RETURNS SETOF market.candles
    LANGUAGE sql STABLE STRICT AS $$
    WITH minutes AS MATERIALIZED (
        SELECT model, weight_set, class, date_bin('1 minute', at, 'epoch') AS start, min(trade) AS first_trade,
            max(trade) AS last_trade, max(price) AS high, min(price) AS low, sum(lots)::bigint AS lots,
            sum(price / 1000 * lots) AS value, count(*) AS trades
        FROM market.trades WHERE trade > after AND trade <= through
        GROUP BY 1, 2, 3, 4
    ), sums AS MATERIALIZED (
        SELECT s.series, w.seconds, date_bin(make_interval(secs => w.seconds), m.start, 'epoch') AS start,
            min(m.first_trade) AS first_trade, max(m.last_trade) AS last_trade, max(m.high) AS high,
            min(m.low) AS low, sum(m.lots)::bigint AS lots, sum(m.value) AS value, sum(m.trades)::bigint AS trades
        FROM minutes m
            CROSS JOIN LATERAL (VALUES (market.model_series(m.model, m.weight_set)), (m.class)) AS s (series)
            CROSS JOIN (VALUES (60), (3600)) AS w (seconds)
        WHERE s.series IS NOT NULL
        GROUP BY 1, 2, 3
    )
    SELECT series, seconds, start, first_trade, last_trade,
        (SELECT price FROM market.trades WHERE trade = sums.first_trade), high, low,
        (SELECT price FROM market.trades WHERE trade = sums.last_trade), lots, value, trades
    FROM sums
$$;
COMMENT ON FUNCTION market.candles_of(bigint, bigint) IS
    'The candles of the trades behind one number and up to another, by market.trades alone.';

INSERT INTO market.candles SELECT * FROM market.candles_of(0, 9223372036854775807);

-- Bids that their own terms ended, for the demand that found no offer. A closed bid does not change.
CREATE INDEX orders_unfilled ON market.orders (created_at) WHERE side = 2 AND close_reason IN (3, 5, 7);

GRANT SELECT, INSERT, UPDATE ON market.candles TO bombyx_server;
GRANT SELECT ON market.candles TO bombyx_auditor;
