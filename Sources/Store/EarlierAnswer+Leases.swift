internal import Engine
internal import Postgres
internal import Provenance
internal import Units

/// What commands on leases did: the money that moved. What a lease, a bond or a profile is now, its owner may ask.
extension HistoryReader {
    func effects(of request: RememberedRequest, _ command: LeaseCommand) throws(StoreError) -> [Event] {
        let moved = try moved(request.sequence)
        switch command {
        case .setProfile:
            return try rows(
                "SELECT account, version, endpoint, receipt_key, set_at FROM market.profiles WHERE sequence = $1",
                [.int8(request.sequence.rawValue)]
            ) { row throws(PostgresError) in .lease(.profileSet(try ProfileRecord(row))) }
        case .recordReceipt(let terms): return moved + [.lease(.receiptRepeated(terms.signed.receipt.lease))]
        case .setPolicy(let terms): return [.lease(.policySet(terms))]
        case .proveEquivocation, .disputeClaim, .closeLease, .lockBond, .releaseBond, .pardon: return moved
        }
    }
}
