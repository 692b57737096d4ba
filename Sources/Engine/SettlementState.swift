package import Units

/// Why nothing is planned. The raw values are in the database: never renumber, never reuse.
package enum SettlementHoldReason: UInt8, CaseIterable, Sendable {
    /// The operator said so.
    case `operator` = 1
    /// A transaction does not explain the balance of the wallet after it; it is not taken.
    case difference = 2
    /// The chain shows of a batch what must not be.
    case contested = 3
    /// A wallet has sent money that no batch of ours was to send.
    case unattributed = 4

    /// The name in SQL and JSON.
    package var name: String { String(describing: self) }
}

/// Why nothing is planned: the first that there was.
package struct SettlementHold: Hashable, Sendable {
    package var reason: SettlementHoldReason
    /// The command with which it began.
    package var sequence: SequenceNumber
    package var since: LogicalTime
    /// The wallet and the transaction with which it began; `nil` and 0 when the operator said so.
    package var wallet: WalletID?
    package var logicalTime: UInt64
    /// Of a difference: what the wallet should have, and what it has.
    package var expected: NanoTON
    package var found: NanoTON
    /// What the operator said.
    package var text: String

    package init(
        reason: SettlementHoldReason,
        sequence: SequenceNumber,
        since: LogicalTime,
        wallet: WalletID? = nil,
        logicalTime: UInt64 = 0,
        expected: NanoTON = .zero,
        found: NanoTON = .zero,
        text: String = ""
    ) {
        self.reason = reason
        self.sequence = sequence
        self.since = since
        self.wallet = wallet
        self.logicalTime = logicalTime
        self.expected = expected
        self.found = found
        self.text = text
    }
}

/// What the state has for settlement. Every list is in ascending order.
package struct SettlementState: Hashable, Sendable {
    package var terms = SettlementTerms.initial
    package var hold: SettlementHold?
    /// What transactions of wallets have put into the ledger's account of the chain, all together. The rest of that
    /// account is money that the operator has booked by hand.
    package var onChain = NanoTON.zero
    package var wallets: [WalletRecord] = []
    /// By wallet and set.
    package var querySets: [QuerySetUse] = []
    /// By sequence and index.
    package var transits: [TransitRecord] = []
    /// By sequence.
    package var memos: [DepositMemoRecord] = []
    /// By sequence.
    package var addresses: [KnownAddressRecord] = []
    /// By account.
    package var payoutTerms: [PayoutTermsRecord] = []
    /// Those that are not final.
    package var withdrawals: [WithdrawalRecord] = []
    /// By account.
    package var days: [WithdrawalDay] = []
    /// Those without a verdict, and those whose payouts may still come back.
    package var batches: [SettlementRecord] = []
    /// Of ``batches``.
    package var payouts: [PayoutRecord] = []
    /// Those that are nobody's.
    package var suspense: [SuspenseRecord] = []
    package var anchors = AnchorsState()

    package init() {}
}
