DO $$
BEGIN
    ASSERT market.lowered_since() = (SELECT coalesce(max(last_sequence), 0) FROM journal.batches),
        'orders of before are told from those that come';
    ASSERT market.code_name('rejection', 54) = 'batch_refused', 'the new refusal has its name';
    ASSERT (SELECT count(*) FROM pg_constraint WHERE conrelid = 'market.orders'::regclass
        AND pg_get_constraintdef(oid) = 'CHECK ((lowered_lots > 0))') = 1, 'an order that was not lowered says nothing';
    ASSERT (SELECT count(*) FROM market.orders WHERE lowered_lots IS NOT NULL) = 0, 'nothing was counted before';
END
$$;
