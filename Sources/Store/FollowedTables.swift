package import Engine
package import Postgres
internal import Units

/// What a server that does not lead reads again and again: who leads, how far the tables are, and what requests are
/// checked against. Has a connection of its own, and one thread.
package final class FollowedTables {
    private let connection: Connection
    private var names: Names?

    package init(_ connection: Connection) { self.connection = connection }

    /// The leader's row.
    package func leader() throws(StoreError) -> Leadership.Record { try Leadership.current(on: connection) }

    /// Where the tables stand.
    package func cursor() throws(StoreError) -> ProjectionCursor {
        try stored { () throws(PostgresError) in try ProjectionCursor.read(connection) }
    }

    /// The keys, models, classes, profiles, fees and market control of the tables, the first time and whenever they
    /// have changed since; otherwise `nil`.
    package func changedRegistry() throws(StoreError) -> EngineState? {
        try stored { () throws(PostgresError) in
            let row = try connection.execute(Self.namesStatement).onlyRow()
            let found = Names(
                newest: SequenceNumber(try row.int8(0)),
                classes: try row.int8(1),
                profiles: try row.int8(2),
                control: try row.text(3)
            )
            guard found != names else { return nil }
            var state = EngineState()
            state.sequence = found.newest
            try StateLoader.readNames(connection, into: &state)
            names = found
            return state
        }
    }

    /// What tells that something has changed; each is the end of an index.
    private struct Names: Equatable {
        /// The last command that made, revoked, limited or forgot a key, or set a model or the fees.
        let newest: SequenceNumber
        let classes: Int64
        let profiles: Int64
        /// All of market control: a few numbers.
        let control: String
    }

    private static let namesStatement = Statement(
        prepared: "followed_names",
        """
        SELECT greatest((SELECT max(sequence) FROM market.keys), (SELECT max(sequence) FROM market.models),
                (SELECT max(sequence) FROM market.fees), (SELECT max(sequence) FROM market.key_standings),
                (SELECT max(sequence) FROM market.forgotten_keys), 0),
            coalesce((SELECT max(class) FROM market.capability_classes), 0),
            coalesce((SELECT max(profile) FROM market.requirement_profiles), 0),
            coalesce((SELECT string_agg(model || ':' || sequence, ' ' ORDER BY model) FROM market.controls), '')
                || coalesce((SELECT n::text FROM market.fee_notice n), '')
        """
    )
}
