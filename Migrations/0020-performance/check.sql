DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = 31, 'all rules are there';
    ASSERT (SELECT count(*) FROM market.leases WHERE tops_up IS NOT NULL) = 0, 'no lease tops up another yet';
    ASSERT (SELECT statements FROM log.size) = 0, 'the exchange has said nothing';
    ASSERT has_table_privilege('bombyx_server', 'market.performances', 'UPDATE'), 'the server measures';
    ASSERT NOT has_table_privilege('bombyx_server', 'log.statements', 'UPDATE'), 'and takes nothing back';
    ASSERT has_table_privilege('bombyx_auditor', 'log.statements', 'SELECT'), 'an auditor reads what was said';
END
$$;
