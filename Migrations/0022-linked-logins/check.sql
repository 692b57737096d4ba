DO $$
BEGIN
    ASSERT (SELECT coalesce(sum(trades), 0) FROM market.candles WHERE series < 0 AND seconds = 300)
        = (SELECT count(*) FROM market.trades), 'each trade is in five minutes of its model';
    ASSERT (SELECT count(*) FROM market.candles c FULL JOIN market.candles_of(0, 9223372036854775807) AS e
        ON e.series = c.series AND e.seconds = c.seconds AND e.start = c.start
        WHERE c::market.candles IS DISTINCT FROM e::market.candles) = 0, 'candles are what the trades say';
    ASSERT market.code_name('rejection', 72) = 'last_login', 'its refusals have names';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.login_ends', 'UPDATE, DELETE, TRUNCATE'), 'ends stay';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.forgotten_keys', 'UPDATE, DELETE, TRUNCATE'), 'so do these';
    ASSERT has_table_privilege('bombyx_auditor', 'market.login_ends', 'SELECT'), 'an auditor may read them';
    ASSERT has_table_privilege('bombyx_auditor', 'market.forgotten_keys', 'SELECT'), 'and these';
    INSERT INTO market.logins (sequence, account, subject, created_at)
        VALUES (1, 1, 'ton:0:aa', now()), (2, 1, 'telegram:7', now()), (3, 2, 'ton:0:aa', now());
    DELETE FROM market.logins WHERE sequence <= 3;
END
$$;
