internal import Exchange
package import Ledger
package import Units

/// What somebody who follows the events starts from.
extension Engine {
    /// Every open order with its owner, in no order.
    package var openOrderOwners: [(order: OrderID, account: AccountID)] {
        details.indices.filter { details[$0].isListed }.map { (book.orders[$0].id, book.orders[$0].account) }
    }

    /// Every open lease with its parties.
    package var openLeaseParties: [(lease: LeaseID, worker: AccountID, app: AccountID)] {
        leases.sorted.map { ($0.id, $0.worker, $0.buyer) }
    }

    /// Everything that was posted, account by account.
    package var allBalances: [(account: LedgerAccount, counters: LedgerCounters)] {
        var all: [(account: LedgerAccount, counters: LedgerCounters)] = []
        balances.forEach { all.append(($0, $1)) }
        return all
    }
}
