import API
import Cryptography
import Engine
import Log
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Sockets
@testable import Store

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

/// How a process comes to lead, and what it does then.
extension SimulatedProcess {
    /// As ``Marketplace`` looks at the leader's row, and takes the leadership.
    func look() {
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
    func rebuild() {
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
            if let damage { return world.fail("nobody noticed that batch \(damage.batch) is damaged: \(damage.kind)") }
            begin(period)
        } catch {
            if error.isTransient { return failed(error.description) }
            do throws(StoreError) {
                try world.database.renew(claim.leadership.epoch, isSeen: false, claim.session)
            } catch {
                return failed(error.description)
            }
            guard let damage else { return world.fail("\(server.name) cannot rebuild the state: \(error)") }
            let numbers = error.description.split { !$0.isNumber }
            if !numbers.contains("\(damage.batch)") {
                return world.fail("batch \(damage.batch) is damaged (\(damage.kind)), and what is said is: \(error)")
            }
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
        let loaded: LoadedState
        do throws(StoreError) {
            loaded = try database.loaded(with: damage)
        } catch {
            throw RecoveryError(error)
        }
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

    func endPeriod(_ period: SimulatedPeriod, _ work: Inbox.Work) {
        if case .drop(let open, let waiting) = work.action {
            if period.sequencer.unanswered.contains(where: { !$0.isEmpty }) { world.count(.executedAndDropped) }
            exchange.loops.refuse(period.sequencer.unanswered, open)
            exchange.loops.refuse(work.submissions, waiting)
            exchange.metrics.recovered()
            planLoop()
        }
        period.journal.stop()
        if !period.hasJournalEnded {
            _ = period.journal.carryOut(period.journal.next(until: Self.atOnce), in: period.term)
        }
        world.note("\(server.name) serves no more")
        self.period = nil
        wake(after: 10)
    }
}
