internal import Cryptography
internal import Engine
internal import Sockets
internal import Store
internal import Units

/// The thread that makes batches durable, one row each, and lets out what follows from them: only after COMMIT, in the
/// order of the batches. What is to be done after each outcome is the ``LifeCycle``'s to say.
final class JournalThread: Sendable {
    private let handoff = Monitor(State())
    private let inbox: Inbox
    private let outlets: Outlets
    private let metrics: Metrics
    private let standing: Standing
    private let clocks: any Clocks

    private struct State {
        /// At most one: the engine seals the next batch only when this one is durable.
        var pending: SealedBatch?
        var isStopping = false
        /// The thread has ended with a failure and takes nothing more; what comes late is answered so.
        var failure: Unavailable?
    }

    /// What a durable batch flows into.
    struct Outlets: Sendable {
        let loops: LoopMailboxes
        let projector: any BatchFollower
        let published: Published
        let feed: any BatchFollower
    }

    init(
        inbox: Inbox,
        outlets: Outlets,
        metrics: Metrics,
        standing: Standing,
        clocks: any Clocks = MachineClocks()
    ) {
        self.inbox = inbox
        self.outlets = outlets
        self.metrics = metrics
        self.standing = standing
        self.clocks = clocks
    }

    /// Hands over a sealed batch; the life cycle hears when it is durable or has failed.
    func commit(_ batch: SealedBatch) {
        let failure = handoff.withLock(waking: true) { state in
            if state.failure == nil { state.pending = batch }
            return state.failure
        }
        if let failure { outlets.loops.refuse(batch.deliveries, failure) }
    }

    func stop() { handoff.withLock(waking: true) { $0.isStopping = true } }

    /// What the thread has to do.
    enum Work {
        case batch(SealedBatch)
        /// Nothing was handed over until the leadership is to be renewed.
        case idle
        case stop
    }

    /// Commits batches until it is told to stop or the leadership ends. `term` is what it writes under.
    func run(_ term: JournalTerm) {
        while true {
            guard carryOut(next(until: standing.renewalDue), in: term) else { return }
        }
    }

    /// Waits for work; there is none when the deadline has passed.
    func next(until deadline: Instant) -> Work {
        let work = handoff.wait(until: deadline) { state -> Work? in
            if let batch = state.pending.take() { return .batch(batch) }
            return state.isStopping ? .stop : nil
        }
        return work ?? .idle
    }

    /// Commits, renews or resigns; false when nothing more is to be done under this leadership.
    func carryOut(_ work: Work, in term: JournalTerm) -> Bool {
        switch work {
        case .batch(let batch):
            // Nothing else would tell that what its questions saw is still what the exchange is, and questions alone
            // must not keep a leader from renewing.
            if !batch.hasCommands, standing.renewalDue <= clocks.instant, !renew(term, holding: batch) {
                return false
            }
            do throws(StoreError) {
                try commit(batch, in: term)
            } catch {
                end(.init(ofCommit: error), holding: batch)
                return false
            }
        case .idle: return renew(term, holding: nil)
        case .stop:
            term.resignLeadership()
            return false
        }
        return true
    }

    private func renew(_ term: JournalTerm, holding batch: SealedBatch?) -> Bool {
        let started = clocks.instant
        do throws(StoreError) {
            try term.renewLeadership()
        } catch {
            end(.init(ofRenewal: error), holding: batch)
            return false
        }
        standing.confirmed(at: started)
        return true
    }

    private func commit(_ batch: SealedBatch, in term: JournalTerm) throws(StoreError) {
        if batch.hasCommands {
            let started = clocks.instant
            try term.append(batch)
            standing.confirmed(at: started)
            metrics.committed(batch, microseconds: clocks.instant.microseconds(since: started))
        }
        // The engine may seal the next batch while this one's answers go out.
        for action in inbox.apply(.committed) where action == .release { release(batch) }
    }

    private func release(_ batch: SealedBatch) {
        // A key or a model must be known to every loop before the answer that announces it arrives.
        outlets.published.applyToNames(batch.interned)
        if batch.changesDirectory { outlets.published.applyToDirectory(batch) }
        if let changes = batch.bookChanges { outlets.published.applyToBook(changes, asOf: batch.lastSequence) }
        outlets.loops.deliver(batch)
        for (ticket, answer) in batch.settlement { ticket.give(answer) }
        outlets.feed.follow(batch)
        if batch.hasCommands { outlets.projector.follow(batch) }
    }

    /// Nothing can be written any more. `batch` is what was being committed.
    private func end(_ interruption: LifeCycle.Interruption, holding batch: SealedBatch?) {
        for action in inbox.apply(.journalEnded(interruption)) {
            guard case .refuseCommitting(let answer) = action else { continue }
            // It may have been handed over while the leadership was being renewed, or be on its way still.
            let late = handoff.withLock { state in
                state.failure = answer
                return state.pending.take()
            }
            for batch in [batch, late].compactMap(\.self) { outlets.loops.refuse(batch.deliveries, answer) }
        }
    }
}

extension LifeCycle.Interruption {
    fileprivate init(ofCommit error: StoreError) {
        self =
            switch error {
            case .fenced: .fenced
            case .refused: .refused(error.description)
            default: .unknown(error.description)
            }
    }

    fileprivate init(ofRenewal error: StoreError) {
        self = error == .fenced ? .fenced : .lost(error.description)
    }
}

/// Follows the journal: takes every durable batch, in their order.
protocol BatchFollower: Sendable {
    func follow(_ batch: SealedBatch)
}

extension ProjectorThread: BatchFollower {
    func follow(_ batch: SealedBatch) { project(batch) }
}

extension StreamFeed: BatchFollower {
    func follow(_ batch: SealedBatch) { publish(batch) }
}

/// What a leadership writes with: the database's ``JournalWriter``, or a simulated one that keeps its promises.
protocol TermWriter: AnyObject {
    var leadership: Leadership { get }
    func commit(_ batch: JournalBatch) throws(StoreError)
    func renew(isSeen: Bool) throws(StoreError)
    func resign(isSeen: Bool) throws(StoreError)
}

extension JournalWriter: TermWriter {}

/// A leadership of the journal, and the hash chain that it continues.
final class JournalTerm {
    /// The sessions of the writer, which live as long as the term.
    private let claim: Claim?
    private let writer: any TermWriter
    private var previousDigest: Digest256
    /// The first batch of a term says for how long there was no leader; until then the row must still say it.
    private var hasWritten = false

    init(claim: Claim? = nil, writer: any TermWriter, previousDigest: Digest256) {
        self.claim = claim
        self.writer = writer
        self.previousDigest = previousDigest
    }

    var leadership: Leadership { writer.leadership }

    /// Makes the batch durable as one row that links to the one before.
    func append(_ batch: SealedBatch) throws(StoreError) {
        let row = JournalBatch(
            number: batch.number,
            epoch: writer.leadership.epoch,
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
        hasWritten = true
    }

    /// Lets the next server lead at once; if that fails, it waits for the term to end.
    func resignLeadership() { try? writer.resign(isSeen: hasWritten) }

    func renewLeadership() throws(StoreError) { try writer.renew(isSeen: hasWritten) }
}
