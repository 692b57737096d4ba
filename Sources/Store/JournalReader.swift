internal import Cryptography
internal import Engine
package import Postgres
internal import Units

/// Reads the journal in order, and checks that each batch continues the one before.
package struct JournalReader {
    private let connection: Connection
    /// How far the journal is read and verified.
    package private(set) var chain: JournalChain

    /// The most that ``next()`` returns at once, in bytes of commands: replay keeps up with reading, and memory stays
    /// small.
    package static let chunkBytesMax: Int64 = 16 << 20
    /// The most batches that ``next()`` returns at once.
    package static let chunkBatchesMax: Int64 = 1_024

    /// Goes on behind `chain`: ``LoadedState/chain``, or the start of the journal.
    package init(_ connection: Connection, after chain: JournalChain = JournalChain()) {
        self.connection = connection
        self.chain = chain
    }

    /// The next batches; none when the journal is at its end for now.
    package mutating func next() throws(StoreError) -> [JournalBatch] {
        let after = chain.number
        let batches = try stored { () throws(PostgresError) in
            let parameters: [Parameter] = [.int8(after), .int8(Self.chunkBatchesMax), .int8(Self.chunkBytesMax)]
            let rows = try connection.execute(Self.chunkStatement, parameters)
            var batches: [JournalBatch] = []
            for row in rows { batches.append(try JournalBatch(row)) }
            return batches
        }
        for batch in batches { try chain.append(batch) }
        return batches
    }

    /// One batch, as it is in the journal; `nil` when it is not there.
    package static func batch(_ number: Int64, _ connection: Connection) throws(StoreError) -> JournalBatch? {
        try stored { () throws(PostgresError) in
            let row = try connection.execute(oneStatement, [.int8(number)]).firstRow()
            guard let row else { return nil }
            return try JournalBatch(row)
        }
    }

    private static let columns = """
        number, epoch, rules_version, first_sequence, last_sequence, logical_time_us, commands, state_digest, digest, \
        gap_us
        """

    /// At least one batch, however large, and no more behind the one with which the bytes are full.
    private static let chunkStatement = Statement(
        prepared: "journal_chunk",
        """
        SELECT \(columns) FROM (
            SELECT *, sum(octet_length(commands)) OVER (ORDER BY number) - octet_length(commands) AS bytes_before
            FROM (SELECT \(columns) FROM journal.batches WHERE number > $1 ORDER BY number LIMIT $2) AS chunk
        ) AS counted
        WHERE bytes_before < $3 ORDER BY number
        """
    )

    private static let oneStatement = Statement(
        prepared: "journal_one",
        "SELECT \(columns) FROM journal.batches WHERE number = $1"
    )
}

extension JournalBatch {
    fileprivate init(_ row: Row) throws(PostgresError) {
        guard let stateDigest = StateDigest(bytes: try row.bytea(7)), let digest = Digest256(try row.bytea(8)) else {
            throw .unexpectedResult("a batch has a digest of another length")
        }
        let commands = try row.bytea(6)
        let header = JournalHeader(
            number: try row.int8(0),
            epoch: try row.int8(1),
            rulesVersion: try row.int4(2),
            firstSequence: SequenceNumber(try row.int8(3)),
            lastSequence: SequenceNumber(try row.int8(4)),
            time: LogicalTime(microseconds: try row.int8(5)),
            gap: try row.int8(9),
            stateDigest: stateDigest,
            commandBytes: commands.count
        )
        self.init(header, commands: commands, digest: digest)
    }
}
