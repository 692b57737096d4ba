DO $$
BEGIN
    ASSERT (SELECT count(*) FROM settlement.payouts WHERE reference <> '') = 0, 'nobody has resolved anything yet';
    ASSERT (SELECT count(*) FROM settlement.wallets WHERE retired_by IS NOT NULL OR first_query <> 0) = 0,
        'the wallets of before are in use, and began at the first id';
    ASSERT market.code_name('payout_state', 5) = 'resolved_paid', 'the new states have their names';
    ASSERT (SELECT count(*) FROM ledger.transfer_kinds WHERE kind BETWEEN 60 AND 61) = 2, 'money moves in two more ways';
END
$$;
