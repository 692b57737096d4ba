import API
import Cryptography
import Engine
import Log
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Sockets
@testable import Store

/// A machine on which a server's process is started again and again.
final class SimulatedServer {
    unowned let world: World
    let name: String
    /// Where clients find it.
    let address: String
    let machine: MachineTime
    var operatorKey: APIKey?
    private(set) var process: SimulatedProcess?
    /// Its process does nothing until then, and does not know of it.
    private(set) var stoppedUntil: Int64 = 0

    init(_ number: Int, in world: World) {
        self.world = world
        name = "server-\(number)"
        address = "http://server-\(number):8080"
        machine = MachineTime(world.time)
    }

    var isStopped: Bool { world.time.now < stoppedUntil }
    var isLeading: Bool { process?.period != nil }
    var engine: Engine? { process?.period?.engine }

    func start() {
        guard process == nil else { return }
        world.note("\(name) starts")
        process = SimulatedProcess(self)
        process?.wake(after: 1_000)
    }

    private func restart(after delay: Int64) {
        world.plan(after: world.isCalm ? 10_000 : delay) { [unowned self] in start() }
    }

    func crash(restartingAfter delay: Int64) {
        guard process != nil else { return }
        world.count(.crash)
        world.note("\(name) crashes")
        process = nil
        stoppedUntil = 0
        restart(after: delay)
    }

    func stop(for duration: Int64) {
        guard process != nil else { return }
        world.count(.stop)
        world.note("\(name) stops for \(duration)")
        stoppedUntil = world.time.now + duration
    }

    func askToStop(restartingAfter delay: Int64) {
        guard let process, !isStopped else { return }
        world.note("\(name) is asked to stop")
        process.restartDelay = delay
        process.exchange.inbox.apply(.stopAsked)
        process.wake(after: 0)
    }

    func setClock(ahead offset: Int64) {
        world.count(offset < machine.offset ? .clockBack : .clockAhead)
        world.note("the clock of \(name) is set ahead by \(offset)")
        machine.offset = offset
    }

    /// The process has ended by itself.
    func ended() {
        world.note("\(name) has ended")
        let delay = process?.restartDelay ?? 100_000
        process = nil
        restart(after: delay)
    }

    func calmDown() {
        stoppedUntil = min(stoppedUntil, world.time.now)
        machine.offset = max(machine.offset, 0)
        if process == nil { start() }
    }
}

/// The time in which a process leads: what it has in memory, and who writes the journal.
final class SimulatedPeriod {
    var engine: Engine
    let sequencer: Sequencer
    let journal: JournalThread
    let term: JournalTerm
    /// The journal's thread has nothing more to do.
    var hasJournalEnded = false
    /// Counts what the journal's thread has done, so that a renewal is only due when nothing else came before it.
    var journalSteps = 0
    var isCommitPlanned = false

    init(engine: Engine, sequencer: Sequencer, journal: JournalThread, term: JournalTerm) {
        self.engine = engine
        self.sequencer = sequencer
        self.journal = journal
        self.term = term
    }
}

/// Gets the durable batches that the tables and the streams get.
private final class Followers: BatchFollower, @unchecked Sendable {
    private weak var process: SimulatedProcess?
    private let epoch: Int64

    init(_ process: SimulatedProcess, epoch: Int64) {
        self.process = process
        self.epoch = epoch
    }

    func follow(_ batch: SealedBatch) { process?.world.auditor.released(batch, epoch: epoch) }
}

/// Takes nothing.
private struct Nobody: BatchFollower {
    func follow(_ batch: SealedBatch) {}
}

/// A server's process: the product's types, and one step of one of its threads at a time.
final class SimulatedProcess {
    unowned let server: SimulatedServer
    let world: World
    let exchange: Marketplace
    private let mailbox: Mailbox
    private(set) var period: SimulatedPeriod?
    var restartDelay: Int64 = 100_000
    /// The requests of this turn of its network's loop.
    var turn = Submission(loop: 0)
    var isTurnPlanned = false
    /// Whoever waits for an answer, by the request's number.
    var waiting: [UInt64: Attempt] = [:]

    private var claim: (leadership: Leadership, session: SimulatedSession)?
    private var rebuildEnds: Int64?
    private var keeperFailure: String?
    private var pausedUntil: Int64 = 0
    private var sealed = 0
    /// When the engine's thread takes its next step.
    private var wakesAt = Int64.max
    /// How far the tables were when their names were last read.
    private var namesAsOf: Int64 = -1

