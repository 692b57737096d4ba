-- Names of the numbers in hot columns -------------------------------------------------------------------------------

CREATE TABLE market.codes (
    field text NOT NULL,
    code integer NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (field, code)
);
COMMENT ON TABLE market.codes IS
    'Names of the small numbers that other tables keep. A number is never used again for something else.';
COMMENT ON COLUMN market.codes.field IS 'The column, or family of columns, that holds the number.';
COMMENT ON COLUMN market.codes.code IS 'The number; of features, environments and scopes the position of the bit.';
COMMENT ON COLUMN market.codes.name IS 'The name in the interface.';

INSERT INTO market.codes (field, code, name) VALUES
    ('side', 1, 'offer'), ('side', 2, 'bid'),
    ('time_in_force', 1, 'gtc'), ('time_in_force', 2, 'ioc'),
    ('close_reason', 1, 'filled'), ('close_reason', 2, 'cancelled'), ('close_reason', 3, 'ioc'),
    ('close_reason', 4, 'self_trade'), ('close_reason', 5, 'work_limit'), ('close_reason', 6, 'model_superseded'),
    ('tee', 0, 'none'), ('tee', 1, 'tdx'), ('tee', 2, 'sev-snp'), ('tee', 3, 'sgx'), ('tee', 4, 'tdx+nvcc'),
    ('tee', 5, 'sev-snp+nvcc'),
    ('quantization', 0, 'unknown'), ('quantization', 1, 'int4'), ('quantization', 2, 'int8'),
    ('quantization', 3, 'fp4'), ('quantization', 4, 'mxfp4'), ('quantization', 5, 'nvfp4'),
    ('quantization', 6, 'fp6'), ('quantization', 7, 'fp8'), ('quantization', 8, 'mxfp8'),
    ('quantization', 9, 'fp16'), ('quantization', 10, 'bf16'), ('quantization', 11, 'fp32'),
    ('feature', 0, 'tools'), ('feature', 1, 'tool_choice'), ('feature', 2, 'parallel_tool_calls'),
    ('feature', 3, 'json_mode'), ('feature', 4, 'structured_outputs'), ('feature', 5, 'logprobs'),
    ('feature', 6, 'reasoning'), ('feature', 7, 'seed'), ('feature', 8, 'prompt_caching'), ('feature', 9, 'batch'),
    ('feature', 10, 'lora'), ('feature', 11, 'streaming'), ('feature', 12, 'image_input'),
    ('feature', 13, 'audio_input'), ('feature', 14, 'video_input'), ('feature', 15, 'file_input'),
    ('scope', 0, 'offer'), ('scope', 1, 'bid'), ('scope', 2, 'read'), ('scope', 3, 'withdraw'),
    ('scope', 4, 'operator'), ('scope', 5, 'auditor'),
    ('rejection', 1, 'duplicate_client_order_id'), ('rejection', 2, 'account_closed'),
    ('rejection', 3, 'model_unknown'), ('rejection', 4, 'market_halted'), ('rejection', 5, 'expired'),
    ('rejection', 6, 'mixed_units'), ('rejection', 7, 'class_limit'), ('rejection', 8, 'open_order_limit'),
    ('rejection', 9, 'below_minimum_notional'), ('rejection', 10, 'insufficient_funds'),
    ('rejection', 11, 'post_only_would_trade'), ('rejection', 12, 'fok_unfillable'),
    ('rejection', 13, 'profile_limit'), ('rejection', 30, 'idempotency_key_reused'),
    ('rejection', 31, 'account_unknown'), ('rejection', 32, 'idempotency_window_full'),
    ('rejection', 40, 'order_not_found'), ('rejection', 41, 'deposit_limit'), ('rejection', 42, 'model_limit'),
    ('rejection', 43, 'weight_set_unknown'), ('rejection', 44, 'lease_not_found'),
    ('rejection', 45, 'usage_not_monotone'), ('rejection', 46, 'usage_above_lease'),
    ('rejection', 47, 'key_not_found');

CREATE FUNCTION market.code_name(field text, code integer) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT name FROM market.codes c WHERE c.field = $1 AND c.code = $2
$$;
COMMENT ON FUNCTION market.code_name(text, integer) IS 'The name of one number (market.codes).';

CREATE FUNCTION market.bit_names(field text, bits integer) RETURNS text[] LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(name ORDER BY code), '{}')
    FROM market.codes c WHERE c.field = $1 AND $2 & (1 << c.code) <> 0
