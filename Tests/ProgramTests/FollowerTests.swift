import Foundation
import HTTP2
import JSON
import PostgresTesting
import ProgramTesting
import Testing

/// Two servers on one database: one leads, the other follows and takes over.
@Suite(.serialized) struct FollowerTests {
    /// A database of its own, and servers on it.
    private final class Pair {
        let url: String
        let first: TestServer
        let second: TestServer

        init() throws {
            url = try TestCluster.shared().connectionString()
            let environment = ["DATABASE_URL": url]
            let migrate = Process()
            migrate.executableURL = URL(fileURLWithPath: TestServer.executable)
            migrate.arguments = ["migrate"]
            migrate.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
            migrate.standardOutput = FileHandle.nullDevice
            migrate.standardError = FileHandle.nullDevice
            try migrate.run()
            migrate.waitUntilExit()
            try #require(migrate.terminationStatus == 0)
            let arguments = ["--login-domain", "market.example.com"]
            first = try TestServer(environment: environment, arguments: arguments)
            second = try TestServer(environment: environment, arguments: arguments)
        }

        func remove() {
            kill(first.pid, SIGCONT)
            first.remove()
            second.remove()
        }

        func sql(_ statement: String) throws -> String {
            let psql = Process()
            let pipe = Pipe()
            psql.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            psql.arguments = ["psql", "--no-psqlrc", "-AtX", "-c", statement, url]
            psql.standardOutput = pipe
            try psql.run()
            let data = pipe.fileHandleForReading.readDataToEndOfFile()
            psql.waitUntilExit()
            return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        }
    }

    private func status(_ server: TestServer) throws -> String? {
        try server.connect().call("GET", "/readyz")["status"]?.string
    }

    /// Waits until the server says so.
    private func wait(_ server: TestServer, for wanted: String) throws {
        let deadline = Date().addingTimeInterval(60)
        var last = ""
        while Date() < deadline {
            last = try status(server) ?? ""
            if last == wanted { return }
            usleep(50_000)
        }
        Issue.record("\(last) instead of \(wanted): \(server.logText)")
    }

    private func expectSound(_ pair: Pair) throws {
        #expect(try pair.sql("SELECT name FROM ledger.invariants WHERE violations <> 0") == "")
        let batches = try pair.sql("SELECT count(*) = max(number) AND bool_and(is_linked) FROM journal.chain")
        #expect(batches == "t", "one history without gaps")
    }

