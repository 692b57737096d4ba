-- Deliveries: what leases are opened under, receipts, breaches and bonds, and the log of all that was recorded.

INSERT INTO market.codes (field, code, name) VALUES
    ('rejection', 90, 'lease_ended'), ('rejection', 91, 'receipt_foreign'), ('rejection', 92, 'receipt_key_missing'),
    ('rejection', 93, 'usage_miscounted'), ('rejection', 94, 'amount_miscounted'),
    ('rejection', 95, 'receipt_superseded'), ('rejection', 96, 'receipt_not_monotone'),
    ('rejection', 97, 'receipt_chain'), ('rejection', 98, 'claim_above_step'), ('rejection', 99, 'claim_disputed'),
    ('rejection', 100, 'receipt_after_deadline'), ('rejection', 101, 'claim_not_pending'),
    ('rejection', 102, 'dispute_not_by_app'), ('rejection', 103, 'bond_required'), ('rejection', 104, 'bond_in_use'),
    ('rejection', 105, 'slash_not_found'), ('rejection', 106, 'lease_without_receipts'),
    ('rejection', 107, 'equivocation_foreign'), ('rejection', 108, 'avoid_limit'), ('lease_end', 1, 'operator'),
    ('lease_end', 2, 'final'), ('lease_end', 3, 'used_up'), ('lease_end', 4, 'app_closed'),
    ('lease_end', 5, 'no_receipts'), ('lease_end', 6, 'deadline'), ('lease_end', 7, 'equivocation'),
    ('lease_end', 8, 'worker_gave_up'), ('slash_outcome', 1, 'paid'), ('slash_outcome', 2, 'pardoned'),
    ('audit_action', 30, 'set_lease_policy'), ('audit_action', 31, 'pardon');

INSERT INTO ledger.transfer_kinds VALUES
    (30, 'bond_locked', 'Money that answers for leases: available to bond.'),
    (31, 'bond_released', 'Money that need not answer any more: bond to available.'),
    (32, 'slash', 'What a breach cost the worker: its bond to the buyer''s available.'),
    (33, 'service_refund', 'What a broken promise cost the worker: its bond to the buyer''s available.');

-- Orders ------------------------------------------------------------------------------------------------------------

