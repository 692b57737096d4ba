import Cryptography
import Engine
import Postgres
import Units

@testable import EngineTesting
@testable import Marketplace
@testable import Store

/// A session of a server with the database.
final class SimulatedSession {
    let number: Int
    /// Ended by the database, by somebody who took over, or because the network was cut.
    var isDead = false

    init(number: Int) { self.number = number }
}

/// The database as servers see it: the leader's row, the journal, and the tables. It keeps the promises of the
/// statements of `Leadership` and `JournalWriter`, and breaks off wherever a database may.
final class SimulatedDatabase {
    /// What may become of a commit.
    enum Outcome: CaseIterable { case refused, lost, lostButWritten, late }

    /// The row of `journal.leader`.
    struct LeaderRow {
        var epoch: Int64 = 0
        var holder = ""
        var address = ""
        var expiresAt: Int64 = 0
        var lastBatch: Int64 = 0
        var seenAt: Int64 = 0
        var sessions: [SimulatedSession] = []
    }

    /// A statement that goes on in the database although nobody waits for it any more.
    private final class Orphan {
        let row: JournalBatch
        let session: SimulatedSession

        init(_ row: JournalBatch, _ session: SimulatedSession) {
            self.row = row
            self.session = session
        }
    }

    unowned let world: World
    private(set) var rows: [JournalBatch] = []
    private(set) var leader = LeaderRow()
    private(set) lazy var tables = SimulatedTables(world, self)
    private var orphans: [Orphan] = []
    private var downUntil: Int64 = 0
    private var sessions = 0
    private var nextOutcome: Outcome?
    /// What the next server that reads will find damaged.
    var nextDamage: Damage.Kind?

    init(_ world: World) { self.world = world }

    var isDown: Bool { world.time.now < downUntil }
    private var now: Int64 { world.time.wall }

    func open() -> SimulatedSession {
        sessions += 1
        return SimulatedSession(number: sessions)
    }

    // MARK: What servers ask

    /// How long a leadership lasts, in microseconds.
    private static let term = Int64(Leadership.termSeconds) * 1_000_000
    static let unreachable = PostgresError.connectionFailed("the database cannot be reached")
    private static let cut = PostgresError.connectionLost("the session has ended")

    private func check(_ session: SimulatedSession) throws(StoreError) {
        if isDown { session.isDead = true }
        if session.isDead { throw .unknown(Self.cut) }
    }

    /// Takes the leadership as `Leadership.acquire` does.
    func acquire(_ server: SimulatedServer, _ session: SimulatedSession) throws(StoreError) -> Leadership {
        guard !isDown else { throw .refused(Self.unreachable) }
        guard leader.expiresAt <= now || leader.holder == server.name else {
            throw .ledBy(holder: leader.holder, until: LogicalTime(microseconds: leader.expiresAt))
        }
        endSessions()
        if leader.epoch > 0 { world.count(leader.holder == server.name ? .returnToLead : .takeover) }
        leader.epoch += 1
        leader.holder = server.name
        leader.address = server.address
        leader.expiresAt = now + Self.term
        leader.sessions = [session]
        world.auditor.tookLeadership(leader.epoch)
        world.note("\(server.name) takes the leadership: epoch \(leader.epoch), last batch \(leader.lastBatch)")
        return Leadership(
            epoch: leader.epoch,
            holder: server.name,
            lastBatch: leader.lastBatch,
            predecessorSeenAt: LogicalTime(microseconds: leader.seenAt)
        )
    }

    /// What still runs for the leader before is carried out or ended; a session that could not be ended is left to the
    /// epoch.
    private func endSessions() {
        for session in leader.sessions {
            let mine = orphans.filter { $0.session === session }
            if world.random.chance(60) { continue }
            session.isDead = true
            orphans.removeAll { $0.session === session }
            for orphan in mine {
                if world.random.chance(50) { finish(orphan) } else { world.count(.lateCommitEnded) }
            }
        }
    }

    /// One row, as `JournalWriter.commit` writes it.
    func commit(_ row: JournalBatch, _ session: SimulatedSession) throws(StoreError) {
        try check(session)
        let outcome = nextOutcome
        nextOutcome = nil
        switch outcome {
        case nil:
            guard insert(row) else {
                world.count(.commitFenced)
                throw .fenced
            }
        case .refused:
            world.count(.commitRefused)
            throw .refused(.statementFailed(StatementFailure(sqlState: "53100", message: "the disk is full")))
        case .lost:
            world.count(.commitLost)
            session.isDead = true
            throw .unknown(Self.cut)
        case .lostButWritten:
            session.isDead = true
            world.count(insert(row) ? .commitLostButWritten : .commitFenced)
            throw .unknown(Self.cut)
        case .late:
            world.count(.commitLate)
            let orphan = Orphan(row, session)
            orphans.append(orphan)
            world.plan(after: world.random.number(1_000...6_000_000)) { [unowned self] in
                guard orphans.contains(where: { $0 === orphan }) else { return }
                orphans.removeAll { $0 === orphan }
                finish(orphan)
            }
            throw .unknown(.deadlineExceeded(after: .seconds(BatchLimits.writerDeadlineSeconds)))
        }
    }

    private func finish(_ orphan: Orphan) { world.count(insert(orphan.row) ? .lateCommitWritten : .lateCommitFenced) }

