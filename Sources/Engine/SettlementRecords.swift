package import Settlement
package import Units

/// A wallet from which the exchange pays, and how far its history is known.
package struct WalletRecord: Hashable, Sendable {
    package var id: WalletID
    package var terms: WalletTerms
    /// The command that registered it.
    package var sequence: SequenceNumber
    /// The last transaction that was told.
    package var last: ChainPosition
    /// What it has after that.
    package var balance: NanoTON
    /// The chain's clock up to which nothing is missing, in seconds since 1970.
    package var scannedTo: UInt64
    /// Query ids that were given out.
    package var queries: UInt64
    /// The logical time of the next transaction, when it was not taken because it does not explain the balance after
    /// it; 0 otherwise. As long as it stands nothing later is known.
    package var unexplained: UInt64
    /// The place of the first query id, from which on they are given out.
    package var firstQuery: UInt64 = 0
    /// The command since which it is in no plan and takes no new deposits; `nil` while it is in use.
    package var retiredBy: SequenceNumber?

    /// Whether it is in no plan and takes no new deposits.
    package var isRetired: Bool { retiredBy != nil }

    package init(id: WalletID, terms: WalletTerms, sequence: SequenceNumber) {
        self.id = id
        self.terms = terms
        self.sequence = sequence
        last = terms.start
        balance = terms.balance
        scannedTo = terms.startTime
        queries = 0
        unexplained = 0
    }
}

/// When a set of a wallet's query ids was last used.
package struct QuerySetUse: Hashable, Sendable {
    package var wallet: WalletID
    /// From 0.
    package var set: Int64
    /// The chain's clock, in seconds since 1970.
    package var at: UInt64

    package init(wallet: WalletID, set: Int64, at: UInt64) {
        self.wallet = wallet
        self.set = set
        self.at = at
    }
}

/// Money that a wallet has sent itself and has not got yet.
package struct TransitRecord: Hashable, Sendable {
    /// The command that told that it was sent.
    package var sequence: SequenceNumber
    /// From 0, of the messages that the transaction sent.
    package var index: Int64
    package var wallet: WalletID
    /// Of the message.
    package var hash: ChainHash
    package var amount: NanoTON

    package init(sequence: SequenceNumber, index: Int64, wallet: WalletID, hash: ChainHash, amount: NanoTON) {
        self.sequence = sequence
        self.index = index
        self.wallet = wallet
        self.hash = hash
        self.amount = amount
    }
}

/// Whose deposits come with a memo.
package struct DepositMemoRecord: Hashable, Sendable {
    /// The command that opened it.
    package var sequence: SequenceNumber
    package var account: AccountID
    package var memo: DepositMemo
    package var createdAt: LogicalTime

    package init(sequence: SequenceNumber, account: AccountID, memo: DepositMemo, createdAt: LogicalTime) {
        self.sequence = sequence
        self.account = account
        self.memo = memo
        self.createdAt = createdAt
    }
}

/// An address that an account has named.
package struct KnownAddressRecord: Hashable, Sendable {
    /// The command that named it first.
    package var sequence: SequenceNumber
    package var account: AccountID
    package var address: ChainHash
    /// Nothing goes there earlier.
    package var usableAt: LogicalTime

    package init(sequence: SequenceNumber, account: AccountID, address: ChainHash, usableAt: LogicalTime) {
        self.sequence = sequence
        self.account = account
        self.address = address
        self.usableAt = usableAt
    }
}

/// Where what an account has earned goes by itself.
package struct PayoutTermsRecord: Hashable, Sendable {
    package var account: AccountID
    package var terms: PayoutTerms
    package var setAt: LogicalTime
    /// Nothing goes there earlier.
    package var usableAt: LogicalTime
    /// A payout came back from there: nothing goes there until the terms are set again.
    package var isSuspended = false

    package init(account: AccountID, terms: PayoutTerms, setAt: LogicalTime, usableAt: LogicalTime) {
        self.account = account
        self.terms = terms
        self.setAt = setAt
        self.usableAt = usableAt
    }
}

/// How far a withdrawal is. The raw values are in the database: never renumber, never reuse.
package enum WithdrawalState: UInt8, CaseIterable, Sendable {
    /// It waits, also for approval, and may be cancelled.
    case requested = 1
    /// It is in a batch.
    case planned = 2
    /// The chain has shown that it was paid.
    case paid = 3
    case cancelled = 4
    /// The chain contradicts its batch, and the operator has said that it was paid.
    case resolved = 5

    /// The name in SQL and JSON.
    package var name: String { String(describing: self) }

    /// Whether nothing more happens to it.
    package var isFinal: Bool { self == .paid || self == .cancelled || self == .resolved }
}

/// Money that an owner wants on the chain. It is in settlement until it is paid or cancelled.
package struct WithdrawalRecord: Hashable, Sendable {
    package var id: WithdrawalID
    package var account: AccountID
    package var terms: WithdrawalTerms
    /// What of the amount the exchange keeps for the costs.
    package var fee: NanoTON
    package var requestedAt: LogicalTime
    /// When its address has cooled off.
    package var dueAt: LogicalTime
    package var needsApproval: Bool
    /// By the command of the operator; `nil` before.
    package var approvedBy: SequenceNumber?
    package var state: WithdrawalState
    /// Its newest payout; `nil` before the first.
    package var payout: PayoutID?

    package init(
        id: WithdrawalID,
        account: AccountID,
        terms: WithdrawalTerms,
        fee: NanoTON,
        requestedAt: LogicalTime,
        dueAt: LogicalTime,
        needsApproval: Bool
    ) {
        self.id = id
        self.account = account
        self.terms = terms
        self.fee = fee
        self.requestedAt = requestedAt
        self.dueAt = dueAt
        self.needsApproval = needsApproval
        state = .requested
    }

    /// Whether a plan may take it.
    package func isDue(at time: LogicalTime) -> Bool {
        state == .requested && dueAt <= time && (!needsApproval || approvedBy != nil)
    }
}

