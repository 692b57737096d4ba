internal import Engine
internal import Exchange
internal import Ledger
internal import Postgres
internal import Units

/// Rows that are read back as the engine's records. Each has its column list beside it, so that the two cannot drift
/// apart; `first` is the number of the first column of the list within the row.
extension OrderRecord {
    static let columns = """
        id, account, price, lots, remaining, open_lots, max_open_lots, class, profile, body_hash, created_at, \
        last_sequence, maker_bps, taker_bps, side, time_in_force, claimed_tee, close_reason, client_order_id, \
        priority, displayed, \(OrderRules.columns), lowered_lots
        """

    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        let isPlain = (19...34).allSatisfy { row.isNull(first + $0) }
        self.init(
            id: OrderID(try row.int8(first)),
            account: AccountID(try row.int8(first + 1)),
            side: try row.code(first + 14),
            price: Price(nanoTONPerMTok: try row.int8(first + 2)),
            lots: Lots(try row.int8(first + 3)),
            remaining: Lots(try row.int8(first + 4)),
            timeInForce: try row.code(first + 15),
            clientOrderID: try row.clientOrderID(first + 18),
            bodyHash: UInt64(bitPattern: try row.int8(first + 9)),
            rates: FeeRates(
                maker: BasisPoints(Int64(try row.int4(first + 12))),
                taker: BasisPoints(Int64(try row.int4(first + 13)))
            ),
            classID: ClassID(try row.int8OrNull(first + 7) ?? 0),
            profileID: ProfileID(try row.int8OrNull(first + 8) ?? 0),
            claimedTEE: try row.code(first + 16),
            maxOpenLots: try row.int8OrNull(first + 6).map { Lots($0) },
            openLots: Lots(try row.int8(first + 5)),
            createdAt: try row.time(first + 10),
            closeReason: row.isNull(first + 17) ? nil : try row.code(first + 17),
            lastSequence: SequenceNumber(try row.int8(first + 11))
        )
        if isPlain { return }
        if let place = try row.int8OrNull(first + 19) { priority = Priority(rawValue: place) }
        displayed = Lots(try row.int8OrNull(first + 20) ?? 0)
        rules = try OrderRules(row, from: first + 21)
        loweredLots = Lots(try row.int8OrNull(first + 34) ?? 0)
    }
}

extension TradeRow {
    static let columns = """
        trade, bid, offer, buyer, seller, lots, price, bid_remaining, offer_remaining, locked, model, sequence, at, \
        buyer_bps, seller_bps, model_version, taker_side, weight_set, class
        """

    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        let trade = Trade(
            id: TradeID(try row.int8(first)),
            bid: OrderID(try row.int8(first + 1)),
            offer: OrderID(try row.int8(first + 2)),
            buyer: AccountID(try row.int8(first + 3)),
            seller: AccountID(try row.int8(first + 4)),
            lots: Lots(try row.int8(first + 5)),
            price: Price(nanoTONPerMTok: try row.int8(first + 6)),
            takerSide: try row.code(first + 16),
            bidRemaining: Lots(try row.int8(first + 7)),
            offerRemaining: Lots(try row.int8(first + 8)),
            locked: NanoTON(try row.int8(first + 9)),
            buyerRate: BasisPoints(Int64(try row.int4(first + 13))),
            sellerRate: BasisPoints(Int64(try row.int4(first + 14))),
            model: ModelID(try row.int8(first + 10)),
            modelVersion: try row.int4(first + 15),
            weightSet: try row.weightSet(first + 17),
            classID: ClassID(try row.int8OrNull(first + 18) ?? 0)
        )
        self.init(
            trade: trade,
            sequence: SequenceNumber(try row.int8(first + 11)),
            at: try row.time(first + 12)
        )
    }
}

extension TransferRow {
    static let columns = "sequence, debit, credit, amount, order_id, trade_id, at, ordinal, kind"

    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        let transfer = Transfer(
            debit: LedgerAccount(rawValue: try row.int8(first + 1)),
            credit: LedgerAccount(rawValue: try row.int8(first + 2)),
            amount: NanoTON(try row.int8(first + 3)),
            kind: try row.code(first + 8),
            order: OrderID(try row.int8OrNull(first + 4) ?? 0),
            trade: TradeID(try row.int8OrNull(first + 5) ?? 0)
        )
        self.init(
            sequence: SequenceNumber(try row.int8(first)),
            ordinal: try row.int4(first + 7),
            transfer: transfer,
            at: try row.time(first + 6)
        )
    }
}

