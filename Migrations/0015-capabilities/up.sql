-- The whole vocabulary of capabilities and demands, what is measured, and what evidence says of a platform.

-- Names -------------------------------------------------------------------------------------------------------------

INSERT INTO market.codes (field, code, name) VALUES
    ('feature', 16, 'temperature'), ('feature', 17, 'top_p'), ('feature', 18, 'top_k'), ('feature', 19, 'min_p'),
    ('feature', 20, 'top_a'), ('feature', 21, 'frequency_penalty'), ('feature', 22, 'presence_penalty'),
    ('feature', 23, 'repetition_penalty'), ('feature', 24, 'logit_bias'), ('feature', 25, 'top_logprobs'),
    ('feature', 26, 'stop'), ('feature', 27, 'max_tokens'), ('feature', 28, 'response_format'),
    ('feature', 29, 'include_reasoning'), ('feature', 30, 'verbosity'), ('feature', 31, 'web_search_options'),
    ('modality', 0, 'input_text'), ('modality', 1, 'input_image'), ('modality', 2, 'input_file'),
    ('modality', 3, 'input_audio'), ('modality', 4, 'input_video'), ('modality', 5, 'output_text'),
    ('modality', 6, 'output_image'), ('modality', 7, 'output_audio'), ('modality', 8, 'output_video'),
    ('modality', 9, 'output_embeddings'), ('modality', 10, 'output_rerank'), ('modality', 11, 'output_speech'),
    ('modality', 12, 'output_transcription'), ('gpu_model', 1, 'gb300'), ('gpu_model', 2, 'gb200'),
    ('gpu_model', 3, 'b300'), ('gpu_model', 4, 'b200'), ('gpu_model', 5, 'h200'), ('gpu_model', 6, 'h100'),
    ('gpu_model', 7, 'h20'), ('gpu_model', 8, 'gh200'), ('gpu_model', 9, 'a100'), ('gpu_model', 10, 'a40'),
    ('gpu_model', 11, 'a10'), ('gpu_model', 12, 'l40s'), ('gpu_model', 13, 'l40'), ('gpu_model', 14, 'l4'),
    ('gpu_model', 15, 'rtx-pro-6000'), ('gpu_model', 16, 'rtx-6000-ada'), ('gpu_model', 17, 'rtx-5090'),
    ('gpu_model', 18, 'rtx-4090'), ('gpu_model', 19, 'rtx-3090'), ('gpu_model', 20, 'mi355x'),
    ('gpu_model', 21, 'mi325x'), ('gpu_model', 22, 'mi300x'), ('gpu_model', 23, 'mi250x'), ('gpu_model', 24, 'other'),
    ('data_retention', 1, 'none'), ('data_retention', 2, 'transient'), ('data_retention', 3, 'days_1'),
    ('data_retention', 4, 'days_7'), ('data_retention', 5, 'days_30'), ('data_retention', 6, 'days_90'),
    ('data_retention', 7, 'days_365'), ('data_retention', 8, 'unlimited'), ('tcb_status', 1, 'UpToDate'),
    ('tcb_status', 2, 'SWHardeningNeeded'), ('tcb_status', 3, 'ConfigurationNeeded'),
    ('tcb_status', 4, 'ConfigurationAndSWHardeningNeeded'), ('tcb_status', 5, 'OutOfDate'),
    ('tcb_status', 6, 'OutOfDateConfigurationNeeded'), ('tcb_status', 7, 'Revoked');

-- Classes -----------------------------------------------------------------------------------------------------------

