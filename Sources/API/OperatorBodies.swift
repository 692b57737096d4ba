internal import Engine
internal import Exchange
internal import JSON
internal import Units

enum AccountField: Int, BodyField {
    case label, openOrdersMax
    static let names: [StaticString] = ["label", "open_orders_max"]
}

enum KeyField: Int, BodyField {
    case scopes, label, expiresAt
    static let names: [StaticString] = ["scopes", "label", "expires_at"]
}

enum DepositField: Int, BodyField {
    case amount
    static let names: [StaticString] = ["amount_nanoton"]
}

enum AttestationField: Int, BodyField {
    case tees, expiresAt, tcbStatus, attestedAt
    static let names: [StaticString] = ["tees", "expires_at", "tcb_status", "attested_at"]
}

enum ModelField: Int, BodyField {
    case huggingFaceID, revision, weightsSHA256, weightSet, quality, contextLength
    static let names: [StaticString] = [
        "hugging_face_id", "revision", "weights_sha256", "weight_set", "quality", "context_length",
    ]
}

/// What a new key is to be, before it has a secret.
struct KeyFields {
    var scopes: Scopes = []
    var label = ""
    var expiresAt = LogicalTime.never
}

extension Bodies {
    /// `POST /v1/leases/{id}:close`, `:dispute` and `:pardon`: nothing, or an object without fields.
    static func emptyOrNone(_ body: [UInt8]) throws(Problem) {
        if !body.isEmpty { try empty(body) }
    }

    /// `POST /v1/checkpoints`: an object without fields.
    static func empty(_ body: [UInt8]) throws(Problem) {
        _ = try read(body) { (reader: inout BodyReader) throws(JSONError) -> Bool? in
            var seen = JSONFieldSet()
            guard try reader.beginObject(at: .document) else { return nil }
            _ = try reader.nextField([], of: .document, seen: &seen)
            return true
        }
    }

    /// `POST /v1/accounts`.
    static func account(_ body: [UInt8]) throws(Problem) -> AccountTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = AccountTerms(label: "")
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(AccountField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .label: terms.label = try reader.label(at: place) ?? ""
                case .openOrdersMax:
                    let range = 1...Limits.openOrdersPerAccountMax
                    terms.openOrdersMax = try reader.integer(at: place, in: range) ?? 1
                }
            }
            return terms
        }
    }

    /// `POST /v1/accounts/{id}/keys`.
    static func key(_ body: [UInt8], now: LogicalTime) throws(Problem) -> KeyFields {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var key = KeyFields()
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(KeyField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .scopes: key.scopes = try reader.set(of: Vocabularies.scope, at: place, mayBeEmpty: false)
                case .label: key.label = try reader.label(at: place) ?? ""
                case .expiresAt: key.expiresAt = try reader.futureTime(at: place, now: now) ?? .never
                }
            }
            reader.require(KeyField.scopes.name, KeyField.scopes.rawValue, of: .document, seen: seen)
            return key
        }
    }

    /// `POST /v1/accounts/{id}/deposits`: the amount.
    static func deposit(_ body: [UInt8]) throws(Problem) -> NanoTON {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var amount: Int64?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(DepositField.self, of: .document, seen: &seen) {
                amount = try reader.money(at: BodyPlace.document.field(field.name), in: 1...Limits.depositsMax)
            }
            reader.require(DepositField.amount.name, 0, of: .document, seen: seen)
            return amount.map(NanoTON.init)
        }
    }

    /// `PUT /v1/accounts/{id}/attestation`. It must end after `judgedAt`.
    static func attestation(
        _ body: [UInt8],
        of account: AccountID,
        now: LogicalTime,
        judgedAt: LogicalTime
    ) throws(Problem) -> AttestationTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = AttestationTerms(account: account, tees: 0, expiresAt: .never, attestedAt: now)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(AttestationField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .tees:
                    _ = try reader.elements(at: place, max: TEE.allCases.count) {
                        (reader: inout BodyReader, place) throws(JSONError) in
                        if let tee = try reader.choice(of: Vocabularies.attestedTEE, at: place) {
                            terms.tees |= tee.bit
                        }
                    }
                case .expiresAt: terms.expiresAt = try reader.futureTime(at: place, now: judgedAt) ?? .never
                case .tcbStatus:
                    guard let states = RequirementField.tcbStatus.vocabulary else { continue }
                    terms.tcbStatus = UInt8(try reader.choice(of: states, at: place) ?? 0)
                case .attestedAt: terms.attestedAt = try reader.pastTime(at: place, now: now)
                }
            }
            for field in [AttestationField.tees, .expiresAt] {
                reader.require(field.name, field.rawValue, of: .document, seen: seen)
            }
            // The operator's word is as old as the evidence behind it; who withdraws it has none.
            if terms.tees == 0 { (terms.tcbStatus, terms.attestedAt) = (0, nil) }
            return terms
        }
    }

    /// `PUT /v1/models/{id}`.
    static func model(_ body: [UInt8], name: String) throws(Problem) -> ModelTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = ModelTerms(name: name)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(ModelField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .huggingFaceID: terms.huggingFaceID = try reader.modelName(at: place) ?? ""
                case .revision: terms.revision = try reader.hex(at: place, digits: 40) ?? ""
                case .weightsSHA256: terms.weightsSHA256 = try reader.hex(at: place, digits: 64) ?? ""
                case .weightSet:
                    terms.weightSet = try reader.choice(of: Vocabularies.weightSet, at: place) ?? .standard
                case .quality: terms.quality = try reader.integer(at: place, in: 0...Limits.qualityMax)
                case .contextLength:
                    terms.contextLength = try reader.integer(at: place, in: 0...Limits.contextLengthMax) ?? 0
                }
            }
            return terms
        }
    }
}

