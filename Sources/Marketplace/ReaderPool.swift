internal import API
internal import Engine
internal import HTTP2
internal import Postgres
internal import Sockets
internal import Store
internal import Synchronization
internal import Units

/// The threads that answer questions to the tables, each with a connection of its own: never the journal's nor the
/// projector's (DESIGN §2).
final class ReaderPool: Sendable {
    private let queue = Monitor(Queue())
    private let database: String
    private let progress: ProjectionProgress
    private let published: Published
    private let loops: LoopMailboxes
    private let lifelines: Lifelines
    private let keyring: SigningKeyring
    /// Until then nobody asks a database that has just failed, in nanoseconds of ``Instant``. A question that the
    /// database refuses is no such failure: the next one may be another.
    private let pausedUntil = Atomic<Int64>(0)

    fileprivate struct Queue {
        var jobs: [ReaderJob] = []
        var bytes = 0
        var isStopping = false
        /// A preview is being explained.
        var isExplaining = false
    }

    /// How long questions are refused at once after the database has failed to answer one.
    static let pauseMilliseconds: Int64 = 1_000
    /// The longest that one question may take the database.
    static let statementDeadline = Duration.seconds(5)
    /// After so long the database itself gives the question up: it lives, and it was the question.
    static let serverDeadline = Duration.milliseconds(4_500)
    /// How long a question waits for a reader, and for the tables to show what its account last did.
    static let waitMilliseconds: Int64 = 2_000

    init(
        database: String,
        progress: ProjectionProgress,
        published: Published,
        loops: LoopMailboxes,
        keyring: SigningKeyring,
        lifelines: Lifelines
    ) {
        self.keyring = keyring
        self.lifelines = lifelines
        self.database = database
        self.progress = progress
        self.published = published
        self.loops = loops
    }

    /// False when too many wait.
    func post(_ job: ReaderJob) -> Bool {
        queue.withLock(waking: true) { queue in
            let limit = BatchLimits.questions
            guard !queue.isStopping,
                limit.admits(items: 1, bytes: job.bytes, besides: queue.jobs.count, queue.bytes)
            else { return false }
            queue.jobs.append(job)
            queue.bytes += job.bytes
            return true
        }
    }

    /// Questions that wait.
    var waitingJobs: Int { queue.withLock { $0.jobs.count } }

    func stop() { queue.withLock(waking: true) { $0.isStopping = true } }

    /// Takes the oldest question that may be answered now; `nil` when none waits.
    func take() -> ReaderJob? { queue.withLock { $0.take() } }

    /// The question that ``take()`` gave is answered.
    func end(_ job: ReaderJob) {
        guard job.isExplanation else { return }
        queue.withLock(waking: true) { $0.isExplaining = false }
    }

    /// Runs on a thread of its own until ``stop()``. The network has ended then, so nobody waits for what is left.
    func run() {
        var reader: Reader?
        while let job = next() {
            loops.answer(ReadyAnswer(stream: job.stream, requestID: job.requestID, response: answer(job, &reader)))
            end(job)
        }
    }

    private func next() -> ReaderJob? {
        queue.wait { queue -> ReaderJob?? in
            if queue.isStopping { return .some(nil) }
            return queue.take().map(Optional.some)
        } ?? nil
    }

    /// A reader and the session that it uses.
    private struct Reader {
        let session: Session
        let history: HistoryReader
    }

