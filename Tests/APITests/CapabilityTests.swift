import Cryptography
import Engine
import Exchange
import JSON
import Testing
import Units

@testable import API

/// What an offer declares, what OpenRouter's shorthand demands, and the schemas of both sides.
@Suite struct CapabilityTests {
    let market = Market()

    private func offer(_ capability: String) throws -> OfferTerms {
        let body = #"{"model":"tiny","price_nanoton_per_mtok":1000,"quantity_lots":1,"capability":\#(capability)}"#
        guard case .placeOffer(let terms) = try market.command("POST", "/v1/offers", body, as: Market.worker).action
        else { throw Unexpected(.models(.init())) }
        return terms
    }

    private func bid(_ requirement: String, _ provider: String) -> String {
        #"{"requirement":\#(requirement),"price_nanoton_per_mtok":1000,"quantity_lots":1,"provider":\#(provider)}"#
    }

    private func requirement(_ requirement: String = "{}", provider: String) throws -> String {
        let body = bid(requirement, provider)
        guard case .placeBid(let terms) = try market.command("POST", "/v1/bids", body, as: Market.app).action else {
            throw Unexpected(.models(.init()))
        }
        return RequirementText.expression(terms.requirement, models: market.directory.models)
    }

    @Test func `An offer declares every trait that others do not say`() throws {
        let terms = try offer(
            #"{"max_output_tokens":4096,"input_modalities":["text","image"],"output_modalities":["text"],"#
                + #""gpu_model":"h100","gpu_count":8,"vram_gb":80,"data_retention":"days_30","trains_on_data":false,"#
                + #""moderated":true}"#
        )
        var expected = Traits()
        expected[.maxOutputTokens] = 4_096
        expected[.modalities] = 0b100011
        expected[.gpuModel] = 6
        expected[.gpuCount] = 8
        expected[.vramGB] = 80
        expected[.dataRetention] = 5
        expected[.trainsOnData] = 1
        expected[.moderated] = 2
        #expect(terms.traits == expected)
        #expect(terms.features.names == ["image_input"])
    }

    @Test func `A feature that is a modality under another name says the modality`() throws {
        #expect(try offer(#"{"features":["audio_input"]}"#).traits[.modalities] == 1 << 3)
        #expect(try offer(#"{"features":["tools"]}"#).traits == Traits())
    }

