package import Cryptography
internal import Engine
internal import Provenance
package import Units

/// A question to the engine about what follows a trade.
package enum LeaseQuestion: Hashable, Sendable {
    /// An open lease of this owner, or anybody's when `nil`. One that has ended is then sought in the tables.
    case lease(LeaseID, owner: AccountID?)
    /// What the ticket of an open lease says.
    case ticket(LeaseID, owner: AccountID?)
    /// What the tickets of leases say that a bid of this owner has just opened.
    case tickets([LeaseID], owner: AccountID)
    case profile(AccountID)
    case bond(AccountID)
    case policy
    case measurementPolicy

    /// The same question to the tables, for a server that has no engine; `nil` where they do not know.
    package var history: HistoryQuery? {
        if case .lease(let id, let owner) = self { .lease(id, owner: owner) } else { nil }
    }
}

/// An account's leases, as worker or as app, newest first.
package struct LeasesQuery: Hashable, Sendable {
    package var account: AccountID
    /// `nil` for both sides.
    package var role: LeaseRole?
    package var state: LeaseState?
    /// Only those that this order opened.
    package var order: OrderID?
    package var limit: Int
    /// Only leases with a smaller number.
    package var before: LeaseID?

    /// One more than is shown, so that it is known whether there are more.
    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 {
        let names = [account.text, role?.rawValue ?? "", state?.rawValue ?? "", order?.text ?? ""]
        return Cursor.filters(names.joined(separator: " "))
    }
}

/// What an account is to a lease.
package enum LeaseRole: String, CaseIterable, Sendable {
    case worker, app
}

/// Where a lease's life is.
package enum LeaseState: String, CaseIterable, Sendable {
    case active, closed, expired, failed
}

/// Receipts of one lease or of one answer, newest first.
package struct ReceiptsQuery: Hashable, Sendable {
    package var account: AccountID
    /// The account may see everybody's.
    package var seesAll: Bool
    package var subject: Subject
    package var limit: Int
    /// Only receipts with a smaller index in the log.
    package var before: Int64?

    /// What they are of.
    package enum Subject: Hashable, Sendable {
        case lease(LeaseID)
        /// The answer with this SHA-256.
        case response(Digest256)
    }

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 {
        switch subject {
        case .lease(let id): Cursor.filters("\(account.text) \(id.text)")
        case .response(let hash): Cursor.filters("\(account.text) \(hash.hex)")
        }
    }
}

/// Requests about what follows a trade.
extension Request {
    func afterTrade(_ principal: Principal) throws(Problem) -> Admission {
        let owner = principal.seesAll ? nil : principal.account
        switch route {
        case .getProfile:
            return .query(.lease(.profile(try QueryRequests.account(head.query, for: principal))))
        case .setProfile:
            let terms = try Bodies.profile(body)
            return try command(.lease(.setProfile(terms)), .profileSet(terms), principal)
        case .listLeases: return .history(.leases(try QueryRequests.leases(head.query, for: principal)))
        case .getLease:
            try QueryRequests.none(head.query)
            return .query(.lease(.lease(try leaseID(), owner: owner)))
        case .getLeaseTicket:
            try QueryRequests.none(head.query)
            return .query(.lease(.ticket(try leaseID(), owner: owner)))
        case .listLeaseReceipts:
            return .history(.receipts(try QueryRequests.receipts(head.query, for: principal, of: try leaseID())))
        case .listReceipts:
            return .history(.receipts(try QueryRequests.receipts(head.query, for: principal)))
        case .getReceiptBundle:
            try QueryRequests.none(head.query)
            guard name.count == 64, let hash = Digest256(hex: name.text) else { throw Problem(.receiptNotFound) }
            return .history(.bundle(hash, owner: owner))
        case .getBond: return .query(.lease(.bond(try QueryRequests.account(head.query, for: principal))))
        default: return try change(afterTrade: principal)
        }
    }

