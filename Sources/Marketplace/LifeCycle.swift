/// The life of a server and of its batches, as a value (ENGINE §6): what has happened goes in, what is to be done comes
/// out. The threads carry the actions out and have no rules of their own.
///
/// ```
/// starting ─▶ following ⇄ rebuilding ─▶ serving ─▶ stopping ─▶ stopped
///                             ▲            │ refused, unknown, lost, fenced
///                             └────── interrupted
/// ```
/// It changes a few times per batch, never per command.
struct LifeCycle: Equatable, Sendable {
    private(set) var state = State.starting

    enum State: Equatable, Sendable {
        /// Nobody has looked at the leader's row yet.
        case starting
        /// Another server leads.
        case following(Leader)
        /// Nothing is in memory. First the leadership is to be had, then the state to be read.
        case rebuilding(reason: String, isLeader: Bool)
        /// Commands are taken and carried out.
        case serving(Journal)
        /// No more commands are taken; those that were taken are finished.
        case stopping(Journal)
        /// The journal has ended, but the engine's thread still has what it executed.
        case interrupted(Interruption, isStopping: Bool)
        case stopped
        /// The state cannot be rebuilt, and trying again would not help.
        case failed(String)
    }

    /// What the journal does while commands are executed.
    enum Journal: Equatable, Sendable { case idle, committing }

    /// How far the batch that commands are executed into is. While the journal commits the one before, this is the only
    /// executed batch: a full one takes no more until the journal is idle (ENGINE §8).
    enum Fill: Equatable, Sendable { case empty, open, full }

    /// What waits in the engine's mailbox.
    enum Waiting: Equatable, Sendable {
        case nothing
        /// Too little for the engine to be woken while the journal commits: it cannot be committed before that is over
        /// anyway, and to be woken for each request costs more than to carry it out.
        case few
        /// So much that it is carried out while the journal commits, so that the next batch is ready then.
        case many
    }

    /// The server that leads instead of this one.
    struct Leader: Equatable, Sendable {
        let epoch: Int64
        let holder: String
        /// Where its clients reach it; empty when it did not say.
        let address: String
    }

    /// How a leadership ended.
    enum Interruption: Equatable, Sendable {
        /// The database refused a commit: nothing of it was written.
        case refused(String)
        /// A commit was under way when its session ended or fell silent: it may have been written.
        case unknown(String)
        /// The session ended while nothing was being committed.
        case lost(String)
        /// Another server leads: nothing was written, and nothing can be any more.
        case fenced
    }

    enum Event: Equatable, Sendable {
        // Of the engine's thread.
        /// It has nothing to do, or its deadline has come.
        case engineIsFree(Fill, Waiting)
        case foundLeader(Leader)
        /// The sessions of the leader before have been ended, and the epoch is ours.
        case tookLeadership
        case rebuilt
        /// The database could not be reached, or failed, while the leadership was to be had or the state to be read.
        case databaseFailed(String)
        /// What the database holds gives no state.
        case stateIsUnusable(String)
        // Of the journal's thread.
        case committed
        /// No commit or renewal succeeds under this leadership any more.
        case journalEnded(Interruption)
        // Of whoever runs the exchange.
        case stopAsked
    }

    enum Action: Equatable, Sendable {
        /// Look at the leader's row, and take the leadership if nobody has it.
        case lookForLeadership
        /// Wait before the next look.
        case pause(milliseconds: Int64)
        /// Read the state from the database, under our epoch.
        case rebuild
        /// Carry out the requests that wait, into the open batch.
        case execute
        /// Close the open batch and hand it to the journal.
        case seal
        /// The batch is durable: let out its answers and what was published, and hand it to the projector.
        case release
        /// Answer every request of the batch that the journal had.
        case refuseCommitting(Unavailable)
        /// Drop everything in memory; answer the requests of the open batch, and those that wait.
        case drop(open: Unavailable, waiting: Unavailable)
        /// The engine's thread ends, and gives back the leadership if it has it.
        case end
    }

    /// The time between two looks at the leader's row while another server leads.
    static let followMilliseconds: Int64 = 500
    /// The time between two attempts while the database cannot be reached.
    static let retryMilliseconds: Int64 = 250

    /// Takes in what has happened. `nil`, and no change, for what cannot happen in this state.
    mutating func apply(_ event: Event) -> [Action]? {
        switch event {
        case .engineIsFree(let fill, let waiting): engineIsFree(fill, waiting)
        case .foundLeader, .tookLeadership, .rebuilt, .databaseFailed, .stateIsUnusable: recover(event)
        case .committed: committed()
        case .journalEnded(let interruption): journalEnded(interruption)
        case .stopAsked: stopAsked()
        }
    }

