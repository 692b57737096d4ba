package import Engine
package import Exchange
internal import JSON
package import Units

/// Offers of one capability class, as they stand in the book: what stands for a provider's endpoint and for a worker,
/// since the book does not say whose an offer is.
package struct ClassListing: Hashable, Sendable {
    package var id: ClassID
    package var capability: Capability
    /// The best of the class.
    package var price: Price
    /// Of all published levels.
    package var lots: Int64
    package var orders: Int

    package init(id: ClassID, capability: Capability, price: Price, lots: Int64, orders: Int) {
        self.id = id
        self.capability = capability
        self.price = price
        self.lots = lots
        self.orders = orders
    }
}

/// What Cocoon charges for a token, to which its coefficients refer.
enum Cocoon {
    /// nanoTON a prompt token: `price_per_token` of its root contract.
    static let nanoTONPerToken: Int64 = 20

    /// The coefficient in 1/1,000 at which a worker asks no less than `price`; `nil` for a good that is not counted
    /// by Cocoon's weights.
    static func coefficient(_ price: Price, of weightSet: WeightSetID) -> Int64? {
        guard weightSet == .standard else { return nil }
        let unit = nanoTONPerToken * 1_000_000 / 1_000
        return (price.nanoTONPerMTok + unit - 1) / unit
    }
}

extension Features {
    /// OpenRouter's names of the request parameters that these features stand for.
    fileprivate static let parameters: [(feature: String, parameters: [String])] = [
        ("tools", ["tools"]), ("tool_choice", ["tool_choice"]), ("parallel_tool_calls", ["parallel_tool_calls"]),
        ("json_mode", ["response_format"]), ("structured_outputs", ["structured_outputs"]),
        ("logprobs", ["logprobs", "top_logprobs"]), ("reasoning", ["reasoning", "include_reasoning"]),
        ("seed", ["seed"]),
    ]

    fileprivate var supportedParameters: [String] {
        Self.parameters.filter { has($0.feature) }.flatMap(\.parameters)
    }

    fileprivate var inputModalities: [String] {
        let others = [
            ("image_input", "image"), ("file_input", "file"), ("audio_input", "audio"), ("video_input", "video"),
        ]
        return ["text"] + others.filter { has($0.0) }.map(\.1)
    }

    private func has(_ name: String) -> Bool { Features(name: name).map { isSuperset(of: $0) } ?? false }
}

extension View {
    /// `GET /v1/models/{author}/{slug}/endpoints`: OpenRouter's shape, the cheapest class first.
    package static func endpoints(
        of record: ModelRecord,
        _ classes: [ClassListing],
        asOf: SequenceNumber
    ) -> APIResponse {
        let listed = classes.prefix(Limits.endpointsListedMax)
        var writer = JSONWriter(capacity: 1_024 + 768 * listed.count)
        writer.beginObject()
        writer.key("data")
        writer.beginObject()
        writer.member("id", record.terms.name)
        writer.member("name", record.terms.name)
        writer.member("created", record.createdAt.microseconds / 1_000_000)
        writer.member("description", "")
        writer.architecture(classes)
        writer.member("endpoint_count", Int64(classes.count))
        writer.key("endpoints")
        writer.beginArray()
        for listing in listed { writer.endpoint(listing, of: record) }
        writer.endArray()
        writer.endObject()
        return finish(&writer, asOf)
    }
}

extension JSONWriter {
    /// What OpenRouter and Cocoon say of a model, beside what the registry has.
    mutating func marketplaceFields(of record: ModelRecord, _ classes: [ClassListing]) {
        let name = record.terms.name
        member("canonical_slug", name)
        member("object", word: "model")
        member("owned_by", name.firstIndex(of: "/").map { String(name[..<$0]) } ?? "")
        member("description", "")
        architecture(classes)
        key("top_provider")
        beginObject()
        optional("context_length", classes.map(\.capability.contextLength).max())
        nullMember("max_completion_tokens")
        nullMember("is_moderated")
        endObject()
        nullMember("per_request_limits")
        names("supported_parameters", classes.features.supportedParameters)
        member("worker_count", Int64(classes.count))
        key("workers")
        beginArray()
        for listing in classes.prefix(Limits.workersListedMax) { worker(listing) }
        endArray()
    }

    /// Prices of each kind of token, by the weights of the good; `null` for a weight set that nobody knows.
    mutating func pricing(_ price: Price, _ weightSet: WeightSetID) {
        key("pricing")
        guard let weights = weightSet.weightSet else { return null() }
        let price = price.nanoTONPerMTok
        beginObject()
        member("prompt_nanoton_per_mtok", decimalString: price * weights.prompt / 10_000)
        member("input_cache_read_nanoton_per_mtok", decimalString: price * weights.cached / 10_000)
        member("completion_nanoton_per_mtok", decimalString: price * weights.completion / 10_000)
        member("internal_reasoning_nanoton_per_mtok", decimalString: price * weights.reasoning / 10_000)
        endObject()
    }

    fileprivate mutating func architecture(_ classes: [ClassListing]) {
        let inputs = classes.features.inputModalities
        key("architecture")
        beginObject()
        member("modality", inputs.joined(separator: "+") + "->text")
        names("input_modalities", inputs)
        names("output_modalities", ["text"])
        nullMember("tokenizer")
        nullMember("instruct_type")
        endObject()
    }

    fileprivate mutating func endpoint(_ listing: ClassListing, of record: ModelRecord) {
        let capability = listing.capability
        beginObject()
        member("name", "Bombyx | \(record.terms.name) | class \(listing.id.rawValue)")
        member("model_id", record.terms.name)
        member("model_name", record.terms.name)
        member("provider_name", word: "Bombyx")
        member("tag", "bombyx/\(listing.id.rawValue)")
        member("context_length", capability.contextLength)
        nullMember("max_completion_tokens")
        nullMember("max_prompt_tokens")
        member("quantization", capability.quantization.name)
        names("supported_parameters", capability.features.supportedParameters)
        member("supports_implicit_caching", capability.features.names.contains("prompt_caching"))
        member("status", 0)
        nullMember("uptime_last_30m")
        pricing(listing.price, capability.weightSet)
        member("price_nanoton_per_mtok", decimalString: listing.price.nanoTONPerMTok)
        member("quantity_lots", listing.lots)
        member("offer_count", Int64(listing.orders))
        names("features", capability.features.names)
        optional("region", capability.region.name)
        member("attested_tee", capability.tee.name)
        optional("quality", capability.quality)
        endObject()
    }

    /// Cocoon's three fields; of the two that the exchange does not see, nothing.
    private mutating func worker(_ listing: ClassListing) {
        beginObject()
        optional("coefficient", Cocoon.coefficient(listing.price, of: listing.capability.weightSet))
        nullMember("running_requests")
        nullMember("max_running_requests")
        member("price_nanoton_per_mtok", decimalString: listing.price.nanoTONPerMTok)
        member("quantity_lots", listing.lots)
        member("attested_tee", listing.capability.tee.name)
        endObject()
    }
}

extension [ClassListing] {
    /// Of any of them.
    fileprivate var features: Features {
        reduce(into: Features(rawValue: 0)) { $0.formUnion($1.capability.features) }
    }
}
