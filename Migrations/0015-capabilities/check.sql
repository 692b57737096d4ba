DO $$
DECLARE
    demand market.requirement_profiles;
    supply market.capability_classes;
BEGIN
    ASSERT market.code_name('tcb_status', 1) = 'UpToDate', 'states of a platform have names';
    ASSERT has_table_privilege('bombyx_server', 'market.measurements', 'INSERT, UPDATE'), 'the server writes them';
    ASSERT has_table_privilege('bombyx_auditor', 'market.measurements', 'SELECT'), 'an auditor reads them';
    ASSERT NOT has_table_privilege('bombyx_server', 'market.measurements', 'DELETE'), 'nobody deletes them';
    supply := jsonb_populate_record(NULL::market.capability_classes, (
        SELECT jsonb_object_agg(column_name, 0) || '{"weight_set": 1, "region": "de", "gpu_model": 5, "vram_gb": 80,
            "allowed": [], "denied": []}'
        FROM information_schema.columns WHERE table_schema = 'market' AND table_name = 'capability_classes'));
    demand := jsonb_populate_record(NULL::market.requirement_profiles,
        '{"weight_set": 1, "models": [], "quality_min": 0, "context_length_min": 0, "features": 0,
            "quantizations": 0, "tees": 0, "regions": [], "models_excluded": [], "regions_excluded": [],
            "revisions": [], "weights": [], "revisions_excluded": [], "weights_excluded": []}');
    ASSERT market.is_met(demand, supply), 'what demands nothing is met';
    demand.gpu_model := 1 << 5;
    demand.vram_gb_min := 80;
    ASSERT market.is_met(demand, supply), 'the GPU and its memory are enough';
    demand.vram_gb_max := 79;
    ASSERT NOT market.is_met(demand, supply), 'there is more memory than will do';
    demand.vram_gb_max := NULL;
    demand.ttft_ms_max := 300;
    ASSERT NOT market.is_met(demand, supply), 'what nobody measured meets no demand';
    demand.ttft_ms_max := NULL;
    demand.regions_excluded := '{eu}';
    ASSERT NOT market.is_met(demand, supply), 'a member of the union is excluded with it';
END
$$;
