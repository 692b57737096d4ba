internal import Engine
internal import Exchange
internal import JSON
internal import Units

enum OfferField: Int, BodyField {
    case model, price, quantity, timeInForce, clientOrderID, maxOpenLots, capability
    case type, expiresAt, postOnly, minQuantity, allOrNone, display, selfTrade, buyers, side, service

    static let names: [StaticString] = [
        "model", "price_nanoton_per_mtok", "quantity_lots", "time_in_force", "client_order_id", "max_open_lots",
        "capability", "type", "expires_at", "post_only", "min_quantity_lots", "all_or_none", "display_quantity_lots",
        "self_trade_prevention", "buyers", "side", "service",
    ]
}

enum BidField: Int, BodyField {
    case requirement, price, quantity, timeInForce, clientOrderID, weightSet
    case type, expiresAt, postOnly, minQuantity, allOrNone, display, selfTrade, qualityCredit, side, provider
    case onFailure, avoidWorkers, lease

    static let names: [StaticString] = [
        "requirement", "price_nanoton_per_mtok", "quantity_lots", "time_in_force", "client_order_id", "weight_set",
        "type", "expires_at", "post_only", "min_quantity_lots", "all_or_none", "display_quantity_lots",
        "self_trade_prevention", "quality_credit_nanoton_per_mtok", "side", "provider",
        "on_failure", "avoid_workers", "lease",
    ]
}

/// Reads request bodies; each throws a problem that names every field that breaks a rule.
enum Bodies {
    /// Runs `read` over a body and ends it; throws what was wrong.
    static func read<Terms>(
        _ body: [UInt8],
        bytesMax: Int = Limits.bodyBytesMax,
        _ read: (inout BodyReader) throws(JSONError) -> Terms?
    ) throws(Problem) -> Terms {
        let terms: Terms?
        let errors: [FieldError]
        do throws(JSONError) {
            var reader = try BodyReader(body, bytesMax: bytesMax)
            terms = try read(&reader)
            try reader.end()
            errors = reader.errors
        } catch {
            throw Problem(error)
        }
        guard let terms, errors.isEmpty else { throw Problem(invalid: errors) }
        return terms
    }

