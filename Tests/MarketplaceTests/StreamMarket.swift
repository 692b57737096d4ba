import API
import Engine
import Exchange
import HTTP2
import JSON
import Ledger
import Units

@testable import Marketplace

/// SplitMix64: the same numbers on every machine.
struct StreamGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

/// An engine with random traffic, as the feed gets it: batch by batch, the book every few batches.
struct StreamMarket {
    var engine = Engine()
    private var random: StreamGenerator
    private var time: Int64 = 1_800_000_000_000_000
    /// The accounts that trade.
    static let accounts = (1...4).map { AccountID(Int64($0)) }

    /// What the feed's core is told of names.
    struct Names: StreamNames {
        let models: ModelTable
        func detail(_ record: OrderRecord) -> OrderDetail { OrderDetail(record: record) }
    }

    init(seed: UInt64) {
        random = StreamGenerator(seed: seed)
        var events: [Event] = []
        _ = engine.beginBatch(at: LogicalTime(microseconds: time))
        for account in Self.accounts {
            let label = account.text
            engine.apply(Command(account: .system, action: .createAccount(AccountTerms(label: label))), into: &events)
            let deposit = Command.Action.deposit(to: account, amount: NanoTON(50_000_000_000))
            engine.apply(Command(account: .system, action: deposit), into: &events)
        }
        for (name, quality) in [("a/good", 60), ("b/poor", 10)] as [(String, Int64)] {
            let terms = ModelTerms(name: name, quality: quality, contextLength: 32_768)
            engine.apply(Command(account: .system, action: .setModel(terms)), into: &events)
        }
    }

    var names: Names { Names(models: ModelTable(engine.registryState().models)) }

    /// Where a core of this moment starts.
    mutating func start() -> StreamStart {
        let book = PublishedBook().applying(BookChanges(takingFrom: &engine), asOf: engine.sequence)
        return StreamStart(engine, book: book)
    }

    /// Carries out some commands.
    mutating func batch(publishing: Bool) -> StreamBatch {
        time += Int64.random(in: 1...1_000_000, using: &random)
        let first = engine.sequence.next
        var events: [Event] = []
        var ends: [Int32] = []
        if engine.beginBatch(at: LogicalTime(microseconds: time)) {
            engine.apply(Command(account: .system, action: .tick), into: &events)
            ends.append(Int32(events.count))
        }
        for _ in 0..<Int.random(in: 0...6, using: &random) {
            engine.apply(command(), into: &events)
            ends.append(Int32(events.count))
        }
        return StreamBatch(
            firstSequence: first,
            lastSequence: engine.sequence,
            time: LogicalTime(microseconds: time),
            events: events,
            ends: ends,
            changes: publishing ? BookChanges(takingFrom: &engine) : nil
        )
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func command() -> Command {
        let account = Self.accounts[Int.random(in: 0..<4, using: &random)]
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<35: return Command(account: account, action: .placeOffer(offer()))
        case 35..<68: return Command(account: account, action: .placeBid(bid()))
        case 68..<76:
            guard let order = engine.state().orders.randomElement(using: &random) else { fallthrough }
            return Command(account: order.account, action: .amend(amendment(of: order)))
        case 76: return Command(account: account, action: .setCancelOnDisconnect(true))
        case 77: return Command(account: .system, action: .disconnected(account))
        case 78: return Command(account: account, action: .cancelAfter(Int64.random(in: 0...9_000_000, using: &random)))
        case 79..<95:
            guard let order = engine.state().orders.randomElement(using: &random) else { fallthrough }
            return Command(account: order.account, action: .cancel(order.id))
        default:
            let lease = engine.state().leases.randomElement(using: &random)?.id ?? LeaseID(1)
            return Command(account: .system, action: .endLease(lease))
        }
    }

    private mutating func terms() -> OrderTerms {
        var rules = OrderRules.none
        var timeInForce = chance(15) ? TimeInForce.ioc : .gtc
        if timeInForce == .gtc {
            if chance(20) { rules.displayLots = Lots(Int64.random(in: 1...4, using: &random)) }
            if chance(20) {
                timeInForce = .gtd
                rules.expiresAt = LogicalTime(microseconds: time + Int64.random(in: 1...20_000_000, using: &random))
            }
        }
        if chance(60) { rules.selfTrade = .decrement }
        return OrderTerms(price: price(), lots: lots(), timeInForce: timeInForce, rules: rules)
    }

    private mutating func price() -> Price {
        Price(nanoTONPerMTok: Int64.random(in: 20...40, using: &random) * 1_000_000)
    }

    private mutating func lots() -> Lots { Lots(Int64.random(in: 1...20, using: &random)) }

    private mutating func amendment(of order: OrderRecord) -> AmendTerms {
        AmendTerms(
            order: order.id,
            price: chance(40) ? price() : nil,
            lots: chance(60) ? lots() : nil
        )
    }

    private mutating func offer() -> OfferTerms {
        OfferTerms(
            order: terms(),
            model: ModelID(chance(50) ? 1 : 2),
            contextLength: chance(50) ? 8_192 : 32_768,
            maxOpenLots: chance(30) ? Lots(Int64.random(in: 1...12, using: &random)) : nil
        )
    }

