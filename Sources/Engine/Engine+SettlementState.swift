import Exchange
import Ledger
import Settlement
import Units

/// Settlement as plain records, and back.
extension Engine {
    /// Settlement as plain records.
    package var settlementState: SettlementState {
        var state = SettlementState()
        state.terms = settlement.terms
        state.hold = settlement.hold
        state.onChain = settlement.onChain
        state.wallets = settlement.wallets
        for (wallet, counter) in zip(settlement.wallets, settlement.counters) {
            state.querySets += counter.uses.map { QuerySetUse(wallet: wallet.id, set: Int64($0.set), at: $0.at) }
        }
        state.transits = settlement.transits
        state.memos = settlement.memos.values.sorted { $0.sequence < $1.sequence }
        state.addresses = settlement.addresses.values.flatMap { $0 }.sorted { $0.sequence < $1.sequence }
        state.payoutTerms = settlement.payoutTerms.values.sorted { $0.account < $1.account }
        state.withdrawals = settlement.withdrawals
        state.days = settlement.days.values.sorted { $0.account < $1.account }
        state.batches = settlement.batches.map(\.record)
        state.payouts = settlement.batches.flatMap(\.payouts)
        state.suspense = settlement.suspense.values.sorted { $0.id < $1.id }
        state.anchors = settlement.anchors
        return state
    }

    mutating func restoreSettlement(_ state: EngineState) throws(StateError) {
        let found = state.settlement
        guard found.onChain <= balances.balance(.chain) else { throw StateError("money on the chain", .outOfRange) }
        settlement.terms = found.terms
        settlement.hold = found.hold
        settlement.onChain = found.onChain
        try restoreWallets(found)
        try restoreNames(found, upTo: state.sequence)
        try restoreWithdrawals(found, upTo: state.sequence)
        try restoreAnchors(state)
        try restoreBatches(found, upTo: state.sequence)
        var last = SuspenseID(0)
        for record in found.suspense {
            try check(record.id.rawValue, after: last.rawValue, upTo: state.sequence.rawValue, record.id.text)
            guard record.amount > .zero, settlement.walletIndex(record.wallet) != nil else {
                throw StateError(record.id.text, .outOfRange)
            }
            last = record.id
            add(record)
        }
    }

    private func check(_ number: Int64, after last: Int64, upTo end: Int64, _ name: String) throws(StateError) {
        guard number > last, number <= end else { throw StateError(name, .outOfOrder) }
    }

    private func check(_ account: AccountID, _ name: String) throws(StateError) {
        guard registry.accountIndex(account) != nil else { throw StateError(name, .accountUnknown) }
    }

    private mutating func restoreWallets(_ state: SettlementState) throws(StateError) {
        var uses: [WalletID: [(set: Int, at: UInt64)]] = [:]
        var last: QuerySetUse?
        for use in state.querySets {
            let name = "query set \(use.set) of \(use.wallet.text)"
            if let last, (use.wallet.rawValue, use.set) <= (last.wallet.rawValue, last.set) {
                throw StateError(name, .outOfOrder)
            }
            guard use.at > 0, (1...Int64(state.wallets.count)).contains(use.wallet.rawValue) else {
                throw StateError(name, .outOfRange)
            }
            last = use
            uses[use.wallet, default: []].append((Int(use.set), use.at))
            recordSum.add(use.recordHash)
        }
        for record in state.wallets {
            let name = record.id.text
            guard record.id.rawValue == Int64(settlement.wallets.count) + 1 else { throw StateError(name, .outOfOrder) }
            guard !settlement.isWallet(record.terms.address) else { throw StateError(name, .duplicate) }
            guard
                let counter = QueryCounter(
                    count: record.queries,
                    first: record.firstQuery,
                    lastUses: uses[record.id] ?? []
                ), record.firstQuery < QueryCounter.placeCount,
                record.balance >= .zero, record.terms.balance >= .zero, record.scannedTo >= record.terms.startTime
            else { throw StateError(name, .outOfRange) }
            add(record, counter)
        }
        for record in state.transits {
            let name = "money of \(record.wallet.text) to itself"
            if let last = settlement.transits.last, !last.isBefore(record) { throw StateError(name, .outOfOrder) }
            guard settlement.walletIndex(record.wallet) != nil, record.amount > .zero else {
                throw StateError(name, .outOfRange)
            }
            add(record)
        }
    }

    private mutating func restoreNames(_ state: SettlementState, upTo end: SequenceNumber) throws(StateError) {
        var last = SequenceNumber.none
        for record in state.memos {
            let name = "memo of \(record.account.text)"
            try check(record.sequence.rawValue, after: last.rawValue, upTo: end.rawValue, name)
            try check(record.account, name)
            guard settlement.memos[record.account] == nil, settlement.owner(of: record.memo) == nil else {
                throw StateError(name, .duplicate)
            }
            last = record.sequence
            add(record)
        }
        last = .none
        for record in state.addresses {
            let name = "address of \(record.account.text)"
            try check(record.sequence.rawValue, after: last.rawValue, upTo: end.rawValue, name)
            try check(record.account, name)
            guard settlement.address(record.address, of: record.account) == nil else {
                throw StateError(name, .duplicate)
            }
            last = record.sequence
            add(record)
        }
        for record in state.payoutTerms {
            let name = "payout terms of \(record.account.text)"
            try check(record.account, name)
            guard settlement.payoutTerms[record.account] == nil else { throw StateError(name, .duplicate) }
            guard record.terms.threshold > .zero else { throw StateError(name, .outOfRange) }
            set(record)
        }
    }

