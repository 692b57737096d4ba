public import Units

/// One account of the double-entry ledger: an owner's, or the system's own (DESIGN §4).
public struct LedgerAccount: Hashable, Comparable, Sendable {
    /// `owner × 16 + kind`; the primary key in the database.
    public let rawValue: Int64

    @inlinable public init(rawValue: Int64) { self.rawValue = rawValue }
    @inlinable public init(_ owner: AccountID, _ kind: Kind) { rawValue = owner.rawValue * 16 + Int64(kind.rawValue) }
    @inlinable public init(_ system: SystemKind) { rawValue = Int64(system.rawValue) }

    /// What an owner's money is doing.
    public enum Kind: UInt8, CaseIterable, Sendable {
        case available = 1
        /// For open bids.
        case held
        /// Traded, not yet used.
        case leased
        /// Earned.
        case payable
        case inSettlement
        case bond
    }

    /// The accounts that belong to no owner; they have owner 0.
    public enum SystemKind: UInt8, CaseIterable, Sendable {
        /// What the wallet on TON holds.
        case chain = 1
        case fees
        case suspense
        case networkCosts
        case operatorCapital
    }

    @inlinable public static var chain: LedgerAccount { LedgerAccount(.chain) }
    @inlinable public static var fees: LedgerAccount { LedgerAccount(.fees) }
    @inlinable public static var operatorCapital: LedgerAccount { LedgerAccount(.operatorCapital) }
    @inlinable public static var suspense: LedgerAccount { LedgerAccount(.suspense) }
    @inlinable public static var networkCosts: LedgerAccount { LedgerAccount(.networkCosts) }

    @inlinable public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
    @inlinable public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    @inlinable public var owner: AccountID { AccountID(rawValue / 16) }
    /// `nil` for a system account.
    public var kind: Kind? { owner == .system ? nil : Kind(rawValue: UInt8(rawValue % 16)) }
    /// `nil` for an owner's account.
    public var systemKind: SystemKind? { owner == .system ? SystemKind(rawValue: UInt8(rawValue % 16)) : nil }

    /// Whether a debit makes the balance larger: `chain` and `network_costs` are what the exchange has and has
    /// spent; all others are what it owes.
    @inlinable public var isAsset: Bool { self == .chain || self == LedgerAccount(.networkCosts) }

    /// The name in SQL and JSON, e.g. `available` or `chain`.
    public var kindName: String {
        if let kind {
            switch kind {
            case .available: return "available"
            case .held: return "held"
            case .leased: return "leased"
            case .payable: return "payable"
            case .inSettlement: return "in_settlement"
            case .bond: return "bond"
            }
        }
        switch systemKind {
        case .chain: return "chain"
        case .fees: return "fees"
        case .suspense: return "suspense"
        case .networkCosts: return "network_costs"
        case .operatorCapital: return "operator_capital"
        case nil: return "unknown"
        }
    }
}
