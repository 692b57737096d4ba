import Exchange
import Units

// The forms of what an order asks for beside price and quantity, and of the commands that change orders and the market;
// see CommandCodec.swift.

extension OrderRules {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: expiresAt.microseconds)
        bytes.append(integer: minLots.count)
        bytes.append(integer: displayLots.count)
        bytes.append((isPostOnly ? 1 : 0) | (isAllOrNone ? 2 : 0))
        bytes.append(selfTrade.rawValue)
        bytes.append(integer: qualityCredit)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        var rules = OrderRules()
        rules.expiresAt = LogicalTime(microseconds: try cursor.integer(bytes, .expiresAt, in: 0...Int64.max))
        rules.minLots = Lots(try cursor.integer(bytes, .leastFill, in: 0...Limits.orderLotsMax))
        rules.displayLots = Lots(try cursor.integer(bytes, .display, in: 0...Limits.orderLotsMax))
        let flags: UInt8 = try cursor.integer(bytes)
        guard flags < 4 else { throw .invalid(.flags) }
        rules.isPostOnly = flags & 1 != 0
        rules.isAllOrNone = flags & 2 != 0
        guard let mode = SelfTradePrevention(rawValue: try cursor.integer(bytes)) else { throw .invalid(.selfTrade) }
        rules.selfTrade = mode
        rules.qualityCredit = try cursor.integer(bytes, .qualityCredit, in: 0...Limits.qualityCreditMax)
        return rules
    }
}

extension BuyerRules {
    func encode(into bytes: inout [UInt8]) {
        for list in [allowed, denied] {
            bytes.append(UInt8(list.count))
            for account in list { bytes.append(integer: account.rawValue) }
        }
        bytes.append(integer: minimumDeposit.count)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let allowed = try cursor.accounts(bytes)
        let denied = try cursor.accounts(bytes)
        let deposit = NanoTON(try cursor.integer(bytes, .deposit, in: 0...Limits.depositsMax))
        let rules = BuyerRules(allowed: allowed, denied: denied, minimumDeposit: deposit)
        guard rules.allowed == allowed, rules.denied == denied else { throw .invalid(.buyers) }
        return rules
    }
}

extension FeeTerms {
    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let maker = BasisPoints(try cursor.integer(bytes, .fee, in: 0...Limits.feeMax))
        let taker = BasisPoints(try cursor.integer(bytes, .fee, in: 0...Limits.feeMax))
        let least = try cursor.integer(bytes, .minimumNotional, in: 0...Limits.orderValueMax)
        return FeeTerms(rates: FeeRates(maker: maker, taker: taker), minimumNotional: NanoTON(least))
    }
}

extension AmendTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: order.rawValue)
        bytes.append(integer: price?.nanoTONPerMTok ?? 0)
        bytes.append(integer: lots?.count ?? 0)
        bytes.append(integer: expiresAt?.microseconds ?? 0)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let order = OrderID(try cursor.integer(bytes))
        let price = try cursor.price(bytes, .price)
        let lots = try cursor.integer(bytes, .lots, in: 0...Limits.orderLotsMax)
        let expiresAt = try cursor.integer(bytes, .expiresAt, in: 0...Int64.max - 1)
        return AmendTerms(
            order: order,
            price: price,
            lots: lots == 0 ? nil : Lots(lots),
            expiresAt: expiresAt == 0 ? nil : LogicalTime(microseconds: expiresAt)
        )
    }
}

extension OrderFilter {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(side?.rawValue ?? 0)
        bytes.append(integer: model?.rawValue ?? -1)
        bytes.append(requirement == nil ? 0 : 1)
        requirement?.encode(into: &bytes)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let side: UInt8 = try cursor.integer(bytes)
        guard side == 0 || Side(rawValue: side) != nil else { throw .invalid(.side) }
        let model = try cursor.integer(bytes, .model, in: -1...Int64.max)
        let hasRequirement = try cursor.flag(bytes, .hasRequirement)
        return OrderFilter(
            side: Side(rawValue: side),
            model: model < 0 ? nil : ModelID(model),
            requirement: hasRequirement ? try Requirement.decode(bytes, &cursor) : nil
        )
    }
}

extension AccountLimitTerms {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: account.rawValue)
        bytes.append(integer: openOrdersMax)
        bytes.append(integer: offerLotsMax?.count ?? 0)
        bytes.append(integer: selfTradeGroup)
        bytes.append(isClosed ? 1 : 0)
    }

    static func decode(_ bytes: Span<UInt8>, _ cursor: inout CommandCursor) throws(CommandDecodingError) -> Self {
        let account = AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max))
        let orders = try cursor.integer(bytes, .openOrdersMax, in: 1...Limits.openOrdersPerAccountMax)
        let lots = try cursor.integer(bytes, .offerLotsMax, in: 0...Limits.orderLotsMax)
        let group = try cursor.integer(bytes, .selfTradeGroup, in: 0...Int64.max)
        return AccountLimitTerms(
            account: account,
            openOrdersMax: orders,
            offerLotsMax: lots == 0 ? nil : Lots(lots),
            selfTradeGroup: group,
            isClosed: try cursor.flag(bytes, .isClosed)
        )
    }
}

