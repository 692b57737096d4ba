DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = (SELECT count(*) FROM ledger.trading_invariants) + 9,
        'the rules of settlement are there';
    ASSERT (SELECT count(*) FROM ledger.transfer_kinds WHERE kind BETWEEN 40 AND 59) = 13, 'money moves in 13 ways';
    ASSERT (SELECT difference FROM settlement.reconciliation) = 0, 'the chain and the ledger agree';
    ASSERT has_table_privilege('bombyx_server', 'settlement.wallet_transactions', 'INSERT'), 'the server records';
    ASSERT NOT has_table_privilege('bombyx_server', 'settlement.wallet_transactions', 'UPDATE'), 'and changes none';
    ASSERT has_table_privilege('bombyx_auditor', 'settlement.payouts', 'SELECT'), 'an auditor reads payouts';
END
$$;
