import Foundation
import JSON
import ProgramTesting
import Testing

/// Two servers on one database, of which one leads at a time.
@Suite(.serialized) struct PairTests {
    /// How long the servers are killed and stopped; ten minutes show more than the usual time.
    private static let soakSeconds =
        ProcessInfo.processInfo.environment["BOMBYX_SOAK_SECONDS"].flatMap { Double($0) } ?? 25

    /// Two servers and clients that ask the other one when one does not answer.
    private final class Pair {
        let servers: [TestServer]
        let load: FaultLoad
        let history: History

        init(_ purpose: String) throws {
            let url = try ExternalDatabase().owner
            history = History(database: url)
            let first = try TestServer(environment: ["DATABASE_URL": url])
            // Whoever is there first leads; the clients' accounts are made there.
            load = try FaultLoad(first, purpose: purpose)
            load.control.patienceMilliseconds = 2_000
            servers = [first, try TestServer(environment: ["DATABASE_URL": url])]
            moved()
            try load.start()
        }

        func moved() { load.control.moved(to: servers[0].http, servers[1].http) }

        func remove() {
            load.stop()
            for server in servers {
                server.send(SIGCONT)
                server.remove()
            }
        }

        /// What the server says that it is: `ready`, `following` …
        func status(of server: TestServer) -> String? {
            (try? server.connect().call("GET", "/readyz"))?["status"]?.string
        }

        func wait(for status: String, of server: TestServer) throws {
            let isSo = poll(seconds: 30) { self.status(of: server) == status ? true : nil } ?? false
            try #require(isSo, "it is not \(status): \(server.logText)")
        }

        var logs: String {
            servers.map { "\(status(of: $0) ?? "silent"):\n\($0.logText)" }.joined(separator: "\n--- the other: ")
                + load.heard
        }

        /// Everything that clients and database know of the run.
        func expectSound(_ generator: inout FaultGenerator) throws {
            #expect(load.settle(seconds: 60), "every outcome is known in the end: \(logs)")
            try history.expectSound(load)
            let leader = try #require(servers.first { status(of: $0) == "ready" }, "\(logs)")
            try History.expectRepeatable(load, on: leader, count: 50, &generator)
            load.stop()
            for server in servers { #expect(server.terminate() == 0, "\(server.logText)") }
        }
    }

    @Test func `A follower refuses orders and says who leads, and answers what the tables show`() throws {
        let pair = try Pair("follower")
        defer { pair.remove() }
        try #require(pair.load.waitForProgress(seconds: 30), "\(pair.logs)")
        try pair.wait(for: "following", of: pair.servers[1])
        let client = try pair.servers[1].connect()
        let offer = Scenario.offer(price: 20_000_000, lots: 1, clientOrderID: "to-a-follower")
        let refused = try client.call("POST", "/v1/offers", key: pair.load.parties[0].key, offer)
        #expect(refused.status == 503 && refused.code == "not_leader", "\(refused.text)")
        #expect(refused.field("retry-after") != nil && refused["leader"]?.string != nil, "\(refused.text)")
        #expect(try client.call("GET", "/healthz").status == 200)
        #expect(try client.call("GET", "/v1/trades").status == 200)
        #expect(try client.call("GET", "/metrics").status == 200)
    }

    @Test func `A leader that stands still is replaced, and goes on as a follower without writing anything`() throws {
        var generator = FaultGenerator(for: "replaced")
        let pair = try Pair("replaced")
        defer { pair.remove() }
        var times = Durations()
        for round in 1...2 {
            let (leader, other) = (pair.servers[(round + 1) % 2], pair.servers[round % 2])
            try pair.wait(for: "ready", of: leader)
            try pair.wait(for: "following", of: other)
            try #require(pair.load.waitForProgress(seconds: 30), "\(pair.logs)")
            let before = try #require(pair.history.epoch())
            // Its sessions live on, one of them maybe in the middle of a commit.
            leader.send(SIGSTOP)
            let start = ContinuousClock.now
            let isReplaced = poll(seconds: 30) { (pair.history.epoch() ?? 0) > before ? true : nil } ?? false
            try #require(isReplaced && pair.load.waitForProgress(seconds: 30), "round \(round): \(pair.logs)")
            times.append(start.duration(to: .now))
            leader.send(SIGCONT)
            try pair.wait(for: "following", of: leader)
        }
        try pair.expectSound(&generator)
        report("time to replace a leader that stands still: \(times.text); \(pair.load.summary)")
    }

    @Test func `Two servers on one database, killed and stopped at random, write one history`() throws {
        var generator = FaultGenerator(for: "pair")
        let pair = try Pair("pair")
        defer { pair.remove() }
        var times = Durations()
        let end = ContinuousClock.now + .seconds(Self.soakSeconds)
        while ContinuousClock.now < end {
            try #require(pair.load.waitForProgress(seconds: 60), "\(pair.logs)")
            usleep(UInt32.random(in: 100_000...1_000_000, using: &generator))
            let server = try #require(pair.servers.randomElement(using: &generator))
            let start = ContinuousClock.now
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: server.kill()
            case 1: server.send(SIGTERM)
            case 2:
                // As long as a term, or longer: it may have been replaced when it goes on.
                server.send(SIGSTOP)
                usleep(UInt32.random(in: 500_000...7_000_000, using: &generator))
                server.send(SIGCONT)
            default:
                for one in pair.servers { one.send(SIGKILL) }
                for one in pair.servers { one.waitForEnd() }
            }
            for one in pair.servers where !one.isRunning || one === server {
                try startAgain(one, pair, &generator)
            }
            try #require(pair.load.waitForProgress(seconds: 60), "\(pair.logs)")
            times.append(start.duration(to: .now))
        }
        try pair.expectSound(&generator)
        report("time until some server of two takes orders again: \(times.text); \(pair.load.summary)")
    }

    /// Starts a server that has ended, after a moment in which the other may have become the leader.
    private func startAgain(_ server: TestServer, _ pair: Pair, _ generator: inout FaultGenerator) throws {
        let hasEnded = poll(seconds: 0.5) { server.isRunning ? nil : true } ?? false
        // A server that was only stopped, or is still on its way out.
        if !hasEnded, pair.status(of: server) != nil { return }
        server.waitForEnd()
        usleep(UInt32.random(in: 0...2_000_000, using: &generator))
        try server.start()
        pair.moved()
    }
}
