internal import Cryptography
internal import Engine
internal import Exchange
internal import Postgres
internal import Provenance
internal import Units

/// A row of `market.leases`.
struct LeaseRow: Hashable {
    var record: LeaseRecord
    var lastSequence: SequenceNumber
    /// `nil` while it is open.
    var end: LeaseEnd?

    init(_ record: LeaseRecord, _ sequence: SequenceNumber, _ end: LeaseEnd? = nil) {
        self.record = record
        lastSequence = sequence
        self.end = end
    }

    var hasEnded: Bool { end != nil }
}

/// What changes in a row of `market.leases` that is there already.
struct LeaseChange: Hashable {
    let id: Int64
    /// -1 when it stays.
    var used: Int64 = -1
    /// `nil` when it stays.
    var progress: LeaseProgress?
    var end: LeaseEnd?
    var lastSequence: Int64
}

extension ProjectionPlan {
    mutating func change(
        _ id: LeaseID,
        _ sequence: SequenceNumber,
        _ body: (inout LeaseChange) -> Void
    ) throws(StoreError) {
        guard id.rawValue <= end.lastTrade.rawValue else {
            throw .inconsistent("lease \(id.rawValue) is used before it is opened")
        }
        if id.rawValue > start.lastTrade.rawValue {
            let place = Int(id.rawValue - start.lastTrade.rawValue - 1)
            var change = LeaseChange(id: id.rawValue, lastSequence: sequence.rawValue)
            body(&change)
            return leases[place].apply(change)
        }
        let place = changedLeases.place(of: id.rawValue, orAdd: leaseChanges.count)
        if place == leaseChanges.count {
            leaseChanges.append(LeaseChange(id: id.rawValue, lastSequence: sequence.rawValue))
        }
        body(&leaseChanges[place])
        leaseChanges[place].lastSequence = sequence.rawValue
    }

    mutating func endLease(
        _ id: LeaseID,
        _ sequence: SequenceNumber,
        _ used: AdjustedTokens,
        _ reason: LeaseEnd
    ) throws(StoreError) {
        try change(id, sequence) { change in
            change.used = used.count
            change.end = reason
        }
        guard id.rawValue > start.lastTrade.rawValue else { return }
        let record = leases[Int(id.rawValue - start.lastTrade.rawValue - 1)].record
        change(record.offer, sequence) { $0.opened -= record.lots.count }
    }

    mutating func add(_ event: LeaseEvent, at sequence: SequenceNumber, _ time: LogicalTime) throws(StoreError) {
        guard case .progressed(let record) = event else { return deliveries.add(event, sequence, time) }
        try change(record.id, sequence) { change in
            change.used = record.used.count
            change.progress = record.progress
        }
    }
}

extension LeaseRow {
    fileprivate mutating func apply(_ change: LeaseChange) {
        if change.used >= 0 { record.used = AdjustedTokens(change.used) }
        if let progress = change.progress { record.progress = progress }
        end = change.end ?? end
        lastSequence = SequenceNumber(change.lastSequence)
    }
}

// MARK: - Writing

extension CopyWriter {
    /// The columns that leases of older rules do not have.
    mutating func addTerms(of row: LeaseRow) {
        let terms = row.record.terms
        let delivery = terms?.delivery
        int8(orNull: terms?.bid.rawValue)
        int8(orNull: terms?.model.rawValue)
        if let terms { int4(terms.modelVersion) } else { null() }
        if let terms { int2(Int16(terms.weightSet.rawValue)) } else { null() }
        int8(orNull: terms?.classID.rawValue)
        value(.orNull(delivery?.openedAt ?? .never))
        value(.orNull(delivery?.deadline ?? .never))
        int8(orNull: delivery?.step.count)
        int8(orNull: delivery?.disputeWindow)
        int8(orNull: delivery?.buyerProfile)
        int8(orNull: delivery?.workerProfile)
        add(delivery?.service.value)
        int8(orNull: delivery?.rebid.value?.price.nanoTONPerMTok)
        let progress = row.record.progress
        int8(orNull: progress.countersigned?.index)
        int8(orNull: progress.claim?.index)
        value(.orNull(progress.claimDue))
        value(.orNull(progress.closesAt))
        bool(progress.isDisputed)
        if let end = row.end { int2(Int16(end.rawValue)) } else { null() }
        add(orNull: delivery?.toppedUp ?? LeaseID(0))
    }

    private mutating func add(orNull lease: LeaseID) {
        int8(orNull: lease == LeaseID(0) ? nil : lease.rawValue)
    }

    private mutating func add(_ service: ServiceTerms?) {
        int8(orNull: service?.timeToFirstToken)
        int8(orNull: service?.completion)
        if let service { int4(Int32(service.refundShare.count)) } else { null() }
    }

