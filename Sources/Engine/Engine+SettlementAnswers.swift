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
    package var figures: SettlementFigures

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
        capital: NanoTON = .zero,
        figures: SettlementFigures = SettlementFigures()
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
        self.figures = figures
    }
}

/// What of settlement is watched.
package struct SettlementFigures: Hashable, Sendable {
    /// Payouts whose batch has no verdict, or one that a person must look at, and what they come to.
    package var inFlight = 0
    package var inFlightAmount = NanoTON.zero
    /// Since when the oldest of them, or of the withdrawals that a plan might take, waits; `nil` when none does.
    package var oldest: LogicalTime?
    /// What the wallets have by their histories.
    package var balance = NanoTON.zero
    /// What wallets have less what their transactions explain: 0, or settlement is held.
    package var difference: Int64 = 0
    package var isHeld = false
    /// How far the history is known of the wallet of which the least is; `nil` without wallets.
    package var lastLogicalTime: UInt64?
    /// The chain's clock up to which nothing is missing there, in seconds since 1970.
    package var scannedTo: UInt64?

    package init() {}
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
            capital: balances.balance(.operatorCapital) + balances.balance(.fees) - balances.balance(.networkCosts),
            figures: settlementFigures
        )
    }

    /// Looks at every batch without an end, and at every withdrawal that waits.
    package var settlementFigures: SettlementFigures {
        var figures = SettlementFigures()
        var since = settlement.withdrawals.filter { $0.isDue(at: time) }.map { max($0.requestedAt, $0.dueAt) }
        for batch in settlement.batches where !batch.record.phase.isFinal || batch.record.phase == .contested {
            let open = batch.payouts.filter { $0.state == .open }
            figures.inFlight += open.count
            figures.inFlightAmount = open.reduce(figures.inFlightAmount) { $0 + $1.amount }
            since.append(batch.record.plannedAt)
        }
        figures.oldest = since.min()
        figures.balance = settlement.wallets.reduce(.zero) { $0 + $1.balance }
        figures.difference = Int64(clamping: settlement.walletMoney - Int128(settlement.onChain.count))
        if let hold = settlement.hold {
            figures.isHeld = true
            if hold.reason == .difference { figures.difference += hold.found.count - hold.expected.count }
        }
        figures.lastLogicalTime = settlement.wallets.map(\.last.logicalTime).min()
        figures.scannedTo = settlement.wallets.map(\.scannedTo).min()
        return figures
    }
}
