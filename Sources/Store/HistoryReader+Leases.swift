package import Cryptography
package import Engine
internal import Postgres
package import Provenance
package import Units

/// A lease as the tables have it, open or ended.
package struct LeaseHistoryRow: Sendable {
    package let record: LeaseRecord
    /// `nil` while it is open.
    package let end: LeaseEnd?
    /// The profiles that count for it.
    package let worker: ProfileRecord?
    package let app: ProfileRecord?
    /// Microseconds by which the lease clock is behind.
    package let grace: Int64
}

/// A receipt as the tables have it.
package struct ReceiptRow: Sendable {
    package let signed: SignedReceipt
    package let index: Int64
    package let charged: AdjustedTokens?
    package let sequence: SequenceNumber
    package let at: LogicalTime
}

/// What proves a receipt, but for the log's hashes.
package struct ReceiptEvidence: Sendable {
    package let signed: SignedReceipt
    package let index: Int64
    package let salt: [UInt8]
    package let entry: [UInt8]
    package let workerKey: [UInt8]?
    package let appKey: [UInt8]?
}

// Leases and receipts. An owner of `nil` may see everybody's.
extension HistoryReader {
    /// Which leases of an account are wanted.
    package struct LeaseFilter: Hashable, Sendable {
        package var account: AccountID
        /// As the worker, as the app, or both.
        package var isWorker: Bool?
        /// `active`, `closed`, `expired`, `failed`; `nil` for all.
        package var state: String?
        /// Only those that this order opened.
        package var order: OrderID?

        package init(account: AccountID, isWorker: Bool? = nil, state: String? = nil, order: OrderID? = nil) {
            self.account = account
            self.isWorker = isWorker
            self.state = state
            self.order = order
        }
    }

