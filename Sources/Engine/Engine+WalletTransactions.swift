import Exchange
import Ledger
import Settlement
package import Units

/// What the chain says: every transaction of every wallet, each once and in order.
extension Engine {
    mutating func take(_ transaction: WalletTransaction, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.walletIndex(transaction.wallet) else { return .walletUnknown }
        let wallet = settlement.wallets[index]
        guard transaction.position.logicalTime > wallet.last.logicalTime, transaction.previous == wallet.last else {
            return .transactionNotNext
        }
        let transit = transitIndex(of: transaction)
        let income = transaction.incoming.amount
        let sent = transaction.outgoing.reduce(0 as Int128) { $0 + Int128($1.amount.count) }
        let expected = Int128(wallet.balance.count) + Int128(income.count) - sent - Int128(transaction.fee.count)
        guard expected == Int128(transaction.balance.count) else {
            return leaveUnexplained(transaction, index, expected, &events)
        }
        if transit == nil, balances.balance(.chain).count > Limits.depositsMax - income.count { return .depositLimit }

        events.append(.settlement(.transactionTaken(transaction)))
        changeWallet(index, &events) {
            $0.last = transaction.position
            $0.balance = transaction.balance
            $0.unexplained = 0
        }
        // What comes in is booked first, and what the transaction costs last: so no balance is ever below zero.
        if let transit {
            endTransit(transit, &events)
            confirmAnchor(by: transaction, &events)
        } else {
            book(transaction, &events)
        }
        let isPaid = tellBatch(transaction, &events)
        bookOutgoing(transaction, to: wallet.terms.address, isPaid: isPaid, &events)
        pay(transaction.fee, from: .networkCosts, .networkCost, &events)
        return nil
    }

    /// Nothing of it is booked, and nothing behind it is taken: what the exchange makes of the chain is wrong.
    private mutating func leaveUnexplained(
        _ transaction: WalletTransaction,
        _ index: Int,
        _ expected: Int128,
        _ events: inout [Event]
    ) -> Rejection? {
        let logicalTime = transaction.position.logicalTime
        guard settlement.hold == nil || settlement.wallets[index].unexplained != logicalTime else {
            return .transactionUnbalanced
        }
        if settlement.wallets[index].unexplained != logicalTime {
            changeWallet(index, &events) { $0.unexplained = logicalTime }
        }
        holdSettlement(
            .difference,
            wallet: transaction.wallet,
            logicalTime: logicalTime,
            expected: NanoTON(Int64(clamping: expected)),
            found: transaction.balance,
            &events
        )
        return nil
    }

    mutating func take(_ scan: WalletScan, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.walletIndex(scan.wallet) else { return .walletUnknown }
        let wallet = settlement.wallets[index]
        guard scan.lastLogicalTime == wallet.last.logicalTime, wallet.unexplained == 0 else { return .scanIncomplete }
        guard scan.chainTime >= wallet.scannedTo else { return .chainTimeBehind }
        changeWallet(index, &events) { $0.scannedTo = scan.chainTime }
        for batch in settlement.batches.indices where settlement.batches[batch].record.wallet == wallet.id {
            let event = SettlementBatch.Event.scanned(from: wallet.terms.startTime, to: scan.chainTime)
            _ = tell(batch, event, at: scan.chainTime, &events)
        }
        endBatches(of: wallet.id, at: scan.chainTime, &events)
        return nil
    }

    // MARK: Money to itself

    private func transitIndex(of transaction: WalletTransaction) -> Int? {
        guard case .own(let hash, let amount) = transaction.incoming else { return nil }
        return settlement.transits.firstIndex {
            $0.wallet == transaction.wallet && $0.hash == hash && $0.amount == amount
        }
    }

    private mutating func endTransit(_ index: Int, _ events: inout [Event]) {
        let record = settlement.transits.remove(at: index)
        recordSum.subtract(record.recordHash)
        events.append(.settlement(.transitEnded(record)))
    }

    mutating func add(_ record: TransitRecord) {
        settlement.transits.append(record)
        recordSum.add(record.recordHash)
    }

    // MARK: Money that comes in

    private mutating func book(_ transaction: WalletTransaction, _ events: inout [Event]) {
        switch transaction.incoming {
        case .external: break
        case .own(_, let amount), .other(let amount):
            suspend(amount, .unknownMessage, transaction, &events)
        case .deposit(let comment, let source, let amount):
            let memo = comment.flatMap { DepositMemo(reading: $0) }
            guard let memo, let owner = settlement.owner(of: memo) else {
                return suspend(amount, .unknownMemo, transaction, source: source, comment: comment, &events)
            }
            guard amount >= settlement.terms.dustLimit else {
                return suspend(amount, .dust, transaction, source: source, comment: comment, &events)
            }
            guard amount > .zero else { return }
            let deposit = ChainDeposit(
                account: owner,
                wallet: transaction.wallet,
                position: transaction.position,
                source: source,
                amount: amount,
                memo: memo
            )
            events.append(.settlement(.deposited(deposit)))
            receive(amount, to: LedgerAccount(owner, .available), .chainDeposit, &events)
            touch(owner)
        case .bounced(let hash, let amount): bookReturn(of: hash, amount, transaction, &events)
        }
    }

