-- Anchors: the log's root on the chain.

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 153, 'nothing_to_anchor'),
    ('rejection', 154, 'anchor_under_way'),
    ('audit_action', 45, 'set_anchor_policy'),
    ('audit_action', 46, 'request_anchor'),
    ('anchor_state', 1, 'planned'),
    ('anchor_state', 2, 'sent'),
    ('anchor_state', 3, 'confirmed'),
    ('anchor_state', 4, 'lost');

CREATE TABLE settlement.anchor_policies (
    sequence bigint PRIMARY KEY,
    enabled boolean NOT NULL,
    interval_us bigint NOT NULL CHECK (interval_us > 0),
    amount bigint NOT NULL CHECK (amount > 0),
    at timestamptz NOT NULL
);
COMMENT ON TABLE settlement.anchor_policies IS 'When the log is anchored; the newest row holds.';
COMMENT ON COLUMN settlement.anchor_policies.sequence IS 'The command that set it.';
COMMENT ON COLUMN settlement.anchor_policies.enabled IS 'Whether it is anchored without being asked for.';
COMMENT ON COLUMN settlement.anchor_policies.interval_us IS 'Microseconds from one anchor to the next.';
COMMENT ON COLUMN settlement.anchor_policies.amount IS 'What the wallet sends itself with one, in nanoTON.';
COMMENT ON COLUMN settlement.anchor_policies.at IS 'The exchange''s time.';

CREATE TABLE settlement.anchor_requests (
    sequence bigint PRIMARY KEY
);
COMMENT ON TABLE settlement.anchor_requests IS
    'When the operator asked for an anchor before its time. One behind the newest confirmed anchor still waits.';
COMMENT ON COLUMN settlement.anchor_requests.sequence IS 'The command that asked.';

CREATE TABLE settlement.anchors (
    batch bigint PRIMARY KEY,
    wallet bigint NOT NULL,
    origin bytea NOT NULL CHECK (length(origin) = 32),
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    amount bigint NOT NULL CHECK (amount > 0),
    planned_at timestamptz NOT NULL,
    state smallint NOT NULL,
    message bytea,
    logical_time bigint,
    hash bytea,
    block bigint NOT NULL,
    time_s bigint NOT NULL
);
CREATE INDEX anchors_by_size ON settlement.anchors (size) WHERE state = 3;
COMMENT ON TABLE settlement.anchors IS
    'Roots of the log that went to the chain, each as a message of a wallet to itself.';
COMMENT ON COLUMN settlement.anchors.batch IS 'The batch that carried it.';
COMMENT ON COLUMN settlement.anchors.wallet IS 'The wallet.';
COMMENT ON COLUMN settlement.anchors.origin IS 'SHA-256 of the log''s name.';
COMMENT ON COLUMN settlement.anchors.size IS 'Leaves of the log.';
COMMENT ON COLUMN settlement.anchors.root IS 'Its root with these leaves.';
COMMENT ON COLUMN settlement.anchors.amount IS 'What went with it, in nanoTON; the wallet has it again, less the gas.';
COMMENT ON COLUMN settlement.anchors.planned_at IS 'The exchange''s time.';
COMMENT ON COLUMN settlement.anchors.state IS 'See market.codes, anchor_state.';
COMMENT ON COLUMN settlement.anchors.message IS 'Hash of the message; null before it was sent.';
COMMENT ON COLUMN settlement.anchors.logical_time IS 'Of the transaction that received it; null before.';
COMMENT ON COLUMN settlement.anchors.hash IS 'Of that transaction; null before.';
COMMENT ON COLUMN settlement.anchors.block IS 'Block of the masterchain with which that is final; 0 before.';
COMMENT ON COLUMN settlement.anchors.time_s IS 'The chain''s clock then, in seconds since 1970; 0 before.';

GRANT SELECT, INSERT, UPDATE ON settlement.anchor_policies, settlement.anchor_requests, settlement.anchors
    TO bombyx_server;
GRANT SELECT ON settlement.anchor_policies, settlement.anchor_requests, settlement.anchors TO bombyx_auditor;

CREATE VIEW settlement.anchored AS
SELECT 's' || a.batch AS batch, a.size, encode(a.root, 'hex') AS root, a.logical_time, encode(a.hash, 'hex') AS hash,
    encode(w.address, 'hex') AS wallet, to_timestamp(a.time_s) AS at
