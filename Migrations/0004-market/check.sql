DO $$
BEGIN
    ASSERT market.code_name('close_reason', 6) = 'model_superseded', 'codes have names';
    ASSERT market.bit_names('tee', 2 | 16) = ARRAY['tdx', 'tdx+nvcc'], 'bits have names';
    ASSERT (SELECT count(*) FROM market.weight_sets) = 6, 'all weight sets are registered';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.trades', 'UPDATE, DELETE, TRUNCATE'), 'a trade is final';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.orders', 'DELETE, TRUNCATE'), 'orders stay';
    ASSERT has_table_privilege('bombyx_auditor', 'market.orders', 'SELECT'), 'an auditor may read orders';

    BEGIN
        INSERT INTO market.orders (id, account, price, lots, remaining, open_lots, class, body_hash, created_at,
            last_sequence, maker_bps, taker_bps, side, time_in_force, claimed_tee)
        VALUES (1, 1, 1000, 5, 6, 0, 1, 0, now(), 1, 10, 30, 1, 1, 0);
        ASSERT false, 'an order cannot have more left than it was placed with';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO market.orders (id, account, price, lots, remaining, open_lots, class, body_hash, created_at,
            last_sequence, maker_bps, taker_bps, side, time_in_force, claimed_tee)
        VALUES (1, 1, 1000, 5, 5, 0, 1, 0, now(), 1, 10, 30, 2, 1, 0);
        ASSERT false, 'a bid has a profile, not a class';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
END
$$;
