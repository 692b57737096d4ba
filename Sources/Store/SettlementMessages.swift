package import Engine
package import Postgres

/// Messages of settlement's batches, which are stored before they are sent. They are a source of their own: nothing in
/// the journal has them.
package enum SettlementMessages {
    /// The message of a batch; `nil` when none is stored.
    package static func read(_ batch: SettlementID, on connection: Connection) throws(StoreError) -> [UInt8]? {
        try stored { () throws(PostgresError) in
            try connection.execute(readStatement, [.int8(batch.rawValue)]).firstRow().map { row throws(PostgresError) in
                try row.bytea(0)
            }
        }
    }

    /// Stores the message of a batch, unless there is one: the first stays. It is sent when it is stored, so the
    /// session's commits must wait for the disk (``Postgres/Connection/waitForDisk()``). ``StoreError/fenced`` when
    /// another epoch leads; nothing is stored then.
    package static func store(
        _ bag: [UInt8],
        of batch: SettlementID,
        under leadership: Leadership,
        on connection: Connection
    ) throws(StoreError) {
        let parameters: [Parameter] = [.int8(batch.rawValue), .bytea(bag), .int8(leadership.epoch)]
        let isLeading = try stored { () throws(PostgresError) in
            try connection.execute(storeStatement, parameters).onlyRow().bool(0)
        }
        guard isLeading else { throw .fenced }
    }

    private static let readStatement = Statement(
        prepared: "settlement_message_read",
        "SELECT bytes FROM settlement.messages WHERE batch = $1"
    )

    /// Whoever takes over waits for the row's lock, so the message is there before another leader is.
    private static let storeStatement = Statement(
        prepared: "settlement_message_store",
        """
        WITH leader AS (
            SELECT true FROM journal.leader WHERE epoch = $3 FOR SHARE
        ), kept AS (
            INSERT INTO settlement.messages (batch, bytes) SELECT $1, $2 FROM leader
            ON CONFLICT (batch) DO NOTHING
        )
        SELECT EXISTS (SELECT FROM leader)
        """
    )
}
