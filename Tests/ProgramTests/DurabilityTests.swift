import Foundation
import HTTP2
import JSON
import ProgramTesting
import Testing

/// What an acknowledgement promises, under the failures that a machine has.
@Suite(.serialized) struct DurabilityTests {
    /// A client that places orders under names of its own without waiting for each, and remembers what was
    /// acknowledged and what has no answer.
    private final class Load {
        let client: TestClient
        let party: Scenario.Party
        let path: String
        let body: (String, Int) -> String
        private var sent = 0
        private var underWay: [HTTP2.RequestID: String] = [:]
        private(set) var acknowledged: [String: String] = [:]
        /// Sent, but never answered: the order may be there or not.
        private(set) var unknown: Set<String> = []
        let prefix: String

        init(
            _ server: TestServer,
            _ party: Scenario.Party,
            _ path: String,
            prefix: String,
            tls: Bool,
            body: @escaping (String, Int) -> String
        ) throws {
            client = try server.connect(tls: tls)
            self.party = party
            self.path = path
            self.prefix = prefix
            self.body = body
        }

        /// Keeps `inFlight` requests under way until so many are acknowledged or the connection ends.
        func run(until count: Int, inFlight: Int = 32) throws {
            while acknowledged.count < count {
                while underWay.count < inFlight {
                    sent += 1
                    let name = "\(prefix)-\(sent)"
                    let request = TestClient.request("POST", path, key: party.key, body(name, sent))
                    guard let id = try? client.connection.queue(request) else { return giveUp() }
                    underWay[id] = name
                }
                let completions = client.connection.receive(timeoutMilliseconds: 10_000)
                for completion in completions {
                    guard let name = underWay.removeValue(forKey: completion.id) else { continue }
                    guard case .success(let response) = completion.result else {
                        unknown.insert(name)
                        continue
                    }
                    try #require(response.status == 201, "\(response.text)")
                    acknowledged[name] = try TestClient.answer(response)["id"]?.string
                }
                if completions.isEmpty || !unknown.isEmpty { return giveUp() }
            }
        }

        /// What is under way is sent but not heard of: the server is about to be killed.
        func giveUp() {
            unknown.formUnion(underWay.values)
            underWay = [:]
        }
    }

    @Test func `A server killed in the middle of its load has lost nothing that it acknowledged`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let app = try scenario.party("app", deposit: 1_000_000_000_000)
        var loads: [Load] = []
        for round in 0..<3 {
            let offers = try Load(server, worker, "/v1/offers", prefix: "offer-\(round)", tls: round == 1) {
                name,
                index in
                Scenario.offer(price: 20_000_000 + Int64(index % 7) * 1_000, lots: 3, clientOrderID: name)
            }
            let bids = try Load(server, app, "/v1/bids", prefix: "bid-\(round)", tls: round == 2) { name, index in
                Scenario.bid(price: 20_003_000, lots: 2, clientOrderID: name)
            }
            for step in 1...4 {
                try offers.run(until: step * 60)
                try bids.run(until: step * 60)
            }
            // Requests are still under way on both connections.
            server.kill()
            offers.giveUp()
            bids.giveUp()
            loads += [offers, bids]
            try server.start()
        }
        for load in loads { try expectAllThere(load, on: server) }
        try expectInvariants(server)
    }

    private func expectAllThere(_ load: Load, on server: TestServer) throws {
        let client = try server.connect()
        #expect(Set(load.acknowledged.values).count == load.acknowledged.count, "no id was given twice")
        for (name, id) in load.acknowledged {
            let answer = try client.call("GET", "/v1/orders/\(id)", key: load.party.key)
            #expect(answer.status == 200 && answer["client_order_id"]?.string == name, "\(id): \(answer.text)")
        }
        // What was never answered is there once or not at all: a repetition tells.
        for name in load.unknown {
            let index = Int(name.split(separator: "-").last ?? "") ?? 0
            let first = try client.call("POST", load.path, key: load.party.key, load.body(name, index))
            let second = try client.call("POST", load.path, key: load.party.key, load.body(name, index))
            #expect(first.status == 201 && second.status == 201, "\(first.text)")
            #expect(first["id"] == second["id"], "\(name) was placed twice")
        }
    }

    /// The rules of the ledger, as SQL.
    private func expectInvariants(_ server: TestServer) throws {
        let broken = try server.psql("SELECT name || ': ' || violations FROM ledger.invariants WHERE violations <> 0")
        #expect(broken == "", "\(broken)")
        let rules = try server.psql("SELECT count(*) FROM ledger.invariants")
        #expect((Int(rules) ?? 0) > 10, "the view has its rules: \(rules)")
    }

    @Test func `A killed PostgreSQL is started again, and what was acknowledged is still there`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let before = try scenario.client.call(
            "POST",
            "/v1/offers",
            key: worker.key,
            Scenario.offer(price: 20_000_000, lots: 3)
        )
        let id = try #require(before["id"]?.string)
        try server.killPostgres()
        // Sessions outlive their postmaster for a moment; then there is a new one.
        try waitForPostgres(server)
        // Until the state is rebuilt, requests get 503 with a time to come back.
        let again = Scenario.offer(price: 20_000_000, lots: 3, clientOrderID: "again")
        let deadline = Date().addingTimeInterval(30)
        var later = try scenario.client.call("POST", "/v1/offers", key: worker.key, again)
        while later.status != 201, Date() < deadline {
            #expect(later.status == 503 && later.field("retry-after") != nil, "\(later.status) \(later.text)")
            usleep(50_000)
            later = try scenario.client.call("POST", "/v1/offers", key: worker.key, again)
        }
        #expect(later.status == 201, "\(later.text)\n\(server.logText)")
        #expect(try scenario.client.call("GET", "/v1/orders/\(id)", key: worker.key).status == 200)
        try expectInvariants(server)
    }

    /// Waits until the supervisor has started the cluster again.
    private func waitForPostgres(_ server: TestServer) throws {
        let deadline = Date().addingTimeInterval(30)
        while Date() < deadline {
            if server.logText.contains("starting it again"), (try? server.psql("SELECT 1")) == "1" { return }
            usleep(50_000)
        }
        Issue.record("PostgreSQL was not started again: \(server.logText)")
    }

    @Test func `A stop finishes what was accepted, and a start finds the same market`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("worker")
        let load = try Load(server, worker, "/v1/offers", prefix: "o", tls: false) { name, index in
            Scenario.offer(price: 20_000_000 + Int64(index) * 1_000, lots: 1, clientOrderID: name)
        }
        try load.run(until: 200)
        load.giveUp()
        #expect(server.terminate() == 0, "\(server.logText)")
        try server.start()
        try expectAllThere(load, on: server)
        let client = try server.connect()
        let book = try client.call("GET", "/v1/book?requirement=model:in=Qwen/Qwen3-32B&depth=100")
        #expect(book["offers"]?.elements?.count == 100, "\(book.text)")
    }

    @Test func `A second server on the folder is refused with a sentence`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let second = Process()
        second.executableURL = URL(fileURLWithPath: TestServer.executable)
        second.arguments = ["serve", "--state-dir", server.folder, "--listen", "127.0.0.1:0", "--tls-listen", "off"]
        let pipe = Pipe()
        second.standardError = pipe
        try second.run()
        second.waitUntilExit()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        #expect(second.terminationStatus == 1)
        #expect(text.contains("\(server.pid)"), "it names the process that has it: \(text)")
    }
}
