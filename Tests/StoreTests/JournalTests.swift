import Cryptography
import Engine
import Postgres
import Store
import Testing
import Units

@Suite struct JournalTests {
    private let header = JournalHeader(
        number: 7,
        epoch: 3,
        rulesVersion: 2,
        firstSequence: 11,
        lastSequence: 12,
        time: LogicalTime(microseconds: 1_800_000_000_000_000),
        gap: 6,
        stateDigest: StateDigest(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
        commandBytes: 5
    )

    // MARK: The chain, without a database

    @Test func `The header is 80 bytes, every number big-endian`() throws {
        let expected = """
            425842320000000200000000000000070000000000000003000000000000000b000000000000000c\
            000665172898800000000000000000060102030405060708090a0b0c0d0e0f100000000000000005
            """
        #expect(header.bytes.count == JournalHeader.byteCount)
        #expect(Hex.encode(header.bytes) == expected)
    }

    @Test func `The digest is SHA-256 of the previous digest, the header and the commands`() throws {
        let previous = try #require(Digest256((0..<32).map { UInt8($0) }))
        let digest = header.digest(after: previous, commands: Array("hello".utf8).span)
        #expect(digest.hex == "b561aa94ad9cdad6e93f0fd14409579308295f0c9c754fd88274c99e5768f339")
    }

    @Test func `Under the first rules the header has no gap`() throws {
        var old = header
        old.rulesVersion = 1
        old.gap = 0
        let expected = """
            425842310000000100000000000000070000000000000003000000000000000b000000000000000c\
            00066517289880000102030405060708090a0b0c0d0e0f100000000000000005
            """
        #expect(Hex.encode(old.bytes) == expected)
        let previous = try #require(Digest256((0..<32).map { UInt8($0) }))
        let digest = old.digest(after: previous, commands: Array("hello".utf8).span)
        #expect(digest.hex == "fb442910f37e2aefb85285b7d60ba2539055baf589fb42a91b0d9ba54e82dcd4")
    }

    private func rows(_ count: Int) -> [JournalBatch] {
        var journal = TestJournal()
        return (0..<count).map { index in
            let batch = journal.batch([[], []])
            return journal.row(batch, commands: [UInt8(index), 9])
        }
    }

    @Test func `A chain accepts the batches in order`() throws {
        var chain = JournalChain()
        for row in rows(3) { try chain.append(row) }
        #expect(chain.number == 3)
        #expect(chain.sequence == 6)
    }

    @Test func `A chain refuses a gap, a repetition and a batch from elsewhere`() throws {
        let rows = rows(3)
        var chain = JournalChain()
        try chain.append(rows[0])
        #expect(throws: StoreError.self) { try chain.append(rows[2]) }
        #expect(throws: StoreError.self) { try chain.append(rows[0]) }
        var stranger = TestJournal()
        _ = stranger.row(stranger.batch([[], []]), commands: [99])
        let other = stranger.row(stranger.batch([[], []]))
        #expect(throws: StoreError.brokenChain(batch: 2, reason: "its digest does not follow from the batch before")) {
            try chain.append(other)
        }
        try chain.append(rows[1])
    }

    // MARK: With a database

    @Test func `A batch comes back as it was written, and SQL computes the same digest`() throws {
        let exchange = try TestExchange()
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        var journal = TestJournal()
        let large = [UInt8](repeating: 0xA5, count: 300_000)
        let rows = [
            journal.row(journal.batch([[], []]), commands: []), journal.row(journal.batch([[]]), commands: large),
            journal.row(journal.batch([]), commands: [1]),
        ]
        for row in rows { try writer.commit(row) }

        var reader = JournalReader(try exchange.connect())
        #expect(try reader.next() == rows)
        #expect(try reader.next().isEmpty)
        let chain = try exchange.connect(.auditor).execute("SELECT is_linked FROM journal.chain ORDER BY number")
        #expect(try chain.map { try $0.bool(0) } == [true, true, true])
        let leader = try Leadership.current(on: try exchange.connect())
        #expect(leader.lastBatch == 3)
    }

