internal import Demonstration

/// What a load asks for.
package enum Scenario: String, CaseIterable, Sendable {
    /// Of ten requests four place orders that rest, two trade with each other, two cancel, two read.
    case mixed
    /// Offers and bids in turns, none of which trade.
    case resting
    /// Offers that rest, and nothing else: no money moves.
    case offers
    /// Of four orders two rest, one offers at the market, and one takes it.
    case half
    /// Each order is cancelled once it is acknowledged.
    case cancel
    /// Books and orders are read; a few orders are placed before.
    case readers
    /// As ``half``, beside readers of streams.
    case streams
}

/// One request of a load.
package struct Operation: Equatable, Sendable {
    /// What is asked for.
    package enum Kind: Int, CaseIterable, Sendable {
        case offer, bid, cancel, readOrder, readBook

        /// An order is placed.
        package var isPlacement: Bool { self == .offer || self == .bid }
        /// The engine gives it a sequence number.
        package var isCommand: Bool { isPlacement || self == .cancel }
        /// As in `cancel`.
        package var name: String {
            switch self {
            case .offer: "offer"
            case .bid: "bid"
            case .cancel: "cancel"
            case .readOrder: "read order"
            case .readBook: "read book"
            }
        }
    }

    package var kind: Kind
    /// Place of the account among those of the load.
    package var account: Int
    /// Place of the model among those of the load.
    package var model = 0
    /// In nanoTON per 1,000,000 adjusted tokens.
    package var price: Int64 = 0
    package var lots: Int64 = 0
    /// Tells the requests of a lane apart.
    package var number: Int64 = 0
    /// The order that is cancelled or read.
    package var order: Int64 = 0
    /// The order is `ioc`.
    package var isImmediate = false
    /// The order is far from the market: it rests until it is cancelled.
    package var isPassive = false
    /// It is asked back, and repeated.
    package var isSampled = false
}