FROM settlement.anchors a JOIN settlement.wallets w USING (wallet) WHERE a.state = 3;
COMMENT ON VIEW settlement.anchored IS 'Where the log is anchored on the chain.';
COMMENT ON COLUMN settlement.anchored.batch IS 'The batch that carried it, as the interface names it.';
COMMENT ON COLUMN settlement.anchored.size IS 'Leaves of the log.';
COMMENT ON COLUMN settlement.anchored.root IS 'Its root with these leaves, in hexadecimal digits.';
COMMENT ON COLUMN settlement.anchored.logical_time IS 'Of the transaction that received it.';
COMMENT ON COLUMN settlement.anchored.hash IS 'Of that transaction, in hexadecimal digits.';
COMMENT ON COLUMN settlement.anchored.wallet IS 'The wallet''s address in the base chain, in hexadecimal digits.';
COMMENT ON COLUMN settlement.anchored.at IS 'By the chain''s clock.';
GRANT SELECT ON settlement.anchored TO bombyx_server, bombyx_auditor;

CREATE OR REPLACE VIEW ledger.invariants AS
SELECT name, violations FROM ledger.trading_invariants
UNION ALL
SELECT name, violations FROM (
    SELECT 80 AS number, 'money in settlement is that of withdrawals and open payouts' AS name, (
        SELECT count(*)
        FROM (SELECT * FROM ledger.accounts WHERE kind = 'in_settlement') AS a
            FULL JOIN (
                SELECT account * 16 + 5 AS account, sum(amount) AS amount FROM (
                    SELECT account, amount FROM settlement.withdrawals WHERE state = 1
                    UNION ALL SELECT account, amount + fee FROM settlement.payouts WHERE state = 1
                ) AS owed GROUP BY 1) AS o USING (account)
        WHERE coalesce(a.balance, 0) <> coalesce(o.amount, 0)) AS violations
    UNION ALL SELECT 81, 'the money of nobody is the sum of its entries', (
        SELECT count(*) FROM (SELECT coalesce(sum(balance), 0) AS balance FROM ledger.accounts WHERE account = 3) AS a,
            (SELECT coalesce(sum(amount), 0) AS amount FROM settlement.suspense WHERE assigned_to IS NULL) AS s
        WHERE a.balance <> s.amount)
    UNION ALL SELECT 82, 'wallets and what was booked by hand are what the ledger says that the chain has', (
        SELECT count(*) FROM settlement.reconciliation WHERE difference <> 0)
    UNION ALL SELECT 83, 'every payout that is paid was sent by the transaction of its batch', (
        SELECT count(*)
        FROM settlement.payouts p JOIN settlement.batches b ON b.id = p.batch
            LEFT JOIN settlement.wallet_transactions t ON t.wallet = b.wallet
                AND t.logical_time = b.inside_logical_time
        WHERE p.state IN (2, 4) AND (t.sent_amounts[p.index + 1] = p.amount
            AND substring(t.sent_messages FROM 1 + 32 * p.index::integer FOR 32) = p.message
            AND substring(t.sent_addresses FROM 1 + 32 * p.index::integer FOR 32) = p.address) IS NOT TRUE)
    UNION ALL SELECT 84, 'every message of a batch that is paid is a payout, or its anchor', (
        SELECT count(*)
        FROM settlement.batches b
            LEFT JOIN settlement.wallet_transactions t ON t.wallet = b.wallet
                AND t.logical_time = b.inside_logical_time
        WHERE b.phase = 'confirmed' AND cardinality(t.sent_amounts) IS DISTINCT FROM
            (SELECT count(*) FROM settlement.payouts p WHERE p.batch = b.id AND p.state IN (2, 4))
            + (SELECT count(*) FROM settlement.anchors a WHERE a.batch = b.id AND a.state IN (2, 3)))
    UNION ALL SELECT 85, 'a payout waits for a verdict as long as its batch does', (
        SELECT count(*) FROM settlement.payouts p LEFT JOIN settlement.batches b ON b.id = p.batch
        WHERE (p.state = 1) IS DISTINCT FROM (b.phase IN ('signed', 'accepted'))
            AND b.phase IS DISTINCT FROM 'contested')
    UNION ALL SELECT 86, 'a withdrawal is paid once, or not at all', (
        SELECT count(*)
        FROM settlement.withdrawals w LEFT JOIN (
            SELECT withdrawal, count(*) FILTER (WHERE state IN (2, 4)) AS paid,
                count(*) FILTER (WHERE state = 1) AS open
            FROM settlement.payouts GROUP BY 1) AS p ON p.withdrawal = w.id
        WHERE coalesce(p.paid, 0) <> CASE WHEN w.state = 3 THEN 1 ELSE 0 END
            OR coalesce(p.open, 0) <> CASE WHEN w.state = 2 THEN 1 ELSE 0 END)
    UNION ALL SELECT 87, 'the transactions of a wallet follow each other without gaps', (
        SELECT count(*)
        FROM (SELECT t.*, lag(logical_time) OVER w AS last, lag(hash) OVER w AS last_hash
            FROM settlement.wallet_transactions t WINDOW w AS (PARTITION BY wallet ORDER BY logical_time)) AS t
            JOIN settlement.wallets w USING (wallet)
        WHERE t.previous_logical_time <> coalesce(t.last, w.start_logical_time)
            OR t.previous_hash <> coalesce(t.last_hash, w.start_hash))
    UNION ALL SELECT 88, 'a wallet ends with its last transaction', (
        SELECT count(*)
        FROM settlement.wallets w LEFT JOIN LATERAL (SELECT logical_time, hash, balance
            FROM settlement.wallet_transactions t WHERE t.wallet = w.wallet
            ORDER BY logical_time DESC LIMIT 1) AS t ON true
        WHERE w.last_logical_time <> coalesce(t.logical_time, w.start_logical_time)
            OR w.last_hash <> coalesce(t.hash, w.start_hash) OR w.balance <> coalesce(t.balance, w.start_balance))
    UNION ALL SELECT 89, 'an anchor that was sent is the last message of its batch, from the wallet to itself', (
        SELECT count(*)
        FROM settlement.anchors a LEFT JOIN settlement.batches b ON b.id = a.batch
            LEFT JOIN settlement.wallets w ON w.wallet = a.wallet
            LEFT JOIN settlement.wallet_transactions t ON t.wallet = b.wallet
                AND t.logical_time = b.inside_logical_time
        WHERE a.state IN (2, 3) AND (a.wallet = b.wallet AND b.phase IN ('confirmed', 'contested')
            AND t.sent_amounts[cardinality(t.sent_amounts)] = a.amount
            AND substring(t.sent_messages FROM length(t.sent_messages) - 31) = a.message
            AND substring(t.sent_addresses FROM length(t.sent_addresses) - 31) = w.address) IS NOT TRUE)
    UNION ALL SELECT 90, 'an anchor is confirmed by the transaction that received it', (
        SELECT count(*)
        FROM settlement.anchors a LEFT JOIN settlement.wallet_transactions t ON t.wallet = a.wallet
            AND t.logical_time = a.logical_time
        WHERE (a.state = 3) <> coalesce(t.hash = a.hash AND t.incoming = 2 AND t.message = a.message
            AND t.amount = a.amount AND t.time_s = a.time_s AND t.block = a.block, false))
    UNION ALL SELECT 91, 'anchors are of a log that only grew, one after the other', (
        SELECT count(*)
        FROM (SELECT size, lag(size) OVER (ORDER BY batch) AS earlier
            FROM settlement.anchors WHERE state = 3) AS a
        WHERE size <= earlier OR size > (SELECT count(*) FROM log.leaves))
    UNION ALL SELECT 92, 'one anchor at a time is under way, with a batch that has no verdict or sent it', (
        SELECT greatest(count(*) FILTER (WHERE a.state IN (1, 2)) - 1, 0) + count(*) FILTER (WHERE
            CASE a.state WHEN 1 THEN b.phase IN ('signed', 'accepted') WHEN 4 THEN b.phase NOT IN
                ('signed', 'accepted', 'confirmed') ELSE b.phase IN ('confirmed', 'contested') END IS NOT TRUE)
        FROM settlement.anchors a LEFT JOIN settlement.batches b ON b.id = a.batch)
) AS rules;
COMMENT ON VIEW ledger.invariants IS
    'Every rule that money, orders, deliveries, settlement, anchors and journal obey, with the number of its '
    'violations: each must be 0. Reads everything; run it on a replica or when it is quiet.';
COMMENT ON COLUMN ledger.invariants.name IS 'The rule.';
COMMENT ON COLUMN ledger.invariants.violations IS 'How many rows break it.';
