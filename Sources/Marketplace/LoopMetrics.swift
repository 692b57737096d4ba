internal import API

/// What one loop of the network counts, alone; `/metrics` adds up the loops.
final class LoopMetrics: Sendable {
    /// By route and class of status; see ``place(_:_:)``.
    private let requests: [Histogram]
    /// From hearing a command to its answer, which is durable.
    let acknowledgements = Histogram(.latency)
    /// By the order of ``Unavailable/kinds``.
    private let unavailable: [Counter]
    /// By the order of ``Quota/Owner``.
    private let throttled: [Counter]

    /// 1xx to 5xx.
    private static let statusClasses = 5
    /// The row of what has no route, behind those of all routes.
    private static let lastRow = (Route.allCases.map(\.ordinal).max() ?? 0) + 1

    init() {
        requests = (0..<(Self.lastRow + 1) * Self.statusClasses).map { _ in Histogram(.latency) }
        unavailable = Unavailable.kinds.map { _ in Counter() }
        throttled = Quota.Owner.allCases.map { _ in Counter() }
    }

    /// Counts an answered request.
    func answered(_ route: Route?, status: Int, microseconds: Int64) {
        requests[Self.place(route, status)].record(microseconds)
    }

    /// Counts a request that got a 503 for this reason.
    func refused(_ reason: Unavailable) { unavailable[reason.ordinal].add() }

    /// Counts a request that got a 429 because this bucket was empty.
    func refused(_ owner: Quota.Owner) { throttled[owner.ordinal].add() }

    private static func place(_ route: Route?, _ status: Int) -> Int {
        (route?.ordinal ?? lastRow) * statusClasses + min(max(status / 100, 1), statusClasses) - 1
    }

    /// What the loops have counted together.
    static func write(_ loops: [LoopMetrics], into text: inout MetricsText) {
        let requests = "bombyx_http_request_duration_seconds"
        text.describe(requests, .histogram, "Time from hearing a request to its answer, by route and class of status.")
        for route in Route.allCases + [nil] as [Route?] {
            let row = route?.ordinal ?? lastRow
            for status in 1...statusClasses {
                var sum = Histogram.Reading(scale: .latency)
                for loop in loops { sum.add(loop.requests[row * statusClasses + status - 1].reading) }
                guard sum.count > 0 else { continue }
                let labels = [
                    ("method", route?.method.rawValue ?? ""), ("route", route?.template ?? ""),
                    ("status", "\(status)xx"),
                ]
                sum.write(requests, labels, into: &text)
            }
        }
        let acknowledgements = "bombyx_ack_latency_seconds"
        text.describe(acknowledgements, .histogram, "Time from hearing a command to its durable answer.")
        var sum = Histogram.Reading(scale: .latency)
        for loop in loops { sum.add(loop.acknowledgements.reading) }
        sum.write(acknowledgements, into: &text)

        text.describe("bombyx_unavailable_total", .counter, "Answers with status 503, by problem code.")
        for reason in Unavailable.kinds {
            let count = loops.reduce(0) { $0 + $1.unavailable[reason.ordinal].value }
            text.sample("bombyx_unavailable_total", [("code", reason.code.rawValue)], count)
        }
        text.describe("bombyx_throttled_total", .counter, "Answers with status 429 to who asked too often, by bucket.")
        for owner in Quota.Owner.allCases {
            let count = loops.reduce(0) { $0 + $1.throttled[owner.ordinal].value }
            text.sample("bombyx_throttled_total", [("bucket", owner.rawValue)], count)
        }
    }
}

extension Quota.Owner {
    /// The place in `allCases`.
    fileprivate var ordinal: Int {
        switch self {
        case .key: 0
        case .address: 1
        case .login: 2
        }
    }
}

extension Unavailable {
    /// One of each kind, in the order of ``ordinal``.
    fileprivate static let kinds = [
        overloaded, projectionLag, rebuilding, outcomeUnknown, notLeader(address: ""),
    ]

    fileprivate var ordinal: Int {
        switch self {
        case .overloaded: 0
        case .projectionLag: 1
        case .rebuilding: 2
        case .outcomeUnknown: 3
        case .notLeader: 4
        }
    }
}
