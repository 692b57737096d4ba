internal import Engine

/// The operations after the trade: leases, receipts, bonds, the transparency log.
extension Route {
    /// Method, path and scopes of those of ``Route`` that are about what follows a trade, or about settlement.
    var leaseEntry: (method: RequestMethod, template: String, scopes: Scopes) {
        switch self {
        case .listSigningKeys: (.get, "/v1/keys", [])
        case .getProfile: (.get, "/v1/account/profile", [.read, .operator, .auditor])
        case .setProfile: (.put, "/v1/account/profile", [.offer, .bid])
        case .listLeases: (.get, "/v1/leases", [.read, .operator, .auditor])
        case .getLease: (.get, "/v1/leases/{id}", [.read, .operator, .auditor])
        case .getLeaseTicket: (.get, "/v1/leases/{id}/ticket", [.read, .operator, .auditor])
        case .listLeaseReceipts: (.get, "/v1/leases/{id}/receipts", [.read, .operator, .auditor])
        case .closeLease: (.post, "/v1/leases/{id}:close", [.offer, .bid])
        case .disputeClaim: (.post, "/v1/leases/{id}:dispute", .bid)
        case .pardonLease: (.post, "/v1/leases/{id}:pardon", .operator)
        case .recordReceipt: (.post, "/v1/receipts", [.offer, .bid])
        case .recordReceipts: (.post, "/v1/receipts:batch", [.offer, .bid])
        case .proveEquivocation: (.post, "/v1/receipts:equivocation", [.offer, .bid])
        case .listReceipts: (.get, "/v1/receipts", [.read, .operator, .auditor])
        case .getReceiptBundle: (.get, "/v1/receipts/{hash}/bundle", [.read, .operator, .auditor])
        case .getBond: (.get, "/v1/account/bond", [.read, .operator, .auditor])
        case .lockBond: (.post, "/v1/account/bond:lock", .offer)
        case .releaseBond: (.post, "/v1/account/bond:release", .offer)
        case .getLeasePolicy: (.get, "/v1/market/lease-policy", [])
        case .setLeasePolicy: (.put, "/v1/market/lease-policy", .operator)
        case .getMeasurementPolicy: (.get, "/v1/market/measurement-policy", [])
        case .setMeasurementPolicy: (.put, "/v1/market/measurement-policy", .operator)
        case .getAccountRecord: (.get, "/v1/accounts/{id}/record", [])
        case .getLogCheckpoint: (.get, "/v1/log/checkpoint", [])
        case .getInclusionProof: (.get, "/v1/log/proof/inclusion", [])
        case .getConsistencyProof: (.get, "/v1/log/proof/consistency", [])
        case .listLogEntries: (.get, "/v1/log/entries", [])
        case .getCheckpointNote: (.get, "/log/checkpoint", [])
        case .getLogTile: (.get, "/log/tile/{path}", [])
        default: settlementEntry
        }
    }
}

extension Resource {
    /// `/v1/COLLECTION/TAIL` of what follows a trade; `nil` when nothing of it is at this path.
    static func afterTrade(_ collection: ArraySlice<UInt8>, _ tail: ArraySlice<UInt8>) -> Resource? {
        if collection.equals("leases") { return lease(tail) }
        if collection.equals("receipts"), let slash = tail.firstIndex(of: UInt8(ascii: "/")) {
            guard tail[(slash + 1)...].equals("bundle") else { return nil }
            return Resource(kind: .receiptBundle, name: tail[..<slash])
        }
        if collection.equals("log") {
            if tail.equals("checkpoint") { return Resource(kind: .logCheckpoint) }
            if tail.equals("proof/inclusion") { return Resource(kind: .inclusionProof) }
            if tail.equals("proof/consistency") { return Resource(kind: .consistencyProof) }
            if tail.equals("entries") { return Resource(kind: .logEntries) }
        }
        if collection.equals("account") {
            if tail.equals("profile") { return Resource(kind: .profile) }
            if tail.equals("bond") { return Resource(kind: .bond) }
            if tail.equals("bond:lock") { return Resource(kind: .bondLock) }
            if tail.equals("bond:release") { return Resource(kind: .bondRelease) }
        }
        if collection.equals("accounts"), let slash = tail.firstIndex(of: UInt8(ascii: "/")),
            tail[(slash + 1)...].equals("record")
        {
            return Resource(kind: .accountRecord, name: tail[..<slash])
        }
        return nil
    }

