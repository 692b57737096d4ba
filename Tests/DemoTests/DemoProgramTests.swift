import Foundation
import JSON
import Testing

/// `bombyx demo` from outside.
@Suite(.serialized, .enabled(if: Program.isBuilt)) struct DemoProgramTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// Folders that a demo made and did not remove.
    var remains: [String] { folder.entries.filter { $0.hasPrefix("bombyx-demo") } }

    @Test(.timeLimit(.minutes(5)))
    func `A server that is killed under load loses nothing and does nothing twice`() throws {
        let result = try Program.run(Program.path, ["demo", "--short", "--crash", "--json"], in: folder)
        #expect(result.status == 0, "\(result.errors)\n\(result.output)")
        let report = try JSONValue(Array(result.output.utf8))
        #expect(report["sound"]?.boolean == true)
        #expect(report["orders"]?["bids"]?.integer == 300)
        #expect((report["orders"]?["trades"]?.integer ?? 0) > 100)
        #expect(report["checks"]?.elements?.count == 12)
        let settlement = report["settlement"]
        #expect((settlement?["payouts"]?.integer ?? 0) > 20, "\(result.output)")
        #expect((settlement?["messages"]?.integer ?? 0) > 0)
        let (paid, gas) = (settlement?["paid_nanoton"]?.string, settlement?["gas_nanoton"]?.string)
        #expect(paid.flatMap { Int64($0) } ?? 0 > 0 && gas.flatMap { Int64($0) } ?? 0 > 0)
        #expect(settlement?["wallet_nanoton"]?.string == settlement?["ledger_nanoton"]?.string)
        #expect(remains.isEmpty)
    }

    @Test(.timeLimit(.minutes(5)))
    func `A demo that is interrupted leaves no server and no folder`() throws {
        var server: Int32 = 0
        let result = try Program.run(Program.path, ["demo", "--short"], in: folder) { demo in
            var facts: JSONValue?
            try waitUntil("the demo's server is ready") {
                try #require(demo.isRunning)
                guard let name = remains.first else { return false }
                let file = URL(fileURLWithPath: folder.path + "/" + name + "/state/serve.json")
                facts = (try? Data(contentsOf: file)).flatMap { try? JSONValue(Array($0)) }
                return facts != nil
            }
            server = Int32(facts?["pid"]?.integer ?? 0)
            demo.interrupt()
        }
        #expect(result.status == 130, "\(result.errors)")
        #expect(remains.isEmpty)
        #expect(server > 0 && kill(server, 0) != 0, "the server has ended")
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (["--trace", "/nowhere.csv"], 2, "/nowhere.csv cannot be read"),
            (["--data-dir", "/nowhere"], 2, "offers.csv is in none of /nowhere"),
            (["--ton-usd", "0"], 64, "--ton-usd is a price in dollars above 0"),
            (["--orders", "0"], 64, "--orders is at least 1"),
            (["--depth", "0"], 64, "--depth is 1 to"),
            (["--connections", "257"], 64, "--connections is 1 to 256"),
            (["--in-flight", "0"], 64, "--in-flight is 1 to 128"),
        ]
    )
    func `Wrong arguments are refused before anything starts`(arguments: [String], status: Int32, words: String) throws
    {
        let result = try Program.run(Program.path, ["demo"] + arguments, in: folder)
        #expect(result.status == status)
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(remains.isEmpty)
    }

    @Test func `A trace that cannot be read is refused with its line`() throws {
        let file = folder.path + "/trace.csv"
        try "TIMESTAMP,ContextTokens,GeneratedTokens\r\nx,5,5\r\nx,five,5\r\n".write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        let result = try Program.run(Program.path, ["demo", "--trace", file], in: folder)
        #expect(result.status == 2)
        #expect(result.errors.contains("trace.csv, line 3: ContextTokens must be a whole number"))
    }
}
