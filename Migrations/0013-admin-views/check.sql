DO $$
BEGIN
    ASSERT (SELECT count(*) FROM ledger.statement_at(7, 1000)) = 0, 'an owner without transfers has an empty statement';
    ASSERT (SELECT count(*) FROM ledger.escrow WHERE difference_nanoton <> 0) = 0, 'locked money is what is needed';
    ASSERT (SELECT coalesce(sum(trades), 0) FROM market.turnover_by_day) = (SELECT count(*) FROM market.trades),
        'every trade is in the turnover once';
    ASSERT (SELECT count(*) FROM market.top_of_book) = (SELECT count(DISTINCT model) FROM market.models),
        'every model is in the top of the book once';
    ASSERT has_table_privilege('bombyx_auditor', 'ledger.escrow', 'SELECT'), 'an auditor reads the views';
END
$$;
