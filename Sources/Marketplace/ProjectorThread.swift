internal import Engine
internal import Postgres
internal import Store
internal import Synchronization
internal import Units

/// The thread by which the tables follow the journal. It gets only durable batches, and keeps them until the cursor of
/// the projection has passed them, so a lost connection or an unknown commit costs nothing but time (DESIGN §2).
///
/// A transaction of many batches costs the database less than one of each, and commits of the journal wait for it:
/// batches gather for a moment, unless somebody waits for the tables.
final class ProjectorThread: Sendable {
    private let mailbox: Monitor<State>
    private let progress: ProjectionProgress
    private let backlog: ProjectionBacklog
    private let metrics: Metrics
    private let gatherMilliseconds: Int64

    fileprivate struct State {
        var waiting: [ProjectedBatch] = []
        var waitingEvents = 0
        /// With those that are being projected: they are in memory until the cursor has passed them.
        var bytes = 0
        /// Until then what waits may still be projected; `nil` while the exchange runs.
        var stopDeadline: Instant?
        /// Stop now, whatever waits: it will be made again from the journal.
        var isAborted = false
        /// Ends the session that is in use.
        var interrupter: Interrupter?
    }

    /// A projector, and what it takes to end its session.
    struct Opened {
        let projector: Projector
        let interrupter: Interrupter
    }

    /// Events in one transaction: large enough to amortise its commit, small enough for a short lag.
    private static let eventsPerTransactionMax = 60_000
    /// Events for which nothing more is waited for: a transaction of more is hardly cheaper.
    static let eventsGathered = 8_192
    /// From the end of one transaction to the beginning of the next. The lag that it adds is seen by those who read the
    /// tables themselves; questions to the server that need more than the tables show do not wait for it.
    static let gatherMilliseconds: Int64 = 20
    /// Pause between two attempts while the database cannot be reached.
    private static let retryMilliseconds: Int64 = 200

