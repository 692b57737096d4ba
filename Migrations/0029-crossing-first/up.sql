-- The rule that no two resting orders could trade first finds the pairs of a profile and a class whose best prices cross,
-- and then looks at their orders. Left to itself, the planner sometimes compared every bid with every offer first.

CREATE OR REPLACE VIEW ledger.trading_invariants AS
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
-- Orders that have lots for a fill, whoever is on the other side. Offers whose worker has leased what it can carry
-- have none, and there may be as many of them as there are workers.
ready_bids AS (
    SELECT * FROM (SELECT *, least(remaining, displayed) AS ready FROM open_bids) AS b
    WHERE ready > 0 AND ready >= market.least_fill(remaining, min_lots, flags)
),
ready_offers AS (
    SELECT * FROM (SELECT *, least(remaining, displayed, max_open_lots - open_lots) AS ready FROM open_offers) AS o
    WHERE ready > 0 AND ready >= market.least_fill(remaining, min_lots, flags)
),
-- Pairs of a profile and a class whose best prices cross; few, whatever the number of orders.
crossing AS MATERIALIZED (
    SELECT b.profile, o.class
    FROM (SELECT profile, max(price) AS price FROM ready_bids GROUP BY profile) AS b
        JOIN market.requirement_profiles p ON p.profile = b.profile
        JOIN (SELECT class, min(price) AS price FROM ready_offers GROUP BY class) AS o ON o.price <= b.price
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
    -- Of an order from before version 4 of the rules it is not known by how much it was lowered without a trade.
    UNION ALL SELECT 7, 'no order is filled above its quantity: lots = traded + lowered + remaining', (
        SELECT count(*) FROM market.orders o FULL JOIN traded t USING (id)
            CROSS JOIN LATERAL (
                SELECT o.lots - o.remaining - coalesce(o.lowered_lots, 0) - coalesce(t.lots, 0) AS lots
            ) AS missing
        WHERE (missing.lots = 0 OR missing.lots > 0 AND o.id <= market.lowered_since()) IS NOT TRUE)
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
        FROM crossing x JOIN ready_bids b ON b.profile = x.profile JOIN ready_offers o ON o.class = x.class
            JOIN market.capability_classes k ON k.class = o.class
            JOIN market.accounts v ON v.account = b.account JOIN market.accounts w ON w.account = o.account
            CROSS JOIN projection.cursor c
            CROSS JOIN LATERAL (SELECT least(b.ready, o.ready) AS lots) AS fill
        WHERE o.price <= b.price AND b.account <> o.account
            AND o.account <> ALL (coalesce(b.avoided, '{}'))
            AND (v.self_trade_group = 0 OR v.self_trade_group <> w.self_trade_group)
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
    UNION ALL SELECT 60, 'what a lease earned its worker is its tokens'' cost less the worker''s fee', (
        SELECT count(*)
        FROM market.leases l
            LEFT JOIN (SELECT trade_id, sum(amount) AS amount FROM ledger.transfers WHERE kind = 5 GROUP BY trade_id)
                AS m ON m.trade_id = l.lease
        WHERE coalesce(m.amount, 0) <> market.cost_of(l.price, l.used)
            - market.part_of(market.cost_of(l.price, l.used), l.seller_bps))
    UNION ALL SELECT 61, 'no claim is more than a step above what was countersigned', (
        SELECT count(*)
        FROM open_leases l JOIN market.receipts k ON k.index = l.claim
            LEFT JOIN market.receipts c ON c.index = l.countersigned
        WHERE k.adjusted > coalesce(c.adjusted, 0) + l.step)
    UNION ALL SELECT 62, 'what was countersigned is charged', (
        SELECT count(*) FROM market.leases l JOIN market.receipts c ON c.index = l.countersigned
        WHERE c.adjusted > l.used)
    UNION ALL SELECT 63, 'the log has a leaf for each receipt, equivocation and statement, without gaps', (
        SELECT count(*)
        FROM (SELECT (SELECT count(*) FROM log.leaves) AS leaves,
                (SELECT coalesce(max(index) + 1, 0) FROM log.leaves) AS size,
                (SELECT count(*) FROM market.receipts) + (SELECT count(*) FROM market.equivocations)
                    + (SELECT count(*) FROM log.statements) AS recorded
            ) AS n
        WHERE leaves <> size OR leaves <> recorded)
    UNION ALL SELECT 64, 'a lease has ended exactly when it has a reason', (
        SELECT count(*) FROM market.leases WHERE ended <> (end_reason IS NOT NULL))
    UNION ALL SELECT 65, 'every statement is what its leaf commits to', (
        SELECT count(*) FROM log.statements s LEFT JOIN log.leaves l USING (index)
        WHERE (l.kind = s.kind AND substring(l.entry FROM 20) = sha256(s.body)) IS NOT TRUE)
    UNION ALL SELECT 66, 'a lease tops up an older one of the same app and worker', (
        SELECT count(*) FROM market.leases t LEFT JOIN market.leases l ON l.lease = t.tops_up
        WHERE t.tops_up IS NOT NULL AND (l.lease < t.lease AND l.buyer = t.buyer AND l.worker = t.worker
            AND l.model = t.model) IS NOT TRUE)
) AS rules
ORDER BY number;

COMMENT ON VIEW ledger.trading_invariants IS 'The rules of ledger.invariants but those of settlement.';