    /// The last columns of `market.orders`.
    mutating func add(_ rules: LeaseRules) {
        if rules.rebids { bool(true) } else { null() }
        if rules.avoided.isEmpty { null() } else { value(.int8Array(rules.avoided.map(\.rawValue))) }
        int8(orNull: rules.parent.rawValue == 0 ? nil : rules.parent.rawValue)
        add(rules.service)
        add(orNull: rules.toppedUp)
    }
}

extension Projector {
    func changeLeases(_ changes: [LeaseChange]) throws(StoreError) {
        guard !changes.isEmpty else { return }
        try change(
            Self.leasesStatement,
            changes.count,
            "changed leases",
            [
                .int8Array(changes.map(\.id)), .int8Array(changes.map(\.used)),
                .int2Array(changes.map { Int16($0.end?.rawValue ?? 0) }), .int8Array(changes.map(\.lastSequence)),
                .boolArray(changes.map { $0.progress != nil }),
                .int8Array(changes.map { $0.progress?.countersigned?.index ?? -1 }),
                .int8Array(changes.map { $0.progress?.claim?.index ?? -1 }),
                .timestampArray(microsecondsSince1970: changes.map { $0.progress?.claimDue.orZero ?? 0 }),
                .timestampArray(microsecondsSince1970: changes.map { $0.progress?.closesAt.orZero ?? 0 }),
                .boolArray(changes.map { $0.progress?.isDisputed ?? false }),
            ]
        )
        let ended = changes.filter { $0.end != nil }
        guard !ended.isEmpty else { return }
        try change(
            Self.returnStatement,
            [.int8Array(ended.map(\.id)), .int8Array(ended.map(\.lastSequence))]
        )
    }

    private static let leasesStatement = Statement(
        prepared: "leases_change",
        """
        UPDATE market.leases l SET used = CASE WHEN c.used < 0 THEN l.used ELSE c.used END,
            ended = l.ended OR c.end_reason > 0, end_reason = coalesce(nullif(c.end_reason, 0), l.end_reason),
            last_sequence = c.last_sequence,
            countersigned = CASE WHEN c.progressed THEN nullif(c.countersigned, -1) ELSE l.countersigned END,
            claim = CASE WHEN c.progressed THEN nullif(c.claim, -1) ELSE l.claim END,
            claim_due = CASE WHEN c.progressed THEN nullif(c.claim_due, 'epoch') ELSE l.claim_due END,
            closes_at = CASE WHEN c.progressed THEN nullif(c.closes_at, 'epoch') ELSE l.closes_at END,
            disputed = CASE WHEN c.progressed THEN c.disputed ELSE l.disputed END
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) AS c (lease, used, end_reason, last_sequence, progressed,
            countersigned, claim, claim_due, closes_at, disputed)
        WHERE l.lease = c.lease
        """
    )

    /// The lots of a lease that has ended are open no more. Of a closed order nothing else changes.
    private static let returnStatement = Statement(
        prepared: "leases_return",
        """
        UPDATE market.orders o SET open_lots = o.open_lots - c.lots,
            last_sequence = CASE WHEN o.close_reason IS NULL THEN greatest(o.last_sequence, c.last_sequence)
                ELSE o.last_sequence END
        FROM (
            SELECT l.offer, sum(l.lots)::bigint AS lots, max(e.last_sequence) AS last_sequence
            FROM unnest($1, $2) AS e (lease, last_sequence) JOIN market.leases l ON l.lease = e.lease
            GROUP BY l.offer
        ) AS c
        WHERE o.id = c.offer
        """
    )
}

// MARK: - Read back

extension LeaseRecord {
    /// Open leases, with the receipts and the bid that their state goes back to.
    static let openQuestion = """
        SELECT l.lease, l.offer, l.buyer, l.worker, l.price, l.lots, l.locked, l.used, l.buyer_bps, l.seller_bps,
            l.bid, l.model, l.model_version, l.weight_set, l.class, l.opened_at, l.deadline, l.step,
            l.dispute_window_us, l.buyer_profile, l.worker_profile, l.service_ttft_ms, l.service_completion_ms,
            l.service_refund_bps, l.rebid_price, l.claim_due, l.closes_at, l.disputed, b.profile, l.tops_up,
            \(ReceiptMark.columns("c")), \(ReceiptMark.columns("k")),
            \(OrderRules.columns.split(separator: ", ").map { "b.\($0)" }.joined(separator: ", "))
        FROM market.leases l LEFT JOIN market.orders b ON b.id = l.bid AND l.rebid_price IS NOT NULL
            LEFT JOIN market.receipts c ON c.index = l.countersigned
            LEFT JOIN market.receipts k ON k.index = l.claim
        WHERE NOT l.ended ORDER BY l.lease
        """