extension RememberedRequest {
    static let columns = """
        sequence, account, key_high, key_low, key_body, body_hash, at, client_high, client_low, rejection
        """

    init(_ row: Row) throws(PostgresError) {
        var key: IdempotencyKey?
        if !row.isNull(2) {
            key = IdempotencyKey(
                high: UInt64(bitPattern: try row.int8(2)),
                low: UInt64(bitPattern: try row.int8(3)),
                body: UInt64(bitPattern: try row.int8(4))
            )
        }
        var name: ClientOrderIDHash?
        if !row.isNull(7) {
            name = ClientOrderIDHash(
                high: UInt64(bitPattern: try row.int8(7)),
                low: UInt64(bitPattern: try row.int8(8))
            )
        }
        self.init(
            sequence: SequenceNumber(try row.int8(0)),
            account: AccountID(try row.int8(1)),
            key: key,
            clientOrderID: name,
            bodyHash: UInt64(bitPattern: try row.int8(5)),
            at: try row.time(6),
            rejection: row.isNull(9) ? nil : try row.code(9)
        )
    }
}

// MARK: - Registry

extension AccountRecord {
    static let columns = """
        account, label, open_orders_max, created_at, offer_lots_max, self_trade_group, closed, cancel_after, \
        cancel_on_disconnect
        """

    init(_ row: Row, from first: Int = 0) throws(PostgresError) {
        self.init(
            id: AccountID(try row.int8(first)),
            label: try row.text(first + 1),
            openOrdersMax: try row.int8(first + 2),
            createdAt: try row.time(first + 3)
        )
        offerLotsMax = try row.int8OrNull(first + 4).map { Lots($0) }
        selfTradeGroup = try row.int8(first + 5)
        isClosed = try row.bool(first + 6)
        cancelAfter = row.isNull(first + 7) ? .never : try row.time(first + 7)
        cancelsOnDisconnect = try row.bool(first + 8)
    }
}

extension KeyRecord {
    static let columns = "key, account, hash, scopes, label, expires_at, created_at"

    init(_ row: Row) throws(PostgresError) {
        guard let hash = KeyHash(bytes: try row.bytea(2)) else {
            throw .unexpectedResult("a key's hash has not 32 bytes")
        }
        let terms = KeyTerms(
            owner: AccountID(try row.int8(1)),
            hash: hash,
            scopes: Scopes(rawValue: UInt16(truncatingIfNeeded: try row.int4(3))),
            label: try row.text(4),
            expiresAt: row.isNull(5) ? .never : try row.time(5)
        )
        self.init(id: KeyID(try row.int8(0)), terms: terms, createdAt: try row.time(6))
    }
}

extension ModelRecord {
    static let columns = """
        model, version, name, hugging_face_id, revision, weights_sha256, weight_set, quality, context_length, created_at
        """

    init(_ row: Row) throws(PostgresError) {
        let terms = ModelTerms(
            name: try row.text(2),
            huggingFaceID: try row.text(3),
            revision: try row.text(4),
            weightsSHA256: try row.text(5),
            weightSet: try row.weightSet(6),
            quality: try row.int8OrNull(7),
            contextLength: try row.int8(8)
        )
        self.init(
            id: ModelID(try row.int8(0)),
            version: try row.int4(1),
            terms: terms,
            createdAt: try row.time(9)
        )
    }
}

extension AttestationRecord {
    static let columns = "account, tees, expires_at, set_at, tcb_status, attested_at"

    init(_ row: Row) throws(PostgresError) {
        let terms = AttestationTerms(
            account: AccountID(try row.int8(0)),
            tees: UInt8(truncatingIfNeeded: try row.int4(1)),
            expiresAt: row.isNull(2) ? .never : try row.time(2),
            tcbStatus: UInt8(truncatingIfNeeded: try row.int8(4)),
            attestedAt: row.isNull(5) ? nil : try row.time(5)
        )
        self.init(terms: terms, setAt: try row.time(3))
    }
}