    private mutating func bid() -> BidTerms {
        var requirement = Requirement()
        if chance(40) { requirement.qualityAtLeast = 50 }
        if chance(30), let models = FixedList([ModelID(chance(50) ? 1 : 2)]) { requirement.models = models }
        return BidTerms(order: terms(), requirement: requirement)
    }

    /// What the engine itself says of the book.
    func view(_ query: BookQuery) -> BookView {
        let state = engine.registryState()
        let depth = Limits.bookDepthMax
        let offers = state.classes.filter { query.requirement.isMet(by: $0.capability) }
            .map { engine.levels(of: $0.id, depth: depth).map(BookView.Level.init) }
        let bids = state.profiles.filter { query.requirement.overlaps($0.requirement) }
            .map { engine.levels(of: $0.id, depth: depth).map(BookView.Level.init) }
        return BookView(offers: offers, bids: bids, depth: query.depth)
    }
}

/// A message as its reader sees it.
struct HeardMessage {
    let event: String
    let json: JSONValue

    init(_ event: ServerSentEvent) throws {
        self.event = event.name
        json = try JSONValue(event.data, limits: JSONLimits(depthMax: 16, bytesMax: 1 << 22))
    }

    var sequence: SequenceNumber { SequenceNumber(json["sequence"]?.integer ?? -1) }

    static func all(in text: [UInt8]) throws -> [HeardMessage] {
        var reader = ServerSentEventReader()
        return try reader.take(text).map { try HeardMessage($0) }
    }

    /// Levels of one side of a book.
    func levels(_ side: String) -> [BookView.Level] {
        (json[side]?.elements ?? []).map { level in
            let parts = level.elements ?? []
            return BookView.Level(
                price: Price(nanoTONPerMTok: Int64(parts[0].string ?? "") ?? -1),
                lots: parts[1].integer ?? -1,
                orders: Int(parts[2].integer ?? -1)
            )
        }
    }
}

/// What a client makes of messages.
struct StreamMirror {
    var book: BookView?
    var bookSequence = SequenceNumber.none
    /// Open orders and what they have left.
    var orders: [String: Int64] = [:]
    var prices: [String: String] = [:]
    /// What the book shows of icebergs.
    var displayed: [String: Int64] = [:]
    /// How often each type of event came.
    var types: [String: Int] = [:]
    /// How often orders were closed, by reason.
    var closeReasons: [String: Int] = [:]
    var balances: [String: String] = [:]
    var trades: [String] = []
    /// What does not fit together.
    var faults: [String] = []

    mutating func take(_ message: HeardMessage) {
        switch message.event {
        case "book": takeBook(message)
        case "orders": for event in message.json["events"]?.elements ?? [] { takeOrder(event) }
        case "balances":
            for member in message.json["balances"]?.members ?? [] { balances[member.key] = member.value.string ?? "" }
        case "trades": trades += (message.json["trades"]?.elements ?? []).map { $0["id"]?.string ?? "" }
        default: break
        }
    }

    private mutating func takeBook(_ message: HeardMessage) {
        let levels = BookView(bestOffers: message.levels("offers"), bestBids: message.levels("bids"))
        if message.json["snapshot"] == .boolean(true) {
            book = levels
        } else {
            let previous = message.json["previous_sequence"]?.integer ?? -1
            if previous != bookSequence.rawValue {
                faults.append("\(previous) does not follow \(bookSequence.rawValue)")
            }
            book?.apply(levels)
        }
        bookSequence = message.sequence
        let checksum = message.json["checksum"]?.integer ?? -1
        if Int64(book?.checksum ?? 0) != checksum { faults.append("check sum at \(bookSequence.rawValue)") }
    }

    private mutating func takeOrder(_ event: JSONValue) {
        let id = event["order_id"]?.string ?? event["order"]?["id"]?.string ?? ""
        types[event["type"]?.string ?? "", default: 0] += 1
        switch event["type"]?.string {
        case "accepted":
            orders[id] = event["order"]?["remaining_lots"]?.integer
            prices[id] = event["order"]?["price_nanoton_per_mtok"]?.string
            displayed[id] = event["order"]?["displayed_lots"]?.integer
        case "rested", "traded", "amended", "reduced":
            if orders[id] == nil { faults.append("\(id) is not known") }
            orders[id] = event["remaining_lots"]?.integer
            if event["type"]?.string == "amended" { prices[id] = event["price_nanoton_per_mtok"]?.string }
        case "shown":
            if orders[id] == nil { faults.append("\(id) is not known") }
            displayed[id] = event["displayed_lots"]?.integer
        case "closed":
            if let reason = event["close_reason"]?.string { closeReasons[reason, default: 0] += 1 }
            prices[id] = nil
            displayed[id] = nil
            if orders.removeValue(forKey: id) == nil { faults.append("\(id) was not open") }
        case "reclassified": if orders[id] == nil { faults.append("\(id) is not known") }
        default: faults.append("\(event)")
        }
    }
}
