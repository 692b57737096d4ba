internal import Engine
internal import Postgres
internal import Store
internal import Units

/// The thread that writes checkpoints, from the tables and beside the engine, and has the journal announce them.
final class Checkpointer: Sendable {
    private let mailbox = Monitor(State())
    private let database: String
    private let inbox: Inbox
    private let lifelines: Lifelines
    private let log: @Sendable (String) -> Void

    private struct State {
        var isWanted = false
        var isStopping = false
    }

    /// Writing a checkpoint of millions of orders takes longer than any other statement should.
    private static let deadline = Duration.seconds(600)

    init(database: String, inbox: Inbox, lifelines: Lifelines, log: @escaping @Sendable (String) -> Void) {
        self.database = database
        self.inbox = inbox
        self.lifelines = lifelines
        self.log = log
    }

    /// Asks for a checkpoint; it is written as soon as the one before is.
    func request() { mailbox.withLock(waking: true) { $0.isWanted = true } }

    func stop() { mailbox.withLock(waking: true) { $0.isStopping = true } }

    /// Writes what is asked for until it is told to stop.
    func run() {
        while true {
            let isWanted = mailbox.wait { state -> Bool? in
                if state.isStopping { return false }
                guard state.isWanted else { return nil }
                state.isWanted = false
                return true
            }
            guard isWanted == true else { return }
            make()
        }
    }

    private func make() {
        do {
            let connection = try Recovery.connect(
                database,
                as: "bombyx checkpoint",
                statementDeadline: Self.deadline
            )
            let session = Session(connection, in: lifelines)
            guard let terms = try CheckpointStore.make(session.connection) else { return }
            var submission = Submission(loop: 0)
            let command = Command(account: .system, action: .announceCheckpoint(terms))
            submission.ownCommands = [command]
            command.encode(into: &submission.commandBytes)
            if inbox.post(submission, cancelsOnly: false) == nil {
                log("wrote a checkpoint of batch \(terms.batch)")
            } else {
                log("wrote a checkpoint of batch \(terms.batch), but the engine did not take its announcement")
            }
        } catch {
            log("cannot write a checkpoint: \(error)")
        }
    }
}
