internal import API
internal import Engine
internal import Synchronization
internal import Units

/// Counters and gauges of the whole process, for `/metrics` and `/readyz`; `Deploy/metrics.md` explains each.
///
/// No lock is taken: every figure has one thread that changes it at a time, or is an atomic.
final class Metrics: Sendable {
    private let commands = Counter()
    private let events = Counter()
    private let batches = Counter()
    private let commandBytes = Counter()
    private let recoveries = Counter()
    private let violations = Counter()
    private let projectionFailures = Atomic<Int64>(0)
    private let outcomes = CommandOutcomes()
    private let failures = SettlementFailures()
    private let commits = Histogram(.batch)
    private let batchCommands = Histogram(.commands)
    private let engineTime = Histogram(.batch)
    private let sequence = Atomic<Int64>(0)
    private let batch = Atomic<Int64>(0)
    private let durableTime = Atomic<Int64>(0)
    private let projectedTime = Atomic<Int64>(0)
    private let eventsWaiting = Atomic<Int>(0)
    private let figures = EngineFigures()
    /// For each loop of the network its own.
    let loops: [LoopMetrics]

    init(loops: Int) { self.loops = (0..<loops).map { _ in LoopMetrics() } }

    // MARK: What the engine's thread tells

    /// A batch is sealed; `microseconds` is what the engine took for it.
    func sealed(_ batch: SealedBatch, engine: Engine, microseconds: Int64) {
        if batch.hasCommands { engineTime.record(microseconds) }
        events.add(Int64(batch.events.count))
        if figures.read(engine) { violations.add() }
    }

    /// A period of leadership starts with this state.
    func started(batch number: Int64, engine: Engine) {
        batch.store(number, ordering: .relaxed)
        sequence.store(engine.sequence.rawValue, ordering: .relaxed)
        if figures.read(engine) { violations.add() }
    }

    /// Another server leads: how far its journal and its tables are.
    func follows(batch number: Int64, sequence last: SequenceNumber) {
        batch.store(number, ordering: .relaxed)
        sequence.store(last.rawValue, ordering: .relaxed)
    }

    /// The state is rebuilt from the database.
    func recovered() { recoveries.add() }
    /// The records contradict themselves: the exchange stops.
    func violated() { violations.add() }

    // MARK: What the journal's thread tells

    func committed(_ sealed: SealedBatch, microseconds: Int64) {
        batches.add()
        commands.add(Int64(sealed.ends.count))
        commandBytes.add(Int64(sealed.commandBytes.count))
        commits.record(microseconds)
        batchCommands.record(Int64(sealed.ends.count))
        outcomes.count(sealed)
        failures.count(sealed.events)
        sequence.store(sealed.lastSequence.rawValue, ordering: .relaxed)
        batch.store(sealed.number, ordering: .relaxed)
        durableTime.store(sealed.time.microseconds, ordering: .relaxed)
    }

    // MARK: What the projector's thread tells

    func projectionWaiting(events count: Int) { eventsWaiting.store(count, ordering: .relaxed) }
    func projectionFailed(_ reason: String) { projectionFailures.add(1, ordering: .relaxed) }
    /// The tables show everything up to this logical time.
    func projected(through time: LogicalTime) { projectedTime.store(time.microseconds, ordering: .relaxed) }

    /// Events that the tables do not show yet.
    var eventsWaitingForProjection: Int { eventsWaiting.load(ordering: .relaxed) }
    /// The last durable sequence number.
    var durableSequence: SequenceNumber { SequenceNumber(sequence.load(ordering: .relaxed)) }
    /// The last durable batch.
    var durableBatch: Int64 { batch.load(ordering: .relaxed) }

    /// What is read elsewhere at the moment of the answer.
    struct Moment {
        var projected: SequenceNumber
        var published: SequenceNumber
        var engineWaiting: Int
        var readersWaiting: Int
        var isReady: Bool
    }