    private func place(_ server: TestServer, _ key: String, _ name: String) throws -> TestClient.Answer {
        let body = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: name)
        return try server.connect().call("POST", "/v1/offers", key: key, body)
    }

    @Test func `A follower answers what the tables show, names the leader for the rest, and takes over when it dies`()
        throws
    {
        let pair = try Pair()
        defer { pair.remove() }
        #expect(try status(pair.first) == "ready" && status(pair.second) == "following")
        let scenario = try Scenario(pair.first)
        let worker = try scenario.party("worker")
        var ids: [String] = []
        for number in 1...40 {
            let answer = try place(pair.first, worker.key, "o-\(number)")
            ids.append(try #require(answer["id"]?.string, "\(answer.text)"))
        }
        try expectFollowing(pair, worker, order: ids[0])

        pair.first.kill()
        try wait(pair.second, for: "ready")
        let client = try pair.second.connect()
        for id in ids { #expect(try client.call("GET", "/v1/orders/\(id)", key: worker.key).status == 200) }
        let again = try place(pair.second, worker.key, "o-1")
        #expect(again.status == 201 && again["id"]?.string == ids[0], "the request is remembered: \(again.text)")
        #expect(try place(pair.second, worker.key, "after").status == 201)
        #expect(try client.call("GET", "/readyz")["epoch"]?.integer == 2)

        // Who was the leader comes back as a follower.
        try pair.first.start()
        #expect(try status(pair.first) == "following")
        try expectSound(pair)
    }

    private func expectFollowing(_ pair: Pair, _ worker: Scenario.Party, order: String) throws {
        let client = try pair.second.connect()
        #expect(try client.call("GET", "/healthz").status == 200)
        #expect(try client.call("GET", "/metrics").text.contains("bombyx_ready 0"))
        let ready = try client.call("GET", "/readyz")
        #expect(ready.status == 503 && ready.field("retry-after") != nil)
        #expect(ready["leader"]?.string == "http://\(pair.first.http)", "\(ready.text)")
        #expect(ready["epoch"]?.integer == 1)
        #expect(try client.call("GET", "/v1/trades").status == 200)
        // A key and an order that are younger than the follower, as soon as the tables show them.
        let deadline = Date().addingTimeInterval(30)
        var answer = try client.call("GET", "/v1/orders/\(order)", key: worker.key)
        while answer.status != 200, Date() < deadline {
            usleep(50_000)
            answer = try client.call("GET", "/v1/orders/\(order)", key: worker.key)
        }
        #expect(answer["capability"]?["context_length"]?.integer == 32_768, "\(answer.text)")
        let orders = try client.call("GET", "/v1/orders", key: worker.key)
        #expect(orders["data"]?.elements?.isEmpty == false, "\(orders.text)")
        let refused: [(String, String)] = [
            ("GET", "/v1/account"), ("GET", "/v1/models"), ("GET", "/v1/book?requirement=model:in=Qwen/Qwen3-32B"),
            ("GET", "/v1/stream?channels=trades"), ("DELETE", "/v1/orders/\(order)"),
        ]
        for (method, path) in refused {
            let answer = try client.call(method, path, key: worker.key)
            #expect(answer.status == 503 && answer.code == "not_leader", "\(path): \(answer.text)")
            #expect(answer["leader"]?.string == "http://\(pair.first.http)")
            #expect(answer.field("retry-after") != nil)
        }
        let nonce = try client.call("POST", "/v1/login/ton/nonce", "{}")
        #expect(nonce.code == "not_leader", "only who made it would take it: \(nonce.text)")
        #expect(try place(pair.second, worker.key, "elsewhere").code == "not_leader")
    }

    @Test func `A leader that was stopped and continued after another took over cannot write, and follows`() throws {
        let pair = try Pair()
        defer { pair.remove() }
        let scenario = try Scenario(pair.first)
        let worker = try scenario.party("worker")
        #expect(try place(pair.first, worker.key, "before").status == 201)

        kill(pair.first.pid, SIGSTOP)
        try wait(pair.second, for: "ready")
        #expect(try place(pair.second, worker.key, "second").status == 201)
        // Waits at the stopped server, which still believes that it leads.
        let connection = scenario.client.connection
        let late = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: "late")
        _ = try connection.send(TestClient.request("POST", "/v1/offers", key: worker.key, late))
        let sequence = try pair.sql("SELECT max(last_sequence) FROM journal.batches")

        kill(pair.first.pid, SIGCONT)
        let deadline = Date().addingTimeInterval(60)
        var answers: [TestClient.Answer] = []
        while answers.isEmpty, Date() < deadline {
            for completion in connection.receive(timeoutMilliseconds: 1_000) {
                answers.append(try TestClient.answer(completion.result.get()))
            }
        }
        #expect(answers.first?.status == 503, "\(answers.first?.text ?? "no answer")")
        try wait(pair.first, for: "following")
        #expect(try pair.sql("SELECT max(last_sequence) FROM journal.batches") == sequence, "nothing was written")
        let epochs = try pair.sql("SELECT string_agg(DISTINCT epoch::text, ',') FROM journal.batches")
        #expect(epochs == "1,2")
        #expect(try place(pair.first, worker.key, "late").code == "not_leader")
        #expect(try place(pair.second, worker.key, "late").status == 201)

        // A stop gives the leadership away at once.
        #expect(pair.second.terminate() == 0, "\(pair.second.logText)")
        try wait(pair.first, for: "ready")
        let orders = try pair.first.connect().call("GET", "/v1/orders", key: worker.key)
        #expect(orders["data"]?.elements?.count == 3, "\(orders.text)")
        try expectSound(pair)
    }
}
