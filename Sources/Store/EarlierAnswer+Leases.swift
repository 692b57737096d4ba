internal import Cryptography
internal import Engine
internal import Postgres
internal import Provenance
internal import Units

/// What commands on leases did: the money that moved, what was charged, and how the lease ended, if it did. What a
/// lease, a bond or a profile is now, its owner may ask.
extension HistoryReader {
    func effects(of request: RememberedRequest, _ command: LeaseCommand) throws(StoreError) -> [Event] {
        switch command {
        case .setProfile:
            return try rows(
                "SELECT account, version, endpoint, receipt_key, set_at FROM market.profiles WHERE sequence = $1",
                [.int8(request.sequence.rawValue)]
            ) { row throws(PostgresError) in .lease(.profileSet(try ProfileRecord(row))) }
        case .setPolicy(let terms): return [.lease(.policySet(terms))]
        case .setMeasurementPolicy(let terms): return [.lease(.measurementPolicySet(terms))]
        case .recordSigningKey: return []
        case .recordReceipt(let terms):
            return try moved(request.sequence) + recorded(terms, request)
                + ended(terms.signed.receipt.lease, request.sequence)
        case .proveEquivocation(let terms):
            return try moved(request.sequence) + ended(terms.proof.first.receipt.lease, request.sequence)
        case .closeLease(let lease): return try moved(request.sequence) + ended(lease, request.sequence)
        case .disputeClaim, .lockBond, .releaseBond, .pardon: return try moved(request.sequence)
        }
    }

    /// What became of a receipt: it was recorded, it contradicted another one, or it was known.
    private func recorded(_ terms: ReceiptTerms, _ request: RememberedRequest) throws(StoreError) -> [Event] {
        let sequence = [Parameter.int8(request.sequence.rawValue)]
        let lease = terms.signed.receipt.lease
        let receipts = try rows(
            "SELECT index, charged, account FROM market.receipts WHERE sequence = $1",
            sequence
        ) { row throws(PostgresError) in
            let charged = try row.int8OrNull(1).map { AdjustedTokens($0) }
            let account = AccountID(try row.int8(2))
            let record = ReceiptRecord(index: try row.int8(0), terms: terms, account: account, charged: charged)
            return (charged.map { [Event.used(lease, $0)] } ?? []) + [Event.lease(.receiptRecorded(record))]
        }
        if let events = receipts.first { return events }
        let proofs = try rows(
            "SELECT index, worker, earlier_hash FROM market.equivocations WHERE sequence = $1",
            sequence
        ) { row throws(PostgresError) in
            Event.lease(
                .equivocated(
                    EquivocationRecord(
                        index: try row.int8(0),
                        lease: lease,
                        worker: AccountID(try row.int8(1)),
                        sequence: terms.signed.receipt.sequence,
                        earlierHash: try row.digest(2),
                        earlier: nil,
                        later: terms.signed,
                        salt: terms.salt
                    )
                )
            )
        }
        if !proofs.isEmpty { return proofs }
        return try rows(
            """
            SELECT r.index, r.app_signature IS NOT NULL, l.used
            FROM market.receipts r JOIN market.leases l ON l.lease = r.lease
            WHERE r.hash = $1 AND r.sequence < $2 ORDER BY r.index DESC LIMIT 1
            """,
            [.bytea(terms.hash.bytes)] + sequence
        ) { row throws(PostgresError) in
            .lease(
                .receiptRepeated(
                    RepeatedReceipt(
                        lease: lease,
                        sequence: terms.signed.receipt.sequence,
                        hash: terms.hash,
                        index: try row.int8(0),
                        isCountersigned: try row.bool(1),
                        charged: AdjustedTokens(try row.int8(2))
                    )
                )
            )
        }
    }

    /// The end of a lease, if the command brought it.
    private func ended(_ lease: LeaseID, _ sequence: SequenceNumber) throws(StoreError) -> [Event] {
        try rows(
            "SELECT used, end_reason FROM market.leases WHERE lease = $1 AND last_sequence = $2 AND ended",
            [.int8(lease.rawValue), .int8(sequence.rawValue)]
        ) { row throws(PostgresError) in
            .leaseEnded(lease, AdjustedTokens(try row.int8(0)), try row.code(1))
        }
    }
}
