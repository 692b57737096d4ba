package import Cryptography
package import Engine
package import Postgres
package import Units

/// A row of `journal.checkpoints`.
package struct CheckpointRow: Hashable, Sendable {
    package let batch: Int64
    package let rulesVersion: Int32
    package let release: String
    package let sequence: SequenceNumber
    package let sha256: Digest256
    package let byteCount: Int64
}

/// Checkpoints in the database.
package enum CheckpointStore {
    /// Makes a checkpoint of what the tables show: reads them at one moment, builds an engine of them, and compares its
    /// digest with the journal's before a byte is written. The connection belongs to it meanwhile; nobody else waits.
    ///
    /// Returns what is to be announced; `nil` when the tables show nothing yet. A checkpoint that is there already is
    /// not written again.
    package static func make(_ connection: Connection) throws(StoreError) -> CheckpointTerms? {
        let loaded = try StateLoader.load(connection)
        guard let stateDigest = loaded.stateDigest, let rulesVersion = loaded.rulesVersion else { return nil }
        let checkpoint = Checkpoint(
            batch: loaded.cursor.batch,
            rulesVersion: rulesVersion,
            state: loaded.state,
            stateDigest: stateDigest,
            chainDigest: loaded.chain.digest
        )
        _ = try checkpoint.engine()
        return CheckpointTerms(batch: checkpoint.batch, sha256: try write(checkpoint, connection).words)
    }

    /// Writes a checkpoint, all of it or nothing, and returns its hash.
    package static func write(_ checkpoint: Checkpoint, _ connection: Connection) throws(StoreError) -> Digest256 {
        if let present = try rows(connection).first(where: { $0.batch == checkpoint.batch }) { return present.sha256 }
        let bytes = checkpoint.bytes
        let sha256 = Digest256.of(bytes.span)
        try stored { () throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                try connection.execute(
                    """
                    INSERT INTO journal.checkpoints (batch, rules_version, release, sequence, sha256, bytes)
                    VALUES ($1, $2, $3, $4, $5, $6)
                    """,
                    [
                        .int8(checkpoint.batch), .int4(checkpoint.rulesVersion), .text(checkpoint.release),
                        .int8(checkpoint.state.sequence.rawValue), .bytea(sha256.bytes), .int8(Int64(bytes.count)),
                    ]
                )
                var start = 0
                var part: Int32 = 1
                while start < bytes.count {
                    let end = min(bytes.count, start + Limits.checkpointPartBytes)
                    try connection.execute(
                        "INSERT INTO journal.checkpoint_parts (batch, part, content) VALUES ($1, $2, $3)",
                        [.int8(checkpoint.batch), .int4(part), .bytea(Array(bytes[start..<end]))]
                    )
                    start = end
                    part += 1
                }
            }
        }
        return sha256
    }

    /// All checkpoints, oldest first.
    package static func rows(_ connection: Connection) throws(StoreError) -> [CheckpointRow] {
        try stored { () throws(PostgresError) in
            var rows: [CheckpointRow] = []
            let found = try connection.execute(
                "SELECT batch, rules_version, release, sequence, sha256, bytes FROM journal.checkpoints ORDER BY batch"
            )
            for row in found {
                guard let sha256 = Digest256(try row.bytea(4)) else {
                    throw .unexpectedResult("a checkpoint's hash has not 32 bytes")
                }
                rows.append(
                    CheckpointRow(
                        batch: try row.int8(0),
                        rulesVersion: try row.int4(1),
                        release: try row.text(2),
                        sequence: SequenceNumber(try row.int8(3)),
                        sha256: sha256,
                        byteCount: try row.int8(5)
                    )
                )
            }
            return rows
        }
    }

    /// What the journal has announced, as far as the tables show, oldest first.
    package static func announced(_ connection: Connection) throws(StoreError) -> [CheckpointRecord] {
        try stored { () throws(PostgresError) in
            var records: [CheckpointRecord] = []
            let sql = "SELECT \(CheckpointRecord.columns) FROM projection.checkpoints ORDER BY batch"
            for row in try connection.execute(sql) { records.append(try CheckpointRecord(row)) }
            return records
        }
    }

    /// The checkpoint of a row. Fails unless its bytes have the row's length and hash, and say what the row says.
    package static func read(_ row: CheckpointRow, _ connection: Connection) throws(StoreError) -> Checkpoint {
        let name = "journal.checkpoints, batch \(row.batch)"
        let bytes = try stored { () throws(PostgresError) in
            var bytes: [UInt8] = []
            var part: Int32 = 1
            let stream = try connection.stream(
                Statement("SELECT part, content FROM journal.checkpoint_parts WHERE batch = $1 ORDER BY part"),
                [.int8(row.batch)]
            )
            var isComplete = true
            while let found = try stream.next() {
                if try found.int4(0) != part { isComplete = false }
                part += 1
                bytes += try found.bytea(1)
            }
            return isComplete ? bytes : []
        }
        guard Int64(bytes.count) == row.byteCount else {
            throw .inconsistent("\(name): journal.checkpoint_parts has not the \(row.byteCount) bytes of all its parts")
        }
        guard Digest256.of(bytes.span) == row.sha256 else {
            throw .inconsistent(
                "\(name): the bytes in journal.checkpoint_parts do not have the SHA-256 in journal.checkpoints"
            )
        }
        let checkpoint = try Checkpoint(bytes)
        guard checkpoint.batch == row.batch, checkpoint.rulesVersion == row.rulesVersion,
            checkpoint.release == row.release, checkpoint.state.sequence == row.sequence
        else { throw .inconsistent("\(name): journal.checkpoints says something else than its bytes") }
        return checkpoint
    }
}

extension Digest256 {
    /// The form in which commands carry it.
    package var words: SHA256Words {
        guard let words = SHA256Words(bytes: bytes) else { preconditionFailure("a digest has 32 bytes") }
        return words
    }
}
