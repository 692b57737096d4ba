-- Candles of five minutes, so that a chart of many classes reads few rows; logins that are linked to an account and
-- unlinked again; keys that the exchange has forgotten.

-- Candles ----------------------------------------------------------------------------------------------------------

ALTER TABLE market.candles DROP CONSTRAINT candles_seconds_check;
ALTER TABLE market.candles ADD CONSTRAINT candles_seconds_check CHECK (seconds IN (60, 300, 3600));
COMMENT ON TABLE market.candles IS
    'What was traded in each minute, five minutes and hour; no row where nothing was. Longer intervals are sums of these.';
COMMENT ON COLUMN market.candles.start IS
    'Where it begins, in whole minutes, five minutes or hours of UTC by the exchange''s time.';

CREATE OR REPLACE FUNCTION market.candles_of(after bigint, through bigint) RETURNS SETOF market.candles
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
            CROSS JOIN (VALUES (60), (300), (3600)) AS w (seconds)
        WHERE s.series IS NOT NULL
        GROUP BY 1, 2, 3
    )
    SELECT series, seconds, start, first_trade, last_trade,
        (SELECT price FROM market.trades WHERE trade = sums.first_trade), high, low,
        (SELECT price FROM market.trades WHERE trade = sums.last_trade), lots, value, trades
    FROM sums
$$;

INSERT INTO market.candles
    SELECT series, 300, date_bin('5 minutes', start, 'epoch'), min(first_trade), max(last_trade),
        (array_agg(open ORDER BY start))[1], max(high), min(low), (array_agg(close ORDER BY start DESC))[1],
        sum(lots)::bigint, sum(value), sum(trades)::bigint
    FROM market.candles WHERE seconds = 60 GROUP BY 1, 3;

-- Logins -----------------------------------------------------------------------------------------------------------

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 69, 'login_taken'),
    ('rejection', 70, 'account_login_limit'),
    ('rejection', 71, 'login_not_found'),
    ('rejection', 72, 'last_login');

-- An account may have several logins, and a login that was unlinked may become another account's.
ALTER TABLE market.logins DROP CONSTRAINT logins_account_key, DROP CONSTRAINT logins_subject_key;
CREATE INDEX logins_account ON market.logins (account);
CREATE INDEX logins_subject ON market.logins (subject);
COMMENT ON TABLE market.logins IS
    'Who may log in to which account, now or once: market.login_ends has those that are over. No row ever changes.';
COMMENT ON COLUMN market.logins.sequence IS 'The command of the first login, or the one that linked it.';
COMMENT ON COLUMN market.logins.created_at IS 'When it was made or linked, by the exchange''s time.';

CREATE TABLE market.login_ends (
    login bigint PRIMARY KEY,
    sequence bigint NOT NULL UNIQUE,
    at timestamptz NOT NULL
);
COMMENT ON TABLE market.login_ends IS 'Logins that were unlinked from their accounts.';
COMMENT ON COLUMN market.login_ends.login IS 'The login (sequence in market.logins).';
COMMENT ON COLUMN market.login_ends.sequence IS 'The command that unlinked it.';
COMMENT ON COLUMN market.login_ends.at IS 'When, by the exchange''s time.';

-- Keys -------------------------------------------------------------------------------------------------------------

CREATE TABLE market.forgotten_keys (
    key bigint PRIMARY KEY,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX forgotten_keys_sequence ON market.forgotten_keys (sequence);
COMMENT ON TABLE market.forgotten_keys IS
    'Keys that ended long ago. The exchange knows nothing of them any more; their rows stay as they were.';
COMMENT ON COLUMN market.forgotten_keys.key IS 'The key (market.keys).';
COMMENT ON COLUMN market.forgotten_keys.sequence IS 'The command that forgot it.';
COMMENT ON COLUMN market.forgotten_keys.at IS 'When, by the exchange''s time.';

GRANT SELECT, INSERT ON market.login_ends, market.forgotten_keys TO bombyx_server;
GRANT SELECT ON market.login_ends, market.forgotten_keys TO bombyx_auditor;
