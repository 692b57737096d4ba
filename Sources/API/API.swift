package import Cryptography
internal import Engine
internal import Exchange
internal import Units

/// The interface as a function of values: routes, authentication, syntax, types and ranges. What depends on the state
/// of the market is the engine's to judge (ENGINE §2).
package enum API {
    /// Judges one request. Never traps, whatever the bytes are.
    ///
    /// `newKey` makes the secret when the request asks for an API key.
    package static func admit(
        _ head: RequestHead,
        body: [UInt8],
        in context: RequestContext,
        newKey: () -> APIKey
    ) -> Admission {
        var found: Route?
        return admit(head, body: body, in: context, newKey: newKey, route: &found)
    }

    /// As above; `found` is the request's route, if it has one, for whoever counts requests. `charge` is called once
    /// it is known who asks for what, before the body is looked at, and throws for whoever has asked too often.
    package static func admit(
        _ head: RequestHead,
        body: [UInt8],
        in context: RequestContext,
        newKey: () -> APIKey,
        route found: inout Route?,
        charge: (Route, Principal?) throws(Problem) -> Void = { (_, _) throws(Problem) in }
    ) -> Admission {
        do throws(Problem) {
            guard let resource = Resource(path: head.path) else { throw Problem(.notFound) }
            let route = try resource.kind.route(head.method)
            found = route
            let principal: Principal?
            do throws(Problem) {
                principal = try self.principal(for: route, head, context)
            } catch {
                // Whoever guesses keys is slowed down by its address.
                try charge(route, nil)
                throw error
            }
            try charge(route, principal)
            let request = Request(
                route: route,
                name: resource.name,
                keyName: resource.key,
                head: head,
                body: body,
                context: context,
                principal: principal
            )
            return try request.admission(newKey)
        } catch {
            return .answer(error.response(requestID: context.requestID))
        }
    }

    /// Who asks, if the route wants to know.
    private static func principal(
        for route: Route,
        _ head: RequestHead,
        _ context: RequestContext
    ) throws(Problem) -> Principal? {
        let scopes = route.scopes
        // The list of trades and some channels are public, but show more to who asks for its own.
        let isNamed = context.principal != nil || head.authorization != nil
        guard scopes.rawValue != 0 || (route == .listTrades || route == .openStream) && isNamed else { return nil }
        let principal: Principal
        if let known = context.principal {
            try Authentication.check(known, now: context.now, peer: context.peer)
            principal = known
        } else {
            guard let authorization = head.authorization else { throw Problem(.authenticationRequired) }
            principal = try Authentication.principal(
                authorization,
                directory: context.directory,
                now: context.now,
                peer: context.peer
            )
        }
        if scopes.rawValue != 0 { try QueryRequests.require(scopes, of: principal) }
        return principal
    }
}

/// A request that has a route and, where one is needed, a principal.
struct Request {
    let route: Route
    /// The part of the path that names one thing.
    let name: ArraySlice<UInt8>
    /// The part of the path that names an API key.
    let keyName: ArraySlice<UInt8>
    let head: RequestHead
    let body: [UInt8]
    let context: RequestContext
    let principal: Principal?

    /// By when times in the body must not be past. A request with a key may come again when they are, and then gets its
    /// first answer: its times the engine judges, which knows whether it was there before.
    var judgedAt: LogicalTime { head.idempotencyKey == nil ? context.now : .zero }