    @Test func `A changed byte of the journal is found and located`() throws {
        let exchange = try TestExchange()
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        for row in rows(5) { try writer.commit(row) }
        // What nobody may do, a superuser can.
        try exchange.connect(.owner).run(
            script: """
                ALTER TABLE journal.batches DISABLE TRIGGER append_only;
                UPDATE journal.batches SET commands = '\\x0009' WHERE number = 3;
                """
        )
        var reader = JournalReader(try exchange.connect())
        #expect(throws: StoreError.brokenChain(batch: 3, reason: "its digest does not follow from the batch before")) {
            try reader.next()
        }
        let broken = try Invariant.check(try exchange.connect(.auditor)).filter { $0.violations > 0 }
        #expect(broken.map(\.name).contains("every batch is linked to the one before by its digest"))
    }

    @Test(arguments: ["commands = '\\x00'", "digest = sha256('other')", "epoch = 2", "rules_version = 2"])
    func `The batch with which the tables end is verified, too`(change: String) throws {
        let exchange = try TestExchange()
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        var journal = TestJournal()
        let batches = (0..<3).map { _ in journal.batch([[]]) }
        let rows = batches.map { journal.row($0) }
        for row in rows { try writer.commit(row) }
        try Projector(try exchange.connect()).apply(batches)
        let owner = try exchange.connect(.owner)
        let columns = "commands, digest, epoch, rules_version"
        try owner.run(
            script: """
                ALTER TABLE journal.batches DISABLE TRIGGER append_only;
                CREATE TABLE journal.kept AS SELECT \(columns) FROM journal.batches WHERE number = 3;
                UPDATE journal.batches SET \(change) WHERE number = 3;
                """
        )
        #expect(throws: StoreError.brokenChain(batch: 3, reason: "its digest does not follow from the batch before")) {
            try StateLoader.load(try exchange.connect())
        }
        try owner.run(
            script: "UPDATE journal.batches SET (\(columns)) = (SELECT \(columns) FROM journal.kept) WHERE number = 3"
        )
        #expect(try StateLoader.load(try exchange.connect()).chain == JournalChain(endingWith: rows[2]))
    }

    @Test func `Reading goes on where it stopped, in chunks that are bounded`() throws {
        let exchange = try TestExchange()
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        var journal = TestJournal()
        let size = Int(JournalReader.chunkBytesMax) / 2 + 1
        let large = (0..<4).map { index in
            journal.row(journal.batch([[]]), commands: [UInt8](repeating: UInt8(index), count: size))
        }
        for row in large { try writer.commit(row) }
        var reader = JournalReader(try exchange.connect())
        #expect(try reader.next() == Array(large[..<2]))
        #expect(try reader.next() == Array(large[2...]))
        let last = journal.row(journal.batch([[]]))
        try writer.commit(last)
        #expect(try reader.next() == [last])
    }

    // MARK: The compare-and-set

    @Test func `A batch that does not continue the journal is not written`() throws {
        let exchange = try TestExchange()
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        let rows = rows(3)
        try writer.commit(rows[0])
        #expect(throws: StoreError.fenced) { try writer.commit(rows[2]) }
        #expect(throws: StoreError.fenced) { try writer.commit(rows[0]) }
        #expect(try Leadership.current(on: try exchange.connect()).lastBatch == 1)
        try writer.commit(rows[1])
    }

    @Test func `A deposed leader writes nothing`() throws {
        let exchange = try TestExchange()
        let old = try JournalWriter(try exchange.connect(), try exchange.lead())
        let rows = rows(2)
        try old.commit(rows[0])
        let new = try exchange.lead()
        #expect(new.epoch == 2)
        #expect(new.lastBatch == 1)
        #expect(throws: StoreError.fenced) { try old.commit(rows[1]) }
        #expect(throws: StoreError.fenced) { try old.renew() }
        #expect(try JournalReader.batch(2, try exchange.connect()) == nil)
    }
}
