import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// Streams of events, from a real server.
@Suite(.serialized) struct StreamTests {
    @Test(arguments: [false, true])
    func `Every channel tells of an order, a trade and a cancel`(overTLS: Bool) throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 1_000_000_000)
        let reader = try server.connect(tls: overTLS)
        let market = try StreamClient(reader, "channels=book,trades,ticker")
        let workers = try StreamClient(reader, "channels=orders,balances", key: worker.key)
        let apps = try StreamClient(reader, "channels=orders,balances,trades", key: app.key)
        for stream in [market, workers, apps] {
            let first = try stream.take { name, _ in name != "open" }
            #expect(first.first?.name == "open" && stream.status == 200 && stream.lastID != nil)
        }
        let client = scenario.client
        func post(_ path: String, _ party: Scenario.Party, _ body: String) throws -> TestClient.Answer {
            let answer = try client.call("POST", path, key: party.key, body)
            #expect(answer.status == 201, "\(answer.text)")
            return answer
        }
        let offer = try post("/v1/offers", worker, Scenario.offer(price: 20_000_000, lots: 7))
        let bid = try post("/v1/bids", app, Scenario.bid(price: 21_000_000, lots: 3))
        let rest = try #require(offer["id"]?.string)
        #expect(try client.call("DELETE", "/v1/orders/\(rest)", key: worker.key).status == 200)
        let end = try #require(bid["sequence"]?.integer) + 1

        let told = try workers.take { name, json in name == "orders" && json["sequence"]?.integer == end }
        #expect(told.map(\.name) == ["orders", "orders", "orders"], "the worker's money does not move")
        let types = told.flatMap { $0.json["events"]?.elements ?? [] }.compactMap { $0["type"]?.string }
        #expect(types == ["accepted", "rested", "traded", "closed"])
        #expect(told[1].json["events"]?[0]?["trade"]?["side"]?.string == "offer")

        let bought = try apps.take { name, _ in name == "trades" }
        #expect(bought.map(\.name) == ["orders", "balances", "trades"] || Set(bought.map(\.name)).count == 3)
        #expect(Set(bought.map { $0.json["sequence"]?.integer ?? 0 }) == [end - 1])
        #expect(apps.lastID == "\(end - 1)", "the id comes with the last message of the number")
        let leased = bought.first { $0.name == "balances" }?.json["balances"]?["leased_nanoton"]?.string
        #expect(leased == "\(try scenario.balance(app, "leased"))")

        let seen = try market.take { name, json in name == "book" && json["sequence"]?.integer == end }
        var replica = StreamReplica()
        for event in seen { replica.take(event.name, event.json) }
        #expect(
            replica.faults.filter { !$0.contains("follow") }.isEmpty && replica.offers.isEmpty && replica.bids.isEmpty
        )
        #expect(replica.trades.count == 1)
        try expectEnds(of: (market, workers, apps), server, client)
    }

    /// Two are given up, and one is open when the server stops.
    private func expectEnds(
        of streams: (market: StreamClient, workers: StreamClient, apps: StreamClient),
        _ server: TestServer,
        _ client: TestClient
    ) throws {
        let metrics = try client.call("GET", "/metrics").text
        #expect(metrics.contains("bombyx_sse_clients 3\n"))
        streams.market.cancel()
        streams.workers.cancel()
        try wait { try client.call("GET", "/metrics").text.contains("bombyx_sse_clients 1\n") }

        // A stop ends it in words.
        server.send(SIGTERM)
        let apps = streams.apps
        let last = try apps.take { name, _ in name == "draining" }
        #expect(last.last?.name == "draining")
        #expect(try apps.take(seconds: 5, until: { _, _ in false }).isEmpty && apps.hasEnded)
        #expect(server.waitForEnd() == 0, "\(server.logText)")
    }

    private func wait(seconds: Double = 10, _ isSo: () throws -> Bool) throws {
        let deadline = Date().addingTimeInterval(seconds)
        while try !isSo() {
            guard Date() < deadline else { throw TestServer.Failure("it does not become so") }
            usleep(20_000)
        }
    }

    @Test func `An idle stream gets heartbeats with the newest sequence number`() throws {
        let server = try TestServer(arguments: ["--stream-heartbeat", "1"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let stream = try StreamClient(try server.connect(), "channels=trades")
        _ = try stream.take { name, _ in name == "open" }
        let worker = try scenario.party("worker")
        let offer = try scenario.client.call(
            "POST",
            "/v1/offers",
            key: worker.key,
            Scenario.offer(price: 1_000, lots: 5)
        )
        let sequence = try #require(offer["sequence"]?.integer, "\(offer.text)")
        try wait {
            _ = try stream.take(timeoutMilliseconds: 100)
            return stream.lastHeartbeat == "sequence \(sequence)"
        }
        #expect(stream.heartbeats >= 1 && !stream.hasEnded)
        // A client of HTTP/1.1 has the same.
        let curl = try readWithCurl("http://\(server.http)/v1/stream?channels=book", seconds: 3)
        #expect(curl.contains("event: open\ndata: {\"sequence\":\(sequence)}\nid: \(sequence)\n\n"), "\(curl)")
        #expect(curl.contains("event: book\n") && curl.contains(": sequence \(sequence)\n\n"), "\(curl)")
        try wait { try scenario.client.call("GET", "/metrics").text.contains("bombyx_sse_clients 1\n") }
    }

    @Test func `A stream ends with the key that opened it`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("reader")
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: false)
        let end = Date().addingTimeInterval(4).formatted(format)
        let key = try scenario.client.call(
            "POST",
            "/v1/accounts/\(party.account)/keys",
            key: scenario.operatorKey,
            #"{"scopes":["read"],"expires_at":"\#(end)"}"#
        )
        let stream = try StreamClient(try server.connect(), "channels=orders", key: try #require(key["key"]?.string))
        let events = try stream.take(seconds: 15) { name, _ in name == "expired" }
        #expect(events.map(\.name) == ["open", "expired"], "\(key.text)")
        _ = try stream.take(seconds: 5) { _, _ in false }
        #expect(stream.hasEnded)
    }

    private func readWithCurl(_ url: String, seconds: Int) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["curl", "-sSN", "--http1.1", "--max-time", "\(seconds)", url]
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `There are only so many streams`() throws {
        let server = try TestServer(arguments: ["--event-streams", "105", "--event-streams-per-key", "2"])
        defer { server.remove() }
        let scenario = try Scenario(server)
        let party = try scenario.party("reader")
        let first = try server.connect()
        var open: [StreamClient] = []
        for _ in 0..<2 { open.append(try StreamClient(first, "channels=orders", key: party.key)) }
        for stream in open { _ = try stream.take { name, _ in name == "open" } }
        let third = try StreamClient(first, "channels=orders", key: party.key)
        _ = try third.take { _, _ in false }
        #expect(third.refusal?.status == 429 && third.refusal?.code == "stream_limit")
        for _ in 2..<100 { open.append(try StreamClient(first, "channels=trades")) }
        for stream in open[2...] { _ = try stream.take { name, _ in name == "open" } }
        let beyond = try StreamClient(first, "channels=trades")
        _ = try beyond.take { _, _ in false }
        #expect(beyond.refusal?.status == 429, "a connection has 100")
        let second = try server.connect()
        for _ in 100..<105 {
            open.append(try StreamClient(second, "channels=trades"))
            _ = try open[open.count - 1].take { name, _ in name == "open" }
        }
        let last = try StreamClient(second, "channels=trades")
        _ = try last.take { _, _ in false }
        #expect(last.refusal?.status == 503 && last.refusal?.code == "overloaded")
        // Others are served beside them, and a stream that ends makes room.
        #expect(try first.call("GET", "/v1/trades").status == 200)
        open[104].cancel()
        try wait {
            let again = try StreamClient(second, "channels=trades")
            return try again.take(until: { _, _ in true }).first?.name == "open"
        }
    }
}
