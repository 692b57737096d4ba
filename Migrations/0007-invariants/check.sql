DO $$
DECLARE
    broken text;
BEGIN
    SELECT string_agg(name, '; ') INTO broken FROM ledger.invariants WHERE violations <> 0;
    ASSERT broken IS NULL, 'an empty exchange breaks no rule, but: ' || broken;
    ASSERT (SELECT count(*) FROM ledger.invariants) = 24, 'all rules are there';
END
$$;
