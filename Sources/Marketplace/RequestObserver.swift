internal import API
internal import Log
internal import Units

/// Measures the requests of one loop and logs those that fail; used by the loop's thread only.
struct RequestObserver {
    private var underWay = RequestsUnderWay()
    private let metrics: LoopMetrics
    private let log: EventLog
    /// When the first request of this turn was heard: one look at the clock serves a turn.
    private var turnStart: Instant?

    init(_ metrics: LoopMetrics, _ log: EventLog) {
        self.metrics = metrics
        self.log = log
    }

    /// A new turn begins with the next request.
    mutating func endTurn() { turnStart = nil }

    mutating func heard(
        _ requestID: UInt64,
        _ method: RequestMethod,
        _ route: Route?,
        account: AccountID?,
        parent: TraceParent?
    ) {
        let heard = turnStart ?? .now
        turnStart = heard
        underWay.insert(
            RequestTrace(
                requestID: requestID,
                heard: heard,
                route: route,
                method: method,
                account: account,
                parent: parent
            )
        )
    }

    func refused(_ reason: Unavailable) { metrics.refused(reason) }

    /// A request is answered. `isDurable` says that the answer tells of a command that was just made durable.
    mutating func answered(_ requestID: UInt64, status: Int, at now: Instant, isDurable: Bool = false) {
        guard let trace = underWay.remove(requestID) else { return }
        let microseconds = max(0, now.microseconds(since: trace.heard))
        metrics.answered(trace.route, status: status, microseconds: microseconds)
        if isDurable { metrics.acknowledgements.record(microseconds) }
        guard status >= 400 else { return }
        let level = status >= 500 ? LogEvent.Level.warning : .debug
        guard log.writes(level) else { return }
        log.write(Self.event(level, trace, status: status, microseconds: microseconds), from: .request)
    }

    /// What is told of a request: never its path, query, fields or body as they were sent.
    static func event(_ level: LogEvent.Level, _ trace: RequestTrace, status: Int, microseconds: Int64) -> LogEvent {
        let id = Problem.requestIDText(trace.requestID)
        let route = trace.route?.template ?? "no route"
        let method = trace.method == .other ? "OTHER" : trace.method.rawValue
        var fields: [LogEvent.Field] = [
            .init("request_id", id), .init("method", method), .init("route", route), .init("status", Int64(status)),
            .init("duration_us", microseconds),
        ]
        if let account = trace.account { fields.append(.init("account", account.text)) }
        if let parent = trace.parent { fields.append(.init("traceparent", parent.text)) }
        var message = "request \(id): \(method) \(route) was answered with \(status) after \(microseconds) µs"
        if let account = trace.account { message += " to \(account.text)" }
        if let parent = trace.parent { message += ", trace \(parent.text)" }
        return LogEvent(level, "request", message, fields)
    }
}
