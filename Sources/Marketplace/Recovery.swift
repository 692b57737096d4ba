internal import Engine
internal import Postgres
internal import Store
internal import Units

/// What a period of leadership starts with.
///
/// A reference, because the engine has one owner: a second copy of the value, however short its use, would make the
/// first command copy every order.
final class Opening {
    var engine: Engine
    let term: JournalTerm
    /// The server process of the session that writes the journal.
    let backend: Int32
    let projector: ProjectorThread.Opened
    var nextBatch: Int64
    /// Durable batches that the tables do not show yet.
    var backlog: [ProjectedBatch]
    /// The sequence number that the tables show.
    let projected: SequenceNumber
    /// When the leader before was last known to be alive.
    let seenAt: LogicalTime
    /// The checkpoint of what older rules left, which the first batch of the new ones announces.
    let checkpoint: CheckpointTerms?

    init(
        engine: Engine,
        term: JournalTerm,
        backend: Int32,
        projector: ProjectorThread.Opened,
        nextBatch: Int64,
        backlog: [ProjectedBatch],
        projected: SequenceNumber,
        seenAt: LogicalTime,
        checkpoint: CheckpointTerms?
    ) {
        self.engine = engine
        self.term = term
        self.backend = backend
        self.projector = projector
        self.nextBatch = nextBatch
        self.backlog = backlog
        self.projected = projected
        self.seenAt = seenAt
        self.checkpoint = checkpoint
    }
}

/// The leadership, taken, and the sessions that it was taken for: who takes over later ends both.
final class Claim {
    let journal: Session
    let projector: Session
    let leadership: Leadership

    init(journal: Session, projector: Session, leadership: Leadership) {
        self.journal = journal
        self.projector = projector
        self.leadership = leadership
    }

    /// Gives the leadership back. A database that cannot be reached lets it expire.
    func resign() { try? leadership.resign(isSeen: false, on: journal.connection) }
}

/// Takes the leadership, and rebuilds the engine from the database: the tables as of their cursor, and the journal
/// behind it.
///
/// Every replayed batch must give the state digest that its row carries; otherwise the server does not start.
struct Recovery {
    let database: String
    /// How this server calls itself in the leadership's row.
    let holder: String
    /// Where its clients reach it, for the leadership's row.
    let address: String
    let lifelines: Lifelines

    /// The longest silence while a table is read, which may begin with sorting it.
    private static let loadDeadline = Duration.seconds(120)
    /// A writer that heard nothing for so long may have been replaced.
    private static let writerDeadline = Duration.seconds(BatchLimits.writerDeadlineSeconds)
    /// The longest silence while the tables are written; the projector can be late without harm.
    private static let projectorDeadline = Duration.seconds(20)

    /// Opens the sessions of a leader and takes the leadership for them, unless another server has it.
    func takeLeadership() throws(StoreError) -> Claim {
        let (journal, projector): (Session, Session)
        do throws(PostgresError) {
            journal = try session("bombyx journal", Self.writerDeadline)
            projector = try session("bombyx projector", Self.projectorDeadline)
        } catch {
            throw .refused(error)
        }
        let leadership = try Leadership.acquire(
            holder: holder,
            address: address,
            backends: [journal.connection.backendPID, projector.connection.backendPID],
            on: journal.connection
        )
        return Claim(journal: journal, projector: projector, leadership: leadership)
    }

    /// Reads the state, while a thread of its own keeps the leadership.
    func rebuild(_ claim: Claim) throws(RecoveryError) -> Opening {
        let writer: JournalWriter
        let keeper: TermKeeper
        do {
            // Before the keeper has the session, which is its alone while it runs.
            writer = try JournalWriter(claim.journal.connection, claim.leadership)
            keeper = try TermKeeper(claim)
        } catch {
            throw .database("\(error)")
        }
        let result: Result<Opening, RecoveryError>
        do throws(RecoveryError) {
            result = .success(try read(claim, writer))
        } catch {
            result = .failure(error)
        }
        // What was read is worth nothing if the leadership was lost meanwhile.
        if let failure = keeper.stop() { throw .database(failure) }
        // A process that was suspended has not noticed: then the records may be another leader's, and nothing is wrong.
        if case .failure(let error) = result, !error.isTransient {
            do throws(StoreError) {
                try claim.leadership.renew(isSeen: false, on: claim.journal.connection)
            } catch {
                throw RecoveryError(error)
            }
        }
        return try result.get()
    }

