internal import Cryptography
internal import Engine
package import Postgres
internal import Units

/// The old part of the journal: exporting it, and dropping what was exported.
package enum JournalArchive {
    /// A partition of `journal.batches`: from ``first`` to before ``end``.
    package struct Partition: Hashable, Sendable {
        package let name: String
        package let first: Int64
        package let end: Int64
    }

    /// The partitions, oldest first.
    package static func partitions(_ connection: Connection) throws(StoreError) -> [Partition] {
        try stored { () throws(PostgresError) in
            var partitions: [Partition] = []
            let rows = try connection.execute("SELECT name, first_batch, end_batch FROM journal.partitions()")
            for row in rows {
                partitions.append(Partition(name: try row.text(0), first: try row.int8(1), end: try row.int8(2)))
            }
            return partitions
        }
    }

    /// Hands the batches before `end`, as a file, to `write`, piece by piece; returns how many there are. Each is found
    /// to continue the one before.
    package static func export(
        before end: Int64,
        _ connection: Connection,
        _ write: ([UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) -> Int64 {
        let start = try start(connection)
        var writer = JournalFileWriter(after: start)
        var reader = JournalReader(connection, after: start)
        var count: Int64 = 0
        reading: while true {
            let batches = try reader.next()
            if batches.isEmpty { break }
            for batch in batches {
                if batch.number >= end { break reading }
                writer.add(batch)
                count += 1
            }
            try write(writer.take())
        }
        writer.finish()
        try write(writer.take())
        return count
    }

    /// Drops the partitions that end before batch `end`, after their rows were found, all of them, in `file`. Needs
    /// the rights of the tables' owner. Returns the partitions that were dropped.
    ///
    /// ``StoreError/notDropped(_:)`` says why not: no checkpoint that the journal has announced lies at the end of
    /// what would be dropped or behind it, the tables do not show it yet, or the file is not the journal.
    package static func drop(
        before end: Int64,
        exportedTo file: JournalFileReader,
        _ connection: Connection
    ) throws(StoreError) -> [Partition] {
        let old = try partitions(connection).filter { $0.end <= end }
        guard let last = old.last else {
            throw .notDropped("no partition ends before batch \(end): only whole partitions are dropped")
        }
        let announced = try CheckpointStore.announced(connection).map(\.terms.batch)
        guard announced.contains(where: { $0 >= last.end - 1 }) else {
            throw .notDropped(
                "no announced checkpoint lies at batch \(last.end - 1) or behind it: `bombyx admin checkpoint` has the "
                    + "server write one"
            )
        }
        let cursor = try stored { () throws(PostgresError) in try ProjectionCursor.read(connection) }
        guard cursor.batch >= last.end - 1 else {
            throw .notDropped("the tables show only batch \(cursor.batch)")
        }
        try compare(file, with: old, connection)
        for partition in old {
            // Outside of a transaction: nobody who reads or writes the journal waits.
            try stored { () throws(PostgresError) in
                try connection.execute(
                    """
                    INSERT INTO journal.dropped (batch, sequence, logical_time_us, digest)
                    SELECT number, last_sequence, logical_time_us, digest FROM journal.batches WHERE number = $1
                    ON CONFLICT DO NOTHING
                    """,
                    [.int8(partition.end - 1)]
                )
                try connection.execute(
                    "ALTER TABLE journal.batches DETACH PARTITION journal.\(partition.name) CONCURRENTLY"
                )
                try connection.execute("DROP TABLE journal.\(partition.name)")
            }
        }
        return old
    }

    /// Every row of the partitions must be in the file.
    private static func compare(
        _ file: JournalFileReader,
        with partitions: [Partition],
        _ connection: Connection
    ) throws(StoreError) {
        guard let end = partitions.last?.end else { return }
        let first = try start(connection).number + 1
        var chain = file.start
        guard chain.number < first else {
            throw .notDropped("the file begins behind batch \(first), with which the journal begins")
        }
        var reader: JournalReader?
        var rows: [JournalBatch] = []
        var next = 0
        while let batch = try file.next() {
            if batch.number == first { reader = JournalReader(connection, after: chain) }
            try chain.append(batch)
            guard batch.number >= first, batch.number < end else { continue }
            if next == rows.count {
                rows = try reader?.next() ?? []
                next = 0
            }
            guard next < rows.count, rows[next] == batch else {
                throw .notDropped("batch \(batch.number) of the file is not the one of the journal")
            }
            next += 1
        }
        guard chain.number >= end - 1 else {
            throw .notDropped("the file ends with batch \(chain.number), before \(end - 1)")
        }
    }

    /// The last batch that was dropped: the journal goes on behind it.
    package static func start(_ connection: Connection) throws(StoreError) -> JournalChain {
        try stored { () throws(PostgresError) in
            let row = try connection.execute(
                "SELECT batch, sequence, logical_time_us, digest FROM journal.dropped ORDER BY batch DESC LIMIT 1"
            ).firstRow()
            guard let row else { return JournalChain() }
            guard let digest = Digest256(try row.bytea(3)) else {
                throw .unexpectedResult("a digest has another length")
            }
            return JournalChain(
                number: try row.int8(0),
                sequence: SequenceNumber(try row.int8(1)),
                time: LogicalTime(microseconds: try row.int8(2)),
                digest: digest
            )
        }
    }
}
