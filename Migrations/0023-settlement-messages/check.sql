DO $$
BEGIN
    ASSERT has_table_privilege('bombyx_server', 'settlement.messages', 'INSERT'), 'the server stores messages';
    ASSERT NOT has_table_privilege('bombyx_server', 'settlement.messages', 'UPDATE, DELETE, TRUNCATE'), 'they stay';
    ASSERT has_table_privilege('bombyx_auditor', 'settlement.messages', 'SELECT'), 'an auditor may read them';
END
$$;