    /// The newest leases that the filter lets through, of those older than `before`; at most `limit`.
    package func leases(
        _ filter: LeaseFilter,
        before: LeaseID? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[LeaseHistoryRow]> {
        let role: Int16 = filter.isWorker.map { $0 ? 1 : 2 } ?? 0
        let parameters: [Parameter] = [
            .int8(filter.account.rawValue), .int8(before?.rawValue ?? .max), .int8(Int64(limit)), .int2(role),
            .text(filter.state ?? ""), .int8(filter.order?.rawValue ?? 0),
        ]
        return try page(Self.leasesStatement, parameters) { row throws(PostgresError) in
            try LeaseHistoryRow(row, from: 2)
        }
    }

    /// One lease; `nil` when there is none, or it is another's.
    package func lease(_ id: LeaseID, of owner: AccountID?) throws(StoreError) -> AsOf<LeaseHistoryRow?> {
        let parameters: [Parameter] = [.int8(id.rawValue), .int8(owner?.rawValue ?? 0)]
        let found = try page(Self.leaseStatement, parameters) { row throws(PostgresError) in
            try LeaseHistoryRow(row, from: 2)
        }
        return AsOf(value: found.value.first, sequence: found.sequence)
    }

    /// The newest receipts of a lease, of those with a smaller index in the log than `before`; at most `limit`.
    package func receipts(
        of lease: LeaseID,
        before: Int64? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[ReceiptRow]> {
        try page(
            Self.leaseReceiptsStatement,
            [.int8(lease.rawValue), .int8(before ?? .max), .int8(Int64(limit))]
        ) { row throws(PostgresError) in try ReceiptRow(row, from: 2) }
    }

    /// The newest receipts of an answer; at most `limit`.
    package func receipts(
        answering response: Digest256,
        of owner: AccountID?,
        before: Int64? = nil,
        limit: Int
    ) throws(StoreError) -> AsOf<[ReceiptRow]> {
        try page(
            Self.answerReceiptsStatement,
            [.bytea(response.bytes), .int8(before ?? .max), .int8(Int64(limit)), .int8(owner?.rawValue ?? 0)]
        ) { row throws(PostgresError) in try ReceiptRow(row, from: 2) }
    }

    /// What proves the receipt with this hash; the countersigned one, if there is one.
    package func evidence(of hash: Digest256, of owner: AccountID?) throws(StoreError) -> ReceiptEvidence? {
        try rows(Self.evidenceQuestion, [.bytea(hash.bytes), .int8(owner?.rawValue ?? 0)]) {
            row throws(PostgresError) in
            ReceiptEvidence(
                signed: try SignedReceipt(row, from: 0),
                index: try row.int8(3),
                salt: try row.bytea(4),
                entry: try row.bytea(5),
                workerKey: row.isNull(6) ? nil : try row.bytea(6),
                appKey: row.isNull(7) ? nil : try row.bytea(7)
            )
        }.first
    }

    /// How an account has kept its leases; `nil` when there is no such account.
    package func standing(of account: AccountID) throws(StoreError) -> AsOf<StandingRecord?> {
        let found = try page(Self.standingStatement, [.int8(account.rawValue)]) { row throws(PostgresError) in
            var record = StandingRecord(account: account)
            record.strikes = try row.int8(3)
            record.disputes = try row.int8(4)
            record.delivered = try row.int8(5)
            return record
        }
        return AsOf(value: found.value.first, sequence: found.sequence)
    }

    /// How an account delivers, by model.
    package func performances(of account: AccountID) throws(StoreError) -> [PerformanceRecord] {
        try rows(
            "SELECT \(PerformanceRecord.columns) FROM market.performances WHERE account = $1 ORDER BY model",
            [.int8(account.rawValue)]
        ) { row throws(PostgresError) in try PerformanceRecord(row) }
    }
}

// MARK: - Rows

extension LeaseHistoryRow {
    fileprivate static let columns = """
        lease, offer, buyer, worker, price, lots, locked, used, buyer_bps, seller_bps, bid, model, model_version, \
        weight_set, class, opened_at, deadline, step, dispute_window_us, buyer_profile, worker_profile, closes_at, \
        claim_due, disputed, end_reason, grace_us, signed_index, signed_body, claim_index, claim_body, worker_version, \
        worker_endpoint, worker_key, worker_set_at, app_version, app_endpoint, app_key, app_set_at, tops_up
        """

    /// Leases with what they refer to; `from` is a table or a subquery called `l`.
    fileprivate static func question(from leases: String) -> String {
        """
        (
            SELECT l.lease, l.offer, l.buyer, l.worker, l.price, l.lots, l.locked, l.used, l.buyer_bps, l.seller_bps,
                l.bid, l.model, l.model_version, l.weight_set, l.class, l.opened_at, l.deadline, l.step,
                l.dispute_window_us, l.buyer_profile, l.worker_profile, l.closes_at, l.claim_due, l.disputed,
                l.end_reason, k.grace_us, s.index AS signed_index, s.body AS signed_body, p.index AS claim_index,
                p.body AS claim_body, w.version AS worker_version, w.endpoint AS worker_endpoint,
                w.receipt_key AS worker_key, w.set_at AS worker_set_at, a.version AS app_version,
                a.endpoint AS app_endpoint, a.receipt_key AS app_key, a.set_at AS app_set_at, l.tops_up
            FROM \(leases) CROSS JOIN projection.cursor k
                LEFT JOIN market.receipts s ON s.index = l.countersigned
                LEFT JOIN market.receipts p ON p.index = l.claim
                LEFT JOIN market.profiles w ON w.account = l.worker AND w.version = greatest(l.worker_profile, 1)
                LEFT JOIN market.profiles a ON a.account = l.buyer AND a.version = greatest(l.buyer_profile, 1)
        ) AS leases
        """
    }

    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        var record = LeaseRecord(
            id: LeaseID(try row.int8(first)),
            offer: OrderID(try row.int8(first + 1)),
            buyer: AccountID(try row.int8(first + 2)),
            worker: AccountID(try row.int8(first + 3)),
            price: Price(nanoTONPerMTok: try row.int8(first + 4)),
            lots: Lots(try row.int8(first + 5)),
            locked: NanoTON(try row.int8(first + 6)),
            buyerRate: BasisPoints(Int64(try row.int4(first + 8))),
            sellerRate: BasisPoints(Int64(try row.int4(first + 9))),
            used: AdjustedTokens(try row.int8(first + 7))
        )
        if !row.isNull(first + 10) { record.terms = try LeaseTerms(row, from: first + 10) }
        if !row.isNull(first + 38) { record.terms?.delivery.toppedUp = LeaseID(try row.int8(first + 38)) }
        record.progress.closesAt = try row.moment(first + 21)
        record.progress.claimDue = try row.moment(first + 22)
        record.progress.isDisputed = try row.bool(first + 23)
        record.progress.countersigned = try row.mark(first + 26)
        record.progress.claim = try row.mark(first + 28)
        self.record = record
        end = row.isNull(first + 24) ? nil : try row.leaseEnd(first + 24)
        grace = try row.int8(first + 25)
        worker = try row.profile(of: record.worker, first + 30)
        app = try row.profile(of: record.buyer, first + 34)
    }
}

extension LeaseTerms {
    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init(
            bid: OrderID(try row.int8(first)),
            model: ModelID(try row.int8(first + 1)),
            modelVersion: try row.int4(first + 2),
            weightSet: WeightSetID(UInt8(truncatingIfNeeded: try row.int2(first + 3))),
            classID: ClassID(try row.int8(first + 4)),
            delivery: DeliveryTerms(
                openedAt: LogicalTime(microseconds: try row.timestamp(first + 5)),
                deadline: LogicalTime(microseconds: try row.timestamp(first + 6)),
                step: AdjustedTokens(try row.int8(first + 7)),
                disputeWindow: try row.int8(first + 8),
                buyerProfile: try row.int8(first + 9),
                workerProfile: try row.int8(first + 10)
            )
        )
    }
}

