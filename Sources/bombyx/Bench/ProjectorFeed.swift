internal import Engine
internal import Store
internal import Units

/// Batches as the journal hands them to the projector, from an engine that trades with itself.
struct ProjectorFeed {
    private var engine = Engine()
    private var market: EngineMarket
    private let batch: Int
    private var number: Int64 = 0
    private var time: Int64 = 1_800_000_000_000_000
    /// The last command that makes accounts and models.
    private(set) var setupEnd: Int64 = 0
    /// The last command before the last round.
    private(set) var roundStart: Int64 = 0

    private static let classes = 1_000

    /// What a round adds to the tables.
    struct Totals {
        var orders: Int64 = 0
        var trades: Int64 = 0
        var transfers: Int64 = 0
        var requests: Int64 = 0
        /// Each trade has a lease.
        var rows: Int64 { orders + 2 * trades + transfers + requests }

        mutating func add(_ other: Totals) {
            orders += other.orders
            trades += other.trades
            transfers += other.transfers
            requests += other.requests
        }

        mutating func count(_ event: Event) {
            switch event {
            case .accepted: orders += 1
            case .traded: trades += 1
            case .transfer: transfers += 1
            case .remembered: requests += 1
            default: break
            }
        }
    }

    init(batch: Int, seed: UInt64) {
        self.batch = batch
        market = EngineMarket(classes: Self.classes, seed: seed)
    }

    /// The accounts, models and deposits.
    mutating func setup() -> [ProjectedBatch] {
        let batch = carryOut(market.setup)
        setupEnd = batch.lastSequence.rawValue
        return [batch]
    }

    /// Offers and bids in turns; each bid takes the best offer that there is.
    mutating func round(commands count: Int) -> (batches: [ProjectedBatch], totals: Totals) {
        var batches: [ProjectedBatch] = []
        var totals = Totals()
        roundStart = engine.sequence.rawValue
        for first in stride(from: 0, to: count, by: batch) {
            let commands = (first..<min(count, first + batch)).map { index in
                index % 2 == 0 ? market.offer() : market.bidForAnything()
            }
            batches.append(carryOut(commands))
            for event in batches[batches.count - 1].events { totals.count(event) }
        }
        return (batches, totals)
    }

    private mutating func carryOut(_ commands: [Command]) -> ProjectedBatch {
        number += 1
        time += 1_000
        let firstSequence = engine.sequence.next
        var events: [Event] = []
        var ends: [Int32] = []
        let isDue = engine.beginBatch(at: LogicalTime(microseconds: time))
        for command in (isDue ? [Command(account: .system, action: .tick)] : []) + commands {
            engine.apply(command, into: &events)
            ends.append(Int32(events.count))
        }
        return ProjectedBatch(
            number: number,
            firstSequence: firstSequence,
            lastSequence: engine.sequence,
            time: LogicalTime(microseconds: time),
            events: events,
            ends: ends
        )
    }
}
