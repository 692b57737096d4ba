DO $$
BEGIN
    ASSERT market.hold_for(25123000, 5, 10, 30) = 125991, 'value 125,615 and fee 376';
    ASSERT market.lease_remainder(100916, 20123000, 1234, 30) = 100916 - 24831 - 74, 'cost 24,831 and fee 74';
    ASSERT market.lies_in('de', 'eu') AND market.lies_in('eu', 'eu') AND NOT market.lies_in('us', 'eu')
        AND NOT market.lies_in('eu', 'de'), 'a demand for the union is met by its members';
    ASSERT (SELECT count(*) FROM ledger.trial_balance) = 0, 'nothing has moved yet';
    ASSERT (SELECT batches_behind FROM projection.lag) = 0, 'the tables are not behind an empty journal';
END
$$;
