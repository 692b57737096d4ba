import Foundation
import Postgres
import Store
import Synchronization
import Testing
import Units

@Suite struct LeadershipTests {
    @Test func `The first server leads in epoch 1, its next start in epoch 2`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        #expect(try Leadership.acquire(holder: "a", backends: [7], on: connection).epoch == 1)
        #expect(try Leadership.acquire(holder: "a", backends: [8], on: connection).epoch == 2)
        let current = try Leadership.current(on: connection)
        #expect(current.holder == "a")
        #expect(current.backends == [8])
        #expect(!current.isExpired)
    }

    @Test func `While one server's term lasts, another is told who leads and until when`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        let first = try Leadership.acquire(holder: "a", backends: [], on: connection)
        let until = try Leadership.current(on: connection).expiresAt
        #expect(throws: StoreError.ledBy(holder: "a", until: until)) {
            try Leadership.acquire(holder: "b", backends: [], on: connection)
        }
        try first.renew(on: connection)
        #expect(try Leadership.current(on: connection).expiresAt > until)
    }

    @Test func `A server that resigns is followed at once`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        let first = try Leadership.acquire(holder: "a", backends: [], on: connection)
        try first.resign(on: connection)
        let second = try Leadership.acquire(holder: "b", backends: [], on: connection)
        #expect(second.epoch == 2)
        #expect(throws: StoreError.fenced) { try first.renew(on: connection) }
        #expect(throws: StoreError.fenced) { try first.resign(on: connection) }
    }

    @Test func `Who takes over ends the sessions of the one before, and no others`() throws {
        let exchange = try TestExchange()
        let (old, bystander, new) = (try exchange.connect(), try exchange.connect(), try exchange.connect())
        _ = try Leadership.acquire(holder: "a", backends: [old.backendPID], on: old)
        _ = try Leadership.acquire(holder: "a", backends: [new.backendPID], on: new)
        #expect(throws: PostgresError.self) { try old.execute("SELECT 1") }
        #expect(!old.isUsable)
        #expect(throws: Never.self) { try bystander.execute("SELECT 1") }
    }

    @Test func `A session that began after the leadership is not ended, whatever its number`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        let first = try Leadership.acquire(holder: "a", backends: [], on: connection)
        let later = try exchange.connect()
        try exchange.connect(.owner).execute(
            "UPDATE journal.leader SET backends = $1 WHERE epoch = $2",
            [.int4Array([later.backendPID]), .int8(first.epoch)]
        )
        _ = try Leadership.acquire(holder: "a", backends: [], on: connection)
        #expect(throws: Never.self) { try later.execute("SELECT 1") }
    }

    /// A take-over on a thread of its own: those of the tests are taken for minutes.
    private final class TakeOver: Sendable {
        private let found = Mutex<Result<Int64, any Error>?>(nil)

        init(_ server: String) {
            Thread.detachNewThread { [self] in
                let result = Result<Int64, any Error> {
                    try Leadership.acquire(holder: "a", backends: [], on: try Connection(server)).lastBatch
                }
                found.withLock { $0 = result }
            }
        }

        /// The last batch that it knows; `nil` if it does not end.
        func lastBatch() throws -> Int64? {
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                if let result = found.withLock({ $0 }) { return try result.get() }
                usleep(1_000)
            }
            return nil
        }
    }

    @Test func `A take-over waits for a commit in flight and then knows it`() throws {
        let exchange = try TestExchange()
        let (slow, observer) = (try exchange.connect(.owner), try exchange.connect(.owner))
        _ = try exchange.lead("a")
        try slow.begin()
        try slow.execute("UPDATE journal.leader SET last_batch = 1 WHERE epoch = 1 AND last_batch = 0")

        let server = exchange.connectionString()
        let taker = TakeOver(server)
        let waiting =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        let deadline = ContinuousClock.now + .seconds(20)
        while try observer.execute(waiting).onlyRow().int8(0) == 0, ContinuousClock.now < deadline {
            usleep(1_000)
        }
        #expect(try Leadership.current(on: observer).epoch == 1)
        try slow.commit()
        #expect(try taker.lastBatch() == 1)
    }

    @Test func `The row says where the leader is and when it was last alive`() throws {
        let exchange = try TestExchange()
        let connection = try exchange.connect()
        let address = "https://exchange.example:8443"
        let first = try Leadership.acquire(holder: "a", address: address, backends: [], on: connection)
        let taken = try Leadership.current(on: connection)
        #expect(taken.address == address)
        #expect(first.predecessorSeenAt == taken.seenAt, "taking over is no sign of life: the gap is still to be told")
        try first.renew(isSeen: false, on: connection)
        #expect(try Leadership.current(on: connection).seenAt == taken.seenAt)
        try first.renew(on: connection)
        let renewed = try Leadership.current(on: connection)
        #expect(renewed.seenAt > taken.seenAt)
        try first.resign(on: connection)
        #expect(try Leadership.current(on: connection).seenAt > renewed.seenAt)
        let second = try Leadership.acquire(holder: "b", backends: [], on: connection)
        #expect(second.predecessorSeenAt > renewed.seenAt)
        #expect(try Leadership.current(on: connection).address == "")
    }

    @Test func `A session that a leader opens later is ended with the others`() throws {
        let exchange = try TestExchange()
        let (journal, projector, new) = (try exchange.connect(), try exchange.connect(), try exchange.connect())
        let first = try Leadership.acquire(holder: "a", backends: [journal.backendPID], on: journal)
        try first.register(backends: [journal.backendPID, projector.backendPID], on: projector)
        _ = try Leadership.acquire(holder: "a", backends: [new.backendPID], on: new)
        #expect(throws: PostgresError.self) { try projector.execute("SELECT 1") }
        #expect(throws: PostgresError.self) { try journal.execute("SELECT 1") }
        #expect(throws: StoreError.fenced) { try first.register(backends: [], on: try exchange.connect()) }
    }

    @Test func `The sessions are ended also by one that has set the server's role`() throws {
        let exchange = try TestExchange()
        let (old, new) = (try exchange.connect(.owner), try exchange.connect(.owner))
        try old.execute("SET ROLE bombyx_server")
        try new.execute("SET ROLE bombyx_server")
        _ = try Leadership.acquire(holder: "a", backends: [old.backendPID], on: old)
        _ = try Leadership.acquire(holder: "a", backends: [new.backendPID], on: new)
        #expect(throws: PostgresError.self) { try old.execute("SELECT 1") }
        #expect(try new.execute("SELECT current_user::text").onlyRow().text(0) == "bombyx_server")
    }
}