    init(_ row: Row) throws(PostgresError) {
        self.init(
            id: LeaseID(try row.int8(0)),
            offer: OrderID(try row.int8(1)),
            buyer: AccountID(try row.int8(2)),
            worker: AccountID(try row.int8(3)),
            price: Price(nanoTONPerMTok: try row.int8(4)),
            lots: Lots(try row.int8(5)),
            locked: NanoTON(try row.int8(6)),
            buyerRate: BasisPoints(Int64(try row.int4(8))),
            sellerRate: BasisPoints(Int64(try row.int4(9))),
            used: AdjustedTokens(try row.int8(7))
        )
        guard !row.isNull(10) else { return }
        terms = try LeaseTerms(row)
        var progress = LeaseProgress()
        progress.countersigned = try ReceiptMark(row, from: 30)
        progress.claim = try ReceiptMark(row, from: 30 + ReceiptMark.columnCount)
        if !row.isNull(25) { progress.claimDue = try row.time(25) }
        if !row.isNull(26) { progress.closesAt = try row.time(26) }
        progress.isDisputed = try row.bool(27)
        self.progress = progress
    }
}

extension LeaseTerms {
    fileprivate init(_ row: Row) throws(PostgresError) {
        var delivery = DeliveryTerms(
            openedAt: try row.time(15),
            deadline: try row.time(16),
            step: AdjustedTokens(try row.int8(17)),
            disputeWindow: try row.int8(18),
            buyerProfile: try row.int8(19),
            workerProfile: try row.int8(20)
        )
        delivery.service = Boxed(try ServiceTerms(row, from: 21))
        delivery.toppedUp = LeaseID(try row.int8OrNull(29) ?? 0)
        if let price = try row.int8OrNull(24) {
            var rules = try OrderRules(row, from: 30 + 2 * ReceiptMark.columnCount)
            // An amendment may have changed it, and the new bid has none.
            rules.expiresAt = .never
            delivery.rebid = .some(
                RebidTerms(
                    price: Price(nanoTONPerMTok: price),
                    profileID: ProfileID(try row.int8(28)),
                    rules: rules
                )
            )
        }
        self.init(
            bid: OrderID(try row.int8(10)),
            model: ModelID(try row.int8(11)),
            modelVersion: try row.int4(12),
            weightSet: try row.weightSet(13),
            classID: ClassID(try row.int8(14)),
            delivery: delivery
        )
    }
}

extension ServiceTerms {
    /// From three columns; `nil` without a promise.
    fileprivate init?(_ row: Row, from first: Int) throws(PostgresError) {
        guard !row.isNull(first + 2) else { return nil }
        self.init(
            timeToFirstToken: try row.int8OrNull(first) ?? 0,
            completion: try row.int8OrNull(first + 1) ?? 0,
            refundShare: BasisPoints(Int64(try row.int4(first + 2)))
        )
    }
}

extension LeaseRules {
    /// Behind the other columns of an order.
    static let columns = "rebids, avoided, parent, service_ttft_ms, service_completion_ms, service_refund_bps, tops_up"

    init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init()
        rebids = row.isNull(first) ? false : try row.bool(first)
        if !row.isNull(first + 1) { avoided = try row.int8Array(first + 1).map { AccountID($0) } }
        parent = OrderID(try row.int8OrNull(first + 2) ?? 0)
        service = try ServiceTerms(row, from: first + 3)
        toppedUp = LeaseID(try row.int8OrNull(first + 6) ?? 0)
    }
}

extension ReceiptMark {
    static let columnCount = 9

    static func columns(_ alias: String) -> String {
        ["index", "number", "prompt", "completion", "cached", "reasoning", "adjusted", "ended_ms", "hash"]
            .map { "\(alias).\($0)" }.joined(separator: ", ")
    }

    /// `nil` without a receipt.
    init?(_ row: Row, from first: Int) throws(PostgresError) {
        guard let index = try row.int8OrNull(first) else { return nil }
        guard let hash = Digest256(try row.bytea(first + 8)) else {
            throw .unexpectedResult("a receipt's hash has not 32 bytes")
        }
        self.init(
            index: index,
            sequence: UInt32(truncatingIfNeeded: try row.int8(first + 1)),
            usage: TokenUsage(
                prompt: try row.int8(first + 2),
                completion: try row.int8(first + 3),
                cached: try row.int8(first + 4),
                reasoning: try row.int8(first + 5)
            ),
            adjusted: AdjustedTokens(try row.int8(first + 6)),
            endedAt: try row.int8(first + 7),
            hash: hash
        )
    }
}
