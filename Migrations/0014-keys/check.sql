DO $$
BEGIN
    ASSERT market.code_name('rejection', 60) = 'key_revoked', 'refusals for keys have names';
    ASSERT market.code_name('audit_action', 3) = 'revoke_key', 'audited actions have names';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.audit', 'UPDATE, DELETE, TRUNCATE'), 'the audit log stays';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.key_standings', 'DELETE, TRUNCATE'), 'revocations stay';
    ASSERT has_table_privilege('bombyx_auditor', 'market.audit', 'SELECT'), 'an auditor may read the audit log';
    ASSERT has_table_privilege('bombyx_auditor', 'market.audit_log', 'SELECT'), 'and its words';
    BEGIN
        INSERT INTO market.key_spendings (key, day, on_day, total, sequence) VALUES (1, 1, 2, 1, 1);
        ASSERT false, 'a day is part of the total';
    EXCEPTION WHEN check_violation THEN NULL;
    END;
END
$$;
