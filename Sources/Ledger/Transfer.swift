package import Units

/// One movement of money: what leaves `debit` arrives at `credit`, so the ledger always sums to zero.
package struct Transfer: Hashable, Sendable {
    package let debit: LedgerAccount
    package let credit: LedgerAccount
    /// Above zero: zero amounts make no transfer.
    package let amount: NanoTON
    package let kind: Kind
    /// The order that caused it; `OrderID(0)` for none.
    package let order: OrderID
    /// The trade or lease that caused it; `TradeID(0)` for none.
    package let trade: TradeID

    package init(
        debit: LedgerAccount,
        credit: LedgerAccount,
        amount: NanoTON,
        kind: Kind,
        order: OrderID = OrderID(0),
        trade: TradeID = TradeID(0)
    ) {
        self.debit = debit
        self.credit = credit
        self.amount = amount
        self.kind = kind
        self.order = order
        self.trade = trade
    }

    /// Why money moved. The raw values are in the database: never renumber, never reuse.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case deposit = 1
        /// A bid was accepted.
        case hold = 2
        case trade = 3
        /// What a hold no longer needs.
        case release = 4
        case usage = 5
        case fee = 6
        /// What a lease did not use.
        case refund = 7
        case bondLocked = 30
        case bondReleased = 31
        /// What a breach cost a worker's bond.
        case slash = 32
        /// What a worker's bond gave back because a promise was not kept.
        case serviceRefund = 33
        /// What a wallet had when it was registered: the operator's.
        case walletOpened = 40
        /// A deposit by the chain, with its owner's memo.
        case chainDeposit = 41
        /// Money by the chain that is nobody's yet.
        case suspended = 42
        case suspenseAssigned = 43
        case withdrawal = 44
        case withdrawalCancelled = 45
        /// What was earned is in a batch.
        case payoutPlanned = 46
        /// The chain has shown that it was paid.
        case payout = 47
        /// What payees bear of its costs.
        case payoutFee = 48
        /// What was earned was not and cannot be paid.
        case payoutRequeued = 49
        case payoutReturned = 50
        /// What a transaction of a wallet cost.
        case networkCost = 51
        /// What a wallet has sent without a batch of ours; a loss until somebody has looked.
        case unattributed = 52
        /// The operator has said that a payout that the chain contradicts was paid.
        case payoutResolvedPaid = 60
        /// The operator has said that it was not.
        case payoutResolvedUnpaid = 61

        /// The name in SQL and JSON.
        package var name: String {
            switch self {
            case .bondLocked: "bond_locked"
            case .bondReleased: "bond_released"
            case .serviceRefund: "service_refund"
            case .walletOpened: "wallet_opened"
            case .chainDeposit: "chain_deposit"
            case .suspenseAssigned: "suspense_assigned"
            case .withdrawalCancelled: "withdrawal_cancelled"
            case .payoutPlanned: "payout_planned"
            case .payoutFee: "payout_fee"
            case .payoutRequeued: "payout_requeued"
            case .payoutReturned: "payout_returned"
            case .networkCost: "network_cost"
            case .payoutResolvedPaid: "payout_resolved_paid"
            case .payoutResolvedUnpaid: "payout_resolved_unpaid"
            default: String(describing: self)
            }
        }
    }
}

/// Two monotone counters; the balance is their difference (DESIGN §4). They count turnover, which outgrows 64 bits
/// long before any balance does: an account that holds and releases 10^18 nanoTON ten times has passed `Int64.max`.
public struct LedgerCounters: Hashable, Sendable {
    public var debits: Int128
    public var credits: Int128

    @inlinable public init(debits: Int128 = 0, credits: Int128 = 0) {
        self.debits = debits
        self.credits = credits
    }

    /// Nothing was posted.
    @inlinable public var isEmpty: Bool { debits | credits == 0 }
}
