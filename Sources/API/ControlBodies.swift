internal import Engine
internal import Exchange
internal import JSON
internal import Units

enum AmendField: Int, BodyField {
    case price, quantity, expiresAt
    static let names: [StaticString] = ["price_nanoton_per_mtok", "quantity_lots", "expires_at"]
}

enum CancelAfterField: Int, BodyField {
    case timeout
    static let names: [StaticString] = ["timeout_s"]
}

enum HaltField: Int, BodyField {
    case model, halted
    static let names: [StaticString] = ["model", "halted"]
}

enum PriceBandField: Int, BodyField {
    case model, band
    static let names: [StaticString] = ["model", "price_band"]
}

enum BandField: Int, BodyField {
    case low, high
    static let names: [StaticString] = ["low_nanoton_per_mtok", "high_nanoton_per_mtok"]
}

enum LimitsField: Int, BodyField {
    case openOrdersMax, offerLotsMax, selfTradeGroup, closed
    static let names: [StaticString] = ["open_orders_max", "offer_lots_max", "self_trade_group", "closed"]
}

enum FeesField: Int, BodyField {
    case maker, taker, minimumNotional, effectiveAt
    static let names: [StaticString] = ["maker_fee_bps", "taker_fee_bps", "minimum_notional_nanoton", "effective_at"]
}

/// Bodies that change orders, and that hold the market in check.
extension Bodies {
    /// `PATCH /v1/orders/{id}`.
    static func amendment(_ body: [UInt8], of order: OrderID, now: LogicalTime) throws(Problem) -> AmendTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = AmendTerms(order: order)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(AmendField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .price: terms.price = try reader.price(at: place).map { Price(nanoTONPerMTok: $0) }
                case .quantity: terms.lots = try reader.integer(at: place, in: 1...Limits.orderLotsMax).map(Lots.init)
                case .expiresAt: terms.expiresAt = try reader.futureTime(at: place, now: now)
                }
            }
            if seen.bits == 0 {
                let names = AmendField.names.map { "\($0)" }.joined(separator: ", ")
                reader.fail(.document, .empty, "The body needs at least one of \(names).")
            }
            return terms
        }
    }

    /// `POST /v1/orders:cancel-after`: microseconds.
    static func cancelAfter(_ body: [UInt8]) throws(Problem) -> Int64 {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var seconds: Int64?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(CancelAfterField.self, of: .document, seen: &seen) {
                let range = 0...Limits.cancelAfterMax / 1_000_000
                seconds = try reader.integer(at: BodyPlace.document.field(field.name), in: range)
            }
            reader.require(CancelAfterField.timeout, of: .document, seen: seen)
            return seconds.map { $0 * 1_000_000 }
        }
    }

    /// `PUT /v1/market/halt`.
    static func halt(_ body: [UInt8], directory: Directory) throws(Problem) -> HaltTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = HaltTerms(model: .unknown, isHalted: false)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(HaltField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .model: terms.model = try reader.knownModel(at: place, directory: directory)
                case .halted: terms.isHalted = try reader.boolean(at: place) ?? false
                }
            }
            reader.require(HaltField.halted, of: .document, seen: seen)
            return terms
        }
    }

    /// `PUT /v1/market/price-band`.
    static func priceBand(_ body: [UInt8], directory: Directory) throws(Problem) -> PriceBandTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = PriceBandTerms(model: .unknown, band: nil)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(PriceBandField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .model: terms.model = try reader.knownModel(at: place, directory: directory)
                case .band: terms.band = try reader.readsNull() ? nil : try reader.band(at: place)
                }
            }
            reader.require(PriceBandField.band, of: .document, seen: seen)
            return terms
        }
    }

    /// `PUT /v1/accounts/{id}/limits`: what is left out becomes what a new account has.
    static func limits(_ body: [UInt8], of account: AccountID) throws(Problem) -> AccountLimitTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var terms = AccountLimitTerms(account: account, openOrdersMax: Limits.openOrdersPerAccountDefault)
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(LimitsField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .openOrdersMax:
                    terms.openOrdersMax = try reader.integer(at: place, in: 1...Limits.openOrdersPerAccountMax) ?? 1
                case .offerLotsMax:
                    if try reader.readsNull() { continue }
                    terms.offerLotsMax = try reader.integer(at: place, in: 1...Limits.orderLotsMax).map(Lots.init)
                case .selfTradeGroup: terms.selfTradeGroup = try reader.integer(at: place, in: 0...Int64.max) ?? 0
                case .closed: terms.isClosed = try reader.boolean(at: place) ?? false
                }
            }
            return terms
        }
    }

    /// `PUT /v1/fees`; the minimum notional stays as it is when it is left out. With a time it is an announcement.
    static func fees(
        _ body: [UInt8],
        directory: Directory,
        now: LogicalTime
    ) throws(Problem) -> (terms: FeeTerms, effectiveAt: LogicalTime?) {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var maker: Int64 = 0
            var taker: Int64 = 0
            var minimum = directory.fees.minimumNotional.count
            var effectiveAt: LogicalTime?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(FeesField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .maker: maker = try reader.integer(at: place, in: 0...Limits.feeMax) ?? 0
                case .taker: taker = try reader.integer(at: place, in: 0...Limits.feeMax) ?? 0
                case .minimumNotional: minimum = try reader.money(at: place, in: 0...Limits.orderValueMax) ?? 0
                case .effectiveAt: effectiveAt = try reader.futureTime(at: place, now: now)
                }
            }
            for field in [FeesField.maker, .taker] {
                reader.require(field.name, field.rawValue, of: .document, seen: seen)
            }
            let rates = FeeRates(maker: BasisPoints(maker), taker: BasisPoints(taker))
            return (FeeTerms(rates: rates, minimumNotional: NanoTON(minimum)), effectiveAt)
        }
    }
}

extension BodyReader {
    /// A model of the registry; `null` is the whole market.
    fileprivate mutating func knownModel(at place: BodyPlace, directory: Directory) throws(JSONError) -> ModelID {
        if try readsNull() { return .unknown }
        guard let id = try modelID(at: place, directory: directory) else { return .unknown }
        if id == .unknown { fail(place, .notAllowed, "\(place.name) must be in the registry of models.") }
        return id
    }

    fileprivate mutating func band(at place: BodyPlace) throws(JSONError) -> PriceBand? {
        var seen = JSONFieldSet()
        var (low, high): (Int64?, Int64?)
        guard try beginObject(at: place) else { return nil }
        while let field = try nextField(BandField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            switch field {
            case .low: low = try price(at: place)
            case .high: high = try price(at: place)
            }
        }
        for field in BandField.allCases { require(field, of: place, seen: seen) }
        guard let low, let high else { return nil }
        if low > high {
            let high = place.field(BandField.high.name)
            fail(high, .outOfRange, "high_nanoton_per_mtok must not be below low_nanoton_per_mtok.")
        }
        return PriceBand(low: Price(nanoTONPerMTok: low), high: Price(nanoTONPerMTok: high))
    }
}
