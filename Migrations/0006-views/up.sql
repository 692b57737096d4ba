-- Arithmetic of ENGINE's money table, exact and rounded down --------------------------------------------------------

CREATE FUNCTION market.value_of(price bigint, lots bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT price / 1000 * lots';
COMMENT ON FUNCTION market.value_of(bigint, bigint) IS 'What lots cost at a price, in nanoTON.';

CREATE FUNCTION market.part_of(amount bigint, bps integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT div(amount::numeric * bps, 10000)::bigint';
COMMENT ON FUNCTION market.part_of(bigint, integer) IS 'A rate of 1/10,000 of an amount, rounded down.';

CREATE FUNCTION market.cost_of(price bigint, tokens bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT div(tokens::numeric * price, 1000000)::bigint';
COMMENT ON FUNCTION market.cost_of(bigint, bigint) IS 'What adjusted tokens cost at a price, in nanoTON, rounded down.';

CREATE FUNCTION market.hold_for(price bigint, lots bigint, maker_bps integer, taker_bps integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT market.value_of(price, lots) + market.part_of(market.value_of(price, lots), greatest(maker_bps, taker_bps))
$$;
COMMENT ON FUNCTION market.hold_for(bigint, bigint, integer, integer) IS
    'What is held for a bid with this many lots left: the value and the dearer fee on it.';

CREATE FUNCTION market.lease_remainder(locked bigint, price bigint, used bigint, buyer_bps integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT locked - market.cost_of(price, used) - market.part_of(market.cost_of(price, used), buyer_bps)
$$;
COMMENT ON FUNCTION market.lease_remainder(bigint, bigint, bigint, integer) IS
    'What an open lease still keeps of the buyer''s money: locked less cost and fee of what was used.';

CREATE FUNCTION market.lies_in(region text, demanded text) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT region = demanded OR demanded = 'eu' AND region = ANY (ARRAY[
        'at', 'be', 'bg', 'hr', 'cy', 'cz', 'dk', 'ee', 'fi', 'fr', 'de', 'gr', 'hu', 'ie', 'it', 'lv', 'lt', 'lu',
        'mt', 'nl', 'pl', 'pt', 'ro', 'sk', 'si', 'es', 'se'])
$$;
COMMENT ON FUNCTION market.lies_in(text, text) IS 'Whether an offer in one region meets a demand for another.';

CREATE FUNCTION market.is_met(demand market.requirement_profiles, supply market.capability_classes) RETURNS boolean
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT supply.weight_set = demand.weight_set
        AND (demand.models = '{}' OR supply.model = ANY (demand.models))
        AND (demand.quality_min = 0 OR coalesce(supply.quality, -1) >= demand.quality_min)
        AND supply.context_length >= demand.context_length_min
        AND demand.features & ~supply.features = 0
        AND (demand.quantizations = 0 OR demand.quantizations & (1 << supply.quantization) <> 0)
        AND (demand.tees = 0 OR demand.tees & (1 << supply.tee) <> 0)
        AND (demand.regions = '{}' OR EXISTS (
            SELECT FROM unnest(demand.regions) AS demanded WHERE market.lies_in(supply.region, demanded)))
$$;
COMMENT ON FUNCTION market.is_met(market.requirement_profiles, market.capability_classes) IS
    'Whether an offer of the class can do what a bid of the profile demands: the rule of matching, without the price.';

-- Views for people --------------------------------------------------------------------------------------------------

CREATE VIEW ledger.trial_balance AS
SELECT CASE WHEN owner = 0 THEN 'exchange' ELSE 'owners' END AS belongs_to,
    kind, count(*) AS accounts, sum(debits) AS debits, sum(credits) AS credits, sum(balance) AS balance_nanoton
FROM ledger.accounts
GROUP BY owner = 0, kind
ORDER BY owner = 0 DESC, min(account);
COMMENT ON VIEW ledger.trial_balance IS
    'Balances by kind of account. Over all rows, debits equal credits; chain and network_costs equal all others.';
COMMENT ON COLUMN ledger.trial_balance.belongs_to IS 'exchange or owners.';
COMMENT ON COLUMN ledger.trial_balance.kind IS 'ledger.accounts.kind.';
COMMENT ON COLUMN ledger.trial_balance.accounts IS 'How many accounts of this kind there are.';
COMMENT ON COLUMN ledger.trial_balance.debits IS 'Sum of all debits ever, in nanoTON.';
COMMENT ON COLUMN ledger.trial_balance.credits IS 'Sum of all credits ever, in nanoTON.';
COMMENT ON COLUMN ledger.trial_balance.balance_nanoton IS 'Sum of the balances.';

CREATE VIEW ledger.statement AS
SELECT owner, sequence, ordinal, at, account_kind, change_nanoton, why, other_owner, other_kind, order_id, trade_id,
    (sum(change_nanoton) OVER (PARTITION BY owner, account_kind ORDER BY sequence, ordinal))::bigint AS balance_nanoton
FROM (
    SELECT debit / 16 AS owner, sequence, ordinal, at, ledger.account_kind(debit) AS account_kind,
        CASE WHEN debit IN (1, 4) THEN amount ELSE -amount END AS change_nanoton, k.name AS why,
        credit / 16 AS other_owner, ledger.account_kind(credit) AS other_kind, order_id, trade_id
    FROM ledger.transfers JOIN ledger.transfer_kinds k USING (kind)
    UNION ALL
    SELECT credit / 16, sequence, ordinal, at, ledger.account_kind(credit),
        CASE WHEN credit IN (1, 4) THEN -amount ELSE amount END, k.name,
        debit / 16, ledger.account_kind(debit), order_id, trade_id
    FROM ledger.transfers JOIN ledger.transfer_kinds k USING (kind)
) AS both_sides;
COMMENT ON VIEW ledger.statement IS
    'Both sides of every transfer with the running balance. Ask for one owner: WHERE owner = 7 ORDER BY sequence.';
COMMENT ON COLUMN ledger.statement.owner IS 'market.accounts.account; 0 for the exchange.';
COMMENT ON COLUMN ledger.statement.sequence IS 'The command that moved the money.';
COMMENT ON COLUMN ledger.statement.ordinal IS 'Place among the events of the command.';
COMMENT ON COLUMN ledger.statement.at IS 'The exchange''s time.';
COMMENT ON COLUMN ledger.statement.account_kind IS 'The account of the owner that changed.';
COMMENT ON COLUMN ledger.statement.change_nanoton IS 'Above zero when the balance grew.';
COMMENT ON COLUMN ledger.statement.why IS 'ledger.transfer_kinds.name.';
COMMENT ON COLUMN ledger.statement.other_owner IS 'Whose account is the other side.';
COMMENT ON COLUMN ledger.statement.other_kind IS 'And which.';
COMMENT ON COLUMN ledger.statement.order_id IS 'The order that caused it.';
COMMENT ON COLUMN ledger.statement.trade_id IS 'The trade or lease that caused it.';
COMMENT ON COLUMN ledger.statement.balance_nanoton IS 'The account''s balance after it.';

CREATE VIEW market.open_obligations AS
SELECT account AS owner, 'bid' AS kind, id, NULL::bigint AS worker, price, remaining * 1000 AS tokens,
    market.hold_for(price, remaining, maker_bps, taker_bps) AS locked_nanoton
FROM market.orders WHERE close_reason IS NULL AND side = 2
UNION ALL
SELECT buyer, 'lease', lease, worker, price, lots * 1000 - used,
    market.lease_remainder(locked, price, used, buyer_bps)
FROM market.leases WHERE NOT ended;
COMMENT ON VIEW market.open_obligations IS
    'What owners'' money is locked for: the holds of open bids and the remainders of open leases.';
COMMENT ON COLUMN market.open_obligations.owner IS 'Whose money it is.';
COMMENT ON COLUMN market.open_obligations.kind IS 'bid (in held) or lease (in leased).';
COMMENT ON COLUMN market.open_obligations.id IS 'Number of the order or of the lease.';
COMMENT ON COLUMN market.open_obligations.worker IS 'Of a lease: who has to deliver.';
COMMENT ON COLUMN market.open_obligations.price IS 'nanoTON per 1,000,000 adjusted tokens.';
COMMENT ON COLUMN market.open_obligations.tokens IS 'Adjusted tokens that are not bought or not used yet.';
COMMENT ON COLUMN market.open_obligations.locked_nanoton IS 'The money, fees included.';

CREATE VIEW market.open_orders AS
SELECT o.id, o.account, market.code_name('side', o.side) AS side, o.price, o.lots, o.remaining, o.open_lots,
    o.class, o.profile,
    (SELECT name FROM market.models m WHERE m.model = c.model AND m.version = c.model_version) AS model,
    market.code_name('tee', c.tee) AS attested_tee, o.client_order_id, o.created_at
FROM market.orders o LEFT JOIN market.capability_classes c USING (class)
WHERE o.close_reason IS NULL;
COMMENT ON VIEW market.open_orders IS 'The book, order by order.';
COMMENT ON COLUMN market.open_orders.id IS 'Number of the order.';
COMMENT ON COLUMN market.open_orders.account IS 'The owner.';
COMMENT ON COLUMN market.open_orders.side IS 'offer or bid.';
COMMENT ON COLUMN market.open_orders.price IS 'nanoTON per 1,000,000 adjusted tokens.';
COMMENT ON COLUMN market.open_orders.lots IS 'As placed.';
COMMENT ON COLUMN market.open_orders.remaining IS 'Not traded yet.';
COMMENT ON COLUMN market.open_orders.open_lots IS 'Of an offer: leased now.';
COMMENT ON COLUMN market.open_orders.class IS 'Of an offer: what it can do (market.capability_classes).';
COMMENT ON COLUMN market.open_orders.profile IS 'Of a bid: what it demands (market.requirement_profiles).';
COMMENT ON COLUMN market.open_orders.model IS 'Of an offer: the model''s name.';
COMMENT ON COLUMN market.open_orders.attested_tee IS 'Of an offer: the attested environment.';
COMMENT ON COLUMN market.open_orders.client_order_id IS 'The owner''s own name for it.';
COMMENT ON COLUMN market.open_orders.created_at IS 'The exchange''s time.';

CREATE VIEW market.volume_by_day AS
SELECT (t.at AT TIME ZONE 'UTC')::date AS day, m.name AS model, count(*) AS trades, sum(t.lots) AS lots,
    sum(market.value_of(t.price, t.lots)) AS value_nanoton,
    (sum(market.value_of(t.price, t.lots)) * 1000 / sum(t.lots))::bigint AS mean_price
FROM market.trades t LEFT JOIN market.models m ON m.model = t.model AND m.version = t.model_version
GROUP BY 1, 2
ORDER BY 1, 2;
COMMENT ON VIEW market.volume_by_day IS 'What was traded, by UTC day and model.';
COMMENT ON COLUMN market.volume_by_day.day IS 'UTC.';
COMMENT ON COLUMN market.volume_by_day.model IS 'The model''s name.';
COMMENT ON COLUMN market.volume_by_day.trades IS 'Number of trades.';
COMMENT ON COLUMN market.volume_by_day.lots IS 'Lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.volume_by_day.value_nanoton IS 'Value without fees.';
COMMENT ON COLUMN market.volume_by_day.mean_price IS 'nanoTON per 1,000,000 adjusted tokens, weighted by lots.';

CREATE VIEW journal.chain AS
SELECT number, epoch, last_sequence - first_sequence + 1 AS commands, octet_length(commands) AS bytes,
    'epoch'::timestamptz + logical_time_us * interval '1 microsecond' AS logical_time, committed_at,
    encode(digest, 'hex') AS digest,
    digest = sha256(
        coalesce(lag(digest) OVER (ORDER BY number), decode(repeat('00', 32), 'hex'))
        || '\x42584231'::bytea || int4send(rules_version) || int8send(number) || int8send(epoch)
        || int8send(first_sequence) || int8send(last_sequence) || int8send(logical_time_us) || state_digest
        || int8send(octet_length(commands)) || commands) AS is_linked
FROM journal.batches;
COMMENT ON VIEW journal.chain IS
    'The journal with its hash chain computed anew: digest = SHA-256(previous digest, header, commands). Before batch '
    '1 stand 32 zero bytes. The header is 72 bytes, numbers big-endian: "BXB1", rules version (4), number, epoch, '
    'first and last sequence, logical time (8 each), state digest (16), length of the commands (8).';
COMMENT ON COLUMN journal.chain.number IS 'The batch.';
COMMENT ON COLUMN journal.chain.epoch IS 'The leadership under which it was written.';
COMMENT ON COLUMN journal.chain.commands IS 'How many commands it has.';
COMMENT ON COLUMN journal.chain.bytes IS 'How many bytes they are, packed.';
COMMENT ON COLUMN journal.chain.logical_time IS 'The exchange''s time.';
COMMENT ON COLUMN journal.chain.committed_at IS 'The database''s clock.';
COMMENT ON COLUMN journal.chain.digest IS 'As stored.';
COMMENT ON COLUMN journal.chain.is_linked IS 'Whether the stored digest is what the row and its predecessor give.';

CREATE VIEW projection.lag AS
SELECT c.batch, l.last_batch, l.last_batch - c.batch AS batches_behind, c.sequence AS as_of_sequence, c.moved_at
FROM projection.cursor c, journal.leader l;
COMMENT ON VIEW projection.lag IS 'How far the tables are behind the journal.';
COMMENT ON COLUMN projection.lag.batch IS 'The batch whose end the tables show.';
COMMENT ON COLUMN projection.lag.last_batch IS 'The newest batch of the journal.';
COMMENT ON COLUMN projection.lag.batches_behind IS 'The difference; normally a handful.';
COMMENT ON COLUMN projection.lag.as_of_sequence IS 'The last command whose effects the tables show.';
COMMENT ON COLUMN projection.lag.moved_at IS 'When the cursor moved last, by the database''s clock.';

GRANT SELECT ON ALL TABLES IN SCHEMA journal, ledger, market, projection TO bombyx_auditor;
GRANT SELECT ON ledger.trial_balance, ledger.statement, market.open_obligations, market.open_orders,
    market.volume_by_day, journal.chain, projection.lag TO bombyx_server;
