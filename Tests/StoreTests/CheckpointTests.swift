import Engine
import Postgres
import Store
import Testing
import Units

@Suite struct CheckpointTests {
    private func checkpoint(seed: UInt64) -> Checkpoint {
        var market = RandomMarket(seed: seed, requestsMax: Limits.idempotencyEntriesMax)
        var batch = market.batch(30, epoch: 1)
        for _ in 0..<20 { batch = market.batch(30, epoch: 1) }
        return Checkpoint(
            batch: batch.row.number,
            rulesVersion: batch.row.rulesVersion,
            state: market.engine.state(),
            stateDigest: market.engine.digest,
            chainDigest: batch.row.digest
        )
    }

    @Test(arguments: [UInt64](1...5))
    func `A checkpoint comes back as it was`(seed: UInt64) throws {
        let checkpoint = checkpoint(seed: seed)
        let read = try Checkpoint(checkpoint.bytes)
        #expect(read == checkpoint, "seed \(seed)")
        #expect(read.state.orders == checkpoint.state.orders)
        #expect(try read.engine().digest == checkpoint.stateDigest)
    }

    @Test func `Whatever the bytes are, they are a checkpoint in its one form or an error`() throws {
        let bytes = checkpoint(seed: 6).bytes
        var generator = SeededGenerator(seed: 6)
        for _ in 0..<300 {
            var damaged = bytes
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            case 1: damaged.append(0)
            default:
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0..<8, using: &generator)
            }
            if let read = try? Checkpoint(damaged) { #expect(read.bytes == damaged) }
        }
        for count in 0..<200 { #expect(throws: StoreError.self) { try Checkpoint(Array(bytes.prefix(count))) } }
    }

    @Test func `A changed state is not taken for the journal's`() throws {
        let sound = checkpoint(seed: 7)
        var state = sound.state
        state.grace += 1
        let changed = Checkpoint(
            batch: sound.batch,
            rulesVersion: sound.rulesVersion,
            state: state,
            stateDigest: sound.stateDigest,
            chainDigest: sound.chainDigest
        )
        #expect(throws: StoreError.self) { try changed.engine() }
    }

    // MARK: Exported files

    private func file(_ rows: [JournalBatch]) -> [UInt8] {
        var writer = JournalFileWriter()
        for row in rows { writer.add(row) }
        writer.finish()
        return writer.take()
    }

    private func read(_ bytes: [UInt8]) throws -> [JournalBatch] {
        var rest = bytes[...]
        let reader = try JournalFileReader { count throws(StoreError) in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
        var rows: [JournalBatch] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    @Test func `A file gives the batches that were written into it`() throws {
        var market = RandomMarket(seed: 8)
        let rows = (0..<10).map { _ in market.batch(9, epoch: 3).row }
        #expect(try read(file(rows)) == rows)
        #expect(try read(file([])) == [])
    }

    @Test func `A flipped bit anywhere in a file is found, and so is a missing or an added byte`() throws {
        var market = RandomMarket(seed: 9)
        let bytes = file((0..<3).map { _ in market.batch(4, epoch: 1).row })
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(offset % 8)
            #expect(throws: StoreError.self, "byte \(offset)") { try read(damaged) }
            #expect(throws: StoreError.self, "\(offset) bytes") { try read(Array(bytes.prefix(offset))) }
        }
        #expect(throws: StoreError.self) { try read(bytes + [0]) }
    }

    // MARK: Partitions

    @Test func `The journal goes on from partition to partition, and an old one is exported, proven and dropped`()
        throws
    {
        let filled = try FilledExchange(seed: 71, batches: 20, checkpoints: [15])
        let exchange = filled.exchange
        let owner = try exchange.connect(.owner)
        // Smaller partitions than the exchange has: the first ends before batch 11.
        try owner.run(
            script: """
                ALTER TABLE journal.batches DETACH PARTITION journal.batches_000000000001;
                ALTER TABLE journal.batches DETACH PARTITION journal.batches_000000100001;
                DROP TABLE journal.batches_000000100001;
                CREATE TABLE journal.rest (LIKE journal.batches INCLUDING ALL);
                INSERT INTO journal.rest SELECT * FROM journal.batches_000000000001 WHERE number > 10;
                ALTER TABLE journal.batches_000000000001 DISABLE TRIGGER append_only;
                DELETE FROM journal.batches_000000000001 WHERE number > 10;
                ALTER TABLE journal.batches ATTACH PARTITION journal.batches_000000000001 FOR VALUES FROM (1) TO (11);
                ALTER TABLE journal.batches ATTACH PARTITION journal.rest FOR VALUES FROM (11) TO (100001);
                """
        )
        var bytes: [UInt8] = []
        let count = try JournalArchive.export(before: 11, try exchange.connect(.auditor)) { bytes += $0 }
        #expect(count == 10)
        func reader(_ bytes: [UInt8]) throws -> JournalFileReader {
            var rest = bytes[...]
            return try JournalFileReader { count throws(StoreError) in
                defer { rest = rest.dropFirst(count) }
                return Array(rest.prefix(count))
            }
        }
        // Not without the right file, not the part behind the checkpoint, and not by the server.
        #expect(throws: StoreError.self) {
            try JournalArchive.drop(before: 11, exportedTo: try reader(file(Array(filled.rows.prefix(9)))), owner)
        }
        #expect(throws: StoreError.self) {
            try JournalArchive.drop(before: 10, exportedTo: try reader(bytes), owner)
        }
        #expect(throws: StoreError.self) {
            try JournalArchive.drop(before: 11, exportedTo: try reader(bytes), try exchange.connect(.server))
        }
        let dropped = try JournalArchive.drop(before: 11, exportedTo: try reader(bytes), owner)
        #expect(dropped.map(\.first) == [1])

        #expect(try Invariant.check(owner).allSatisfy { $0.violations == 0 })
        let part = try filled.verify()
        #expect(part.startBatch == 15)
        let exported = try reader(bytes)
        let whole = try Verification(try exchange.connect(.auditor), from: .beginning) { () throws(StoreError) in
            try exported.next().map { [$0] } ?? []
        }.run()
        #expect(whole.startBatch == 0)
        #expect(whole.notDerivable.isEmpty)
        var second: [UInt8] = []
        #expect(try JournalArchive.export(before: 16, try exchange.connect(.auditor)) { second += $0 } == 5)
    }

    @Test func `Partitions are made ahead by a server that may make no table itself`() throws {
        let exchange = try TestExchange()
        _ = try JournalWriter(try exchange.connect(), try exchange.lead())
        let partitions = try JournalArchive.partitions(try exchange.connect(.auditor))
        #expect(partitions.map(\.first) == [1, 100_001])
        #expect(partitions.map(\.end) == [100_001, 200_001])
        #expect(throws: (any Error).self) {
            try exchange.connect(.server).execute("SELECT journal.make_partitions(10000000)")
        }
    }
}
