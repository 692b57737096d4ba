import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// A server that is asked for more than it can do: what is refused, what is not, and what it is afterwards.
@Suite(.serialized) struct OverloadTests {
    /// Commands that may wait for the engine in these tests.
    private static let waitingMax = 512
    private static let connections = 24
    private static let streams = 128
    /// The reserve of cancels is an eighth of what may wait.
    private static let cancels = waitingMax / 8 - 4

    /// What a request under way may cost the server, and what the allocator keeps of it, in KiB.
    private static let growthMaxKibibytes = connections * streams * 4 + (64 << 10)

    /// What clients were told.
    private struct Answers {
        var acknowledged: [Int64] = []
        var refused = 0
        /// Of other kinds, or without the time to come again.
        var wrong: [String] = []

        mutating func take(_ completion: ClientCompletion) {
            guard let answer = try? TestClient.answer(completion.result.get()) else {
                wrong.append("\(completion.result)")
                return
            }
            switch answer.status {
            case 201: acknowledged.append(answer["sequence"]?.integer ?? -1)
            case 503 where answer.code == "overloaded", 429:
                refused += 1
                if answer.field("retry-after") == nil { wrong.append("no retry-after: \(answer.text)") }
            default: wrong.append("\(answer.status) \(answer.text)")
            }
        }
    }

    /// Many connections, each of which has as many orders under way as it may.
    private struct Flood {
        let clients: [TestClient]
        let request: ClientRequest
        var answers = Answers()

        init(_ server: TestServer, _ party: Scenario.Party) throws {
            clients = try (0..<OverloadTests.connections).map { _ in try server.connect() }
            let body = Scenario.offer(price: 20_000_000, lots: 1, timeInForce: "ioc")
            request = TestClient.request("POST", "/v1/offers", key: party.key, body)
        }

        var openCount: Int { clients.reduce(0) { $0 + $1.connection.openCount } }

        /// Sends what there is room for, and takes what has come.
        mutating func step(sends: Bool) throws {
            for client in clients {
                while sends, client.connection.openCount < OverloadTests.streams {
                    try client.connection.queue(request)
                }
                client.connection.wait(timeoutMilliseconds: 0)
                for completion in client.connection.receive(timeoutMilliseconds: 0) { answers.take(completion) }
            }
        }
    }

