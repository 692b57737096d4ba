package import Engine

/// Every operation of the interface. `openapi.yaml` has the same list: a test compares the two in both directions.
package enum Route: String, CaseIterable, Sendable {
    case placeOffer, placeBid, getOrder, listOrders, cancelOrder, placeBatch, amendOrder, cancelOrders
    case setCancelAfter, getMarketStatus, setHalt, setPriceBand, setAccountLimits, getBook, listTrades
    case listModels, getModel, getFees, getAccount, listTransfers, createAccount, createKey, createDeposit
    case setAttestation, setModel, setFees, getHealth, headHealth, getReadiness, headReadiness, getMetrics
    case getContract, openStream, createCheckpoint, getDocumentation, headDocumentation, getDocumentationPart
    case headDocumentationPart, getProblemPage, headProblemPage, listAccounts, listKeys, revokeKey, setKeyLimits
    case listOwnKeys, createOwnKey, revokeOwnKey, listAudit, setMeasurements, getCapabilitySchema
    case getRequirementSchema, getQuote, listCandles, getIndex, listEndpoints, previewOrder
    case listSigningKeys, getProfile, setProfile, listLeases, getLease, getLeaseTicket, listLeaseReceipts, closeLease
    case disputeClaim, pardonLease, recordReceipt, recordReceipts, proveEquivocation, listReceipts, getReceiptBundle
    case getBond, lockBond, releaseBond, getLeasePolicy, setLeasePolicy, getAccountRecord, getLogCheckpoint
    case getInclusionProof, getConsistencyProof, listLogEntries, getCheckpointNote, getLogTile
    case getMeasurementPolicy, setMeasurementPolicy
    case createLoginNonce, loginTON, loginTelegram, linkTON, linkTelegram, unlinkLogin
    case getDeposits, requestWithdrawal, listWithdrawals, getWithdrawal, cancelWithdrawal, approveWithdrawal
    case getPayoutTerms, setPayoutTerms, listSettlements, getSettlement, getSettlementTerms, setSettlementTerms
    case getSettlementStatus, listSuspense, assignSuspense, holdSettlement, resumeSettlement, runSettlement
    case resolveSettlement, retireWallet, reinstateWallet
    case listAnchors, getAnchorPolicy, setAnchorPolicy, requestAnchor

    /// `operationId` in `openapi.yaml`.
    package var operationID: String { rawValue }

    package var method: RequestMethod { entry.method }
    /// The path with its parameters in braces.
    package var template: String { entry.template }
    /// Any one of these scopes will do; empty for routes that need no key.
    package var scopes: Scopes { entry.scopes }

    /// Method, path and scopes of each, so that one line is all that there is to read of an operation.
    private var entry: Entry {
        switch self {
        case .placeOffer: (.post, "/v1/offers", .offer)
        case .placeBid: (.post, "/v1/bids", .bid)
        case .getOrder: (.get, "/v1/orders/{id}", [.read, .operator, .auditor])
        case .listOrders: (.get, "/v1/orders", [.read, .operator, .auditor])
        case .cancelOrder: (.delete, "/v1/orders/{id}", [.offer, .bid])
        case .placeBatch: (.post, "/v1/orders:batch", [.offer, .bid])
        case .amendOrder: (.patch, "/v1/orders/{id}", [.offer, .bid])
        case .cancelOrders: (.delete, "/v1/orders", [.offer, .bid])
        case .setCancelAfter: (.post, "/v1/orders:cancel-after", [.offer, .bid])
        case .getMarketStatus: (.get, "/v1/market/status", [])
        case .setHalt: (.put, "/v1/market/halt", .operator)
        case .setPriceBand: (.put, "/v1/market/price-band", .operator)
        case .setAccountLimits: (.put, "/v1/accounts/{id}/limits", .operator)
        case .getBook: (.get, "/v1/book", [])
        case .listTrades: (.get, "/v1/trades", [])
        case .listModels: (.get, "/v1/models", [])
        case .getModel: (.get, "/v1/models/{id}", [])
        case .getFees: (.get, "/v1/fees", [])
        case .getAccount: (.get, "/v1/account", [.read, .operator, .auditor])
        case .listTransfers: (.get, "/v1/account/transfers", [.read, .operator, .auditor])
        case .createAccount: (.post, "/v1/accounts", .operator)
        case .createKey: (.post, "/v1/accounts/{id}/keys", .operator)
        case .createDeposit: (.post, "/v1/accounts/{id}/deposits", .operator)
        case .setAttestation: (.put, "/v1/accounts/{id}/attestation", .operator)
        case .setModel: (.put, "/v1/models/{id}", .operator)
        case .setFees: (.put, "/v1/fees", .operator)
        case .getHealth: (.get, "/healthz", [])
        case .headHealth: (.head, "/healthz", [])
        case .getReadiness: (.get, "/readyz", [])
        case .headReadiness: (.head, "/readyz", [])
        case .getMetrics: (.get, "/metrics", [])
        case .getContract: (.get, "/openapi.yaml", [])
        case .openStream: (.get, "/v1/stream", [])
        case .createCheckpoint: (.post, "/v1/checkpoints", .operator)
        case .getDocumentation, .headDocumentation, .getDocumentationPart, .headDocumentationPart, .getProblemPage,
            .headProblemPage:
            pageEntry
        case .createLoginNonce, .loginTON, .loginTelegram, .linkTON, .linkTelegram, .unlinkLogin: loginEntry
        case .listAccounts: (.get, "/v1/accounts", [.operator, .auditor])
        case .listKeys: (.get, "/v1/accounts/{id}/keys", [.read, .operator, .auditor])
        case .revokeKey: (.delete, "/v1/accounts/{id}/keys/{key}", .operator)
        case .setKeyLimits: (.put, "/v1/accounts/{id}/keys/{key}/limits", .operator)
        case .listOwnKeys: (.get, "/v1/account/keys", [.read, .operator, .auditor])
        case .createOwnKey: (.post, "/v1/account/keys", .read)
        case .revokeOwnKey: (.delete, "/v1/account/keys/{key}", [.offer, .bid, .read, .withdraw, .operator, .auditor])
        case .listAudit: (.get, "/v1/audit", [.operator, .auditor])
        case .setMeasurements: (.put, "/v1/accounts/{id}/measurements", .operator)
        case .getCapabilitySchema: (.get, "/v1/schemas/capability.json", [])
        case .getRequirementSchema: (.get, "/v1/schemas/requirement.json", [])
        case .getQuote: (.get, "/v1/book/quote", [])
        case .listCandles: (.get, "/v1/candles", [])
        case .getIndex: (.get, "/v1/index", [])
        case .listEndpoints: (.get, "/v1/models/{author}/{slug}/endpoints", [])
        case .previewOrder: (.post, "/v1/orders:preview", [.offer, .bid, .read, .operator])
        default: leaseEntry
        }
    }

    /// The route takes a JSON body.
    package var hasBody: Bool { method == .post || method == .put || method == .patch }
    /// Whether no body says the same as `{}`.
    package var mayLackBody: Bool { self == .closeLease || self == .disputeClaim || self == .pardonLease }

    /// Who asks is yet to be found out.
    package var isLogin: Bool { self == .createLoginNonce || self == .loginTON || self == .loginTelegram }
}

