-- The journal grows old: it is cut into partitions that can be exported and dropped, checkpoints hold the state at
-- which it may be cut, and batches say how long the exchange did not run before them.

-- Checkpoints ------------------------------------------------------------------------------------------------------

CREATE TABLE journal.checkpoints (
    batch bigint PRIMARY KEY CHECK (batch > 0),
    rules_version integer NOT NULL,
    release text NOT NULL,
    sequence bigint NOT NULL,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    bytes bigint NOT NULL CHECK (bytes > 0)
);
COMMENT ON TABLE journal.checkpoints IS
    'The whole state of the engine at the end of a batch. Rows are only ever added. The journal announces each one '
    'that counts (projection.checkpoints).';
COMMENT ON COLUMN journal.checkpoints.batch IS 'The batch at whose end the state was so.';
COMMENT ON COLUMN journal.checkpoints.rules_version IS 'The rules of that batch.';
COMMENT ON COLUMN journal.checkpoints.release IS 'The release of the program that wrote it, and can read it.';
COMMENT ON COLUMN journal.checkpoints.sequence IS 'The last command of that batch.';
COMMENT ON COLUMN journal.checkpoints.sha256 IS 'SHA-256 of all parts, one behind the other.';
COMMENT ON COLUMN journal.checkpoints.bytes IS 'Length of all parts together.';

CREATE TABLE journal.checkpoint_parts (
    batch bigint NOT NULL,
    part integer NOT NULL CHECK (part > 0),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 1048576),
    PRIMARY KEY (batch, part)
);
ALTER TABLE journal.checkpoint_parts ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE journal.checkpoint_parts IS 'The bytes of the checkpoints, in pieces. Rows are only ever added.';
COMMENT ON COLUMN journal.checkpoint_parts.batch IS 'journal.checkpoints.batch.';
COMMENT ON COLUMN journal.checkpoint_parts.part IS 'From 1, without gaps.';
COMMENT ON COLUMN journal.checkpoint_parts.content IS 'The bytes; 1 MiB in all parts but the last.';

CREATE TABLE projection.checkpoints (
    sequence bigint PRIMARY KEY,
    batch bigint NOT NULL UNIQUE,
    sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
    announced_at timestamptz NOT NULL
);
COMMENT ON TABLE projection.checkpoints IS
    'The checkpoints that the journal announces: their hashes are in its chain. The newest is part of the state.';
COMMENT ON COLUMN projection.checkpoints.sequence IS 'The command that announced it.';
COMMENT ON COLUMN projection.checkpoints.batch IS 'journal.checkpoints.batch.';
COMMENT ON COLUMN projection.checkpoints.sha256 IS 'What journal.checkpoints.sha256 must be.';
COMMENT ON COLUMN projection.checkpoints.announced_at IS 'The exchange''s time.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.checkpoint_parts
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
GRANT SELECT, INSERT ON journal.checkpoints, journal.checkpoint_parts, projection.checkpoints TO bombyx_server;

ALTER TABLE projection.cursor ADD COLUMN grace_us bigint NOT NULL DEFAULT 0 CHECK (grace_us >= 0);
ALTER TABLE projection.cursor ALTER COLUMN grace_us DROP DEFAULT;
COMMENT ON COLUMN projection.cursor.grace_us IS
    'Microseconds by which all gaps together have held the clock of leases back.';

-- Partitions -------------------------------------------------------------------------------------------------------

DROP VIEW ledger.invariants;
DROP VIEW journal.chain;

ALTER TABLE journal.batches DROP COLUMN committed_at, ADD COLUMN gap_us bigint NOT NULL DEFAULT 0 CHECK (gap_us >= 0);
ALTER TABLE journal.batches ALTER COLUMN gap_us DROP DEFAULT;
COMMENT ON COLUMN journal.batches.gap_us IS
    'Microseconds without a running exchange before the batch, or by which its clock jumped; 0 for none.';