    /// `POST /v1/offers`.
    static func offer(_ body: [UInt8], directory: Directory, now: LogicalTime) throws(Problem) -> OfferTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var fields = OrderFields(now: now)
            var model: ModelID?
            var offer = OfferTerms(
                order: OrderTerms(price: Price(nanoTONPerMTok: 0), lots: .zero, timeInForce: .gtc),
                model: .unknown,
                features: Features(rawValue: 0)
            )
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(OfferField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .model: model = try reader.modelID(at: place, directory: directory)
                case .price: try reader.read(.price, at: place, into: &fields)
                case .quantity: try reader.read(.quantity, at: place, into: &fields)
                case .timeInForce: try reader.read(.timeInForce, at: place, into: &fields)
                case .clientOrderID: try reader.read(.clientOrderID, at: place, into: &fields)
                case .maxOpenLots:
                    offer.maxOpenLots = try reader.integer(at: place, in: 1...Limits.orderLotsMax).map(Lots.init)
                case .capability: try reader.capability(at: place, into: &offer)
                case .type: try reader.read(.type, at: place, into: &fields)
                case .expiresAt: try reader.read(.expiresAt, at: place, into: &fields)
                case .postOnly: try reader.read(.postOnly, at: place, into: &fields)
                case .minQuantity: try reader.read(.minQuantity, at: place, into: &fields)
                case .allOrNone: try reader.read(.allOrNone, at: place, into: &fields)
                case .display: try reader.read(.display, at: place, into: &fields)
                case .selfTrade: try reader.read(.selfTrade, at: place, into: &fields)
                case .buyers: offer.buyers = try reader.buyers(at: place)
                case .side: try reader.side(.offer, at: place)
                case .service: fields.rules.lease.service = try reader.service(at: place)
                }
            }
            reader.require(OfferField.model, of: .document, seen: seen)
            reader.require(OfferField.quantity, of: .document, seen: seen)
            reader.check(&fields)
            guard let model, let terms = fields.terms else { return nil }
            offer.model = model
            offer.order = terms
            return offer
        }
    }

    /// `POST /v1/bids`.
    static func bid(_ body: [UInt8], directory: Directory, now: LogicalTime) throws(Problem) -> BidTerms {
        try read(body) { (reader: inout BodyReader) throws(JSONError) in
            var seen = JSONFieldSet()
            var fields = OrderFields(now: now)
            var builder: RequirementBuilder?
            var weightSet: WeightSetID?
            var provider: ProviderDemands?
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(BidField.self, of: .document, seen: &seen) {
                let place = BodyPlace.document.field(field.name)
                switch field {
                case .requirement: builder = try reader.requirement(at: place, directory: directory)
                case .price: try reader.read(.price, at: place, into: &fields)
                case .quantity: try reader.read(.quantity, at: place, into: &fields)
                case .timeInForce: try reader.read(.timeInForce, at: place, into: &fields)
                case .clientOrderID: try reader.read(.clientOrderID, at: place, into: &fields)
                case .weightSet: weightSet = try reader.choice(of: Vocabularies.weightSet, at: place)
                case .type: try reader.read(.type, at: place, into: &fields)
                case .expiresAt: try reader.read(.expiresAt, at: place, into: &fields)
                case .postOnly: try reader.read(.postOnly, at: place, into: &fields)
                case .minQuantity: try reader.read(.minQuantity, at: place, into: &fields)
                case .allOrNone: try reader.read(.allOrNone, at: place, into: &fields)
                case .display: try reader.read(.display, at: place, into: &fields)
                case .selfTrade: try reader.read(.selfTrade, at: place, into: &fields)
                case .qualityCredit: try reader.read(.qualityCredit, at: place, into: &fields)
                case .side: try reader.side(.bid, at: place)
                case .provider: provider = try reader.provider(at: place)
                case .onFailure, .avoidWorkers, .lease: try reader.leaseRule(field, at: place, into: &fields)
                }
            }
            let topsUp = fields.rules.lease.toppedUp != LeaseID(0)
            // The lease says what is bought.
            if topsUp {
                builder = builder ?? RequirementBuilder(directory)
            } else {
                reader.require(BidField.requirement, of: .document, seen: seen)
            }
            reader.require(BidField.quantity, of: .document, seen: seen)
            reader.check(&fields)
            guard var builder, let terms = fields.terms else { return nil }
            if let provider { reader.apply(provider, to: &builder, at: .document.field(BidField.provider.name)) }
            return BidTerms(
                order: terms,
                requirement: builder.finish(),
                namedWeightSet: weightSet,
                namesUnknownModel: builder.namesUnknownModel
            )
        }
    }
}

extension BodyReader {
    /// A limit price.
    mutating func price(at place: BodyPlace) throws(JSONError) -> Int64? {
        guard let price = try money(at: place, in: Limits.priceMin...Limits.priceMax) else { return nil }
        if price % Price.step == 0 { return price }
        fail(place, .notAMultiple, "\(place.name) must be a multiple of 1,000.")
        return nil
    }

    /// A model's number by its name; ``ModelID/unknown`` when the registry has none.
    mutating func modelID(at place: BodyPlace, directory: Directory) throws(JSONError) -> ModelID? {
        guard let name = try text(at: place) else { return nil }
        if ModelName.isValid(name) { return directory.models.id(named: name) }
        fail(place, .badFormat, "\(place.name) must be \(ModelName.rule).")
        return nil
    }

    mutating func clientOrderID(at place: BodyPlace) throws(JSONError) -> ClientOrderID? {
        guard let text = try text(at: place) else { return nil }
        if let id = ClientOrderID(text) { return id }
        fail(place, .badFormat, "\(place.name) must be 1 to 36 of A-Z a-z 0-9 . _ : -.")
        return nil
    }
}
