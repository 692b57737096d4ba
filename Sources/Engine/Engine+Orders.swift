import Exchange
import Ledger
import Units

/// Open orders: how they are found, listed, closed, and shown.
extension Engine {
    /// The slot of an open order.
    func find(_ id: OrderID) -> Int32? {
        openOrders.find(Self.hash(id)) { book.orders[Int($0)].id == id }
    }

    /// The slot of the account's open order with this client order id.
    func find(_ name: ClientOrderID, _ hash: ClientOrderIDHash, of account: AccountID) -> Int32? {
        guard clientOrders.count > 0 else { return nil }
        return clientOrders.find(Self.hash(hash, account)) {
            book.orders[Int($0)].account == account && details[Int($0)].clientOrderID == name
        }
    }

    private static func hash(_ id: OrderID) -> UInt32 { HashIndex.hash(number: id.rawValue) }

    /// Where the name is looked for. By both halves of its hash: names of which one half is the same are easily made,
    /// and would lie one behind the other.
    static func hash(_ name: ClientOrderIDHash, _ account: AccountID) -> UInt32 {
        HashIndex.hash(name.high, name.low ^ UInt64(bitPattern: account.rawValue))
    }

    /// Takes an order in as a taker: it has a slot, but nobody finds it yet.
    mutating func add(_ record: OrderRecord) -> Int32 {
        let isOffer = record.side == .offer
        let free = record.maxOpenLots.map { $0 - record.openLots } ?? BookOrder.unlimited
        let group = isOffer ? record.classID.rawValue - 1 : record.profileID.rawValue - 1
        let isIceberg = record.seldomRules.displayLots.count > 0
        let slot = book.add(
            BookOrder(
                id: record.id,
                account: record.account,
                isOffer: isOffer,
                price: record.price,
                priority: record.priority,
                remaining: record.remaining,
                displayed: isIceberg ? record.displayed : BookOrder.unlimited,
                free: free,
                group: Int32(group)
            )
        )
        if Int(slot) < details.count {
            details[Int(slot)] = OrderDetails(record)
        } else {
            if details.count == details.capacity { details.reserveCapacity(Book.capacity(after: details.count)) }
            details.append(OrderDetails(record))
        }
        return slot
    }

    /// Makes an order known as open, and counts it; it enters the book by itself.
    mutating func list(_ slot: Int32) {
        let order = book.orders[Int(slot)]
        let account = Int(order.account.rawValue) - 1
        openOrders.insert(slot, hash: Self.hash(order.id))
        if let name = details[Int(slot)].clientOrderID {
            clientOrders.insert(slot, hash: Self.hash(name.hash, order.account))
        }
        registry.accounts[account].orders += 1
        hold(slot, order)
        linkOwn(slot, account)
        let rules = details[Int(slot)].seldomRules
        if rules.expiresAt != .never { expiries.insert(rules.expiresAt, .order(order.id)) }
        if details[Int(slot)].hasLeastFill { ordersWithLeast += 1 }
        updateDigest(of: slot)
    }

    private mutating func unlist(_ slot: Int32) {
        let order = book.orders[Int(slot)]
        let account = Int(order.account.rawValue) - 1
        openOrders.remove(slot, hash: Self.hash(order.id))
        if let name = details[Int(slot)].clientOrderID {
            clientOrders.remove(slot, hash: Self.hash(name.hash, order.account))
        }
        registry.accounts[account].orders -= 1
        release(slot, order)
        unlinkOwn(slot, account)
        let rules = details[Int(slot)].seldomRules
        if rules.expiresAt != .never { expiries.remove(rules.expiresAt, .order(order.id)) }
        if details[Int(slot)].hasLeastFill { ordersWithLeast -= 1 }
        recordSum.subtract(details[Int(slot)].digest)
    }

    /// Moves a listed order that is in no queue to another class.
    mutating func reclassify(_ slot: Int32, to group: Int32) {
        release(slot, book.orders[Int(slot)])
        book.reclassify(slot, to: group)
        hold(slot, book.orders[Int(slot)])
    }

    private mutating func hold(_ slot: Int32, _ order: BookOrder) {
        let added = holdings.add(order.account, order.group, isOffer: order.isOffer)
        details[Int(slot)].holding = added.number
        if added.isFirst { count(order, 1) }
    }

    private mutating func release(_ slot: Int32, _ order: BookOrder) {
        if holdings.remove(details[Int(slot)].holding) { count(order, -1) }
        details[Int(slot)].holding = -1
    }

    private mutating func count(_ order: BookOrder, _ change: Int) {
        let account = Int(order.account.rawValue) - 1
        if order.isOffer {
            registry.accounts[account].classes += change
        } else {
            registry.accounts[account].profiles += change
        }
    }

    private mutating func linkOwn(_ slot: Int32, _ account: Int) {
        let last = registry.accounts[account].lastOwn
        details[Int(slot)].previousOwn = last
        details[Int(slot)].nextOwn = -1
        if last >= 0 { details[Int(last)].nextOwn = slot } else { registry.accounts[account].firstOwn = slot }
        registry.accounts[account].lastOwn = slot
    }

    private mutating func unlinkOwn(_ slot: Int32, _ account: Int) {
        let next = details[Int(slot)].nextOwn
        let previous = details[Int(slot)].previousOwn
        if next >= 0 {
            details[Int(next)].previousOwn = previous
        } else {
            registry.accounts[account].lastOwn = previous
        }
        if previous >= 0 {
            details[Int(previous)].nextOwn = next
        } else {
            registry.accounts[account].firstOwn = next
        }
    }

    /// Ends an order, listed or just taken in: what its hold still has is released.
    mutating func close(_ slot: Int32, _ reason: CloseReason, _ events: inout [Event]) {
        let order = book.orders[Int(slot)]
        if !order.isOffer && order.remaining.count > 0 {
            let amount = details[Int(slot)].rates.hold(for: order.remaining, at: order.price)
            post(order.account, .held, order.account, .available, amount, .release, order: order.id, &events)
        }
        events.append(.closed(order.id, reason, order.remaining))
        touch(order.account)
        if !order.isOffer { forgetBudget(of: order.id) }
        if details[Int(slot)].isListed { unlist(slot) }
        book.remove(slot)
    }

    /// The record of an order that is open, or on its way in.
    func record(of slot: Int32) -> OrderRecord {
        let order = book.orders[Int(slot)]
        let detail = details[Int(slot)]
        let number = Int64(order.group) + 1
        var record = OrderRecord(
            id: order.id,
            account: order.account,
            side: order.isOffer ? .offer : .bid,
            price: order.price,
            lots: detail.lots,
            remaining: order.remaining,
            timeInForce: detail.timeInForce,
            clientOrderID: detail.clientOrderID,
            bodyHash: detail.bodyHash,
            rates: detail.rates,
            classID: ClassID(order.isOffer ? number : 0),
            profileID: ProfileID(order.isOffer ? 0 : number),
            claimedTEE: detail.claimedTEE,
            maxOpenLots: detail.maxOpenLots,
            openLots: detail.openLots,
            createdAt: detail.createdAt,
            closeReason: nil,
            lastSequence: detail.lastSequence,
            priority: order.priority,
            displayed: order.isIceberg ? order.displayed : .zero,
            seldomRules: detail.seldomRules
        )
        record.loweredLots = detail.loweredLots
        return record
    }
}
