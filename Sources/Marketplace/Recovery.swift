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
    let projector: Projector
    var nextBatch: Int64
    /// Durable batches that the tables do not show yet.
    var backlog: [ProjectedBatch]
    /// The sequence number that the tables show.
    let projected: SequenceNumber
    /// When the leader before was last known to be alive.
    let seenAt: LogicalTime
    /// The rules of the journal's newest batch; `nil` of an empty one.
    let rulesVersion: Int32?

    init(
        engine: Engine,
        term: JournalTerm,
        projector: Projector,
        nextBatch: Int64,
        backlog: [ProjectedBatch],
        projected: SequenceNumber,
        seenAt: LogicalTime,
        rulesVersion: Int32?
    ) {
        self.engine = engine
        self.term = term
        self.projector = projector
        self.nextBatch = nextBatch
        self.backlog = backlog
        self.projected = projected
        self.seenAt = seenAt
        self.rulesVersion = rulesVersion
    }
}

/// Rebuilds the engine from the database: the tables as of their cursor, and the journal behind it.
///
/// Every replayed batch must give the state digest that its row carries; otherwise the server does not start.
struct Recovery {
    let database: String
    /// How this server calls itself in the leadership's row.
    let holder: String
    let log: @Sendable (String) -> Void

    /// The longest that reading one table may take: about a hundred million rows.
    private static let loadDeadline = Duration.seconds(600)

    /// Takes the leadership and rebuilds the state. The server's other connections are opened here too, because who
    /// takes over later must be able to end all of them.
    func open() throws(RecoveryError) -> Opening {
        do {
            let writerConnection = try Self.connect(database, as: "bombyx journal")
            let projectorConnection = try Self.connect(database, as: "bombyx projector")
            let leadership = try Leadership.acquire(
                holder: holder,
                backends: [writerConnection.backendPID, projectorConnection.backendPID],
                on: writerConnection
            )
            // Reading millions of orders may take longer than any other statement should.
            let usualDeadline = projectorConnection.statementDeadline
            projectorConnection.statementDeadline = Self.loadDeadline
            let loaded = try StateLoader.load(projectorConnection)
            projectorConnection.statementDeadline = usualDeadline
            var replay = try Replay(loaded)
            var rulesVersion = loaded.rulesVersion
            if let rulesVersion, !RulesVersion.known.contains(rulesVersion) {
                throw RecoveryError.rulesUnknown(batch: loaded.cursor.batch, version: rulesVersion)
            }
            var reader = JournalReader(projectorConnection, after: loaded.chain)
            while true {
                let batches = try reader.next()
                if batches.isEmpty { break }
                for batch in batches { try replay.carryOut(batch) }
                rulesVersion = batches.last?.rulesVersion ?? rulesVersion
            }
            guard replay.batch == leadership.lastBatch else {
                throw RecoveryError.lastBatchDiffers(journal: replay.batch, leader: leadership.lastBatch)
            }
            return Opening(
                engine: replay.engine,
                term: JournalTerm(
                    writer: try JournalWriter(writerConnection, leadership),
                    epoch: leadership.epoch,
                    previousDigest: reader.chain.digest
                ),
                projector: try Projector(projectorConnection),
                nextBatch: replay.batch + 1,
                backlog: replay.replayed,
                projected: loaded.cursor.sequence,
                seenAt: leadership.predecessorSeenAt,
                rulesVersion: rulesVersion
            )
        } catch let error as RecoveryError {
            throw error
        } catch let error as StoreError {
            switch error {
            case .brokenChain, .inconsistent: throw .tables(error.description)
            case .fenced, .ledBy, .refused, .unknown, .cursorMoved: throw .database(error.description)
            }
        } catch let error as PostgresError {
            throw .database(error.description)
        } catch {
            throw .database("\(error)")
        }
    }

    /// A projector with a connection of its own.
    static func projector(_ database: String) throws(StoreError) -> Projector {
        let connection: Connection
        do throws(PostgresError) {
            connection = try connect(database, as: "bombyx projector")
        } catch {
            throw .refused(error)
        }
        return try Projector(connection)
    }

    /// A session that may do what the server needs and no more, whoever the connection string says that we are.
    static func connect(
        _ database: String,
        as name: String,
        statementDeadline: Duration = .seconds(20)
    ) throws(PostgresError) -> Connection {
        var settings = Connection.Settings()
        settings.applicationName = name
        // A database that says nothing for so long is treated like one that is gone; it also bounds a stop.
        settings.statementDeadline = statementDeadline
        let connection = try Connection(database, settings)
        try connection.execute("SET ROLE bombyx_server")
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
        replay = JournalReplay(engine, at: loaded.cursor.batch)
    }

    var engine: Engine { replay.engine }
    /// The last batch carried out.
    var batch: Int64 { replay.batch }

    mutating func carryOut(_ row: JournalBatch) throws(RecoveryError) {
        do throws(ReplayError) {
            replayed.append(try replay.carryOut(row))
        } catch {
            switch error {
            case .undecodable(let batch, let reason): throw .undecodable(batch: batch, reason)
            case .rulesUnknown(let batch, let version): throw .rulesUnknown(batch: batch, version: version)
            case .digestDiffers(let batch): throw .digestDiffers(batch: batch)
            }
        }
    }
}
