-- Who comes back to a stream too late asks for what has changed since a sequence number, oldest first.

CREATE INDEX orders_by_change ON market.orders (account, last_sequence, id);
COMMENT ON INDEX market.orders_by_change IS 'GET /v1/orders?changed_since_sequence=';

CREATE INDEX trades_by_sequence ON market.trades (sequence, trade);
COMMENT ON INDEX market.trades_by_sequence IS 'GET /v1/trades?since_sequence=';
