internal import API
internal import Engine
internal import HTTP2
internal import Postgres
internal import Sockets
internal import Store
internal import Units

/// The threads that answer questions to the tables, each with a connection of its own: never the journal's nor the
/// projector's (DESIGN §2).
final class ReaderPool: Sendable {
    private let queue = Monitor(Queue())
    private let database: String
    private let progress: ProjectionProgress
    private let published: Published
    private let loops: LoopMailboxes

    private struct Queue {
        var jobs: [ReaderJob] = []
        var isStopping = false
    }

    /// Jobs that may wait; more are answered with 503 at once.
    static let jobsMax = 4_096
    /// The longest that one question may take the database.
    static let statementDeadline = Duration.seconds(5)
    /// How long a question waits for a reader, and for the tables to show what its account last did.
    static let waitMilliseconds: Int64 = 2_000

    init(database: String, progress: ProjectionProgress, published: Published, loops: LoopMailboxes) {
        self.database = database
        self.progress = progress
        self.published = published
        self.loops = loops
    }

    /// False when too many wait.
    func post(_ job: ReaderJob) -> Bool {
        queue.withLock(waking: true) { queue in
            guard queue.jobs.count < Self.jobsMax, !queue.isStopping else { return false }
            queue.jobs.append(job)
            return true
        }
    }

    /// Questions that wait.
    var waitingJobs: Int { queue.withLock { $0.jobs.count } }

    func stop() { queue.withLock(waking: true) { $0.isStopping = true } }

    /// Runs on a thread of its own until ``stop()``; what waits then is still answered.
    func run() {
        var reader: HistoryReader?
        while let job = next() {
            loops.answer(ReadyAnswer(stream: job.stream, requestID: job.requestID, response: answer(job, &reader)))
        }
    }

    private func next() -> ReaderJob? {
        queue.wait { queue -> ReaderJob?? in
            if !queue.jobs.isEmpty { return queue.jobs.removeFirst() }
            return queue.isStopping ? .some(nil) : nil
        } ?? nil
    }

    private func answer(_ job: ReaderJob, _ reader: inout HistoryReader?) -> API.Response {
        // Whoever waited too long is told so at once: the next ones must not wait for it too.
        guard job.deadline > .now else { return Unavailable.overloaded.response(requestID: job.requestID) }
        guard progress.wait(for: job.needs, until: job.deadline) else {
            return Unavailable.projectionLag.response(requestID: job.requestID)
        }
        // A connection that has died is noticed by its first use: the second attempt has a new one.
        for _ in 0..<2 {
            do {
                let current =
                    try reader
                    ?? HistoryReader(
                        Recovery.connect(database, as: "bombyx reader", statementDeadline: Self.statementDeadline)
                    )
                reader = current
                return try HistoryAnswers(reader: current, published: published).answer(job)
            } catch {
                reader = nil
            }
        }
        return Unavailable.rebuilding.response(requestID: job.requestID)
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
    }
}
