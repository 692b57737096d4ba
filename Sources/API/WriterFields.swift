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
        time("set_at", record.setAt)
    }

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
