DO $$
BEGIN
    ASSERT (SELECT seen_at >= taken_at AND address = '' FROM journal.leader),
        'the leader of before has no address, and was alive when it took over';
    ASSERT (SELECT count(*) FROM information_schema.columns
        WHERE table_schema = 'journal' AND table_name = 'leader' AND column_default IS NOT NULL
            AND column_name <> 'only_row') = 0,
        'a leader states its address and that it is alive';
    ASSERT has_column_privilege('bombyx_server', 'journal.leader', 'address', 'UPDATE')
        AND has_column_privilege('bombyx_server', 'journal.leader', 'seen_at', 'UPDATE'),
        'the server may write both';
    ASSERT has_column_privilege('bombyx_auditor', 'journal.leader', 'seen_at', 'SELECT'), 'an auditor may read them';
END
$$;
