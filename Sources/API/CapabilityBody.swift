internal import Engine
internal import Exchange
internal import JSON
internal import Units

/// What an offer may declare. What is measured or attested is not among it: only others can say that.
enum CapabilityField: Int, BodyField {
    case contextLength, features, quantization, tee, region
    case maxOutputTokens, inputModalities, outputModalities, gpuModel, gpuCount, vramGB, dataRetention, trainsOnData
    case moderated, deliverWithinS

    static let names: [StaticString] = [
        "context_length", "features", "quantization", "tee", "region", "max_output_tokens", "input_modalities",
        "output_modalities", "gpu_model", "gpu_count", "vram_gb", "data_retention", "trains_on_data", "moderated",
        "deliver_within_s",
    ]

    /// The field of a requirement that is about the same.
    var demanded: RequirementField {
        switch self {
        case .contextLength: .contextLength
        case .features: .features
        case .quantization: .quantization
        case .tee: .tee
        case .region: .region
        case .maxOutputTokens: .maxOutputTokens
        case .inputModalities: .inputModalities
        case .outputModalities: .outputModalities
        case .gpuModel: .gpuModel
        case .gpuCount: .gpuCount
        case .vramGB: .vramGB
        case .dataRetention: .dataRetention
        case .trainsOnData: .trainsOnData
        case .moderated: .moderated
        case .deliverWithinS: .deliverWithinS
        }
    }
}

extension BodyReader {
    /// What an offer says that it can do.
    mutating func capability(at place: BodyPlace, into offer: inout OfferTerms) throws(JSONError) {
        guard try beginObject(at: place) else { return }
        var seen = JSONFieldSet()
        var traits = Traits()
        while let field = try nextField(CapabilityField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            switch field {
            case .contextLength: offer.contextLength = try integer(at: place, in: 0...Limits.contextLengthMax) ?? 0
            case .features:
                offer.features = Features(rawValue: UInt32(truncatingIfNeeded: try bits(of: field.demanded, at: place)))
            case .quantization: offer.quantization = try choice(of: Vocabularies.quantization, at: place) ?? .unknown
            case .tee: offer.claimedTEE = try choice(of: Vocabularies.tee, at: place) ?? .none
            case .region:
                guard let name = try text(at: place) else { continue }
                if let region = Region(name: name) {
                    offer.region = region
                } else {
                    fail(place, .badFormat, "region must be a country code of two lower-case letters, or eu.")
                }
            default: try trait(field.demanded, at: place, into: &traits)
            }
        }
        traits[.modalities] |= Self.inputModalities(offer.features)
        offer.features.formUnion(Self.inputFeatures(traits[.modalities]))
        offer.traits = traits
    }

    private mutating func trait(
        _ field: RequirementField,
        at place: BodyPlace,
        into traits: inout Traits
    ) throws(JSONError) {
        guard let trait = field.trait else { return }
        switch field.kind {
        case .number: traits[trait] = try integer(at: place, in: field.range(of: .eq)) ?? 0
        case .flag: traits[trait] = try boolean(at: place).map { $0 ? 2 : 1 } ?? 0
        case .set: traits[trait] |= try bits(of: field, at: place)
        case .choice, .names:
            if let vocabulary = field.vocabulary { traits[trait] = try choice(of: vocabulary, at: place) ?? 0 }
        }
    }

    /// Several of the names of a field.
    private mutating func bits(of field: RequirementField, at place: BodyPlace) throws(JSONError) -> Int64 {
        var bits: Int64 = 0
        guard let vocabulary = field.vocabulary else { return bits }
        _ = try elements(at: place, max: field.entriesMax) { (reader: inout BodyReader, place) throws(JSONError) in
            if let code = try reader.choice(of: vocabulary, at: place) { bits |= 1 << code }
        }
        return bits
    }

    /// Four features are modalities under another name: who says one says the other.
    private static let synonyms: [(feature: Features, modality: Int64)] = [
        "image_input", "audio_input", "video_input", "file_input",
    ].compactMap { name in
        guard let feature = Features(name: name) else { return nil }
        let modality = Trait.inputModalities.firstIndex(of: String(name.dropLast("_input".count)))
        return modality.map { (feature, 1 << Int64($0)) }
    }

    private static func inputModalities(_ features: Features) -> Int64 {
        synonyms.reduce(0) { features.isSuperset(of: $1.feature) ? $0 | $1.modality : $0 }
    }

    private static func inputFeatures(_ modalities: Int64) -> Features {
        var features = Features(rawValue: 0)
        for (feature, modality) in synonyms where modalities & modality != 0 { features.formUnion(feature) }
        return features
    }
}

enum MeasurementField: Int, BodyField {
    case model, throughputTPS, ttftMS, uptimeBP, expiresAt
    static let names: [StaticString] = ["model", "throughput_tps", "ttft_ms", "uptime_bp", "expires_at"]

    var trait: Trait? {
        switch self {
        case .throughputTPS: .throughputTPS
        case .ttftMS: .ttftMS
        case .uptimeBP: .uptimeBP
        case .model, .expiresAt: nil
        }
    }
}

extension Bodies {
    /// `PUT /v1/accounts/{id}/measurements`, with the model's name.
    static func measurement(
        _ body: [UInt8],
        of account: AccountID,
        directory: Directory,
        now: LogicalTime
    ) throws(Problem) -> MeasurementTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = MeasurementTerms(account: account, model: .unknown, expiresAt: .never)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(MeasurementField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                if let trait = field.trait, case .number(let range) = trait.kind {
                    terms[trait] = try reader.integer(at: place, in: range) ?? 0
                } else if field == .model {
                    terms.model = try reader.modelID(at: place, directory: directory) ?? .unknown
                } else {
                    terms.expiresAt = try reader.futureTime(at: place, now: now) ?? .never
                }
            }
            reader.require(MeasurementField.model, of: .document, seen: seen)
            reader.require(MeasurementField.expiresAt, of: .document, seen: seen)
            return terms
        }
    }
}