ALTER TABLE market.capability_classes ADD COLUMN deliver_within_s bigint NOT NULL DEFAULT 0
    CHECK (deliver_within_s >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN deliver_within_s DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.deliver_within_s IS
    'Declared: seconds in which a lease is delivered; 0 for the usual 3,600.';
ALTER TABLE market.requirement_profiles ADD COLUMN deliver_within_s_max bigint;
COMMENT ON COLUMN market.requirement_profiles.deliver_within_s_max IS
    'Most seconds in which a lease is delivered; null for any number.';
ALTER TABLE market.orders ADD COLUMN rebids boolean;
COMMENT ON COLUMN market.orders.rebids IS
    'Of a bid: what a lease does not deliver enters as a new bid; null for no.';
ALTER TABLE market.orders ADD COLUMN avoided bigint[];
COMMENT ON COLUMN market.orders.avoided IS
    'Of a bid: workers that it does not buy from; null for none.';
ALTER TABLE market.orders ADD COLUMN parent bigint;
COMMENT ON COLUMN market.orders.parent IS
    'Of a bid: the order one of whose leases failed, so that this one was entered; null for none.';
ALTER TABLE market.orders ADD COLUMN service_ttft_ms bigint;
COMMENT ON COLUMN market.orders.service_ttft_ms IS
    'Of an offer: most milliseconds to the first token that it promises; null for no promise.';
ALTER TABLE market.orders ADD COLUMN service_completion_ms bigint;
COMMENT ON COLUMN market.orders.service_completion_ms IS
    'Of an offer: most milliseconds of a job that it promises; null for no promise.';
ALTER TABLE market.orders ADD COLUMN service_refund_bps integer;
COMMENT ON COLUMN market.orders.service_refund_bps IS
    'Of an offer: the part of what a receipt earned that a broken promise costs, in 1/10,000; null without one.';

CREATE OR REPLACE FUNCTION market.is_met(demand market.requirement_profiles, supply market.capability_classes)
    RETURNS boolean LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT supply.weight_set = demand.weight_set
        AND (demand.models = '{}' OR supply.model = ANY (demand.models))
        AND supply.model <> ALL (demand.models_excluded)
        AND (demand.quality_min = 0 OR coalesce(supply.quality, -1) >= demand.quality_min)
        AND (demand.quality_max IS NULL OR coalesce(supply.quality, 101) <= demand.quality_max)
        AND supply.context_length >= demand.context_length_min
        AND (demand.context_length_max IS NULL
            OR supply.context_length BETWEEN 1 AND demand.context_length_max)
        AND demand.features & ~supply.features = 0
        AND (demand.quantizations = 0 OR demand.quantizations & (1 << supply.quantization) <> 0)
        AND (demand.tees = 0 OR demand.tees & (1 << supply.tee) <> 0)
        AND (demand.regions = '{}' OR EXISTS (
            SELECT FROM unnest(demand.regions) AS demanded WHERE market.lies_in(supply.region, demanded)))
        AND (demand.regions_excluded = '{}' OR supply.region <> '' AND NOT EXISTS (
            SELECT FROM unnest(demand.regions_excluded) AS excluded
            WHERE market.lies_in(supply.region, excluded) OR market.lies_in(excluded, supply.region)))
        AND (demand.max_output_tokens_min IS NULL OR supply.max_output_tokens > 0
            AND supply.max_output_tokens >= demand.max_output_tokens_min)
        AND (demand.max_output_tokens_max IS NULL OR supply.max_output_tokens > 0
            AND supply.max_output_tokens <= demand.max_output_tokens_max)
        AND (demand.modalities IS NULL OR demand.modalities & ~supply.modalities = 0)
        AND (demand.gpu_model IS NULL OR demand.gpu_model & (1::bigint << supply.gpu_model::integer) <> 0)
        AND (demand.gpu_count_min IS NULL OR supply.gpu_count > 0 AND supply.gpu_count >= demand.gpu_count_min)
        AND (demand.gpu_count_max IS NULL OR supply.gpu_count > 0 AND supply.gpu_count <= demand.gpu_count_max)
        AND (demand.vram_gb_min IS NULL OR supply.vram_gb > 0 AND supply.vram_gb >= demand.vram_gb_min)
        AND (demand.vram_gb_max IS NULL OR supply.vram_gb > 0 AND supply.vram_gb <= demand.vram_gb_max)
        AND (demand.data_retention IS NULL OR demand.data_retention
            & (1::bigint << supply.data_retention::integer) <> 0)
        AND (demand.trains_on_data IS NULL OR demand.trains_on_data
            & (1::bigint << supply.trains_on_data::integer) <> 0)
        AND (demand.moderated IS NULL OR demand.moderated & (1::bigint << supply.moderated::integer) <> 0)
        AND (demand.throughput_tps_min IS NULL OR supply.throughput_tps > 0
            AND supply.throughput_tps >= demand.throughput_tps_min)
        AND (demand.ttft_ms_max IS NULL OR supply.ttft_ms > 0 AND supply.ttft_ms <= demand.ttft_ms_max)
        AND (demand.uptime_bp_min IS NULL OR supply.uptime_bp > 0 AND supply.uptime_bp >= demand.uptime_bp_min)
        AND (demand.tcb_status IS NULL OR demand.tcb_status & (1::bigint << supply.tcb_status::integer) <> 0)
        AND (demand.attestation_age_s_max IS NULL OR supply.attestation_age_s > 0
            AND supply.attestation_age_s <= demand.attestation_age_s_max)
        -- An offer that does not say delivers within the usual time.
        AND (demand.deliver_within_s_max IS NULL
            OR coalesce(nullif(supply.deliver_within_s, 0), 3600) <= demand.deliver_within_s_max)
        AND (demand.revisions = '{}' AND demand.weights = '{}' AND demand.revisions_excluded = '{}'
            AND demand.weights_excluded = '{}' OR market.has_weights(supply, demand.revisions, demand.weights,
                demand.revisions_excluded, demand.weights_excluded))
$$;

-- Leases ------------------------------------------------------------------------------------------------------------

ALTER TABLE market.leases ADD COLUMN bid bigint;
COMMENT ON COLUMN market.leases.bid IS
    'The order that bought; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN model bigint;
COMMENT ON COLUMN market.leases.model IS
    'What is delivered (market.models); null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN model_version integer;
COMMENT ON COLUMN market.leases.model_version IS
    'Version of the model; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN weight_set smallint;
COMMENT ON COLUMN market.leases.weight_set IS
    'How the tokens count (market.weight_sets); null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN class bigint;
COMMENT ON COLUMN market.leases.class IS
    'The offer''s class (market.capability_classes); null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN opened_at timestamptz;
COMMENT ON COLUMN market.leases.opened_at IS
    'The exchange''s time of the trade; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN deadline timestamptz;
COMMENT ON COLUMN market.leases.deadline IS
    'When it ends, by the exchange''s time less projection.cursor.grace_us; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN step bigint;
COMMENT ON COLUMN market.leases.step IS
    'Adjusted tokens that a claim may be above what was countersigned; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN dispute_window_us bigint;
COMMENT ON COLUMN market.leases.dispute_window_us IS
    'Microseconds in which a claim can be disputed; null for a lease of rules before version 4.';
ALTER TABLE market.leases ADD COLUMN buyer_profile bigint;
COMMENT ON COLUMN market.leases.buyer_profile IS
    'Version of the buyer''s profile at the trade; 0 for none, so that its first one counts; null as the bid.';
ALTER TABLE market.leases ADD COLUMN worker_profile bigint;
COMMENT ON COLUMN market.leases.worker_profile IS
    'Version of the worker''s profile at the trade; 0 for none, so that its first one counts; null as the bid.';
ALTER TABLE market.leases ADD COLUMN service_ttft_ms bigint;
COMMENT ON COLUMN market.leases.service_ttft_ms IS
    'Most milliseconds to the first token that the offer promised; null for no promise.';
ALTER TABLE market.leases ADD COLUMN service_completion_ms bigint;
COMMENT ON COLUMN market.leases.service_completion_ms IS
    'Most milliseconds of a job that the offer promised; null for no promise.';
ALTER TABLE market.leases ADD COLUMN service_refund_bps integer;
COMMENT ON COLUMN market.leases.service_refund_bps IS
    'What a broken promise costs of what a receipt earned, in 1/10,000; null without one.';
ALTER TABLE market.leases ADD COLUMN rebid_price bigint;
COMMENT ON COLUMN market.leases.rebid_price IS
    'The limit of the bid that enters what is not delivered; null when none does.';
ALTER TABLE market.leases ADD COLUMN countersigned bigint;
COMMENT ON COLUMN market.leases.countersigned IS
    'The newest receipt that both signed (market.receipts); null for none.';
ALTER TABLE market.leases ADD COLUMN claim bigint;
COMMENT ON COLUMN market.leases.claim IS
    'A newer receipt that only the worker signed (market.receipts); null for none.';
ALTER TABLE market.leases ADD COLUMN claim_due timestamptz;
COMMENT ON COLUMN market.leases.claim_due IS
    'When silence pays the claim, on the clock of the deadline; null when it is paid or there is none.';
ALTER TABLE market.leases ADD COLUMN closes_at timestamptz;
COMMENT ON COLUMN market.leases.closes_at IS
    'When the app''s wish to close it comes true, on the clock of the deadline; null without one.';
ALTER TABLE market.leases ADD COLUMN disputed boolean NOT NULL DEFAULT false;
ALTER TABLE market.leases ALTER COLUMN disputed DROP DEFAULT;
COMMENT ON COLUMN market.leases.disputed IS
    'The app has disputed a claim, and nothing was countersigned since.';
ALTER TABLE market.leases ADD COLUMN end_reason smallint;
COMMENT ON COLUMN market.leases.end_reason IS
    'How it ended (market.codes, lease_end); null while it is open.';
UPDATE market.leases SET end_reason = 1 WHERE ended;
CREATE INDEX leases_by_buyer ON market.leases (buyer, lease);
CREATE INDEX leases_by_worker ON market.leases (worker, lease);

CREATE TABLE market.receipts (
    index bigint PRIMARY KEY,
    lease bigint NOT NULL,
    number bigint NOT NULL,
    sequence bigint NOT NULL,
    account bigint NOT NULL,
    flags smallint NOT NULL,
    ttft_ms bigint NOT NULL,
    prompt bigint NOT NULL,
    completion bigint NOT NULL,
    cached bigint NOT NULL,
    reasoning bigint NOT NULL,
    adjusted bigint NOT NULL,
    amount bigint NOT NULL,
    started_ms bigint NOT NULL,
    ended_ms bigint NOT NULL,
    request bytea NOT NULL,
    response bytea NOT NULL,
    body bytea NOT NULL,
    hash bytea NOT NULL,
    worker_signature bytea NOT NULL,
    app_signature bytea,
    salt bytea NOT NULL,
    charged bigint,
    at timestamptz NOT NULL
);
CREATE INDEX receipts_by_sequence ON market.receipts (sequence);
CREATE INDEX receipts_by_lease ON market.receipts (lease, index);
CREATE INDEX receipts_by_hash ON market.receipts (hash);
CREATE INDEX receipts_by_response ON market.receipts (response);
COMMENT ON TABLE market.receipts IS
    'Receipts that changed something: statements of usage, signed by the worker and, unless it is a claim, by the app.';
COMMENT ON COLUMN market.receipts.index IS 'Its leaf in the log.';
COMMENT ON COLUMN market.receipts.lease IS 'The lease.';
COMMENT ON COLUMN market.receipts.number IS 'Its number among the receipts of the lease.';
COMMENT ON COLUMN market.receipts.sequence IS 'The command that recorded it.';
COMMENT ON COLUMN market.receipts.account IS 'The party that handed it in.';
COMMENT ON COLUMN market.receipts.flags IS '1 final, 2 partial, 4 aborted, 8 refused.';
COMMENT ON COLUMN market.receipts.ttft_ms IS 'Milliseconds to the first token of the job; 0 when not measured.';
COMMENT ON COLUMN market.receipts.prompt IS 'Prompt tokens, cumulative like all counts.';
COMMENT ON COLUMN market.receipts.completion IS 'Completion tokens.';
COMMENT ON COLUMN market.receipts.cached IS 'Cached tokens, part of the prompt.';
COMMENT ON COLUMN market.receipts.reasoning IS 'Reasoning tokens, part of the completion.';
COMMENT ON COLUMN market.receipts.adjusted IS 'Adjusted tokens.';
COMMENT ON COLUMN market.receipts.amount IS 'nanoTON that they cost.';
COMMENT ON COLUMN market.receipts.started_ms IS 'Start of the job, in milliseconds since 1970 UTC.';
COMMENT ON COLUMN market.receipts.ended_ms IS 'Its end.';
COMMENT ON COLUMN market.receipts.request IS 'Hash of the request.';
COMMENT ON COLUMN market.receipts.response IS 'Hash of the response.';
COMMENT ON COLUMN market.receipts.body IS 'The 312 bytes of the receipt.';
COMMENT ON COLUMN market.receipts.hash IS 'Their SHA-256.';
COMMENT ON COLUMN market.receipts.worker_signature IS '64 bytes.';
COMMENT ON COLUMN market.receipts.app_signature IS '64 bytes; null when only the worker signed.';
COMMENT ON COLUMN market.receipts.salt IS '32 random bytes that its entry in the log is salted with.';
COMMENT ON COLUMN market.receipts.charged IS
    'Adjusted tokens that were charged in all when it was recorded; null when it charged nothing.';
COMMENT ON COLUMN market.receipts.at IS 'The exchange''s time.';

CREATE TABLE market.equivocations (
    index bigint PRIMARY KEY,
    lease bigint NOT NULL,
    worker bigint NOT NULL,
    number bigint NOT NULL,
    sequence bigint NOT NULL,
    earlier_hash bytea NOT NULL,
    earlier_body bytea,
    earlier_signature bytea,
    later_body bytea NOT NULL,
    later_signature bytea NOT NULL,
    salt bytea NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE market.equivocations IS
    'Proofs that a worker signed two different receipts with one number.';
COMMENT ON COLUMN market.equivocations.index IS 'Its leaf in the log.';
COMMENT ON COLUMN market.equivocations.lease IS 'The lease that it ended.';
COMMENT ON COLUMN market.equivocations.worker IS 'Who contradicted itself.';
COMMENT ON COLUMN market.equivocations.number IS 'The number that both receipts have.';
COMMENT ON COLUMN market.equivocations.sequence IS 'The command that recorded it.';
COMMENT ON COLUMN market.equivocations.earlier_hash IS 'SHA-256 of the first receipt.';
COMMENT ON COLUMN market.equivocations.earlier_body IS 'The first receipt; null when it is in market.receipts.';
COMMENT ON COLUMN market.equivocations.earlier_signature IS
    'The worker''s signature of it; null when it is in market.receipts.';
COMMENT ON COLUMN market.equivocations.later_body IS 'The receipt that contradicts it.';
COMMENT ON COLUMN market.equivocations.later_signature IS 'The worker''s signature of it.';
COMMENT ON COLUMN market.equivocations.salt IS '32 random bytes that its entry in the log is salted with.';
COMMENT ON COLUMN market.equivocations.at IS 'The exchange''s time.';

CREATE TABLE market.profiles (
    account bigint NOT NULL,
    version bigint NOT NULL,
    endpoint text NOT NULL,
    receipt_key bytea,
    set_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (account, version)
);
COMMENT ON TABLE market.profiles IS
    'What accounts state of themselves as parties of leases; the highest version is the current one.';
COMMENT ON COLUMN market.profiles.account IS 'Whose it is.';
COMMENT ON COLUMN market.profiles.version IS 'From 1; a version never changes.';
COMMENT ON COLUMN market.profiles.endpoint IS 'Where the account is reached; empty for nowhere.';
COMMENT ON COLUMN market.profiles.receipt_key IS 'The Ed25519 public key of its receipts; null for none.';
COMMENT ON COLUMN market.profiles.set_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.profiles.sequence IS 'The command that set it.';

CREATE TABLE market.standings (
    account bigint PRIMARY KEY,
    strikes bigint NOT NULL CHECK (strikes >= 0),
    disputes bigint NOT NULL CHECK (disputes >= 0),
    delivered bigint NOT NULL CHECK (delivered >= 0),
    sequence bigint NOT NULL
);
COMMENT ON TABLE market.standings IS
    'How accounts have kept their leases.';
COMMENT ON COLUMN market.standings.account IS 'Whose it is.';
COMMENT ON COLUMN market.standings.strikes IS 'Leases that it lost as a worker, less those that were pardoned.';
COMMENT ON COLUMN market.standings.disputes IS 'Claims that it disputed, or that were disputed by its buyers.';
COMMENT ON COLUMN market.standings.delivered IS 'Leases that closed after it had delivered something.';
COMMENT ON COLUMN market.standings.sequence IS 'The last command that changed it.';

CREATE TABLE market.slashes (
    lease bigint PRIMARY KEY,
    worker bigint NOT NULL,
    buyer bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount >= 0),
    due timestamptz NOT NULL,
    reason smallint NOT NULL,
    outcome smallint,
    paid bigint NOT NULL CHECK (paid >= 0),
    sequence bigint NOT NULL
);
CREATE INDEX slashes_pending ON market.slashes (lease) WHERE outcome IS NULL;
CREATE INDEX slashes_by_worker ON market.slashes (worker, lease);
COMMENT ON TABLE market.slashes IS
    'Strikes, and what they cost the workers'' bonds.';
COMMENT ON COLUMN market.slashes.lease IS 'The lease that was broken.';
COMMENT ON COLUMN market.slashes.worker IS 'Who broke it.';
COMMENT ON COLUMN market.slashes.buyer IS 'Who is paid.';
COMMENT ON COLUMN market.slashes.amount IS 'nanoTON that the bond is to pay; 0 for a strike alone.';
COMMENT ON COLUMN market.slashes.due IS 'When it pays, by the exchange''s time less projection.cursor.grace_us.';
COMMENT ON COLUMN market.slashes.reason IS 'How the lease ended (market.codes, lease_end).';
COMMENT ON COLUMN market.slashes.outcome IS
    'What became of it (market.codes, slash_outcome); null while it is pending.';
COMMENT ON COLUMN market.slashes.paid IS 'nanoTON that the bond paid.';
COMMENT ON COLUMN market.slashes.sequence IS 'The last command that changed it.';

CREATE TABLE market.lease_policy (
    sequence bigint PRIMARY KEY,
    step bigint NOT NULL,
    dispute_window_us bigint NOT NULL,
    bond_per_lot bigint NOT NULL,
    slash_bps bigint NOT NULL,
    appeal_window_us bigint NOT NULL,
    newcomer_lots_max bigint,
    at timestamptz NOT NULL
);
COMMENT ON TABLE market.lease_policy IS
    'How leases are delivered; the newest row counts for new ones, without a row the defaults do.';
COMMENT ON COLUMN market.lease_policy.sequence IS 'The command that set it.';
COMMENT ON COLUMN market.lease_policy.step IS 'Adjusted tokens that a claim may be above what was countersigned.';
COMMENT ON COLUMN market.lease_policy.dispute_window_us IS 'Microseconds in which a claim can be disputed.';
COMMENT ON COLUMN market.lease_policy.bond_per_lot IS
    'nanoTON that a worker must have locked for each lot it offers or has leased.';
COMMENT ON COLUMN market.lease_policy.slash_bps IS
    'The part of what was not delivered that a breach costs, in 1/10,000.';
COMMENT ON COLUMN market.lease_policy.appeal_window_us IS 'Microseconds in which the operator can pardon a breach.';
COMMENT ON COLUMN market.lease_policy.newcomer_lots_max IS
    'Most open lots of an offer of an account without bond and deliveries; null for no limit.';
COMMENT ON COLUMN market.lease_policy.at IS 'The exchange''s time.';

-- The log -----------------------------------------------------------------------------------------------------------

CREATE SCHEMA log;
COMMENT ON SCHEMA log IS 'The transparency log: a Merkle tree (RFC 9162) over all that was recorded.';
GRANT USAGE ON SCHEMA log TO bombyx_server, bombyx_auditor;
ALTER DEFAULT PRIVILEGES IN SCHEMA log GRANT SELECT ON TABLES TO bombyx_auditor;

CREATE TABLE log.leaves (
    index bigint PRIMARY KEY,
    kind smallint NOT NULL,
    entry bytea NOT NULL,
    hash bytea NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX leaves_by_hash ON log.leaves (hash);
CREATE INDEX leaves_by_sequence ON log.leaves (sequence);
COMMENT ON TABLE log.leaves IS
    'The leaves of the log.';
COMMENT ON COLUMN log.leaves.index IS 'From 0, without gaps.';
COMMENT ON COLUMN log.leaves.kind IS '1 receipt, 2 equivocation.';
COMMENT ON COLUMN log.leaves.entry IS 'The bytes that are hashed.';
COMMENT ON COLUMN log.leaves.hash IS 'The leaf: SHA-256 of a zero byte and the entry.';
COMMENT ON COLUMN log.leaves.sequence IS 'The command that appended it.';

CREATE TABLE log.nodes (
    level integer NOT NULL CHECK (level > 0),
    index bigint NOT NULL,
    hash bytea NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (level, index)
);
CREATE INDEX nodes_by_sequence ON log.nodes (sequence);
COMMENT ON TABLE log.nodes IS
    'Roots of the complete subtrees above the leaves.';
COMMENT ON COLUMN log.nodes.level IS 'It stands over 2 to the power of this leaves.';
COMMENT ON COLUMN log.nodes.index IS 'Among the subtrees of the level, from 0.';
COMMENT ON COLUMN log.nodes.hash IS 'SHA-256 of a byte 1 and the two hashes below.';

COMMENT ON COLUMN log.nodes.sequence IS 'The command that completed it.';

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON market.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON market.equivocations
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON market.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.leaves
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log.nodes
    FOR EACH STATEMENT EXECUTE FUNCTION journal.refuse_change();

GRANT SELECT, INSERT ON market.receipts, market.equivocations, market.profiles, market.lease_policy, log.leaves,
    log.nodes TO bombyx_server;
GRANT SELECT, INSERT, UPDATE ON market.slashes TO bombyx_server;
GRANT SELECT, INSERT, UPDATE, DELETE ON market.standings TO bombyx_server;

-- Views -------------------------------------------------------------------------------------------------------------

CREATE VIEW market.lease_list AS
SELECT 'l' || l.lease AS lease, 'a' || l.worker AS worker, 'a' || l.buyer AS buyer, m.name AS model,
    CASE WHEN NOT l.ended THEN CASE WHEN l.closes_at IS NULL THEN 'active' ELSE 'closing' END
        WHEN l.end_reason <= 4 THEN 'closed' WHEN l.end_reason <= 6 THEN 'expired' ELSE 'failed' END AS state,
    market.code_name('lease_end', l.end_reason) AS reason, l.lots, l.used, l.locked,
    CASE WHEN l.ended THEN 0 ELSE market.lease_remainder(l.locked, l.price, l.used, l.buyer_bps) END AS remainder,
    l.opened_at, l.deadline, l.disputed
FROM market.leases l LEFT JOIN market.models m ON m.model = l.model AND m.version = l.model_version;
COMMENT ON VIEW market.lease_list IS 'All leases in words.';
COMMENT ON COLUMN market.lease_list.lease IS 'The lease, as the interface names it.';
COMMENT ON COLUMN market.lease_list.worker IS 'Who delivers.';
COMMENT ON COLUMN market.lease_list.buyer IS 'Who draws.';
COMMENT ON COLUMN market.lease_list.model IS 'What is delivered.';
COMMENT ON COLUMN market.lease_list.state IS 'active, closing, closed, expired or failed.';
COMMENT ON COLUMN market.lease_list.reason IS 'How it ended; null while it is open.';
COMMENT ON COLUMN market.lease_list.lots IS 'Lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.lease_list.used IS 'Adjusted tokens charged.';
COMMENT ON COLUMN market.lease_list.locked IS 'nanoTON that the trade locked.';
COMMENT ON COLUMN market.lease_list.remainder IS 'nanoTON that are still locked.';
COMMENT ON COLUMN market.lease_list.opened_at IS 'The exchange''s time of the trade.';
COMMENT ON COLUMN market.lease_list.deadline IS
    'When it ends, by the exchange''s time less projection.cursor.grace_us.';
COMMENT ON COLUMN market.lease_list.disputed IS 'Whether a claim is disputed.';

CREATE VIEW market.receipt_list AS
SELECT r.index, 'l' || r.lease AS lease, r.number, r.app_signature IS NOT NULL AS countersigned, r.adjusted, r.amount,
    r.charged, encode(r.hash, 'hex') AS hash, encode(r.response, 'hex') AS response, r.at
FROM market.receipts r;
COMMENT ON VIEW market.receipt_list IS 'All receipts, without their bytes.';
COMMENT ON COLUMN market.receipt_list.index IS 'The leaf in the log.';
COMMENT ON COLUMN market.receipt_list.lease IS 'The lease, as the interface names it.';
COMMENT ON COLUMN market.receipt_list.number IS 'Its number among the receipts of the lease.';
COMMENT ON COLUMN market.receipt_list.countersigned IS 'Whether the app has signed it too.';
COMMENT ON COLUMN market.receipt_list.adjusted IS 'Adjusted tokens, cumulative.';
COMMENT ON COLUMN market.receipt_list.amount IS 'nanoTON that they cost.';
COMMENT ON COLUMN market.receipt_list.charged IS 'Adjusted tokens charged when it came; null when it charged nothing.';
COMMENT ON COLUMN market.receipt_list.hash IS 'SHA-256 of the receipt.';
COMMENT ON COLUMN market.receipt_list.response IS 'Hash of the answer.';
COMMENT ON COLUMN market.receipt_list.at IS 'The exchange''s time.';

CREATE VIEW market.earnings_by_day AS
SELECT 'a' || t.credit / 16 AS worker, (t.at AT TIME ZONE 'UTC')::date AS day, sum(t.amount) AS earned,
    count(DISTINCT t.trade_id) AS leases
FROM ledger.transfers t WHERE t.kind = 5 GROUP BY 1, 2;
COMMENT ON VIEW market.earnings_by_day IS 'What workers earned by deliveries on each day of UTC.';
COMMENT ON COLUMN market.earnings_by_day.worker IS 'The worker, as the interface names it.';
COMMENT ON COLUMN market.earnings_by_day.day IS 'By the exchange''s time.';
COMMENT ON COLUMN market.earnings_by_day.earned IS 'nanoTON, after fees.';
COMMENT ON COLUMN market.earnings_by_day.leases IS 'Leases that it was earned with.';

CREATE VIEW market.refunds AS
SELECT t.at, 'a' || t.credit / 16 AS buyer, 'l' || t.trade_id AS lease, t.amount, k.name AS kind,
    market.code_name('lease_end', l.end_reason) AS reason
FROM ledger.transfers t JOIN ledger.transfer_kinds k ON k.kind = t.kind JOIN market.leases l ON l.lease = t.trade_id
WHERE t.kind IN (7, 32, 33);
COMMENT ON VIEW market.refunds IS 'What went back to buyers, and why.';
COMMENT ON COLUMN market.refunds.at IS 'The exchange''s time.';
COMMENT ON COLUMN market.refunds.buyer IS 'Who got it, as the interface names it.';
COMMENT ON COLUMN market.refunds.lease IS 'The lease.';
COMMENT ON COLUMN market.refunds.amount IS 'nanoTON.';
COMMENT ON COLUMN market.refunds.kind IS
    'refund of what was not used, slash for a breach, or service_refund for a promise.';
COMMENT ON COLUMN market.refunds.reason IS 'How the lease ended; null while it is open.';

CREATE VIEW log.size AS
SELECT (SELECT count(*) FROM log.leaves) AS leaves, (SELECT count(*) FROM market.receipts) AS receipts,
    (SELECT count(*) FROM market.equivocations) AS equivocations;
COMMENT ON VIEW log.size IS 'How large the log is, and what it is made of: leaves = receipts + equivocations.';
COMMENT ON COLUMN log.size.leaves IS 'Leaves of the log.';
COMMENT ON COLUMN log.size.receipts IS 'Receipts that were recorded.';
COMMENT ON COLUMN log.size.equivocations IS 'Equivocations that were proved.';

GRANT SELECT ON market.lease_list, market.receipt_list, market.earnings_by_day, market.refunds, log.size
    TO bombyx_server, bombyx_auditor;

-- Rules -------------------------------------------------------------------------------------------------------------

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
        FROM crossing x JOIN open_bids b ON b.profile = x.profile JOIN open_offers o ON o.class = x.class
            JOIN market.capability_classes k ON k.class = o.class
            JOIN market.accounts v ON v.account = b.account JOIN market.accounts w ON w.account = o.account
            CROSS JOIN projection.cursor c
            CROSS JOIN LATERAL (SELECT least(b.remaining, b.displayed, o.remaining, o.displayed,
                o.max_open_lots - o.open_lots) AS lots) AS fill
        WHERE o.price <= b.price AND b.account <> o.account
            AND o.account <> ALL (coalesce(b.avoided, '{}'))
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
    UNION ALL SELECT 63, 'the log has a leaf for each receipt and each equivocation, without gaps', (
        SELECT count(*)
        FROM (SELECT (SELECT count(*) FROM log.leaves) AS leaves,
                (SELECT coalesce(max(index) + 1, 0) FROM log.leaves) AS size,
                (SELECT count(*) FROM market.receipts) + (SELECT count(*) FROM market.equivocations) AS recorded
            ) AS n
        WHERE leaves <> size OR leaves <> recorded)
    UNION ALL SELECT 64, 'a lease has ended exactly when it has a reason', (
        SELECT count(*) FROM market.leases WHERE ended <> (end_reason IS NOT NULL))
) AS rules
ORDER BY number;
COMMENT ON VIEW ledger.invariants IS
    'Every rule that money, orders, deliveries and journal obey, with the number of its violations: each must be 0. '
    'Reads everything; run it on a replica or when it is quiet.';
COMMENT ON COLUMN ledger.invariants.name IS 'The rule.';
COMMENT ON COLUMN ledger.invariants.violations IS 'How many rows break it.';
