DO $$
BEGIN
    ASSERT NOT has_table_privilege('bombyx_server', 'ledger.transfers', 'UPDATE, DELETE, TRUNCATE'),
        'the server may only add transfers';
    ASSERT NOT has_table_privilege('bombyx_server', 'ledger.accounts', 'DELETE, TRUNCATE'), 'balances stay';
    ASSERT NOT has_table_privilege('bombyx_auditor', 'ledger.accounts', 'INSERT, UPDATE, DELETE, TRUNCATE'),
        'an auditor may not write balances';
    ASSERT ledger.account_kind(1) = 'chain' AND ledger.account_kind(5) = 'operator_capital', 'system accounts';
    ASSERT ledger.account_kind(17) = 'available' AND ledger.account_kind(38) = 'bond', 'owners'' accounts';

    BEGIN
        UPDATE ledger.transfers SET amount = 1;
        ASSERT false, 'an update must be refused';
    EXCEPTION WHEN restrict_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO ledger.accounts (account, debits, credits) VALUES (17, 1, 0);
        ASSERT false, 'a negative balance must be refused';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO ledger.transfers VALUES (1, 17, 18, 0, NULL, NULL, now(), 0, 2);
        ASSERT false, 'a transfer of nothing must be refused';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
END
$$;
