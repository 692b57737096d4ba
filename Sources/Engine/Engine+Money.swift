import Exchange
import Ledger
import Units

/// Transfers, deposits, and what is charged on a lease (ENGINE §4).
extension Engine {
    /// Moves an owner's money; nothing for an amount of zero.
    mutating func post(
        _ from: AccountID,
        _ debit: LedgerAccount.Kind,
        _ to: AccountID,
        _ credit: LedgerAccount.Kind,
        _ amount: NanoTON,
        _ kind: Transfer.Kind,
        order: OrderID = OrderID(0),
        trade: TradeID = TradeID(0),
        _ events: inout [Event]
    ) {
        let debit = LedgerAccount(from, debit)
        let credit = LedgerAccount(to, credit)
        post(Transfer(debit: debit, credit: credit, amount: amount, kind: kind, order: order, trade: trade), &events)
    }

    /// Moves money; nothing for an amount of zero.
    mutating func post(_ transfer: Transfer, _ events: inout [Event]) {
        guard transfer.amount.count != 0 else { return }
        recordSum.subtract(recordHash(transfer.debit))
        recordSum.subtract(recordHash(transfer.credit))
        do throws(PostingError) {
            try balances.post(transfer)
        } catch {
            // Every command checks what it is about to move: this would be money out of nothing.
            preconditionFailure("a checked transfer was refused: \(error)")
        }
        recordSum.add(recordHash(transfer.debit))
        recordSum.add(recordHash(transfer.credit))
        events.append(.transfer(transfer))
        if keyring.hasBudgets { count(transfer, &events) }
    }

    mutating func deposit(_ amount: NanoTON, to owner: AccountID, _ events: inout [Event]) -> Rejection? {
        guard owner == .system || registry.accountIndex(owner) != nil else { return .accountUnknown }
        guard balances.balance(.chain).count <= Limits.depositsMax - amount.count else { return .depositLimit }
        let credit = owner == .system ? .operatorCapital : LedgerAccount(owner, .available)
        post(Transfer(debit: .chain, credit: credit, amount: amount, kind: .deposit), &events)
        touch(owner)
        return nil
    }

    // MARK: Usage

    /// What the operator states of a lease's usage, receipts or not.
    mutating func use(_ id: LeaseID, _ tokens: AdjustedTokens, _ events: inout [Event]) -> Rejection? {
        guard let slot = leases.find(id) else { return .leaseNotFound }
        guard tokens >= leases[slot].used else { return .usageNotMonotone }
        guard tokens <= leases[slot].lots.tokens else { return .usageAboveLease }
        charge(slot, tokens, &events)
        return nil
    }

    /// Charges cumulative tokens, which are at least what was charged before and at most those of the lease.
    mutating func charge(_ slot: Int32, _ tokens: AdjustedTokens, _ events: inout [Event]) {
        let lease = leases[slot]
        let before = lease.charges(at: lease.used)
        let now = lease.charges(at: tokens)
        let cost = now.cost - before.cost
        let workerFee = now.workerFee - before.workerFee
        let fee = now.buyerFee - before.buyerFee + workerFee
        let trade = TradeID(lease.id.rawValue)
        post(lease.buyer, .leased, lease.worker, .payable, cost - workerFee, .usage, trade: trade, &events)
        let leased = LedgerAccount(lease.buyer, .leased)
        post(Transfer(debit: leased, credit: .fees, amount: fee, kind: .fee, trade: trade), &events)
        change(slot) { $0.used = tokens }
        events.append(.used(lease.id, tokens))
        touch(lease.buyer)
        touch(lease.worker)
    }
}