    /// One for all: the pages in it take long to be made.
    private static let configuration: Marketplace.Configuration = {
        let events = EventLog(format: .json, level: .error)
        var configuration = Marketplace.Configuration(database: "", holder: "", loops: 1, events: events)
        configuration.log = { _ in }
        return configuration
    }()

    init(_ server: SimulatedServer) {
        self.server = server
        world = server.world
        var configuration = Self.configuration
        configuration.holder = server.name
        exchange = Marketplace(configuration)
        guard let mailbox = try? Mailbox() else { preconditionFailure("there are descriptors enough") }
        self.mailbox = mailbox
        exchange.loops.attach(mailbox, loop: 0)
    }

    // MARK: Steps

    /// Plans something that the process does, unless it has ended by then. While it is stopped it does nothing.
    func plan(after delay: Int64, _ action: @escaping (SimulatedProcess) -> Void) {
        world.plan(after: delay) { [weak self] in self?.act(action) }
    }

    private func act(_ action: @escaping (SimulatedProcess) -> Void) {
        guard server.process === self else { return }
        guard !server.isStopped else {
            // What waits goes on in about the order in which it came.
            return plan(after: server.stoppedUntil - world.time.now + world.random.number(0...2_000), action)
        }
        action(self)
    }

    /// Plans a step of the engine's thread.
    func wake(after delay: Int64) {
        let time = world.time.now + max(0, delay)
        guard time < wakesAt else { return }
        wakesAt = time
        plan(after: delay) { process in
            guard process.wakesAt == time else { return }
            process.wakesAt = .max
            process.runEngine()
        }
    }

    private static let atOnce = Instant(nanoseconds: 0)

    private func runEngine() {
        guard world.time.now >= pausedUntil || exchange.inbox.state == .stopped else { return }
        guard let period else { return runWithoutEngine() }
        let work = exchange.inbox.next(period.sequencer.fill, deadline: Self.atOnce)
        guard period.sequencer.carryOut(work, on: &period.engine) else { return endPeriod(period, work) }
        if work.action == .seal {
            // It takes as long as a hundred commands; the auditor's own check is made of each batch.
            sealed += 1
            if sealed % 10 == 0 { check(period.engine) }
            planCommit(period)
        }
        let isSealable = period.sequencer.fill != .empty && exchange.inbox.state.isIdle
        if work.action != nil || isSealable {
            wake(after: world.random.number(1...40))
        } else if let deadline = period.sequencer.deadline(of: period.engine) {
            let now = SimulatedClocks(server.machine).instant
            wake(after: max(1, deadline.microseconds(since: now)))
        }
    }

    private func check(_ engine: Engine) {
        do {
            try engine.checkInvariants()
        } catch {
            world.fail("\(server.name): \(error)")
        }
    }

    private func runWithoutEngine() {
        switch exchange.inbox.next(deadline: Self.atOnce).action {
        case .lookForLeadership: look()
        case .rebuild: rebuild()
        case .end:
            if let claim { try? world.database.resign(claim.leadership.epoch, isSeen: false, claim.session) }
            server.ended()
        default: wake(after: 10)
        }
    }

    private func carryOut(_ actions: [LifeCycle.Action]) {
        for case .pause(let milliseconds) in actions {
            pausedUntil = world.time.now + milliseconds * 1_000
            wake(after: milliseconds * 1_000)
        }
    }

    // MARK: The leadership

    /// As ``Marketplace`` looks at the leader's row, and takes the leadership.
    private func look() {
        let database: SimulatedDatabase = world.database
        guard !database.isDown else { return failed("\(SimulatedDatabase.unreachable)") }
        let row = database.leader
        if row.expiresAt > world.time.wall, row.holder != server.name {
            if namesAsOf != database.tables.cursor {
                exchange.published.replaceRegistry(with: database.tables.registry)
                namesAsOf = database.tables.cursor
            }
            exchange.published.withdrawBook()
            exchange.standing.joined(row.epoch)
            let leader = LifeCycle.Leader(epoch: row.epoch, holder: row.holder, address: row.address)
            return carryOut(exchange.inbox.apply(.foundLeader(leader)))
        }
        let session = database.open()
        do throws(StoreError) {
            let leadership = try database.acquire(server, session)
            claim = (leadership, session)
            exchange.standing.joined(leadership.epoch)
            exchange.inbox.apply(.tookLeadership)
            wake(after: 10)
        } catch {
            if case .ledBy = error { return wake(after: 10) }
            failed(error.description)
        }
    }

