internal import Engine
internal import JSON
internal import Units

enum KeyLimitsField: Int, BodyField {
    case perOrder, perDay, total, networks
    static let names: [StaticString] = [
        "order_budget_nanoton", "day_budget_nanoton", "total_budget_nanoton", "allowed_networks",
    ]
}

extension Bodies {
    /// `PUT /v1/accounts/{id}/keys/{key}/limits`: what is left out is unlimited.
    static func keyLimits(_ body: [UInt8]) throws(Problem) -> KeyLimits {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var limits = KeyLimits()
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(KeyLimitsField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .perOrder: limits.perOrder = try reader.budget(at: place)
                case .perDay: limits.perDay = try reader.budget(at: place)
                case .total: limits.total = try reader.budget(at: place)
                case .networks:
                    _ = try reader.elements(at: place, max: Limits.networksPerKeyMax) {
                        (reader: inout BodyReader, place) throws(JSONError) in
                        if let network = try reader.network(at: place) { limits.networks.append(network) }
                    }
                }
            }
            return limits
        }
    }

    /// `POST /v1/account/keys`: at most what the principal's own key may, and for as long.
    static func ownKey(_ body: [UInt8], for principal: Principal, now: LogicalTime) throws(Problem) -> KeyFields {
        var fields = try key(body, now: now)
        let missing = fields.scopes.subtracting(principal.scopes)
        guard missing.isEmpty else {
            throw Problem(.missingScope, "The key lacks the scopes \(missing.names.joined(separator: ", ")) itself.")
        }
        if fields.expiresAt == .never {
            fields.expiresAt = principal.expiresAt
        } else if principal.expiresAt < fields.expiresAt {
            let detail = "expires_at must not be later than the end of the key that asks."
            throw Problem(invalid: [FieldError(.pointer("#/expires_at"), .outOfRange, detail)])
        }
        return fields
    }
}

extension BodyReader {
    fileprivate mutating func budget(at place: BodyPlace) throws(JSONError) -> NanoTON? {
        try money(at: place, in: 0...Limits.keyBudgetMax).map(NanoTON.init)
    }

    fileprivate mutating func network(at place: BodyPlace) throws(JSONError) -> NetworkPrefix? {
        guard let text = try text(at: place) else { return nil }
        if text.count <= 64, let network = NetworkPrefix(text: text) { return network }
        fail(
            place,
            .badFormat,
            "\(place.name) must be blocks like 192.0.2.0/24 or 2001:db8::/32, without bits behind the prefix."
        )
        return nil
    }
}
