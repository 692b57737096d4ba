DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_indexes WHERE schemaname = 'market'
        AND (indexname, tablename) IN (('orders_by_change', 'orders'), ('trades_by_sequence', 'trades'))) = 2,
        'changes are found by an index';
END
$$;
