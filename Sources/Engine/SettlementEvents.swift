package import Settlement
package import Units

/// What happened to money that enters and leaves by the chain.
package enum SettlementEvent: Hashable, Sendable {
    case termsSet(SettlementTerms)
    /// A new wallet, or more is known of it.
    case walletSet(WalletRecord)
    case querySetUsed(QuerySetUse)
    /// A wallet has sent itself money.
    case transitBegan(TransitRecord)
    /// It has arrived.
    case transitEnded(TransitRecord)
    case memoOpened(DepositMemoRecord)
    /// The account had one already: nothing changed.
    case memoRepeated(DepositMemoRecord)
    case addressNamed(KnownAddressRecord)
    case payoutTermsSet(PayoutTermsRecord)
    case payoutTermsEnded(AccountID)
    /// A new withdrawal, or another state of it; a final one is no longer in the state.
    case withdrawalSet(WithdrawalRecord)
    case withdrawalDaySet(WithdrawalDay)
    /// A new batch, or another phase of it.
    case batchSet(SettlementRecord)
    /// A new payout, or another state of it.
    case payoutSet(PayoutRecord)
    /// Nothing can come of the batch any more: it is no longer in the state.
    case batchEnded(SettlementID)
    case alarm(SettlementID, SettlementBatch.Alarm)
    /// A transaction was taken; what it was is said by the events around it.
    case transactionTaken(WalletTransaction)
    /// A deposit has become somebody's.
    case deposited(ChainDeposit)
    case suspended(SuspenseRecord)
    /// ``AccountID/system``: it is the operator's.
    case suspenseAssigned(SuspenseID, AccountID)
    /// Nothing is planned from now on.
    case held(SettlementHold)
    case resumed
    case anchorPolicySet(AnchorPolicy)
    /// By this command.
    case anchorRequested(SequenceNumber)
    /// A new anchor, or another state of it.
    case anchorSet(AnchorRecord)
}

/// A deposit that is somebody's. Its number is the sequence of the command with which it arrived.
package struct ChainDeposit: Hashable, Sendable {
    package var account: AccountID
    package var wallet: WalletID
    package var position: ChainPosition
    package var source: ChainHash
    package var amount: NanoTON
    package var memo: DepositMemo

    package init(
        account: AccountID,
        wallet: WalletID,
        position: ChainPosition,
        source: ChainHash,
        amount: NanoTON,
        memo: DepositMemo
    ) {
        self.account = account
        self.wallet = wallet
        self.position = position
        self.source = source
        self.amount = amount
        self.memo = memo
    }
}