    /// What is behind `/v1/leases/`: `l4`, `l4/ticket`, `l4:close`.
    private static func lease(_ tail: ArraySlice<UInt8>) -> Resource? {
        if let slash = tail.firstIndex(of: UInt8(ascii: "/")) {
            let part = tail[(slash + 1)...]
            if part.equals("ticket") { return Resource(kind: .leaseTicket, name: tail[..<slash]) }
            if part.equals("receipts") { return Resource(kind: .leaseReceipts, name: tail[..<slash]) }
            return nil
        }
        guard let colon = tail.firstIndex(of: UInt8(ascii: ":")) else { return Resource(kind: .lease, name: tail) }
        let action = tail[(colon + 1)...]
        if action.equals("close") { return Resource(kind: .leaseClose, name: tail[..<colon]) }
        if action.equals("dispute") { return Resource(kind: .leaseDispute, name: tail[..<colon]) }
        if action.equals("pardon") { return Resource(kind: .leasePardon, name: tail[..<colon]) }
        return nil
    }

    /// `/v1/NAME` of what follows a trade.
    static func collectionAfterTrade(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("leases") { return .leases }
        if name.equals("receipts") { return .receipts }
        if name.equals("receipts:batch") { return .receiptBatch }
        if name.equals("receipts:equivocation") { return .equivocation }
        if name.equals("keys") { return .signingKeys }
        return nil
    }

    /// `/log/…`, the log as C2SP's tools read it.
    static func logFile(_ path: ArraySlice<UInt8>) -> Resource? {
        if path.equals("/log/checkpoint") { return Resource(kind: .checkpointNote) }
        let tiles = "/log/tile/"
        guard path.hasPrefix(tiles) else { return nil }
        let name = path.dropFirst(tiles.utf8.count)
        return name.isEmpty ? nil : Resource(kind: .logTile, name: name)
    }
}

extension Resource.Kind {
    /// The operations on a resource after the trade.
    var leaseRoutes: [Route] {
        switch self {
        case .signingKeys: [.listSigningKeys]
        case .profile: [.getProfile, .setProfile]
        case .leases: [.listLeases]
        case .lease: [.getLease]
        case .leaseTicket: [.getLeaseTicket]
        case .leaseReceipts: [.listLeaseReceipts]
        case .leaseClose: [.closeLease]
        case .leaseDispute: [.disputeClaim]
        case .leasePardon: [.pardonLease]
        case .receipts: [.recordReceipt, .listReceipts]
        case .receiptBatch: [.recordReceipts]
        case .equivocation: [.proveEquivocation]
        case .receiptBundle: [.getReceiptBundle]
        case .bond: [.getBond]
        case .bondLock: [.lockBond]
        case .bondRelease: [.releaseBond]
        case .leasePolicy: [.getLeasePolicy, .setLeasePolicy]
        case .measurementPolicy: [.getMeasurementPolicy, .setMeasurementPolicy]
        case .accountRecord: [.getAccountRecord]
        case .logCheckpoint: [.getLogCheckpoint]
        case .inclusionProof: [.getInclusionProof]
        case .consistencyProof: [.getConsistencyProof]
        case .logEntries: [.listLogEntries]
        case .checkpointNote: [.getCheckpointNote]
        case .logTile: [.getLogTile]
        default: settlementRoutes
        }
    }
}
