import Exchange
package import Ledger
package import Units

/// What holds after every command (DESIGN §4), as far as one state can show it.
extension Engine {
    /// Checks all of it, from the records up; takes time in proportion to the state.
    package func checkInvariants() throws(InvariantViolation) {
        try checkTrialBalance()
        try checkOrders()
        try checkHoldsAndLeases()
        try checkDeliveries()
        try checkSettlement()
        try checkNothingCouldTrade()
        try checkRequests()
        try checkDigest()
    }

    private func checkTrialBalance() throws(InvariantViolation) {
        var assets: Int128 = 0
        var owed: Int128 = 0
        var negative: LedgerAccount?
        balances.forEach { account, counters in
            let balance = counters.balance(isAsset: account.isAsset)
            if balance < 0 { negative = account }
            if account.isAsset { assets += balance } else { owed += balance }
        }
        if let negative { throw .negativeBalance(negative) }
        guard assets == owed else { throw .trialBalance }
    }

    private func checkOrders() throws(InvariantViolation) {
        var openLots: [OrderID: Lots] = [:]
        for lease in leases.sorted { openLots[lease.offer] = (openLots[lease.offer] ?? .zero) + lease.lots }
        var counts = ContiguousArray(repeating: Int64(0), count: registry.accounts.count)
        var groups = ContiguousArray(repeating: Set<Int64>(), count: registry.accounts.count)
        for slot in openSlots {
            let order = record(of: slot)
            let account = Int(order.account.rawValue) - 1
            counts[account] += 1
            groups[account].insert(order.classID.rawValue - order.profileID.rawValue)
            guard book.orders[Int(slot)].isResting else { throw .notResting(order.id) }
            guard order.remaining.count >= 1, order.remaining <= order.lots else { throw .quantity(order.id) }
            guard order.side == .offer else { continue }
            guard order.openLots == openLots[order.id] ?? .zero else { throw .openLots(order.id) }
            guard order.openLots.count <= order.maxOpenLots?.count ?? .max else { throw .openLots(order.id) }
            let isPlaced = currentCapability(of: slot) == capability(of: order.classID)
            guard isPlaced || isToBeMeasured(order) else { throw .misplaced(order.id) }
        }
        for (index, account) in registry.accounts.enumerated() {
            let classes = groups[index].count { $0 > 0 }
            guard account.orders == counts[index], account.classes == classes,
                account.profiles == groups[index].count - classes
            else { throw .orderCount(account.record.id) }
        }
    }

    /// A mass operation that goes on in later batches has not come to the order yet.
    private func isToBeMeasured(_ order: OrderRecord) -> Bool {
        operations.contains {
            $0.kind == .remeasure && $0.account == order.account && $0.cursor < order.id.rawValue
                && order.id.rawValue <= $0.sequence.rawValue
        }
    }

    private func checkHoldsAndLeases() throws(InvariantViolation) {
        var held = ContiguousArray(repeating: Int128(0), count: registry.accounts.count)
        for slot in openSlots {
            let order = record(of: slot)
            held[Int(order.account.rawValue) - 1] += Int128(order.held.count)
        }
        var leased = ContiguousArray(repeating: Int128(0), count: registry.accounts.count)
        for lease in leases.sorted {
            guard lease.used <= lease.lots.tokens else { throw .usage(lease.id) }
            leased[Int(lease.buyer.rawValue) - 1] += Int128(lease.unused.count)
        }
        for account in registry.accounts {
            let index = Int(account.record.id.rawValue) - 1
            let id = account.record.id
            guard held[index] == Int128(balances.balance(LedgerAccount(id, .held)).count) else { throw .held(id) }
            guard leased[index] == Int128(balances.balance(LedgerAccount(id, .leased)).count) else { throw .leased(id) }
        }
    }

    /// No offer and bid could trade under all rules. Prices alone may look crossed.
    private func checkNothingCouldTrade() throws(InvariantViolation) {
        let pair = book.findTradablePair { bid, offer in couldTrade(bid: bid, offer: offer) }
        if let pair { throw .couldTrade(pair.bid, pair.offer) }
    }

    private func checkRequests() throws(InvariantViolation) {
        var counts: [AccountID: Int] = [:]
        requests.forEach { counts[$0.account, default: 0] += 1 }
        for id in registry.accounts.map(\.record.id) where requests.count(of: id) != counts[id] ?? 0 {
            throw .requestCount(id)
        }
    }

    private func checkDigest() throws(InvariantViolation) {
        guard let rebuilt = try? Engine(state: state(), requestsMax: requestsMax, work: work) else {
            throw .notRebuildable
        }
        guard rebuilt.digest == digest else { throw .digest }
    }
}

/// Which invariant does not hold, and where.
package enum InvariantViolation: Error, Hashable, Sendable {
    case negativeBalance(LedgerAccount)
    /// `chain + network_costs` is not what is owed.
    case trialBalance
    /// The account's held money is not the sum of its open bids' holds.
    case held(AccountID)
    /// The account's leased money is not the sum of what its open leases have not used.
    case leased(AccountID)
    case notResting(OrderID)
    /// An open order has nothing left, or more than was placed.
    case quantity(OrderID)
    /// An offer's open lots are not those of its leases, or above its limit.
    case openLots(OrderID)
    /// An offer is in a class that is not its capability.
    case misplaced(OrderID)
    /// An account's counts of orders, classes or profiles are wrong.
    case orderCount(AccountID)
    case usage(LeaseID)
    /// A claim is more than a step above what was countersigned, or what was countersigned is not charged.
    case delivery(LeaseID)
    /// The next deadline of leases and bonds is not the earliest there is.
    case leaseDeadline
    /// An account's leased lots, pending slashes or the uses of its profiles are wrong.
    case commitments(AccountID)
    /// The account's money in settlement is not that of its withdrawals and open payouts.
    case inSettlement(AccountID)
    /// What is nobody's is not the sum of its entries.
    case suspense
    /// What wallets have, and send themselves, is not what their transactions have put into the ledger.
    case reconciliation
    /// A batch, its payouts and their withdrawals do not fit together.
    case settlement(SettlementID)
    case withdrawal(WithdrawalID)
    case couldTrade(OrderID, OrderID)
    /// The account's count of remembered requests is wrong.
    case requestCount(AccountID)
    case digest
    /// No engine can be built from the state.
    case notRebuildable
}
