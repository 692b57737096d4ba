import Foundation
import JSON
import Testing

/// `bombyx bench` from outside. What it measures depends on the machine; that it measures does not.
@Suite(.serialized, .enabled(if: Program.isBuilt)) struct BenchProgramTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// Folders that a measurement made and did not remove.
    var remains: [String] { folder.entries.filter { $0.hasPrefix("bombyx-bench") } }

    private func bench(_ arguments: [String], status: Int32 = 0) throws -> Program.Result {
        let result = try Program.run(Program.path, ["bench"] + arguments, in: folder)
        #expect(result.status == status, "\(result.errors)\n\(result.output)")
        #expect(remains.isEmpty)
        return result
    }

    @Test(.timeLimit(.minutes(5)))
    func `The journal's report has a line for each round and the medians`() throws {
        let result = try bench(["journal", "--rounds", "2", "--requests", "1000", "--connections", "4"])
        let lines = result.output.split(separator: "\n")
        #expect(lines.count { $0.contains("  round ") && $0.contains("; nghttpd ") && $0.contains("; ratio ") } == 2)
        for words in ["Medians of 2 rounds", "ratio of requests a second: ", "commands a batch: ", "tables behind"] {
            #expect(lines.count { $0.contains(words) } == 1, "\(words) in\n\(result.output)")
        }
        #expect(lines.contains { $0.hasPrefix("  answered with 2xx") && $0.hasSuffix("2,000    2,000") })
    }

    @Test(.timeLimit(.minutes(5)), arguments: [[], ["--tls"]])
    func `The journal's report in JSON has what was measured`(options: [String]) throws {
        let result = try bench(["journal", "--rounds", "1", "--requests", "2000", "--json"] + options)
        let report = try JSONValue(Array(result.output.utf8))
        #expect(report["sound"]?.boolean == true)
        #expect(report["tls"]?.boolean == !options.isEmpty)
        let round = report["rounds"]?[0]
        #expect(round?["bombyx"]?["answered_2xx"]?.integer == 2_000)
        #expect(round?["nghttpd"]?["answered_2xx"]?.integer == 2_000)
        #expect(round?["commands"]?.integer == 2_000)
        #expect((round?["batches"]?.integer ?? 0) > 0)
        #expect((round?["bombyx"]?["mean_microseconds"]?.integer ?? 0) > 0)
        #expect((round?["resident_bytes"]?.integer ?? 0) > 1_000_000)
    }

    @Test(.timeLimit(.minutes(5)))
    func `The book is read and orders are placed in batches, each beside its peer`() throws {
        let sizes = ["--rounds", "2", "--requests", "2000", "--orders", "400", "--batch", "50", "--connections", "4"]
        let report = try JSONValue(Array(try bench(["requests", "--json"] + sizes).output.utf8))
        #expect(report["sound"]?.boolean == true && report["open_orders"]?.integer == 1_700, "\(report)")
        #expect(report["rounds"]?.elements?.count == 2)
        #expect((report["rounds"]?[0]?["book_bytes"]?.integer ?? 0) > 1_000)
    }

    @Test(.timeLimit(.minutes(5)))
    func `Every order of a full book rests after a stop and after a kill`() throws {
        let result = try bench(["capacity", "--orders", "2000", "--json"])
        let report = try JSONValue(Array(result.output.utf8))
        #expect(report["sound"]?.boolean == true)
        let stages = try #require(report["stages"]?.elements)
        #expect(stages.map { $0["name"]?.string } == ["empty", "full", "after a stop", "after a kill"])
        #expect(stages.map { $0["open_orders"]?.integer } == [0, 2_000, 2_000, 2_000])
        for stage in stages {
            let resident = stage["resident_bytes"]?.integer ?? 0
            #expect(resident > 1_000_000 && resident <= stage["peak_resident_bytes"]?.integer ?? 0)
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [[], ["--tls"]])
    func `Every stream gets every trade`(options: [String]) throws {
        let arguments = ["streams", "--connections", "5", "--streams", "20", "--events", "10", "--json"]
        let report = try JSONValue(Array(try bench(arguments + options).output.utf8))
        #expect(report["sound"]?.boolean == true)
        #expect(report["streams"]?.integer == 100 && report["trades"]?.integer == 10)
        let (first, last) = (report["first_stream_microseconds"], report["last_stream_microseconds"])
        #expect((first?["p50"]?.integer ?? .max) <= (last?["p50"]?.integer ?? 0))
        #expect((report["cpu_microseconds_per_trade"]?.integer ?? -1) >= 0)
    }

    @Test(.timeLimit(.minutes(5)))
    func `Every receipt is recorded and in the log`() throws {
        let arguments = ["receipts", "--workers", "2", "--receipts", "40", "--batch", "15", "--json"]
        let report = try JSONValue(Array(try bench(arguments).output.utf8))
        #expect(report["recorded"]?.integer == 80 && report["logged"]?.integer == 80, "\(report)")
        #expect((report["receipts_per_s"]?.integer ?? 0) > 0 && (report["verified_alone_per_s"]?.integer ?? 0) > 0)
    }

    private static let smallOverload = [
        "overload", "--duration", "1", "--connections", "8", "--peak-seconds", "1", "--singles", "100",
    ]

    /// How much is done, and how soon all is as before, is another machine's affair.
    @Test(.timeLimit(.minutes(5)))
    func `Ten times the peak is offered, every cancel gets through, and the sums hold`() throws {
        let unjudged = ["--json", "--goodput-limit", "0", "--recovery-limit", "0"]
        let report = try JSONValue(Array(try bench(Self.smallOverload + unjudged).output.utf8))
        #expect(report["sound"]?.boolean == true, "\(report)")
        let checks = try #require(report["checks"]?.elements)
        #expect(checks.count == 8 && checks.allSatisfy { $0["holds"]?.boolean == true }, "\(checks)")
        #expect(report["tried"]?.elements?.map { $0["under_way"]?.integer } == [64, 256, 1_024])
        let rates = ["peak_orders", "due", "sent", "goodput_orders"].map { report["\($0)_per_second"] }
        #expect(rates.allSatisfy { if case .number(let text) = $0 { (Double(text) ?? 0) > 0 } else { false } })
        #expect((report["cancels_sent"]?.integer ?? 0) > 0)
        #expect(report["cancels_sent"]?.integer == report["cancels_through"]?.integer)
        let memory = ["before", "most", "bound"].map { report["memory_\($0)_bytes"]?.integer ?? 0 }
        #expect(memory[0] > 1_000_000 && memory == memory.sorted(), "\(memory)")
        // 72 MiB for the engine, 2 for 1,024 requests, and what the tables lacked: a quarter more of it all.
        let lacked = try #require(report["tables_lacked_most_bytes"]?.integer)
        #expect(memory[2] - memory[0] - lacked * 5 / 4 < 93 << 20, "\(memory)")
    }

    /// Ten times the peak is due, so that no server acknowledges as much before it is over.
    @Test(.timeLimit(.minutes(5)))
    func `The report of an overload says what was due, sent, shed, refused and done, and how little that is`() throws {
        let limits = ["--goodput-limit", "1000", "--recovery-limit", "120"]
        let lines = try bench(Self.smallOverload + limits, status: 1).output.split(separator: "\n")
        let beginnings = [
            "peak, ", "due in the overload ", "sent ", "shed by the client", "refused ", "goodput ", "GET /healthz ",
            "cancels, from when they were due ", "memory of the server ", "as before again",
        ]
        for words in beginnings {
            #expect(lines.count { $0.hasPrefix("  " + words) } == 1, "\(words) in \(lines)")
        }
        #expect(lines.contains { $0.hasPrefix("  due in the overload ") && $0.hasSuffix("  1.000") })
        #expect(lines.count { $0.hasPrefix("  BROKEN acknowledged at least 10.000 of the peak: ") } == 1)
        let isLate = lines.contains("  as before again: not in time")
        let verdict = "  \(isLate ? "BROKEN" : "holds ") as before within 120 s of the end: "
        #expect(lines.count { $0.hasPrefix(verdict) } == 1, "\(lines)")
        #expect(lines.count { $0.hasPrefix("  holds  ") } == (isLate ? 8 : 9))
    }

    /// How long health takes is another machine's affair; what is counted here is not.
    @Test(.timeLimit(.minutes(5)))
    func `An attack leaves nothing behind, and every question beside it is answered`() throws {
        let sizes = ["--seconds", "1", "--connections", "4", "--slow-connections", "0", "--health-limit", "60000"]
        let arguments = ["attacks", "--only", "too many streams", "--json"] + sizes
        let report = try JSONValue(Array(try bench(arguments).output.utf8))
        #expect(report["sound"]?.boolean == true, "\(report)")
        #expect(report["checks"]?.elements?.count == 4)
        let attacks = try #require(report["attacks"]?.elements)
        #expect(attacks.map { $0["door"]?.string } == ["cleartext", "TLS", "cleartext", "TLS"])
        for attack in attacks {
            #expect((attack["ended"]?.integer ?? 0) >= 4, "\(attack)")
            #expect((attack["bytes"]?.integer ?? 0) > 4 * 16_384, "\(attack)")
            let clients = try #require(attack["health"]?.elements)
            #expect(clients.map { $0["client"]?.string } == ["cleartext", "cleartext, anew", "TLS", "TLS, anew"])
            #expect(clients.allSatisfy { ($0["asked"]?.integer ?? 0) > 0 }, "\(attack)")
            #expect((clients[0]["asked"]?.integer ?? 0) > 20 && (clients[2]["asked"]?.integer ?? 0) > 20, "\(attack)")
        }
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (["journal", "--rounds", "0"], "--rounds is 1 to 1000"),
            (["journal", "--requests", "10000000", "--rounds", "2"], "--rounds times --requests is at most"),
            (["journal", "--requests", "31"], "--requests is at least --connections"),
            (["journal", "--in-flight", "0"], "--in-flight is 1 to 1024"),
            (["requests", "--orders", "501"], "--orders is a multiple of --batch"),
            (["requests", "--batch", "1001"], "--batch is 1 to 1000"),
            (["requests", "--orders", "500000000"], "2 × --rounds × --orders is at most"),
            (["streams", "--streams", "101"], "--streams is 1 to 100"),
            (["capacity", "--orders", "0"], "--orders is 1 to"),
            (["capacity", "--accounts", "13"], "--accounts is 1 to 12"),
            (["attacks", "--seconds", "0"], "--seconds is 1 to 3600"),
            (["attacks", "--slow-connections", "101"], "--slow-connections is 0 to 100"),
            (["attacks", "--only", "a siege"], "--only is a part of rapid reset; "),
            (["overload", "--duration", "0"], "--duration is 1 to 3600"),
            (["overload", "--connections", "8193"], "--connections is 1 to 8192"),
            (["overload", "--singles", "99"], "--singles is 100 to 100000"),
            (["overload", "--goodput-limit", "1001"], "--goodput-limit is 0 to 1000"),
            (["overload", "--recovery-limit", "121"], "--recovery-limit is 0 to 120"),
        ]
    )
    func `Wrong arguments are refused before anything is measured`(arguments: [String], words: String) throws {
        let result = try Program.run(Program.path, ["bench"] + arguments, in: folder)
        #expect(result.status == 64)
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(remains.isEmpty)
    }
}
