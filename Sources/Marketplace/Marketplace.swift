package import API
package import Engine
internal import HTTP2
package import Log
internal import Postgres
internal import Sockets
internal import Store
internal import Units

/// The exchange without its network: the threads and mailboxes around the engine (DESIGN §2).
///
/// Its main thread, the engine's, does what the ``LifeCycle`` says: follow the server that leads, or take the
/// leadership, rebuild the engine from the database and serve until the journal ends; then drop everything in memory
/// and start over.
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
        /// Threads that check the signatures of receipts.
        package var verifiers = 1
        /// What the exchange signs with; a server without a folder signs with a key of its own while it runs.
        package var signing = SigningKeyring.temporary()
        /// How many streams of events there may be.
        package var streams = StreamLimits()
        /// Batches after which a checkpoint is written.
        package var checkpointBatches = Limits.checkpointBatches
        /// Commands and queries that may wait for the engine before new orders are refused.
        package var waitingMax = BatchLimits.waiting.items
        /// Gets a line whenever something happens that an operator would want to know.
        package var log: @Sendable (String) -> Void
        /// Gets the requests that fail.
        package var events: EventLog
        /// What the server shows to people.
        package var pages = Pages()
        /// What each key and address may ask; `nil` for everything.
        package var rateLimit: RateLimit?
        /// Who may log in; `nil` for nobody.
        package var login: LoginSettings?
        /// The chain on which money enters and leaves.
        package var network = TONNetwork.mainnet
        /// From which wallet the exchange pays; `nil` for none.
        package var settlement: SettlementSettings?
        /// What each address may ask of logins; `nil` for everything.
        package var loginLimit: RateLimit? = .logins

        /// A configuration that logs to `events`.
        package init(database: String, holder: String, loops: Int, events: EventLog) {
            self.database = database
            self.holder = holder
            self.loops = loops
            self.events = events
            log = { events.write(.warning, "exchange", $0) }
        }
    }

    let configuration: Configuration
    let inbox: Inbox
    let published = Published()
    let metrics: Metrics
    let standing = Standing()
    let loops: LoopMailboxes
    let progress = ProjectionProgress()
    let backlog: ProjectionBacklog
    let readers: ReaderPool
    let checkpointer: Checkpointer
    let verifiers: VerifierPool
    let signer: Signer
    let network = Lock<Server?>(nil)
    let feed: StreamFeed
    let streams: StreamCounts
    let disconnects: Disconnects
    let limiters: Limiters
    let metricsPage = MetricsPage()
    let loginPayloads = LoginPayloads()
    let settlement: SettlementMailbox
    private let lifelines = Lifelines()
    /// Threads that have not ended.
    private let living = Monitor(0)

    package init(_ configuration: Configuration) {
        self.configuration = configuration
        inbox = Inbox(MailboxLimit(items: configuration.waitingMax, bytes: BatchLimits.waiting.bytes))
        metrics = Metrics(loops: configuration.loops)
        limiters = Limiters(requests: configuration.rateLimit, logins: configuration.loginLimit)
        loops = LoopMailboxes(count: configuration.loops, log: configuration.log)
        feed = StreamFeed(loops: loops, count: configuration.loops, published: published)
        streams = StreamCounts(configuration.streams)
        disconnects = Disconnects(inbox, standing)
        settlement = SettlementMailbox(inbox)
        backlog = ProjectionBacklog(log: configuration.log)
        checkpointer = Checkpointer(
            configuration,
            inbox: inbox,
            loops: loops,
            progress: progress,
            lifelines: lifelines
        )
        verifiers = VerifierPool(threads: configuration.verifiers, inbox: inbox, loops: loops)
        signer = Signer(configuration.signing, loops: loops)
        readers = ReaderPool(
            database: configuration.database,
            progress: progress,
            published: published,
            loops: loops,
            keyring: configuration.signing,
            lifelines: lifelines
        )
    }

    /// Follows or serves on threads of its own until ``stop(_:)``; the network may be running already.
    ///
    /// `address` is where clients reach this server, for those that come to a follower. `firstKey` is called when this
    /// server leads an exchange that has no account yet; it answers the hash of the operator's first key.
    package func start(address: String, firstKey: @escaping @Sendable () throws -> KeyHash) throws -> Running {
        let leading = Leading(
            recovery: Recovery(
                database: configuration.database,
                holder: configuration.holder,
                address: address,
                lifelines: lifelines
            ),
            firstKey: firstKey
        )
        var threads: [ThreadBox] = []
        do {
            for number in 1...configuration.readers {
                threads.append(try begin("reader-\(number)") { [readers] in readers.run() })
            }
            threads.append(try begin("streams") { [feed] in feed.run() })
            threads.append(try begin("checkpoint") { [checkpointer] in checkpointer.run() })
            for lane in 0..<verifiers.threads {
                threads.append(try begin("verifier-\(lane + 1)") { [verifiers] in verifiers.run(lane: lane) })
            }
            threads.append(try begin("signer") { [signer] in signer.run() })
            if let settings = configuration.settlement {
                let thread = SettlementThread(settings, settlement, configuration, lifelines)
                threads.append(try begin("settlement") { thread.run() })
            }
            threads.append(try begin("engine") { [self] in run(leading) })
        } catch {
            stopHelpers()
            for thread in threads { thread.join() }
            throw error
        }
        return Running(threads: threads)
    }

    private func begin(_ name: String, _ body: @escaping @Sendable () -> Void) throws -> ThreadBox {
        living.withLock { $0 += 1 }
        do {
            return ThreadBox(
                try Thread(named: name) { [living] in
                    body()
                    living.withLock(waking: true) { $0 -= 1 }
                }
            )
        } catch {
            living.withLock { $0 -= 1 }
            throw error
        }
    }

    /// Finishes what was accepted, then ends all threads. The network must have stopped handing over requests.
    ///
    /// A database that says nothing cannot hold it up: after ``BatchLimits/stopMilliseconds`` the sessions are cut.
    /// What was acknowledged is durable, and the next start makes from the journal what the tables lack.
    package func stop(_ running: consuming Running) {
        inbox.apply(.stopAsked)
        stopHelpers()
        var deadline = Instant.now.adding(milliseconds: BatchLimits.stopMilliseconds)
        while living.wait(until: deadline, for: { $0 == 0 ? true : nil }) == nil {
            configuration.log("the database does not answer; cutting its sessions")
            lifelines.cut()
            deadline = Instant.now.adding(milliseconds: 1_000)
        }
        for thread in running.threads { thread.join() }
    }

    private func stopHelpers() {
        readers.stop()
        checkpointer.stop()
        verifiers.stop()
        signer.stop()
        settlement.stop()
        feed.stop()
    }

    /// What the exchange signs with.
    package var signing: SigningKeyring { configuration.signing }

    /// Signs with these keys from their times on, and lets the log name the new ones. A mailbox that is full or closed
    /// does not matter: the next batch names them, or the next leader's first.
    package func sign(with keys: [ExchangeKey]) {
        signing.replace(with: keys)
        var submission = Submission(loop: 0)
        let tick = Command(account: .system, action: .tick)
        submission.ownCommands = [tick]
        tick.encode(into: &submission.commandBytes)
        _ = inbox.post(submission, cancelsOnly: true)
    }

    /// The threads of a running exchange.
    package struct Running: ~Copyable {
        fileprivate let threads: [ThreadBox]
    }

    /// Lets an array hold threads.
    fileprivate final class ThreadBox {
        private var thread: Thread?

        init(_ thread: consuming Thread) { self.thread = consume thread }

        func join() { thread.take()?.join() }
    }
}

