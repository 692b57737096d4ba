import Cryptography
import Exchange
import Ledger
import Settlement
package import Units

/// Deposits' memos, payout terms and withdrawals; see Engine+SettlementPlan.swift for payouts, and
/// Engine+WalletTransactions.swift for what the chain says.
extension Engine {
    mutating func carryOut(_ action: SettlementCommand, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        switch action {
        case .registerWallet(let terms): return register(terms, &events)
        case .openDeposits(let memo): return openDeposits(memo, of: owner, &events)
        case .setPayoutTerms(let terms): return setPayoutTerms(terms, of: owner, &events)
        case .requestWithdrawal(let terms): return request(terms, of: owner, &events)
        case .cancelWithdrawal(let id): return cancel(id, of: owner, &events)
        case .approveWithdrawal(let id): return approve(id, &events)
        case .setTerms(let terms):
            settlement.terms = terms
            events.append(.settlement(.termsSet(terms)))
            return nil
        case .plan(let terms): return plan(terms, &events)
        case .walletTransaction(let transaction): return take(transaction, &events)
        case .walletScanned(let scan): return take(scan, &events)
        case .assignSuspense(let entry, let account): return assign(entry, to: account, &events)
        case .hold(let terms):
            if terms.isHeld {
                holdSettlement(.operator, text: terms.reason, &events)
            } else if settlement.hold != nil {
                settlement.hold = nil
                events.append(.settlement(.resumed))
            }
            return nil
        case .resolve(let terms): return resolve(terms, &events)
        case .setRetired(let wallet, let isRetired): return setRetired(wallet, isRetired, &events)
        case .setAnchorPolicy(let policy):
            set(policy, &events)
            return nil
        case .requestAnchor: return requestAnchor(&events)
        }
    }

    /// Stops planning. The first reason stays.
    mutating func holdSettlement(
        _ reason: SettlementHoldReason,
        wallet: WalletID? = nil,
        logicalTime: UInt64 = 0,
        expected: NanoTON = .zero,
        found: NanoTON = .zero,
        text: String = "",
        _ events: inout [Event]
    ) {
        guard settlement.hold == nil else { return }
        let hold = SettlementHold(
            reason: reason,
            sequence: sequence,
            since: time,
            wallet: wallet,
            logicalTime: logicalTime,
            expected: expected,
            found: found,
            text: text
        )
        settlement.hold = hold
        events.append(.settlement(.held(hold)))
    }

    // MARK: Wallets

    /// The money that a wallet has is the operator's: whatever is owed to others came into the ledger another way.
    private mutating func register(_ terms: WalletTerms, _ events: inout [Event]) -> Rejection? {
        guard !settlement.isWallet(terms.address) else { return .walletExists }
        guard settlement.wallets.count < Limits.walletsMax else { return .walletLimit }
        guard balances.balance(.chain).count <= Limits.depositsMax - terms.balance.count else { return .depositLimit }
        let id = WalletID(Int64(settlement.wallets.count) + 1)
        var record = WalletRecord(id: id, terms: terms, sequence: sequence)
        if rules >= RulesVersion.spreadQueries { record.firstQuery = QueryCounter.first(at: terms.startTime) }
        add(record, QueryCounter(first: record.firstQuery))
        events.append(.settlement(.walletSet(settlement.wallets[Int(id.rawValue) - 1])))
        receive(terms.balance, to: .operatorCapital, .walletOpened, &events)
        return nil
    }

    mutating func add(_ record: WalletRecord, _ counter: QueryCounter) {
        settlement.wallets.append(record)
        settlement.counters.append(counter)
        recordSum.add(record.recordHash)
    }

    /// Changes what is known of a wallet.
    mutating func changeWallet(_ index: Int, _ events: inout [Event], _ change: (inout WalletRecord) -> Void) {
        recordSum.subtract(settlement.wallets[index].recordHash)
        change(&settlement.wallets[index])
        recordSum.add(settlement.wallets[index].recordHash)
        events.append(.settlement(.walletSet(settlement.wallets[index])))
    }

    /// Money that a wallet has got.
    mutating func receive(_ amount: NanoTON, to: LedgerAccount, _ kind: Transfer.Kind, _ events: inout [Event]) {
        post(Transfer(debit: .chain, credit: to, amount: amount, kind: kind), &events)
        settlement.onChain = settlement.onChain + amount
    }

