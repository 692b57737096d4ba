public import Units

/// A resting order, or a taker on its way, as matching sees it. What else an order has is the engine's.
public struct BookOrder: Sendable {
    public let id: OrderID
    public let account: AccountID
    public var price: Price
    /// Where it stands among the orders of its price.
    public var priority: Priority
    public var remaining: Lots
    /// What is left of the part that an iceberg shows; ``unlimited`` for any other order. Only makers hide anything.
    public var displayed: Lots
    /// Lots of an offer that may still be leased (`max_open_lots`); ``unlimited`` where nothing limits it.
    public var free: Lots
    /// The class of an offer, the profile of a bid; counted from 0.
    public var group: Int32
    public let isOffer: Bool
    /// The price level in which it rests, or ``outside`` or ``parked``.
    var level: Int32
    /// Neighbours in the level's queue, or in the queue of parked orders.
    var next: Int32
    var previous: Int32

    package init(
        id: OrderID,
        account: AccountID,
        isOffer: Bool,
        price: Price,
        priority: Priority? = nil,
        remaining: Lots,
        displayed: Lots = BookOrder.unlimited,
        free: Lots,
        group: Int32
    ) {
        self.priority = priority ?? Priority(id)
        self.displayed = displayed
        self.id = id
        self.isOffer = isOffer
        self.account = account
        self.price = price
        self.remaining = remaining
        self.free = free
        self.group = group
        level = Self.outside
        next = -1
        previous = -1
    }

    @inlinable public static var unlimited: Lots { Lots(.max) }
    /// In no queue.
    static let outside: Int32 = -1
    /// At its limit of open lots: it rests, but is no candidate.
    static let parked: Int32 = -2

    /// What it can trade now as a maker.
    @inlinable public var tradable: Lots { min(remaining, free, displayed) }
    /// What it can trade now as a taker, which hides nothing.
    @inlinable public var takeable: Lots { min(remaining, free) }
    /// Whether it shows only a part.
    @inlinable public var isIceberg: Bool { displayed != Self.unlimited }
    /// Whether it is in the book, whether it can trade now or not.
    public var isResting: Bool { level != Self.outside }
}

/// Price levels of all ladders of one side, and what hangs on them.
struct PriceLevel: Sendable {
    /// The price with the sign that makes the better one smaller.
    var key: Int64
    /// The queue, oldest first.
    var head: Int32
    var tail: Int32
    /// Neighbouring levels of the same ladder; a free level's `worse` is the next free one.
    var worse: Int32
    var better: Int32
    var orders: Int32
    /// Sum of what the orders can trade now.
    var lots: Int64
}

/// One side of the book: a ladder for each class (or profile), and the index over their heads.
struct BookSide: Sendable {
    /// 1 for offers, where the lowest price is the best; −1 for bids.
    let sign: Int64
    private(set) var index = HeadIndex()
    private var levels: ContiguousArray<PriceLevel> = []
    private var freeLevel: Int32 = -1
    private var ladders: ContiguousArray<PriceLadder> = []
    private var parkedHeads: ContiguousArray<Int32> = []
    /// Added to the rank of a group's orders, so that a later one of a better group comes first.
    private var rankOffsets: ContiguousArray<Int64> = []
    private var isChanged: ContiguousArray<Bool> = []
    private(set) var changed: ContiguousArray<Int32> = []

    init(sign: Int64) { self.sign = sign }

    func key(_ price: Price) -> Int64 { sign * price.nanoTONPerMTok }

    mutating func addGroup(masks: GroupMasks, models: [Int], rankOffset: Int64, quality: Int64) {
        index.addGroup(masks: masks, models: models, quality: quality)
        ladders.append(PriceLadder())
        parkedHeads.append(-1)
        rankOffsets.append(rankOffset)
        isChanged.append(false)
    }

    /// Takes the last group away again, which has no order.
    mutating func removeLastGroup() {
        index.removeLastGroup()
        ladders.removeLast()
        parkedHeads.removeLast()
        rankOffsets.removeLast()
        isChanged.removeLast()
    }

    /// Puts an order in its place: in the queue of its price by sequence, or aside when it is at its limit.
    mutating func enter(_ slot: Int32, _ orders: inout ContiguousArray<BookOrder>) {
        let order = orders[Int(slot)]
        guard order.free.count > 0 else { return park(slot, &orders) }
        let level = level(of: Int(order.group), key: key(order.price))
        enqueue(slot, level, &orders)
        levels[Int(level)].lots += order.tradable.count
        levels[Int(level)].orders += 1
        noteChange(of: order.group, atHead: isHead(orders[Int(slot)]), orders)
    }