/// What a path names, before the method is looked at.
struct Resource {
    let kind: Kind
    /// The part of the path that names one thing, as it was sent; empty for a collection.
    var name: ArraySlice<UInt8> = []
    /// The part that names an API key.
    var key: ArraySlice<UInt8> = []

    enum Kind: CaseIterable {
        case offers, bids, orders, order, book, trades, models, model, fees, account, transfers, stream, batch
        case cancelAfter, marketStatus, halt, priceBand, accounts, keys, deposits, attestation, limits, health
        case readiness, metrics, contract, checkpoints, documentation, documentationPart, problemPage, key
        case keyLimits, ownKeys, ownKey, audit, measurements, capabilitySchema, requirementSchema, quote
        case candles, index, endpoints, preview, loginNonce, loginTON, loginTelegram, linkTON, linkTelegram, linkedLogin
        case signingKeys, profile, leases, lease, leaseTicket, leaseReceipts, leaseClose, leaseDispute, leasePardon
        case receipts, receiptBatch, equivocation, receiptBundle, bond, bondLock, bondRelease, leasePolicy
        case accountRecord, logCheckpoint, inclusionProof, consistencyProof, logEntries, checkpointNote, logTile
        case measurementPolicy
        case chainDeposits, withdrawals, withdrawal, withdrawalApproval, payoutTerms, settlements, settlement
        case settlementTerms, settlementStatus, suspense, suspenseAssignment, settlementHold, settlementResume
        case settlementRun, settlementResolution, walletRetirement, walletReinstatement
        case anchors, anchorPolicy, anchorRequest
    }