// MARK: - The engine's thread

extension Marketplace {
    /// What it takes to lead.
    private struct Leading: Sendable {
        let recovery: Recovery
        let firstKey: @Sendable () throws -> KeyHash
    }

    private func run(_ leading: Leading) {
        var log = ChangeLog(configuration.log)
        let follower = Follower(leading.recovery)
        var claim: Claim?
        while true {
            let action = inbox.next().action
            log.note(inbox.state, epoch: standing.epoch)
            switch action {
            case .lookForLeadership: claim = look(follower)
            case .rebuild:
                guard let taken = claim.take() else { preconditionFailure("who rebuilds has the leadership") }
                lead(taken, leading, &log)
            case .end:
                claim?.resign()
                return
            default: continue
            }
            log.note(inbox.state, epoch: standing.epoch)
        }
    }

    private func carryOut(_ actions: [LifeCycle.Action]) {
        for action in actions {
            if case .pause(let milliseconds) = action { inbox.pause(milliseconds: milliseconds) }
        }
    }

    /// Takes the leadership if nobody has it; otherwise shows what the tables say.
    private func look(_ follower: Follower) -> Claim? {
        do throws(StoreError) {
            switch try follower.look() {
            case .free:
                let claim = try follower.recovery.takeLeadership()
                follower.close()
                standing.joined(claim.leadership.epoch)
                inbox.apply(.tookLeadership)
                return claim
            case .led(let leader, let tables):
                if let registry = tables.registry { published.replaceRegistry(with: registry) }
                published.withdrawBook()
                progress.restart(at: tables.cursor.sequence)
                metrics.follows(batch: tables.lastBatch, sequence: tables.cursor.sequence)
                standing.joined(leader.epoch)
                carryOut(inbox.apply(.foundLeader(leader)))
            }
        } catch {
            // Somebody was faster: the next look finds who.
            if case .ledBy = error { return nil }
            follower.close()
            carryOut(inbox.apply(.databaseFailed(error.description)))
        }
        return nil
    }

