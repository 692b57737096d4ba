internal import Engine
package import Postgres
internal import Units

/// Replays the journal and compares everything that follows from it with what the database has: digests, checkpoints,
/// and every column of every row (DESIGN §2). Reads one moment of a running exchange, and holds nobody up.
package struct Verification {
    /// Where replay begins.
    package enum Start: Hashable, Sendable {
        /// With the first batch; the oldest checkpoint when what is before it was dropped.
        case beginning
        case newestCheckpoint
        /// At the checkpoint of this batch.
        case checkpoint(Int64)
    }

    /// What was found to be right.
    package struct Report: Hashable, Sendable {
        /// The checkpoint at which replay began; 0 for the first batch.
        package var startBatch: Int64 = 0
        /// The last batch that was replayed, and its last command.
        package var lastBatch: Int64 = 0
        package var lastSequence: Int64 = 0
        /// The batch whose end the tables show.
        package var tablesBatch: Int64 = 0
        /// Rows that were compared.
        package var rows: Int64 = 0
        /// Rows from before the checkpoint, by table: replay from there cannot derive them.
        package var notDerivable: [String: Int64] = [:]
        package var checkpoints = 0
    }

    /// More batches in order; none at the end.
    package typealias Source = () throws(StoreError) -> [JournalBatch]

    private let connection: Connection
    private let start: Start
    /// Batches from exported files, which come before those of the database.
    private let earlier: Source?

    /// `connection` may take long to answer: set its `statementDeadline` to what a full reading needs. `earlier` gives
    /// batches that were dropped from the database.
    package init(_ connection: Connection, from start: Start, earlier: Source? = nil) {
        self.connection = connection
        self.start = start
        self.earlier = earlier
    }

    /// Verifies everything; throws the first difference.
    package func run() throws(VerificationError) -> Report {
        try asked { () throws(PostgresError) in
            try connection.run(script: "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }
        defer { if connection.isUsable { try? connection.rollback() } }
        var run = try Run(connection, start, earlier: earlier)
        try run.replay()
        try run.checkLeader()
        try DerivedTables.check(connection)
        try ConstantTables.check(connection)
        return run.report
    }
}

/// One verification under way.
private struct Run {
    private let connection: Connection
    private let cursor: ProjectionCursor
    private var expected: ExpectedTables
    private var replayed: JournalReplay
    private var chain: JournalChain
    private var earlier: Verification.Source?
    private var epoch: Int64 = 0
    private var areTablesCompared = false
    /// The growing tables are compared up to here.
    private var compared: ProjectionCursor?
    private(set) var report = Verification.Report()

    init(
        _ connection: Connection,
        _ start: Verification.Start,
        earlier: Verification.Source?
    ) throws(VerificationError) {
        self.connection = connection
        self.earlier = earlier
        let cursor = try asked { () throws(PostgresError) in try ProjectionCursor.read(connection) }
        self.cursor = cursor
        let checkpoints = try Self.checkpoints(connection)
        report.checkpoints = checkpoints.count
        let dropped = try consistent { () throws(StoreError) in try JournalArchive.start(connection) }
        var row: CheckpointRow?
        switch start {
        case .beginning:

            guard dropped.number > 0, earlier == nil else { break }
            row = checkpoints.first { $0.batch >= dropped.number && $0.batch <= cursor.batch }
            guard row != nil else {
                throw .difference(
                    "journal.checkpoints: there is none although batches up to \(dropped.number) are gone"
                )
            }
        case .newestCheckpoint: row = checkpoints.last { $0.batch <= cursor.batch }
        case .checkpoint(let batch):
            row = checkpoints.first { $0.batch == batch }
            guard row != nil else { throw .cannotRun("there is no checkpoint of batch \(batch)") }
        }
        if let row {
            let checkpoint = try consistent { () throws(StoreError) in try CheckpointStore.read(row, connection) }
            let engine = try consistent { () throws(StoreError) in try checkpoint.engine() }
            expected = ExpectedTables(checkpoint)
            replayed = JournalReplay(engine, at: checkpoint.batch)
            // The batches before the checkpoint are still linked to each other.
            chain = start == .beginning ? dropped : checkpoint.chain
        } else {
            expected = ExpectedTables()
            replayed = JournalReplay(Engine(), at: 0)
            chain = JournalChain()
        }
        report.startBatch = replayed.batch
    }

    /// All checkpoints, each of them read: those that the journal announces must have the announced hash.
    private static func checkpoints(_ connection: Connection) throws(VerificationError) -> [CheckpointRow] {
        let rows = try consistent { () throws(StoreError) in try CheckpointStore.rows(connection) }
        let announced = try consistent { () throws(StoreError) in try CheckpointStore.announced(connection) }
        for record in announced {
            guard let row = rows.first(where: { $0.batch == record.terms.batch }) else {
                throw .difference(
                    "journal.checkpoints: the row batch \(record.terms.batch) of projection.checkpoints is missing"
                )
            }
            guard row.sha256.words == record.terms.sha256 else {
                throw .difference(
                    "journal.checkpoints, batch \(row.batch): sha256 is not what projection.checkpoints says"
                )
            }
        }
        for row in rows {
            let checkpoint = try consistent { () throws(StoreError) in try CheckpointStore.read(row, connection) }
            let batch = try consistent { () throws(StoreError) in try JournalReader.batch(row.batch, connection) }
            if let batch, !checkpoint.isState(after: batch) {
                throw .difference(
                    "journal.batches, number \(row.batch): it is not the batch at which journal.checkpoints has a state"
                )
            }
        }
        let stray = try asked { () throws(PostgresError) in
            try connection.execute(
                """
                SELECT batch FROM journal.checkpoint_parts
                WHERE batch NOT IN (SELECT batch FROM journal.checkpoints) ORDER BY batch LIMIT 1
                """
            ).firstRow()?.int8(0)
        }
        if let stray {
            throw .difference("journal.checkpoint_parts: the row batch \(stray) should not be there")
        }
        return rows
    }

    /// Replays to the end of the journal, and compares the tables on the way.
    mutating func replay() throws(VerificationError) {
        if let source = earlier {
            while true {
                let batches = try consistent { () throws(StoreError) in try source() }
                if batches.isEmpty { break }
                for batch in batches where batch.number > chain.number {
                    try consistent { () throws(StoreError) in try chain.append(batch) }
                    try carryOut(batch)
                }
                try compareGrowing()
            }
        }
        var reader = JournalReader(connection, after: chain)
        while true {
            let batches = try consistent { () throws(StoreError) in try reader.next() }
            if batches.isEmpty { break }
            for batch in batches { try carryOut(batch) }
            try compareGrowing()
        }
        chain = reader.chain
        try compareTables()
        report.lastBatch = chain.number
        report.lastSequence = chain.sequence.rawValue
    }

    private mutating func carryOut(_ batch: JournalBatch) throws(VerificationError) {
        guard batch.number > replayed.batch else { return }
        if batch.number > cursor.batch { try compareTables() }
        guard batch.epoch >= epoch else {
            throw .difference("journal.batches, number \(batch.number): its epoch goes back")
        }
        epoch = batch.epoch
        let done: ProjectedBatch
        do throws(ReplayError) {
            done = try replayed.carryOut(batch)
        } catch {
            if case .rulesUnknown = error { throw .cannotRun(error.description) }
            throw .difference("journal.batches: \(error)")
        }
        guard !areTablesCompared else { return }
        try consistent { () throws(StoreError) in try expected.add(done) }
    }

    /// The tables that only grow, as far as replay has come.
    private mutating func compareGrowing() throws(VerificationError) {
        guard !areTablesCompared else { return }
        let end = expected.cursor
        for (table, column, from, to) in [
            (CheckedTable.transfers, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.trades, "trade", compared?.lastTrade.rawValue, end.lastTrade.rawValue),
            (CheckedTable.receipts, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.equivocations, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.leaves, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.nodes, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.walletTransactions, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
            (CheckedTable.chainDeposits, "sequence", compared?.sequence.rawValue, end.sequence.rawValue),
        ] {
            let range = "\(column) <= $1" + (from == nil ? "" : " AND \(column) > $2")
            let parameters = [Parameter.int8(to)] + (from.map { [.int8($0)] } ?? [])
            try compare(table, expected.take(table), where: range, parameters)
        }
        compared = end
    }

    /// Every table, at the batch whose end they show.
    private mutating func compareTables() throws(VerificationError) {
        guard !areTablesCompared else { return }
        try compare(.cursor, expected.rows(.cursor))
        try compareGrowing()
        areTablesCompared = true
        let sequenced = [CheckedTable.transfers, .receipts, .equivocations, .leaves, .nodes]
        for table in sequenced + CheckedTable.settlementGrowing {
            try compare(table, [], where: "sequence > $1", [.int8(cursor.sequence.rawValue)])
        }
        try compare(.trades, [], where: "trade > $1", [.int8(cursor.lastTrade.rawValue)])
        for table in CheckedTable.final where table != .cursor { try compare(table, expected.rows(table)) }
        report.tablesBatch = cursor.batch
        expected = ExpectedTables()
    }

    private mutating func compare(
        _ table: CheckedTable,
        _ rows: [ExpectedRow],
        where range: String = "true",
        _ parameters: [Parameter] = []
    ) throws(VerificationError) {
        let expected = expected
        let count = try TableComparison(connection: connection, table: table).run(rows, where: range, parameters) {
            expected.isBeforeStart(table, $0)
        }
        report.rows += count.compared
        if count.notDerivable > 0 { report.notDerivable[table.name, default: 0] += count.notDerivable }
    }

    /// The leader's row and the end of the journal belong together.
    func checkLeader() throws(VerificationError) {
        let leader = try consistent { () throws(StoreError) in try Leadership.current(on: connection) }
        guard leader.lastBatch == chain.number else {
            throw .difference("journal.leader: last_batch is \(leader.lastBatch), should be \(chain.number)")
        }
        guard leader.epoch >= epoch else {
            throw .difference("journal.leader: epoch is \(leader.epoch), should be at least \(epoch)")
        }
    }
}
