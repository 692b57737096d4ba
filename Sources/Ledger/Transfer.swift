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

        /// The name in SQL and JSON.
        package var name: String {
            switch self {
            case .bondLocked: "bond_locked"
            case .bondReleased: "bond_released"
            case .serviceRefund: "service_refund"
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