    /// `nil` when nothing is at this path.
    init?(path: ArraySlice<UInt8>) {
        let version = "/v1/"
        guard path.hasPrefix(version) else {
            if let kind = Self.operations(path) {
                self.init(kind: kind)
            } else if let file = Self.logFile(path) {
                self = file
            } else {
                return nil
            }
            return
        }
        let rest = path.dropFirst(version.utf8.count)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            guard let kind = Self.collection(rest) else { return nil }
            self.init(kind: kind)
            return
        }
        let tail = rest[(slash + 1)...]
        guard !tail.isEmpty else { return nil }
        self.init(collection: rest[..<slash], tail: tail)
    }

    init(kind: Kind, name: ArraySlice<UInt8> = [], key: ArraySlice<UInt8> = []) {
        self.kind = kind
        self.name = name
        self.key = key
    }

    /// `/v1/COLLECTION/TAIL`.
    private init?(collection: ArraySlice<UInt8>, tail: ArraySlice<UInt8>) {
        if collection.equals("orders"), !tail.contains(UInt8(ascii: "/")) {
            self.init(kind: .order, name: tail)
        } else if collection.equals("book"), tail.equals("quote") {
            self.init(kind: .quote)
        } else if collection.equals("models"), let name = Self.model(ofEndpoints: tail) {
            self.init(kind: .endpoints, name: name)
        } else if collection.equals("models") {
            // A model's name contains a slash, sent as it is or as %2F.
            self.init(kind: .model, name: tail)
        } else if collection.equals("market") {
            guard let kind = Self.market(tail) else { return nil }
            self.init(kind: kind)
        } else if collection.equals("account"), tail.equals("transfers") {
            self.init(kind: .transfers)
        } else if collection.equals("account"), tail.hasPrefix("keys") {
            self.init(ownKeys: tail.dropFirst("keys".utf8.count))
        } else if collection.equals("account"), tail.hasPrefix("logins/") {
            self.init(ownLogins: tail.dropFirst("logins/".utf8.count))
        } else if let found = Self.afterTrade(collection, tail) ?? Self.ofSettlement(collection, tail) {
            self = found
        } else if collection.equals("accounts"), let slash = tail.firstIndex(of: UInt8(ascii: "/")) {
            let name = tail[..<slash]
            let part = tail[(slash + 1)...]
            if part.equals("keys") {
                self.init(kind: .keys, name: name)
            } else if part.hasPrefix("keys/") {
                self.init(key: part.dropFirst("keys/".utf8.count), of: name)
            } else if part.equals("deposits") {
                self.init(kind: .deposits, name: name)
            } else if part.equals("attestation") {
                self.init(kind: .attestation, name: name)
            } else if part.equals("limits") {
                self.init(kind: .limits, name: name)
            } else if part.equals("measurements") {
                self.init(kind: .measurements, name: name)
            } else {
                return nil
            }
        } else if collection.equals("login") {
            guard let kind = Self.login(tail) else { return nil }
            self.init(kind: kind)
        } else if collection.equals("schemas"), tail.equals("capability.json") {
            self.init(kind: .capabilitySchema)
        } else if collection.equals("schemas"), tail.equals("requirement.json") {
            self.init(kind: .requirementSchema)
        } else {
            return nil
        }
    }

    /// `AUTHOR/SLUG` of `AUTHOR/SLUG/endpoints`.
    private static func model(ofEndpoints tail: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard let slash = tail.lastIndex(of: UInt8(ascii: "/")), tail[(slash + 1)...].equals("endpoints") else {
            return nil
        }
        let name = tail[..<slash]
        return name.contains(UInt8(ascii: "/")) || name.percentDecoded()?.contains(UInt8(ascii: "/")) == true
            ? name : nil
    }

    private static func market(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("status") { return .marketStatus }
        if name.equals("halt") { return .halt }
        if name.equals("price-band") { return .priceBand }
        if name.equals("lease-policy") { return .leasePolicy }
        if name.equals("measurement-policy") { return .measurementPolicy }
        return nil
    }

    private static func login(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("ton") { return .loginTON }
        if name.equals("ton/nonce") { return .loginNonce }
        if name.equals("telegram") { return .loginTelegram }
        return nil
    }

    /// What is behind `/v1/account/logins/`.
    init?(ownLogins rest: ArraySlice<UInt8>) {
        if rest.equals("ton") {
            self.init(kind: .linkTON)
        } else if rest.equals("telegram") {
            self.init(kind: .linkTelegram)
        } else {
            guard !rest.isEmpty, !rest.contains(UInt8(ascii: "/")) else { return nil }
            self.init(kind: .linkedLogin, name: rest)
        }
    }

    /// `/v1/account/keys` and what is behind it.
    private init?(ownKeys rest: ArraySlice<UInt8>) {
        if rest.isEmpty {
            self.init(kind: .ownKeys)
        } else if rest.first == UInt8(ascii: "/"), !rest.dropFirst().contains(UInt8(ascii: "/")) {
            self.init(kind: .ownKey, key: rest.dropFirst())
        } else {
            return nil
        }
    }

    /// What is behind `/v1/accounts/{id}/keys/`.
    private init?(key rest: ArraySlice<UInt8>, of account: ArraySlice<UInt8>) {
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else {
            self.init(kind: .key, name: account, key: rest)
            return
        }
        guard rest[(slash + 1)...].equals("limits") else { return nil }
        self.init(kind: .keyLimits, name: account, key: rest[..<slash])
    }

    private static func collection(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("offers") { return .offers }
        if name.equals("bids") { return .bids }
        if name.equals("orders") { return .orders }
        if name.equals("orders:batch") { return .batch }
        if name.equals("orders:cancel-after") { return .cancelAfter }
        if name.equals("book") { return .book }
        if name.equals("trades") { return .trades }
        if name.equals("models") { return .models }
        if name.equals("fees") { return .fees }
        if name.equals("account") { return .account }
        if name.equals("accounts") { return .accounts }
        if name.equals("stream") { return .stream }
        if name.equals("checkpoints") { return .checkpoints }
        if name.equals("audit") { return .audit }
        if name.equals("candles") { return .candles }
        if name.equals("index") { return .index }
        if name.equals("orders:preview") { return .preview }
        return collectionAfterTrade(name) ?? settlementCollection(name)
    }

    private static func operations(_ path: ArraySlice<UInt8>) -> Kind? {
        if path.equals("/healthz") { return .health }
        if path.equals("/readyz") { return .readiness }
        if path.equals("/metrics") { return .metrics }
        if path.equals("/openapi.yaml") { return .contract }
        if path.equals("/docs") { return .documentation }
        if path.hasPrefix("/docs/") { return .documentationPart }
        if path.hasPrefix("/problems/") { return .problemPage }
        return nil
    }
}

