package import Units

/// All accounts of the ledger and what has been posted to them.
///
/// Owners are numbered from 1 without gaps, so an account is found by its number alone. No balance is ever below zero.
package struct Balances: Sendable {
    /// Six for each owner; those of owner 0 are the system's, the last of which is not used.
    private var counters: ContiguousArray<LedgerCounters>

    private static let kinds = LedgerAccount.Kind.allCases.count

    package init() { counters = ContiguousArray(repeating: LedgerCounters(), count: Self.kinds) }

    /// Opens the accounts of the next owner.
    package mutating func addOwner() {
        for _ in 0..<Self.kinds { counters.append(LedgerCounters()) }
    }

    /// Owners, not counting the system.
    package var ownerCount: Int { counters.count / Self.kinds - 1 }

    package subscript(account: LedgerAccount) -> LedgerCounters { counters[Self.index(account)] }

    /// Sets what has been posted to an account, when the ledger is built from records. Returns false, and changes
    /// nothing, when there is no such account or the balance would be below zero.
    package mutating func restore(_ account: LedgerAccount, _ restored: LedgerCounters) -> Bool {
        guard let index = find(account), restored.debits >= 0, restored.credits >= 0 else { return false }
        guard restored.balance(isAsset: account.isAsset) >= 0 else { return false }
        counters[index] = restored
        return true
    }

    /// What the account has: of an asset debits less credits, of all others credits less debits.
    package func balance(_ account: LedgerAccount) -> NanoTON {
        NanoTON(Int64(self[account].balance(isAsset: account.isAsset)))
    }

    /// Moves money, or says why not and changes nothing.
    package mutating func post(_ transfer: Transfer) throws(PostingError) {
        guard transfer.amount.count > 0 else { throw .amountNotPositive }
        guard transfer.debit != transfer.credit else { throw .accountsMustBeDifferent }
        guard let debit = find(transfer.debit), let credit = find(transfer.credit) else { throw .accountNotFound }

        let amount = Int128(transfer.amount.count)
        let isDebitAsset = transfer.debit.isAsset
        guard isDebitAsset || counters[debit].balance(isAsset: false) >= amount else { throw .debitExceedsBalance }
        let isCreditAsset = transfer.credit.isAsset
        guard !isCreditAsset || counters[credit].balance(isAsset: true) >= amount else { throw .creditExceedsBalance }
        counters[debit].debits += amount
        counters[credit].credits += amount
    }

    /// Calls `body` for every account to which something was posted, in ascending order.
    package func forEach(_ body: (LedgerAccount, LedgerCounters) -> Void) {
        for index in counters.indices where !counters[index].isEmpty {
            let owner = Int64(index / Self.kinds)
            body(LedgerAccount(rawValue: owner * 16 + Int64(index % Self.kinds) + 1), counters[index])
        }
    }

    private func find(_ account: LedgerAccount) -> Int? {
        let kind = account.rawValue & 15
        guard account.rawValue > 0, kind >= 1, kind <= Self.kinds else { return nil }
        let index = Self.index(account)
        return index < counters.count ? index : nil
    }

    private static func index(_ account: LedgerAccount) -> Int {
        Int(account.rawValue >> 4) * kinds + Int(account.rawValue & 15) - 1
    }
}

extension LedgerCounters {
    /// The difference, with the sign that makes the usual balance positive.
    @inlinable public func balance(isAsset: Bool) -> Int128 { isAsset ? debits - credits : credits - debits }
}

/// Why a transfer was not posted.
package enum PostingError: Error, Hashable, Sendable {
    case amountNotPositive
    case accountsMustBeDifferent
    case accountNotFound
    /// The account that gives has less.
    case debitExceedsBalance
    /// What the exchange has, or has spent, would fall below zero.
    case creditExceedsBalance
}
