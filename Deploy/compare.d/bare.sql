-- Bare: the least that an exchange on tables can do. One order is one row with its indexes, in a transaction of its own.
-- Nothing is checked, held, matched or paid: what does all of that can only be slower.
\set account random(1, 1000)
\set price random(20000, 30000)
\set lots random(1, 100)
\set hash random(1, 1000000000)
INSERT INTO orders (account, price, lots, remaining, class, body_hash, side)
    VALUES (:account, :price * 1000, :lots, :lots, 1 + :hash % 256, :hash, 1);
