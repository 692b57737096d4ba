import Foundation
import JSON
import PostgresTesting
import ProgramTesting
import Testing

/// Checkpoints, and what they are for: proofs that begin at one, and an old journal that is exported and dropped.
@Suite(.serialized) struct CheckpointTests {
    /// A server on a database of its own, whose owner the test is.
    private final class Exchange {
        let owner: String
        let server: TestServer

        init(arguments: [String] = []) throws {
            owner = try TestCluster.shared().connectionString()
            let environment = ["DATABASE_URL": owner]
            try TestServer.run(["migrate"], environment: environment)
            server = try TestServer(environment: environment, arguments: arguments)
        }

        /// Runs a command of the program on the database to its end: its exit code, and all that it says.
        func run(_ arguments: String...) throws -> (code: Int32, text: String) {
            try Program.run([TestServer.executable] + arguments, ["DATABASE_URL": owner])
        }

        /// Runs statements as the owner, and gives what they print.
        @discardableResult
        func sql(_ statements: String) throws -> String {
            let psql = [
                "/usr/bin/env", "psql", "--no-psqlrc", "-AtXq", "-v", "ON_ERROR_STOP=1", "-c", statements, owner,
            ]
            let (code, text) = try Program.run(psql, [:])
            guard code == 0 else { throw TestServer.Failure(text) }
            return text.trimmingCharacters(in: .newlines)
        }

        var lastBatch: Int { get throws { Int(try sql("SELECT last_batch FROM journal.leader")) ?? 0 } }

        /// Batches of announced checkpoints, as soon as there are `count`.
        func announced(_ count: Int) throws -> [Int] {
            let deadline = Date().addingTimeInterval(60)
            var batches: [Int] = []
            while batches.count < count, Date() < deadline {
                usleep(20_000)
                let text = try sql("SELECT batch FROM projection.checkpoints ORDER BY sequence")
                batches = text.split(separator: "\n").compactMap { Int($0) }
            }
            return batches
        }
    }