/// The requests of one lane: which they are follows from the seed and from what was acknowledged.
package struct Workload: Sendable {
    /// What all lanes of a load have in common.
    package struct Terms: Sendable {
        /// What is asked for.
        package var scenario: Scenario
        /// Models that are offered and demanded, at least one.
        package var models: Int
        /// Tells the client order ids of this load from all others; at most 16 letters and digits.
        package var run: String
        /// One request of so many is sampled; 0 for none.
        package var sampleEvery: Int
        /// Orders carry a `client_order_id`.
        package var hasClientOrderIDs: Bool

        /// Terms of these parts.
        package init(scenario: Scenario, models: Int, run: String, sampleEvery: Int, hasClientOrderIDs: Bool = true) {
            self.scenario = scenario
            self.models = models
            self.run = run
            self.sampleEvery = sampleEvery
            self.hasClientOrderIDs = hasClientOrderIDs
        }

        /// The name of a model in the registry.
        package func modelName(_ index: Int) -> String { "bombyx/load-\(index)" }
    }

    /// What the lanes share.
    package let terms: Terms
    private let lane: Int
    private let sellers: [Int]
    private let buyers: [Int]
    private var random: SeededGenerator
    private var turn = 0
    private var number: Int64 = 0
    private var untilSample: Int
    /// The offer that the next bid takes.
    private var market = Operation(kind: .offer, account: 0)
    /// Acknowledged orders that rest, with their accounts.
    private var cancellable: [Operation] = []
    private var readable: [Operation] = []
    private var nextReadable = 0
    private let modelNames: [[UInt8]]

    /// Orders that a lane remembers to read; those to cancel are bounded by ``cancellableMax``.
    private static let readableMax = 64
    private static let cancellableMax = 4_096

    /// `sellers` and `buyers` are places of accounts, at least one each; no account is both, or it would meet itself.
    package init(_ terms: Terms, lane: Int, sellers: [Int], buyers: [Int], seed: UInt64) {
        precondition(!sellers.isEmpty && !buyers.isEmpty, "a lane sells and buys")
        self.terms = terms
        self.lane = lane
        self.sellers = sellers
        self.buyers = buyers
        random = SeededGenerator(seed: seed, stream: UInt64(lane) + 1_000)
        modelNames = (0..<terms.models).map { Array(terms.modelName($0).utf8) }
        untilSample = terms.sampleEvery > 0 ? 1 + random.below(terms.sampleEvery) : Int.max
    }

    /// The next request.
    package mutating func next() -> Operation {
        var operation = choose()
        number += 1
        operation.number = number
        turn += 1
        if operation.kind.isCommand {
            untilSample -= 1
            if untilSample == 0 {
                operation.isSampled = true
                // On average one of so many, and not always at the same turn of a scenario.
                untilSample = 1 + random.below(terms.sampleEvery * 2 - 1)
            }
        }
        return operation
    }

    /// An order was acknowledged, and rests if it is passive.
    package mutating func wasPlaced(_ operation: Operation, order: Int64) {
        guard operation.isPassive else { return }
        var placed = operation
        placed.order = order
        switch terms.scenario {
        case .mixed, .readers:
            remember(placed)
            if terms.scenario == .mixed, cancellable.count < Self.cancellableMax { cancellable.append(placed) }
        case .cancel: cancellable.append(placed)
        case .resting, .offers, .half, .streams: break
        }
    }

    private mutating func remember(_ placed: Operation) {
        if readable.count < Self.readableMax {
            readable.append(placed)
        } else if terms.scenario == .mixed {
            readable[nextReadable] = placed
            nextReadable = (nextReadable + 1) % Self.readableMax
        }
    }

    private mutating func choose() -> Operation {
        switch terms.scenario {
        case .offers: return passive(.offer)
        case .resting: return passive(turn % 2 == 0 ? .offer : .bid)
        case .half, .streams:
            return switch turn % 4 {
            case 0: passive(.offer)
            case 1: passive(.bid)
            case 2: atMarket()
            default: taking()
            }
        case .cancel: return cancellable.isEmpty ? passive(turn % 2 == 0 ? .offer : .bid) : cancelling()
        case .readers:
            if readable.count < Self.readableMax { return passive(.offer) }
            return turn % 2 == 0 ? reading() : Operation(kind: .readBook, account: 0, model: turn / 2 % terms.models)
        case .mixed: return chooseMixed()
        }
    }

    private mutating func chooseMixed() -> Operation {
        switch turn % 10 {
        case 0, 5: passive(.offer)
        case 1, 6: passive(.bid)
        case 2: atMarket()
        case 3: taking()
        case 4, 7: cancellable.isEmpty ? passive(.offer) : cancelling()
        case 8: readable.isEmpty ? passive(.bid) : reading()
        default: Operation(kind: .readBook, account: 0, model: turn / 10 % terms.models)
        }
    }

    private mutating func passive(_ kind: Operation.Kind) -> Operation {
        // Offers above 30 TON's thousandths, bids below 20: none of them meet, and none meets the market between.
        let step = Int64(random.below(10_007)) * 1_000
        return order(kind, price: kind == .offer ? 30_000_000 + step : 20_000_000 - step, isPassive: true)
    }

    private mutating func atMarket() -> Operation {
        market = order(.offer, price: 25_000_000, isPassive: false)
        return market
    }

    /// A bid for what ``atMarket()`` offered: each lane demands only what it has offered before, so there is always
    /// enough for all of them.
    private mutating func taking() -> Operation {
        var bid = order(.bid, price: 26_000_000, isPassive: false)
        bid.model = market.model
        bid.lots = market.lots
        bid.isImmediate = true
        return bid
    }

    private mutating func order(_ kind: Operation.Kind, price: Int64, isPassive: Bool) -> Operation {
        let owners = kind == .offer ? sellers : buyers
        return Operation(
            kind: kind,
            account: owners[Int(truncatingIfNeeded: number) % owners.count],
            model: random.below(terms.models),
            price: price,
            lots: Int64(1 + random.below(10)),
            isPassive: isPassive
        )
    }

    private mutating func cancelling() -> Operation {
        let order = cancellable.removeLast()
        return Operation(kind: .cancel, account: order.account, lots: order.lots, order: order.order)
    }

    private mutating func reading() -> Operation {
        let order = readable[random.below(readable.count)]
        return Operation(kind: .readOrder, account: order.account, order: order.order)
    }
}

// What is sent.
extension Workload {
    /// What the client calls an order, or any other request.
    package func name(of operation: Operation) -> String { "\(terms.run)-\(lane)-\(operation.number)" }

    /// Appends the body of an order.
    package func appendBody(of operation: Operation, to body: inout [UInt8]) {
        if operation.kind == .offer {
            append("{\"model\":\"", to: &body)
            body += modelNames[operation.model]
            append("\"", to: &body)
        } else {
            append("{\"requirement\":{\"model\":{\"in\":[\"", to: &body)
            body += modelNames[operation.model]
            append("\"]}}", to: &body)
        }
        append(",\"price_nanoton_per_mtok\":\"", to: &body)
        Self.append(operation.price, to: &body)
        append("\",\"quantity_lots\":", to: &body)
        Self.append(operation.lots, to: &body)
        if operation.isImmediate { append(",\"time_in_force\":\"ioc\"", to: &body) }
        if terms.hasClientOrderIDs {
            append(",\"client_order_id\":\"", to: &body)
            body += terms.run.utf8
            append("-", to: &body)
            Self.append(Int64(lane), to: &body)
            append("-", to: &body)
            Self.append(operation.number, to: &body)
            append("\"", to: &body)
        }
        append("}", to: &body)
    }

    /// Appends `/v1/orders/o17`.
    package func appendPath(of operation: Operation, to path: inout [UInt8]) {
        append("/v1/orders/o", to: &path)
        Self.append(operation.order, to: &path)
    }

    private func append(_ text: StaticString, to bytes: inout [UInt8]) {
        text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    }

    /// The digits of a number that is not negative.
    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(truncatingIfNeeded: 0x30 + number / divisor % 10))
            divisor /= 10
        }
    }
}
