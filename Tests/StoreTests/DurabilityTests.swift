import Engine
import Postgres
import Testing
import Units

@testable import Store

/// What an acknowledgement waits for, and what may not be said of a batch that is durable.
@Suite struct DurabilityTests {
    /// The value of `synchronous_commit` in a session, and where it comes from.
    private func level(_ connection: Connection) throws -> [String] {
        let statement = "SELECT setting, source FROM pg_settings WHERE name = 'synchronous_commit'"
        let row = try connection.execute(statement).onlyRow()
        return [try row.text(0), try row.text(1)]
    }

    @Test(arguments: ["on", "off", "local"])
    func `The journal's session keeps what its commits wait for, whatever becomes of the default`(
        level: String
    ) throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        try connection.execute("SELECT set_config('synchronous_commit', $1, false)", [.text(level)])
        _ = try JournalWriter(connection, try exchange.lead())
        #expect(try self.level(connection) == [level == "off" ? "on" : level, "session"])
    }

    @Test func `What the tables do not wait for is over with their transaction`() throws {
        let exchange = try TestExchange()
        _ = try exchange.lead()
        let connection = try exchange.connect()
        let before = try level(connection)
        var journal = TestJournal()
        try Projector(connection).apply([journal.batch([[]])])
        #expect(try level(connection) == before, "a proxy may give the session to the journal next")
    }

    @Test func `A durable batch is never called refused, also when the next partitions cannot be made`() throws {
        let exchange = try TestExchange()
        let owner = try exchange.connect(.owner)
        let last = Limits.partitionBatches
        try owner.run(script: "UPDATE journal.leader SET last_batch = \(last - 1)")
        let writer = try JournalWriter(try exchange.connect(), try exchange.lead())
        var start = ProjectionCursor.start
        start.batch = last - 1
        var journal = TestJournal(after: start)
        func partitions() throws -> Int64 {
            try owner.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'journal.batches'::regclass")
                .onlyRow().int8(0)
        }
        let count = try partitions()
        try owner.run(script: "REVOKE EXECUTE ON FUNCTION journal.make_partitions(bigint) FROM bombyx_server")
        for _ in 0..<3 { try writer.commit(journal.row(journal.batch([[]]))) }
        #expect(try Leadership.current(on: owner).lastBatch == last + 2)
        #expect(try partitions() == count)
        try owner.run(script: "GRANT EXECUTE ON FUNCTION journal.make_partitions(bigint) TO bombyx_server")
        try writer.commit(journal.row(journal.batch([[]])))
        #expect(try partitions() == count + 1, "the next batch makes them")
    }
}
