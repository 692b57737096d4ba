DO $$
BEGIN
    ASSERT (SELECT count(*) FROM pg_roles WHERE rolname IN ('bombyx_server', 'bombyx_auditor')) = 2,
        'both roles exist';
    ASSERT (SELECT bool_and(has_schema_privilege(role, schema, 'USAGE'))
        FROM unnest(ARRAY['bombyx_server', 'bombyx_auditor']) AS role,
            unnest(ARRAY['journal', 'ledger', 'market', 'projection']) AS schema),
        'both roles may use every schema';
    ASSERT (SELECT bool_and(obj_description(oid, 'pg_namespace') IS NOT NULL)
        FROM pg_namespace WHERE nspname IN ('journal', 'ledger', 'market', 'projection')),
        'every schema says what it is for';
END
$$;