    /// What Prometheus reads.
    func write(into text: inout MetricsText, at moment: Moment) {
        let counters: [(String, String, Int64)] = [
            ("commands_total", "Commands made durable.", commands.value),
            ("batches_total", "Batches committed.", batches.value),
            ("events_total", "Events of executed commands.", events.value),
            ("journal_bytes_total", "Bytes of commands committed.", commandBytes.value),
            ("projection_failures_total", "Projections to repeat.", projectionFailures.load(ordering: .relaxed)),
            ("recoveries_total", "Rebuilds from the database.", recoveries.value),
            ("invariant_violations_total", "Rules of the state that were found broken.", violations.value),
        ]
        for (name, help, value) in counters { text.metric("bombyx_\(name)", .counter, help, value) }
        outcomes.write(into: &text)
        let lag = max(0, durableSequence.rawValue - moment.projected.rawValue)
        let gauges: [(String, String, Int64)] = [
            ("ready", "1 while commands are taken.", moment.isReady ? 1 : 0),
            ("sequence", "Last durable sequence number.", durableSequence.rawValue),
            ("batch", "Last durable batch.", durableBatch),
            ("published_sequence", "Sequence number that the public book shows.", moment.published.rawValue),
            ("projected_sequence", "Sequence number that the tables show.", moment.projected.rawValue),
            ("projection_lag_sequence", "Durable commands that the tables do not show yet.", lag),
            ("projection_waiting_events", "Events waiting to be projected.", Int64(eventsWaitingForProjection)),
            ("engine_waiting_items", "Requests waiting for the engine.", Int64(moment.engineWaiting)),
            ("readers_waiting_jobs", "Questions waiting for a reader of the tables.", Int64(moment.readersWaiting)),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, value) }
        text.describe("bombyx_projection_lag_seconds", .gauge, "Logical time that the tables are behind the journal.")
        let behind = durableTime.load(ordering: .relaxed) - projectedTime.load(ordering: .relaxed)
        text.sample("bombyx_projection_lag_seconds", [], lag == 0 ? 0 : Double(max(0, behind)) / 1_000_000)
        figures.write(into: &text)
        failures.write(into: &text)
        let histograms = [
            ("batch_commit_seconds", "Time of the commit of a batch.", commits),
            ("batch_commands", "Commands of a batch.", batchCommands),
            ("batch_engine_seconds", "Time that the engine took for a batch.", engineTime),
        ]
        for (name, help, histogram) in histograms {
            text.describe("bombyx_\(name)", .histogram, help)
            histogram.reading.write("bombyx_\(name)", into: &text)
        }
        LoopMetrics.write(loops, into: &text)
    }
}

/// What became of commands, counted by the journal's thread when they are durable.
final class CommandOutcomes: Sendable {
    private let accepted = Counter()
    private let trades = Counter()
    private let selfTrades = Counter()
    private let replays = Counter()
    /// By ``rejections``.
    private let rejected: [Counter] = rejections.map { _ in Counter() }

    private static let rejections = Rejection.allCases

    init() {}

    func count(_ batch: SealedBatch) {
        var hasRejections = false
        for event in batch.events {
            switch event {
            case .accepted: accepted.add()
            case .traded: trades.add()
            case .closed(_, .selfTrade, _): selfTrades.add()
            case .replayed: replays.add()
            case .rejected: hasRejections = true
            default: continue
            }
        }
        if hasRejections { countRejectedOrders(batch) }
    }

    /// Which kind of command was refused is known by how it is to be answered.
    private func countRejectedOrders(_ batch: SealedBatch) {
        for deliveries in batch.deliveries {
            for delivery in deliveries {
                for index in delivery.outcome.placed { countRejected(batch.group(index)) }
            }
        }
    }

    private func countRejected(_ events: ArraySlice<Event>) {
        for event in events {
            guard case .rejected(let rejection) = event, let place = Self.rejections.firstIndex(of: rejection) else {
                continue
            }
            rejected[place].add()
        }
    }