    /// Nobody's money; nothing for an amount of zero.
    private mutating func suspend(
        _ amount: NanoTON,
        _ reason: SuspenseReason,
        _ transaction: WalletTransaction,
        source: ChainHash? = nil,
        comment: String? = nil,
        _ events: inout [Event]
    ) {
        guard amount > .zero else { return }
        let record = SuspenseRecord(
            id: SuspenseID(sequence.rawValue),
            wallet: transaction.wallet,
            reason: reason,
            amount: amount,
            source: source,
            comment: comment,
            arrivedAt: time
        )
        add(record)
        events.append(.settlement(.suspended(record)))
        receive(amount, to: .suspense, .suspended, &events)
    }

    /// A payout that came back is its owner's again. What an account has earned is not paid out to that address again
    /// by itself: it would come back for ever, less the fees each time.
    private mutating func bookReturn(
        of hash: ChainHash?,
        _ amount: NanoTON,
        _ transaction: WalletTransaction,
        _ events: inout [Event]
    ) {
        guard let hash, let (batch, index) = findPayout(paidBy: hash, of: transaction.wallet) else {
            return suspend(amount, .unknownBounce, transaction, &events)
        }
        let payout = settlement.batches[batch].payouts[index]
        let id = SettlementBatch.TransactionID(transaction.position)
        let event = SettlementBatch.Event.bounced(id, address: payout.destination.address.bytes, amount: amount)
        let actions = tell(batch, event, at: transaction.time, by: transaction, &events)
        guard settlement.batches[batch].machine.returned.contains(payout.id.index), payout.state == .paid else {
            return suspend(amount, .unknownBounce, transaction, &events)
        }
        changePayout(batch, index, &events) {
            $0.state = .returned
            $0.returned = amount
        }
        guard actions.contains(.credit(payout.id.index, amount)) else { return }
        let kind: LedgerAccount.Kind = payout.withdrawal == nil ? .payable : .available
        receive(amount, to: LedgerAccount(payout.account, kind), .payoutReturned, &events)
        touch(payout.account)
        guard payout.withdrawal == nil, var terms = settlement.payoutTerms[payout.account] else { return }
        guard terms.terms.destination.address == payout.destination.address, !terms.isSuspended else { return }
        terms.isSuspended = true
        set(terms)
        events.append(.settlement(.payoutTermsSet(terms)))
    }

    private func findPayout(paidBy hash: ChainHash, of wallet: WalletID) -> (batch: Int, index: Int)? {
        for (batch, open) in settlement.batches.enumerated() where open.record.wallet == wallet {
            if let index = open.payouts.firstIndex(where: { $0.message == hash }) { return (batch, index) }
        }
        return nil
    }

    // MARK: Batches

    /// Whether all that it sends was what a batch was to pay.
    private mutating func tellBatch(_ transaction: WalletTransaction, _ events: inout [Event]) -> Bool {
        let id = SettlementBatch.TransactionID(transaction.position)
        switch transaction.incoming {
        case .external(let place, let createdAt):
            let found = settlement.batches.firstIndex {
                $0.record.wallet == transaction.wallet && $0.record.signed.place == place
                    && $0.record.signed.createdAt == createdAt
            }
            guard let found else { return false }
            let own = settlement.wallets[Int(transaction.wallet.rawValue) - 1].terms.address
            // Anything but one message to itself is not what was signed.
            let isSound = transaction.outgoing.allSatisfy { $0.address == own }
            let sent = isSound ? transaction.outgoing.count : max(2, transaction.outgoing.count)
            _ = tell(found, .outside(id, sent: sent), at: transaction.time, by: transaction, &events)
            return false
        case .own(let hash, _):
            let found = settlement.batches.firstIndex {
                $0.record.wallet == transaction.wallet && $0.record.own == hash
            }
            guard let found else { return false }
            let sent = transaction.outgoing.map {
                SettlementBatch.Sent(address: $0.address.bytes, amount: $0.amount)
            }
            let event = SettlementBatch.Event.inside(id, actionCode: transaction.code, sent: sent)
            let actions = tell(found, event, at: transaction.time, by: transaction, &events)
            return actions.contains { if case .confirm = $0 { true } else { false } }
        case .deposit, .bounced, .other: return false
        }
    }

    /// Money to itself is under way; any other that no batch was to pay is lost until somebody has looked.
    private mutating func bookOutgoing(
        _ transaction: WalletTransaction,
        to own: ChainHash,
        isPaid: Bool,
        _ events: inout [Event]
    ) {
        for (index, message) in transaction.outgoing.enumerated() where message.amount > .zero {
            if message.address == own {
                let record = TransitRecord(
                    sequence: sequence,
                    index: Int64(index),
                    wallet: transaction.wallet,
                    hash: message.hash,
                    amount: message.amount
                )
                add(record)
                events.append(.settlement(.transitBegan(record)))
            } else if !isPaid {
                pay(message.amount, from: .networkCosts, .unattributed, &events)
                let time = transaction.position.logicalTime
                holdSettlement(.unattributed, wallet: transaction.wallet, logicalTime: time, &events)
            }
        }
    }
}

extension WalletTransaction.Incoming {
    /// What came with it.
    package var amount: NanoTON {
        switch self {
        case .external: .zero
        case .own(_, let amount), .deposit(_, _, let amount), .bounced(_, let amount), .other(let amount): amount
        }
    }
}

extension TransitRecord {
    func isBefore(_ other: Self) -> Bool {
        (sequence.rawValue, index) < (other.sequence.rawValue, other.index)
    }
}
