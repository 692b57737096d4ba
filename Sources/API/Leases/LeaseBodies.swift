internal import Cryptography
internal import Engine
internal import JSON
internal import Units

enum ProfileField: Int, BodyField {
    case endpoint, receiptKey
    static let names: [StaticString] = ["endpoint", "receipt_key"]
}

enum BondField: Int, BodyField {
    case amount
    static let names: [StaticString] = ["amount_nanoton"]
}

enum LeasePolicyField: Int, BodyField {
    case step, disputeWindow, bondPerLot, slashShare, appealWindow, newcomerLotsMax
    static let names: [StaticString] = [
        "step_tokens", "dispute_window_s", "bond_per_lot_nanoton", "slash_share_bps", "appeal_window_s",
        "newcomer_lots_max",
    ]
}

enum ServiceField: Int, BodyField {
    case timeToFirstToken, completion, refundShare
    static let names: [StaticString] = ["ttft_ms", "completion_ms", "refund_share_bps"]
}

/// Bodies about what follows a trade.
extension Bodies {
    /// `PUT /v1/account/profile`: what is left out, or `null`, is none.
    static func profile(_ body: [UInt8]) throws(Problem) -> ProfileTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = ProfileTerms()
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(ProfileField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                if try reader.readsNull() { continue }
                switch field {
                case .endpoint: terms.endpoint = try reader.endpoint(at: place) ?? ""
                case .receiptKey:
                    terms.receiptKey = try reader.base64URL(at: place, bytes: Ed25519.publicKeyByteCount)
                }
            }
            return terms
        }
    }

    /// `PUT /v1/market/lease-policy`: what is left out becomes the default.
    static func leasePolicy(_ body: [UInt8]) throws(Problem) -> LeasePolicyTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = LeasePolicyTerms.initial
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(LeasePolicyField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .step:
                    terms.step = AdjustedTokens(try reader.integer(at: place, in: 1...Limits.stepMax) ?? 1)
                case .disputeWindow:
                    let range = Limits.disputeWindowMin / 1_000_000...Limits.disputeWindowMax / 1_000_000
                    terms.disputeWindow = (try reader.integer(at: place, in: range) ?? 0) * 1_000_000
                case .bondPerLot:
                    terms.bondPerLot = NanoTON(try reader.money(at: place, in: 0...Limits.bondPerLotMax) ?? 0)
                case .slashShare: terms.slashShare = BasisPoints(try reader.integer(at: place, in: 0...10_000) ?? 0)
                case .appealWindow:
                    let range = 0...Limits.appealWindowMax / 1_000_000
                    terms.appealWindow = (try reader.integer(at: place, in: range) ?? 0) * 1_000_000
                case .newcomerLotsMax:
                    if try reader.readsNull() { continue }
                    terms.newcomerLotsMax = try reader.integer(at: place, in: 1...Limits.orderLotsMax).map(Lots.init)
                }
            }
            return terms
        }
    }

    /// `POST /v1/account/bond:lock` and `:release`: the amount.
    static func bond(_ body: [UInt8]) throws(Problem) -> NanoTON {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var amount: Int64?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(BondField.self, of: .document, seen: &seen) {
                amount = try reader.money(at: BodyPlace.document.field(field.name), in: 1...Limits.depositsMax)
            }
            reader.require(BondField.amount, of: .document, seen: seen)
            return amount.map(NanoTON.init)
        }
    }
}

extension BodyReader {
    /// Where a worker is reached: `https://` and visible ASCII.
    fileprivate mutating func endpoint(at place: BodyPlace) throws(JSONError) -> String? {
        guard let text = try text(at: place) else { return nil }
        let scheme = "https://"
        if text.hasPrefix(scheme), text.count > scheme.utf8.count, text.count <= Limits.endpointBytesMax,
            text.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        {
            return text.text
        }
        let rule = "begin with https:// and have at most \(Limits.endpointBytesMax) visible ASCII characters"
        fail(place, .badFormat, "\(place.name) must \(rule).")
        return nil
    }
}

// What orders ask for of the leases that they open.
extension BodyReader {
    /// What an offer promises of each job.
    mutating func service(at place: BodyPlace) throws(JSONError) -> ServiceTerms? {
        guard try beginObject(at: place) else { return nil }
        var seen = JSONFieldSet()
        var (first, whole, share): (Int64, Int64, Int64?) = (0, 0, nil)
        let milliseconds = 1...Limits.serviceMillisecondsMax
        while let field = try nextField(ServiceField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            switch field {
            case .timeToFirstToken: first = try integer(at: place, in: milliseconds) ?? 0
            case .completion: whole = try integer(at: place, in: milliseconds) ?? 0
            case .refundShare: share = try integer(at: place, in: 1...10_000)
            }
        }
        require(ServiceField.refundShare, of: place, seen: seen)
        if !seen.contains(ServiceField.timeToFirstToken.rawValue), !seen.contains(ServiceField.completion.rawValue) {
            fail(place, .empty, "\(place.name) needs ttft_ms or completion_ms.")
        }
        return share.map {
            ServiceTerms(timeToFirstToken: first, completion: whole, refundShare: BasisPoints($0))
        }
    }

    /// `on_failure`, `avoid_workers` and `lease` of a bid.
    mutating func leaseRule(
        _ field: BidField,
        at place: BodyPlace,
        into fields: inout OrderFields
    ) throws(JSONError) {
        if field == .onFailure {
            fields.rules.lease.rebids = try choice(of: Vocabularies.onFailure, at: place) ?? false
            return
        }
        if field == .lease {
            guard let text = try text(at: place) else { return }
            guard let lease = LeaseID(text: text), lease.rawValue > 0 else {
                return fail(place, .badFormat, "\(place.name) must be a lease, as in l17.")
            }
            fields.rules.lease.toppedUp = lease
            return
        }
        var avoided: Set<AccountID> = []
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: Limits.avoidedWorkersMax) {
            (reader: inout BodyReader, place) throws(JSONError) in
            guard let text = try reader.text(at: place) else { return }
            if let account = AccountID(text: text) {
                avoided.insert(account)
            } else {
                reader.fail(place, .badFormat, "\(place.name) must hold accounts, as in a17.")
            }
        }
        if !isFilled, errors.count == errorsBefore { fail(place, .empty, "\(place.name) needs at least one entry.") }
        fields.rules.lease.avoided = avoided.sorted()
    }
}

extension Vocabularies {
    /// Whether what a lease does not deliver enters as a new bid.
    static let onFailure = Vocabulary([("refund", false), ("rebid", true)])
}

extension JSONWriter {
    /// What an order asks for of its leases; nothing for most.
    mutating func lease(_ rules: LeaseRules) {
        if rules.rebids { member("on_failure", word: "rebid") }
        if !rules.avoided.isEmpty {
            key("avoid_workers")
            beginArray()
            for account in rules.avoided { identifier("a", account.rawValue) }
            endArray()
        }
        if rules.parent.rawValue != 0 { member("parent_order_id", "o", rules.parent.rawValue) }
        if rules.toppedUp.rawValue != 0 { member("lease", "l", rules.toppedUp.rawValue) }
        guard let service = rules.service else { return }
        key("service")
        beginObject()
        if service.timeToFirstToken > 0 { member("ttft_ms", service.timeToFirstToken) }
        if service.completion > 0 { member("completion_ms", service.completion) }
        member("refund_share_bps", service.refundShare.count)
        endObject()
    }
}