    private func change(afterTrade principal: Principal) throws(Problem) -> Admission {
        switch route {
        case .closeLease:
            try Bodies.emptyOrNone(body)
            let id = try leaseID()
            return try command(.lease(.closeLease(id)), .leaseChanged(id), principal)
        case .disputeClaim:
            try Bodies.emptyOrNone(body)
            let id = try leaseID()
            return try command(.lease(.disputeClaim(id)), .leaseChanged(id), principal)
        case .pardonLease:
            try Bodies.emptyOrNone(body)
            let id = try leaseID()
            return try command(.lease(.pardon(id)), .leaseChanged(id), principal)
        case .lockBond:
            let amount = try Bodies.bond(body)
            return try command(.lease(.lockBond(amount)), .bondMoved(amount), principal)
        case .releaseBond:
            let amount = try Bodies.bond(body)
            return try command(.lease(.releaseBond(amount)), .bondMoved(amount), principal)
        case .setLeasePolicy:
            let policy = try Bodies.leasePolicy(body)
            return try command(.lease(.setPolicy(policy)), .leasePolicySet(policy), principal)
        case .setMeasurementPolicy:
            let policy = try Bodies.measurementPolicy(body)
            return try command(.lease(.setMeasurementPolicy(policy)), .measurementPolicySet(policy), principal)
        default: return try receipts(principal)
        }
    }

    func publicAfterTrade() throws(Problem) -> Admission {
        switch route {
        case .getInclusionProof: return .history(.log(try QueryRequests.inclusion(head.query)))
        case .getConsistencyProof: return .history(.log(try QueryRequests.consistency(head.query)))
        case .listLogEntries: return .history(.log(try QueryRequests.logEntries(head.query)))
        case .listAnchors: return .history(.log(.anchors(try QueryRequests.anchors(head.query, on: context.network))))
        default: break
        }
        try QueryRequests.none(head.query)
        switch route {
        case .listSigningKeys: return .signingKeys
        case .getLeasePolicy: return .query(.lease(.policy))
        case .getMeasurementPolicy: return .query(.lease(.measurementPolicy))
        case .getAnchorPolicy: return .query(.settlement(.anchors))
        case .getAccountRecord: return .history(.record(try accountID()))
        case .getLogCheckpoint: return .history(.log(.checkpoint(.json)))
        case .getCheckpointNote: return .history(.log(.checkpoint(.note)))
        default:
            guard let tile = LogTile(path: "tile/" + name.text) else { throw Problem(.notFound) }
            return .history(.log(.tile(tile)))
        }
    }

    private func leaseID() throws(Problem) -> LeaseID {
        guard let id = LeaseID(text: name) else { throw Problem(.leaseNotFound) }
        return id
    }
}

extension QueryRequests {
    /// `GET /v1/leases`.
    static func leases(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> LeasesQuery {
        var parameters = try QueryParameters(query)
        var result = LeasesQuery(
            account: try account(&parameters, for: principal),
            role: parameters.choice("role", of: Vocabularies.leaseRole),
            state: parameters.choice("state", of: Vocabularies.leaseState),
            order: parameters.identifier("order", OrderID.self),
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor { result.before = LeaseID(try Cursor(cursor, list: .leases, filters: result.filters).first) }
        return result
    }

    /// `GET /v1/receipts` and `GET /v1/leases/{id}/receipts`.
    static func receipts(
        _ query: ArraySlice<UInt8>,
        for principal: Principal,
        of lease: LeaseID? = nil
    ) throws(Problem) -> ReceiptsQuery {
        var parameters = try QueryParameters(query)
        let response = lease == nil ? parameters.digest("response_sha256") : nil
        if lease == nil, response == nil, parameters.errors.isEmpty {
            parameters.fail("response_sha256", .required, "response_sha256 is required.")
        }
        var result = ReceiptsQuery(
            account: principal.account,
            seesAll: principal.seesAll,
            subject: lease.map { .lease($0) } ?? .response(response ?? .zero),
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor { result.before = try Cursor(cursor, list: .receipts, filters: result.filters).first }
        return result
    }
}

extension Vocabularies {
    static let leaseRole = Vocabulary(LeaseRole.allCases.map { ($0.rawValue, $0) })
    static let leaseState = Vocabulary(LeaseState.allCases.map { ($0.rawValue, $0) })
}