    init(
        progress: ProjectionProgress,
        backlog: ProjectionBacklog,
        metrics: Metrics,
        gatherMilliseconds: Int64 = ProjectorThread.gatherMilliseconds
    ) {
        let mailbox = Monitor(State())
        self.mailbox = mailbox
        self.progress = progress
        self.backlog = backlog
        self.metrics = metrics
        self.gatherMilliseconds = gatherMilliseconds
        backlog.set(bytes: 0)
        metrics.projectionWaiting(events: 0)
        progress.whenWanted { mailbox.withLock(waking: true) { _ in } }
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
            state.bytes += batch.bytes
            // Under the lock: a figure that came late would refuse orders for something that is over.
            backlog.set(bytes: state.bytes)
            metrics.projectionWaiting(events: state.waitingEvents)
        }
    }

    /// Projects everything that waits, then ends. A database that cannot be reached is given up after a while: the next
    /// start makes the same rows from the journal.
    func stop() {
        let deadline = Instant.now.adding(milliseconds: BatchLimits.stopProjectionMilliseconds)
        mailbox.withLock(waking: true) { $0.stopDeadline = deadline }
    }

    /// Ends at once: a transaction under way is cut off.
    func abort() {
        mailbox.withLock(waking: true) { state in
            state.isAborted = true
            state.interrupter?.interrupt()
        }
    }

    enum Work { case batches([ProjectedBatch]), stop }

    /// Projects until it is told to stop. `connect` opens a new projector whenever the last one was lost.
    func run(connect: () throws(StoreError) -> Opened) {
        var projector: Projector?
        var taken: [ProjectedBatch] = []
        var last = Instant.now
        while true {
            if taken.isEmpty {
                switch nextWork(after: last) {
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
                    let opened = try connect()
                    guard keep(opened.interrupter) else { return }
                    current = opened.projector
                    projector = current
                }
                try current.apply(taken)
                if let last = taken.last {
                    metrics.projected(through: last.time)
                    progress.advance(to: last.lastSequence)
                }
                forget(taken)
                taken = []
                last = .now
            } catch {
                projector = nil
                metrics.projectionFailed(error.description)
                // Somebody else leads: the tables are that one's to write, and this term is over.
                if error == .fenced || waitToRetry() { return }
            }
        }
    }

    /// Notes what ends the session in use; false when it is to end already.
    private func keep(_ interrupter: Interrupter) -> Bool {
        mailbox.withLock { state in
            state.interrupter = interrupter
            return !state.isAborted
        }
    }

    /// The tables show these.
    private func forget(_ batches: [ProjectedBatch]) {
        mailbox.withLock { state in
            for batch in batches { state.bytes -= batch.bytes }
            backlog.set(bytes: state.bytes)
        }
    }

    /// What is to be written next, `last` being the end of the last transaction.
    func nextWork(after last: Instant) -> Work {
        _ = mailbox.wait(until: last.adding(milliseconds: gatherMilliseconds)) { state -> Void? in
            if state.isAborted || state.stopDeadline != nil || state.waitingEvents >= Self.eventsGathered { return () }
            return !state.waiting.isEmpty && progress.isWanted ? () : nil
        }
        return mailbox.wait { state -> Work? in
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

extension ProjectedBatch {
    /// What its events take in memory.
    var bytes: Int { events.count * MemoryLayout<Event>.stride + ends.count * MemoryLayout<Int32>.stride }
}

/// How much the tables lack, in bytes of events. Above half of its bound the operator is warned; when it is full new
/// orders are refused, and cancels go on (ENGINE §8).
final class ProjectionBacklog: Sendable {
    private let waiting = Atomic<Int>(0)
    private let isWarning = Atomic<Bool>(false)
    private let log: @Sendable (String) -> Void

    init(log: @escaping @Sendable (String) -> Void) { self.log = log }

    var bytes: Int { waiting.load(ordering: .relaxed) }
    /// No new orders.
    var isFull: Bool { bytes > BatchLimits.projectionBytesMax }
    /// The operator has been warned, and it is not over yet.
    var isHigh: Bool { isWarning.load(ordering: .relaxed) }

    func set(bytes: Int) {
        waiting.store(bytes, ordering: .relaxed)
        let warning = BatchLimits.projectionBytesWarning
        if bytes > warning, !isWarning.exchange(true, ordering: .relaxed) {
            log("projection_lag: the tables lack \(bytes >> 20) MiB of events; new orders are refused above twice that")
        }
        // Half of that again, so that a backlog at the bound does not fill the log.
        if bytes <= warning / 2, isWarning.exchange(false, ordering: .relaxed) {
            log("projection_lag: the tables catch up")
        }
    }
}

/// How far the tables are; readers wait on it.
final class ProjectionProgress: Sendable {
    private struct Position {
        var sequence = SequenceNumber.none
        /// The last that somebody has waited for.
        var wanted = SequenceNumber.none
        /// Tells the projector that somebody waits.
        var hurry: (@Sendable () -> Void)?
    }

    private let position = Monitor(Position())

    init() {}

    var sequence: SequenceNumber { position.withLock { $0.sequence } }

    /// Somebody waits for more than the tables show.
    var isWanted: Bool { position.withLock { $0.wanted > $0.sequence } }

    /// What is called when somebody begins to wait; it replaces what was said before.
    func whenWanted(_ hurry: @escaping @Sendable () -> Void) { position.withLock { $0.hurry = hurry } }

    func advance(to sequence: SequenceNumber) {
        position.withLock(waking: true) { $0.sequence = max($0.sequence, sequence) }
    }

    /// The tables were read: they may be behind where they were, when the database has lost its last transactions.
    func restart(at sequence: SequenceNumber) { position.withLock(waking: true) { $0.sequence = sequence } }

    /// Waits until the tables have reached `sequence`; false when they have not by the deadline.
    func wait(for sequence: SequenceNumber, until deadline: Instant) -> Bool {
        let hurry = position.withLock { position -> (@Sendable () -> Void)? in
            guard position.sequence < sequence else { return nil }
            position.wanted = max(position.wanted, sequence)
            return position.hurry
        }
        hurry?()
        return position.wait(until: deadline) { $0.sequence >= sequence ? true : nil } ?? false
    }
}
