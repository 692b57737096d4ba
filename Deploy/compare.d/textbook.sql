-- Textbook: an exchange as one would write it with tables and transactions, statement by statement.
--
-- Every order: lock the buyer's balances, check that the money is there, insert the order, move its value from
-- available to held, write the transfer. Every second order trades at once: insert the trade, close the order, move the
-- value to the seller and a fee to the exchange, write both transfers. All trades change the one row of the exchange's
-- fees, and hold its lock until their commit is on the disk.
--
-- Left out in its favour: finding the counterparty and changing its order, the memory of client order ids, and anything
-- that is published.
\set buyer random(1, 1000)
\set seller random(1001, 2000)
\set price random(20000, 30000)
\set lots random(1, 100)
\set hash random(1, 1000000000)
\set value :price * :lots
\set fee :value * 30 / 10000 + 1
\set hold :value + :fee
\set trades random(0, 1)
BEGIN;
SELECT balance FROM accounts WHERE account = :buyer AND kind IN (1, 2) ORDER BY kind FOR UPDATE;
INSERT INTO orders (account, price, lots, remaining, profile, body_hash, side)
    VALUES (:buyer, :price * 1000, :lots, :lots, 1 + :hash % 256, :hash, 2) RETURNING id AS order_id \gset
UPDATE accounts SET balance = balance - :hold WHERE account = :buyer AND kind = 1;
UPDATE accounts SET balance = balance + :hold WHERE account = :buyer AND kind = 2;
INSERT INTO transfers (order_id, debit, debit_kind, credit, credit_kind, amount)
    VALUES (:order_id, :buyer, 1, :buyer, 2, :hold);
\if :trades
INSERT INTO trades (order_id, buyer, seller, lots, price)
    VALUES (:order_id, :buyer, :seller, :lots, :price * 1000);
UPDATE orders SET remaining = 0, close_reason = 1 WHERE id = :order_id;
UPDATE accounts SET balance = balance - :hold WHERE account = :buyer AND kind = 2;
UPDATE accounts SET balance = balance + :value WHERE account = :seller AND kind = 3;
INSERT INTO transfers (order_id, debit, debit_kind, credit, credit_kind, amount)
    VALUES (:order_id, :buyer, 2, :seller, 3, :value), (:order_id, :buyer, 2, 0, 4, :fee);
UPDATE accounts SET balance = balance + :fee WHERE account = 0 AND kind = 4;
\endif
COMMIT;
