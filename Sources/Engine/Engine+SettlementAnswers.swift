import Ledger
import Settlement
package import Units

/// How settlement stands.
package struct SettlementStatus: Hashable, Sendable {
    /// Why nothing is planned; `nil` when there is planning.
    package var hold: SettlementHold?
    package var wallets: [WalletRecord]
    /// Withdrawals that are in no batch.
    package var waiting: Int
    /// Of these, those that the operator has not approved and must.
    package var unapproved: Int
    /// Batches without a verdict, or with one that a person must look at.
    package var undecided: Int
    /// Money of nobody: entries, and what they come to.
    package var suspended: Int
    package var suspense: NanoTON
    /// What the ledger has on the chain, and what of it the wallets do.
    package var chain: NanoTON
    package var onChain: NanoTON
    /// The operator's capital and fees less the costs of the network.
    package var capital: NanoTON

    package init(
        hold: SettlementHold? = nil,
        wallets: [WalletRecord] = [],
        waiting: Int = 0,
        unapproved: Int = 0,
        undecided: Int = 0,
        suspended: Int = 0,
        suspense: NanoTON = .zero,
        chain: NanoTON = .zero,
        onChain: NanoTON = .zero,
        capital: NanoTON = .zero
    ) {
        self.hold = hold
        self.wallets = wallets
        self.waiting = waiting
        self.unapproved = unapproved
        self.undecided = undecided
        self.suspended = suspended
        self.suspense = suspense
        self.chain = chain
        self.onChain = onChain
        self.capital = capital
    }
}

// What owners and the operator may ask of settlement.
extension Engine {
    /// How money is settled now.
    package var currentSettlementTerms: SettlementTerms { settlement.terms }

    /// The first wallet of the exchange that is in use: deposits go there.
    package var depositWallet: WalletRecord? { settlement.wallets.first { !$0.isRetired } }

    /// By what an account's deposits are known; `nil` before it has asked.
    package func depositMemo(of account: AccountID) -> DepositMemo? { settlement.memos[account]?.memo }

    /// Where what an account has earned goes by itself; `nil` for nowhere.
    package func payoutTerms(of account: AccountID) -> PayoutTermsRecord? { settlement.payoutTerms[account] }

    /// Why nothing is planned; `nil` when there is planning.
    package var settlementHold: SettlementHold? { settlement.hold }

    /// The exchange's wallets, by their numbers.
    package var settlementWallets: [WalletRecord] { settlement.wallets }

    /// Batches that nothing has been decided about, in ascending order, with their payouts by index.
    package var undecidedSettlements: [(record: SettlementRecord, payouts: [PayoutRecord])] {
        settlement.batches.filter { !$0.record.phase.isFinal }.map { ($0.record, $0.payouts) }
    }

    package var settlementStatus: SettlementStatus {
        let waiting = settlement.withdrawals.filter { $0.state == .requested }
        return SettlementStatus(
            hold: settlement.hold,
            wallets: settlement.wallets,
            waiting: waiting.count,
            unapproved: waiting.count { $0.needsApproval && $0.approvedBy == nil },
            undecided: settlement.batches.count { !$0.record.phase.isFinal || $0.record.phase == .contested },
            suspended: settlement.suspense.count,
            suspense: balances.balance(.suspense),
            chain: balances.balance(.chain),
            onChain: settlement.onChain,
            capital: balances.balance(.operatorCapital) + balances.balance(.fees) - balances.balance(.networkCosts)
        )
    }
}