extension ReceiptRow {
    fileprivate static let columns = "body, worker_signature, app_signature, index, charged, sequence, at"

    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        signed = try SignedReceipt(row, from: first)
        index = try row.int8(first + 3)
        charged = row.isNull(first + 4) ? nil : AdjustedTokens(try row.int8(first + 4))
        sequence = SequenceNumber(try row.int8(first + 5))
        at = LogicalTime(microseconds: try row.timestamp(first + 6))
    }
}

extension SignedReceipt {
    /// The bytes and both signatures.
    fileprivate init(_ row: Row, from first: Int) throws(PostgresError) {
        self.init(
            receipt: try row.receipt(first),
            workerSignature: try row.bytea(first + 1),
            appSignature: row.isNull(first + 2) ? nil : try row.bytea(first + 2)
        )
    }
}

extension Row {
    /// A moment, or never for null.
    fileprivate func moment(_ column: Int) throws(PostgresError) -> LogicalTime {
        isNull(column) ? .never : LogicalTime(microseconds: try timestamp(column))
    }

    fileprivate func receipt(_ column: Int) throws(PostgresError) -> Receipt {
        let bytes = try bytea(column)
        do throws(ReceiptError) {
            return try Receipt(bytes: bytes)
        } catch {
            throw .unexpectedResult("a receipt that is none: \(error)")
        }
    }

    /// The index of a receipt in the log, and its bytes behind it.
    fileprivate func mark(_ column: Int) throws(PostgresError) -> ReceiptMark? {
        guard !isNull(column) else { return nil }
        let receipt = try receipt(column + 1)
        return ReceiptMark(
            index: try int8(column),
            sequence: receipt.sequence,
            usage: receipt.usage,
            adjusted: receipt.adjusted,
            endedAt: receipt.endedAt,
            hash: receipt.hash
        )
    }

    fileprivate func leaseEnd(_ column: Int) throws(PostgresError) -> LeaseEnd {
        guard let end = LeaseEnd(rawValue: UInt8(truncatingIfNeeded: try int2(column))) else {
            throw .unexpectedResult("a lease that has ended in an unknown way")
        }
        return end
    }