    func admission(_ newKey: () -> APIKey) throws(Problem) -> Admission {
        if route.hasBody {
            guard route.mayLackBody && body.isEmpty || MediaType.isJSON(head.contentType) else {
                throw Problem(.unsupportedMediaType, "Send the body with the field content-type: application/json.")
            }
            try QueryRequests.none(head.query)
        }
        if route.isLogin { return try logIn(newKey) }
        guard let principal else { return try publicAdmission() }
        switch route {
        case .placeOffer: return try placeOffer(principal)
        case .placeBid: return try placeBid(principal)
        case .cancelOrder:
            try QueryRequests.none(head.query)
            let id = try orderID()
            return try command(.cancel(id), .cancelled(id), principal)
        case .getOrder:
            try QueryRequests.none(head.query)
            return .query(.order(try orderID(), owner: principal.seesAll ? nil : principal.account))
        case .listOrders: return .history(.orders(try QueryRequests.orders(head.query, for: principal)))
        case .listTransfers: return .history(.transfers(try QueryRequests.transfers(head.query, for: principal)))
        case .listAccounts: return .history(.accounts(try QueryRequests.accounts(head.query, for: principal)))
        case .getAccount: return .query(.account(try QueryRequests.account(head.query, for: principal)))
        case .placeBatch: return try placeBatch(principal)
        case .amendOrder, .cancelOrders, .setCancelAfter: return try change(principal)
        case .setHalt, .setPriceBand, .setAccountLimits, .setFees: return try control(principal)
        case .createAccount, .createKey, .createDeposit, .setAttestation, .setMeasurements, .setModel:
            return try operate(principal, newKey)
        case .createCheckpoint:
            try Bodies.empty(body)
            return .checkpoint(account: principal.account, try identity(principal))
        case .listKeys, .revokeKey, .setKeyLimits, .listOwnKeys, .createOwnKey, .revokeOwnKey, .listAudit:
            return try keep(principal, newKey)
        case .linkTON, .linkTelegram, .unlinkLogin: return try keepLogins(principal)
        case .previewOrder:
            let query = try Bodies.preview(
                body,
                for: principal,
                directory: context.directory,
                now: context.now
            )
            return .query(.preview(query))
        case .getProfile, .setProfile, .listLeases, .getLease, .getLeaseTicket, .listLeaseReceipts, .closeLease,
            .disputeClaim, .pardonLease, .recordReceipt, .recordReceipts, .proveEquivocation, .listReceipts,
            .getReceiptBundle, .getBond, .lockBond, .releaseBond, .setLeasePolicy, .setMeasurementPolicy:
            return try afterTrade(principal)
        case .getDeposits, .requestWithdrawal, .listWithdrawals, .getWithdrawal, .cancelWithdrawal, .approveWithdrawal,
            .getPayoutTerms, .setPayoutTerms, .listSettlements, .getSettlement, .getSettlementTerms,
            .setSettlementTerms, .getSettlementStatus, .listSuspense, .assignSuspense, .holdSettlement,
            .resumeSettlement, .runSettlement, .resolveSettlement, .retireWallet, .reinstateWallet, .setAnchorPolicy,
            .requestAnchor:
            return try settle(principal)
        // Whatever else there is needs no key.
        default:
            return try publicAdmission()
        }
    }

