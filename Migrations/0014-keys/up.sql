-- What becomes of keys: revocation, networks, budgets; and the audit log of operators.

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 60, 'key_revoked'), ('rejection', 61, 'key_order_limit'), ('rejection', 62, 'key_day_limit'),
    ('rejection', 63, 'key_total_limit'), ('rejection', 64, 'key_limit'), ('rejection', 65, 'key_is_limited'),
    ('rejection', 66, 'key_scope'), ('rejection', 67, 'last_operator_key'),
    ('audit_action', 1, 'create_account'), ('audit_action', 2, 'create_key'), ('audit_action', 3, 'revoke_key'),
    ('audit_action', 4, 'set_key_limits'), ('audit_action', 5, 'deposit'), ('audit_action', 6, 'set_model'),
    ('audit_action', 7, 'set_attestation'), ('audit_action', 8, 'set_fees'), ('audit_action', 9, 'report_usage'),
    ('audit_action', 10, 'end_lease'), ('audit_action', 11, 'set_halt'), ('audit_action', 12, 'set_price_band'),
    ('audit_action', 13, 'set_account_limits'), ('audit_action', 14, 'announce_fees'),
    ('audit_action', 15, 'set_measurement');

CREATE TABLE market.key_standings (
    key bigint PRIMARY KEY,
    made_by bigint,
    revoked_at timestamptz,
    order_budget bigint CHECK (order_budget >= 0),
    day_budget bigint CHECK (day_budget >= 0),
    total_budget bigint CHECK (total_budget >= 0),
    networks text[] NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX key_standings_sequence ON market.key_standings (sequence);
COMMENT ON TABLE market.key_standings IS
    'What became of keys: those that were revoked, limited, or made by another key. A key without a row is in force.';
COMMENT ON COLUMN market.key_standings.key IS 'The key (market.keys).';
COMMENT ON COLUMN market.key_standings.made_by IS
    'The key that made it and with which it is revoked; null when the operator did.';
COMMENT ON COLUMN market.key_standings.revoked_at IS
    'The exchange''s time; from then on the key is refused. Null while it is in force.';
COMMENT ON COLUMN market.key_standings.order_budget IS 'nanoTON that one bid may hold; null for no limit.';
COMMENT ON COLUMN market.key_standings.day_budget IS
    'nanoTON that the bids accepted on one UTC day may hold or have spent; null for no limit.';
COMMENT ON COLUMN market.key_standings.total_budget IS
    'nanoTON that all bids together may hold or have spent; null for no limit.';
COMMENT ON COLUMN market.key_standings.networks IS 'Where requests may come from; empty for everywhere.';
COMMENT ON COLUMN market.key_standings.sequence IS 'The last command that changed it.';

CREATE TABLE market.key_spendings (
    key bigint PRIMARY KEY,
    day bigint NOT NULL,
    on_day bigint NOT NULL CHECK (on_day >= 0),
    total bigint NOT NULL CHECK (total >= on_day),
    sequence bigint NOT NULL
);
COMMENT ON TABLE market.key_spendings IS
    'What counts towards the budgets of keys: holds of bids since the first budget, less what was released of them.';
COMMENT ON COLUMN market.key_spendings.key IS 'The key (market.keys).';
COMMENT ON COLUMN market.key_spendings.day IS 'The last UTC day on which something was counted, in days since 1970.';
COMMENT ON COLUMN market.key_spendings.on_day IS 'nanoTON of the bids that were accepted on that day.';
COMMENT ON COLUMN market.key_spendings.total IS 'nanoTON of all bids.';
COMMENT ON COLUMN market.key_spendings.sequence IS 'The last command that changed it.';

CREATE TABLE market.budgeted_orders (
    id bigint PRIMARY KEY,
    key bigint NOT NULL
);
COMMENT ON TABLE market.budgeted_orders IS 'Bids that count, or counted, towards the budgets of the key that placed them.';
COMMENT ON COLUMN market.budgeted_orders.id IS 'The bid (market.orders).';
COMMENT ON COLUMN market.budgeted_orders.key IS 'The key (market.keys).';

CREATE TABLE market.audit (
    sequence bigint PRIMARY KEY,
    account bigint NOT NULL,
    key bigint NOT NULL,
    action smallint NOT NULL,
    target text NOT NULL,
    rejection integer,
    at timestamptz NOT NULL
);
COMMENT ON TABLE market.audit IS
    'Every command of an operator''s key that runs the exchange, carried out or refused. Nothing in it ever changes.';
COMMENT ON COLUMN market.audit.sequence IS 'The command.';
COMMENT ON COLUMN market.audit.account IS 'Whose key gave it.';
COMMENT ON COLUMN market.audit.key IS 'The key (market.keys).';
COMMENT ON COLUMN market.audit.action IS 'What it was to do (market.codes, audit_action).';
COMMENT ON COLUMN market.audit.target IS 'What it was done to, as the interface names it; empty when that says nothing.';
COMMENT ON COLUMN market.audit.rejection IS 'Why it was refused (market.codes, rejection); null when it was carried out.';
COMMENT ON COLUMN market.audit.at IS 'The exchange''s time.';

CREATE VIEW market.audit_log AS
SELECT a.sequence, a.at, 'a' || a.account AS account, 'k' || a.key AS key, k.label AS key_label,
    market.code_name('audit_action', a.action) AS action, a.target,
    market.code_name('rejection', a.rejection) AS rejection
FROM market.audit a LEFT JOIN market.keys k ON k.key = a.key;
COMMENT ON VIEW market.audit_log IS 'The audit log in words: what operators did, and what they were refused.';
COMMENT ON COLUMN market.audit_log.sequence IS 'The command.';
COMMENT ON COLUMN market.audit_log.at IS 'The exchange''s time.';
COMMENT ON COLUMN market.audit_log.account IS 'Whose key gave it, as the interface names it.';
COMMENT ON COLUMN market.audit_log.key IS 'The key, as the interface names it.';
COMMENT ON COLUMN market.audit_log.key_label IS 'What people call the key.';
COMMENT ON COLUMN market.audit_log.action IS 'What it was to do.';
COMMENT ON COLUMN market.audit_log.target IS 'What it was done to; empty when that says nothing.';
COMMENT ON COLUMN market.audit_log.rejection IS 'Why it was refused; null when it was carried out.';

GRANT SELECT, INSERT, UPDATE ON market.key_standings, market.key_spendings TO bombyx_server;
GRANT SELECT, INSERT ON market.budgeted_orders, market.audit TO bombyx_server;