    private mutating func engineIsFree(_ fill: Fill, _ waiting: Waiting) -> [Action]? {
        switch state {
        case .serving(let journal):
            if wantsEngine(for: waiting), fill != .full { return [.execute] }
            guard fill != .empty, journal == .idle else { return [] }
            state = .serving(.committing)
            return [.seal]
        case .stopping(let journal):
            if wantsEngine(for: waiting), fill != .full { return [.execute] }
            guard journal == .idle else { return [] }
            state = fill == .empty ? .stopped : .stopping(.committing)
            return fill == .empty ? [.end] : [.seal]
        case .interrupted(let interruption, let isStopping):
            state = isStopping ? .stopped : .rebuilding(reason: interruption.reason, isLeader: false)
            return [.drop(open: interruption.answerToExecuted, waiting: interruption.answerToWaiting)]
        case .starting, .following, .rebuilding(_, isLeader: false):
            // An engine that has something to seal has a leadership.
            return fill == .empty ? [.lookForLeadership] : nil
        case .rebuilding(_, isLeader: true): return fill == .empty ? [.rebuild] : nil
        case .stopped, .failed: return fill == .empty ? [.end] : nil
        }
    }

    /// Whether the engine has something to do about what waits: nobody need wake it otherwise.
    func wantsEngine(for waiting: Waiting) -> Bool {
        switch state {
        case .serving(.committing), .stopping(.committing): waiting == .many
        default: waiting != .nothing
        }
    }

    /// What became of looking for the leadership and of rebuilding.
    private mutating func recover(_ event: Event) -> [Action]? {
        switch (state, event) {
        case (.starting, .foundLeader(let leader)), (.following, .foundLeader(let leader)),
            (.rebuilding(_, isLeader: false), .foundLeader(let leader)):
            state = .following(leader)
            return [.pause(milliseconds: Self.followMilliseconds)]
        case (.starting, .tookLeadership), (.following, .tookLeadership):
            state = .rebuilding(reason: "this server has taken the leadership", isLeader: true)
        case (.rebuilding(let reason, isLeader: false), .tookLeadership):
            state = .rebuilding(reason: reason, isLeader: true)
        case (.rebuilding(_, isLeader: true), .rebuilt): state = .serving(.idle)
        case (.starting, .databaseFailed(let reason)):
            // Whoever starts a server is there to read why it does not.
            state = .failed(reason)
        case (.following, .databaseFailed), (.rebuilding(_, isLeader: false), .databaseFailed):
            return [.pause(milliseconds: Self.retryMilliseconds)]
        case (.rebuilding(_, isLeader: true), .databaseFailed(let reason)):
            state = .rebuilding(reason: reason, isLeader: false)
            return [.pause(milliseconds: Self.retryMilliseconds)]
        case (.rebuilding(_, isLeader: true), .stateIsUnusable(let reason)): state = .failed(reason)
        // A stop was asked for meanwhile: the engine's thread hears it at its next question.
        case (.stopped, _): break
        default: return nil
        }
        return []
    }

    private mutating func committed() -> [Action]? {
        switch state {
        case .serving(.committing): state = .serving(.idle)
        case .stopping(.committing): state = .stopping(.idle)
        default: return nil
        }
        return [.release]
    }

    private mutating func journalEnded(_ interruption: Interruption) -> [Action]? {
        switch state {
        case .serving(let journal), .stopping(let journal):
            if journal == .idle, interruption.isOfCommit { return nil }
            var isStopping = false
            if case .stopping = state { isStopping = true }
            state = .interrupted(interruption, isStopping: isStopping)
            return journal == .committing ? [.refuseCommitting(interruption.answerToCommitting)] : []
        // The leadership is about to be given back, and nothing is being committed.
        case .stopped: return interruption.isOfCommit ? nil : []
        case .starting, .following, .rebuilding, .interrupted, .failed: return nil
        }
    }

    private mutating func stopAsked() -> [Action]? {
        switch state {
        case .serving(let journal): state = .stopping(journal)
        case .interrupted(let interruption, _): state = .interrupted(interruption, isStopping: true)
        case .starting, .following, .rebuilding: state = .stopped
        case .stopping, .stopped, .failed: break
        }
        return []
    }
}

extension LifeCycle {
    /// What a request is answered that comes now; `nil` while commands are taken.
    var refusal: Unavailable? {
        switch state {
        case .serving: nil
        case .following(let leader): .notLeader(address: leader.address)
        case .interrupted(.fenced, _): .notLeader(address: "")
        case .starting, .rebuilding, .stopping, .interrupted, .stopped, .failed: .rebuilding
        }
    }
}

extension LifeCycle.Interruption {
    /// It ended a commit, not the time between two.
    fileprivate var isOfCommit: Bool {
        switch self {
        case .refused, .unknown: true
        case .lost, .fenced: false
        }
    }

    /// For the log and `/readyz`.
    var reason: String {
        switch self {
        case .refused(let reason), .lost(let reason): reason
        case .unknown(let reason): "a commit was not confirmed: \(reason)"
        case .fenced: "another server leads this exchange"
        }
    }

    /// Only a commit that was under way may have been carried out.
    fileprivate var answerToCommitting: Unavailable {
        switch self {
        case .unknown: .outcomeUnknown
        case .refused, .lost: .rebuilding
        case .fenced: .notLeader(address: "")
        }
    }

    /// What was executed behind an unknown batch saw what may not have happened (ENGINE §6).
    fileprivate var answerToExecuted: Unavailable { answerToCommitting }

    fileprivate var answerToWaiting: Unavailable {
        if case .fenced = self { return .notLeader(address: "") }
        return .rebuilding
    }
}