    private func publicAdmission() throws(Problem) -> Admission {
        switch route {
        case .listTrades:
            let query = try QueryRequests.trades(head.query, for: principal, directory: context.directory)
            return .history(.trades(query))
        case .openStream: return .stream(try StreamQuery(head, for: principal, directory: context.directory))
        case .getBook: return .book(try QueryRequests.book(head.query, directory: context.directory))
        case .listModels:
            try QueryRequests.none(head.query)
            return .models(ModelsQuery())
        case .getModel:
            try QueryRequests.none(head.query)
            let id = context.directory.models.id(named: ArraySlice(try modelName().utf8))
            guard id != .unknown else { throw Problem(.modelNotFound) }
            return .models(ModelsQuery(model: id))
        case .getQuote: return .market(.quote(try QueryRequests.quote(head.query, directory: context.directory)))
        case .listCandles:
            return .history(.candles(try QueryRequests.candles(head.query, directory: context.directory)))
        case .getIndex:
            let query = try QueryRequests.index(head.query, directory: context.directory, now: context.now)
            return .history(.index(query))
        case .listEndpoints:
            try QueryRequests.none(head.query)
            let id = context.directory.models.id(named: ArraySlice(try modelName().utf8))
            guard id != .unknown else { throw Problem(.modelNotFound) }
            return .market(.endpoints(id))
        case .getFees:
            try QueryRequests.none(head.query)
            return .answer(View.fees(context.directory))
        case .getMarketStatus:
            try QueryRequests.none(head.query)
            return .answer(View.marketStatus(context.directory))
        case .getHealth, .headHealth: return .answer(View.health)
        case .getReadiness, .headReadiness: return .operations(.readiness)
        case .getMetrics: return .operations(.metrics)
        case .getContract: return .answer(View.contract)
        case .getCapabilitySchema: return .answer(APIResponse(status: 200, body: CapabilitySchemas.capability))
        case .getRequirementSchema: return .answer(APIResponse(status: 200, body: CapabilitySchemas.requirement))
        case .getDocumentation, .headDocumentation, .getDocumentationPart, .headDocumentationPart, .getProblemPage,
            .headProblemPage:
            try QueryRequests.none(head.query)
            return .page(PageRequest(head))
        case .listSigningKeys, .getLeasePolicy, .getMeasurementPolicy, .getAccountRecord, .getLogCheckpoint,
            .getInclusionProof, .getConsistencyProof, .listLogEntries, .getCheckpointNote, .getLogTile,
            .listAnchors, .getAnchorPolicy:
            return try publicAfterTrade()
        // All others need a key, and have been refused without one.
        default: throw Problem(.authenticationRequired)
        }
    }

    // MARK: Orders

    private func placeOffer(_ principal: Principal) throws(Problem) -> Admission {
        var terms = try Bodies.offer(body, directory: context.directory, now: judgedAt)
        let identity = try identity(principal)
        if identity != nil || terms.order.clientOrderID != nil {
            terms.order.bodyHash = Idempotency.bodyHash(route, path: head.path, body: body)
        }
        return .command(make(.placeOffer(terms), principal, identity), .placed)
    }

    private func placeBid(_ principal: Principal) throws(Problem) -> Admission {
        var terms = try Bodies.bid(body, directory: context.directory, now: judgedAt)
        let identity = try identity(principal)
        if identity != nil || terms.order.clientOrderID != nil {
            terms.order.bodyHash = Idempotency.bodyHash(route, path: head.path, body: body)
        }
        let echo = RequirementEcho(terms.requirement, models: context.directory.models)
        let shape = AnswerShape.placedBid(echo, withTickets: head.prefersTickets)
        return .command(make(.placeBid(terms), principal, identity), shape)
    }

    func orderID() throws(Problem) -> OrderID {
        guard let id = OrderID(text: name) else { throw Problem(.orderNotFound) }
        return id
    }

    // MARK: Operator

    private func operate(_ principal: Principal, _ newKey: () -> APIKey) throws(Problem) -> Admission {
        switch route {
        case .createKey:
            let owner = try accountID()
            let fields = try Bodies.key(body, now: judgedAt)
            let key = newKey()
            return try command(.createKey(try terms(fields, key, owner)), .keyCreated(key), principal)
        case .createDeposit:
            // The operator's own money has a name instead of an account.
            let account = name.equals("operator") ? .system : try accountID()
            return try command(.deposit(to: account, amount: try Bodies.deposit(body)), .deposited, principal)
        case .setAttestation:
            let terms = try Bodies.attestation(body, of: try accountID(), now: context.now, judgedAt: judgedAt)
            return try command(.setAttested(terms), .attested, principal)
        case .setMeasurements:
            let account = try accountID()
            let terms = try Bodies.measurement(body, of: account, directory: context.directory, now: judgedAt)
            let model = context.directory.models.record(terms.model)?.terms.name ?? ""
            return try command(.setMeasured(terms), .measured(model), principal)
        case .setModel:
            let terms = try Bodies.model(body, name: try modelName())
            return try command(.setModel(terms), .modelSet, principal)
        default:
            return try command(.createAccount(try Bodies.account(body)), .accountCreated, principal)
        }
    }