    func write(into text: inout MetricsText) {
        let orders = "bombyx_orders_total"
        text.describe(orders, .counter, "Orders, by result: accepted, or the code of the refusal.")
        text.sample(orders, [("result", "accepted")], accepted.value)
        for (rejection, counter) in zip(Self.rejections, rejected) where counter.value > 0 {
            text.sample(orders, [("result", rejection.code)], counter.value)
        }
        text.metric("bombyx_trades_total", .counter, "Trades.", trades.value)
        text.metric("bombyx_self_trades_prevented_total", .counter, "Orders closed by that rule.", selfTrades.value)
        text.metric("bombyx_replays_total", .counter, "Repeated requests that got their answer again.", replays.value)
    }
}

/// What is read from the engine on its own thread, now and then.
final class EngineFigures: Sendable {
    private let openOrders = Atomic<Int64>(0)
    private let classes = Atomic<Int64>(0)
    private let profiles = Atomic<Int64>(0)
    private let remembered = Atomic<Int64>(0)
    /// Microseconds of logical time.
    private let window = Atomic<Int64>(0)
    private let imbalance = Atomic<Int64>(0)
    private let anchors = AnchorFigures()
    private let settlement = SettlementMetrics()
    /// Set by whoever shows the figures, so that sums over accounts and batches are made once for each look at them.
    private let isAuditWanted = Atomic<Bool>(true)
    /// When the next of these sums may be made, in nanoseconds of ``Instant``.
    private let nextAudit = Atomic<Int64>(0)
    /// However often somebody looks: the engine is held up for as long as there are accounts.
    static let auditMilliseconds: Int64 = 1_000

    init() {}

    /// Reads the figures; true when the ledger is found out of balance.
    func read(_ engine: Engine) -> Bool {
        openOrders.store(Int64(engine.openOrderCount), ordering: .relaxed)
        classes.store(Int64(engine.classCount), ordering: .relaxed)
        profiles.store(Int64(engine.profileCount), ordering: .relaxed)
        remembered.store(Int64(engine.rememberedRequestCount), ordering: .relaxed)
        let oldest = engine.oldestRememberedRequest ?? engine.time
        window.store(engine.time.microseconds - oldest.microseconds, ordering: .relaxed)
        anchors.read(engine)
        guard takeAudit(at: .now) else { return false }
        settlement.read(engine.settlementFigures)
        let found = Int64(clamping: engine.ledgerImbalance)
        imbalance.store(found, ordering: .relaxed)
        return found != 0
    }

    /// Whether it is time for the sums over accounts and batches.
    func takeAudit(at now: Instant) -> Bool {
        guard now.nanoseconds >= nextAudit.load(ordering: .relaxed),
            isAuditWanted.exchange(false, ordering: .relaxed)
        else { return false }
        nextAudit.store(now.adding(milliseconds: Self.auditMilliseconds).nanoseconds, ordering: .relaxed)
        return true
    }

    /// Asks for these sums.
    func wantAudit() { isAuditWanted.store(true, ordering: .relaxed) }

    func write(into text: inout MetricsText) {
        wantAudit()
        let gauges: [(String, String, Int64)] = [
            ("open_orders", "Resting orders.", openOrders.load(ordering: .relaxed)),
            ("classes", "Capability classes that were ever named.", classes.load(ordering: .relaxed)),
            ("profiles", "Profiles of bids that were ever named.", profiles.load(ordering: .relaxed)),
            ("idempotency_entries", "Requests that are remembered.", remembered.load(ordering: .relaxed)),
            ("ledger_imbalance_nanoton", "0, or money was made or lost.", imbalance.load(ordering: .relaxed)),
        ]
        for (name, help, value) in gauges { text.metric("bombyx_\(name)", .gauge, help, value) }
        let name = "bombyx_idempotency_window_seconds"
        text.describe(name, .gauge, "Logical time since the oldest remembered request.")
        text.sample(name, [], Double(window.load(ordering: .relaxed)) / 1_000_000)
        settlement.write(into: &text, at: LogicalTime(microseconds: wallClockMicroseconds()))
        anchors.write(into: &text)
    }
}
