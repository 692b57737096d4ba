internal import HTTP2
internal import Sockets
internal import Synchronization

/// An ``OrderFlood`` and its thread, as the one sees it who gives it orders.
final class FloodCrew {
    private let gauges = OrderFlood.Gauges()
    private let mailbox: Mailbox
    private let connections: Int
    private var thread: SharedThread?

    private static let connectDeadline = Duration.seconds(60)

    /// Starts the thread and waits until every connection stands.
    init(_ endpoint: Endpoint, keys: [String], body: [UInt8], connections: Int, after base: Int64) throws {
        self.connections = connections
        mailbox = try Mailbox()
        let heads = keys.map { key in
            endpoint.head(
                "POST",
                "/v1/offers",
                [("authorization", "Bearer " + key), ("content-type", "application/json")]
            )
        }
        thread = try SharedThread(named: "flood") { [gauges, mailbox] in
            do {
                let flood = try OrderFlood(endpoint, heads: heads, body: body, after: base, gauges, mailbox: mailbox)
                try flood.run(connections: connections)
            } catch {
                gauges.failure.withLock { $0 = "\(error)" }
            }
        }
        let end = ContinuousClock.now + Self.connectDeadline
        while gauges.ready.load(ordering: .sequentiallyConsistent) < connections {
            guard ContinuousClock.now < end else {
                let reason = gauges.failure.withLock { $0 } ?? "no reason was given"
                finish()
                throw CommandFailure("the connections of the overload do not stand: \(reason)")
            }
            pause(milliseconds: 5)
        }
    }

    /// Sends for so many seconds, calls `meanwhile` all the time and `stopped` once nothing is sent any more, and gives
    /// what was found when nothing is under way any more.
    func run(
        _ pace: OrderFlood.Pace,
        milliseconds: Int,
        meanwhile: () throws -> Void = {},
        stopped: () throws -> Void = {}
    ) throws -> FloodFigures {
        gauges.figures.withLock { $0 = nil }
        gauges.isDraining.store(false, ordering: .sequentiallyConsistent)
        mailbox.post(OrderFlood.Order.begin(pace, nanoseconds: UInt64(milliseconds) * 1_000_000))
        var isDraining = false
        while true {
            if let figures = gauges.figures.withLock({ $0 }) {
                if !isDraining { try stopped() }
                return figures
            }
            if !isDraining, gauges.isDraining.load(ordering: .sequentiallyConsistent) {
                isDraining = true
                try stopped()
            }
            try meanwhile()
            pause(milliseconds: 5)
        }
    }

    /// Ends the thread, and gives the orders that were acknowledged to it.
    @discardableResult
    func finish() -> AcknowledgedOrders? {
        mailbox.post(OrderFlood.Order.finish)
        thread?.join()
        thread = nil
        return gauges.orders.withLock { $0 }
    }
}
