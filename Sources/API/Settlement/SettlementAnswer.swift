package import Engine
internal import JSON
internal import Units

/// Answers to commands about money that enters and leaves by the chain.
enum SettlementAnswer {
    /// `nil` when the command was refused.
    static func written(_ shape: AnswerShape, _ outcome: Outcome) -> APIResponse? {
        if outcome.isRefused { return nil }
        var writer = JSONWriter(capacity: 512)
        writer.beginObject()
        switch shape {
        case .withdrawalRequested(let network):
            guard var record = outcome.withdrawal else { return nil }
            // A repetition finds it as it is now, and is answered as the first request was.
            record.state = .requested
            record.approvedBy = nil
            record.payout = nil
            writer.withdrawal(record, on: network)
            return Answer.finish(&writer, outcome, status: 201)
        case .withdrawalChanged(let id): writer.member("withdrawal_id", "w", id.rawValue)
        case .payoutTermsSet(let terms, let network): writer.payoutTerms(terms, on: network)
        case .settlementTermsSet(let terms): writer.settlementTerms(terms)
        case .suspenseAssigned(let id, let account):
            writer.member("suspense_id", "u", id.rawValue)
            writer.member("account", account == .system ? "operator" : account.text)
        case .settlementHeld(let isHeld): writer.member("is_held", isHeld)
        case .settlementResolved(let id): writer.member("settlement_id", "s", id.rawValue)
        case .walletRetired(let id, let isRetired):
            writer.member("wallet_id", "h", id.rawValue)
            writer.member("is_retired", isRetired)
        case .anchorPolicySet(let policy): writer.anchorPolicy(policy)
        case .anchorRequested: writer.member("is_requested", true)
        default: return nil
        }
        return Answer.finish(&writer, outcome, status: 200)
    }
}

extension Outcome {
    /// What was requested.
    fileprivate var withdrawal: WithdrawalRecord? {
        for event in events {
            if case .settlement(.withdrawalSet(let record)) = event { return record }
        }
        return nil
    }

    /// The memo that an account has now; `nil` when the command was refused.
    package var memo: DepositMemo? {
        for event in events {
            switch event {
            case .settlement(.memoOpened(let record)), .settlement(.memoRepeated(let record)): return record.memo
            default: continue
            }
        }
        return nil
    }
}
