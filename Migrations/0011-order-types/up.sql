-- Order types, amendments, mass operations and market control. What only few orders have is null in all others, and
-- costs them nothing.

INSERT INTO market.codes (field, code, name) VALUES
    ('time_in_force', 3, 'gtd'), ('time_in_force', 4, 'fok'),
    ('close_reason', 7, 'expired'), ('close_reason', 8, 'cancel_after'), ('close_reason', 9, 'disconnected'),
    ('self_trade_prevention', 0, 'cancel_newest'), ('self_trade_prevention', 1, 'cancel_oldest'),
    ('self_trade_prevention', 2, 'cancel_both'), ('self_trade_prevention', 3, 'decrement'),
    ('order_flag', 0, 'post_only'), ('order_flag', 1, 'all_or_none'),
    ('mass_operation', 1, 'cancel'), ('mass_operation', 2, 'cancel_after'), ('mass_operation', 3, 'disconnect'),
    ('mass_operation', 4, 'resume'),
    ('rejection', 14, 'no_price_band'), ('rejection', 15, 'price_outside_band'), ('rejection', 50, 'quantity_filled'),
    ('rejection', 51, 'expiry_not_amendable'), ('rejection', 52, 'notice_too_short'),
    ('rejection', 53, 'operation_limit');

-- Orders -----------------------------------------------------------------------------------------------------------

ALTER TABLE market.orders
    ADD COLUMN expires_at timestamptz,
    ADD COLUMN min_lots bigint CHECK (min_lots > 0),
    ADD COLUMN display_lots bigint CHECK (display_lots > 0),
    ADD COLUMN displayed bigint CHECK (displayed > 0),
    ADD COLUMN quality_credit bigint CHECK (quality_credit > 0),
    ADD COLUMN priority bigint CHECK (priority <> id * 65536),
    ADD COLUMN flags smallint CHECK (flags > 0),
    ADD COLUMN self_trade smallint CHECK (self_trade > 0);
COMMENT ON COLUMN market.orders.lots IS
    'Quantity in lots of 1,000 adjusted tokens, as placed or last amended; what is filled is part of it.';
COMMENT ON COLUMN market.orders.remaining IS
    'Lots not traded, nor taken away by self-trade prevention; of a closed order what was left when it closed.';
COMMENT ON COLUMN market.orders.expires_at IS 'Of a gtd order: from then on it never fills; null for all others.';
COMMENT ON COLUMN market.orders.min_lots IS 'Least fill while more than this is left; null for none.';
COMMENT ON COLUMN market.orders.display_lots IS 'Of an iceberg: the part that is shown at once; null for any other.';
COMMENT ON COLUMN market.orders.displayed IS 'Of an iceberg that rests or rested: what is left of the shown part.';
COMMENT ON COLUMN market.orders.quality_credit IS
    'Of a bid: nanoTON per 1,000,000 tokens by which each point of quality makes an offer better; null for none.';
COMMENT ON COLUMN market.orders.priority IS
    'Where it stands among the orders of its price: command * 65536 + place within it. Null where it was placed: '
    'id * 65536.';
COMMENT ON COLUMN market.orders.flags IS 'Bits (market.codes, order_flag); null for none.';
COMMENT ON COLUMN market.orders.self_trade IS
    'What happens when it meets an order of its owner (market.codes, self_trade_prevention); null for 0.';