    private enum Program {
        static func run(_ command: [String], _ environment: [String: String]) throws -> (code: Int32, text: String) {
            let process = Process()
            let pipe = Pipe()
            process.executableURL = URL(fileURLWithPath: command[0])
            process.arguments = Array(command.dropFirst())
            process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            process.standardOutput = pipe
            process.standardError = pipe
            try process.run()
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: data, as: UTF8.self))
        }
    }

    /// Offers that rest, one after the other, so that each is a batch of its own; the last one's number.
    @discardableResult
    private func place(_ count: Int, _ scenario: Scenario, _ party: Scenario.Party) throws -> Int64 {
        var last: Int64 = 0
        for _ in 0..<count {
            let offer = Scenario.offer(price: 20_000_000, lots: 1)
            let answer = try scenario.client.call("POST", "/v1/offers", key: party.key, offer)
            try #require(answer.status == 201, "\(answer.text)")
            last = Int64(try #require(answer["id"]?.string).dropFirst()) ?? 0
        }
        return last
    }

    @Test func `The server writes a checkpoint whenever so many batches have been written`() throws {
        let exchange = try Exchange(arguments: ["--checkpoint-batches", "10"])
        defer { exchange.server.remove() }
        let scenario = try Scenario(exchange.server)
        let party = try scenario.party("worker")
        // It is written beside the engine: while one is, no other begins.
        var batches: [Int] = []
        for count in 1...3 {
            try place(12, scenario, party)
            batches = try exchange.announced(count)
        }
        #expect(batches.count >= 3 && batches == batches.sorted(), "\(batches)")
        // Each has the state of the batch that was due or of a later one: they are written beside the engine.
        for (number, batch) in batches.prefix(3).enumerated() { #expect(batch >= (number + 1) * 10) }
        let verified = try exchange.run("verify")
        #expect(verified.code == 0, "\(verified.text)")
        #expect(verified.text.contains("\(try exchange.announced(3).count) checkpoints have their SHA-256"))
    }

    @Test func `The operator has one written now, not older than what was acknowledged, and a replay begins there`()
        throws
    {
        let exchange = try Exchange()
        defer { exchange.server.remove() }
        let scenario = try Scenario(exchange.server)
        let party = try scenario.party("worker")
        let order = try place(5, scenario, party)
        let key = [(name: "idempotency-key", value: "checkpoint-1")]
        let path = "/v1/checkpoints"
        let first = try scenario.client.call("POST", path, key: scenario.operatorKey, "{}", fields: key)
        #expect(first.status == 201, "\(first.text)")
        let batch = try #require(first["batch"]?.integer)
        let held = try exchange.sql("SELECT sequence >= \(order) FROM journal.checkpoints WHERE batch = \(batch)")
        #expect(held == "t")
        let sha256 = try exchange.sql("SELECT encode(sha256, 'hex') FROM projection.checkpoints WHERE batch = \(batch)")
        #expect(first["sha256"]?.string == sha256)

        // The same request again is no other checkpoint in the journal; another one is.
        try place(2, scenario, party)
        let again = try scenario.client.call("POST", path, key: scenario.operatorKey, "{}", fields: key)
        #expect(again.text == first.text && again.field("idempotency-replayed") == "true")
        let tool = try exchange.run("admin", "checkpoint", "--state-dir", exchange.server.folder)
        #expect(tool.code == 0 && tool.text.contains("sha256"), "\(tool.text)")
        #expect(try exchange.announced(2).count == 2)

        // Not for everybody, and without anything else in it.
        #expect(try scenario.client.call("POST", path, key: party.key, "{}").status == 403)
        let field = try scenario.client.call("POST", path, key: scenario.operatorKey, #"{"batch":1}"#)
        #expect(field.status == 422 && field.text.contains("#/batch"), "\(field.text)")

        try place(3, scenario, party)
        exchange.server.kill()
        try exchange.server.start()
        try place(1, try Scenario(exchange.server), party)
        let replayed = try exchange.run("replay")
        #expect(replayed.code == 0, "\(replayed.text)")
        #expect(replayed.text.contains("from the checkpoint of batch \(try exchange.announced(2)[1])"))
        let verified = try exchange.run("verify")
        #expect(verified.code == 0, "\(verified.text)")
    }

    /// Cuts the journal so that a partition ends before batch 11: real ones take 100,000 batches.
    private static let smallPartition = """
        ALTER TABLE journal.batches DETACH PARTITION journal.batches_000000000001;
        ALTER TABLE journal.batches DETACH PARTITION journal.batches_000000100001;
        DROP TABLE journal.batches_000000100001;
        CREATE TABLE journal.rest (LIKE journal.batches INCLUDING ALL);
        INSERT INTO journal.rest SELECT * FROM journal.batches_000000000001 WHERE number > 10;
        ALTER TABLE journal.batches_000000000001 DISABLE TRIGGER append_only;
        DELETE FROM journal.batches_000000000001 WHERE number > 10;
        ALTER TABLE journal.batches ATTACH PARTITION journal.batches_000000000001 FOR VALUES FROM (1) TO (11);
        ALTER TABLE journal.batches ATTACH PARTITION journal.rest FOR VALUES FROM (11) TO (100001);
        """

    @Test func `Old partitions are dropped behind a checkpoint, after they were exported, and never before`() throws {
        let exchange = try Exchange()
        defer { exchange.server.remove() }
        let scenario = try Scenario(exchange.server)
        let party = try scenario.party("worker")
        try place(20, scenario, party)
        #expect(exchange.server.terminate() == 0)
        try exchange.sql(Self.smallPartition)
        try exchange.server.start()
        let file = exchange.server.folder + "/journal-1.bxjf"
        let exported = try exchange.run("journal", "export", "--before", "11", file)
        #expect(exported.code == 0 && exported.text.contains("10 batches"), "\(exported.text)")

        func drop(_ before: Int, _ file: String) throws -> (code: Int32, text: String) {
            try exchange.run("journal", "drop", "--before", "\(before)", "--file", file)
        }
        var refusal = try drop(11, file)
        #expect(refusal.code == 1)
        #expect(
            refusal.text == """
                bombyx journal drop: nothing was dropped: no announced checkpoint lies at batch 10 or behind it: \
                `bombyx admin checkpoint` has the server write one

                """
        )
        refusal = try drop(10, file)
        #expect(refusal.code == 1 && refusal.text.contains("only whole partitions are dropped"), "\(refusal.text)")
        let written = try exchange.run("admin", "checkpoint", "--state-dir", exchange.server.folder)
        #expect(written.code == 0, "\(written.text)")
        let short = exchange.server.folder + "/short.bxjf"
        #expect(try exchange.run("journal", "export", "--before", "9", short).code == 0)
        refusal = try drop(11, short)
        #expect(refusal.code == 1)
        #expect(refusal.text.contains("nothing was dropped: the file ends with batch 8, before 10"), "\(refusal.text)")
        refusal = try drop(11, exchange.server.folder + "/none.bxjf")
        #expect(refusal.code == 1 && refusal.text.contains("cannot read"), "\(refusal.text)")
        #expect(try exchange.sql("SELECT count(*) FROM journal.dropped") == "0")

        let dropped = try drop(11, file)
        #expect(dropped.code == 0 && dropped.text == "dropped batches 1 to 10\n", "\(dropped.text)")
        #expect(try exchange.sql("SELECT min(number) FROM journal.batches") == "11")
        let partly = try exchange.run("verify")
        #expect(partly.code == 0 && partly.text.contains("from the checkpoint of batch"), "\(partly.text)")
        let whole = try exchange.run("verify", "--file", file)
        #expect(whole.code == 0 && whole.text.contains("from the start to batch"), "\(whole.text)")
        // And the exchange goes on.
        exchange.server.kill()
        try exchange.server.start()
        try place(1, try Scenario(exchange.server), party)
    }

    @Test func `A flipped byte ends a verification with the first difference and exit code 1`() throws {
        let exchange = try Exchange()
        defer { exchange.server.remove() }
        let scenario = try Scenario(exchange.server)
        try place(10, scenario, try scenario.party("worker", deposit: 5))
        #expect(try exchange.run("admin", "checkpoint", "--state-dir", exchange.server.folder).code == 0)
        #expect(exchange.server.terminate() == 0)
        #expect(try exchange.run("verify").code == 0)
        // A table, what changes in it, what changes it back, and the row.
        let damages = [
            ("journal.batches_000000000001", Self.flip("commands", 7), Self.flip("commands", 7), "number = 6"),
            ("journal.checkpoint_parts", Self.flip("content", 200), Self.flip("content", 200), "part = 1"),
            ("market.orders", "lots = lots + 1", "lots = lots - 1", "id = (SELECT max(id) FROM market.orders)"),
            ("ledger.accounts", "credits = credits + 1", "credits = credits - 1", "account = 1"),
        ]
        for (table, change, back, row) in damages {
            func carryOut(_ change: String) throws {
                try exchange.sql("SET session_replication_role = replica; UPDATE \(table) SET \(change) WHERE \(row)")
            }
            try carryOut(change)
            let verified = try exchange.run("verify")
            #expect(verified.code == 1, "\(table): \(verified.text)")
            let differences = verified.text.split(separator: "\n").filter { $0.hasPrefix("DIFFERENCE ") }
            #expect(!differences.isEmpty, "\(table): \(verified.text)")
            try carryOut(back)
        }
        let verified = try exchange.run("verify")
        #expect(verified.code == 0, "\(verified.text)")
    }

    /// One bit of a byte of a column, the other way round.
    private static func flip(_ column: String, _ byte: Int) -> String {
        "\(column) = set_byte(\(column), \(byte), get_byte(\(column), \(byte)) # 1)"
    }
}
