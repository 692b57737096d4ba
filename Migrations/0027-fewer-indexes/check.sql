DO $$
BEGIN
    ASSERT (SELECT pg_get_expr(indpred, indrelid) FROM pg_index
        WHERE indexrelid = 'market.orders_by_change'::regclass) = '(last_sequence > id)',
        'orders that are as they were placed are not among the changed ones';
    ASSERT NOT EXISTS (SELECT FROM pg_indexes WHERE indexname IN ('trades_by_buyer', 'trades_by_seller')),
        'a trade is found by its lease';
    ASSERT NOT EXISTS (SELECT FROM market.trades t LEFT JOIN market.leases l ON l.lease = t.trade
        WHERE (l.buyer, l.worker) IS DISTINCT FROM (t.buyer, t.seller)),
        'every trade has a lease with its number, between the same two';
END
$$;
