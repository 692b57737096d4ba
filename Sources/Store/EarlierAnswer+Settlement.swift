internal import Engine
internal import Postgres
internal import Units

/// What commands on settlement did: the money that moved, and what they were about as it is now.
extension HistoryReader {
    func effects(of request: RememberedRequest, _ command: SettlementCommand) throws(StoreError) -> [Event] {
        let sequence = request.sequence
        switch command {
        case .registerWallet:
            let wallets = try rows(
                CheckedTable.wallets.selection(where: "registered = $1"),
                [.int8(sequence.rawValue)]
            ) { row throws(PostgresError) in Event.settlement(.walletSet(try WalletRecord(row))) }
            return wallets + (try moved(sequence))
        case .openDeposits:
            return try rows(
                CheckedTable.memos.selection(where: "account = $1"),
                [.int8(request.account.rawValue)]
            ) { row throws(PostgresError) in
                let record = try DepositMemoRecord(row)
                return .settlement(record.sequence == sequence ? .memoOpened(record) : .memoRepeated(record))
            }
        case .setPayoutTerms(nil): return [.settlement(.payoutTermsEnded(request.account))]
        case .setPayoutTerms:
            return try rows(
                CheckedTable.payoutTerms.selection(where: "account = $1"),
                [.int8(request.account.rawValue)]
            ) { row throws(PostgresError) in .settlement(.payoutTermsSet(try PayoutTermsRecord(row))) }
        case .requestWithdrawal:
            return try withdrawal(WithdrawalID(sequence.rawValue)) + moved(sequence)
        case .cancelWithdrawal(let id), .approveWithdrawal(let id):
            return try withdrawal(id) + moved(sequence)
        case .setTerms(let terms): return [.settlement(.termsSet(terms))]
        case .assignSuspense(let entry, let account):
            return [.settlement(.suspenseAssigned(entry, account))] + (try moved(sequence))
        case .plan, .walletTransaction, .walletScanned, .resolve: return try moved(sequence)
        case .setAnchorPolicy(let policy): return [.settlement(.anchorPolicySet(policy))]
        case .requestAnchor: return [.settlement(.anchorRequested(sequence))]
        case .hold, .setRetired: return []
        }
    }

    private func withdrawal(_ id: WithdrawalID) throws(StoreError) -> [Event] {
        try rows(
            CheckedTable.withdrawals.selection(where: "id = $1"),
            [.int8(id.rawValue)]
        ) { row throws(PostgresError) in .settlement(.withdrawalSet(try WithdrawalRecord(row))) }
    }
}
