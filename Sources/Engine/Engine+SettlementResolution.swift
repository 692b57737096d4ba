import Exchange
import Ledger
import Settlement
import Units

/// What the operator decides where the chain has not, and which wallets are used.
extension Engine {
    /// Says what has become of payouts of a contested batch. When none is open any more the batch is resolved, and
    /// what the chain still shows of it is money that no batch was to send.
    mutating func resolve(_ terms: SettlementResolution, _ events: inout [Event]) -> Rejection? {
        guard let batch = settlement.batches.firstIndex(where: { $0.record.id == terms.batch }) else {
            return .settlementNotFound
        }
        let record = settlement.batches[batch].record
        guard record.phase == .contested else { return .settlementNotContested }
        let payouts = settlement.batches[batch].payouts
        let open = payouts.indices.filter { payouts[$0].state == .open }
        guard terms.payouts.allSatisfy({ open.contains(Int($0.index)) }) else { return .payoutNotOpen }
        var verdicts: [Int: Bool] = [:]
        if let others = terms.others { for index in open { verdicts[index] = others } }
        for payout in terms.payouts { verdicts[Int(payout.index)] = payout.isPaid }
        if verdicts.values.contains(false), mayStillPay(record) { return .resolutionTooEarly }
        for index in open {
            guard let isPaid = verdicts[index] else { continue }
            resolve(batch, index, isPaid, terms.reference, &events)
        }
        if verdicts.count == open.count { close(batch, &events) }
        return nil
    }

    /// The wallet takes the message of a batch up to its timeout, and pays with the message to itself that it then
    /// sends: what is not known up to there, or is under way, may be that.
    private func mayStillPay(_ record: SettlementRecord) -> Bool {
        guard let wallet = settlement.walletIndex(record.wallet) else { return true }
        let end = record.signed.createdAt + record.signed.timeout + SettlementBatch.expiryMargin
        return settlement.wallets[wallet].scannedTo <= end
            || settlement.transits.contains { $0.wallet == record.wallet }
    }

    /// What left a wallet for a payout that is paid was booked as a cost, or the operator has paid it otherwise: either
    /// way what was owed is the operator's then.
    private mutating func resolve(
        _ batch: Int,
        _ index: Int,
        _ isPaid: Bool,
        _ reference: String,
        _ events: inout [Event]
    ) {
        changePayout(batch, index, &events) {
            $0.state = isPaid ? .resolvedPaid : .resolvedUnpaid
            $0.reference = reference
        }
        let payout = settlement.batches[batch].payouts[index]
        let owed = LedgerAccount(payout.account, .inSettlement)
        if isPaid {
            if let id = payout.withdrawal { changeWithdrawal(id, &events) { $0.state = .resolved } }
            let paid = Transfer(debit: owed, credit: .operatorCapital, amount: payout.amount, kind: .payoutResolvedPaid)
            post(paid, &events)
            post(Transfer(debit: owed, credit: .fees, amount: payout.fee, kind: .payoutFee), &events)
        } else {
            if let id = payout.withdrawal { giveUp(id, &events) }
            let kind: LedgerAccount.Kind = payout.withdrawal == nil ? .payable : .available
            let amount = payout.amount + payout.fee
            post(payout.account, .inSettlement, payout.account, kind, amount, .payoutResolvedUnpaid, &events)
        }
        touch(payout.account)
    }

    private mutating func close(_ batch: Int, _ events: inout [Event]) {
        let chainTime = settlement.batches[batch].record.decidedAt ?? 0
        _ = tell(batch, .resolved, at: chainTime, &events)
        forget(batch, &events)
        settlement.batches.remove(at: batch)
    }

    // MARK: Wallets

    /// A wallet that is retired is in no plan and is not shown for deposits. What it was to pay goes on, and what it
    /// gets is booked.
    mutating func setRetired(_ wallet: WalletID, _ isRetired: Bool, _ events: inout [Event]) -> Rejection? {
        guard let index = settlement.walletIndex(wallet) else { return .walletUnknown }
        guard settlement.wallets[index].isRetired != isRetired else { return nil }
        let command = sequence
        changeWallet(index, &events) { $0.retiredBy = isRetired ? command : nil }
        return nil
    }
}
