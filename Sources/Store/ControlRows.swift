internal import Engine
internal import Exchange
internal import Postgres
internal import Units

// Rows of what only few orders, offers and accounts have, and of market control.

extension CopyWriter {
    /// The last columns of `market.orders`.
    mutating func addRules(of order: OrderRecord) {
        let rules = order.rules
        value(.orNull(rules.expiresAt))
        int8(orNull: rules.minLots.orNil)
        int8(orNull: rules.displayLots.orNil)
        int8(orNull: order.displayed.orNil)
        int8(orNull: rules.qualityCredit == 0 ? nil : rules.qualityCredit)
        int8(orNull: order.priority == Priority(order.id) ? nil : order.priority.rawValue)
        int2(orNull: rules.flags)
        int2(orNull: Int16(rules.selfTrade.rawValue))
        add(rules.lease)
    }

    /// Null for 0.
    private mutating func int2(orNull value: Int16) {
        if value == 0 { null() } else { int2(value) }
    }

    mutating func add(_ buyers: BuyerRules) {
        value(.int8Array(buyers.allowed.map(\.rawValue)))
        value(.int8Array(buyers.denied.map(\.rawValue)))
        int8(buyers.minimumDeposit.count)
    }

    mutating func addLimits(of account: AccountRecord) {
        int8(orNull: account.offerLotsMax?.count)
        int8(account.selfTradeGroup)
        bool(account.isClosed)
        value(.orNull(account.cancelAfter))
        bool(account.cancelsOnDisconnect)
    }

    mutating func add(_ record: MarketControlRecord) {
        beginRow()
        int8(record.model.rawValue)
        bool(record.isHalted)
        int8(orNull: record.band?.low.nanoTONPerMTok)
        int8(orNull: record.band?.high.nanoTONPerMTok)
        int8(record.sequence.rawValue)
    }

    mutating func add(_ operation: MassOperation, ordinal: Int32) {
        beginRow()
        int8(operation.sequence.rawValue)
        int8(operation.account.rawValue)
        int2(Int16(operation.kind.rawValue))
        if let side = operation.side { int2(Int16(side.rawValue)) } else { null() }
        int8(orNull: operation.model?.rawValue)
        int8(orNull: operation.profile?.rawValue)
        int8(operation.cursor)
        int4(ordinal)
    }

    mutating func add(_ notice: FeeNoticeTerms) {
        beginRow()
        bool(true)
        int4(Int32(notice.fees.rates.maker.count))
        int4(Int32(notice.fees.rates.taker.count))
        int8(notice.fees.minimumNotional.count)
        timestamp(microsecondsSince1970: notice.effectiveAt.microseconds)
    }
}

extension Lots {
    /// `nil` for none.
    fileprivate var orNil: Int64? { count == 0 ? nil : count }
}

// MARK: - Read back

extension OrderRules {
    /// The position is the bit (`market.codes`, order_flag).
    static let flagNames = ["post_only", "all_or_none"]

    fileprivate var flags: Int16 { (isPostOnly ? 1 : 0) | (isAllOrNone ? 2 : 0) }

    /// Behind the other columns of an order.
    static let columns =
        "expires_at, min_lots, display_lots, quality_credit, flags, self_trade, \(LeaseRules.columns)"

    init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init()
        if !row.isNull(first) { expiresAt = try row.time(first) }
        minLots = Lots(try row.int8OrNull(first + 1) ?? 0)
        displayLots = Lots(try row.int8OrNull(first + 2) ?? 0)
        qualityCredit = try row.int8OrNull(first + 3) ?? 0
        let flags = try row.int8OrNull(first + 4) ?? 0
        isPostOnly = flags & 1 != 0
        isAllOrNone = flags & 2 != 0
        if !row.isNull(first + 5) { selfTrade = try row.code(first + 5) }
        lease = try LeaseRules(row, from: first + 6)
    }
}

extension BuyerRules {
    static let columns = "allowed, denied, minimum_deposit"

    init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init(
            allowed: try row.int8Array(first).map { AccountID($0) },
            denied: try row.int8Array(first + 1).map { AccountID($0) },
            minimumDeposit: NanoTON(try row.int8(first + 2))
        )
    }
}

extension MarketControlRecord {
    static let columns = "model, halted, low, high, sequence"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            model: ModelID(try row.int8(0)),
            isHalted: try row.bool(1),
            sequence: SequenceNumber(try row.int8(4))
        )
        if let low = try row.int8OrNull(2), let high = try row.int8OrNull(3) {
            band = PriceBand(low: Price(nanoTONPerMTok: low), high: Price(nanoTONPerMTok: high))
        }
    }
}

extension MassOperation {
    static let columns = "sequence, account, kind, side, model, profile, cursor"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            sequence: SequenceNumber(try row.int8(0)),
            kind: try row.code(2),
            account: AccountID(try row.int8(1)),
            side: row.isNull(3) ? nil : try row.code(3),
            model: try row.int8OrNull(4).map { ModelID($0) },
            profile: try row.int8OrNull(5).map { ProfileID($0) },
            cursor: try row.int8(6)
        )
    }
}

extension FeeNoticeTerms {
    static let columns = "maker_bps, taker_bps, minimum_notional, effective_at"

    init(_ row: Row) throws(PostgresError) {
        self.init(fees: try FeeTerms(row), effectiveAt: try row.time(3))
    }
}
