internal import Demonstration
internal import Glibc
internal import HTTP2
internal import Measurement
internal import Synchronization

/// What the main thread sees of a load while it runs: a line now and then, and the timeline of the report.
struct LoadWatch {
    private let target: LoadTarget
    private let gauges: [LoadGauges]
    private let started = ContinuousClock.now
    private var client: ExchangeClient?
    private(set) var timeline: [LoadOutcome.Tick] = []
    private var answeredBefore = 0
    private var failedBefore = 0
    private var lastLag: Int64?

    private static let isTerminal = isatty(2) == 1
    /// Where nobody watches, a line every so many seconds.
    private static let quietSeconds = 10

    init(_ target: LoadTarget, _ gauges: [LoadGauges]) {
        self.target = target
        self.gauges = gauges
        client = try? target.client()
    }

    /// Time since the beginning, in microseconds.
    var elapsed: Int64 { microseconds(since: started) }

    /// All threads have come so far.
    func haveReached(_ phase: LoadThread.Phase) -> Bool {
        gauges.allSatisfy { $0.phase.load(ordering: .sequentiallyConsistent) >= phase.rawValue }
    }

    /// Takes a step of the timeline and shows it.
    mutating func tick(mayShow: Bool = true) {
        let answered = gauges.reduce(0) { $0 + $1.answered.load(ordering: .relaxed) }
        let failed = gauges.reduce(0) { $0 + $1.failed.load(ordering: .relaxed) }
        let now = elapsed
        let told = metrics()
        lastLag = told?.lag
        let tick = LoadOutcome.Tick(
            microseconds: now,
            answered: Int64(answered - answeredBefore),
            failed: Int64(failed - failedBefore),
            lag: lastLag,
            lagMicroseconds: told?.lagMicroseconds
        )
        let span = now - (timeline.last?.microseconds ?? 0)
        timeline.append(tick)
        (answeredBefore, failedBefore) = (answered, failed)
        guard mayShow, Self.isTerminal || timeline.count % Self.quietSeconds == 0 else { return }
        let rate = span > 0 ? Int64(Int128(tick.answered) * 1_000_000 / Int128(span)) : 0
        let lag = lastLag.map { Figures.count($0) } ?? "?"
        let line =
            "  \(Figures.padded(Figures.duration(now), 8, right: true))  "
            + "\(Figures.padded(Figures.count(rate), 9, right: true))/s  answered \(Figures.count(answered))  "
            + "failed \(Figures.count(failed))  tables behind \(lag)"
        put(Self.isTerminal ? "\r\(Figures.padded(line, 100))" : line + "\n", to: 2)
    }

    /// Ends the line that ``tick(mayShow:)`` keeps rewriting.
    func endLine() { if Self.isTerminal { put("\n", to: 2) } }

    /// What the server says; `nil` when it says nothing at the moment.
    mutating func metrics() -> ServerMetrics? {
        if client == nil { client = try? target.client() }
        guard let client, let metrics = try? ServerMetrics(client) else {
            client?.close()
            client = nil
            return nil
        }
        return metrics
    }

    /// Waits until the tables show all, and says what they lacked at first, and how long it took.
    mutating func catchUp(until isOver: () -> Bool) throws -> (lag: Int64, microseconds: Int64) {
        let start = ContinuousClock.now
        var lag: Int64?
        var shown: Int64 = -1
        var moved = start
        while true {
            if let metrics = metrics() {
                lag = lag ?? metrics.lag
                if metrics.lag == 0 { break }
                if metrics.projectedSequence != shown { moved = .now }
                shown = metrics.projectedSequence
            }
            guard ContinuousClock.now - moved < .seconds(60), !isOver() else {
                throw CommandFailure("the tables do not follow the journal, or the server does not answer")
            }
            pause(milliseconds: 10)
        }
        return (lag ?? 0, microseconds(since: start))
    }
}
