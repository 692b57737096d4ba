DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = 29, 'all rules are there';
    ASSERT (SELECT count(*) FROM market.leases WHERE ended AND end_reason IS NULL) = 0, 'ended leases have a reason';
    ASSERT (SELECT count(*) FROM market.leases WHERE deadline IS NOT NULL) = 0, 'older leases have no deadline';
    ASSERT (SELECT count(*) FROM ledger.transfer_kinds WHERE kind BETWEEN 30 AND 39) = 4, 'bonds move in four ways';
    ASSERT (SELECT leaves FROM log.size) = 0, 'the log is empty';
    ASSERT has_table_privilege('bombyx_server', 'market.receipts', 'INSERT'), 'the server records receipts';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.receipts', 'UPDATE'), 'and changes none';
    ASSERT has_table_privilege('bombyx_auditor', 'log.leaves', 'SELECT'), 'an auditor reads the log';
END
$$;