    /// Takes an order out of the book.
    mutating func leave(_ slot: Int32, _ orders: inout ContiguousArray<BookOrder>) {
        let order = orders[Int(slot)]
        if order.level == BookOrder.parked { return unpark(slot, &orders) }
        guard order.level >= 0 else { return }
        let level = Int(order.level)
        let isHead = isHead(order)
        if order.previous >= 0 {
            orders[Int(order.previous)].next = order.next
        } else {
            levels[level].head = order.next
        }
        if order.next >= 0 {
            orders[Int(order.next)].previous = order.previous
        } else {
            levels[level].tail = order.previous
        }
        orders[Int(slot)].level = BookOrder.outside
        levels[level].lots -= order.tradable.count
        levels[level].orders -= 1
        if levels[level].orders == 0 { removeLevel(order.level, of: Int(order.group)) }
        noteChange(of: order.group, atHead: isHead, orders)
    }

    /// Lowers what an order has left, and what it may still lease and shows; takes it out of its queue when it can
    /// trade no more. An iceberg of which nothing is shown any more is left outside.
    mutating func fill(_ slot: Int32, _ lots: Lots, _ orders: inout ContiguousArray<BookOrder>) {
        var order = orders[Int(slot)]
        let before = order.tradable.count
        order.remaining = order.remaining - lots
        if order.free != BookOrder.unlimited { order.free = order.free - lots }
        guard order.level >= 0 else {
            orders[Int(slot)] = order
            return
        }
        if order.isIceberg { order.displayed = order.displayed - lots }
        if order.tradable.count == 0 {
            leave(slot, &orders)
            order.level = BookOrder.outside
            orders[Int(slot)] = order
            if order.remaining.count > 0 && order.displayed.count > 0 { park(slot, &orders) }
        } else {
            orders[Int(slot)] = order
            levels[Int(order.level)].lots += order.tradable.count - before
            markChanged(Int(order.group))
        }
    }

    /// Lowers what an order has left without a trade, to no less than 1.
    mutating func reduce(_ slot: Int32, by lots: Lots, _ orders: inout ContiguousArray<BookOrder>) {
        let before = orders[Int(slot)]
        let remaining = before.remaining - lots
        orders[Int(slot)].remaining = remaining
        if before.isIceberg { orders[Int(slot)].displayed = min(before.displayed, remaining) }
        guard before.level >= 0 else { return }
        levels[Int(before.level)].lots += orders[Int(slot)].tradable.count - before.tradable.count
        markChanged(Int(before.group))
    }

    /// Raises what an order may still lease. Who was at the limit stays aside until it enters again.
    mutating func free(_ slot: Int32, _ lots: Lots, _ orders: inout ContiguousArray<BookOrder>) {
        let before = orders[Int(slot)]
        guard before.free != BookOrder.unlimited else { return }
        orders[Int(slot)].free = before.free + lots
        guard before.level >= 0 else { return }
        levels[Int(before.level)].lots += orders[Int(slot)].tradable.count - before.tradable.count
        markChanged(Int(before.group))
    }

    // MARK: Walking

    /// The order with which a group's walk begins.
    func head(of group: Int32) -> Int32 {
        guard let level = ladders[Int(group)].best else { return -1 }
        return levels[Int(level)].head
    }

    /// The next order of the same group in the order of price and time; −1 when there is none.
    func successor(of slot: Int32, _ orders: ContiguousArray<BookOrder>) -> Int32 {
        let order = orders[Int(slot)]
        if order.next >= 0 { return order.next }
        let worse = levels[Int(order.level)].worse
        return worse >= 0 ? levels[Int(worse)].head : -1
    }

    /// How the ranking sees an order.
    func rankedHead(_ order: BookOrder) -> HeadIndex.Head {
        HeadIndex.Head(key: key(order.price), rank: order.priority.rawValue + rankOffsets[Int(order.group)])
    }

    /// Levels of a group that can trade, best first.
    func levels(of group: Int, depth: Int) -> [BookLevel] {
        guard ladders.indices.contains(group) else { return [] }
        var shown: [BookLevel] = []
        var next = ladders[group].best ?? -1
        while next >= 0, shown.count < depth {
            let level = levels[Int(next)]
            let price = Price(nanoTONPerMTok: sign * level.key)
            shown.append(BookLevel(price: price, lots: level.lots, orders: Int(level.orders)))
            next = level.worse
        }
        return shown
    }

