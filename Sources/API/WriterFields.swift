internal import Engine
internal import Exchange
internal import JSON
internal import Units

/// The parts that several answers share.
extension JSONWriter {
    /// A time, or `null` for never.
    mutating func time(_ name: StaticString, _ time: LogicalTime) {
        key(name)
        guard time < .never else { return null() }
        let bytes = Timestamp.bytes(time)
        text(bytes.span)
    }

    /// A list of names.
    mutating func names(_ name: StaticString, _ names: [String]) {
        key(name)
        beginArray()
        for name in names { string(name) }
        endArray()
    }

    /// A string, or `null` when it is empty.
    mutating func optional(_ name: StaticString, _ value: String) {
        if value.isEmpty {
            key(name)
            null()
        } else {
            member(name, value)
        }
    }

    /// An integer, or `null`.
    mutating func optional(_ name: StaticString, _ value: Int64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    /// A price, or `null`.
    mutating func optional(_ name: StaticString, price: Price?) {
        key(name)
        if let price { decimalString(price.nanoTONPerMTok) } else { null() }
    }

    mutating func attestation(_ record: AttestationRecord) {
        names("tees", TEE.allCases.filter { $0 != .none && record.terms.tees & $0.bit != 0 }.map(\.name))
        time("expires_at", record.terms.expiresAt)
        member("attested_by", word: "operator")
        names(Trait.tcbStatus, Int64(record.terms.tcbStatus))
        time("attested_at", record.terms.attestedAt ?? .never)
        time("set_at", record.setAt)
    }

    mutating func measurement(_ record: MeasurementRecord) {
        for trait in Trait.measured {
            key(trait.name)
            if record.terms[trait] == 0 { null() } else { integer(record.terms[trait]) }
        }
        member("measured_by", word: "operator")
        time("expires_at", record.terms.expiresAt)
        time("set_at", record.setAt)
    }

    /// A requirement as it was understood, and its hash.
    mutating func requirement(_ echo: RequirementEcho) {
        key("requirement")
        raw(echo.object.span)
        member("requirement_hash", echo.hash)
    }

    /// What is known of an offer beside its first fields, and who says what.
    mutating func traits(of capability: Capability) {
        let traits = capability.traits
        for trait in Trait.allCases { names(trait, traits[trait]) }
        key("measured_by")
        if Trait.measured.contains(where: { traits[$0] != 0 }) { word("exchange") } else { null() }
        optional("revision", capability.weights.revision.text)
        optional("weights_sha256", capability.weights.sha256.text)
        key("provenance")
        raw(Self.provenance.span)
    }

    /// A trait under its names in JSON: `null`, or what its number means.
    private mutating func names(_ trait: Trait, _ number: Int64) {
        if case .set = trait.kind {
            modalities("input_modalities", Trait.inputModalities, number)
            return modalities("output_modalities", Trait.outputModalities, number >> Int64(Trait.inputModalities.count))
        }
        key(trait.name)
        guard number != 0 else { return null() }
        switch trait.kind {
        case .choice(let names): string(names[Int(number) - 1])
        case .flag: bool(number == 2)
        case .number, .set: integer(number)
        }
    }

    private mutating func modalities(_ name: StaticString, _ names: [String], _ bits: Int64) {
        self.names(name, names.indices.filter { bits >> Int64($0) & 1 == 1 }.map { names[$0] })
    }

    /// The same for every offer.
    private static let provenance: [UInt8] = {
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        for field in RequirementField.allCases {
            guard let provenance = field.provenance else { continue }
            writer.member(field == .tee ? "attested_tee" : field.name, provenance.rawValue)
        }
        writer.endObject()
        return writer.take()
    }()

    /// A model as the registry has it, under OpenRouter's names where it has one.
    mutating func model(_ record: ModelRecord) {
        let terms = record.terms
        member("id", terms.name)
        member("name", terms.name)
        optional("hugging_face_id", terms.huggingFaceID)
        member("created", record.createdAt.microseconds / 1_000_000)
        optional("context_length", terms.contextLength == 0 ? nil : terms.contextLength)
        member("version", Int64(record.version))
        optional("revision", terms.revision)
        optional("weights_sha256", terms.weightsSHA256)
        optional("quality", terms.quality)
        let weightSet = terms.weightSet.weightSet ?? .standard
        member("weight_set", weightSet.name)
        key("weights_per_10000")
        beginObject()
        member("prompt", weightSet.prompt)
        member("cached", weightSet.cached)
        member("completion", weightSet.completion)
        member("reasoning", weightSet.reasoning)
        endObject()
    }

    mutating func fees(_ terms: FeeTerms) {
        member("maker_fee_bps", terms.rates.maker.count)
        member("taker_fee_bps", terms.rates.taker.count)
        member("minimum_notional_nanoton", decimalString: terms.minimumNotional.count)
    }
}