extension BodyReader {
    /// Text for people: no control characters, so that it can be printed and stored anywhere.
    mutating func label(at place: BodyPlace) throws(JSONError) -> String? {
        guard let text = try text(at: place) else { return nil }
        if text.count <= Limits.labelBytesMax, text.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) { return text.text }
        fail(place, .badFormat, "\(place.name) may have at most 64 bytes and no control characters.")
        return nil
    }

    mutating func modelName(at place: BodyPlace) throws(JSONError) -> String? {
        guard let text = try text(at: place) else { return nil }
        if ModelName.isValid(text) { return text.text }
        fail(place, .badFormat, "\(place.name) must be \(ModelName.rule).")
        return nil
    }

    mutating func hex(at place: BodyPlace, digits: Int) throws(JSONError) -> String? {
        guard let text = try text(at: place) else { return nil }
        if text.count == digits, text.allSatisfy(\.isLowerHexDigit) { return text.text }
        fail(place, .badFormat, "\(place.name) must be \(digits) lower-case hexadecimal digits.")
        return nil
    }

    mutating func futureTime(at place: BodyPlace, now: LogicalTime) throws(JSONError) -> LogicalTime? {
        guard let time = try time(at: place) else { return nil }
        if now < time { return time }
        fail(place, .outOfRange, "\(place.name) must be in the future.")
        return nil
    }

    mutating func pastTime(at place: BodyPlace, now: LogicalTime) throws(JSONError) -> LogicalTime? {
        guard let time = try time(at: place) else { return nil }
        if time <= now { return time }
        fail(place, .outOfRange, "\(place.name) must not be in the future.")
        return nil
    }

    private mutating func time(at place: BodyPlace) throws(JSONError) -> LogicalTime? {
        guard let text = try text(at: place) else { return nil }
        if let time = Timestamp.time(text) { return time }
        fail(place, .badFormat, "\(place.name) must be a time of RFC 3339, as in 2027-01-01T00:00:00Z.")
        return nil
    }

    /// Several of a list of names.
    mutating func set<Options: OptionSet & Sendable>(
        of list: Vocabulary<Options>,
        at place: BodyPlace,
        mayBeEmpty: Bool
    ) throws(JSONError) -> Options where Options.Element == Options {
        var options: Options = []
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: 32) { (reader: inout BodyReader, place) throws(JSONError) in
            if let option = try reader.choice(of: list, at: place) { options.formUnion(option) }
        }
        if !isFilled, !mayBeEmpty, errors.count == errorsBefore {
            fail(place, .empty, "\(place.name) needs at least one entry.")
        }
        return options
    }
}
