-- Self-trade prevention may take lots from an order without a trade: by how much is known from now on, so that the rule
-- of quantities can be exact. Orders of a batch may be placed all, or none of them.

INSERT INTO market.codes (field, code, name) VALUES ('rejection', 54, 'batch_refused');

ALTER TABLE market.orders ADD COLUMN lowered_lots bigint CHECK (lowered_lots > 0);
COMMENT ON COLUMN market.orders.lowered_lots IS
    'Lots that self-trade prevention took from it without a trade while it stayed open; null for none. Counted since '
    'version 4 of the rules.';

-- The last command of the rules before, as a constant: what comes later is counted.
DO $$
BEGIN
    EXECUTE format(
        'CREATE FUNCTION market.lowered_since() RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS %L',
        format('SELECT %s::bigint', (SELECT coalesce(max(last_sequence), 0) FROM journal.batches))
    );
END
$$;
COMMENT ON FUNCTION market.lowered_since() IS
    'Of orders up to this one it is not known by how much they were lowered before.';