CREATE FUNCTION market.least_fill(remaining bigint, min_lots bigint, flags smallint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN coalesce(flags, 0) & 2 <> 0 THEN remaining ELSE least(remaining, coalesce(min_lots, 0)) END
$$;
COMMENT ON FUNCTION market.least_fill(bigint, bigint, smallint) IS
    'The least fill that a resting order takes: all of it when it is all or none.';

-- Buyers -----------------------------------------------------------------------------------------------------------

ALTER TABLE market.capability_classes
    ADD COLUMN allowed bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN denied bigint[] NOT NULL DEFAULT '{}',
    ADD COLUMN minimum_deposit bigint NOT NULL DEFAULT 0;
ALTER TABLE market.capability_classes ALTER COLUMN allowed DROP DEFAULT, ALTER COLUMN denied DROP DEFAULT,
    ALTER COLUMN minimum_deposit DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.allowed IS 'Only these accounts may buy; empty for anyone.';
COMMENT ON COLUMN market.capability_classes.denied IS 'These accounts may not buy.';
COMMENT ON COLUMN market.capability_classes.minimum_deposit IS
    'Least money of a buyer, available and held, in nanoTON; 0 for none.';

-- Accounts ---------------------------------------------------------------------------------------------------------

ALTER TABLE market.accounts
    ADD COLUMN offer_lots_max bigint CHECK (offer_lots_max > 0),
    ADD COLUMN self_trade_group bigint NOT NULL DEFAULT 0,
    ADD COLUMN closed boolean NOT NULL DEFAULT false,
    ADD COLUMN cancel_after timestamptz,
    ADD COLUMN cancel_on_disconnect boolean NOT NULL DEFAULT false;
ALTER TABLE market.accounts ALTER COLUMN self_trade_group DROP DEFAULT, ALTER COLUMN closed DROP DEFAULT,
    ALTER COLUMN cancel_on_disconnect DROP DEFAULT;
COMMENT ON COLUMN market.accounts.offer_lots_max IS
    'Most lots of each of its offers that may be leased at once; null for no limit.';
COMMENT ON COLUMN market.accounts.self_trade_group IS
    'Accounts of one group do not trade with each other; 0 for an account on its own.';
COMMENT ON COLUMN market.accounts.closed IS 'It places and amends nothing; it may still cancel and read.';
COMMENT ON COLUMN market.accounts.cancel_after IS
    'When its dead-man switch cancels all of its orders; null while it is off.';
COMMENT ON COLUMN market.accounts.cancel_on_disconnect IS 'Whether the end of its stream cancels all of its orders.';

-- Market control ---------------------------------------------------------------------------------------------------

CREATE TABLE market.controls (
    model bigint PRIMARY KEY,
    halted boolean NOT NULL,
    low bigint,
    high bigint,
    sequence bigint NOT NULL,
    CHECK (halted OR low IS NOT NULL),
    CHECK ((low IS NULL) = (high IS NULL) AND low <= high)
);
COMMENT ON TABLE market.controls IS 'Where the operator holds the market in check: halts and price bands.';
COMMENT ON COLUMN market.controls.model IS 'The model (market.models); 0 for the whole market.';
COMMENT ON COLUMN market.controls.halted IS 'Nothing of it trades.';
COMMENT ON COLUMN market.controls.low IS 'Offers must not be below; nanoTON per 1,000,000 tokens. Null without a band.';
COMMENT ON COLUMN market.controls.high IS 'Bids must not be above; nanoTON per 1,000,000 tokens. Null without a band.';
COMMENT ON COLUMN market.controls.sequence IS 'The last command that changed it.';

CREATE TABLE market.mass_operations (
    sequence bigint NOT NULL,
    account bigint NOT NULL,
    kind smallint NOT NULL,
    side smallint,
    model bigint,
    profile bigint,
    cursor bigint NOT NULL,
    ordinal integer NOT NULL,
    PRIMARY KEY (sequence, account)
);
COMMENT ON TABLE market.mass_operations IS
    'What concerns more orders than one command may visit, and is still under way. Orders that it has before it do '
    'not fill.';
COMMENT ON COLUMN market.mass_operations.sequence IS 'The command that began it.';
COMMENT ON COLUMN market.mass_operations.account IS 'Whose orders are cancelled; 0 for a resumption.';
COMMENT ON COLUMN market.mass_operations.kind IS '(market.codes, mass_operation)';
COMMENT ON COLUMN market.mass_operations.side IS 'Only this side (market.codes, side); null for both.';
COMMENT ON COLUMN market.mass_operations.model IS 'Only this model, or what resumes; 0 for the whole market.';
COMMENT ON COLUMN market.mass_operations.profile IS 'Only what meets this profile; null for all.';
COMMENT ON COLUMN market.mass_operations.cursor IS 'It goes on behind this order; a resumption behind this priority.';
COMMENT ON COLUMN market.mass_operations.ordinal IS
    'Place among the events of the command that began it: what began first goes on first.';

CREATE TABLE market.fee_notice (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    maker_bps integer NOT NULL,
    taker_bps integer NOT NULL,
    minimum_notional bigint NOT NULL,
    effective_at timestamptz NOT NULL
);
COMMENT ON TABLE market.fee_notice IS 'The fee schedule that was announced and is not in force yet, if there is one.';
COMMENT ON COLUMN market.fee_notice.only_row IS 'There is one row at most.';
COMMENT ON COLUMN market.fee_notice.maker_bps IS 'As in market.fees.';
COMMENT ON COLUMN market.fee_notice.taker_bps IS 'As in market.fees.';
COMMENT ON COLUMN market.fee_notice.minimum_notional IS 'As in market.fees.';
COMMENT ON COLUMN market.fee_notice.effective_at IS 'The exchange''s time from which it is in force.';

GRANT UPDATE ON market.accounts TO bombyx_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON market.controls, market.mass_operations, market.fee_notice TO bombyx_server;
GRANT SELECT ON market.controls, market.mass_operations, market.fee_notice TO bombyx_auditor;

-- Rules ------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW ledger.invariants AS
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
    -- Only a taker that lowers both sides (self-trade prevention, decrement) takes lots away without a trade.
    UNION ALL SELECT 7, 'no order is filled above its quantity: lots = traded + remaining', (
        SELECT count(*) FROM market.orders o FULL JOIN traded t USING (id)
            CROSS JOIN (SELECT EXISTS (SELECT FROM market.orders WHERE self_trade = 3) AS is_lowered) AS h
        WHERE (o.lots >= o.remaining + coalesce(t.lots, 0)
            AND (o.lots = o.remaining + coalesce(t.lots, 0) OR h.is_lowered)) IS NOT TRUE)
    UNION ALL SELECT 8, 'an order is filled exactly when nothing remains', (
        SELECT count(*) FROM market.orders
        WHERE (remaining = 0) IS DISTINCT FROM (close_reason IS NOT DISTINCT FROM 1))
    UNION ALL SELECT 9, 'no immediate-or-cancel or fill-or-kill order rests', (
        SELECT count(*) FROM market.orders WHERE time_in_force IN (2, 4) AND close_reason IS NULL)
    UNION ALL SELECT 10, 'every trade is at the maker''s price and within both limits', (
        SELECT count(*)
        FROM market.trades t LEFT JOIN market.orders b ON b.id = t.bid LEFT JOIN market.orders o ON o.id = t.offer
        -- What an order's limit was before it got the place that it has, is not in its row.
        WHERE ((b.price >= t.price AND (t.taker_side = 2 OR b.price = t.price) OR t.sequence < b.priority >> 16)
            AND (o.price <= t.price AND (t.taker_side = 1 OR o.price = t.price) OR t.sequence < o.priority >> 16))
            IS NOT TRUE)
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
            JOIN market.capability_classes k ON k.class = o.class
            JOIN market.accounts v ON v.account = b.account JOIN market.accounts w ON w.account = o.account
            CROSS JOIN projection.cursor c
            CROSS JOIN LATERAL (SELECT least(b.remaining, b.displayed, o.remaining, o.displayed,
                o.max_open_lots - o.open_lots) AS lots) AS fill
        WHERE o.price <= b.price AND b.account <> o.account
            AND (v.self_trade_group = 0 OR v.self_trade_group <> w.self_trade_group)
            AND fill.lots > 0
            AND fill.lots >= market.least_fill(b.remaining, b.min_lots, b.flags)
            AND fill.lots >= market.least_fill(o.remaining, o.min_lots, o.flags)
            -- A deposit is judged when one of the two comes; money may have come later.
            AND (k.allowed = '{}' OR b.account = ANY (k.allowed)) AND b.account <> ALL (k.denied)
            AND k.minimum_deposit = 0
            -- What is due, halted, or is being cancelled or resumed in several steps trades with nobody.
            AND coalesce(extract(epoch FROM b.expires_at) * 1000000 > c.logical_time_us, true)
            AND coalesce(extract(epoch FROM o.expires_at) * 1000000 > c.logical_time_us, true)
            AND NOT EXISTS (SELECT FROM market.controls h WHERE h.halted AND h.model IN (0, k.model))
            AND NOT EXISTS (SELECT FROM market.mass_operations m
                WHERE m.kind = 4 AND m.model IN (0, k.model) OR m.account IN (b.account, o.account)))
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
