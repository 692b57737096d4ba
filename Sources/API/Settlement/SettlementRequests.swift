internal import Engine
internal import Units

/// Requests about money that enters and leaves by the chain.
extension Request {
    func settle(_ principal: Principal) throws(Problem) -> Admission {
        switch route {
        case .getDeposits:
            let query = try QueryRequests.deposits(head.query, for: principal, on: context.network)
            return .query(.settlement(.deposits(query)))
        case .getPayoutTerms:
            let account = try QueryRequests.account(head.query, for: principal)
            return .query(.settlement(.payoutTerms(account, context.network)))
        case .getSettlementTerms:
            try QueryRequests.none(head.query)
            return .query(.settlement(.terms))
        case .getSettlementStatus:
            try QueryRequests.none(head.query)
            return .query(.settlement(.status(context.network)))
        case .runSettlement:
            try Bodies.empty(body)
            return .settlementRound
        case .listWithdrawals, .getWithdrawal, .listSettlements, .getSettlement, .listSuspense:
            return .history(.settlement(try settlementHistory(principal)))
        default:
            let (action, shape) = try settlementCommand()
            return try command(.settlement(action), shape, principal)
        }
    }

    private func settlementHistory(_ principal: Principal) throws(Problem) -> SettlementQuery {
        let owner = principal.seesAll ? nil : principal.account
        switch route {
        case .listWithdrawals:
            return .withdrawals(try QueryRequests.withdrawals(head.query, for: principal, on: context.network))
        case .getWithdrawal:
            try QueryRequests.none(head.query)
            return .withdrawal(try withdrawalID(), owner: owner, caller: principal.account, context.network)
        case .listSettlements: return .settlements(try QueryRequests.settlements(head.query, for: principal))
        case .getSettlement:
            try QueryRequests.none(head.query)
            guard let id = SettlementID(text: name) else { throw Problem(.settlementNotFound) }
            return .settlement(id, owner: owner, caller: principal.account, context.network)
        default: return .suspense(try QueryRequests.suspense(head.query, for: principal, on: context.network))
        }
    }

    private func settlementCommand() throws(Problem) -> (SettlementCommand, AnswerShape) {
        switch route {
        case .requestWithdrawal:
            // A second payment cannot be taken back.
            guard head.idempotencyKey != nil else {
                throw Problem(.badIdempotencyKey, "A withdrawal needs the field Idempotency-Key.")
            }
            let terms = try Bodies.withdrawal(body, on: context.network)
            return (.requestWithdrawal(terms), .withdrawalRequested(context.network))
        case .cancelWithdrawal:
            try QueryRequests.none(head.query)
            let id = try withdrawalID()
            return (.cancelWithdrawal(id), .withdrawalChanged(id))
        case .approveWithdrawal:
            try Bodies.empty(body)
            let id = try withdrawalID()
            return (.approveWithdrawal(id), .withdrawalChanged(id))
        case .setPayoutTerms:
            let terms = try Bodies.payoutTerms(body, on: context.network).terms
            return (.setPayoutTerms(terms), .payoutTermsSet(terms, context.network))
        case .setSettlementTerms:
            let terms = try Bodies.settlementTerms(body)
            return (.setTerms(terms), .settlementTermsSet(terms))
        case .assignSuspense:
            guard let id = SuspenseID(text: name) else { throw Problem(.suspenseNotFound) }
            let account = try Bodies.assignment(body)
            return (.assignSuspense(id, account), .suspenseAssigned(id, account))
        case .setAnchorPolicy:
            let policy = try Bodies.anchorPolicy(body)
            return (.setAnchorPolicy(policy), .anchorPolicySet(policy))
        case .requestAnchor:
            try Bodies.empty(body)
            return (.requestAnchor, .anchorRequested)
        case .holdSettlement:
            let terms = try Bodies.settlementHold(body)
            return (.hold(terms), .settlementHeld(true))
        case .resolveSettlement:
            guard let id = SettlementID(text: name) else { throw Problem(.settlementNotFound) }
            return (.resolve(try Bodies.resolution(body, of: id)), .settlementResolved(id))
        case .retireWallet, .reinstateWallet:
            try Bodies.empty(body)
            guard let id = WalletID(text: name) else { throw Problem(.walletUnknown) }
            let isRetired = route == .retireWallet
            return (.setRetired(id, isRetired), .walletRetired(id, isRetired))
        default:
            try Bodies.empty(body)
            return (.hold(SettlementHoldTerms(isHeld: false)), .settlementHeld(false))
        }
    }

    private func withdrawalID() throws(Problem) -> WithdrawalID {
        guard let id = WithdrawalID(text: name) else { throw Problem(.withdrawalNotFound) }
        return id
    }
}
