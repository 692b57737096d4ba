DO $$
BEGIN
    ASSERT has_table_privilege('bombyx_server', 'public.bombyx_migrations', 'SELECT'),
        'the server may read which migrations were applied';
    ASSERT NOT has_table_privilege('bombyx_server', 'public.bombyx_migrations', 'INSERT, UPDATE, DELETE, TRUNCATE'),
        'and changes none of them';
END
$$;