    /// One period of leadership.
    private func lead(_ claim: Claim, _ leading: Leading, _ log: inout ChangeLog) {
        let opening: Opening
        var bootstrap: [SealedBatch] = []
        do throws(RecoveryError) {
            opening = try leading.recovery.rebuild(claim)
            if opening.engine.account(Bootstrap.operatorAccount) == nil {
                bootstrap = [try Bootstrap.carryOut(on: opening, key: leading.firstKey, loops: configuration.loops)]
            }
        } catch {
            if error.isTransient {
                carryOut(inbox.apply(.databaseFailed(error.description)))
            } else {
                claim.resign()
                metrics.violated()
                inbox.apply(.stateIsUnusable(error.description))
            }
            return
        }
        serve(opening, after: bootstrap, leading.recovery, &log)
    }

    private func serve(
        _ opening: Opening,
        after bootstrap: [SealedBatch],
        _ recovery: Recovery,
        _ log: inout ChangeLog
    ) {
        let projector = ProjectorThread(progress: progress, backlog: backlog, metrics: metrics)
        let outlets = JournalThread.Outlets(loops: loops, projector: projector, published: published, feed: feed)
        let journal = JournalThread(inbox: inbox, outlets: outlets, metrics: metrics, standing: standing)
        progress.restart(at: opening.projected)
        for batch in opening.backlog { projector.project(batch) }
        opening.backlog = []
        for batch in bootstrap { projector.project(batch) }
        published.replace(with: &opening.engine)
        feed.start(StreamStart(opening.engine, book: published.book))
        standing.sealed(window: opening.engine.idempotencyWindow)
        metrics.started(batch: opening.nextBatch - 1, engine: opening.engine)
        let sequencer = Sequencer(
            inbox: inbox,
            journal: journal,
            metrics: metrics,
            standing: standing,
            checkpointer: checkpointer,
            verifiers: verifiers,
            signing: configuration.signing,
            loops: configuration.loops,
            nextBatch: opening.nextBatch,
            seenAt: opening.seenAt,
            announcing: opening.checkpoint,
            names: limiters.names,
            engine: opening.engine
        )
        // Whoever reads the state renews the leadership each second.
        standing.confirmed(at: .now)
        // Before there is a journal that could end.
        inbox.apply(.rebuilt)
        var threads: [ThreadBox] = []
        do {
            try startThreads(opening, recovery, journal: journal, projector: projector, &threads)
        } catch {
            inbox.apply(.journalEnded(.lost("\(error)")))
        }
        log.note(inbox.state, epoch: standing.epoch)
        settlement.begin(opening.term.leadership)
        let work = sequencer.serve(&opening.engine)
        settlement.end()
        if case .drop(let open, let waiting) = work.action {
            loops.refuse(sequencer.unanswered, open)
            loops.refuse(work.submissions, waiting)
            metrics.recovered()
            projector.abort()
        }
        end(journal: journal, projector: projector, threads)
    }

    private func end(journal: JournalThread, projector: ProjectorThread, _ threads: [ThreadBox]) {
        journal.stop()
        threads.last?.join()
        feed.end()
        // Now the projector has been given the last batch.
        projector.stop()
        for thread in threads.dropLast() { thread.join() }
    }

    /// Starts the projector's thread and then the journal's.
    private func startThreads(
        _ opening: Opening,
        _ recovery: Recovery,
        journal: JournalThread,
        projector: ProjectorThread,
        _ threads: inout [ThreadBox]
    ) throws {
        let leadership = opening.term.leadership
        let backend = opening.backend
        let term = Handover(opening.term)
        let first = Handover(opening.projector)
        threads.append(
            ThreadBox(
                try Thread(named: "projector") {
                    projector.run { () throws(StoreError) -> ProjectorThread.Opened in
                        if let opened = first.take() { return opened }
                        return try recovery.projector(under: leadership, beside: backend)
                    }
                }
            )
        )
        let writing = try Thread(named: "journal") {
            if let term = term.take() { journal.run(term) }
        }
        threads.append(ThreadBox(writing))
    }
}
