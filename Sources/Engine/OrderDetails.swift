import Exchange
import Units

/// What an order has beside what matching needs; lies at the same slot as its ``BookOrder``.
struct OrderDetails: Sendable {
    private(set) var lots: Lots
    /// Lots of an offer that are leased now.
    var openLots: Lots
    /// Lots that self-trade prevention has taken from the order.
    var loweredLots: Lots
    let maxOpenLots: Lots?
    let rates: FeeRates
    let bodyHash: UInt64
    let createdAt: LogicalTime
    var lastSequence: SequenceNumber
    let clientOrderID: ClientOrderID?
    let timeInForce: TimeInForce
    let claimedTEE: TEE
    private(set) var seldomRules: SeldomOrderRules
    /// The account's count of orders in this class or profile; −1 while the order is not listed.
    var holding: Int32 = -1
    /// Neighbours among the account's listed orders, in ascending order.
    var nextOwn: Int32 = -1
    var previousOwn: Int32 = -1
    /// Hash of what only an amendment changes.
    private(set) var fixedHash: RecordHash
    /// What the order adds to the state digest now.
    var digest = StateDigest()

    var isListed: Bool { holding >= 0 }
    var rules: OrderRules { seldomRules.rules }

    /// The least fill that the order as a maker takes, with so much left.
    func leastFill(of remaining: Lots) -> Lots {
        if case .some(let rules) = seldomRules { rules.leastFill(of: remaining) } else { .zero }
    }

    /// Whether it may refuse a fill for being small.
    var hasLeastFill: Bool {
        if case .some(let rules) = seldomRules { rules.isAllOrNone || rules.minLots.count > 0 } else { false }
    }

    /// Whether it is a bid that does not buy from a worker.
    func avoids(_ worker: AccountID) -> Bool {
        if case .some(let rules) = seldomRules { rules.lease.avoided.contains(worker) } else { false }
    }

    /// The lease that a bid tops up, of which it buys from the worker alone; `nil` for any other order.
    var toppedUp: LeaseID? {
        if case .some(let rules) = seldomRules, rules.lease.toppedUp != LeaseID(0) { rules.lease.toppedUp } else { nil }
    }

    /// What it asks for of the leases that it opens.
    var leaseRules: LeaseRules {
        if case .some(let rules) = seldomRules { rules.lease } else { .none }
    }

    /// Takes over what an amendment changed.
    mutating func amend(_ record: OrderRecord) {
        lots = record.lots
        seldomRules = record.seldomRules
        fixedHash = Self.fixedHash(of: record)
    }

    init(_ record: OrderRecord) {
        lots = record.lots
        openLots = record.openLots
        loweredLots = record.loweredLots
        maxOpenLots = record.maxOpenLots
        rates = record.rates
        bodyHash = record.bodyHash
        createdAt = record.createdAt
        lastSequence = record.lastSequence
        clientOrderID = record.clientOrderID
        timeInForce = record.timeInForce
        claimedTEE = record.claimedTEE
        seldomRules = record.seldomRules
        fixedHash = Self.fixedHash(of: record)
    }

    private static func fixedHash(of record: OrderRecord) -> RecordHash {
        var hash = RecordHash(tag: 10)
        hash.combine(record.id.rawValue)
        hash.combine(record.account.rawValue)
        hash.combine(record.price.nanoTONPerMTok)
        hash.combine(record.lots.count)
        hash.combine(record.maxOpenLots?.count ?? -1)
        hash.combine(record.rates.maker.count << 32 | record.rates.taker.count)
        hash.combine(record.bodyHash)
        hash.combine(record.createdAt.microseconds)
        let small = UInt64(record.side.rawValue) << 16 | UInt64(record.timeInForce.rawValue) << 8
        hash.combine(small | UInt64(record.claimedTEE.rawValue))
        if let name = record.clientOrderID?.hash {
            hash.combine(name.high)
            hash.combine(name.low)
        }
        if case .some(let rules) = record.seldomRules { rules.combine(into: &hash) }
        return hash
    }
}

/// How many listed orders an account has in one class or profile.
struct Holding: Sendable {
    var account: AccountID
    var group: Int32
    var isOffer: Bool
    var orders: Int32
}

/// The holdings of all accounts.
struct Holdings: Sendable {
    private var all: ContiguousArray<Holding> = []
    private var free: ContiguousArray<Int32> = []
    private var index = HashIndex()

    func find(_ account: AccountID, _ group: Int32, isOffer: Bool) -> Int32? {
        index.find(Self.hash(account, group, isOffer)) { number in
            let holding = all[Int(number)]
            return holding.account == account && holding.group == group && holding.isOffer == isOffer
        }
    }

    /// Counts one more order; says whether it is the first.
    mutating func add(_ account: AccountID, _ group: Int32, isOffer: Bool) -> (number: Int32, isFirst: Bool) {
        if let number = find(account, group, isOffer: isOffer) {
            all[Int(number)].orders += 1
            return (number, false)
        }
        let holding = Holding(account: account, group: group, isOffer: isOffer, orders: 1)
        let number: Int32
        if let freed = free.popLast() {
            number = freed
            all[Int(number)] = holding
        } else {
            number = Int32(all.count)
            all.append(holding)
        }
        index.insert(number, hash: Self.hash(account, group, isOffer))
        return (number, true)
    }

    /// Counts one order less; says whether it was the last.
    mutating func remove(_ number: Int32) -> Bool {
        all[Int(number)].orders -= 1
        let holding = all[Int(number)]
        guard holding.orders == 0 else { return false }
        index.remove(number, hash: Self.hash(holding.account, holding.group, holding.isOffer))
        free.append(number)
        return true
    }

    private static func hash(_ account: AccountID, _ group: Int32, _ isOffer: Bool) -> UInt32 {
        let word = UInt64(bitPattern: Int64(group)) << 1 | (isOffer ? 1 : 0)
        return HashIndex.hash(UInt64(bitPattern: account.rawValue), word)
    }
}

extension OrderRules {
    /// Adds the rules of an order that has some to its hash.
    func combine(into hash: inout RecordHash) {
        hash.combine(expiresAt.microseconds)
        hash.combine(minLots.count)
        hash.combine(displayLots.count)
        hash.combine(UInt64(selfTrade.rawValue) << 2 | (isPostOnly ? 1 : 0) | (isAllOrNone ? 2 : 0))
        hash.combine(qualityCredit)
        if lease != .none { lease.combine(into: &hash) }
    }
}