    /// Who starts a server while there is no database starts it again.
    private func failed(_ reason: String) {
        carryOut(exchange.inbox.apply(.databaseFailed(reason)))
        if case .failed = exchange.inbox.state { wake(after: 10) }
    }

    /// Reading the state takes a while, for which the leadership is kept.
    private func rebuild() {
        guard let claim else { preconditionFailure("who rebuilds has the leadership") }
        guard let rebuildEnds else {
            let duration = world.happens(5) ? 7_000_000 : world.random.number(500...60_000)
            rebuildEnds = world.time.now + duration
            keeperFailure = nil
            if duration > 1_000_000 { keepTerm(claim.leadership.epoch, claim.session) }
            return wake(after: duration)
        }
        guard world.time.now >= rebuildEnds else { return wake(after: rebuildEnds - world.time.now) }
        self.claim = nil
        self.rebuildEnds = nil
        let damage = world.database.takeDamage()
        do throws(RecoveryError) {
            if let keeperFailure { throw .database(keeperFailure) }
            if world.database.isDown || claim.session.isDead { throw .database("the session has ended") }
            let period = try read(claim, damage)
            if let damage { return world.fail("nobody noticed that what was read is damaged: \(damage)") }
            begin(period)
        } catch {
            if error.isTransient { return failed(error.description) }
            guard damage != nil else { return world.fail("\(server.name) cannot rebuild the state: \(error)") }
            world.count(.damageNoticed)
            try? world.database.resign(claim.leadership.epoch, isSeen: false, claim.session)
            exchange.inbox.apply(.stateIsUnusable(error.description))
            wake(after: 10)
        }
    }

    /// Renews the leadership each second, as ``TermKeeper`` does.
    private func keepTerm(_ epoch: Int64, _ session: SimulatedSession) {
        plan(after: BatchLimits.renewalMilliseconds * 1_000) { process in
            guard process.claim?.leadership.epoch == epoch, process.keeperFailure == nil else { return }
            do throws(StoreError) {
                try process.world.database.renew(epoch, isSeen: false, session)
                process.keepTerm(epoch, session)
            } catch {
                process.keeperFailure = error.description
            }
        }
    }

    private func read(
        _ claim: (leadership: Leadership, session: SimulatedSession),
        _ damage: SimulatedDatabase.Damage?
    ) throws(RecoveryError) -> SimulatedPeriod {
        let database: SimulatedDatabase = world.database
        let (leadership, session) = claim
        let loaded = database.loaded(with: damage)
        var replay = try Replay(loaded)
        var chain = loaded.chain
        var hasRead = false
        try replay.carryOutAll(through: leadership.lastBatch) { () throws(StoreError) in
            if hasRead { return [] }
            hasRead = true
            let rows = database.rows(after: loaded.cursor.batch, with: damage)
            for row in rows { try chain.append(row) }
            return rows
        }
        var engine = replay.engine
        if damage == nil { world.auditor.compare(engine.state(), "after a start") }
        let writer = SimulatedWriter(leadership, session, database)
        let term = JournalTerm(writer: writer, previousDigest: chain.digest)
        var nextBatch = replay.batch + 1
        var first: SealedBatch?
        if engine.account(Bootstrap.operatorAccount) == nil, let key = server.operatorKey,
            let hash = KeyHash(bytes: key.digest.bytes)
        {
            let time = LogicalTime(microseconds: server.machine.wall)
            let batch = Bootstrap.batch(nextBatch, at: time, on: &engine, key: hash, loops: 1)
            do throws(StoreError) {
                try term.append(batch)
            } catch {
                throw RecoveryError(error)
            }
            nextBatch += 1
            first = batch
        }
        return makePeriod(engine, term, leadership, nextBatch, first)
    }

