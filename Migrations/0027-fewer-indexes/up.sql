-- An index that a row enters at a place of its own is the dearest part of that row. These three go, or take in less.

-- What has changed since its order was placed. What has not is found by the order's own number, which is the command
-- that placed it: most orders of a burst never enter here.
DROP INDEX market.orders_by_change;
CREATE INDEX orders_by_change ON market.orders (account, last_sequence, id) WHERE last_sequence > id;
COMMENT ON INDEX market.orders_by_change IS
    'GET /v1/orders?changed_since_sequence=, with orders_by_account for orders that are as they were placed.';

-- A trade's lease has the number of the trade, and the same two parties: leases_by_buyer and leases_by_worker find both.
DROP INDEX market.trades_by_buyer;
DROP INDEX market.trades_by_seller;