    private func read(_ claim: Claim, _ writer: JournalWriter) throws(RecoveryError) -> Opening {
        do {
            let connection = claim.projector.connection
            connection.statementDeadline = Self.loadDeadline
            let loaded = try StateLoader.load(connection)
            connection.statementDeadline = Self.projectorDeadline
            var replay = try Replay(loaded)
            var reader = JournalReader(connection, after: loaded.chain)
            try replay.carryOutAll(through: claim.leadership.lastBatch) { () throws(StoreError) in try reader.next() }
            let checkpoint = try checkpoint(of: replay, reader.chain, replay.rulesVersion, connection)
            return Opening(
                engine: replay.engine,
                term: JournalTerm(claim: claim, writer: writer, previousDigest: reader.chain.digest),
                backend: claim.journal.connection.backendPID,
                projector: ProjectorThread.Opened(
                    projector: try Projector(connection),
                    interrupter: claim.projector.interrupter
                ),
                nextBatch: replay.batch + 1,
                backlog: replay.replayed,
                projected: loaded.cursor.sequence,
                seenAt: claim.leadership.predecessorSeenAt,
                checkpoint: checkpoint
            )
        } catch let error as RecoveryError {
            throw error
        } catch let error as StoreError {
            throw RecoveryError(error)
        } catch {
            throw .database("\(error)")
        }
    }

    /// Writes a checkpoint of the state when older rules left it: the end of their last batch, before any batch of the
    /// new ones. `nil` when the rules are the same.
    private func checkpoint(
        of replay: Replay,
        _ chain: JournalChain,
        _ rulesVersion: Int32?,
        _ connection: Connection
    ) throws(StoreError) -> CheckpointTerms? {
        guard let rulesVersion, rulesVersion < RulesVersion.current else { return nil }
        let checkpoint = Checkpoint(
            batch: replay.batch,
            rulesVersion: rulesVersion,
            state: replay.engine.state(),
            stateDigest: replay.engine.digest,
            chainDigest: chain.digest
        )
        connection.statementDeadline = Self.loadDeadline
        defer { connection.statementDeadline = Self.projectorDeadline }
        return CheckpointTerms(batch: replay.batch, sha256: try CheckpointStore.write(checkpoint, connection).words)
    }

    /// A projector with a session of its own, in place of one that was lost. The leader's row has to know it.
    func projector(under leadership: Leadership, beside journal: Int32) throws(StoreError) -> ProjectorThread.Opened {
        let opened: Session
        do throws(PostgresError) {
            opened = try session("bombyx projector", Self.projectorDeadline)
        } catch {
            throw .refused(error)
        }
        try leadership.register(backends: [journal, opened.connection.backendPID], on: opened.connection)
        return ProjectorThread.Opened(
            projector: try Projector(opened.connection),
            interrupter: opened.interrupter
        )
    }

    /// A session that a stop can cut.
    func session(_ name: String, _ deadline: Duration) throws(PostgresError) -> Session {
        Session(try Self.connect(database, as: name, statementDeadline: deadline), in: lifelines)
    }

    /// A session that may do what the server needs and no more, whoever the connection string says that we are. Of
    /// several hosts it is on one that can be written, unless the string says otherwise.
    ///
    /// The server ends a statement after `serverDeadline`, or when we have given it up.
    static func connect(
        _ database: String,
        as name: String,
        statementDeadline: Duration,
        serverDeadline: Duration? = nil
    ) throws(PostgresError) -> Connection {
        var settings = Connection.Settings()
        settings.applicationName = name
        // A database that says nothing for so long is treated like one that is gone.
        settings.statementDeadline = statementDeadline
        settings.target = "read-write"
        let connection = try Connection(database, settings)
        try connection.execute("SET ROLE bombyx_server")
        // What we give up, the server must not go on with: it would keep its locks and its place among the sessions.
        let milliseconds = (serverDeadline ?? statementDeadline + .seconds(1)) / .milliseconds(1)
        try connection.execute("SELECT set_config('statement_timeout', $1, false)", [.text("\(Int(milliseconds))")])
        return connection
    }
}

