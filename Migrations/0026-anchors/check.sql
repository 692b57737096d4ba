DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = (SELECT count(*) FROM ledger.trading_invariants) + 13,
        'the rules of anchors are there';
    ASSERT market.code_name('anchor_state', 3) = 'confirmed', 'states of anchors have names';
    ASSERT has_table_privilege('bombyx_server', 'settlement.anchors', 'UPDATE'), 'the server follows anchors';
    ASSERT NOT has_table_privilege('bombyx_server', 'settlement.anchors', 'DELETE, TRUNCATE'), 'and deletes none';
    ASSERT has_table_privilege('bombyx_auditor', 'settlement.anchored', 'SELECT'), 'an auditor reads them';
END
$$;
