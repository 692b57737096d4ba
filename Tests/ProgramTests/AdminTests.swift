import Foundation
import JSON
import ProgramTesting
import Testing

/// `bombyx admin` as somebody reads it, and as a program does.
@Suite struct AdminTests {
    @Test func `Accounts, the book and the trades are shown as tables and as JSON`() throws {
        let server = try TestServer()
        defer { server.remove() }
        let scenario = try Scenario(server)
        let worker = try scenario.party("a worker")
        let app = try scenario.party("an app", deposit: 1_000_000_000)
        let folder = try ScratchFolder()
        func admin(_ arguments: String...) throws -> String {
            let command = [TestServer.executable, "admin"] + arguments + ["--state-dir", server.folder]
            let shell = try Shell(command, in: folder.path)
            #expect(shell.status == 0, "\(arguments): \(shell.errors)")
            return shell.output
        }
        #expect(try admin("tail", "--once").isEmpty, "nothing was traded yet")
        for (path, key, body) in [
            ("/v1/offers", worker.key, Scenario.offer(price: 20_000_000, lots: 50)),
            ("/v1/bids", app.key, Scenario.bid(price: 25_000_000, lots: 20)),
            ("/v1/bids", app.key, Scenario.bid(price: 9_000_000, lots: 60)),
        ] {
            #expect(try scenario.client.call("POST", path, key: key, body).status == 201)
        }
        // Waits until the tables show the last command.
        _ = try scenario.client.call("GET", "/v1/orders", key: app.key)

        let accounts = try admin("account", "list")
        for part in ["account", "a worker", "an app", worker.account, app.account] { #expect(accounts.contains(part)) }
        let list = try JSONValue(Array(try admin("account", "list", "--json", "--limit", "2").utf8))
        #expect(list["data"]?.elements?.first?["id"]?.string == app.account)
        #expect(list["has_more"]?.boolean == true)

        let models = try admin("top", "--once").split(separator: "\n")
        let row = try #require(models.first { $0.contains("Qwen/Qwen3-32B") })
        #expect(row.contains("20000000") && row.contains("9000000"))
        let book = try admin("top", "Qwen/Qwen3-32B", "--once").split(separator: "\n").map {
            $0.split(separator: " ").map(String.init)
        }
        #expect(book.contains(["offer", "20000000", "30", "1"]), "\(book)")
        #expect(book.contains(["bid", "9000000", "60", "1"]))

        let tail = try admin("tail", "--once")
        #expect(tail.contains("trade  t1  Qwen/Qwen3-32B  20 lots at 20000000  taken by the bid"), "\(tail)")
        let own = try admin("tail", "--once", "--json", "--account", app.account).split(separator: "\n")
        let events = try own.map { try JSONValue(Array($0.utf8)) }
        #expect(events.contains { $0["id"]?.string == "t1" && $0["side"]?.string == "bid" })
        #expect(events.contains { $0["state"]?.string == "open" && $0["remaining_lots"]?.integer == 60 })
        #expect(try admin("tail", "--once", "--last", "0").isEmpty)
    }

    @Test func `A new signing key is told to a running server and to no stranger that has its number`() throws {
        let server = try TestServer()
        defer { server.remove() }
        func rotate() throws -> String {
            try TestServer.run(["admin", "signing-key", "rotate", "--state-dir", server.folder])
        }
        #expect(try rotate().contains("process \(server.pid), told"))
        server.kill()
        let facts = server.folder + "/serve.json"
        let text = try String(contentsOfFile: facts, encoding: .utf8)
        #expect(text.contains("\(server.pid)"), "a killed server leaves its facts")

        let stranger = Process()
        // A test's children may have signals blocked.
        stranger.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        stranger.arguments = ["--default-signal", "sleep", "3600"]
        try stranger.run()
        try text.replacingOccurrences(of: "\(server.pid)", with: "\(stranger.processIdentifier)")
            .write(toFile: facts, atomically: true, encoding: .utf8)
        #expect(try rotate().contains("none of yours runs on \(server.folder)"))
        stranger.terminate()
        stranger.waitUntilExit()
        #expect(stranger.terminationReason == .uncaughtSignal && stranger.terminationStatus == SIGTERM)
    }
}
