-- What the textbook has left must add up, or it did not do its work: the violations of each rule, added up.
SELECT abs(1000000000000000 * 1000 - (SELECT sum(balance) FROM accounts))
    + abs((SELECT sum(amount) FROM transfers WHERE credit_kind = 4) - (SELECT balance FROM accounts WHERE kind = 4))
    + abs((SELECT count(*) FROM trades) - (SELECT count(*) FROM transfers WHERE credit_kind = 3));
