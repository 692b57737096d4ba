import Cryptography
import Engine
import Postgres
import PostgresTesting
import Store
import Units

/// A migrated database of its own, and connections to it.
final class TestExchange {
    private let cluster: EmbeddedCluster
    private let database: String

    /// With all migrations: a copy of a database that was migrated once for all tests.
    convenience init() throws {
        let shared = try TestCluster.shared()
        self.init(shared.cluster, try shared.makeDatabase(like: try Self.migrated.get()))
    }

    /// With the first `migrations`.
    convenience init(migrations: Int) throws {
        let shared = try TestCluster.shared()
        self.init(shared.cluster, try shared.makeDatabase())
        _ = try Migrator(Array(Schema.migrations.prefix(migrations))).migrate(try connect(.owner))
    }

    private init(_ cluster: EmbeddedCluster, _ database: String) {
        self.cluster = cluster
        self.database = database
    }

    private static let migrated = Result { try TestExchange(migrations: Schema.migrations.count).database }

    func connectionString(_ role: ClusterRole = .server) -> String {
        cluster.connectionString(role, database: database)
    }

    func connect(_ role: ClusterRole = .server) throws -> Connection { try Connection(connectionString(role)) }

    /// Takes the leadership, whoever has it.
    func lead(_ holder: String = "test") throws -> Leadership {
        try Leadership.acquire(holder: holder, backends: [], on: try connect())
    }
}

/// Makes a journal and the batches that follow from it, from events by hand.
struct TestJournal {
    private(set) var number: Int64 = 0
    private(set) var sequence = SequenceNumber.none
    private(set) var digest = Digest256.zero
    private var time: Int64 = 1_800_000_000_000_000

    init(after start: ProjectionCursor = .start) {
        number = start.batch
        sequence = start.sequence
    }

    /// The next batch, with one command for each group of events.
    mutating func batch(_ groups: [[Event]]) -> ProjectedBatch {
        number += 1
        time += 1_000
        var ends: [Int32] = []
        for group in groups { ends.append((ends.last ?? 0) + Int32(group.count)) }
        let batch = ProjectedBatch(
            number: number,
            firstSequence: sequence.next,
            lastSequence: SequenceNumber(sequence.rawValue + Int64(groups.count)),
            time: LogicalTime(microseconds: time),
            events: groups.flatMap { $0 },
            ends: ends
        )
        sequence = batch.lastSequence
        return batch
    }

    /// The row of the journal that goes with a batch.
    mutating func row(_ batch: ProjectedBatch, epoch: Int64 = 1, commands: [UInt8] = [1, 2, 3]) -> JournalBatch {
        let row = JournalBatch(
            number: batch.number,
            epoch: epoch,
            rulesVersion: 1,
            firstSequence: batch.firstSequence,
            lastSequence: batch.lastSequence,
            time: batch.time,
            commands: commands,
            stateDigest: StateDigest(high: UInt64(batch.number), low: 5),
            previousDigest: digest
        )
        digest = row.digest
        return row
    }
}

extension SequenceNumber: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self.init(value) }
}
