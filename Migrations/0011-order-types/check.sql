DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = 24, 'all rules are there';
    ASSERT market.code_name('close_reason', 9) = 'disconnected', 'codes have names';
    ASSERT market.bit_names('order_flag', 3) = ARRAY['post_only', 'all_or_none'], 'flags have names';
    ASSERT market.least_fill(9, NULL, NULL) = 0 AND market.least_fill(9, 5, NULL) = 5
        AND market.least_fill(3, 5, 1::smallint) = 3 AND market.least_fill(9, NULL, 2::smallint) = 9,
        'the least fill is at most what is left, and all of it when the order is all or none';
    ASSERT (SELECT count(*) FROM information_schema.columns
        WHERE table_schema = 'market' AND table_name IN ('accounts', 'capability_classes', 'orders')
            AND column_default IS NOT NULL) = 0,
        'whoever adds a row states all of it';
    ASSERT has_table_privilege('bombyx_server', 'market.mass_operations', 'INSERT, UPDATE, DELETE'),
        'the server follows what is under way';
    ASSERT has_table_privilege('bombyx_auditor', 'market.controls', 'SELECT')
        AND NOT has_table_privilege('bombyx_auditor', 'market.controls', 'INSERT, UPDATE, DELETE'),
        'an auditor may read market control, and change nothing';
    BEGIN
        INSERT INTO market.controls VALUES (1, false, 2000, 1000, 1);
        ASSERT false, 'a band does not end before it begins';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO market.controls VALUES (1, false, NULL, NULL, 1);
        ASSERT false, 'a row that says nothing is not kept';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
END
$$;