    fileprivate func profile(of account: AccountID, _ column: Int) throws(PostgresError) -> ProfileRecord? {
        guard !isNull(column) else { return nil }
        let terms = ProfileTerms(
            endpoint: try text(column + 1),
            receiptKey: isNull(column + 2) ? nil : try bytea(column + 2)
        )
        let setAt = LogicalTime(microseconds: try timestamp(column + 3))
        return ProfileRecord(account: account, version: try int8(column), terms: terms, setAt: setAt)
    }
}

// MARK: - Statements

extension HistoryReader {
    private static let leaseStatement = Statement(
        prepared: "history_lease",
        withCursor(
            LeaseHistoryRow.columns,
            LeaseHistoryRow.question(from: "market.leases l")
                + " WHERE lease = $1 AND ($2 = 0 OR $2 IN (buyer, worker))",
            "found.lease"
        )
    )

    /// Two indexes, each read no further than the limit as long as no state is asked for.
    private static let leasesStatement = Statement(
        prepared: "history_leases",
        withCursor(
            LeaseHistoryRow.columns,
            LeaseHistoryRow.question(
                from: """
                    (
                        (SELECT * FROM market.leases WHERE worker = $1 AND lease < $2 AND $4 <> 2
                            AND \(stateCondition) AND ($6 = 0 OR offer = $6) ORDER BY lease DESC LIMIT $3)
                        UNION ALL
                        (SELECT * FROM market.leases WHERE buyer = $1 AND worker <> $1 AND lease < $2 AND $4 <> 1
                            AND \(stateCondition) AND ($6 = 0 OR bid = $6) ORDER BY lease DESC LIMIT $3)
                        ORDER BY lease DESC LIMIT $3
                    ) AS l
                    """
            ),
            "found.lease DESC"
        )
    )

    private static let stateCondition = """
        ($5 = '' OR $5 = CASE WHEN NOT ended THEN 'active' WHEN end_reason <= 4 THEN 'closed' \
        WHEN end_reason <= 6 THEN 'expired' ELSE 'failed' END)
        """

    private static let leaseReceiptsStatement = Statement(
        prepared: "history_receipts_lease",
        withCursor(
            ReceiptRow.columns,
            "market.receipts WHERE lease = $1 AND index < $2 ORDER BY index DESC LIMIT $3",
            "found.index DESC"
        )
    )

    private static let answerReceiptsStatement = Statement(
        prepared: "history_receipts_answer",
        withCursor(
            ReceiptRow.columns,
            """
            market.receipts r WHERE response = $1 AND index < $2 AND ($4 = 0 OR EXISTS (
                SELECT FROM market.leases l WHERE l.lease = r.lease AND $4 IN (l.buyer, l.worker)
            )) ORDER BY index DESC LIMIT $3
            """,
            "found.index DESC"
        )
    )

    private static let evidenceQuestion = """
        SELECT r.body, r.worker_signature, r.app_signature, r.index, r.salt, f.entry, w.receipt_key, a.receipt_key
        FROM market.receipts r JOIN market.leases l ON l.lease = r.lease JOIN log.leaves f ON f.index = r.index
            LEFT JOIN market.profiles w ON w.account = l.worker AND w.version = greatest(l.worker_profile, 1)
            LEFT JOIN market.profiles a ON a.account = l.buyer AND a.version = greatest(l.buyer_profile, 1)
        WHERE r.hash = $1 AND ($2 = 0 OR $2 IN (l.buyer, l.worker))
        ORDER BY r.app_signature IS NULL, r.index LIMIT 1
        """

    private static let standingStatement = Statement(
        prepared: "history_standing",
        withCursor(
            "account, strikes, disputes, delivered",
            """
            (
                SELECT m.account, coalesce(s.strikes, 0) AS strikes, coalesce(s.disputes, 0) AS disputes,
                    coalesce(s.delivered, 0) AS delivered
                FROM market.accounts m LEFT JOIN market.standings s ON s.account = m.account
            ) AS standings WHERE account = $1
            """,
            "found.account"
        )
    )
}