$$;
COMMENT ON FUNCTION market.bit_names(text, integer) IS 'The names of the bits that are set (market.codes).';

-- Registry ----------------------------------------------------------------------------------------------------------

CREATE TABLE market.accounts (
    account bigint PRIMARY KEY,
    label text NOT NULL,
    open_orders_max bigint NOT NULL,
    created_at timestamptz NOT NULL,
    sequence bigint NOT NULL UNIQUE
);
COMMENT ON TABLE market.accounts IS 'Owners of money: workers, apps, the operator.';
COMMENT ON COLUMN market.accounts.account IS 'The number behind the letter a in the interface.';
COMMENT ON COLUMN market.accounts.label IS 'For people.';
COMMENT ON COLUMN market.accounts.open_orders_max IS 'How many orders may rest at once.';
COMMENT ON COLUMN market.accounts.created_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.accounts.sequence IS 'The command that created it.';

CREATE TABLE market.keys (
    key bigint PRIMARY KEY,
    account bigint NOT NULL,
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    scopes integer NOT NULL,
    label text NOT NULL,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    sequence bigint NOT NULL UNIQUE
);
COMMENT ON TABLE market.keys IS 'API keys, by hash: a key itself is shown once and stored nowhere.';
COMMENT ON COLUMN market.keys.key IS 'The number behind the letter k in the interface.';
COMMENT ON COLUMN market.keys.account IS 'The owner.';
COMMENT ON COLUMN market.keys.hash IS 'SHA-256 of the key.';
COMMENT ON COLUMN market.keys.scopes IS 'Bits (market.codes, scope).';
COMMENT ON COLUMN market.keys.label IS 'For people.';
COMMENT ON COLUMN market.keys.expires_at IS 'From then on the key is refused; null for a key without expiry.';
COMMENT ON COLUMN market.keys.created_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.keys.sequence IS 'The command that created it.';

CREATE TABLE market.weight_sets (
    weight_set smallint PRIMARY KEY,
    name text NOT NULL UNIQUE,
    prompt integer NOT NULL,
    cached integer NOT NULL,
    completion integer NOT NULL,
    reasoning integer NOT NULL
);
COMMENT ON TABLE market.weight_sets IS
    'How tokens of each kind count towards adjusted tokens, in 1/10,000. Tokens of different sets are different goods.';
COMMENT ON COLUMN market.weight_sets.weight_set IS 'Number of the set; 1 is the standard one.';
COMMENT ON COLUMN market.weight_sets.name IS 'The name in the interface.';
COMMENT ON COLUMN market.weight_sets.prompt IS 'Weight of an uncached prompt token.';
COMMENT ON COLUMN market.weight_sets.cached IS 'Weight of a cached prompt token.';
COMMENT ON COLUMN market.weight_sets.completion IS 'Weight of a completion token that is not reasoning.';
COMMENT ON COLUMN market.weight_sets.reasoning IS 'Weight of a reasoning token.';
INSERT INTO market.weight_sets VALUES
    (1, 'standard', 10000, 1000, 80000, 80000),
    (2, 'ratio-1', 10000, 1000, 10000, 10000),
    (3, 'ratio-2', 10000, 1000, 20000, 20000),
    (4, 'ratio-3', 10000, 1000, 30000, 30000),
    (5, 'ratio-4', 10000, 1000, 40000, 40000),
    (6, 'ratio-5', 10000, 1000, 50000, 50000);

CREATE TABLE market.models (
    model bigint NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    name text NOT NULL,
    hugging_face_id text NOT NULL,
    revision text NOT NULL,
    weights_sha256 text NOT NULL,
    weight_set smallint NOT NULL,
    quality bigint,
    context_length bigint NOT NULL,
    created_at timestamptz NOT NULL,
    sequence bigint NOT NULL UNIQUE,
    PRIMARY KEY (model, version)
);
COMMENT ON TABLE market.models IS 'The model registry: all versions; the newest one of a name is current.';
COMMENT ON COLUMN market.models.model IS 'Number of the name.';
COMMENT ON COLUMN market.models.version IS 'From 1; another revision, weights hash or weight set makes a new one.';
COMMENT ON COLUMN market.models.name IS 'The model''s id in the interface.';
COMMENT ON COLUMN market.models.hugging_face_id IS 'Where the weights are published; empty when nowhere.';
COMMENT ON COLUMN market.models.revision IS 'Git commit of the weights; empty when unknown.';
COMMENT ON COLUMN market.models.weights_sha256 IS '64 hexadecimal digits; empty when unknown.';
COMMENT ON COLUMN market.models.weight_set IS 'How its tokens count (market.weight_sets).';
COMMENT ON COLUMN market.models.quality IS 'Points; null when nobody measured it.';
COMMENT ON COLUMN market.models.context_length IS 'Most tokens of context; 0 when unknown.';
COMMENT ON COLUMN market.models.created_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.models.sequence IS 'The command that set it last.';

