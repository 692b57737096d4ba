DO $$
BEGIN
    ASSERT (SELECT coalesce(sum(trades), 0) FROM market.candles WHERE series < 0 AND seconds = 60)
        = (SELECT count(*) FROM market.trades), 'each trade is in a minute of its model';
    ASSERT (SELECT coalesce(sum(lots), 0) FROM market.candles WHERE series < 0 AND seconds = 3600)
        = (SELECT coalesce(sum(lots), 0) FROM market.trades), 'and in an hour';
    ASSERT (SELECT count(*) FROM market.trades WHERE class IS NOT NULL) = 0, 'no class is known of older trades';
    ASSERT has_table_privilege('bombyx_server', 'market.candles', 'INSERT, UPDATE'), 'the server keeps them';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.candles', 'DELETE'), 'and takes none away';
END
$$;