    @Test(
        arguments: [
            (#"{"ttft_ms":5}"#, "#/capability/ttft_ms unknown_field"),
            (#"{"tcb_status":"UpToDate"}"#, "#/capability/tcb_status unknown_field"),
            (#"{"attestation_age_s":5}"#, "#/capability/attestation_age_s unknown_field"),
            (#"{"revision":"0a"}"#, "#/capability/revision unknown_field"),
            (#"{"gpu_model":"h1000"}"#, "#/capability/gpu_model not_allowed"),
            (#"{"gpu_count":0}"#, "#/capability/gpu_count out_of_range"),
            (#"{"moderated":1}"#, "#/capability/moderated wrong_type"),
            (#"{"input_modalities":["text","smell"]}"#, "#/capability/input_modalities/1 not_allowed"),
        ]
    )
    func `What only others may say, and what nobody knows, is refused with its place`(
        capability: String,
        error: String
    ) throws {
        let body = #"{"model":"tiny","price_nanoton_per_mtok":1000,"quantity_lots":1,"capability":\#(capability)}"#
        let problem = try market.problem("POST", "/v1/offers", body, as: Market.worker)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
    }

    // MARK: Shorthand

    @Test(
        arguments: [
            ("{}", ""), (#"{"sort":"price","allow_fallbacks":true,"require_parameters":true}"#, ""),
            (#"{"zdr":false,"data_collection":"allow"}"#, ""),
            (#"{"zdr":true}"#, "data_retention:in=none,transient"),
            (#"{"data_collection":"deny"}"#, "data_retention:in=none,transient;trains_on_data:eq=false"),
            (#"{"quantizations":["fp8","bf16"]}"#, "quantization:in=fp8,bf16"),
        ]
    )
    func `Each key of the shorthand that has a translation is translated`(provider: String, canonical: String) throws {
        #expect(try requirement(provider: provider) == canonical)
    }

    @Test func `The shorthand and the requirement beside it both hold`() throws {
        let both = try requirement(
            #"{"quantization":{"in":["bf16","fp4"]},"data_retention":{"notin":["none"]}}"#,
            provider: #"{"quantizations":["bf16","fp8"],"zdr":true}"#
        )
        #expect(both == "quantization:in=bf16;data_retention:in=transient")
    }

    @Test(
        arguments: [
            (#"{"order":["together"]}"#, "#/provider/order not_allowed"),
            (#"{"only":["together"]}"#, "#/provider/only not_allowed"),
            (#"{"ignore":["together"]}"#, "#/provider/ignore not_allowed"),
            (#"{"allow_fallbacks":false}"#, "#/provider/allow_fallbacks not_allowed"),
            (#"{"require_parameters":false}"#, "#/provider/require_parameters not_allowed"),
            (#"{"data_collection":"maybe"}"#, "#/provider/data_collection not_allowed"),
            (#"{"zdr":"yes"}"#, "#/provider/zdr wrong_type"),
            (#"{"enforce_distillable_text":true}"#, "#/provider/enforce_distillable_text not_allowed"),
            (#"{"quantizations":[]}"#, "#/provider/quantizations empty"),
            (#"{"quantizations":["fp7"]}"#, "#/provider/quantizations/0 not_allowed"),
            (#"{"quantizations":["int4"]}"#, "#/provider/quantizations empty"),
            (#"{"sort":"throughput"}"#, "#/provider/sort not_allowed"),
            (#"{"max_price":{"prompt":1}}"#, "#/provider/max_price not_allowed"),
            (#"{"preferred_min_throughput":50}"#, "#/provider/preferred_min_throughput not_allowed"),
            (#"{"preferred_max_latency":{"p50":1}}"#, "#/provider/preferred_max_latency not_allowed"),
            (#"{"experimental":1}"#, "#/provider/experimental unknown_field"),
            (#"[]"#, "#/provider wrong_type"),
        ]
    )
    func `Each other key is an error that says why`(provider: String, error: String) throws {
        let body = bid(#"{"quantization":{"in":["fp8"]}}"#, provider)
        let problem = try market.problem("POST", "/v1/bids", body, as: Market.app)
        #expect(problem.response.status == 422)
        #expect(problem.json.error(0) == error)
    }

    // MARK: Canonical form and hash

    @Test func `The hash is that of the object as the answer writes it`() throws {
        var requirement = Requirement()
        requirement.qualityAtLeast = 40
        let models = market.directory.models
        let object = #"{"quality":{"gte":40}}"#
        #expect(RequirementText.bytes(requirement, models: models) == Array(object.utf8))
        #expect(RequirementText.hash(requirement, models: models) == SHA256.hash(Array(object.utf8)).hex)
        let echo = RequirementEcho(requirement, models: models)
        let response = Answer.render(.placedBid(echo), Example.outcome(18, [.accepted(Example.order(id: 18))]))
        let json = try JSONValue(response.body)
        #expect(json["requirement"]?["quality"]?["gte"]?.integer == 40)
        #expect(json["requirement_hash"]?.string == SHA256.hash(Array(object.utf8)).hex)
    }

    @Test func `A book says which requirement it shows, by hash`() throws {
        guard case .book(let query) = market.admit("GET", "/v1/book?requirement=quality:eq=40") else {
            throw Unexpected(market.admit("GET", "/v1/book?requirement=quality:eq=40"))
        }
        let models = market.directory.models
        let book = BookView(offers: [], bids: [], depth: 20)
        let json = try JSONValue(book.response(to: query, models: models, asOf: .none).body)
        #expect(json["requirement_hash"]?.string == RequirementText.hash(query.requirement, models: models))
        #expect(json["requirement_expression"]?.string == "quality:eq=40")
    }

    // MARK: Schemas

    @Test(
        arguments: [
            ("/v1/schemas/capability.json", CapabilityField.names),
            ("/v1/schemas/requirement.json", RequirementField.names),
        ]
    )
    func `The published schemas have the fields of the readers, each with its provenance`(
        path: String,
        fields: [StaticString]
    ) throws {
        guard case .answer(let response) = market.admit("GET", path) else {
            throw Unexpected(market.admit("GET", path))
        }
        let schema = try JSONValue(response.body)
        #expect(response.status == 200)
        #expect(schema["additionalProperties"] == .boolean(false))
        #expect(schema["properties"]?.members?.map(\.key) == fields.map(\.description))
        let provenances: Set = ["declared", "measured", "attested", "registry"]
        for property in schema["properties"]?.members ?? [] {
            #expect(provenances.contains(property.value["x-provenance"]?.string ?? ""), "\(property.key)")
        }
    }
}
