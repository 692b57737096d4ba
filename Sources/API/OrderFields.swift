internal import Engine
internal import Exchange
internal import JSON
internal import Units

/// The terms that offers and bids share, as they are found in a body.
struct OrderFields {
    /// What the expiry of an order without a name is judged by before the engine judges it.
    let now: LogicalTime
    var price: Int64?
    var lots: Int64?
    var isMarket = false
    var timeInForce: TimeInForce?
    var rules = OrderRules.none
    var clientOrderID: ClientOrderID?
    /// Fields that were there, by raw value.
    var seen = JSONFieldSet()

    init(now: LogicalTime) { self.now = now }

    enum Field: Int, BodyField {
        case price, quantity, timeInForce, clientOrderID, type, expiresAt, postOnly, minQuantity, allOrNone, display
        case selfTrade, qualityCredit

        static let names: [StaticString] = [
            "price_nanoton_per_mtok", "quantity_lots", "time_in_force", "client_order_id", "type", "expires_at",
            "post_only", "min_quantity_lots", "all_or_none", "display_quantity_lots", "self_trade_prevention",
            "quality_credit_nanoton_per_mtok",
        ]
    }

    /// Of an order that names none: what has no price, or tops up a lease, does not rest.
    var usualTimeInForce: TimeInForce { isMarket || rules.lease.toppedUp != LeaseID(0) ? .ioc : .gtc }

    /// `nil` when a required one was missing or wrong, which the reader has recorded.
    var terms: OrderTerms? {
        guard let lots, let price = isMarket ? OrderTerms.market.nanoTONPerMTok : price else { return nil }
        return OrderTerms(
            price: Price(nanoTONPerMTok: price),
            lots: Lots(lots),
            timeInForce: timeInForce ?? usualTimeInForce,
            clientOrderID: clientOrderID,
            rules: rules
        )
    }
}

extension BodyReader {
    /// Reads the value of a field that both kinds of order have.
    mutating func read(
        _ field: OrderFields.Field,
        at place: BodyPlace,
        into fields: inout OrderFields
    ) throws(JSONError) {
        _ = fields.seen.insert(field.rawValue)
        let lots = 1...Limits.orderLotsMax
        switch field {
        case .price: fields.price = try price(at: place)
        case .quantity: fields.lots = try integer(at: place, in: lots)
        case .timeInForce: fields.timeInForce = try choice(of: Vocabularies.timeInForce, at: place)
        case .clientOrderID: fields.clientOrderID = try clientOrderID(at: place)
        case .type: fields.isMarket = try choice(of: Vocabularies.orderType, at: place) ?? false
        case .expiresAt: fields.rules.expiresAt = try futureTime(at: place, now: .zero) ?? .never
        case .postOnly: fields.rules.isPostOnly = try boolean(at: place) ?? false
        case .minQuantity: fields.rules.minLots = Lots(try integer(at: place, in: lots) ?? 0)
        case .allOrNone: fields.rules.isAllOrNone = try boolean(at: place) ?? false
        case .display: fields.rules.displayLots = Lots(try integer(at: place, in: lots) ?? 0)
        case .selfTrade:
            fields.rules.selfTrade = try choice(of: Vocabularies.selfTradePrevention, at: place) ?? .cancelNewest
        case .qualityCredit:
            fields.rules.qualityCredit = try money(at: place, in: 0...Limits.qualityCreditMax) ?? 0
        }
    }

    /// A field that says which kind of order this is, where the path already says it.
    mutating func side(_ side: Side, at place: BodyPlace) throws(JSONError) {
        guard let found = try choice(of: Vocabularies.side, at: place), found != side else { return }
        fail(place, .notAllowed, "side must be \(side.name) here.")
    }

    /// Whom an offer sells to.
    mutating func buyers(at place: BodyPlace) throws(JSONError) -> BuyerRules {
        guard try beginObject(at: place) else { return .anyone }
        var seen = JSONFieldSet()
        var allowed: [AccountID] = []
        var denied: [AccountID] = []
        var deposit: Int64 = 0
        while let field = try nextField(BuyersField.self, of: place, seen: &seen) {
            let place = place.field(field.name)
            switch field {
            case .allow: allowed = try accounts(at: place)
            case .deny: denied = try accounts(at: place)
            case .minimumDeposit: deposit = try money(at: place, in: 0...Limits.depositsMax) ?? 0
            }
        }
        return BuyerRules(allowed: allowed, denied: denied, minimumDeposit: NanoTON(deposit))
    }