    /// Money that a wallet no longer has.
    mutating func pay(_ amount: NanoTON, from: LedgerAccount, _ kind: Transfer.Kind, _ events: inout [Event]) {
        post(Transfer(debit: from, credit: .chain, amount: amount, kind: kind), &events)
        settlement.onChain = settlement.onChain - amount
    }

    // MARK: Memos and addresses

    private mutating func openDeposits(
        _ memo: DepositMemo,
        of owner: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        guard registry.accountIndex(owner) != nil else { return .accountUnknown }
        if let known = settlement.memos[owner] {
            events.append(.settlement(.memoRepeated(known)))
            return nil
        }
        guard settlement.owner(of: memo) == nil else { return .memoTaken }
        let record = DepositMemoRecord(sequence: sequence, account: owner, memo: memo, createdAt: time)
        add(record)
        events.append(.settlement(.memoOpened(record)))
        return nil
    }

    mutating func add(_ record: DepositMemoRecord) {
        settlement.add(record)
        recordSum.add(record.recordHash)
    }

    mutating func add(_ record: KnownAddressRecord) {
        settlement.add(record)
        recordSum.add(record.recordHash)
    }

    /// Why an account may not name an address.
    private func refusal(of address: ChainHash, by owner: AccountID) -> Rejection? {
        guard !settlement.isWallet(address) else { return .addressIsWallet }
        guard settlement.address(address, of: owner) == nil else { return nil }
        let count = settlement.addresses[owner]?.count ?? 0
        return count < Limits.addressesPerAccountMax ? nil : .addressLimit
    }

    /// When something may go to an address that the account names: now, if it was opened by logging in with it. A
    /// wallet that was linked later waits from then, because whoever had stolen a key could have linked it.
    private mutating func name(_ address: ChainHash, by owner: AccountID, _ events: inout [Event]) -> LogicalTime {
        if let known = settlement.address(address, of: owner) { return known.usableAt }
        let subject = "ton:0:" + Hex.encode(address.bytes)
        let login = logins[owner].first { $0.subject == subject }
        let since = login?.createdAt ?? time
        let openedAt = registry.accountIndex(owner).map { registry.accounts[$0].record.createdAt }
        let isFirst = login != nil && openedAt == since
        let wait = isFirst ? 0 : settlement.terms.coolingOff
        let usableAt = max(time, LogicalTime(microseconds: since.microseconds + wait))
        let record = KnownAddressRecord(sequence: sequence, account: owner, address: address, usableAt: usableAt)
        add(record)
        events.append(.settlement(.addressNamed(record)))
        return usableAt
    }

    private mutating func setPayoutTerms(
        _ terms: PayoutTerms?,
        of owner: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        guard registry.accountIndex(owner) != nil else { return .accountUnknown }
        guard let terms else {
            guard let old = settlement.payoutTerms.removeValue(forKey: owner) else { return nil }
            recordSum.subtract(old.recordHash)
            events.append(.settlement(.payoutTermsEnded(owner)))
            return nil
        }
        if let refusal = refusal(of: terms.destination.address, by: owner) { return refusal }
        let usableAt = name(terms.destination.address, by: owner, &events)
        set(PayoutTermsRecord(account: owner, terms: terms, setAt: time, usableAt: usableAt))
        if let record = settlement.payoutTerms[owner] { events.append(.settlement(.payoutTermsSet(record))) }
        return nil
    }

    mutating func set(_ record: PayoutTermsRecord) {
        recordSum.subtract(settlement.payoutTerms[record.account]?.recordHash)
        settlement.payoutTerms[record.account] = record
        recordSum.add(record.recordHash)
    }

    // MARK: Withdrawals

