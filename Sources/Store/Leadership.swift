package import Postgres
package import Units

/// The right to write the journal: one row of the database says who has it, and every batch checks it (ENGINE §6).
///
/// Whoever takes over ends the sessions of the one before and raises the epoch; a commit that is in flight then is
/// waited for by the row's lock, and any later one finds another epoch and writes nothing.
package struct Leadership: Hashable, Sendable {
    /// Counts leaderships, from 1.
    package let epoch: Int64
    package let holder: String
    /// The newest batch of the journal when the leadership began.
    package let lastBatch: Int64
    /// When the leader before was last known to be alive, by the database's clock.
    package let predecessorSeenAt: LogicalTime

    /// How long a leadership lasts without a batch or ``renew(on:)``, in seconds (ENGINE §6).
    package static let termSeconds = 5

    /// The longest that one session of the leader before may take to end, in milliseconds.
    static let terminationMilliseconds: Int64 = 5_000

    /// The row as it is.
    package struct Record: Hashable, Sendable {
        package let epoch: Int64
        /// Empty before the first leadership.
        package let holder: String
        /// By the database's clock.
        package let expiresAt: LogicalTime
        package let isExpired: Bool
        package let lastBatch: Int64
        package let backends: [Int32]
        /// Where clients reach the holder, a URL; empty when it did not say.
        package let address: String
        /// When a leader was last known to be alive, by the database's clock.
        package let seenAt: LogicalTime
    }

    /// Who leads now.
    package static func current(on connection: Connection) throws(StoreError) -> Record {
        try stored { () throws(PostgresError) in
            let row = try connection.execute(readStatement).onlyRow()
            return Record(
                epoch: try row.int8(0),
                holder: try row.text(1),
                expiresAt: LogicalTime(microseconds: try row.timestamp(2)),
                isExpired: try row.bool(3),
                lastBatch: try row.int8(4),
                backends: try row.int4Array(5),
                address: try row.text(6),
                seenAt: LogicalTime(microseconds: try row.timestamp(7))
            )
        }
    }

    /// Takes the leadership for `holder`, whose connections' server processes are `backends` and whose clients come to
    /// `address`.
    ///
    /// Refused with ``StoreError/ledBy(holder:until:)`` while another holder's term lasts; an earlier self of the same
    /// name is replaced at once. The one before cannot write any more when this returns.
    package static func acquire(
        holder: String,
        address: String = "",
        backends: [Int32],
        on connection: Connection
    ) throws(StoreError) -> Leadership {
        // Each round that finds the row changed has lost to somebody else's progress, so this ends.
        while true {
            let found = try current(on: connection)
            guard found.isExpired || found.holder == holder else {
                throw .ledBy(holder: found.holder, until: found.expiresAt)
            }
            try endSessions(of: found, sparing: backends, on: connection)
            let parameters: [Parameter] = [
                .int8(found.epoch), .text(holder), .int4Array(backends), .text(address),
            ]
            let taken = try stored { () throws(PostgresError) in
                try connection.execute(takeStatement, parameters).firstRow().map { row throws(PostgresError) in
                    Leadership(
                        epoch: try row.int8(0),
                        holder: holder,
                        lastBatch: try row.int8(1),
                        predecessorSeenAt: LogicalTime(microseconds: try row.timestamp(2))
                    )
                }
            }
            if let taken { return taken }
        }
    }

    /// Ends what is left of the leader's sessions, as the user who logged in: a role that was set may be too weak to
    /// see them, and would quietly end none.
    private static func endSessions(
        of found: Record,
        sparing backends: [Int32],
        on connection: Connection
    ) throws(StoreError) {
        try stored { () throws(PostgresError) in
            let role = try connection.execute("SELECT current_setting('role')").onlyRow().text(0)
            try connection.execute(setRoleStatement, [.text("none")])
            try connection.execute(
                terminateStatement,
                [.int8(found.epoch), .int8(terminationMilliseconds), .int4Array(backends)]
            )
            try connection.execute(setRoleStatement, [.text(role)])
        }
    }

    /// Extends the term while no batch does it: at least every second.
    ///
    /// `isSeen` also moves ``Record/seenAt``. A leader that has not yet journaled how long there was none leaves it, so
    /// that its successor can still know.
    package func renew(isSeen: Bool = true, on connection: Connection) throws(StoreError) {
        try change(Self.renewStatement, [.int8(epoch), .bool(isSeen)], on: connection)
    }

    /// Says that these are the leader's server processes from now on, because one of its sessions is a new one.
    package func register(backends: [Int32], on connection: Connection) throws(StoreError) {
        try change(Self.registerStatement, [.int8(epoch), .int4Array(backends)], on: connection)
    }

    /// Ends the term now, so that the next server need not wait for it. `isSeen` as in ``renew(isSeen:on:)``.
    package func resign(isSeen: Bool = true, on connection: Connection) throws(StoreError) {
        try change(Self.resignStatement, [.int8(epoch), .bool(isSeen)], on: connection)
    }

    private func change(
        _ statement: Statement,
        _ parameters: [Parameter],
        on connection: Connection
    ) throws(StoreError) {
        let changed = try stored { () throws(PostgresError) in
            try connection.execute(statement, parameters).affectedRows
        }
        guard changed == 1 else { throw .fenced }
    }

    private static let readStatement = Statement(
        prepared: "leader_read",
        """
        SELECT epoch, holder, expires_at, expires_at <= clock_timestamp(), last_batch, backends, address, seen_at
        FROM journal.leader
        """
    )

    private static let setRoleStatement = Statement("SELECT set_config('role', $1, false)")

    /// A process that began after its number was written is not the leader's, whatever its number; and ours are not
    /// others.
    private static let terminateStatement = Statement(
        """
        SELECT pg_terminate_backend(a.pid, $2)
        FROM journal.leader l JOIN pg_stat_activity a ON a.pid = ANY (l.backends)
        WHERE l.epoch = $1 AND a.datname = current_database() AND a.backend_start <= l.taken_at
            AND a.pid <> pg_backend_pid() AND a.pid <> ALL ($3)
        """
    )

    private static let takeStatement = Statement(
        """
        UPDATE journal.leader SET epoch = epoch + 1, holder = $2, backends = $3, address = $4,
            taken_at = clock_timestamp(), expires_at = clock_timestamp() + interval '\(termSeconds) s'
        WHERE epoch = $1 AND (expires_at <= clock_timestamp() OR holder = $2)
        RETURNING epoch, last_batch, seen_at
        """
    )

    private static let renewStatement = Statement(
        prepared: "leader_renew",
        """
        UPDATE journal.leader SET expires_at = clock_timestamp() + interval '\(termSeconds) s',
            seen_at = CASE WHEN $2 THEN clock_timestamp() ELSE seen_at END
        WHERE only_row AND epoch = $1
        """
    )

    private static let registerStatement = Statement(
        "UPDATE journal.leader SET backends = $2, taken_at = clock_timestamp() WHERE epoch = $1"
    )

    private static let resignStatement = Statement(
        """
        UPDATE journal.leader SET expires_at = clock_timestamp(),
            seen_at = CASE WHEN $2 THEN clock_timestamp() ELSE seen_at END
        WHERE only_row AND epoch = $1
        """
    )
}
