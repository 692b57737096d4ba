DO $$
BEGIN
    ASSERT (SELECT count(*) FROM projection.cursor) = 1, 'there is one cursor';
    ASSERT NOT has_table_privilege('bombyx_server', 'projection.cursor', 'INSERT, DELETE, TRUNCATE'), 'it stays one';
    ASSERT NOT has_table_privilege('bombyx_auditor', 'projection.cursor', 'INSERT, UPDATE, DELETE, TRUNCATE'),
        'an auditor may not move it';
END
$$;