CREATE TABLE market.attestations (
    account bigint PRIMARY KEY,
    tees integer NOT NULL,
    expires_at timestamptz,
    set_at timestamptz NOT NULL,
    sequence bigint NOT NULL
);
COMMENT ON TABLE market.attestations IS 'The operator''s word on the environments in which a worker''s machines run.';
COMMENT ON COLUMN market.attestations.account IS 'The worker.';
COMMENT ON COLUMN market.attestations.tees IS 'Bits (market.codes, tee); 0 when the word was withdrawn.';
COMMENT ON COLUMN market.attestations.expires_at IS 'From then on it does not count; null for no expiry.';
COMMENT ON COLUMN market.attestations.set_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.attestations.sequence IS 'The command that set it.';

CREATE TABLE market.fees (
    sequence bigint PRIMARY KEY,
    maker_bps integer NOT NULL,
    taker_bps integer NOT NULL,
    minimum_notional bigint NOT NULL,
    at timestamptz NOT NULL
);
COMMENT ON TABLE market.fees IS
    'Every fee schedule that an operator set; the newest is in force. Open orders keep what was frozen in them.';
COMMENT ON COLUMN market.fees.sequence IS 'The command that set it.';
COMMENT ON COLUMN market.fees.maker_bps IS 'Rate of the side that was resting, in 1/10,000.';
COMMENT ON COLUMN market.fees.taker_bps IS 'Rate of the side that came later, in 1/10,000.';
COMMENT ON COLUMN market.fees.minimum_notional IS 'Least value of an order at its own limit, in nanoTON.';
COMMENT ON COLUMN market.fees.at IS 'The exchange''s time.';

-- What can be done and what is demanded -----------------------------------------------------------------------------

CREATE TABLE market.capability_classes (
    class bigint PRIMARY KEY,
    model bigint NOT NULL,
    model_version integer NOT NULL,
    weight_set smallint NOT NULL,
    quality bigint,
    context_length bigint NOT NULL,
    features integer NOT NULL,
    quantization smallint NOT NULL,
    region text NOT NULL,
    tee smallint NOT NULL
);
COMMENT ON TABLE market.capability_classes IS 'What an offer can do. Offers with equal capability share a row.';
COMMENT ON COLUMN market.capability_classes.class IS 'Number of the class, from 1.';
COMMENT ON COLUMN market.capability_classes.model IS 'The model (market.models).';
COMMENT ON COLUMN market.capability_classes.model_version IS 'Its version.';
COMMENT ON COLUMN market.capability_classes.weight_set IS 'How its tokens count: the good that is traded.';
COMMENT ON COLUMN market.capability_classes.quality IS 'The registry''s points; null when nobody measured it.';
COMMENT ON COLUMN market.capability_classes.context_length IS 'Declared: tokens of context.';
COMMENT ON COLUMN market.capability_classes.features IS 'Declared: bits (market.codes, feature).';
COMMENT ON COLUMN market.capability_classes.quantization IS 'Declared (market.codes, quantization).';
COMMENT ON COLUMN market.capability_classes.region IS 'Declared: two letters; empty when unknown.';
COMMENT ON COLUMN market.capability_classes.tee IS 'Attested (market.codes, tee); 0 without attestation.';

CREATE TABLE market.requirement_profiles (
    profile bigint PRIMARY KEY,
    models bigint[] NOT NULL,
    weight_set smallint NOT NULL,
    quality_min bigint NOT NULL,
    context_length_min bigint NOT NULL,
    features integer NOT NULL,
    quantizations integer NOT NULL,
    tees integer NOT NULL,
    regions text[] NOT NULL
);
COMMENT ON TABLE market.requirement_profiles IS 'What a bid demands. Bids with equal requirement share a row.';
COMMENT ON COLUMN market.requirement_profiles.profile IS 'Number of the profile, from 1.';
COMMENT ON COLUMN market.requirement_profiles.models IS 'The models that will do; empty for any.';
COMMENT ON COLUMN market.requirement_profiles.weight_set IS 'The good that is traded.';
COMMENT ON COLUMN market.requirement_profiles.quality_min IS 'Least points; 0 demands nothing.';
COMMENT ON COLUMN market.requirement_profiles.context_length_min IS 'Least tokens of context; 0 demands nothing.';
COMMENT ON COLUMN market.requirement_profiles.features IS 'Bits (market.codes, feature): all must be there.';
COMMENT ON COLUMN market.requirement_profiles.quantizations IS 'Bits (market.codes, quantization): one of them; 0 any.';
COMMENT ON COLUMN market.requirement_profiles.tees IS 'Bits (market.codes, tee): one of them, attested; 0 for any.';
COMMENT ON COLUMN market.requirement_profiles.regions IS 'The regions that will do; empty for any.';