/// Why a server cannot start or go on.
package enum RecoveryError: Error, Equatable, CustomStringConvertible {
    case database(String)
    /// The tables or the journal do not give a state; the sentence says which record.
    case tables(String)
    /// Commands of this batch cannot be decoded.
    case undecodable(batch: Int64, String)
    case rulesUnknown(batch: Int64, version: Int32)
    /// Carrying out the batch again gave another state than when it was committed.
    case digestDiffers(batch: Int64)
    case lastBatchDiffers(journal: Int64, leader: Int64)

    init(_ error: StoreError) {
        switch error {
        case .brokenChain, .inconsistent, .notDropped, .file: self = .tables(error.description)
        case .fenced, .ledBy, .refused, .unknown, .cursorMoved: self = .database(error.description)
        }
    }

    /// Whether it may go away by itself: a database that is down does, a journal that contradicts itself does not.
    var isTransient: Bool {
        switch self {
        case .database: true
        case .tables, .undecodable, .rulesUnknown, .digestDiffers, .lastBatchDiffers: false
        }
    }

    package var description: String {
        switch self {
        case .database(let reason): reason
        case .tables(let reason): "the records do not give a state: \(reason)"
        case .undecodable(let batch, let reason): "batch \(batch) of the journal cannot be decoded: \(reason)"
        case .rulesUnknown(let batch, let version):
            ReplayError.rulesUnknown(batch: batch, version: version).description
        case .digestDiffers(let batch):
            "batch \(batch) gives another state now than when it was committed: its state digest differs"
        case .lastBatchDiffers(let journal, let leader):
            "the journal ends with batch \(journal), but the leader's row says \(leader)"
        }
    }
}

/// Carries out the journal's batches behind the tables, and keeps what they did for the projector.
struct Replay {
    private var replay: JournalReplay
    private(set) var replayed: [ProjectedBatch] = []
    /// The rules of the last batch; `nil` when there is none yet.
    private(set) var rulesVersion: Int32?

    init(_ loaded: LoadedState) throws(RecoveryError) {
        let engine: Engine
        do {
            engine = try Engine(state: loaded.state)
        } catch {
            throw .tables("\(error)")
        }
        if let expected = loaded.stateDigest, expected != engine.digest {
            throw .digestDiffers(batch: loaded.cursor.batch)
        }
        if let version = loaded.rulesVersion, !RulesVersion.known.contains(version) {
            throw .rulesUnknown(batch: loaded.cursor.batch, version: version)
        }
        rulesVersion = loaded.rulesVersion
        replay = JournalReplay(engine, at: loaded.cursor.batch)
    }

    var engine: Engine { replay.engine }
    /// The last batch carried out.
    var batch: Int64 { replay.batch }

    /// Carries out what `next` gives, until it gives nothing: with that the journal must be at its last batch.
    mutating func carryOutAll(
        through last: Int64,
        _ next: () throws(StoreError) -> [JournalBatch]
    ) throws(RecoveryError) {
        while true {
            let batches: [JournalBatch]
            do throws(StoreError) {
                batches = try next()
            } catch {
                throw RecoveryError(error)
            }
            if batches.isEmpty { break }
            for batch in batches { try carryOut(batch) }
        }
        guard batch == last else { throw .lastBatchDiffers(journal: batch, leader: last) }
    }

    private mutating func carryOut(_ row: JournalBatch) throws(RecoveryError) {
        do throws(ReplayError) {
            replayed.append(try replay.carryOut(row))
            rulesVersion = row.rulesVersion
        } catch {
            switch error {
            case .undecodable(let batch, let reason): throw .undecodable(batch: batch, reason)
            case .rulesUnknown(let batch, let version): throw .rulesUnknown(batch: batch, version: version)
            case .digestDiffers(let batch): throw .digestDiffers(batch: batch)
            }
        }
    }
}