    /// As ``Marketplace`` makes what leads.
    private func makePeriod(
        _ engine: Engine,
        _ term: JournalTerm,
        _ leadership: Leadership,
        _ nextBatch: Int64,
        _ first: SealedBatch?
    ) -> SimulatedPeriod {
        var engine = engine
        let followers = Followers(self, epoch: leadership.epoch)
        if let first { followers.follow(first) }
        exchange.published.replace(with: &engine)
        exchange.standing.sealed(window: engine.idempotencyWindow)
        exchange.metrics.started(batch: nextBatch - 1, engine: engine)
        let clocks = SimulatedClocks(server.machine)
        exchange.standing.confirmed(at: clocks.instant)
        let journal = JournalThread(
            inbox: exchange.inbox,
            outlets: .init(loops: exchange.loops, projector: followers, published: exchange.published, feed: Nobody()),
            metrics: exchange.metrics,
            standing: exchange.standing,
            clocks: clocks
        )
        let sequencer = Sequencer(
            inbox: exchange.inbox,
            journal: journal,
            metrics: exchange.metrics,
            standing: exchange.standing,
            checkpointer: exchange.checkpointer,
            verifiers: exchange.verifiers,
            signing: exchange.configuration.signing,
            clocks: clocks,
            loops: 1,
            nextBatch: nextBatch,
            seenAt: leadership.predecessorSeenAt,
            engine: engine
        )
        world.auditor.begins(leadership.epoch, clocks, at: engine.time)
        return SimulatedPeriod(engine: engine, sequencer: sequencer, journal: journal, term: term)
    }

    private func begin(_ period: SimulatedPeriod) {
        self.period = period
        exchange.inbox.apply(.rebuilt)
        world.note("\(server.name) serves")
        period.sequencer.begin(&period.engine)
        planRenewal(period)
        wake(after: 1)
    }

    private func endPeriod(_ period: SimulatedPeriod, _ work: Inbox.Work) {
        if case .drop(let open, let waiting) = work.action {
            if period.sequencer.unanswered.contains(where: { !$0.isEmpty }) { world.count(.executedAndDropped) }
            exchange.loops.refuse(period.sequencer.unanswered, open)
            exchange.loops.refuse(work.submissions, waiting)
            exchange.metrics.recovered()
            planLoop()
        }
        period.journal.stop()
        if !period.hasJournalEnded { _ = period.journal.carryOut(period.journal.next(until: Self.atOnce), in: period.term) }
        world.note("\(server.name) serves no more")
        self.period = nil
        wake(after: 10)
    }

    // MARK: The journal's thread

    private func planCommit(_ period: SimulatedPeriod) {
        period.isCommitPlanned = true
        let latency = world.happens(2) ? world.random.number(100_000...6_000_000) : world.random.number(150...2_500)
        plan(after: latency) { $0.runJournal(period) }
    }

    private func planRenewal(_ period: SimulatedPeriod) {
        let steps = period.journalSteps
        plan(after: BatchLimits.renewalMilliseconds * 1_000) { process in
            if period.journalSteps == steps, !period.isCommitPlanned { process.runJournal(period) }
        }
    }

    private func runJournal(_ period: SimulatedPeriod) {
        guard self.period === period, !period.hasJournalEnded else { return }
        period.isCommitPlanned = false
        period.journalSteps += 1
        let work = period.journal.next(until: Self.atOnce)
        if period.journal.carryOut(work, in: period.term) {
            planRenewal(period)
        } else {
            period.hasJournalEnded = true
            world.note("the journal of \(server.name) ends")
        }
        planLoop()
        wake(after: world.random.number(1...40))
    }

    // MARK: The network's loop

    private func planLoop() { plan(after: world.random.number(5...300)) { $0.runLoop() } }

    /// Hands out what the engine's and the journal's thread have sent.
    private func runLoop() {
        var messages: [any Sendable] = []
        mailbox.takeAll(into: &messages)
        for message in messages {
            switch message {
            case let batch as SealedBatch:
                exchange.loops.taken(batch, loop: 0)
                for delivery in batch.deliveries[0] { answer(delivery, of: batch) }
            case let refused as RefusedItems:
                exchange.loops.taken(refused, loop: 0)
                for item in refused.items { refuse(item.requestID, refused.reason) }
            default: world.fail("an unknown message")
            }
        }
    }
}

extension LifeCycle.State {
    /// The journal could take a batch.
    fileprivate var isIdle: Bool {
        switch self {
        case .serving(.idle), .stopping(.idle): true
        default: false
        }
    }
}