    /// An empty list would say the opposite of what it looks like, so there is none.
    private mutating func accounts(at place: BodyPlace) throws(JSONError) -> [AccountID] {
        var accounts: [AccountID] = []
        let errorsBefore = errors.count
        let isFilled = try elements(at: place, max: Limits.buyersPerOfferMax) {
            (reader: inout BodyReader, place) throws(JSONError) in
            guard let text = try reader.text(at: place) else { return }
            if let account = AccountID(text: text) {
                accounts.append(account)
            } else {
                reader.fail(place, .badFormat, "\(place.name) must hold accounts, as in a17.")
            }
        }
        if !isFilled, errors.count == errorsBefore { fail(place, .empty, "\(place.name) needs at least one entry.") }
        return accounts
    }
}

enum BuyersField: Int, BodyField {
    case allow, deny, minimumDeposit

    static let names: [StaticString] = ["allow", "deny", "minimum_deposit_nanoton"]
}

// MARK: - Combinations

extension BodyReader {
    /// Says which fields do not go together (``OrderTerms/isConsistent``): the later of two, by name.
    mutating func check(_ fields: inout OrderFields) {
        let rules = fields.rules
        let timeInForce = fields.timeInForce ?? fields.usualTimeInForce
        if rules.lease.toppedUp != LeaseID(0) {
            fail(if: timeInForce.mayRest && !fields.isMarket, .timeInForce, "what tops up a lease is ioc or fok")
            if rules.lease.rebids {
                let reason = "nobody but the lease's worker tops it up"
                fail(.document.field("on_failure"), .notAllowed, "on_failure is not allowed here: \(reason).")
            }
        }
        if fields.isMarket {
            fail(if: fields.seen.contains(OrderFields.Field.price.rawValue), .price, "a market order has no price")
            fail(if: timeInForce.mayRest, .timeInForce, "a market order is ioc or fok")
        } else {
            require(OrderFields.Field.price, of: .document, seen: fields.seen)
        }
        let hasExpiry = fields.seen.contains(OrderFields.Field.expiresAt.rawValue)
        if timeInForce == .gtd, !hasExpiry {
            fail(.document.field("expires_at"), .required, "expires_at is required for gtd.")
        }
        fail(if: hasExpiry && timeInForce != .gtd, .expiresAt, "only a gtd order has one")
        // One with a name may come again when it has expired, and then gets its first answer.
        if timeInForce == .gtd, fields.clientOrderID == nil, rules.expiresAt <= fields.now {
            fail(.document.field("expires_at"), .outOfRange, "expires_at must be in the future.")
        }
        fail(if: rules.isPostOnly && !timeInForce.mayRest, .postOnly, "an ioc or fok order does not rest")
        let isIceberg = rules.displayLots.count > 0
        let hasLeast = rules.minLots.count > 0
        fail(if: isIceberg && !timeInForce.mayRest, .display, "an ioc or fok order does not rest")
        fail(if: isIceberg && (hasLeast || rules.isAllOrNone), .display, "it is not for an order with a least fill")
        fail(if: hasLeast && rules.isAllOrNone, .minQuantity, "all_or_none says it already")
        fail(if: hasLeast && timeInForce == .fok, .minQuantity, "fok says it already")
        guard let lots = fields.lots else { return }
        for (field, value) in [(OrderFields.Field.minQuantity, rules.minLots), (.display, rules.displayLots)]
        where value.count > lots {
            fail(.document.field(field.name), .outOfRange, "\(field.name) must not be above quantity_lots.")
        }
    }

    private mutating func fail(if isWrong: Bool, _ field: OrderFields.Field, _ reason: String) {
        guard isWrong else { return }
        fail(.document.field(field.name), .notAllowed, "\(field.name) is not allowed here: \(reason).")
    }
}
