DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'a sound exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = 24, 'all rules are there';
    ASSERT (SELECT count(*) FROM journal.partitions()) >= 1, 'the journal has a partition';
    ASSERT (SELECT min(first_batch) FROM journal.partitions()) = 1, 'the partitions begin with the first batch';
    ASSERT NOT has_table_privilege('bombyx_server', 'journal.batches', 'UPDATE, DELETE, TRUNCATE'),
        'the server may only add to the journal';
    ASSERT NOT has_table_privilege('bombyx_server', 'journal.batches_000000000001', 'INSERT, UPDATE, DELETE, TRUNCATE'),
        'the server reaches partitions only through the journal';
    ASSERT NOT has_schema_privilege('bombyx_server', 'journal', 'CREATE'), 'the server makes no tables by itself';
    ASSERT has_table_privilege('bombyx_auditor', 'journal.batches', 'SELECT'), 'an auditor may read the journal';
    ASSERT has_table_privilege('bombyx_auditor', 'journal.checkpoint_parts', 'SELECT'), 'and the checkpoints';
    BEGIN
        DELETE FROM journal.batches_000000000001;
        ASSERT false, 'a delete must be refused';
    EXCEPTION WHEN restrict_violation THEN NULL;
    END;
    BEGIN
        DELETE FROM journal.checkpoints;
        ASSERT false, 'a delete must be refused';
    EXCEPTION WHEN restrict_violation THEN NULL;
    END;
END
$$;
