package import Engine
internal import HTTP2
internal import Postgres
internal import Sockets
internal import Store
internal import Synchronization
internal import Units

/// The exchange without its network: the threads and mailboxes around the engine (DESIGN §2).
///
/// Its main thread rebuilds the engine from the database and serves until the journal fails; then it drops everything
/// in memory and starts over. Meanwhile requests get 503.
package final class Marketplace: Sendable {
    package struct Configuration: Sendable {
        /// libpq's connection string for the role `bombyx_server`.
        package var database: String
        /// How this server calls itself in the leadership's row; the same after a restart of the same installation.
        package var holder: String
        /// Loops of the network, each of which gets its own answers.
        package var loops: Int
        /// Threads that answer questions to the tables.
        package var readers = 2
        /// Gets a line whenever something happens that an operator would want to know.
        package var log: @Sendable (String) -> Void

        package init(database: String, holder: String, loops: Int, log: @escaping @Sendable (String) -> Void) {
            self.database = database
            self.holder = holder
            self.loops = loops
            self.log = log
        }
    }

    let configuration: Configuration
    let inbox = Inbox()
    let published = Published()
    let metrics = Metrics()
    let loops: LoopMailboxes
    let progress = ProjectionProgress()
    let readers: ReaderPool
    let checkpointer: Checkpointer
    let network = Mutex<Server?>(nil)
    private let status = Mutex(Status.starting)

    /// What the exchange can do now.
    package enum Status: Equatable, Sendable {
        case starting
        case ready
        /// Commands are refused until the state has been rebuilt; the reason is for the log and `/readyz`.
        case rebuilding(String)
        case stopping
        /// The state cannot be rebuilt, and trying again would not help.
        case failed(String)
    }

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        loops = LoopMailboxes(count: configuration.loops)
        checkpointer = Checkpointer(database: configuration.database, inbox: inbox, log: configuration.log)
        readers = ReaderPool(
            database: configuration.database,
            progress: progress,
            published: published,
            loops: loops
        )
    }

    package var currentStatus: Status { status.withLock { $0 } }

    /// Rebuilds the state for the first time and serves on threads of its own until ``stop()``.
    ///
    /// `firstKey` is called when the exchange has no account yet; it answers the hash of the operator's first key.
    /// Throws when the state cannot be rebuilt; afterwards failures are retried for ever.
    package func start(firstKey: () throws -> KeyHash) throws -> Running {
        let recovery = self.recovery
        let opening = try recovery.open()
        var bootstrap: [SealedBatch] = []
        if opening.engine.account(AccountID(1)) == nil {
            bootstrap = [try Bootstrap.carryOut(on: opening, key: firstKey(), loops: configuration.loops)]
        }
        let first = FirstTerm(opening: opening, bootstrap: bootstrap)
        var readerThreads: [ThreadBox] = []
        for number in 1...configuration.readers {
            readerThreads.append(ThreadBox(try Thread(named: "reader-\(number)") { [readers] in readers.run() }))
        }
        readerThreads.append(ThreadBox(try Thread(named: "checkpoint") { [checkpointer] in checkpointer.run() }))
        let thread = try Thread(named: "engine") { [self] in run(first) }
        return Running(engine: thread, readers: readerThreads)
    }

    /// Finishes what was accepted, then ends all threads. The network must have stopped handing over requests.
    package func stop(_ running: consuming Running) {
        status.withLock { status in
            if case .failed = status { return }
            status = .stopping
        }
        inbox.stop()
        let readerThreads = running.readers
        running.engine.join()
        readers.stop()
        checkpointer.stop()
        for thread in readerThreads { thread.join() }
    }

    /// The threads of a running exchange.
    package struct Running: ~Copyable {
        fileprivate let engine: Thread
        fileprivate let readers: [ThreadBox]
    }

    /// Lets an array hold threads.
    fileprivate final class ThreadBox {
        private var thread: Thread?

        init(_ thread: consuming Thread) { self.thread = consume thread }

        func join() { thread.take()?.join() }
    }

    private struct FirstTerm {
        let opening: Opening
        let bootstrap: [SealedBatch]
    }

    private var recovery: Recovery {
        Recovery(database: configuration.database, holder: configuration.holder, log: configuration.log)
    }

    private func run(_ first: FirstTerm) {
        var opening: Opening? = first.opening
        var bootstrap = first.bootstrap
        while true {
            guard let current = opening.take() ?? reopen() else { return }
            let end = serve(current, after: bootstrap)
            bootstrap = []
            if case .stopped = end { return }
            metrics.recovered()
        }
    }

    /// Nobody waits while the state is being rebuilt: what was executed but is not durable has an unknown outcome,
    /// and what was not executed can be sent again.
    private func refuseAll(_ reason: String, unanswered: [[Delivery]]) {
        status.withLock { $0 = .rebuilding(reason) }
        configuration.log("the journal failed, rebuilding from the database: \(reason)")
        loops.refuse(unanswered, .outcomeUnknown)
        loops.refuse(inbox.close(), .rebuilding)
    }

    /// Tries until the database is back; `nil` when the exchange is to stop, or can never go on.
    private func reopen() -> Opening? {
        var attempts = 0
        while !inbox.isStopping {
            do throws(RecoveryError) {
                return try recovery.open()
            } catch {
                guard error.isTransient else {
                    status.withLock { $0 = .failed(error.description) }
                    return nil
                }
                attempts += 1
                if attempts % 20 == 1 { configuration.log("cannot rebuild yet: \(error.description)") }
                _ = Monitor(()).wait(until: Instant.now.adding(milliseconds: 250)) { _ -> Bool? in nil }
            }
        }
        return nil
    }

    /// One period of leadership.
    private func serve(_ opening: Opening, after bootstrap: [SealedBatch]) -> Sequencer.End {
        let projector = ProjectorThread(progress: progress, metrics: metrics)
        let outlets = JournalThread.Outlets(loops: loops, projector: projector, published: published)
        let journal = JournalThread(inbox: inbox, outlets: outlets, metrics: metrics)
        progress.restart(at: opening.projected)
        for batch in opening.backlog { projector.project(batch) }
        opening.backlog = []
        for batch in bootstrap { projector.project(batch) }
        published.replace(with: &opening.engine)
        metrics.started(
            batch: opening.nextBatch - 1,
            sequence: opening.engine.sequence,
            openOrders: opening.engine.openOrderCount
        )
        let sequencer = Sequencer(
            inbox: inbox,
            journal: journal,
            metrics: metrics,
            checkpointer: checkpointer,
            loops: configuration.loops,
            nextBatch: opening.nextBatch,
            seenAt: opening.seenAt,
            engine: opening.engine
        )
        let threads: TermThreads
        do {
            threads = try startThreads(opening, journal: journal, projector: projector)
        } catch {
            refuseAll("\(error)", unanswered: [])
            return .failed("\(error)", unanswered: [])
        }
        inbox.open()
        // New rules begin with a checkpoint of what the old ones left.
        if let rules = opening.rulesVersion, rules < RulesVersion.current { checkpointer.request() }
        status.withLock { if $0 != .stopping { $0 = .ready } }
        let end = sequencer.serve(&opening.engine)
        if case .failed(let reason, let unanswered) = end { refuseAll(reason, unanswered: unanswered) }
        journal.stop()
        threads.journal.join()
        // Now the projector has been given the last batch.
        if case .stopped = end { projector.stop() } else { projector.abort() }
        threads.projector.join()
        return end
    }

    private func startThreads(
        _ opening: Opening,
        journal: JournalThread,
        projector: ProjectorThread
    ) throws -> TermThreads {
        let database = configuration.database
        let term = Handover(opening.term)
        let first = Handover(opening.projector)
        let projection = try Thread(named: "projector") {
            projector.run { () throws(StoreError) -> Projector in
                if let opened = first.take() { return opened }
                return try Recovery.projector(database)
            }
        }
        do {
            let commits = try Thread(named: "journal") {
                if let term = term.take() { journal.run(term) }
            }
            return TermThreads(journal: commits, projector: projection)
        } catch {
            projector.abort()
            projection.join()
            throw error
        }
    }

    private struct TermThreads: ~Copyable {
        let journal: Thread
        let projector: Thread
    }
}
