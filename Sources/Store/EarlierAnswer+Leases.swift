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
        case .recordReceipt(let terms):
            let lease = terms.signed.receipt.lease
            let charged = try rows(
                "SELECT charged FROM market.receipts WHERE sequence = $1 AND charged IS NOT NULL",
                [.int8(request.sequence.rawValue)]
            ) { row throws(PostgresError) in Event.used(lease, AdjustedTokens(try row.int8(0))) }
            return try moved(request.sequence) + charged + ended(lease, request.sequence)
                + [.lease(.receiptRepeated(lease))]
        case .proveEquivocation(let terms):
            return try moved(request.sequence) + ended(terms.proof.first.receipt.lease, request.sequence)
        case .closeLease(let lease): return try moved(request.sequence) + ended(lease, request.sequence)
        case .disputeClaim, .lockBond, .releaseBond, .pardon: return try moved(request.sequence)
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