    private func answer(_ job: ReaderJob, _ reader: inout Reader?) -> API.Response {
        // Whoever waited too long is told so at once: the next ones must not wait for it too.
        guard job.deadline > .now else { return job.refusal(.overloaded).response(requestID: job.requestID) }
        if case .preview(let preview) = job.question { return published.answer(preview) }
        guard pausedUntil.load(ordering: .relaxed) < Instant.now.nanoseconds else {
            return job.refusal(.rebuilding).response(requestID: job.requestID)
        }
        guard progress.wait(for: job.needs, until: job.deadline) else {
            return job.refusal(.projectionLag).response(requestID: job.requestID)
        }
        // A connection that has died is noticed by its first use: the second attempt has a new one.
        for isAgain in [false, true] {
            do {
                let hasOldSession = reader != nil
                let current = try reader ?? connect()
                reader = current
                do {
                    let answers = HistoryAnswers(
                        reader: current.history,
                        published: published,
                        keyring: keyring
                    )
                    return try answers.answer(job)
                } catch {
                    reader = nil
                    if error.isOfTheQuestion { return job.refusal(.rebuilding).response(requestID: job.requestID) }
                    // A database that said nothing for so long says nothing to a new session either.
                    if !hasOldSession || isAgain || error.isTimeout { throw error }
                }
            } catch {
                break
            }
        }
        let end = Instant.now.adding(milliseconds: Self.pauseMilliseconds)
        pausedUntil.store(end.nanoseconds, ordering: .relaxed)
        return job.refusal(.rebuilding).response(requestID: job.requestID)
    }

    private func connect() throws -> Reader {
        let connection = try Recovery.connect(
            database,
            as: "bombyx reader",
            statementDeadline: Self.statementDeadline,
            serverDeadline: Self.serverDeadline
        )
        return Reader(session: Session(connection, in: lifelines), history: HistoryReader(connection))
    }
}

extension ReaderPool.Queue {
    fileprivate mutating func take() -> ReaderJob? {
        // One of the threads at most explains, which may take it long: the others read from the tables.
        guard let next = jobs.firstIndex(where: { !$0.isExplanation || !isExplaining }) else { return nil }
        let job = jobs.remove(at: next)
        bytes -= job.bytes
        if job.isExplanation { isExplaining = true }
        return job
    }
}

extension StoreError {
    /// The database said nothing for too long.
    fileprivate var isTimeout: Bool {
        switch self {
        case .refused(.deadlineExceeded), .unknown(.deadlineExceeded): true
        default: false
        }
    }

    /// The database lives, and could not answer this question: it refused its values (class 22, *Data Exception*), or
    /// gave it up after so long (57014, *query_canceled*).
    var isOfTheQuestion: Bool {
        guard case .refused(let error) = self, let state = error.sqlState else { return false }
        return state.hasPrefix("22") || state == "57014"
    }
}

/// A question to the tables.
struct ReaderJob: Sendable {
    let stream: StreamReference
    let requestID: UInt64
    /// The tables must show this sequence number first.
    let needs: SequenceNumber
    /// When the client is told to come back instead.
    let deadline: Instant
    let question: Question

    enum Question: Sendable {
        case history(HistoryQuery)
        /// What an earlier command, which is now repeated, was answered.
        case replay(AnswerShape, SequenceNumber, Command.Action)
        /// What placing an order would come to, and why not: the tables are not asked.
        indirect case preview(EnginePreview)
        /// The same for orders of a batch, some or all of which are repeated.
        case batch(BatchAnswers)
    }

    var isExplanation: Bool { if case .preview = question { true } else { false } }

    /// What is answered when the tables cannot be asked for this reason. A batch of which only a part is repeated has
    /// done something, and its repetition tells what.
    func refusal(_ reason: Unavailable) -> Unavailable {
        if case .batch(let orders) = question, orders.hasNew { .outcomeUnknown } else { reason }
    }

    /// What it takes of the mailbox: a repeated command keeps its terms, whose lists are bounded by the interface.
    var bytes: Int {
        switch question {
        case .history: MemoryLayout<Self>.stride
        case .replay: MemoryLayout<Self>.stride + 4_096
        case .batch(let orders): MemoryLayout<Self>.stride + 4_096 * orders.items.count
        case .preview(let preview): MemoryLayout<Self>.stride + 8_192 + preview.query.body.count
        }
    }
}
