internal import API
internal import Engine
internal import HTTP2
internal import Postgres
internal import Sockets
internal import Store
internal import Units

/// The thread that writes checkpoints, from the tables and beside the engine, and has the journal announce them.
final class Checkpointer: Sendable {
    private let mailbox = Monitor(State())
    private let database: String
    private let interval: Int64
    private let inbox: Inbox
    private let loops: LoopMailboxes
    private let progress: ProjectionProgress
    private let lifelines: Lifelines
    private let log: @Sendable (String) -> Void

    /// Somebody who waits for the announcement of a checkpoint.
    struct Request: Sendable {
        let stream: StreamReference
        let requestID: UInt64
        /// In whose name it is announced.
        let account: AccountID
        let identity: IdempotencyKey?
        /// The checkpoint must have the state of this command, or a later one.
        let needs: SequenceNumber
    }

    private struct State {
        /// One is due, of the state of this command or of a later one.
        var isDueFrom: SequenceNumber?
        var requests: [Request] = []
        var isStopping = false
    }

    /// Writing a checkpoint of millions of orders takes longer than any other statement should.
    private static let deadline = Duration.seconds(600)

    init(
        _ configuration: Marketplace.Configuration,
        inbox: Inbox,
        loops: LoopMailboxes,
        progress: ProjectionProgress,
        lifelines: Lifelines
    ) {
        database = configuration.database
        interval = configuration.checkpointBatches
        log = configuration.log
        self.inbox = inbox
        self.loops = loops
        self.progress = progress
        self.lifelines = lifelines
    }

    /// A batch was sealed, which ends with `sequence`: after so many of them a checkpoint is written, as soon as the
    /// one before is and the tables show the batch.
    func sealed(_ batch: Int64, _ sequence: SequenceNumber) {
        if batch % interval == 0 { mailbox.withLock(waking: true) { $0.isDueFrom = sequence } }
    }

    /// Asks for a checkpoint; one is enough for all who have asked before it is begun. Says why not, if too many wait.
    func request(_ request: Request) -> Unavailable? {
        mailbox.withLock(waking: true) { state in
            guard state.requests.count < BatchLimits.checkpointRequestsMax else { return .overloaded }
            state.requests.append(request)
            return nil
        }
    }

    func stop() { mailbox.withLock(waking: true) { $0.isStopping = true } }

    /// Writes what is asked for until it is told to stop. The network has ended then, so nobody waits for what is left.
    func run() {
        while true {
            let work = mailbox.wait { state -> (SequenceNumber?, [Request])?? in
                if state.isStopping { return .some(nil) }
                guard state.isDueFrom != nil || !state.requests.isEmpty else { return nil }
                defer { (state.isDueFrom, state.requests) = (nil, []) }
                return .some((state.isDueFrom, state.requests))
            }
            guard let (due, requests) = work ?? nil else { return }
            make(from: due, for: requests)
        }
    }

    private func make(from due: SequenceNumber?, for requests: [Request]) {
        let end = Instant.now.adding(milliseconds: BatchLimits.checkpointPatienceMilliseconds)
        let needed = requests.map(\.needs).max() ?? .none
        let isShown = progress.wait(for: max(needed, due ?? .none), until: end)
        if !isShown, progress.sequence < needed {
            refuse(requests, .projectionLag)
            // One that is due is written all the same, of an earlier batch: late tables are no reason to have none.
            if due != nil { make(from: nil, for: []) }
            return
        }
        do {
            let connection = try Recovery.connect(
                database,
                as: "bombyx checkpoint",
                statementDeadline: Self.deadline
            )
            let session = Session(connection, in: lifelines)
            guard let terms = try CheckpointStore.make(session.connection) else {
                return refuse(requests, .rebuilding)
            }
            announce(terms, to: requests)
        } catch {
            log("cannot write a checkpoint: \(error)")
            refuse(requests, .rebuilding)
        }
    }

    /// Has the engine announce the checkpoint: once for each who asked, or in the server's own name.
    private func announce(_ terms: CheckpointTerms, to requests: [Request]) {
        var isTaken = true
        for request in requests {
            let command = Command(
                account: request.account,
                requestID: request.requestID,
                idempotency: request.identity,
                action: .announceCheckpoint(terms)
            )
            var submission = Submission(loop: request.stream.loop)
            command.encode(into: &submission.commandBytes)
            submission.items = [
                .init(
                    stream: request.stream,
                    requestID: request.requestID,
                    work: .command(command, .checkpointMade(terms))
                )
            ]
            switch inbox.post(submission, cancelsOnly: false) {
            case nil: continue
            case .full: refuse([request], .overloaded)
            case .closed(let reason): refuse([request], reason)
            }
            isTaken = false
        }
        if requests.isEmpty {
            var submission = Submission(loop: 0)
            let command = Command(account: .system, action: .announceCheckpoint(terms))
            submission.ownCommands = [command]
            command.encode(into: &submission.commandBytes)
            isTaken = inbox.post(submission, cancelsOnly: false) == nil
        }
        let end = isTaken ? "" : ", but the engine did not take its announcement"
        log("wrote a checkpoint of batch \(terms.batch)\(end)")
    }

    private func refuse(_ requests: [Request], _ reason: Unavailable) {
        for request in requests {
            let item = RefusedItems.Item(stream: request.stream, requestID: request.requestID)
            loops.post(RefusedItems(items: [item], reason: reason), to: request.stream.loop)
        }
    }
}