ALTER TABLE market.capability_classes ADD COLUMN max_output_tokens bigint NOT NULL DEFAULT 0
    CHECK (max_output_tokens >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN max_output_tokens DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.max_output_tokens IS
    'Declared: most tokens of an answer; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN modalities bigint NOT NULL DEFAULT 0 CHECK (modalities >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN modalities DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.modalities IS
    'Declared: bits (market.codes, modality); 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN gpu_model bigint NOT NULL DEFAULT 0 CHECK (gpu_model >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN gpu_model DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.gpu_model IS
    'Declared (market.codes, gpu_model); 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN gpu_count bigint NOT NULL DEFAULT 0 CHECK (gpu_count >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN gpu_count DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.gpu_count IS
    'Declared: GPUs that serve it; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN vram_gb bigint NOT NULL DEFAULT 0 CHECK (vram_gb >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN vram_gb DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.vram_gb IS
    'Declared: memory of one GPU in GB; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN data_retention bigint NOT NULL DEFAULT 0 CHECK (data_retention >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN data_retention DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.data_retention IS
    'Declared: for how long what was sent is kept (market.codes, data_retention); 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN trains_on_data bigint NOT NULL DEFAULT 0 CHECK (trains_on_data >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN trains_on_data DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.trains_on_data IS
    'Declared: whether what was sent is trained on: 1 no, 2 yes; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN moderated bigint NOT NULL DEFAULT 0 CHECK (moderated >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN moderated DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.moderated IS
    'Declared: whether what is sent is moderated: 1 no, 2 yes; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN throughput_tps bigint NOT NULL DEFAULT 0 CHECK (throughput_tps >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN throughput_tps DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.throughput_tps IS
    'Measured: tokens a second, the lower end of the step; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN ttft_ms bigint NOT NULL DEFAULT 0 CHECK (ttft_ms >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN ttft_ms DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.ttft_ms IS
    'Measured: milliseconds to the first token, the upper end of the step; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN uptime_bp bigint NOT NULL DEFAULT 0 CHECK (uptime_bp >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN uptime_bp DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.uptime_bp IS
    'Measured: time in which it answered in 1/10,000, the lower end of the step; 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN tcb_status bigint NOT NULL DEFAULT 0 CHECK (tcb_status >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN tcb_status DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.tcb_status IS
    'Attested: state of the platform (market.codes, tcb_status); 0 for unknown.';
ALTER TABLE market.capability_classes ADD COLUMN attestation_age_s bigint NOT NULL DEFAULT 0
    CHECK (attestation_age_s >= 0);
ALTER TABLE market.capability_classes ALTER COLUMN attestation_age_s DROP DEFAULT;
COMMENT ON COLUMN market.capability_classes.attestation_age_s IS
    'Attested: seconds since the evidence was made, the upper end of the step; 0 for unknown.';

-- Profiles ----------------------------------------------------------------------------------------------------------

ALTER TABLE market.requirement_profiles ADD COLUMN max_output_tokens_min bigint;
COMMENT ON COLUMN market.requirement_profiles.max_output_tokens_min IS
    'Least max_output_tokens that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN max_output_tokens_max bigint;
COMMENT ON COLUMN market.requirement_profiles.max_output_tokens_max IS
    'Most max_output_tokens that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN modalities bigint;
COMMENT ON COLUMN market.requirement_profiles.modalities IS
    'Bits (market.codes, modality): all must be there; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN gpu_model bigint;
COMMENT ON COLUMN market.requirement_profiles.gpu_model IS
    'Bits (market.codes, gpu_model): one of them; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN gpu_count_min bigint;
COMMENT ON COLUMN market.requirement_profiles.gpu_count_min IS 'Least gpu_count that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN gpu_count_max bigint;
COMMENT ON COLUMN market.requirement_profiles.gpu_count_max IS 'Most gpu_count that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN vram_gb_min bigint;
COMMENT ON COLUMN market.requirement_profiles.vram_gb_min IS 'Least vram_gb that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN vram_gb_max bigint;
COMMENT ON COLUMN market.requirement_profiles.vram_gb_max IS 'Most vram_gb that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN data_retention bigint;
COMMENT ON COLUMN market.requirement_profiles.data_retention IS
    'Bits (market.codes, data_retention): one of them; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN trains_on_data bigint;
COMMENT ON COLUMN market.requirement_profiles.trains_on_data IS
    'Bits: 1 unknown, 2 no, 4 yes; one of them; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN moderated bigint;
COMMENT ON COLUMN market.requirement_profiles.moderated IS 'Bits: 1 unknown, 2 no, 4 yes; one of them; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN throughput_tps_min bigint;
COMMENT ON COLUMN market.requirement_profiles.throughput_tps_min IS 'Least throughput_tps that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN ttft_ms_max bigint;
COMMENT ON COLUMN market.requirement_profiles.ttft_ms_max IS 'Most ttft_ms that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN uptime_bp_min bigint;
COMMENT ON COLUMN market.requirement_profiles.uptime_bp_min IS 'Least uptime_bp that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN tcb_status bigint;
COMMENT ON COLUMN market.requirement_profiles.tcb_status IS
    'Bits (market.codes, tcb_status): one of them; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN attestation_age_s_max bigint;
COMMENT ON COLUMN market.requirement_profiles.attestation_age_s_max IS
    'Most attestation_age_s that will do; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN quality_max bigint;
COMMENT ON COLUMN market.requirement_profiles.quality_max IS 'Most points; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN context_length_max bigint;
COMMENT ON COLUMN market.requirement_profiles.context_length_max IS 'Most tokens of context; null for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN models_excluded bigint[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN models_excluded DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.models_excluded IS 'The models that will not do.';
ALTER TABLE market.requirement_profiles ADD COLUMN regions_excluded text[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN regions_excluded DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.regions_excluded IS 'The regions that will not do.';
ALTER TABLE market.requirement_profiles ADD COLUMN revisions text[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN revisions DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.revisions IS 'Git revisions of weights that will do; empty for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN weights text[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN weights DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.weights IS 'SHA-256 of weights that will do; empty for any.';
ALTER TABLE market.requirement_profiles ADD COLUMN revisions_excluded text[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN revisions_excluded DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.revisions_excluded IS 'Git revisions of weights that will not do.';
ALTER TABLE market.requirement_profiles ADD COLUMN weights_excluded text[] NOT NULL DEFAULT '{}';
ALTER TABLE market.requirement_profiles ALTER COLUMN weights_excluded DROP DEFAULT;
COMMENT ON COLUMN market.requirement_profiles.weights_excluded IS 'SHA-256 of weights that will not do.';

-- The rule ----------------------------------------------------------------------------------------------------------

CREATE FUNCTION market.has_weights(supply market.capability_classes, revisions text[], weights text[],
    revisions_excluded text[], weights_excluded text[]) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT (revisions = '{}' AND revisions_excluded = '{}' OR m.revision <> '')
        AND (weights = '{}' AND weights_excluded = '{}' OR m.weights_sha256 <> '')
        AND (revisions = '{}' OR m.revision = ANY (revisions)) AND m.revision <> ALL (revisions_excluded)
        AND (weights = '{}' OR m.weights_sha256 = ANY (weights)) AND m.weights_sha256 <> ALL (weights_excluded)
    FROM market.models m WHERE m.model = supply.model AND m.version = supply.model_version
$$;
COMMENT ON FUNCTION market.has_weights(market.capability_classes, text[], text[], text[], text[]) IS
    'Whether the weights of the class''s model version are among those that are wanted, and none of the others.';

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
        AND (demand.revisions = '{}' AND demand.weights = '{}' AND demand.revisions_excluded = '{}'
            AND demand.weights_excluded = '{}' OR market.has_weights(supply, demand.revisions, demand.weights,
                demand.revisions_excluded, demand.weights_excluded))
$$;

-- What is known of accounts -----------------------------------------------------------------------------------------

ALTER TABLE market.attestations ADD COLUMN tcb_status smallint NOT NULL DEFAULT 0;
ALTER TABLE market.attestations ALTER COLUMN tcb_status DROP DEFAULT;
COMMENT ON COLUMN market.attestations.tcb_status IS 'State of the platform (market.codes, tcb_status); 0 for unknown.';
ALTER TABLE market.attestations ADD COLUMN attested_at timestamptz;
COMMENT ON COLUMN market.attestations.attested_at IS 'When the evidence was made; null when the operator did not say.';

CREATE TABLE market.measurements (
    account bigint NOT NULL,
    model bigint NOT NULL,
    throughput_tps bigint NOT NULL,
    ttft_ms bigint NOT NULL,
    uptime_bp bigint NOT NULL,
    expires_at timestamptz,
    set_at timestamptz NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (account, model)
);
COMMENT ON TABLE market.measurements IS 'How workers deliver models: the operator''s word, until receipts say it.';
COMMENT ON COLUMN market.measurements.account IS 'The worker.';
COMMENT ON COLUMN market.measurements.model IS 'The model (market.models), whatever its version.';
COMMENT ON COLUMN market.measurements.throughput_tps IS 'Tokens a second; 0 when not measured.';
COMMENT ON COLUMN market.measurements.ttft_ms IS 'Milliseconds to the first token; 0 when not measured.';
COMMENT ON COLUMN market.measurements.uptime_bp IS 'Time in which it answered in 1/10,000; 0 when not measured.';
COMMENT ON COLUMN market.measurements.expires_at IS 'From then on it does not count; null for no expiry.';
COMMENT ON COLUMN market.measurements.set_at IS 'The exchange''s time.';
COMMENT ON COLUMN market.measurements.sequence IS 'The command that set it.';

GRANT SELECT, INSERT, UPDATE ON market.measurements TO bombyx_server;
GRANT SELECT ON market.measurements TO bombyx_auditor;