    /// Keys and what was done with those of operators.
    private func keep(_ principal: Principal, _ newKey: () -> APIKey) throws(Problem) -> Admission {
        if !route.hasBody, route != .listAudit { try QueryRequests.none(head.query) }
        switch route {
        case .listKeys:
            let owner = try accountID()
            guard owner == principal.account || principal.seesAll else {
                throw Problem(.missingScope, "Another account's keys need a key with the scope operator or auditor.")
            }
            return .query(.keys(owner))
        case .listOwnKeys: return .query(.keys(principal.account))
        case .createOwnKey:
            let fields = try Bodies.ownKey(body, for: principal, now: judgedAt)
            let key = newKey()
            let terms = try terms(fields, key, principal.account)
            return try command(.createOwnKey(terms), .keyCreated(key), principal)
        case .revokeKey: return try command(.revokeKey(keyID(), owner: accountID()), .keyStanding, principal)
        case .revokeOwnKey:
            return try command(.revokeKey(keyID(), owner: principal.account), .keyStanding, principal)
        case .setKeyLimits:
            let (owner, key) = (try accountID(), try keyID())
            let terms = KeyLimitTerms(key: key, owner: owner, limits: try Bodies.keyLimits(body))
            return try command(.setKeyLimits(terms), .keyStanding, principal)
        default: return .history(.audit(try QueryRequests.audit(head.query)))
        }
    }

    func terms(_ fields: KeyFields, _ key: APIKey, _ owner: AccountID) throws(Problem) -> KeyTerms {
        guard let hash = KeyHash(bytes: key.digest.bytes) else { throw Problem(.internalError) }
        return KeyTerms(
            owner: owner,
            hash: hash,
            scopes: fields.scopes,
            label: fields.label,
            expiresAt: fields.expiresAt
        )
    }

    private func keyID() throws(Problem) -> KeyID {
        guard let id = KeyID(text: keyName) else { throw Problem(.keyNotFound) }
        return id
    }

    func accountID() throws(Problem) -> AccountID {
        guard let id = AccountID(text: name) else { throw Problem(.accountUnknown) }
        return id
    }

    private func modelName() throws(Problem) -> String {
        guard let decoded = name.percentDecoded(), ModelName.isValid(decoded) else {
            throw Problem(.modelNotFound, "A model's name is \(ModelName.rule).")
        }
        return decoded.text
    }

    // MARK: Commands

    func command(
        _ action: Command.Action,
        _ shape: AnswerShape,
        _ principal: Principal
    ) throws(Problem) -> Admission {
        .command(make(action, principal, try identity(principal)), shape)
    }

    func make(_ action: Command.Action, _ principal: Principal, _ identity: IdempotencyKey?) -> Command {
        Command(
            account: principal.account,
            key: principal.key,
            requestID: context.requestID,
            idempotency: identity,
            action: action
        )
    }

    private func identity(_ principal: Principal) throws(Problem) -> IdempotencyKey? {
        guard let key = head.idempotencyKey else { return nil }
        guard Idempotency.isValid(key) else { throw Problem(.badIdempotencyKey) }
        let bodyHash = Idempotency.bodyHash(route, path: head.path, body: body)
        return Idempotency.identity(account: principal.account, route, key: key, bodyHash: bodyHash)
    }
}

/// Media types of requests.
enum MediaType {
    /// Whether the field names `application/json`, with whatever parameters (RFC 9110, section 8.3.1).
    static func isJSON(_ field: ArraySlice<UInt8>?) -> Bool {
        let name = "application/json"
        guard let field, field.hasPrefix(ignoringCase: name) else { return false }
        let end = field.startIndex + name.utf8.count
        guard end < field.endIndex else { return true }
        let next = field[end]
        return next == UInt8(ascii: ";") || next == UInt8(ascii: " ") || next == UInt8(ascii: "\t")
    }
}
