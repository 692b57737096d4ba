package import Engine
package import Units

/// A question to the engine about money that enters and leaves by the chain.
package enum SettlementQuestion: Hashable, Sendable {
    /// How an account pays in. The tables are then asked for what it has paid in.
    case deposits(DepositsQuery)
    case payoutTerms(AccountID, TONNetwork)
    case terms
    /// Whether there is planning, and how far each wallet's history is known.
    case status(TONNetwork)
    /// When the log is anchored, and how far it is.
    case anchors
}

/// A question to the tables about money that enters and leaves by the chain.
package enum SettlementQuery: Hashable, Sendable {
    case deposits(DepositsQuery)
    case withdrawals(WithdrawalsQuery)
    /// Of this owner only, unless `nil`; asked by the caller.
    case withdrawal(WithdrawalID, owner: AccountID?, caller: AccountID, TONNetwork)
    case settlements(SettlementsQuery)
    /// As ``withdrawal(_:owner:caller:_:)``: an owner sees its own payouts.
    case settlement(SettlementID, owner: AccountID?, caller: AccountID, TONNetwork)
    case suspense(SuspenseQuery)

    /// The account whose last acknowledged command the tables must show first.
    package var account: AccountID {
        switch self {
        case .deposits(let query): query.account
        case .withdrawals(let query): query.caller
        case .withdrawal(_, _, let caller, _): caller
        case .settlements(let query): query.caller
        case .settlement(_, _, let caller, _): caller
        case .suspense(let query): query.caller
        }
    }
}

/// What an account has paid in by the chain, newest first.
package struct DepositsQuery: Hashable, Sendable {
    package var account: AccountID
    /// The key that asks for its own account: whoever has no memo yet gets one. `nil` for those who look at another's.
    package var opener: KeyID?
    package var network: TONNetwork
    package var limit: Int
    /// Only deposits of earlier commands.
    package var before: SequenceNumber?
    /// How the account pays in, once that is known.
    package var opening = DepositOpening()

    package init(account: AccountID, opener: KeyID?, network: TONNetwork, limit: Int, before: SequenceNumber?) {
        self.account = account
        self.opener = opener
        self.network = network
        self.limit = limit
        self.before = before
    }

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters(account.text) }
}

/// Where an account pays in, and how that is known to be its money.
package struct DepositOpening: Hashable, Sendable {
    /// The exchange's first wallet; `nil` when there is none.
    package var wallet: ChainHash?
    /// `nil` before it has been asked for.
    package var memo: DepositMemo?

    package init(wallet: ChainHash? = nil, memo: DepositMemo? = nil) {
        self.wallet = wallet
        self.memo = memo
    }
}

/// Withdrawals of one account or of all, newest first.
package struct WithdrawalsQuery: Hashable, Sendable {
    /// `nil` for everybody's.
    package var account: AccountID?
    package var caller: AccountID
    package var network: TONNetwork
    package var state: WithdrawalState?
    package var limit: Int
    /// Only withdrawals with a smaller number.
    package var before: WithdrawalID?

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("\(account?.text ?? "all") \(state?.name ?? "")") }
}

/// Batches with payouts of one account, or all batches, newest first.
package struct SettlementsQuery: Hashable, Sendable {
    /// `nil` for all.
    package var account: AccountID?
    package var caller: AccountID
    package var limit: Int
    /// Only batches with a smaller number.
    package var before: SettlementID?

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters(account?.text ?? "all") }
}

/// Money that arrived and is nobody's yet, newest first.
package struct SuspenseQuery: Hashable, Sendable {
    package var caller: AccountID
    package var network: TONNetwork
    package var limit: Int
    /// Only entries with a smaller number.
    package var before: SuspenseID?

    package var rowsWanted: Int { limit + 1 }

    var filters: UInt64 { Cursor.filters("suspense") }
}

extension QueryRequests {
    /// `GET /v1/deposits`.
    static func deposits(
        _ query: ArraySlice<UInt8>,
        for principal: Principal,
        on network: TONNetwork
    ) throws(Problem) -> DepositsQuery {
        var parameters = try QueryParameters(query)
        let account = try account(&parameters, for: principal)
        var result = DepositsQuery(
            account: account,
            opener: account == principal.account ? principal.key : nil,
            network: network,
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = SequenceNumber(try Cursor(cursor, list: .deposits, filters: result.filters).first)
        }
        return result
    }

    /// `GET /v1/withdrawals`.
    static func withdrawals(
        _ query: ArraySlice<UInt8>,
        for principal: Principal,
        on network: TONNetwork
    ) throws(Problem) -> WithdrawalsQuery {
        var parameters = try QueryParameters(query)
        var result = WithdrawalsQuery(
            account: try accountOrAll(&parameters, for: principal),
            caller: principal.account,
            network: network,
            state: parameters.choice("state", of: Vocabularies.withdrawalState),
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = WithdrawalID(try Cursor(cursor, list: .withdrawals, filters: result.filters).first)
        }
        return result
    }

    /// `GET /v1/settlements`.
    static func settlements(_ query: ArraySlice<UInt8>, for principal: Principal) throws(Problem) -> SettlementsQuery {
        var parameters = try QueryParameters(query)
        var result = SettlementsQuery(
            account: try accountOrAll(&parameters, for: principal),
            caller: principal.account,
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = SettlementID(try Cursor(cursor, list: .settlements, filters: result.filters).first)
        }
        return result
    }

    /// `GET /v1/suspense`.
    static func suspense(
        _ query: ArraySlice<UInt8>,
        for principal: Principal,
        on network: TONNetwork
    ) throws(Problem) -> SuspenseQuery {
        var parameters = try QueryParameters(query)
        var result = SuspenseQuery(
            caller: principal.account,
            network: network,
            limit: limit(&parameters),
            before: nil
        )
        let cursor = parameters.take("cursor")
        try parameters.end()
        if let cursor {
            result.before = SuspenseID(try Cursor(cursor, list: .suspense, filters: result.filters).first)
        }
        return result
    }

    /// The caller's account, the one that an operator or auditor names, or `nil` when they want all.
    private static func accountOrAll(
        _ parameters: inout QueryParameters,
        for principal: Principal
    ) throws(Problem) -> AccountID? {
        guard parameters.flag("all") else { return try account(&parameters, for: principal) }
        guard principal.seesAll else {
            throw Problem(.missingScope, "all=true needs a key with the scope operator or auditor.")
        }
        if parameters.take("account") != nil {
            parameters.fail("account", .notAllowed, "account and all=true exclude each other.")
        }
        return nil
    }
}

extension Vocabularies {
    static let withdrawalState = Vocabulary(WithdrawalState.allCases.map { ($0.name, $0) })
}