    /// All resting orders of a group: by price and time, then those that are aside.
    func slots(of group: Int, _ orders: ContiguousArray<BookOrder>) -> [Int32] {
        var slots: [Int32] = []
        var next = head(of: Int32(group))
        while next >= 0 {
            slots.append(next)
            next = successor(of: next, orders)
        }
        next = parkedHeads[group]
        while next >= 0 {
            slots.append(next)
            next = orders[Int(next)].next
        }
        return slots
    }

    // MARK: Publication

    mutating func takeChanged() -> ContiguousArray<Int32> {
        for group in changed { isChanged[Int(group)] = false }
        defer { changed.removeAll(keepingCapacity: true) }
        return changed
    }

    private mutating func markChanged(_ group: Int) {
        guard !isChanged[group] else { return }
        isChanged[group] = true
        changed.append(Int32(group))
    }
}

// MARK: Queues and levels

extension BookSide {
    /// Whether an order in a queue is the first of its group's best level.
    private func isHead(_ order: BookOrder) -> Bool {
        order.previous < 0 && levels[Int(order.level)].better < 0
    }

    private mutating func noteChange(of group: Int32, atHead: Bool, _ orders: ContiguousArray<BookOrder>) {
        markChanged(Int(group))
        guard atHead else { return }
        let slot = head(of: group)
        index.setHead(slot < 0 ? nil : rankedHead(orders[Int(slot)]), of: group)
    }

    /// Appends to the level's queue; an order that comes again goes where its priority puts it.
    private mutating func enqueue(_ slot: Int32, _ level: Int32, _ orders: inout ContiguousArray<BookOrder>) {
        let priority = orders[Int(slot)].priority
        var before = levels[Int(level)].tail
        while before >= 0, orders[Int(before)].priority > priority { before = orders[Int(before)].previous }
        let after = before >= 0 ? orders[Int(before)].next : levels[Int(level)].head
        orders[Int(slot)].level = level
        orders[Int(slot)].previous = before
        orders[Int(slot)].next = after
        if before >= 0 { orders[Int(before)].next = slot } else { levels[Int(level)].head = slot }
        if after >= 0 { orders[Int(after)].previous = slot } else { levels[Int(level)].tail = slot }
    }

    private mutating func park(_ slot: Int32, _ orders: inout ContiguousArray<BookOrder>) {
        let group = Int(orders[Int(slot)].group)
        let first = parkedHeads[group]
        if first >= 0 { orders[Int(first)].previous = slot }
        orders[Int(slot)].level = BookOrder.parked
        orders[Int(slot)].next = first
        orders[Int(slot)].previous = -1
        parkedHeads[group] = slot
    }

    private mutating func unpark(_ slot: Int32, _ orders: inout ContiguousArray<BookOrder>) {
        let order = orders[Int(slot)]
        if order.next >= 0 { orders[Int(order.next)].previous = order.previous }
        if order.previous >= 0 {
            orders[Int(order.previous)].next = order.next
        } else {
            parkedHeads[Int(order.group)] = order.next
        }
        orders[Int(slot)].level = BookOrder.outside
    }

    /// The group's level at a key, made if there is none.
    private mutating func level(of group: Int, key: Int64) -> Int32 {
        switch ladders[group].lookup(key) {
        case .found(let level): return level
        case .missing(let position, let worse, let better):
            let level = makeLevel(key: key, worse: worse ?? -1, better: better ?? -1)
            ladders[group].insert(level, key: key, at: position)
            if let worse { levels[Int(worse)].better = level }
            if let better { levels[Int(better)].worse = level }
            return level
        }
    }

    private mutating func makeLevel(key: Int64, worse: Int32, better: Int32) -> Int32 {
        let level = PriceLevel(key: key, head: -1, tail: -1, worse: worse, better: better, orders: 0, lots: 0)
        guard freeLevel >= 0 else {
            levels.append(level)
            return Int32(levels.count - 1)
        }
        let number = freeLevel
        freeLevel = levels[Int(number)].worse
        levels[Int(number)] = level
        return number
    }

    private mutating func removeLevel(_ number: Int32, of group: Int) {
        let level = levels[Int(number)]
        ladders[group].remove(level.key)
        if level.worse >= 0 { levels[Int(level.worse)].better = level.better }
        if level.better >= 0 { levels[Int(level.better)].worse = level.worse }
        levels[Int(number)].worse = freeLevel
        freeLevel = number
    }
}

/// A price level as it is published.
package struct BookLevel: Hashable, Sendable {
    package let price: Price
    /// Lots that can trade now: an offer counts with what its limit of open lots leaves it.
    package let lots: Int64
    /// Orders that can trade now.
    package let orders: Int

    package init(price: Price, lots: Int64, orders: Int) {
        self.price = price
        self.lots = lots
        self.orders = orders
    }
}