extension Command.Action {
    /// The kinds from 14 on.
    func encodeControl(into bytes: inout [UInt8]) {
        switch self {
        case .amend(let terms): terms.encode(into: &bytes)
        case .massCancel(let filter): filter.encode(into: &bytes)
        case .cancelAfter(let microseconds): bytes.append(integer: microseconds)
        case .setCancelOnDisconnect(let cancels): bytes.append(cancels ? 1 : 0)
        case .disconnected(let account): bytes.append(integer: account.rawValue)
        case .setHalt(let terms):
            bytes.append(integer: terms.model.rawValue)
            bytes.append(terms.isHalted ? 1 : 0)
        case .setPriceBand(let terms):
            bytes.append(integer: terms.model.rawValue)
            bytes.append(integer: terms.band?.low.nanoTONPerMTok ?? 0)
            bytes.append(integer: terms.band?.high.nanoTONPerMTok ?? 0)
        case .setAccountLimits(let terms): terms.encode(into: &bytes)
        case .announceFees(let terms):
            terms.fees.encode(into: &bytes)
            bytes.append(integer: terms.effectiveAt.microseconds)
        default: preconditionFailure("every other kind is encoded before")
        }
    }

    static func decodeControl(
        _ kind: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        switch kind {
        case 14: return .amend(try AmendTerms.decode(bytes, &cursor))
        case 15: return .massCancel(try OrderFilter.decode(bytes, &cursor))
        case 16:
            let duration = try cursor.integer(bytes, .duration, in: 0...Limits.cancelAfterMax)
            guard duration == 0 || duration >= Limits.cancelAfterMin else { throw .invalid(.duration) }
            return .cancelAfter(duration)
        case 17: return .setCancelOnDisconnect(try cursor.flag(bytes, .cancels))
        case 18: return .disconnected(AccountID(try cursor.integer(bytes, .account, in: 0...Int64.max)))
        case 19:
            let model = ModelID(try cursor.integer(bytes, .model, in: 0...Int64.max))
            return .setHalt(HaltTerms(model: model, isHalted: try cursor.flag(bytes, .isHalted)))
        case 20: return .setPriceBand(try decodeBand(bytes, &cursor))
        case 21: return .setAccountLimits(try AccountLimitTerms.decode(bytes, &cursor))
        case 22:
            let fees = try FeeTerms.decode(bytes, &cursor)
            let at = LogicalTime(microseconds: try cursor.integer(bytes, .expiresAt, in: 0...Int64.max - 1))
            return .announceFees(FeeNoticeTerms(fees: fees, effectiveAt: at))
        case 24: return .placeOffer(try OfferTerms.decode(bytes, &cursor, isPlain: false))
        case 25: return .placeBid(try BidTerms.decode(bytes, &cursor, isPlain: false))
        default: throw .unknownKind(kind)
        }
    }

    private static func decodeBand(
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> PriceBandTerms {
        let model = ModelID(try cursor.integer(bytes, .model, in: 0...Int64.max))
        let low = try cursor.price(bytes, .priceBand)
        let high = try cursor.price(bytes, .priceBand)
        guard let low, let high else {
            guard low == nil, high == nil else { throw .invalid(.priceBand) }
            return PriceBandTerms(model: model, band: nil)
        }
        guard low <= high else { throw .invalid(.priceBand) }
        return PriceBandTerms(model: model, band: PriceBand(low: low, high: high))
    }
}

extension CommandCursor {
    /// A price within the limits, or 0 for none.
    fileprivate mutating func price(
        _ bytes: Span<UInt8>,
        _ field: CommandDecodingError.Field
    ) throws(CommandDecodingError) -> Price? {
        let price = try integer(bytes, field, in: 0...Limits.priceMax)
        guard price % Price.step == 0 else { throw .invalid(field) }
        return price == 0 ? nil : Price(nanoTONPerMTok: price)
    }

    fileprivate mutating func accounts(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> [AccountID] {
        let count: UInt8 = try integer(bytes)
        guard count <= Limits.buyersPerOfferMax else { throw .invalid(.buyers) }
        var accounts: [AccountID] = []
        for _ in 0..<count { accounts.append(AccountID(try integer(bytes, .account, in: 1...Int64.max))) }
        return accounts
    }
}