ALTER TABLE journal.batches RENAME CONSTRAINT batches_pkey TO batches_000000000001_pkey;
ALTER TABLE journal.batches RENAME TO batches_000000000001;
CREATE TABLE journal.batches (LIKE journal.batches_000000000001 INCLUDING ALL) PARTITION BY RANGE (number);
COMMENT ON TABLE journal.batches IS
    'The journal: the commands that one commit made durable together. Rows are only ever added; whole partitions may '
    'be exported and dropped behind a checkpoint.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.batches
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
GRANT SELECT, INSERT ON journal.batches TO bombyx_server;
REVOKE ALL ON journal.batches_000000000001 FROM bombyx_server;
GRANT SELECT ON journal.batches TO bombyx_auditor;

DO $$
DECLARE
    newest bigint;
BEGIN
    SELECT coalesce(max(number), 1) INTO newest FROM journal.batches_000000000001;
    EXECUTE format(
        'ALTER TABLE journal.batches ATTACH PARTITION journal.batches_000000000001 FOR VALUES FROM (1) TO (%s)',
        (newest + 99999) / 100000 * 100000 + 1
    );
END
$$;
COMMENT ON TABLE journal.batches_000000000001 IS 'The journal from batch 1.';

CREATE FUNCTION journal.partitions() RETURNS TABLE (name text, first_batch bigint, end_batch bigint)
    LANGUAGE sql STABLE AS $$
    SELECT c.relname::text, bounds[1]::bigint, bounds[2]::bigint
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
        regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \(''(\d+)''\) TO \(''(\d+)''\)') AS bounds
    WHERE i.inhparent = 'journal.batches'::regclass AND NOT i.inhdetachpending
    ORDER BY 2
$$;
COMMENT ON FUNCTION journal.partitions() IS 'The partitions of the journal: from first_batch to before end_batch.';

