internal import Cryptography
package import Postgres
internal import Units

/// Makes batches durable, one row and one commit each. Has a connection of its own, and one thread.
///
/// ``commit(_:)`` returns when the row is on disk. After any error but ``StoreError/refused(_:)`` the writer is of no
/// use: take the leadership anew, read what the journal has, and rebuild (DESIGN §2).
package final class JournalWriter {
    private let connection: Connection
    package let leadership: Leadership
    /// The partitions behind the present ones are still to be made.
    private var lacksPartitions = false

    /// Writes under this leadership. Makes sure that a commit waits for the disk, whatever the server's default is, and
    /// that the leader's row is found by its key: its dead versions lie about while anybody reads an old state.
    package init(_ connection: Connection, _ leadership: Leadership) throws(StoreError) {
        self.connection = connection
        self.leadership = leadership
        try stored { () throws(PostgresError) in
            try connection.waitForDisk()
            try connection.execute("SELECT set_config('enable_seqscan', 'off', false)")
        }
        try makePartitions(for: leadership.lastBatch)
    }

    /// Makes the partitions for batch `number` and what follows it, so that no insert waits for one. Neither reading
    /// nor writing the journal waits for this.
    private func makePartitions(for number: Int64) throws(StoreError) {
        try stored { () throws(PostgresError) in
            try connection.execute("SELECT journal.make_partitions($1)", [.int8(number + 1 + Limits.partitionBatches)])
        }
    }

    /// Writes the batch and moves the leader row to it, in one statement that commits by itself.
    ///
    /// ``StoreError/fenced``: another epoch leads, or the journal does not end with the batch before; nothing is
    /// written. ``StoreError/unknown(_:)``: the batch may be durable.
    package func commit(_ batch: JournalBatch) throws(StoreError) {
        precondition(batch.epoch == leadership.epoch, "a batch is written under its own epoch")
        let parameters: [Parameter] = [
            .int8(batch.number), .int8(batch.epoch), .int4(batch.rulesVersion), .int8(batch.firstSequence.rawValue),
            .int8(batch.lastSequence.rawValue), .int8(batch.time.microseconds), .bytea(batch.commands),
            .bytea(batch.stateDigest.bytes), .bytea(batch.digest.bytes), .int8(batch.gap),
        ]
        let written = try stored { () throws(PostgresError) in
            try connection.execute(Self.insertStatement, parameters).affectedRows
        }
        guard written == 1 else { throw .fenced }
        if batch.number % (Limits.partitionBatches / 2) == 0 { lacksPartitions = true }
        guard lacksPartitions else { return }
        do throws(StoreError) {
            try makePartitions(for: batch.number)
            lacksPartitions = false
        } catch {
            // The batch is durable, and nothing may sound as if it were not. There is room for thousands more, and the
            // next one tries again.
            if case .refused = error { return }
            throw error
        }
    }

    /// Extends the leadership's term while there are no batches.
    package func renew(isSeen: Bool = true) throws(StoreError) {
        try leadership.renew(isSeen: isSeen, on: connection)
    }

    /// Ends the leadership's term now.
    package func resign(isSeen: Bool = true) throws(StoreError) {
        try leadership.resign(isSeen: isSeen, on: connection)
    }

    /// Without a matching leader row there is nothing to insert, and the statement has done nothing.
    private static let insertStatement = Statement(
        prepared: "journal_insert",
        """
        WITH leader AS (
            UPDATE journal.leader SET last_batch = $1, seen_at = clock_timestamp(),
                expires_at = clock_timestamp() + interval '\(Leadership.termSeconds) s'
            WHERE only_row AND epoch = $2 AND last_batch = $1 - 1
            RETURNING true
        )
        INSERT INTO journal.batches (number, epoch, rules_version, first_sequence, last_sequence, logical_time_us,
            commands, state_digest, digest, gap_us)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10 FROM leader
        """
    )
}

extension Connection {
    /// Keeps the session at what its commits wait for now, or at the disk if they wait for nothing: also when somebody
    /// changes the server's default meanwhile.
    package func waitForDisk() throws(PostgresError) {
        try execute(
            """
            SELECT set_config('synchronous_commit', CASE now.level WHEN 'off' THEN 'on' ELSE now.level END, false)
            FROM (SELECT current_setting('synchronous_commit') AS level) AS now
            """
        )
    }
}
