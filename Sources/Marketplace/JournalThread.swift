internal import Cryptography
internal import Engine
internal import Sockets
internal import Store
internal import Units

/// The thread that makes batches durable, one row each, and lets out what follows from them: only after COMMIT, in the
/// order of the batches.
final class JournalThread: Sendable {
    private let handoff = Monitor(State())
    private let inbox: Inbox
    private let outlets: Outlets
    private let metrics: Metrics

    private struct State {
        /// At most one: the engine seals the next batch only when this one is durable.
        var pending: SealedBatch?
        var isStopping = false
        /// The thread has ended with a failure and takes nothing more.
        var hasFailed = false
    }

    /// What a durable batch flows into.
    struct Outlets: Sendable {
        let loops: LoopMailboxes
        let projector: ProjectorThread
        let published: Published
    }

    init(inbox: Inbox, outlets: Outlets, metrics: Metrics) {
        self.inbox = inbox
        self.outlets = outlets
        self.metrics = metrics
    }

    /// Hands over a sealed batch; the inbox hears when it is durable or has failed.
    func commit(_ batch: SealedBatch) {
        let isTaken = handoff.withLock(waking: true) { state in
            if !state.hasFailed { state.pending = batch }
            return !state.hasFailed
        }
        if !isTaken { outlets.loops.refuse(batch.deliveries, .outcomeUnknown) }
    }

    func stop() { handoff.withLock(waking: true) { $0.isStopping = true } }

    private enum Work { case batch(SealedBatch), idle, stop }

    /// Commits batches until it is told to stop or a commit fails. `term` is the leadership under which it writes.
    func run(_ term: JournalTerm) {
        while true {
            let work = handoff.wait(until: Instant.now.adding(milliseconds: 1_000)) { state -> Work? in
                if let batch = state.pending.take() { return .batch(batch) }
                return state.isStopping ? .stop : nil
            }
            do {
                switch work ?? .idle {
                case .batch(let batch): try commit(batch, in: term)
                case .idle: try term.renewLeadership()
                case .stop: return term.resignLeadership()
                }
            } catch {
                // The outcome may be unknown: the batch's answers must not leave, and the state in memory is dropped.
                if case .batch(let batch)? = work { outlets.loops.refuse(batch.deliveries, .outcomeUnknown) }
                // A batch may have been handed over while the leadership was being renewed.
                let waiting = handoff.withLock { state in
                    state.hasFailed = true
                    return state.pending.take()
                }
                if let waiting { outlets.loops.refuse(waiting.deliveries, .outcomeUnknown) }
                inbox.journalFailed(error.description)
                return
            }
        }
    }

    private func commit(_ batch: SealedBatch, in term: JournalTerm) throws(StoreError) {
        if batch.hasCommands {
            let started = Instant.now
            try term.append(batch)
            metrics.committed(batch, microseconds: Instant.now.microseconds(since: started))
        }
        // The engine may seal the next batch while this one's answers go out.
        inbox.journalIsIdle()
        // A key or a model must be known to every loop before the answer that announces it arrives.
        outlets.published.applyToNames(batch.interned)
        if batch.changesDirectory { outlets.published.applyToDirectory(batch) }
        if let changes = batch.bookChanges { outlets.published.applyToBook(changes, asOf: batch.lastSequence) }
        outlets.loops.deliver(batch)
        if batch.hasCommands { outlets.projector.project(batch) }
    }
}

/// A leadership of the journal, and the hash chain that it continues.
final class JournalTerm {
    private let writer: JournalWriter
    private let epoch: Int64
    private var previousDigest: Digest256

    init(writer: JournalWriter, epoch: Int64, previousDigest: Digest256) {
        self.writer = writer
        self.epoch = epoch
        self.previousDigest = previousDigest
    }

    /// Makes the batch durable as one row that links to the one before.
    func append(_ batch: SealedBatch) throws(StoreError) {
        let row = JournalBatch(
            number: batch.number,
            epoch: epoch,
            rulesVersion: RulesVersion.current,
            firstSequence: batch.firstSequence,
            lastSequence: batch.lastSequence,
            time: batch.time,
            gap: batch.gap,
            commands: batch.commandBytes,
            stateDigest: batch.stateDigest,
            previousDigest: previousDigest
        )
        try writer.commit(row)
        previousDigest = row.digest
    }

    /// Lets the next server lead at once; if that fails, it waits for the term to end.
    func resignLeadership() { try? writer.resign() }

    func renewLeadership() throws(StoreError) { try writer.renew() }
}
