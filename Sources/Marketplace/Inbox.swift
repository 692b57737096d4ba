/// The engine's mailbox: submissions of the network, and what the journal reports.
final class Inbox: Sendable {
    private let monitor = Monitor(State())

    fileprivate struct State {
        var submissions: [Submission] = []
        var itemCount = 0
        var journalIsIdle = true
        var journalFailure: String?
        var isStopping = false
        /// Only while an engine serves; otherwise submissions are refused.
        var isOpen = false
    }

    /// What the engine's thread does next.
    enum Work: Sendable {
        /// Execute these; more may come before the batch is sealed.
        case execute([Submission])
        /// The journal is idle: seal the batch that is open.
        case seal
        /// The deadline passed.
        case deadline
        case journalFailed(String)
        /// Nothing is left to do.
        case stop
    }

    enum Refusal: Sendable { case full, closed }

    /// Hands over a loop's turn; a refusal means that nothing of it was taken.
    func post(_ submission: Submission, cancelsOnly: Bool) -> Refusal? {
        monitor.withLock(waking: true) { state in
            guard state.isOpen, !state.isStopping else { return .closed }
            let limit = BatchLimits.waitingItemsMax + (cancelsOnly ? BatchLimits.waitingCancelsReserve : 0)
            // A mailbox always takes one item, however large.
            guard state.itemCount == 0 || state.itemCount + submission.items.count <= limit else { return .full }
            state.itemCount += submission.items.count
            state.submissions.append(submission)
            return nil
        }
    }

    /// Waits for work. `hasOpenBatch` and `isFull` describe the batch that the engine's thread is filling.
    func next(hasOpenBatch: Bool, isFull: Bool, deadline: Instant?) -> Work {
        let work = monitor.wait(until: deadline) { state -> Work? in
            if let failure = state.journalFailure { return .journalFailed(failure) }
            if !isFull, !state.submissions.isEmpty { return .execute(state.takeSubmissions()) }
            if hasOpenBatch, state.journalIsIdle { return .seal }
            if state.isStopping, !hasOpenBatch, state.journalIsIdle { return .stop }
            return nil
        }
        return work ?? .deadline
    }

    var waitingItems: Int { monitor.withLock { $0.itemCount } }

    /// An engine begins to serve.
    func open() {
        monitor.withLock(waking: true) { state in
            state.isOpen = true
            state.journalIsIdle = true
            state.journalFailure = nil
        }
    }

    /// The engine no longer serves; what was still waiting is returned, so that it can be refused.
    func close() -> [Submission] {
        monitor.withLock(waking: true) { state in
            state.isOpen = false
            return state.takeSubmissions()
        }
    }

    /// The journal has taken a batch.
    func journalIsBusy() { monitor.withLock { $0.journalIsIdle = false } }

    /// The journal's batch is durable.
    func journalIsIdle() { monitor.withLock(waking: true) { $0.journalIsIdle = true } }

    func journalFailed(_ reason: String) {
        monitor.withLock(waking: true) { $0.journalFailure = reason }
    }

    /// Accept nothing more, finish what is there.
    func stop() { monitor.withLock(waking: true) { $0.isStopping = true } }
    var isStopping: Bool { monitor.withLock { $0.isStopping } }
}

extension Inbox.State {
    fileprivate mutating func takeSubmissions() -> [Submission] {
        defer {
            submissions = []
            itemCount = 0
        }
        return submissions
    }
}
