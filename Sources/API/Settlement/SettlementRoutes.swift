internal import Engine

/// The operations on money that enters and leaves by the chain.
extension Route {
    /// Method, path and scopes of those of ``Route`` that are about settlement.
    var settlementEntry: Entry {
        switch self {
        case .getDeposits: (.get, "/v1/deposits", [.read, .operator, .auditor])
        case .requestWithdrawal: (.post, "/v1/withdrawals", .withdraw)
        case .listWithdrawals: (.get, "/v1/withdrawals", [.read, .operator, .auditor])
        case .getWithdrawal: (.get, "/v1/withdrawals/{id}", [.read, .operator, .auditor])
        case .cancelWithdrawal: (.delete, "/v1/withdrawals/{id}", .withdraw)
        case .approveWithdrawal: (.post, "/v1/withdrawals/{id}:approve", .operator)
        case .getPayoutTerms: (.get, "/v1/account/payout-terms", [.read, .operator, .auditor])
        case .setPayoutTerms: (.put, "/v1/account/payout-terms", .withdraw)
        case .listSettlements: (.get, "/v1/settlements", [.read, .operator, .auditor])
        case .getSettlement: (.get, "/v1/settlements/{id}", [.read, .operator, .auditor])
        case .getSettlementTerms: (.get, "/v1/settlement/terms", [.read, .withdraw, .operator, .auditor])
        case .setSettlementTerms: (.put, "/v1/settlement/terms", .operator)
        case .getSettlementStatus: (.get, "/v1/settlement", [.operator, .auditor])
        case .listSuspense: (.get, "/v1/suspense", [.operator, .auditor])
        case .assignSuspense: (.post, "/v1/suspense/{id}:assign", .operator)
        case .holdSettlement: (.post, "/v1/settlement:hold", .operator)
        case .resumeSettlement: (.post, "/v1/settlement:resume", .operator)
        case .runSettlement: (.post, "/v1/settlement:run", .operator)
        case .resolveSettlement: (.post, "/v1/settlements/{id}:resolve", .operator)
        case .retireWallet: (.post, "/v1/wallets/{id}:retire", .operator)
        case .reinstateWallet: (.post, "/v1/wallets/{id}:reinstate", .operator)
        case .listAnchors: (.get, "/v1/log/anchors", [])
        case .getAnchorPolicy: (.get, "/v1/settlement/anchor-policy", [])
        case .setAnchorPolicy: (.put, "/v1/settlement/anchor-policy", .operator)
        case .requestAnchor: (.post, "/v1/settlement:anchor", .operator)
        default: preconditionFailure("\(self) is no operation of settlement")
        }
    }

    /// As ``ordinal``.
    var settlementOrdinal: Int {
        switch self {
        case .getDeposits: 110
        case .requestWithdrawal: 111
        case .listWithdrawals: 112
        case .getWithdrawal: 113
        case .cancelWithdrawal: 114
        case .approveWithdrawal: 115
        case .getPayoutTerms: 116
        case .setPayoutTerms: 117
        case .listSettlements: 118
        case .getSettlement: 119
        case .getSettlementTerms: 120
        case .setSettlementTerms: 121
        case .getSettlementStatus: 122
        case .listSuspense: 123
        case .assignSuspense: 124
        case .holdSettlement: 125
        case .resumeSettlement: 126
        case .runSettlement: 127
        case .resolveSettlement: 128
        case .retireWallet: 129
        case .reinstateWallet: 130
        case .listAnchors: 131
        case .getAnchorPolicy: 132
        case .setAnchorPolicy: 133
        case .requestAnchor: 134
        default: preconditionFailure("\(self) has no place")
        }
    }
}

extension Resource {
    /// `/v1/COLLECTION/TAIL` of settlement; `nil` when nothing of it is at this path.
    static func ofSettlement(_ collection: ArraySlice<UInt8>, _ tail: ArraySlice<UInt8>) -> Resource? {
        if collection.equals("account"), tail.equals("payout-terms") { return Resource(kind: .payoutTerms) }
        if collection.equals("settlement"), tail.equals("terms") { return Resource(kind: .settlementTerms) }
        if collection.equals("settlement"), tail.equals("anchor-policy") { return Resource(kind: .anchorPolicy) }
        if collection.equals("log"), tail.equals("anchors") { return Resource(kind: .anchors) }
        guard !tail.contains(UInt8(ascii: "/")) else { return nil }
        guard let colon = tail.firstIndex(of: UInt8(ascii: ":")) else {
            if collection.equals("settlements") { return Resource(kind: .settlement, name: tail) }
            return collection.equals("withdrawals") ? Resource(kind: .withdrawal, name: tail) : nil
        }
        let action = tail[(colon + 1)...]
        if collection.equals("withdrawals"), action.equals("approve") {
            return Resource(kind: .withdrawalApproval, name: tail[..<colon])
        }
        if collection.equals("suspense"), action.equals("assign") {
            return Resource(kind: .suspenseAssignment, name: tail[..<colon])
        }
        if collection.equals("settlements"), action.equals("resolve") {
            return Resource(kind: .settlementResolution, name: tail[..<colon])
        }
        guard collection.equals("wallets") else { return nil }
        if action.equals("retire") { return Resource(kind: .walletRetirement, name: tail[..<colon]) }
        if action.equals("reinstate") { return Resource(kind: .walletReinstatement, name: tail[..<colon]) }
        return nil
    }

    /// `/v1/NAME` of settlement.
    static func settlementCollection(_ name: ArraySlice<UInt8>) -> Kind? {
        if name.equals("deposits") { return .chainDeposits }
        if name.equals("withdrawals") { return .withdrawals }
        if name.equals("settlements") { return .settlements }
        if name.equals("settlement") { return .settlementStatus }
        if name.equals("settlement:hold") { return .settlementHold }
        if name.equals("settlement:resume") { return .settlementResume }
        if name.equals("settlement:run") { return .settlementRun }
        if name.equals("settlement:anchor") { return .anchorRequest }
        if name.equals("suspense") { return .suspense }
        return nil
    }
}

extension Resource.Kind {
    /// The operations on a resource of settlement.
    var settlementRoutes: [Route] {
        switch self {
        case .chainDeposits: [.getDeposits]
        case .withdrawals: [.requestWithdrawal, .listWithdrawals]
        case .withdrawal: [.getWithdrawal, .cancelWithdrawal]
        case .withdrawalApproval: [.approveWithdrawal]
        case .payoutTerms: [.getPayoutTerms, .setPayoutTerms]
        case .settlements: [.listSettlements]
        case .settlement: [.getSettlement]
        case .settlementTerms: [.getSettlementTerms, .setSettlementTerms]
        case .settlementStatus: [.getSettlementStatus]
        case .suspense: [.listSuspense]
        case .suspenseAssignment: [.assignSuspense]
        case .settlementHold: [.holdSettlement]
        case .settlementResume: [.resumeSettlement]
        case .settlementRun: [.runSettlement]
        case .settlementResolution: [.resolveSettlement]
        case .walletRetirement: [.retireWallet]
        case .walletReinstatement: [.reinstateWallet]
        case .anchors: [.listAnchors]
        case .anchorPolicy: [.getAnchorPolicy, .setAnchorPolicy]
        case .anchorRequest: [.requestAnchor]
        default: []
        }
    }
}