-- Orders, trades, leases --------------------------------------------------------------------------------------------

CREATE TABLE market.orders (
    id bigint PRIMARY KEY,
    account bigint NOT NULL,
    price bigint NOT NULL CHECK (price > 0),
    lots bigint NOT NULL CHECK (lots > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0 AND remaining <= lots),
    open_lots bigint NOT NULL CHECK (open_lots >= 0),
    max_open_lots bigint,
    class bigint,
    profile bigint,
    body_hash bigint NOT NULL,
    created_at timestamptz NOT NULL,
    last_sequence bigint NOT NULL,
    maker_bps integer NOT NULL,
    taker_bps integer NOT NULL,
    side smallint NOT NULL,
    time_in_force smallint NOT NULL,
    claimed_tee smallint NOT NULL,
    close_reason smallint,
    client_order_id text,
    CHECK (CASE side WHEN 1 THEN class IS NOT NULL AND profile IS NULL
        WHEN 2 THEN class IS NULL AND profile IS NOT NULL ELSE false END)
) WITH (fillfactor = 85);
CREATE INDEX orders_by_account ON market.orders (account, id);
-- What a starting server reads; small whatever the age of the exchange.
CREATE INDEX orders_open ON market.orders (id) WHERE close_reason IS NULL;

COMMENT ON TABLE market.orders IS 'Every order that was accepted, as of projection.cursor.';
COMMENT ON COLUMN market.orders.id IS 'The sequence number of the command that placed it.';
COMMENT ON COLUMN market.orders.account IS 'The owner.';
COMMENT ON COLUMN market.orders.price IS 'Its limit in nanoTON per 1,000,000 adjusted tokens, a multiple of 1,000.';
COMMENT ON COLUMN market.orders.lots IS 'Quantity as placed, in lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.orders.remaining IS 'Lots not traded; of a closed order what was left when it closed.';
COMMENT ON COLUMN market.orders.open_lots IS 'Of an offer: lots of it that are leased now.';
COMMENT ON COLUMN market.orders.max_open_lots IS
    'Of an offer: most lots that may be leased at once; null for no limit.';
COMMENT ON COLUMN market.orders.class IS 'Of an offer: its capability class; null for a bid.';
COMMENT ON COLUMN market.orders.profile IS 'Of a bid: its requirement profile; null for an offer.';
COMMENT ON COLUMN market.orders.body_hash IS '64 bits of SHA-256 of the request: tells a repetition from a misuse.';
COMMENT ON COLUMN market.orders.created_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.orders.last_sequence IS 'The last command that changed it.';
COMMENT ON COLUMN market.orders.maker_bps IS 'Fee rate of the resting side, in 1/10,000, frozen when it was accepted.';
COMMENT ON COLUMN market.orders.taker_bps IS 'Fee rate of the coming side, in 1/10,000, frozen when it was accepted.';
COMMENT ON COLUMN market.orders.side IS '1 offer, 2 bid (market.codes, side).';
COMMENT ON COLUMN market.orders.time_in_force IS '(market.codes, time_in_force)';
COMMENT ON COLUMN market.orders.claimed_tee IS
    'Of an offer: the environment that the worker claims (market.codes, tee).';
COMMENT ON COLUMN market.orders.close_reason IS 'Null while the order is open (market.codes, close_reason).';
COMMENT ON COLUMN market.orders.client_order_id IS 'The owner''s own name for it, if there is one.';

CREATE TABLE market.trades (
    trade bigint PRIMARY KEY,
    bid bigint NOT NULL,
    offer bigint NOT NULL,
    buyer bigint NOT NULL,
    seller bigint NOT NULL,
    lots bigint NOT NULL CHECK (lots > 0),
    price bigint NOT NULL CHECK (price > 0),
    bid_remaining bigint NOT NULL,
    offer_remaining bigint NOT NULL,
    locked bigint NOT NULL CHECK (locked >= 0),
    model bigint NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    buyer_bps integer NOT NULL,
    seller_bps integer NOT NULL,
    model_version integer NOT NULL,
    taker_side smallint NOT NULL,
    weight_set smallint NOT NULL
);
CREATE INDEX trades_by_buyer ON market.trades (buyer, trade);
CREATE INDEX trades_by_seller ON market.trades (seller, trade);
CREATE INDEX trades_by_model ON market.trades (model, trade);

