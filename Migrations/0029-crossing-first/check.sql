DO $$
DECLARE
    broken text;
BEGIN
    ASSERT pg_get_viewdef('ledger.trading_invariants'::regclass) LIKE '%crossing AS MATERIALIZED%',
        'the pairs that cross are found first';
    ASSERT (SELECT count(*) FROM ledger.trading_invariants) = 31, 'all rules of trading are there';
    ASSERT has_table_privilege('bombyx_auditor', 'ledger.trading_invariants', 'SELECT')
        = has_table_privilege('bombyx_auditor', 'ledger.invariants', 'SELECT'), 'who may read the rules may still';
    SELECT string_agg(name, '; ') INTO broken FROM ledger.trading_invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
END
$$;