    /// The statement's own condition: this epoch leads, and the journal ends with the batch before.
    private func insert(_ row: JournalBatch) -> Bool {
        guard leader.epoch == row.epoch, leader.lastBatch == row.number - 1 else { return false }
        rows.append(row)
        leader.lastBatch = row.number
        leader.seenAt = now
        leader.expiresAt = now + Self.term
        world.note("batch \(row.number) of epoch \(row.epoch) is written, through \(row.lastSequence.rawValue)")
        world.auditor.written(row)
        return true
    }

    func renew(_ epoch: Int64, isSeen: Bool, _ session: SimulatedSession) throws(StoreError) {
        try check(session)
        guard leader.epoch == epoch else { throw .fenced }
        leader.expiresAt = now + Self.term
        if isSeen { leader.seenAt = now }
        world.auditor.lives(epoch)
    }

    func resign(_ epoch: Int64, isSeen: Bool, _ session: SimulatedSession) throws(StoreError) {
        try check(session)
        guard leader.epoch == epoch else { throw .fenced }
        leader.expiresAt = now
        if isSeen { leader.seenAt = now }
        world.auditor.lives(epoch)
        world.count(.resignation)
    }

    // MARK: What goes wrong

    func spoilNextCommit() { nextOutcome = world.random.pick(Outcome.allCases) }

    /// Whoever leads has to start over, and finds something damaged.
    func damageNextReading(_ server: SimulatedServer) {
        nextDamage = world.random.pick(Damage.Kind.allCases)
        server.crash(restartingAfter: world.random.number(10_000...100_000))
    }

    func cutSessions() {
        world.count(.sessionLost)
        world.note("the sessions are cut")
        for session in leader.sessions { session.isDead = true }
    }

    /// All sessions end; what was under way is written before, or not at all.
    func goDown(for duration: Int64) {
        world.count(.databaseDown)
        world.note("the database is down for \(duration)")
        for session in leader.sessions { session.isDead = true }
        let left = orphans
        orphans = []
        for orphan in left {
            if world.random.chance(50) { finish(orphan) } else { world.count(.lateCommitEnded) }
        }
        downUntil = world.time.now + duration
    }

    func calmDown() {
        downUntil = world.time.now
        nextOutcome = nil
        nextDamage = nil
    }
}

/// What a leadership writes with.
final class SimulatedWriter: TermWriter {
    let leadership: Leadership
    private let database: SimulatedDatabase
    private let session: SimulatedSession

    init(_ leadership: Leadership, _ session: SimulatedSession, _ database: SimulatedDatabase) {
        self.leadership = leadership
        self.session = session
        self.database = database
    }

    func commit(_ batch: JournalBatch) throws(StoreError) { try database.commit(batch, session) }

    func renew(isSeen: Bool) throws(StoreError) {
        try database.renew(leadership.epoch, isSeen: isSeen, session)
    }

    func resign(isSeen: Bool) throws(StoreError) {
        try database.resign(leadership.epoch, isSeen: isSeen, session)
    }
}

/// The tables: they follow the journal, now close behind it, now far.
final class SimulatedTables {
    private unowned let world: World
    private unowned let database: SimulatedDatabase
    private var replay = JournalReplay(Engine(), at: 0)
    private var stalledUntil: Int64 = 0
    /// Of each command, from the first on.
    private(set) var events: [ArraySlice<Event>] = []

    init(_ world: World, _ database: SimulatedDatabase) {
        self.world = world
        self.database = database
    }

    /// The batch whose end they show.
    var cursor: Int64 { replay.batch }
    var sequence: SequenceNumber { replay.engine.sequence }
    /// Keys, models and fees.
    var registry: EngineState { replay.engine.registryState() }

    /// What a server that reads them gets, beside what the journal says of the batch of the cursor.
    var loaded: (state: EngineState, cursor: ProjectionCursor) {
        let state = replay.engine.state()
        let cursor = ProjectionCursor(
            batch: cursor,
            sequence: state.sequence,
            time: state.time,
            lastTrade: state.lastTrade,
            grace: state.grace
        )
        return (state, cursor)
    }

    func stall(for duration: Int64) {
        world.count(.tablesStalled)
        stalledUntil = world.time.now + duration
    }

    /// Every few milliseconds they take some batches, or all.
    func planAdvance() {
        world.plan(after: world.random.number(5_000...200_000)) { [unowned self] in
            if world.isCalm || world.time.now >= stalledUntil { advance() }
            planAdvance()
        }
    }

    private func advance() {
        let lacking = Int64(database.rows.count) - cursor
        guard lacking > 0 else { return }
        let most = world.isCalm ? lacking : world.random.number(1...lacking)
        for row in database.rows[Int(cursor)..<Int(cursor + most)] {
            do {
                let batch = try replay.carryOut(row)
                var start = 0
                for end in batch.ends {
                    events.append(batch.events[start..<Int(end)])
                    start = Int(end)
                }
            } catch {
                return world.fail("the tables cannot follow: \(error)")
            }
        }
    }

    /// What the command did; a repetition did what it repeats.
    func outcome(_ sequence: SequenceNumber) -> ArraySlice<Event> {
        let events = events[Int(sequence.rawValue) - 1]
        for case .replayed(let first) in events { return outcome(first) }
        return events
    }
}
