internal import Engine
internal import Postgres
internal import Store
internal import Units

/// The look at the leader's row, with a session of its own, and at the tables while another server leads.
final class Follower {
    let recovery: Recovery
    private var session: Session?
    private var tables: FollowedTables?

    /// A server that says nothing for so long is tried again.
    private static let deadline = Duration.seconds(BatchLimits.writerDeadlineSeconds)

    init(_ recovery: Recovery) { self.recovery = recovery }

    enum Found {
        /// Nobody leads, or an earlier self of this server.
        case free
        case led(LifeCycle.Leader, Tables)
    }

    /// What a follower shows.
    struct Tables {
        let cursor: ProjectionCursor
        /// The newest batch of the journal.
        let lastBatch: Int64
        /// Keys, models and fees, when they have changed.
        let registry: EngineState?
    }

    func look() throws(StoreError) -> Found {
        let tables: FollowedTables
        if let known = self.tables { tables = known } else { tables = try open() }
        let row = try tables.leader()
        if row.isExpired || row.holder == recovery.holder { return .free }
        let leader = LifeCycle.Leader(epoch: row.epoch, holder: row.holder, address: row.address)
        let registry = try tables.changedRegistry()
        return .led(leader, Tables(cursor: try tables.cursor(), lastBatch: row.lastBatch, registry: registry))
    }

    /// Ends the session; the next look opens another one, and reads everything again.
    func close() {
        session = nil
        tables = nil
    }

    private func open() throws(StoreError) -> FollowedTables {
        do throws(PostgresError) {
            let opened = try recovery.session("bombyx follower", Self.deadline)
            let tables = FollowedTables(opened.connection)
            session = opened
            self.tables = tables
            return tables
        } catch {
            throw .refused(error)
        }
    }
}
