internal import Engine
internal import Exchange
internal import Units

/// Which commands come one after another.
enum EngineMix: String, CaseIterable {
    /// 9 gtc orders, 3 ioc bids and 6 cancels of 18: each of them makes, fills or ends an order.
    case orders = "open"
    /// 82 amendments, 9 gtc orders, 3 ioc bids and 6 cancels of 100, as exchanges see them.
    case exchange

    /// What a command is.
    enum Kind {
        case offer, bid, ioc, cancel, amendment
    }

    /// What the command with this number is.
    func kind(of index: Int) -> Kind {
        switch self {
        case .orders:
            switch index % 18 {
            case 0, 4, 8, 12: .bid
            case 2, 6, 10, 14, 16: .offer
            case 3, 9, 15: .ioc
            default: .cancel
            }
        case .exchange:
            // 37 and 100 have no common divisor: each kind is spread over the hundred.
            switch index * 37 % 100 {
            case 0..<4: .bid
            case 4..<9: .offer
            case 9..<12: .ioc
            case 12..<18: .cancel
            default: .amendment
            }
        }
    }
}

/// An engine with about so many open orders, and the commands that keep it there.
final class EngineLoad {
    /// Open orders that the mix keeps.
    let target: Int
    let mix: EngineMix
    /// What the measurement is called.
    let name: String
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
    init(
        open target: Int,
        _ mix: EngineMix = .orders,
        name: String? = nil,
        classes: Int,
        apps: Int = 8,
        batch: Int,
        seed: UInt64
    ) {
        self.target = target
        self.mix = mix
        self.name = name ?? "\(mix.rawValue)_\(target)"
        self.batch = batch
        market = EngineMarket(classes: classes, apps: apps, seed: seed)
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

    /// The command with this number. Where too many orders are open, gtc bids trade instead of resting.
    private func next(_ index: Int) -> Command {
        switch mix.kind(of: index) {
        case .bid:
            let isFull = open.count > target
            return market.bid(isMarketable: isFull, lots: isFull ? 40 : 5, .gtc)
        case .offer: return market.offer()
        case .ioc: return market.bid(isMarketable: true, lots: 5, .ioc)
        case .cancel:
            // An order that a bid of the same batch has filled meanwhile cannot be cancelled: it is picked anew then.
            guard let order = open.take(market.below(max(1, open.count))) else { return market.offer() }
            return Command(account: order.account, action: .cancel(order.id))
        case .amendment:
            guard let order = open.pick(market.below(max(1, open.count))) else { return market.offer() }
            let terms = AmendTerms(order: order.id, price: market.price(near: order.price))
            return Command(account: order.account, action: .amend(terms))
        }
    }

    /// Reads what the last batch did, which costs as much as it does and is not measured.
    private func settle() {
        for event in events {
            switch event {
            case .accepted(let record): open.insert(record)
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
    /// An order with the price that it came with.
    struct Order {
        let id: OrderID
        let account: AccountID
        let price: Price
    }

    private var orders: [Order] = []
    private var places: [OrderID: Int] = [:]

    var count: Int { orders.count }

    mutating func insert(_ record: OrderRecord) {
        places[record.id] = orders.count
        orders.append(Order(id: record.id, account: record.account, price: record.price))
    }

    mutating func remove(_ id: OrderID) {
        guard let place = places.removeValue(forKey: id) else { return }
        orders.swapAt(place, orders.count - 1)
        orders.removeLast()
        if place < orders.count { places[orders[place].id] = place }
    }

    /// One of them; nothing if there are none.
    func pick(_ place: Int) -> Order? { orders.indices.contains(place) ? orders[place] : nil }

    /// Takes one out, because it will be cancelled.
    mutating func take(_ place: Int) -> Order? {
        guard let order = pick(place) else { return nil }
        remove(order.id)
        return order
    }
}