CREATE FUNCTION journal.make_partitions(batch bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    size constant bigint := 100000;
    next bigint;
    name text;
BEGIN
    IF batch > (SELECT last_batch FROM journal.leader) + 16 * size THEN
        RAISE EXCEPTION 'batch % is too far ahead', batch;
    END IF;
    LOOP
        SELECT coalesce(max(end_batch), 1) INTO next FROM journal.partitions();
        EXIT WHEN next > batch;
        name := 'batches_' || lpad(next::text, 12, '0');
        -- A table of its own first: attaching it holds up nobody who reads or writes the journal.
        EXECUTE format('CREATE TABLE journal.%I (LIKE journal.batches INCLUDING ALL)', name);
        EXECUTE format('COMMENT ON TABLE journal.%I IS %L', name, 'The journal from batch ' || next || '.');
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change()', name);
        EXECUTE format('ALTER TABLE journal.batches ATTACH PARTITION journal.%I FOR VALUES FROM (%s) TO (%s)',
            name, next, next + size);
    END LOOP;
END
$$;
COMMENT ON FUNCTION journal.make_partitions(bigint) IS
    'Makes partitions of 100,000 batches until there is one for this batch. Runs as its owner, so that the server '
    'needs no right to make or drop tables.';
REVOKE ALL ON FUNCTION journal.make_partitions(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal.make_partitions(bigint) TO bombyx_server;

CREATE TABLE journal.dropped (
    batch bigint PRIMARY KEY CHECK (batch > 0),
    sequence bigint NOT NULL,
    logical_time_us bigint NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
COMMENT ON TABLE journal.dropped IS
    'The last batch of each partition that was dropped: the journal goes on behind it. Rows are only ever added.';
COMMENT ON COLUMN journal.dropped.batch IS 'The batch.';
COMMENT ON COLUMN journal.dropped.sequence IS 'Its last command.';
COMMENT ON COLUMN journal.dropped.logical_time_us IS 'Its logical time.';
COMMENT ON COLUMN journal.dropped.digest IS 'Its digest: the next batch links to it.';
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal.dropped
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
GRANT SELECT ON journal.dropped TO bombyx_server;

-- Views ------------------------------------------------------------------------------------------------------------

CREATE VIEW journal.chain AS
SELECT number, epoch, last_sequence - first_sequence + 1 AS commands, octet_length(commands) AS bytes,
    'epoch'::timestamptz + logical_time_us * interval '1 microsecond' AS logical_time, gap_us,
    encode(digest, 'hex') AS digest,
    digest = sha256(
        CASE number WHEN 1 THEN decode(repeat('00', 32), 'hex') 
            ELSE coalesce(lag(digest) OVER (ORDER BY number),
                (SELECT d.digest FROM journal.dropped d WHERE d.batch = number - 1)) END
        || CASE WHEN rules_version < 2 THEN '\x42584231'::bytea ELSE '\x42584232'::bytea END
        || int4send(rules_version) || int8send(number) || int8send(epoch)
        || int8send(first_sequence) || int8send(last_sequence) || int8send(logical_time_us)
        || CASE WHEN rules_version < 2 THEN ''::bytea ELSE int8send(gap_us) END || state_digest
        || int8send(octet_length(commands)) || commands)
        AND (rules_version >= 2 OR gap_us = 0) AS is_linked
FROM journal.batches;
COMMENT ON VIEW journal.chain IS
    'The journal with its hash chain computed anew: digest = SHA-256(previous digest, header, commands). Before batch '
    '1 stand 32 zero bytes. The header is 80 bytes, numbers big-endian: "BXB2", rules version (4), number, epoch, '
    'first and last sequence, logical time, gap (8 each), state digest (16), length of the commands (8). Under rules '
    'version 1 it begins with "BXB1" and has no gap.';
COMMENT ON COLUMN journal.chain.number IS 'The batch.';
COMMENT ON COLUMN journal.chain.epoch IS 'The leadership under which it was written.';
COMMENT ON COLUMN journal.chain.commands IS 'How many commands it has.';
COMMENT ON COLUMN journal.chain.bytes IS 'How many bytes they are, packed.';
COMMENT ON COLUMN journal.chain.logical_time IS 'The exchange''s time.';
COMMENT ON COLUMN journal.chain.gap_us IS 'Microseconds without a running exchange before it.';
COMMENT ON COLUMN journal.chain.digest IS 'As stored.';
COMMENT ON COLUMN journal.chain.is_linked IS
    'Whether the stored digest is what the row and its predecessor give, dropped (journal.dropped) or not.';
GRANT SELECT ON journal.chain TO bombyx_server, bombyx_auditor;

CREATE VIEW ledger.invariants AS
WITH folded AS (
    SELECT account, sum(debits) AS debits, sum(credits) AS credits
    FROM (
        SELECT debit AS account, amount AS debits, 0 AS credits FROM ledger.transfers
        UNION ALL
        SELECT credit, 0, amount FROM ledger.transfers
    ) AS sides
    GROUP BY account
),
open_bids AS (SELECT * FROM market.orders WHERE close_reason IS NULL AND side = 2),
open_offers AS (SELECT * FROM market.orders WHERE close_reason IS NULL AND side = 1),
open_leases AS (SELECT * FROM market.leases WHERE NOT ended),
held AS (
    SELECT account * 16 + 2 AS account, sum(market.hold_for(price, remaining, maker_bps, taker_bps)) AS amount
    FROM open_bids GROUP BY 1
),
leased AS (
    SELECT buyer * 16 + 3 AS account, sum(market.lease_remainder(locked, price, used, buyer_bps)) AS amount
    FROM open_leases GROUP BY 1
),
traded AS (
    SELECT id, sum(lots) AS lots
    FROM (SELECT bid AS id, lots FROM market.trades UNION ALL SELECT offer, lots FROM market.trades) AS sides
    GROUP BY id
),
-- Pairs of a profile and a class whose best prices cross; few, whatever the number of orders.
crossing AS (
    SELECT b.profile, o.class
    FROM (SELECT profile, max(price) AS price FROM open_bids GROUP BY profile) AS b
        JOIN market.requirement_profiles p ON p.profile = b.profile
        JOIN (SELECT class, min(price) AS price FROM open_offers GROUP BY class) AS o ON o.price <= b.price
        JOIN market.capability_classes c ON c.class = o.class AND c.weight_set = p.weight_set
    WHERE market.is_met(p, c)
)
SELECT name, violations FROM (
    SELECT 1 AS number, 'accounts are the sums of their transfers' AS name, (
        SELECT count(*) FROM ledger.accounts a FULL JOIN folded f USING (account)
        WHERE a.debits IS DISTINCT FROM f.debits OR a.credits IS DISTINCT FROM f.credits
    ) AS violations
    UNION ALL SELECT 2, 'no balance is negative', (SELECT count(*) FROM ledger.accounts WHERE balance < 0)
    UNION ALL SELECT 3, 'debits and credits are equal in all', (
        SELECT count(*) FROM (SELECT sum(debits) AS d, sum(credits) AS c FROM ledger.accounts) AS s WHERE d <> c)
    UNION ALL SELECT 4, 'chain and network_costs equal what is owed', (
        SELECT count(*)
        FROM (SELECT sum(CASE WHEN account IN (1, 4) THEN balance ELSE -balance END) AS difference
            FROM ledger.accounts) AS s
        WHERE difference <> 0)
    UNION ALL SELECT 5, 'held money is what open bids need', (
        SELECT count(*) FROM (SELECT * FROM ledger.accounts WHERE kind = 'held') AS a FULL JOIN held h USING (account)
        WHERE coalesce(a.balance, 0) <> coalesce(h.amount, 0))
    UNION ALL SELECT 6, 'leased money is what open leases keep', (
        SELECT count(*)
        FROM (SELECT * FROM ledger.accounts WHERE kind = 'leased') AS a FULL JOIN leased l USING (account)
        WHERE coalesce(a.balance, 0) <> coalesce(l.amount, 0))
    UNION ALL SELECT 7, 'no order is filled above its quantity: lots = traded + remaining', (
        SELECT count(*) FROM market.orders o FULL JOIN traded t USING (id)
        WHERE o.lots IS DISTINCT FROM o.remaining + coalesce(t.lots, 0))
    UNION ALL SELECT 8, 'an order is filled exactly when nothing remains', (
        SELECT count(*) FROM market.orders
        WHERE (remaining = 0) IS DISTINCT FROM (close_reason IS NOT DISTINCT FROM 1))
    UNION ALL SELECT 9, 'no immediate-or-cancel order rests', (
        SELECT count(*) FROM market.orders WHERE time_in_force = 2 AND close_reason IS NULL)
    UNION ALL SELECT 10, 'every trade is at the maker''s price and within both limits', (
        SELECT count(*)
        FROM market.trades t LEFT JOIN market.orders b ON b.id = t.bid LEFT JOIN market.orders o ON o.id = t.offer
        WHERE (b.price >= t.price AND t.price >= o.price
            AND t.price = CASE t.taker_side WHEN 1 THEN b.price ELSE o.price END) IS NOT TRUE)
    UNION ALL SELECT 11, 'every trade joins a bid and an offer of two owners', (
        SELECT count(*)
        FROM market.trades t LEFT JOIN market.orders b ON b.id = t.bid LEFT JOIN market.orders o ON o.id = t.offer
        WHERE (b.side = 2 AND o.side = 1 AND b.account = t.buyer AND o.account = t.seller
            AND t.buyer <> t.seller) IS NOT TRUE)
    UNION ALL SELECT 12, 'every trade sells a model and a weight set that the bid accepts', (
        SELECT count(*)
        FROM market.trades t JOIN market.orders b ON b.id = t.bid
            LEFT JOIN market.requirement_profiles p USING (profile)
        WHERE (p.weight_set = t.weight_set AND (p.models = '{}' OR t.model = ANY (p.models))) IS NOT TRUE)
    UNION ALL SELECT 13, 'every trade locks its value and the buyer''s fee', (
        SELECT count(*) FROM market.trades
        WHERE locked <> market.value_of(price, lots) + market.part_of(market.value_of(price, lots), buyer_bps))
    UNION ALL SELECT 14, 'every trade has its lease with the same terms', (
        SELECT count(*) FROM market.trades t FULL JOIN market.leases l ON l.lease = t.trade
        WHERE (t.offer = l.offer AND t.buyer = l.buyer AND t.seller = l.worker AND t.price = l.price
            AND t.lots = l.lots AND t.locked = l.locked AND t.buyer_bps = l.buyer_bps
            AND t.seller_bps = l.seller_bps) IS NOT TRUE)
    UNION ALL SELECT 15, 'every trade has one transfer of what it locks', (
        SELECT count(*)
        FROM market.trades t FULL JOIN (SELECT * FROM ledger.transfers WHERE kind = 3) AS m ON m.trade_id = t.trade
        WHERE (m.amount = t.locked AND m.sequence = t.sequence AND m.debit = t.buyer * 16 + 2
            AND m.credit = t.buyer * 16 + 3) IS NOT TRUE)
    UNION ALL SELECT 16, 'usage and fees of a lease are what its tokens cost', (
        SELECT count(*)
        FROM market.leases l
            LEFT JOIN (SELECT trade_id, sum(amount) AS amount FROM ledger.transfers WHERE kind IN (5, 6)
                GROUP BY trade_id) AS m ON m.trade_id = l.lease
        WHERE coalesce(m.amount, 0) <> l.locked - market.lease_remainder(locked, price, used, buyer_bps))
    UNION ALL SELECT 17, 'an offer''s open lots are those of its open leases', (
        SELECT count(*)
        FROM market.orders o
            FULL JOIN (SELECT offer AS id, sum(lots) AS lots FROM open_leases GROUP BY offer) AS l USING (id)
        WHERE o.id IS NULL OR o.side = 1 AND o.open_lots <> coalesce(l.lots, 0))
    UNION ALL SELECT 18, 'no two resting orders could trade with each other', (
        SELECT count(*)
        FROM crossing x JOIN open_bids b ON b.profile = x.profile JOIN open_offers o ON o.class = x.class
        WHERE o.price <= b.price AND o.account <> b.account
            AND (o.max_open_lots IS NULL OR o.open_lots < o.max_open_lots))
    UNION ALL SELECT 19, 'trades are numbered without gaps', (
        SELECT count(*) FROM (SELECT count(*) AS n, max(trade) AS top FROM market.trades) AS t, projection.cursor c
        WHERE t.n <> c.last_trade OR coalesce(t.top, 0) <> c.last_trade)
    UNION ALL SELECT 20, 'batches are numbered without gaps and continue each other', (
        SELECT count(*)
        FROM (SELECT number, first_sequence, last_sequence, logical_time_us, epoch, lag(number) OVER w AS n,
                lag(last_sequence) OVER w AS s, lag(logical_time_us) OVER w AS t, lag(epoch) OVER w AS e
            FROM journal.batches WINDOW w AS (ORDER BY number)) AS b
        -- What was exported and dropped lies behind a checkpoint.
        WHERE CASE WHEN n IS NULL AND number = 1 THEN first_sequence <> 1
            WHEN n IS NULL THEN NOT EXISTS (SELECT FROM journal.dropped d WHERE d.batch = number - 1
                AND d.sequence = first_sequence - 1)
            ELSE number <> n + 1 OR first_sequence <> s + 1 OR logical_time_us < t OR epoch < e END)
    UNION ALL SELECT 21, 'every batch is linked to the one before by its digest', (
        SELECT count(*) FROM journal.chain WHERE NOT is_linked)
    UNION ALL SELECT 22, 'the leader row names the newest batch', (
        SELECT count(*) FROM journal.leader
        WHERE last_batch <> (SELECT coalesce(max(number), 0) FROM journal.batches))
    UNION ALL SELECT 23, 'the tables end with a batch of the journal', (
        SELECT count(*)
        FROM projection.cursor c LEFT JOIN journal.batches b ON b.number = c.batch
        WHERE c.batch <> 0 AND (b.last_sequence = c.sequence AND b.logical_time_us = c.logical_time_us) IS NOT TRUE)
    UNION ALL SELECT 24, 'no row is newer than the cursor', (
        SELECT count(*) FROM projection.cursor c
        WHERE c.sequence < (SELECT coalesce(max(sequence), 0) FROM ledger.transfers)
            OR c.sequence < (SELECT coalesce(max(id), 0) FROM market.orders)
            OR c.sequence < (SELECT coalesce(max(last_sequence), 0) FROM market.orders)
            OR c.sequence < (SELECT coalesce(max(sequence), 0) FROM projection.requests))
) AS rules
ORDER BY number;
COMMENT ON VIEW ledger.invariants IS
    'Every rule that money, orders and journal obey, with the number of its violations: each must be 0. Reads '
    'everything; run it on a replica or when it is quiet.';
COMMENT ON COLUMN ledger.invariants.name IS 'The rule.';
COMMENT ON COLUMN ledger.invariants.violations IS 'How many rows break it.';

GRANT SELECT ON ledger.invariants TO bombyx_server, bombyx_auditor;
