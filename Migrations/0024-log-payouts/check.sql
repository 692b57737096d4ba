DO $$
BEGIN
    ASSERT (SELECT col_description(attrelid, attnum) LIKE '%9 measurement%' FROM pg_attribute
        WHERE attrelid = 'log.leaves'::regclass AND attname = 'kind'), 'every kind of a leaf has a name';
END
$$;