extension FeeTerms {
    static let columns = "maker_bps, taker_bps, minimum_notional"

    init(_ row: Row) throws(PostgresError) {
        self.init(
            rates: FeeRates(
                maker: BasisPoints(Int64(try row.int4(0))),
                taker: BasisPoints(Int64(try row.int4(1)))
            ),
            minimumNotional: NanoTON(try row.int8(2))
        )
    }
}

extension CheckpointRecord {
    static let columns = "batch, sha256, sequence, announced_at"

    init(_ row: Row) throws(PostgresError) {
        guard let sha256 = SHA256Words(bytes: try row.bytea(1)) else {
            throw .unexpectedResult("a checkpoint's hash has not 32 bytes")
        }
        self.init(
            terms: CheckpointTerms(batch: try row.int8(0), sha256: sha256),
            sequence: SequenceNumber(try row.int8(2)),
            announcedAt: try row.time(3)
        )
    }
}

extension Capability {
    /// Behind the number of the class.
    static let columns =
        "model, model_version, weight_set, quality, context_length, features, quantization, region, tee, "
        + Traits.columns.joined(separator: ", ") + ", " + BuyerRules.columns

    init(_ row: Row) throws(PostgresError) {
        self.init(
            model: ModelID(try row.int8(1)),
            modelVersion: try row.int4(2),
            weightSet: try row.weightSet(3),
            quality: try row.int8OrNull(4),
            contextLength: try row.int8(5),
            features: Features(rawValue: UInt32(bitPattern: try row.int4(6))),
            quantization: try row.code(7),
            region: try row.region(try row.text(8)),
            tee: try row.code(9),
            traits: try Traits(row, from: 10)
        )
        buyers = SeldomBuyerRules(try BuyerRules(row, from: 10 + Traits.columns.count))
    }
}

extension Requirement {
    /// Behind the number of the profile.
    static let columns =
        "models, weight_set, quality_min, context_length_min, features, quantizations, tees, regions, "
        + FurtherDemands.columns.joined(separator: ", ")

    init(_ row: Row) throws(PostgresError) {
        self.init(weightSet: try row.weightSet(2))
        var regions: [Region] = []
        for name in try row.textArray(8) { regions.append(try row.region(name)) }
        guard let models = FixedList(try row.int8Array(1).map { ModelID($0) }), let regions = FixedList(regions) else {
            throw .unexpectedResult("a profile names more models or regions than a bid may")
        }
        self.models = models
        self.regions = regions
        qualityAtLeast = try row.int8(3)
        contextLengthAtLeast = try row.int8(4)
        features = Features(rawValue: UInt32(bitPattern: try row.int4(5)))
        quantizations = UInt16(truncatingIfNeeded: try row.int4(6))
        tees = UInt8(truncatingIfNeeded: try row.int4(7))
        further = try FurtherDemands(row, from: 9)
    }
}

// MARK: - Columns

extension Row {
    func int8OrNull(_ column: Int) throws(PostgresError) -> Int64? {
        isNull(column) ? nil : try int8(column)
    }

    func time(_ column: Int) throws(PostgresError) -> LogicalTime {
        LogicalTime(microseconds: try timestamp(column))
    }

    func weightSet(_ column: Int) throws(PostgresError) -> WeightSetID {
        WeightSetID(UInt8(truncatingIfNeeded: try int8(column)))
    }

    /// A number of a closed list.
    func code<Value: RawRepresentable>(_ column: Int) throws(PostgresError) -> Value
    where Value.RawValue: FixedWidthInteger {
        let number = try int8(column)
        guard let raw = Value.RawValue(exactly: number), let value = Value(rawValue: raw) else {
            throw .unexpectedResult("column \(column) has \(number), which is no \(Value.self)")
        }
        return value
    }

    func clientOrderID(_ column: Int) throws(PostgresError) -> ClientOrderID? {
        guard !isNull(column) else { return nil }
        guard let id = ClientOrderID(try text(column).utf8) else {
            throw .unexpectedResult("column \(column) has no well-formed client order id")
        }
        return id
    }

    func region(_ name: String) throws(PostgresError) -> Region {
        if name.isEmpty { return .unknown }
        guard let region = Region(name: name.utf8) else { throw .unexpectedResult("\"\(name)\" is no region") }
        return region
    }
}