    private mutating func request(
        _ terms: WithdrawalTerms,
        of owner: AccountID,
        _ events: inout [Event]
    ) -> Rejection? {
        guard registry.accountIndex(owner) != nil else { return .accountUnknown }
        let limits = settlement.terms
        guard terms.amount >= limits.payoutMinimum else { return .belowPayoutMinimum }
        guard settlement.withdrawalCounts[owner] ?? 0 < Limits.withdrawalsPerAccountMax else { return .withdrawalLimit }
        if let refusal = refusal(of: terms.destination.address, by: owner) { return refusal }
        let today = withdrawn(by: owner)
        guard Int128(today.count) + Int128(terms.amount.count) <= Int128(limits.accountDayMax.count) else {
            return .withdrawalDayLimit
        }
        guard balances.balance(LedgerAccount(owner, .available)) >= terms.amount else { return .insufficientFunds }
        let record = WithdrawalRecord(
            id: WithdrawalID(sequence.rawValue),
            account: owner,
            terms: terms,
            fee: limits.payeeFee,
            requestedAt: time,
            dueAt: name(terms.destination.address, by: owner, &events),
            needsApproval: terms.amount >= limits.approvalThreshold
        )
        set(record)
        events.append(.settlement(.withdrawalSet(record)))
        set(WithdrawalDay(account: owner, day: day, amount: today + terms.amount), &events)
        post(owner, .available, owner, .inSettlement, terms.amount, .withdrawal, &events)
        touch(owner)
        return nil
    }

    /// Days of UTC since 1970.
    private var day: Int64 { time.microseconds / 86_400_000_000 }

    /// What the account has withdrawn today.
    package func withdrawn(by owner: AccountID) -> NanoTON {
        guard let last = settlement.days[owner], last.day == day else { return .zero }
        return last.amount
    }

    private mutating func set(_ record: WithdrawalDay, _ events: inout [Event]) {
        set(record)
        events.append(.settlement(.withdrawalDaySet(record)))
    }

    mutating func set(_ record: WithdrawalDay) {
        recordSum.subtract(settlement.days[record.account]?.recordHash)
        settlement.days[record.account] = record
        recordSum.add(record.recordHash)
    }

    mutating func set(_ record: WithdrawalRecord) {
        if let old = settlement.withdrawalIndex(record.id) {
            recordSum.subtract(settlement.withdrawals[old].recordHash)
        }
        settlement.set(record)
        if !record.state.isFinal { recordSum.add(record.recordHash) }
    }

    private mutating func cancel(_ id: WithdrawalID, of owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.withdrawalIndex(id), settlement.withdrawals[index].account == owner else {
            return .withdrawalNotFound
        }
        let record = settlement.withdrawals[index]
        guard record.state == .requested else { return .withdrawalPlanned }
        giveUp(id, &events)
        post(owner, .inSettlement, owner, .available, record.terms.amount, .withdrawalCancelled, &events)
        touch(owner)
        return nil
    }

    /// Nothing comes of a withdrawal, and it does not count for its day.
    mutating func giveUp(_ id: WithdrawalID, _ events: inout [Event]) {
        guard let index = settlement.withdrawalIndex(id) else { return }
        let record = settlement.withdrawals[index]
        changeWithdrawal(id, &events) { $0.state = .cancelled }
        guard record.requestedAt.microseconds / 86_400_000_000 == day else { return }
        let amount = withdrawn(by: record.account) - record.terms.amount
        set(WithdrawalDay(account: record.account, day: day, amount: amount), &events)
    }

    private mutating func approve(_ id: WithdrawalID, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.withdrawalIndex(id) else { return .withdrawalNotFound }
        var record = settlement.withdrawals[index]
        guard record.needsApproval, record.approvedBy == nil else { return .approvalNotNeeded }
        record.approvedBy = sequence
        set(record)
        events.append(.settlement(.withdrawalSet(record)))
        touch(record.account)
        return nil
    }

    // MARK: Suspense

    private mutating func assign(_ entry: SuspenseID, to owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard owner == .system || registry.accountIndex(owner) != nil else { return .accountUnknown }
        guard let record = settlement.suspense.removeValue(forKey: entry) else { return .suspenseNotFound }
        recordSum.subtract(record.recordHash)
        events.append(.settlement(.suspenseAssigned(entry, owner)))
        let credit = owner == .system ? .operatorCapital : LedgerAccount(owner, .available)
        let transfer = Transfer(debit: .suspense, credit: credit, amount: record.amount, kind: .suspenseAssigned)
        post(transfer, &events)
        touch(owner)
        return nil
    }

    mutating func add(_ record: SuspenseRecord) {
        settlement.suspense[record.id] = record
        recordSum.add(record.recordHash)
    }
}
