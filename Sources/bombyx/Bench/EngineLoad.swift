internal import Engine
internal import Exchange
internal import Units

/// An engine with about so many open orders, and the commands that keep it there.
final class EngineLoad {
    /// Open orders that the mix keeps.
    let target: Int
    private let batch: Int
    private var engine = Engine()
    private var market: EngineMarket
    private var events: [Event] = []
    private var commands: [Command] = []
    private var open = OpenOrders()
    private var time: Int64 = 1_800_000_000_000_000
    private var ends: [Int] = []
    private var commandCount: Int64 = 0
    private var tradeCount: Int64 = 0
    private var rejectionCount: Int64 = 0
    /// Keeps the digest from being left out as something that nobody looks at.
    private var digests: UInt64 = 0

    /// Microseconds between two batches.
    private static let batchInterval: Int64 = 1_000
    /// One in so many resting orders is a bid.
    private static let bidShare = 10

    /// Fills the engine.
    init(open target: Int, classes: Int, batch: Int, seed: UInt64) {
        self.target = target
        self.batch = batch
        market = EngineMarket(classes: classes, seed: seed)
        commands.reserveCapacity(batch)
        events.reserveCapacity(batch * 64)
        for command in market.setup { engine.apply(command, into: &events) }
        settle()
        while open.count < target {
            let count = min(batch, target - open.count)
            for number in 0..<count {
                let isBid = number % Self.bidShare == 0
                commands.append(isBid ? market.bid(isMarketable: false, lots: 5, .gtc) : market.offer())
            }
            for index in commands.indices { apply(index, isFirst: index == 0, isLast: index == count - 1) }
            settle()
        }
        commandCount = 0
        tradeCount = 0
    }

    var openOrders: Int { engine.openOrderCount }
    var tradesPerThousand: Int64 { tradeCount * 1_000 / max(1, commandCount) }

    /// Carries out so many commands of the mix.
    func run(commands count: Int, _ sampler: Sampler) -> RoundFigures {
        let figures = sampler.measure(operations: count, sampleSize: 1, portion: batch) { portion in
            settle()
            for index in portion { commands.append(next(index)) }
        } _: { index in
            let place = index % batch
            apply(place, isFirst: place == 0, isLast: place == commands.count - 1)
        }
        settle()
        return figures
    }

    /// Places so many offers, from an engine as it was made.
    func grow(by count: Int, _ sampler: Sampler) -> RoundFigures {
        let figures = sampler.measure(operations: count, sampleSize: 1, portion: batch) { portion in
            settle()
            for _ in portion { commands.append(market.offer()) }
        } _: { index in
            let place = index % batch
            apply(place, isFirst: place == 0, isLast: place == commands.count - 1)
        }
        settle()
        return figures
    }

    /// What the server's engine thread does with a command.
    private func apply(_ index: Int, isFirst: Bool, isLast: Bool) {
        if isFirst {
            time += Self.batchInterval
            if engine.beginBatch(at: LogicalTime(microseconds: time)) {
                engine.apply(Command(account: .system, action: .tick), into: &events)
            }
        }
        engine.apply(commands[index], into: &events)
        if isLast { digests ^= engine.digest.low }
    }

    /// 9 gtc orders, 3 ioc bids and 6 cancels of 18. Where too many orders are open, gtc bids trade instead of resting.
    private func next(_ index: Int) -> Command {
        switch index % 18 {
        case 0, 4, 8, 12:
            let isFull = open.count > target
            return market.bid(isMarketable: isFull, lots: isFull ? 40 : 5, .gtc)
        case 2, 6, 10, 14, 16: return market.offer()
        case 3, 9, 15: return market.bid(isMarketable: true, lots: 5, .ioc)
        default:
            // An order that a bid of the same batch has filled meanwhile cannot be cancelled: it is picked anew then.
            guard let order = open.take(market.below(max(1, open.count))) else { return market.offer() }
            return Command(account: order.account, action: .cancel(order.id))
        }
    }

    /// Reads what the last batch did, which costs as much as it does and is not measured.
    private func settle() {
        for event in events {
            switch event {
            case .accepted(let record): open.insert(record.id, record.account)
            case .closed(let id, _, _): open.remove(id)
            case .traded: tradeCount += 1
            // What was filled between its choice and its cancel is no fault of anybody.
            case .rejected(.orderNotFound): break
            case .rejected(let rejection):
                rejectionCount += 1
                if rejectionCount == 1 { complain("  rejected: \(rejection)") }
            default: break
            }
        }
        commandCount += Int64(commands.count)
        events.removeAll(keepingCapacity: true)
        commands.removeAll(keepingCapacity: true)
    }

    /// Rejections, and what the engine finds when it checks itself from the records up.
    func faults() -> [String] {
        var faults: [String] = []
        if rejectionCount > 0 { faults.append("\(rejectionCount) commands were rejected") }
        if open.count != engine.openOrderCount {
            faults.append("\(engine.openOrderCount) orders are open, \(open.count) by the events")
        }
        do {
            try engine.checkInvariants()
        } catch {
            faults.append("the state breaks a rule: \(error)")
        }
        return faults
    }
}

/// A new engine each round that grows to so many orders.
final class EngineGrowth {
    private let orders: Int
    private let classes: Int
    private let batch: Int
    private let seed: UInt64

    init(orders: Int, classes: Int, batch: Int, seed: UInt64) {
        self.orders = orders
        self.classes = classes
        self.batch = batch
        self.seed = seed
    }

    func run(_ sampler: Sampler) -> RoundFigures {
        let load = EngineLoad(open: 0, classes: classes, batch: batch, seed: seed)
        return load.grow(by: orders, sampler)
    }
}

/// Open orders, of which any may be picked at random.
private struct OpenOrders {
    private var orders: [(id: OrderID, account: AccountID)] = []
    private var places: [OrderID: Int] = [:]

    var count: Int { orders.count }

    mutating func insert(_ id: OrderID, _ account: AccountID) {
        places[id] = orders.count
        orders.append((id, account))
    }

    mutating func remove(_ id: OrderID) {
        guard let place = places.removeValue(forKey: id) else { return }
        orders.swapAt(place, orders.count - 1)
        orders.removeLast()
        if place < orders.count { places[orders[place].id] = place }
    }

    /// Takes one out, because it will be cancelled.
    mutating func take(_ place: Int) -> (id: OrderID, account: AccountID)? {
        guard orders.indices.contains(place) else { return nil }
        let order = orders[place]
        remove(order.id)
        return order
    }
}
