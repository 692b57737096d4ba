-- Each row of the view is one rule and the number of its violations; all of them are zero, always. The tables show the
-- state as of projection.cursor, which is the end of a batch, so no rule needs to allow for work in progress.

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
        FROM (SELECT *, lag(number) OVER w AS n, lag(last_sequence) OVER w AS s, lag(logical_time_us) OVER w AS t,
                lag(epoch) OVER w AS e
            FROM journal.batches WINDOW w AS (ORDER BY number)) AS b
        WHERE CASE WHEN n IS NULL THEN number <> 1 OR first_sequence <> 1
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