extension Resource.Kind {
    /// The operations on this resource, one a method.
    var routes: [Route] {
        switch self {
        case .offers: [.placeOffer]
        case .bids: [.placeBid]
        case .orders: [.listOrders, .cancelOrders]
        case .order: [.getOrder, .cancelOrder, .amendOrder]
        case .batch: [.placeBatch]
        case .cancelAfter: [.setCancelAfter]
        case .marketStatus: [.getMarketStatus]
        case .halt: [.setHalt]
        case .priceBand: [.setPriceBand]
        case .limits: [.setAccountLimits]
        case .book: [.getBook]
        case .trades: [.listTrades]
        case .models: [.listModels]
        case .model: [.getModel, .setModel]
        case .fees: [.getFees, .setFees]
        case .stream: [.openStream]
        case .account: [.getAccount]
        case .transfers: [.listTransfers]
        case .accounts: [.createAccount, .listAccounts]
        case .keys: [.createKey, .listKeys]
        case .key: [.revokeKey]
        case .keyLimits: [.setKeyLimits]
        case .ownKeys: [.listOwnKeys, .createOwnKey]
        case .ownKey: [.revokeOwnKey]
        case .audit: [.listAudit]
        case .deposits: [.createDeposit]
        case .attestation: [.setAttestation]
        case .checkpoints: [.createCheckpoint]
        case .measurements: [.setMeasurements]
        case .capabilitySchema: [.getCapabilitySchema]
        case .requirementSchema: [.getRequirementSchema]
        case .health: [.getHealth, .headHealth]
        case .readiness: [.getReadiness, .headReadiness]
        case .metrics: [.getMetrics]
        case .contract: [.getContract]
        case .documentation: [.getDocumentation, .headDocumentation]
        case .documentationPart: [.getDocumentationPart, .headDocumentationPart]
        case .problemPage: [.getProblemPage, .headProblemPage]
        case .quote: [.getQuote]
        case .candles: [.listCandles]
        case .index: [.getIndex]
        case .endpoints: [.listEndpoints]
        case .preview: [.previewOrder]
        case .loginNonce: [.createLoginNonce]
        case .loginTON: [.loginTON]
        case .loginTelegram: [.loginTelegram]
        case .linkTON: [.linkTON]
        case .linkTelegram: [.linkTelegram]
        case .linkedLogin: [.unlinkLogin]
        default: leaseRoutes
        }
    }

    /// The operation of this method; throws what the field `allow` needs when there is none.
    func route(_ method: RequestMethod) throws(Problem) -> Route {
        // The two busiest, without the list.
        if self == .offers, method == .post { return .placeOffer }
        if self == .bids, method == .post { return .placeBid }
        if let route = routes.first(where: { $0.method == method }) { return route }
        var problem = Problem(.methodNotAllowed)
        problem.allow = routes.map(\.method.rawValue).joined(separator: ", ")
        problem.detail = "This path has \(problem.allow ?? "no method")."
        throw problem
    }
}