/// What an account has withdrawn on its last day with a withdrawal.
package struct WithdrawalDay: Hashable, Sendable {
    package var account: AccountID
    /// Days of UTC since 1970.
    package var day: Int64
    package var amount: NanoTON

    package init(account: AccountID, day: Int64, amount: NanoTON) {
        self.account = account
        self.day = day
        self.amount = amount
    }
}

/// Payouts that one message carries. Of ``SettlementBatch/Phase`` a record never has `planned` or `sent`: a plan says
/// all that is signed, and what is sent when is nobody's concern here.
package struct SettlementRecord: Hashable, Sendable {
    package var id: SettlementID
    package var wallet: WalletID
    package var phase: SettlementBatch.Phase
    /// What the message is signed for.
    package var signed: SettlementBatch.Signed
    package var plannedAt: LogicalTime
    /// Of the transaction with which the wallet took the message.
    package var outside: ChainPosition?
    /// Of the message that the wallet sent itself then.
    package var own: ChainHash?
    /// Of the transaction with which the wallet paid.
    package var inside: ChainPosition?
    /// The block of the masterchain with which ``inside`` is finalized, or ``outside`` when there is none; 0 before.
    package var block: UInt64
    /// The chain's clock at the verdict, in seconds since 1970; `nil` before.
    package var decidedAt: UInt64?
    /// Of a failure; 0 for none.
    package var code: Int64

    package init(
        id: SettlementID,
        wallet: WalletID,
        phase: SettlementBatch.Phase,
        signed: SettlementBatch.Signed,
        plannedAt: LogicalTime
    ) {
        self.id = id
        self.wallet = wallet
        self.phase = phase
        self.signed = signed
        self.plannedAt = plannedAt
        block = 0
        code = 0
    }
}

/// What has become of a payout. The raw values are in the database: never renumber, never reuse.
package enum PayoutState: UInt8, CaseIterable, Sendable {
    /// Its money is in settlement.
    case open = 1
    /// The chain has shown that it was paid.
    case paid = 2
    /// It was not and cannot be paid; its money went back, or waits again.
    case requeued = 3
    /// It was paid and came back.
    case returned = 4
    /// The chain contradicts its batch, and the operator has said that it was paid, or that it was not.
    case resolvedPaid = 5
    case resolvedUnpaid = 6

    /// The name in SQL and JSON.
    package var name: String {
        switch self {
        case .resolvedPaid: "resolved_paid"
        case .resolvedUnpaid: "resolved_unpaid"
        default: String(describing: self)
        }
    }

    /// Whether the operator has said what has become of it.
    package var isResolved: Bool { self == .resolvedPaid || self == .resolvedUnpaid }
}

/// Money that goes to an address with a batch.
package struct PayoutRecord: Hashable, Sendable {
    package var id: PayoutID
    package var account: AccountID
    /// `nil` for what the account has earned.
    package var withdrawal: WithdrawalID?
    package var destination: PayoutDestination
    /// What arrives.
    package var amount: NanoTON
    /// What the exchange keeps for the costs, beside the amount.
    package var fee: NanoTON
    package var comment: String
    package var state: PayoutState
    /// Of the message that paid it; `nil` before.
    package var message: ChainHash?
    /// What came back, less the fees of its way.
    package var returned: NanoTON
    /// By what the operator knows what has become of it; empty unless he said so.
    package var reference = ""

    package init(
        id: PayoutID,
        account: AccountID,
        withdrawal: WithdrawalID?,
        destination: PayoutDestination,
        amount: NanoTON,
        fee: NanoTON,
        comment: String
    ) {
        self.id = id
        self.account = account
        self.withdrawal = withdrawal
        self.destination = destination
        self.amount = amount
        self.fee = fee
        self.comment = comment
        state = .open
        returned = .zero
    }
}

/// Why money is nobody's. The raw values are in the database: never renumber, never reuse.
package enum SuspenseReason: UInt8, CaseIterable, Sendable {
    /// No memo, or one that is nobody's.
    case unknownMemo = 1
    /// Less than the dust limit, with somebody's memo.
    case dust = 2
    /// It came back, and nobody knows what it was.
    case unknownBounce = 3
    /// A message that is no deposit.
    case unknownMessage = 4

    /// The name in SQL and JSON.
    package var name: String {
        switch self {
        case .unknownMemo: "unknown_memo"
        case .dust: "dust"
        case .unknownBounce: "unknown_bounce"
        case .unknownMessage: "unknown_message"
        }
    }
}

/// Money that arrived and is nobody's yet.
package struct SuspenseRecord: Hashable, Sendable {
    package var id: SuspenseID
    package var wallet: WalletID
    package var reason: SuspenseReason
    package var amount: NanoTON
    /// Whom it came from; `nil` if that is unknown.
    package var source: ChainHash?
    /// As it came; `nil` for none.
    package var comment: String?
    package var arrivedAt: LogicalTime

    package init(
        id: SuspenseID,
        wallet: WalletID,
        reason: SuspenseReason,
        amount: NanoTON,
        source: ChainHash?,
        comment: String?,
        arrivedAt: LogicalTime
    ) {
        self.id = id
        self.wallet = wallet
        self.reason = reason
        self.amount = amount
        self.source = source
        self.comment = comment
        self.arrivedAt = arrivedAt
    }
}
