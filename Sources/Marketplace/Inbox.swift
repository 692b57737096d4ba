internal import Synchronization

/// The engine's mailbox, and the life cycle that says what is to be done: submissions of the network, what the journal
/// reports, and what the engine's thread does next.
final class Inbox: Sendable {
    private let monitor = Monitor(State())
    /// What may wait before new orders are refused, and what cancels may take above that.
    private let limit: MailboxLimit
    private let limitWithCancels: MailboxLimit
    /// Something was refused for want of room since the engine took what waits.
    private let hasRefused = Atomic(false)

    fileprivate struct State {
        var submissions: [Submission] = []
        var items = 0
        var bytes = 0
        var lifeCycle = LifeCycle()
    }

    enum Refusal: Equatable, Sendable {
        /// Too much waits.
        case full
        /// No engine serves.
        case closed(Unavailable)
    }

    /// What the engine's thread does next.
    struct Work: Sendable {
        /// `nil` when the deadline has passed.
        var action: LifeCycle.Action?
        /// What is to be executed, or refused when memory is dropped.
        var submissions: [Submission] = []
    }

    init(_ limit: MailboxLimit = BatchLimits.waiting) {
        self.limit = limit
        limitWithCancels = limit.withReserve
    }

    /// After so many commands and queries a batch takes no further submission: never more than may wait.
    var batchItemsMax: Int { min(BatchLimits.commandsMax, limit.items) }
    /// So many are handed over at once, or a little more.
    var submissionItemsMax: Int { min(BatchLimits.submissionItemsMax, max(1, limit.items / 8)) }

    /// So many are carried out while the journal commits; a small mailbox is emptied before.
    private var itemsWhileCommitting: Int { min(BatchLimits.itemsWhileCommitting, submissionItemsMax) }

    private func waiting(in state: State) -> LifeCycle.Waiting {
        if state.submissions.isEmpty { return .nothing }
        return state.items < itemsWhileCommitting ? .few : .many
    }

    /// Hands over a loop's turn; a refusal means that nothing of it was taken.
    func post(_ submission: Submission, cancelsOnly: Bool) -> Refusal? {
        let bytes = submission.bytes
        return monitor.withLock(wakingIf: { $0.lifeCycle.wantsEngine(for: waiting(in: $0)) }) { state in
            if let refusal = state.lifeCycle.refusal { return .closed(refusal) }
            let limit = cancelsOnly ? limitWithCancels : limit
            guard limit.admits(items: submission.weight, bytes: bytes, besides: state.items, state.bytes) else {
                hasRefused.store(true, ordering: .relaxed)
                return .full
            }
            state.items += submission.weight
            state.bytes += bytes
            state.submissions.append(submission)
            return nil
        }
    }

    /// Waits for work. `fill` describes the batch that the engine's thread is filling.
    func next(_ fill: LifeCycle.Fill = .empty, deadline: Instant? = nil) -> Work {
        let work = monitor.wait(until: deadline) { state -> Work? in
            guard let action = state.apply(.engineIsFree(fill, waiting(in: state))).first else {
                return nil
            }
            switch action {
            case .execute, .drop:
                hasRefused.store(false, ordering: .relaxed)
                return Work(action: action, submissions: state.takeSubmissions())
            default: return Work(action: action)
            }
        }
        return work ?? Work(action: nil)
    }

    /// Takes in what has happened, and gives what the calling thread has to do about it.
    @discardableResult
    func apply(_ event: LifeCycle.Event) -> [LifeCycle.Action] {
        monitor.withLock(waking: true) { $0.apply(event) }
    }

    /// Waits that long, or until a stop is asked for.
    func pause(milliseconds: Int64) {
        let end = Instant.now.adding(milliseconds: milliseconds)
        _ = monitor.wait(until: end) { $0.lifeCycle.state == .stopped ? true : nil }
    }

    /// What a request is answered that comes now; `nil` while commands are taken.
    var refusal: Unavailable? { monitor.withLock { $0.lifeCycle.refusal } }
    /// New orders would be refused now, most likely: whoever asks for one can be told before anything is done for it.
    var isFull: Bool { hasRefused.load(ordering: .relaxed) }
    var state: LifeCycle.State { monitor.withLock { $0.lifeCycle.state } }
    var waitingItems: Int { monitor.withLock { $0.items } }
    var waitingBytes: Int { monitor.withLock { $0.bytes } }
}

extension Inbox.State {
    /// An impossible event means that the threads and the value disagree about what is durable: nothing that this
    /// process does from here on could be trusted, and what it has acknowledged is in the journal.
    fileprivate mutating func apply(_ event: LifeCycle.Event) -> [LifeCycle.Action] {
        let before = lifeCycle.state
        guard let actions = lifeCycle.apply(event) else {
            preconditionFailure("\(event) cannot happen while the exchange is \(before)")
        }
        return actions
    }

    fileprivate mutating func takeSubmissions() -> [Submission] {
        defer {
            submissions = []
            items = 0
            bytes = 0
        }
        return submissions
    }
}