COMMENT ON TABLE market.trades IS 'Every match. A trade is final.';
COMMENT ON COLUMN market.trades.trade IS 'Number of the trade and of its lease.';
COMMENT ON COLUMN market.trades.bid IS 'The order that bought.';
COMMENT ON COLUMN market.trades.offer IS 'The order that sold.';
COMMENT ON COLUMN market.trades.buyer IS 'Owner of the bid.';
COMMENT ON COLUMN market.trades.seller IS 'Owner of the offer.';
COMMENT ON COLUMN market.trades.lots IS 'Quantity in lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.trades.price IS 'The maker''s price, in nanoTON per 1,000,000 adjusted tokens.';
COMMENT ON COLUMN market.trades.bid_remaining IS 'Lots that the bid had left after it.';
COMMENT ON COLUMN market.trades.offer_remaining IS 'Lots that the offer had left after it.';
COMMENT ON COLUMN market.trades.locked IS 'nanoTON that the lease locks: value and buyer''s fee.';
COMMENT ON COLUMN market.trades.model IS 'What was sold (market.models).';
COMMENT ON COLUMN market.trades.sequence IS 'The command that caused it.';
COMMENT ON COLUMN market.trades.at IS 'The exchange''s time.';
COMMENT ON COLUMN market.trades.buyer_bps IS 'The buyer''s fee rate in 1/10,000.';
COMMENT ON COLUMN market.trades.seller_bps IS 'The seller''s fee rate in 1/10,000.';
COMMENT ON COLUMN market.trades.model_version IS 'Version of the model.';
COMMENT ON COLUMN market.trades.taker_side IS 'The side that came later (market.codes, side).';
COMMENT ON COLUMN market.trades.weight_set IS 'How the tokens count (market.weight_sets).';

CREATE TABLE market.leases (
    lease bigint PRIMARY KEY,
    offer bigint NOT NULL,
    buyer bigint NOT NULL,
    worker bigint NOT NULL,
    price bigint NOT NULL CHECK (price > 0),
    lots bigint NOT NULL CHECK (lots > 0),
    locked bigint NOT NULL CHECK (locked >= 0),
    used bigint NOT NULL CHECK (used >= 0 AND used <= lots * 1000),
    last_sequence bigint NOT NULL,
    buyer_bps integer NOT NULL,
    seller_bps integer NOT NULL,
    ended boolean NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX leases_open ON market.leases (lease) WHERE NOT ended;

COMMENT ON TABLE market.leases IS 'The right that each trade gives: to draw its tokens from the worker.';
COMMENT ON COLUMN market.leases.lease IS 'The trade''s number.';
COMMENT ON COLUMN market.leases.offer IS 'The order that sold.';
COMMENT ON COLUMN market.leases.buyer IS 'Who may draw.';
COMMENT ON COLUMN market.leases.worker IS 'Who delivers.';
COMMENT ON COLUMN market.leases.price IS 'nanoTON per 1,000,000 adjusted tokens.';
COMMENT ON COLUMN market.leases.lots IS 'Quantity in lots of 1,000 adjusted tokens.';
COMMENT ON COLUMN market.leases.locked IS 'nanoTON that the trade moved to the buyer''s leased account.';
COMMENT ON COLUMN market.leases.used IS 'Adjusted tokens charged so far.';
COMMENT ON COLUMN market.leases.last_sequence IS 'The last command that changed it.';
COMMENT ON COLUMN market.leases.buyer_bps IS 'The buyer''s fee rate in 1/10,000, frozen.';
COMMENT ON COLUMN market.leases.seller_bps IS 'The worker''s fee rate in 1/10,000, frozen.';
COMMENT ON COLUMN market.leases.ended IS 'Whether what was left has gone back to the buyer.';

GRANT SELECT ON market.codes, market.weight_sets TO bombyx_server;
GRANT SELECT, INSERT ON market.accounts, market.keys, market.fees, market.capability_classes,
    market.requirement_profiles, market.trades TO bombyx_server;
GRANT SELECT, INSERT, UPDATE ON market.models, market.attestations, market.orders, market.leases TO bombyx_server;
