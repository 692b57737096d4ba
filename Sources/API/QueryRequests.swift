internal import Engine
internal import Exchange
internal import Units

/// Turns the query of a URL into a question; each throws a problem that names every parameter that breaks a rule.
enum QueryRequests {
    static func orders(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> OrdersQuery {
        var parameters = try QueryParameters(query)
        var result = OrdersQuery(
            account: try account(&parameters, for: principal),
            side: parameters.choice("side", of: Vocabularies.side),
            state: parameters.choice("state", of: Vocabularies.orderState),
            limit: limit(&parameters),
            before: nil
        )
        result.changedSince = parameters.integer("changed_since_sequence", in: 0 ... .max).map { SequenceNumber($0) }
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            let cursor = try Cursor(cursor, list: .orders, filters: result.filters)
            if result.changedSince == nil {
                result.before = OrderID(cursor.first)
            } else {
                result.after = .init(sequence: SequenceNumber(cursor.first), order: OrderID(cursor.second))
            }
        }
        return result
    }

    static func trades(
        _ query: ArraySlice<UInt8>,
        for principal: Principal?,
        directory: Directory
    ) throws(Problem) -> TradesQuery {
        var parameters = try QueryParameters(query)
        var result = TradesQuery(account: nil, model: nil, limit: limit(&parameters), before: nil)
        let isMine = parameters.flag("mine")
        result.since = parameters.integer("since_sequence", in: 0 ... .max).map { SequenceNumber($0) }
        result.format = parameters.choice("format", of: Vocabularies.listFormat) ?? .json
        let cursor = parameters.take("cursor")
        let model = parameters.take("model")
        if let model, !ModelName.isValid(model) {
            parameters.fail("model", .badFormat, "model must be \(ModelName.rule).")
        }
        if isMine {
            guard let principal else { throw Problem(.authenticationRequired, "mine=true needs an API key.") }
            try require(Route.listOrders.scopes, of: principal)
            result.account = try account(&parameters, for: principal)
        }
        try parameters.end()
        if let model {
            result.model = directory.models.id(named: model)
            guard result.model != .unknown else { throw Problem(.modelUnknown) }
        }
        if let cursor {
            let trade = TradeID(try Cursor(cursor, list: .trades, filters: result.filters).first)
            if result.since == nil { result.before = trade } else { result.after = trade }
        }
        return result
    }

    static func transfers(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> TransfersQuery {
        var parameters = try QueryParameters(query)
        let account = try account(&parameters, for: principal)
        var result = TransfersQuery(account: account, limit: limit(&parameters), before: nil)
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            let cursor = try Cursor(cursor, list: .transfers, filters: result.filters)
            result.before = TransfersQuery.Position(
                sequence: SequenceNumber(cursor.first),
                ordinal: Int32(truncatingIfNeeded: cursor.second)
            )
        }
        return result
    }

    static func accounts(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> AccountsQuery {
        var parameters = try QueryParameters(query)
        var result = AccountsQuery(caller: principal.account, limit: limit(&parameters), before: nil)
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = AccountID(try Cursor(cursor, list: .accounts, filters: result.filters).first)
        }
        return result
    }

    static func audit(_ query: ArraySlice<UInt8>) throws(Problem) -> AuditQuery {
        var parameters = try QueryParameters(query)
        var result = AuditQuery(limit: limit(&parameters), before: nil)
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = SequenceNumber(try Cursor(cursor, list: .audit, filters: result.filters).first)
        }
        return result
    }

    static func account(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> AccountID {
        var parameters = try QueryParameters(query)
        let account = try account(&parameters, for: principal)
        try parameters.end()
        return account
    }

    static func book(_ query: ArraySlice<UInt8>, directory: Directory) throws(Problem) -> BookQuery {
        var parameters = try QueryParameters(query)
        let draft = BookDraft(&parameters, directory)
        try parameters.end()
        return try self.book(draft, directory: directory)
    }

    /// What a question to the book says, before it is known to be sound as a whole.
    struct BookDraft {
        fileprivate let depth: Int64?
        fileprivate let weightSet: WeightSetID?
        fileprivate let requirement: RequirementBuilder

        init(_ parameters: inout QueryParameters, _ directory: Directory) {
            depth = parameters.integer("depth", in: 1...Int64(Limits.bookDepthMax))
            weightSet = parameters.choice("weight_set", of: Vocabularies.weightSet)
            let text = parameters.take("requirement") ?? []
            let expression = RequirementExpression(text, parameter: "requirement", directory: directory)
            parameters.fail(expression.errors)
            requirement = expression.builder
        }
    }

    /// The question, if its models are known and agree.
    static func book(_ draft: BookDraft, directory: Directory) throws(Problem) -> BookQuery {
        guard !draft.requirement.namesUnknownModel else { throw Problem(.modelUnknown) }
        var requirement = draft.requirement.finish()
        requirement.weightSet = try directory.weightSet(of: requirement, named: draft.weightSet)
        return BookQuery(requirement: requirement, depth: Int(draft.depth ?? BookQuery.depthDefault))
    }

    /// No parameters are known.
    static func none(_ query: ArraySlice<UInt8>) throws(Problem) {
        guard !query.isEmpty else { return }
        var parameters = try QueryParameters(query)
        try parameters.end()
    }

    /// Throws unless the principal has any one of the scopes.
    static func require(_ scopes: Scopes, of principal: Principal) throws(Problem) {
        // Bits, because the set's own operations are generic calls on every order's path.
        guard principal.scopes.rawValue & scopes.rawValue == 0 else { return }
        throw Problem(.missingScope, "This needs a key with the scope \(scopes.names.joined(separator: " or ")).")
    }

    /// The good that a requirement means, by the engine's rule: the named weight set, or the one of its models, or the
    /// standard one; all must agree.
    static func weightSet(
        of requirement: Requirement,
        named: WeightSetID?,
        directory: Directory
    ) throws(Problem) -> WeightSetID {
        var result = named
        for model in requirement.models.array {
            guard let weightSet = directory.models.record(model)?.terms.weightSet else { continue }
            guard result == nil || result == weightSet else { throw Problem(.mixedUnits) }
            result = weightSet
        }
        return result ?? .standard
    }

    static func limit(_ parameters: inout QueryParameters) -> Int {
        Int(parameters.integer("limit", in: 1...Int64(Limits.pageMax)) ?? Int64(Limits.pageDefault))
    }

    /// The caller's account, or the one that an operator or auditor names.
    static func account(
        _ parameters: inout QueryParameters,
        for principal: Principal
    ) throws(Problem) -> AccountID {
        guard let account = parameters.identifier("account", AccountID.self) else { return principal.account }
        guard account == principal.account || principal.seesAll else {
            throw Problem(.missingScope, "Another account's records need a key with the scope operator or auditor.")
        }
        return account
    }
}