    private mutating func restoreWithdrawals(_ state: SettlementState, upTo end: SequenceNumber) throws(StateError) {
        var last = WithdrawalID(0)
        for record in state.withdrawals {
            let name = record.id.text
            try check(record.id.rawValue, after: last.rawValue, upTo: end.rawValue, name)
            try check(record.account, name)
            guard !record.state.isFinal, record.fee >= .zero, record.terms.amount > record.fee else {
                throw StateError(name, .outOfRange)
            }
            last = record.id
            set(record)
        }
        for record in state.days {
            let name = "withdrawals of \(record.account.text)"
            try check(record.account, name)
            guard settlement.days[record.account] == nil else { throw StateError(name, .duplicate) }
            guard record.amount >= .zero else { throw StateError(name, .outOfRange) }
            set(record)
        }
    }

    private mutating func restoreBatches(_ state: SettlementState, upTo end: SequenceNumber) throws(StateError) {
        var last = SettlementID(0)
        var rest = state.payouts[...]
        for record in state.batches {
            let name = record.id.text
            try check(record.id.rawValue, after: last.rawValue, upTo: end.rawValue, name)
            guard settlement.walletIndex(record.wallet) != nil else { throw StateError(name, .outOfRange) }
            last = record.id
            let own = rest.prefix { $0.id.batch == record.id }
            rest = rest.dropFirst(own.count)
            for (index, payout) in own.enumerated() {
                guard payout.id.index == Int64(index) else { throw StateError(payout.id.text, .outOfOrder) }
                try check(payout.account, payout.id.text)
                guard payout.amount > .zero, payout.fee >= .zero, payout.returned >= .zero,
                    payout.reference.isEmpty || payout.state.isResolved
                else {
                    throw StateError(payout.id.text, .outOfRange)
                }
            }
            let open = settlement.anchors.open
            let anchor = open?.batch == record.id && open?.state == .planned ? open.map(sent) : nil
            guard let batch = OpenSettlement(record, Array(own), anchor: anchor) else {
                throw StateError(name, .outOfRange)
            }
            add(batch)
        }
        if let orphan = rest.first { throw StateError(orphan.id.text, .outOfOrder) }
    }

    // MARK: Invariants

    func checkSettlement() throws(InvariantViolation) {
        try checkAnchors()
        var owed: [AccountID: Int128] = [:]
        for record in settlement.withdrawals where record.state == .requested {
            owed[record.account, default: 0] += Int128(record.terms.amount.count)
        }
        for batch in settlement.batches {
            let id = batch.record.id
            guard batch.record.phase.isFinal == (batch.record.decidedAt != nil) else { throw .settlement(id) }
            let isDecided = batch.record.phase.isFinal && batch.record.phase != .contested
            let isResolved = batch.payouts.contains { $0.state.isResolved }
            guard batch.record.phase == .contested || !isResolved else { throw .settlement(id) }
            for payout in batch.payouts where payout.state == .open {
                guard !isDecided else { throw .settlement(id) }
                owed[payout.account, default: 0] += Int128(payout.amount.count) + Int128(payout.fee.count)
                guard let withdrawal = payout.withdrawal else { continue }
                guard
                    let index = settlement.withdrawalIndex(withdrawal),
                    settlement.withdrawals[index].payout == payout.id, settlement.withdrawals[index].state == .planned,
                    settlement.withdrawals[index].terms.amount == payout.amount + payout.fee
                else { throw .withdrawal(withdrawal) }
            }
        }
        let planned = settlement.withdrawals.filter { $0.state == .planned }
        let paying = settlement.batches.flatMap(\.payouts).filter { $0.state == .open }.compactMap(\.withdrawal)
        guard Set(paying).count == paying.count else { throw .withdrawal(paying[0]) }
        for record in planned where !paying.contains(record.id) { throw .withdrawal(record.id) }
        for account in registry.accounts {
            let id = account.record.id
            let found = Int128(balances.balance(LedgerAccount(id, .inSettlement)).count)
            guard found == owed[id] ?? 0 else { throw .inSettlement(id) }
        }
        let suspended = settlement.suspense.values.reduce(0 as Int128) { $0 + Int128($1.amount.count) }
        guard suspended == Int128(balances.balance(.suspense).count) else { throw .suspense }
        guard settlement.walletMoney == Int128(settlement.onChain.count) else { throw .reconciliation }
        guard settlement.onChain <= balances.balance(.chain) else { throw .reconciliation }
    }
}
