internal import Engine
internal import Store
internal import Units

/// The thread by which the tables follow the journal. It gets only durable batches, and keeps them until the cursor of
/// the projection has passed them, so a lost connection or an unknown commit costs nothing but time (DESIGN §2).
final class ProjectorThread: Sendable {
    private let mailbox: Monitor<State>
    private let progress: ProjectionProgress
    private let metrics: Metrics

    fileprivate struct State {
        var waiting: [ProjectedBatch] = []
        var waitingEvents = 0
        /// Until then what waits may still be projected; `nil` while the exchange runs.
        var stopDeadline: Instant?
        /// Stop now, whatever waits: it will be made again from the journal.
        var isAborted = false
    }

    /// Events in one transaction: large enough to amortise its commit, small enough for a short lag.
    private static let eventsPerTransactionMax = 60_000
    /// Pause between two attempts while the database cannot be reached.
    private static let retryMilliseconds: Int64 = 200
    /// How long a stop waits for a database that cannot be reached.
    private static let stopMilliseconds: Int64 = 5_000

    init(progress: ProjectionProgress, metrics: Metrics) {
        mailbox = Monitor(State())
        self.progress = progress
        self.metrics = metrics
    }

    func project(_ batch: SealedBatch) {
        project(
            ProjectedBatch(
                number: batch.number,
                firstSequence: batch.firstSequence,
                lastSequence: batch.lastSequence,
                time: batch.time,
                grace: batch.grace,
                events: batch.events,
                ends: batch.ends
            )
        )
    }

    func project(_ batch: ProjectedBatch) {
        mailbox.withLock(waking: true) { state in
            state.waiting.append(batch)
            state.waitingEvents += batch.events.count
            // Under the lock: a figure that came late would refuse orders for something that is over.
            metrics.projectionWaiting(events: state.waitingEvents)
        }
    }

    /// Projects everything that waits, then ends. A database that cannot be reached is given up after a while: the next
    /// start makes the same rows from the journal.
    func stop() {
        let deadline = Instant.now.adding(milliseconds: Self.stopMilliseconds)
        mailbox.withLock(waking: true) { $0.stopDeadline = deadline }
    }
    /// Ends as soon as the transaction under way is over.
    func abort() { mailbox.withLock(waking: true) { $0.isAborted = true } }

    private enum Work { case batches([ProjectedBatch]), stop }

    /// Projects until it is told to stop. `connect` opens a new projector whenever the last one was lost.
    func run(connect: () throws(StoreError) -> Projector) {
        var projector: Projector?
        var taken: [ProjectedBatch] = []
        while true {
            if taken.isEmpty {
                switch nextWork() {
                case .stop: return
                case .batches(let batches): taken = batches
                }
            }
            do {
                let current: Projector
                if let projector {
                    current = projector
                } else {
                    // It reads where the tables stand: what a lost connection did commit is not written twice.
                    current = try connect()
                    projector = current
                }
                try current.apply(taken)
                if let last = taken.last { progress.advance(to: last.lastSequence) }
                taken = []
            } catch {
                projector = nil
                metrics.projectionFailed(error.description)
                if waitToRetry() { return }
            }
        }
    }

    private func nextWork() -> Work {
        mailbox.wait { state -> Work? in
            if state.isAborted { return .stop }
            if state.waiting.isEmpty { return state.stopDeadline == nil ? nil : .stop }
            defer { metrics.projectionWaiting(events: state.waitingEvents) }
            return .batches(state.take(eventsMax: Self.eventsPerTransactionMax))
        } ?? .stop
    }

    /// A short pause before the next attempt; true when there will be none.
    private func waitToRetry() -> Bool {
        let end = Instant.now.adding(milliseconds: Self.retryMilliseconds)
        let isAborted = mailbox.wait(until: end) { $0.isAborted ? true : nil } ?? false
        return isAborted || mailbox.withLock { $0.stopDeadline.map { $0 <= .now } ?? false }
    }
}

extension ProjectorThread.State {
    /// Takes whole batches up to about `eventsMax` events, one batch at least.
    fileprivate mutating func take(eventsMax: Int) -> [ProjectedBatch] {
        var events = 0
        var count = 0
        while count < waiting.count, count == 0 || events + waiting[count].events.count <= eventsMax {
            events += waiting[count].events.count
            count += 1
        }
        let taken = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingEvents -= events
        return taken
    }
}

/// How far the tables are; readers wait on it.
final class ProjectionProgress: Sendable {
    private let position = Monitor(SequenceNumber.none)

    init() {}

    var sequence: SequenceNumber { position.withLock { $0 } }

    func advance(to sequence: SequenceNumber) {
        position.withLock(waking: true) { $0 = max($0, sequence) }
    }

    /// The tables were read: they may be behind where they were, when the database has lost its last transactions.
    func restart(at sequence: SequenceNumber) { position.withLock(waking: true) { $0 = sequence } }

    /// Waits until the tables have reached `sequence`; false when they have not by the deadline.
    func wait(for sequence: SequenceNumber, until deadline: Instant) -> Bool {
        position.wait(until: deadline) { $0 >= sequence ? true : nil } ?? false
    }
}