    private func kibibytes(of server: TestServer) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.pid)/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") })
        return try #require(line.split { $0 == " " || $0 == "\t" }.dropFirst().first.flatMap { Int($0) })
    }

    /// Orders that rest, whose ids are given.
    private func rest(_ scenario: Scenario, _ party: Scenario.Party, count: Int) throws -> [String] {
        let body = Scenario.offer(price: 30_000_000, lots: 1)
        let order = #"{"side":"offer","# + body.dropFirst()
        let orders = #"{"orders":[\#(Array(repeating: order, count: count).joined(separator: ","))]}"#
        let answer = try scenario.client.call("POST", "/v1/orders:batch", key: party.key, orders)
        let ids = answer["results"]?.elements?.compactMap { $0["order"]?["id"]?.string } ?? []
        try #require(ids.count == count, "\(answer.text.prefix(500))")
        return ids
    }

    @Test(.timeLimit(.minutes(2)))
    func `Under ten times its load every request is answered, cancels get through, and nothing acknowledged is lost`()
        throws
    {
        let server = try TestServer(arguments: ["--waiting-max", String(Self.waitingMax)])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let (flooder, steady) = (try scenario.party("flooder"), try scenario.party("steady"))
        let resting = try rest(scenario, steady, count: Self.cancels)
        let canceller = try server.connect()
        var flood = try Flood(server, flooder)
        for _ in 0..<5 { try flood.step(sends: true) }
        let before = try kibibytes(of: server)

        // While nothing is committed the mailbox of the engine is full, for less than a leader's term.
        let processes = try server.postgresProcesses()
        for process in processes { kill(process, SIGSTOP) }
        defer { for process in processes { kill(process, SIGCONT) } }
        let stalled = Date()
        #expect(try fill(scenario, &flood, until: stalled.addingTimeInterval(3)), "the mailbox was never full")
        var cancels: Set<HTTP2.RequestID> = []
        for id in resting {
            let request = TestClient.request("DELETE", "/v1/orders/\(id)", key: steady.key)
            cancels.insert(try canceller.connection.queue(request))
        }
        canceller.connection.wait(timeoutMilliseconds: 0)
        try expectCheapRefusal(scenario, flooder)
        // The server hears them while orders are refused.
        let refusedBefore = flood.answers.refused
        while flood.answers.refused < refusedBefore + 100, Date().timeIntervalSince(stalled) < 4 {
            try flood.step(sends: true)
        }
        for process in processes { kill(process, SIGCONT) }

        try expectCancelled(&cancels, canceller)
        let most = try kibibytes(of: server)
        let deadline = Date().addingTimeInterval(30)
        while flood.openCount > 0, Date() < deadline { try flood.step(sends: false) }
        #expect(flood.openCount == 0, "\(flood.openCount) requests were never answered")
        #expect(flood.answers.wrong.isEmpty, "\(flood.answers.wrong.prefix(3))")
        #expect(flood.answers.acknowledged.count > Self.waitingMax)
        if Self.memoryIsOurs { #expect(most - before < Self.growthMaxKibibytes, "\(before) KiB, then \(most)") }

        let body = Scenario.offer(price: 40_000_000, lots: 1)
        let single = try scenario.client.call("POST", "/v1/offers", key: steady.key, body)
        #expect(single.status == 201, "\(single.text)")
        try expectTables(scenario, flooder, flood.answers.acknowledged, upTo: try #require(single["sequence"]?.integer))
        let account = try scenario.client.call("GET", "/v1/account", key: steady.key)
        #expect(account["open_order_count"]?.integer == 1, "\(account.text)")
    }

    /// Sends until the mailbox refuses and is not emptied any more: the engine has taken what it can.
    private func fill(_ scenario: Scenario, _ flood: inout Flood, until deadline: Date) throws -> Bool {
        var looks = 0
        while looks < 5, Date() < deadline {
            let refused = flood.answers.refused
            for _ in 0..<3 { try flood.step(sends: true) }
            usleep(5_000)
            looks = try waitingItems(scenario) > 0 && flood.answers.refused > refused ? looks + 1 : 0
        }
        return looks == 5
    }

    private func waitingItems(_ scenario: Scenario) throws -> Int {
        let name = "bombyx_engine_waiting_items "
        let metrics = try scenario.client.call("GET", "/metrics").text.split(separator: "\n")
        return try #require(metrics.first { $0.hasPrefix(name) }.flatMap { Int($0.dropFirst(name.count)) })
    }

    /// What is refused is refused before it is read, and no more waits than may, cancels included.
    private func expectCheapRefusal(_ scenario: Scenario, _ party: Scenario.Party) throws {
        let unread = try scenario.client.call("POST", "/v1/offers", key: party.key, "no JSON")
        #expect(unread.status == 503 && unread.code == "overloaded", "\(unread.text)")
        #expect(unread.field("retry-after") != nil)
        let waiting = try waitingItems(scenario)
        #expect(waiting > 0 && waiting <= Self.waitingMax + Self.waitingMax / 8, "\(waiting)")
    }

    private func expectCancelled(_ cancels: inout Set<HTTP2.RequestID>, _ client: TestClient) throws {
        let deadline = Date().addingTimeInterval(30)
        while !cancels.isEmpty, Date() < deadline {
            for completion in client.connection.receive(timeoutMilliseconds: 1_000) {
                cancels.remove(completion.id)
                let answer = try TestClient.answer(completion.result.get())
                #expect(answer.status == 200 && answer["state"]?.string == "cancelled", "\(answer.text)")
            }
        }
        #expect(cancels.isEmpty, "\(cancels.count) cancels were never answered")
    }

    /// The tables have what was acknowledged, and nothing else of this account.
    private func expectTables(
        _ scenario: Scenario,
        _ party: Scenario.Party,
        _ acknowledged: [Int64],
        upTo sequence: Int64
    ) throws {
        let statement = "SELECT id FROM market.orders WHERE account = \(party.account.dropFirst()) ORDER BY id"
        let deadline = Date().addingTimeInterval(20)
        let cursor = "SELECT count(*) FROM market.orders WHERE id = \(sequence)"
        while try scenario.server.psql(cursor) != "1", Date() < deadline { usleep(20_000) }
        let rows = try scenario.server.psql(statement).split(separator: "\n").compactMap { Int64($0) }
        #expect(rows == acknowledged.sorted(), "\(rows.count) in the tables, \(acknowledged.count) acknowledged")
        let invariants = try scenario.server.psql("SELECT coalesce(sum(violations), 0) FROM ledger.invariants")
        #expect(invariants == "0")
    }

    /// A sanitizer keeps notes of every byte and what was freed, several times what the server has.
    private static var memoryIsOurs: Bool { ProcessInfo.processInfo.environment["BOMBYX_SANITIZER"] == nil }
}
