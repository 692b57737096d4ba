import Foundation
import ProgramTesting
import Testing

/// The examples of the cookbook are carried out as they stand there.
@Suite struct CookbookTests {
    /// What stands between fences of a language, in order.
    private static func examples(_ language: String) throws -> [String] {
        let text = try String(contentsOfFile: Shell.root + "/Sources/API/Pages/cookbook.md", encoding: .utf8)
        return try text.components(separatedBy: "```\(language)\n").dropFirst().map {
            try #require($0.components(separatedBy: "\n```").first) + "\n"
        }
    }

    @Test func `curl and Python do what the cookbook says, and Swift compiles`() throws {
        let town = try ChainTown()
        defer { town.remove() }
        let server = town.server
        let scenario = try Scenario(server)
        let folder = try ScratchFolder()
        try folder.write(try scenario.party("worker").key + "\n", to: "worker.key")
        let app = try scenario.party("app", deposit: 1_000_000_000)
        try folder.write(app.key + "\n", to: "app.key")
        try town.waitForWallet(scenario, app.key)
        let environment = ["BOMBYX_URL": "https://\(server.https)", "CURL_CA_BUNDLE": server.certificate]

        try folder.write("set -euo pipefail\n" + Self.examples("sh").joined(separator: "\n"), to: "cookbook.sh")
        let curl = try Shell(["bash", "cookbook.sh"], in: folder.path, environment: environment)
        #expect(curl.status == 0, "\(curl.output)\n\(curl.errors)")
        for part in [#""state":"filled""#, "idempotency-replayed: true", #""state":"cancelled""#, #""kind":"trade""#] {
            #expect(curl.output.contains(part), "\(part): \(curl.output)")
        }

        try folder.write(Self.examples("python").joined(), to: "cookbook.py")
        let python = try Shell(
            [Shell.root + "/.build/python/bin/python", "cookbook.py"],
            in: folder.path,
            environment: environment
        )
        #expect(python.status == 0, "Deploy/test fetches httpx: \(python.output)\n\(python.errors)")
        for part in [
            "bought 120 lots at 20000000", "cancelled 100", "trades 2\n", " deposit 1000000000",
            "lease l3 active 10 lots", "recorded 8340 tokens, entry 0", "repeated 8340 tokens, entry 0", "closes at 20",
        ] {
            #expect(python.output.contains(part), "\(part): \(python.output)")
        }
        let trades = try server.psql("SELECT count(*), sum(lots) FROM market.trades")
        #expect(trades == "3|250", "curl's repeated bid was placed once")

        try folder.write(Self.examples("swift").joined(), to: "main.swift")
        let swift = try Shell(["swiftc", "-typecheck", "-swift-version", "6", "main.swift"], in: folder.path)
        #expect(swift.status == 0, "\(swift.errors)")
    }
}
