import Engine
import Exchange
import Units

@testable import EngineTesting

/// Commands of a random market: everything that the engine knows, with values so close together that orders meet, own
/// orders too, keys and ids repeat, and refusals are common. Only the seed decides.
struct RandomMarket {
    var random: SplitMix64
    private(set) var time: Int64 = 1_700_000_000_000_000
    private(set) var accounts: Int64 = 0
    private(set) var models: [String] = []
    private(set) var openOrders: [OrderRecord] = []
    private var openLeases: [Trade] = []
    private(set) var halted: [ModelID] = []
    private var lastTrade: Int64 = 0
    /// Commands to be repeated some day.
    private var past: [Command] = []
    private var setup: [Command.Action] = []
    let kind: Kind

    /// What a market is like.
    enum Kind {
        /// Few accounts, prices close together, everything happens often.
        case lively
        /// Thousands of resting orders of hundreds of classes and profiles over a wide range of prices; now and then
        /// one that sweeps through many of them.
        case wide
    }

    init(seed: UInt64, kind: Kind = .lively) {
        self.kind = kind
        random = SplitMix64(state: seed)
        setup = [.setFees(fees()), .createAccount(AccountTerms(label: "a", openOrdersMax: random.number(2...12)))]
        setup += (0..<4).map { _ in .createAccount(AccountTerms(label: "b")) }
        setup += (1...5).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000)) }
        setup += ["qwen", "llama", "phi", "small"].map { .setModel(ModelTerms(name: $0, weightSet: weightSet(of: $0))) }
        if kind == .wide {
            setup += (1...40).map { .setModel(ModelTerms(name: "m\($0)", quality: $0 % 3 == 0 ? nil : $0)) }
            setup += (1...5).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000_000_000)) }
            setup += (1...9).map { _ in .createAccount(AccountTerms(label: "wide")) }
            setup += (6...14).map { .deposit(to: AccountID($0), amount: NanoTON(1_000_000_000_000)) }
        }
        setup.reverse()
    }

    /// Hears what came of the last command.
    mutating func hear(_ events: [Event]) {
        for event in events {
            switch event {
            case .accepted(let order): openOrders.append(order)
            case .closed(let id, _, _): openOrders.removeAll { $0.id == id }
            case .amended(let amendment):
                for index in openOrders.indices where openOrders[index].id == amendment.order {
                    openOrders[index].price = amendment.price
                    openOrders[index].lots = amendment.lots
                }
            case .controlSet(let control):
                halted.removeAll { $0 == control.model }
                if control.isHalted { halted.append(control.model) }
            case .traded(let trade):
                openLeases.append(trade)
                lastTrade = trade.id.rawValue
            case .leaseEnded(let id, _, _): openLeases.removeAll { $0.id.rawValue == id.rawValue }
            case .accountCreated(let account): accounts = account.id.rawValue
            case .modelSet(let model): if !models.contains(model.terms.name) { models.append(model.terms.name) }
            default: break
            }
        }
    }

    /// The next batch's time, mostly the last one's, seldom hours later.
    mutating func nextTime() -> LogicalTime {
        if random.chance(20) { time += random.number(0...2_000_000) }
        if random.chance(2) { time += random.number(0...3_600_000_000) }
        if random.chance(1) { time += random.number(0...90_000_000_000) }
        return LogicalTime(microseconds: time)
    }

    mutating func next() -> Command {
        if let action = setup.popLast() { return Command(account: .system, action: action) }
        if random.chance(6), !past.isEmpty { return repetition() }
        var command = fresh()
        if random.chance(25) {
            command.idempotency = IdempotencyKey(
                high: UInt64(random.number(1...(kind == .wide ? 4_000 : 12))),
                low: 7,
                body: bodyHash()
            )
        }
        past.append(command)
        return command
    }

    private mutating func repetition() -> Command {
        var command = random.pick(past)
        // Those of a batch have the number of the command that opens it.
        if case .openBatch = command.action { return command }
        command.requestID = random.next()
        guard random.chance(30), let key = command.idempotency else { return command }
        command.idempotency = IdempotencyKey(high: key.high, low: key.low, body: key.body &+ 1)
        return command
    }

    private mutating func fresh() -> Command {
        if random.chance(kind == .wide ? 1 : 3) { return batch() }
        return switch random.number(kind == .wide ? 1...74 : 1...112) {
        case ...30: Command(account: account(), action: .placeOffer(offer()))
        case ...62: Command(account: account(), action: .placeBid(bid()))
        case ...70: cancel()
        case ...74: amend()
        case ...79: Command(account: .system, action: usage())
        case ...85: Command(account: .system, action: .endLease(lease()))
        case ...90: amend()
        case ...96: Command(account: account(), action: ownerAction())
        default: Command(account: .system, action: operatorAction())
        }
    }

    // MARK: Leases

    private mutating func lease() -> LeaseID {
        guard !openLeases.isEmpty, random.chance(90) else { return LeaseID(random.number(1...(lastTrade + 2))) }
        return LeaseID(random.pick(openLeases).id.rawValue)
    }

    private mutating func usage() -> Command.Action {
        guard !openLeases.isEmpty, random.chance(90) else {
            return .usage(lease(), AdjustedTokens(random.number(0...9)))
        }
        let trade = random.pick(openLeases)
        let most = trade.lots.tokens.count
        let tokens = random.chance(20) ? most : random.number(0...most) + (random.chance(5) ? most : 0)
        return .usage(LeaseID(trade.id.rawValue), AdjustedTokens(tokens))
    }
}
