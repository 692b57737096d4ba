DO $$
BEGIN
    ASSERT (SELECT count(*) FROM journal.leader) = 1, 'there is one leader row';
    ASSERT (SELECT attstorage FROM pg_attribute
        WHERE attrelid = 'journal.batches'::regclass AND attname = 'commands') = 'e',
        'commands are stored outside of the row and not compressed';
    ASSERT NOT has_table_privilege('bombyx_server', 'journal.batches', 'UPDATE, DELETE, TRUNCATE'),
        'the server may only add to the journal';
    ASSERT has_table_privilege('bombyx_auditor', 'journal.batches', 'SELECT'), 'an auditor may read the journal';
    ASSERT NOT has_table_privilege('bombyx_auditor', 'journal.batches', 'INSERT, UPDATE, DELETE, TRUNCATE'),
        'an auditor may not write the journal';

    BEGIN
        DELETE FROM journal.batches;
        ASSERT false, 'a delete must be refused';
    EXCEPTION WHEN restrict_violation THEN NULL;
    END;
    BEGIN
        INSERT INTO journal.leader (epoch, holder, expires_at, last_batch, backends, taken_at)
        VALUES (0, '', 'epoch', 0, '{}', 'epoch');
        ASSERT false, 'a second leader row must be refused';
    EXCEPTION WHEN unique_violation THEN NULL;
    END;
END
$$;
