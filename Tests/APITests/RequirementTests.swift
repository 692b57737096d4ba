import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

@Suite struct RequirementTests {
    let market = Market()

    /// The same demand in JSON, in a URL, and in the canonical form of a URL.
    static let forms: [(json: String, url: String, canonical: String)] = [
        ("{}", "", ""),
        (#"{"model":{"in":["tiny"]}}"#, "model:in=tiny", "model:in=tiny"),
        (
            #"{"model":{"in":["openai/gpt-oss-120b","Qwen/Qwen3-32B","openai/gpt-oss-120b"]}}"#,
            "model:in=openai/gpt-oss-120b,Qwen/Qwen3-32B", "model:in=Qwen/Qwen3-32B,openai/gpt-oss-120b"
        ),
        (#"{"quality":{"gte":40}}"#, "quality:gte=40", "quality:gte=40"),
        (#"{"quality":{"gte":0},"context_length":{"gte":0}}"#, "quality:gte=0", ""),
        (
            #"{"region":{"in":["us","eu"]},"tee":{"in":["tdx+nvcc","tdx"]},"quality":{"gte":100}}"#,
            "region:in=us,eu;tee:in=tdx+nvcc,tdx;quality:gte=100",
            "quality:gte=100;tee:in=tdx,tdx+nvcc;region:in=eu,us"
        ),
        (
            #"{"context_length":{"gte":32768},"features":{"all":["seed","tools"]},"#
                + #""quantization":{"in":["bf16","fp8"]}}"#,
            "context_length:gte=32768;features:all=seed,tools;quantization:in=bf16,fp8",
            "context_length:gte=32768;features:all=tools,seed;quantization:in=fp8,bf16"
        ),
        (#"{"model":{"eq":"tiny"}}"#, "model:eq=tiny", "model:in=tiny"),
        (
            #"{"model":{"in":["tiny","Qwen/Qwen3-32B"],"notin":["tiny"]}}"#,
            "model:notin=tiny;model:in=tiny,Qwen/Qwen3-32B", "model:in=Qwen/Qwen3-32B"
        ),
        (#"{"model":{"notin":["tiny"]}}"#, "model:notin=tiny,tiny", "model:notin=tiny"),
        (#"{"region":{"notin":["us","cn"]}}"#, "region:notin=us,cn", "region:notin=cn,us"),
        (
            #"{"quality":{"lte":60,"gte":40},"gpu_count":{"eq":8},"vram_gb":{"gte":80}}"#,
            "quality:gte=40;vram_gb:gte=80;quality:lte=60;gpu_count:eq=8",
            "quality:gte=40;quality:lte=60;gpu_count:eq=8;vram_gb:gte=80"
        ),
        (
            #"{"tee":{"notin":["none","sgx"]},"quantization":{"notin":["int4","int8","fp4","mxfp4","nvfp4","fp6"]}}"#,
            "tee:notin=none,sgx;quantization:notin=int4,int8,fp4,mxfp4,nvfp4,fp6",
            "quantization:in=fp8,mxfp8,fp16,bf16,fp32;tee:in=tdx,sev-snp,tdx+nvcc,sev-snp+nvcc"
        ),
        (
            #"{"data_retention":{"in":["transient","none"],"notin":["none"]},"trains_on_data":{"eq":false}}"#,
            "data_retention:in=none,transient;data_retention:notin=none;trains_on_data:eq=false",
            "data_retention:in=transient;trains_on_data:eq=false"
        ),
        (
            #"{"output_modalities":{"all":["embeddings"]},"input_modalities":{"all":["image","text"]}}"#,
            "output_modalities:all=embeddings;input_modalities:all=image,text",
            "input_modalities:all=text,image;output_modalities:all=embeddings"
        ),
        (
            #"{"ttft_ms":{"lte":500},"throughput_tps":{"gte":40},"uptime_bp":{"gte":9900},"moderated":{"eq":true}}"#,
            "ttft_ms:lte=500;throughput_tps:gte=40;uptime_bp:gte=9900;moderated:eq=true",
            "moderated:eq=true;throughput_tps:gte=40;ttft_ms:lte=500;uptime_bp:gte=9900"
        ),
        (
            #"{"tcb_status":{"in":["UpToDate"]},"attestation_age_s":{"lte":3600},"gpu_model":{"eq":"h200"}}"#,
            "tcb_status:in=UpToDate;attestation_age_s:lte=3600;gpu_model:eq=h200",
            "gpu_model:in=h200;tcb_status:in=UpToDate;attestation_age_s:lte=3600"
        ),
        (
            #"{"revision":{"eq":"\#(revision)"},"weights_sha256":{"notin":["\#(weights)"]}}"#,
            "weights_sha256:notin=\(weights);revision:in=\(revision)",
            "revision:in=\(revision);weights_sha256:notin=\(weights)"
        ),
    ]

    private static let revision = String(repeating: "0a", count: 20)
    private static let weights = String(repeating: "f1", count: 32)

    private func json(_ text: String) throws -> Requirement {
        let body = #"{"requirement":\#(text),"price_nanoton_per_mtok":1000,"quantity_lots":1}"#
        guard case .placeBid(let terms) = try market.command("POST", "/v1/bids", body, as: Market.app).action else {
            throw Unexpected(.models(.init()))
        }
        return terms.requirement
    }

    private func url(_ text: String) throws -> Requirement {
        let admission = market.admit("GET", "/v1/book?requirement=\(text)")
        guard case .book(let query) = admission else { throw Unexpected(admission) }
        var requirement = query.requirement
        requirement.weightSet = .standard
        return requirement
    }

    @Test(arguments: forms)
    func `Both forms mean the same, and the canonical forms mean it too`(
        form: (json: String, url: String, canonical: String)
    ) throws {
        let requirement = try json(form.json)
        #expect(try url(form.url) == requirement)
        let models = market.directory.models
        #expect(RequirementText.expression(requirement, models: models) == form.canonical)
        #expect(try url(form.canonical) == requirement)
        var writer = JSONWriter()
        RequirementText.write(requirement, models: models, to: &writer)
        #expect(try json(String(decoding: writer.finish(), as: UTF8.self)) == requirement)
    }

    @Test func `A URL's form may be percent-encoded as a whole`() throws {
        let encoded = "model%3Ain%3DQwen%2FQwen3-32B%3Bquality%3Agte%3D40"
        #expect(try url(encoded) == url("model:in=Qwen/Qwen3-32B;quality:gte=40"))
    }

    @Test(
        arguments: [
            (#"{"model":{"in":[]}}"#, "#/requirement/model/in empty"),
            (#"{"model":{}}"#, "#/requirement/model/in required"),
            (#"{"model":["tiny"]}"#, "#/requirement/model wrong_type"),
            (#"{"model":{"in":["tiny",7]}}"#, "#/requirement/model/in/1 wrong_type"),
            (#"{"model":{"in":["a;b"]}}"#, "#/requirement/model/in/0 bad_format"),
            (#"{"model":{"gte":"tiny"}}"#, "#/requirement/model/gte unknown_field"),
            (#"{"model":{"eq":"tiny","in":["tiny"]}}"#, "#/requirement/model/eq not_allowed"),
            (#"{"model":{"in":["tiny"],"notin":["tiny"]}}"#, "#/requirement/model empty"),
            (#"{"quality":{"gte":50,"lte":49}}"#, "#/requirement/quality out_of_range"),
            (#"{"tcb_status":{"in":["Revoked"],"notin":["Revoked"]}}"#, "#/requirement/tcb_status empty"),
            (#"{"trains_on_data":{"eq":"no"}}"#, "#/requirement/trains_on_data/eq wrong_type"),
            (#"{"revision":{"eq":"0A"}}"#, "#/requirement/revision/eq bad_format"),
            (#"{"attestation_age_s":{"lte":899}}"#, "#/requirement/attestation_age_s/lte out_of_range"),
            (
                #"{"model":{"in":[\#(Array(repeating: #""tiny""#, count: 17).joined(separator: ","))]}}"#,
                "#/requirement/model/in too_many"
            ),
            (#"{"quality":{"gte":101}}"#, "#/requirement/quality/gte out_of_range"),
            (#"{"quality":{"gte":"40"}}"#, "#/requirement/quality/gte wrong_type"),
            (#"{"quality":{"gte":1},"quality":{"gte":2}}"#, "#/requirement/quality duplicate_field"),
            (#"{"context_length":{"gte":1073741825}}"#, "#/requirement/context_length/gte out_of_range"),
            (#"{"features":{"any":["tools"]}}"#, "#/requirement/features/any unknown_field"),
            (#"{"features":{"all":["teleport"]}}"#, "#/requirement/features/all/0 not_allowed"),
            (#"{"ttft_ms":{"gte":500}}"#, "#/requirement/ttft_ms/gte unknown_field"),
            (#"{"latency":{"lte":500}}"#, "#/requirement/latency unknown_field"),
            (#"{"region":{"in":["europe"]}}"#, "#/requirement/region/in/0 bad_format"),
            (#"null"#, "#/requirement wrong_type"),
        ]
    )
    func `A demand in JSON that breaks a rule is named`(requirement: String, error: String) throws {
        let body = #"{"requirement":\#(requirement),"price_nanoton_per_mtok":1000,"quantity_lots":1}"#
        let problem = try market.problem("POST", "/v1/bids", body, as: Market.app)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
    }

    @Test(
        arguments: [
            ("model", "bad_format"), ("model:in", "bad_format"), ("model=tiny", "bad_format"), (";", "bad_format"),
            ("model:in=tiny;", "bad_format"), ("colour:in=red", "unknown_field"), ("model:gte=tiny", "not_allowed"),
            ("model:eq=tiny,tiny", "too_many"), ("model:eq=tiny;model:in=tiny", "not_allowed"),
            ("model:in=tiny;model:notin=tiny", "empty"), ("trains_on_data:eq=no", "wrong_type"),
            ("weights_sha256:in=0f", "bad_format"), ("quality:gte=9;quality:lte=8", "out_of_range"),
            ("model:in=", "empty"), ("model:in=tiny,", "bad_format"), ("quality:gte=x", "wrong_type"),
            ("quality:gte=", "wrong_type"), ("quality:gte=-1", "wrong_type"), ("quality:gte=040", "wrong_type"),
            ("quality:gte=101", "out_of_range"), ("quality:gte=99999999999999999999", "wrong_type"),
            ("quality:gte=1;quality:gte=1", "duplicate_field"), ("tee:in=moon", "not_allowed"),
            ("features:all=tools,x", "not_allowed"),
            ("model:in=" + Array(repeating: "tiny", count: 17).joined(separator: ","), "too_many"),
        ]
    )
    func `A demand in a URL that breaks a rule is named`(requirement: String, rule: String) throws {
        let problem = try market.problem("GET", "/v1/book?requirement=\(requirement)")
        #expect(problem.response.status == 422)
        #expect(problem.json["code"]?.string == "invalid_fields")
        #expect(problem.json.error(0) == "requirement \(rule)")
    }

    @Test(
        arguments: [
            ("requirement=model:in=no/such", "model_unknown"),
            ("requirement=model:in=tiny,Qwen/Qwen3-32B", "mixed_units"),
            ("requirement=model:in=tiny&weight_set=standard", "mixed_units"),
        ]
    )
    func `A book of no model, or of several goods, does not exist`(query: String, code: String) throws {
        let problem = try market.problem("GET", "/v1/book?\(query)")
        #expect(problem.response.status == 422)
        #expect(problem.json["code"]?.string == code)
    }

    @Test(
        arguments: [
            ("", 1), ("requirement=model:in=tiny", 2), ("weight_set=ratio-5", 6),
            ("weight_set=ratio-1&requirement=model:in=tiny", 2),
        ] as [(String, UInt8)]
    )
    func `A book is of one good: the named one, its models', or the standard one`(query: String, set: UInt8) throws {
        guard case .book(let result) = market.admit("GET", "/v1/book?\(query)") else {
            throw Unexpected(market.admit("GET", "/v1/book?\(query)"))
        }
        #expect(result.requirement.weightSet == WeightSetID(set))
        #expect(result.depth == 20)
    }
}
