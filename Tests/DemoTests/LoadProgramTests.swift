import Foundation
import JSON
import Testing

/// `bombyx load` from outside.
@Suite(.serialized, .enabled(if: Program.isBuilt)) struct LoadProgramTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// Folders that a load made and did not remove.
    var remains: [String] { folder.entries.filter { $0.hasPrefix("bombyx-load") } }

    /// A short load; its report in JSON.
    private func load(_ arguments: [String], status: Int32 = 0) throws -> JSONValue {
        let short = ["--accounts", "20", "--models", "3", "--sample", "20", "--connections", "3", "--streams", "8"]
        let result = try Program.run(Program.path, ["load", "--json", "-"] + short + arguments, in: folder)
        #expect(result.status == status, "\(result.errors)\n\(result.output)")
        #expect(remains.isEmpty)
        return try JSONValue(Array(result.output.utf8))
    }

    private func check(_ report: JSONValue, _ rule: String) -> JSONValue? {
        report["checks"]?.elements?.first { $0["rule"]?.string?.contains(rule) == true }
    }

    private static let scenarios = [
        ("mixed", ["offer", "bid", "cancel", "read_order", "read_book"]), ("resting", ["offer", "bid"]),
        ("offers", ["offer"]), ("half", ["offer", "bid"]), ("cancel", ["offer", "bid", "cancel"]),
        ("readers", ["offer", "read_order", "read_book"]),
    ]

    @Test(.timeLimit(.minutes(10)), arguments: [[], ["--tls"]])
    func `Every scenario goes over both ports and everything holds`(port: [String]) throws {
        try withServer { state, _, _ in
            for (scenario, kinds) in Self.scenarios {
                let arguments = ["--state-dir", state, "--scenario", scenario, "--requests", "1500"]
                let report = try load(arguments + port)
                #expect(report["sound"]?.boolean == true)
                #expect(report["answered"]?.integer == 1_500)
                #expect(report["checks"]?.elements?.count == 8)
                let address = report["settings"]?["server"]?.string
                #expect(address?.hasPrefix(port.isEmpty ? "http://" : "https://") == true)
                for name in ["unknown", "refused", "connections", "unsent"] {
                    #expect(report["losses"]?[name]?.integer == 0, "\(scenario): \(name)")
                }
                // Commands that were sampled are read back and sent again: two requests each, or more where the tables
                // were not that far.
                let asked = report["verification_requests"]?.integer ?? 0
                #expect(scenario == "readers" || asked >= 40, "\(scenario): \(asked)")
                let gaps = check(report, "durable")?["detail"]?.string
                #expect(gaps?.hasSuffix("; 0 sequence numbers were not ours") == true, "\(scenario)")
                #expect(report["latency_by_kind"]?.members?.map(\.key) == kinds)
            }
        }
    }

    @Test(.timeLimit(.minutes(5)), arguments: [[], ["--tls"]])
    func `Streams beside a load tell every trade, with numbers and check sums that fit`(port: [String]) throws {
        let readers = ["--scenario", "streams", "--reader-connections", "4", "--reader-streams", "6"]
        let report = try load(readers + ["--requests", "2000"] + port)
        #expect(report["sound"]?.boolean == true && report["checks"]?.elements?.count == 10, "\(report)")
        let told = check(report, "told every trade")?["detail"]?.string ?? ""
        // 500 trades, each in the eight streams of its model of three.
        #expect(told == "24 of 24 streams, 4,000 trades told", "\(told)")
        #expect(check(report, "check sums")?["detail"]?.string?.hasSuffix("came back 0 times") == true)
    }

    @Test(.timeLimit(.minutes(5)))
    func `Without an address it has a server of its own, and more connections than accounts`() throws {
        let report = try load(["--requests", "1000", "--connections", "200", "--serve=--io-threads", "--serve=1"])
        #expect(report["settings"]?["server"]?.string?.hasSuffix(", a server of its own") == true)
        #expect(report["sound"]?.boolean == true && report["answered"]?.integer == 1_000)
        #expect((report["processor"]?["server_microseconds"]?.integer ?? 0) > 0)
        #expect((report["processor"]?["generator_microseconds"]?.integer ?? 0) > 0)
    }

    @Test(.timeLimit(.minutes(5)), arguments: ["fixed", "poisson"])
    func `An open loop sends what is due, over several threads, and draws it`(arrivals: String) throws {
        let plots = folder.path + "/plots"
        let report = try load([
            "--rate", "200", "--arrivals", arrivals, "--duration", "3", "--ramp", "1", "--threads", "2", "--plot",
            plots,
        ])
        #expect(report["open_loop"]?.boolean == true)
        let answered = report["answered"]?.integer ?? 0
        let unsent = report["losses"]?["unsent"]?.integer ?? 0
        // 200 a second for three seconds; the deviation of a random number of arrivals is 25.
        #expect((450...750).contains(answered + unsent), "\(answered) and \(unsent)")
        #expect((30...200).contains(report["answered_in_ramp"]?.integer ?? 0))
        #expect(report["latency"]?["corrected"]?["count"]?.integer ?? 0 >= answered)
        for file in ["latency.svg", "throughput.svg", "lag.svg"] {
            let text = try String(contentsOfFile: plots + "/" + file, encoding: .utf8)
            #expect(text.hasPrefix("<?xml") && text.hasSuffix("</svg>\n"), "\(file)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `The report for people says what was changed and how durable the database is`() throws {
        let arguments = ["load", "--requests", "300", "--accounts", "4", "--connections", "2", "--streams", "4"]
        let result = try Program.run(Program.path, arguments + ["--sample", "0"], in: folder)
        #expect(result.status == 0, "\(result.errors)\n\(result.output)")
        for words in [
            "10,000,000 for each of them; it is 10,000 for others", "100,000 TON for each of the 2 that buy",
            "synchronous commit  on", "fsync ", "µs of processor time a request", "retries: none",
            "Everything that was looked at holds.",
        ] {
            #expect(result.output.contains(words), "\(words) in\n\(result.output)")
        }
    }

    /// Starts a server on ports that are free, or on those of one before, for `body`, and ends it.
    private func withServer(
        at http: String = "127.0.0.1:0",
        _ body: (_ stateFolder: String, _ facts: JSONValue, _ server: Process) throws -> Void
    ) throws {
        let state = folder.path + "/state"
        let serverFolder = try Folder()
        let arguments = ["serve", "--state-dir", state, "--listen", http, "--tls-listen", "127.0.0.1:0"]
        _ = try Program.run(Program.path, arguments, in: serverFolder) { server in
            defer { server.terminate() }
            var facts = JSONValue.null
            try waitUntil("the server is ready") {
                try #require(server.isRunning)
                let file = URL(fileURLWithPath: state + "/serve.json")
                facts = (try? Data(contentsOf: file)).flatMap { try? JSONValue(Array($0)) } ?? .null
                return facts["pid"]?.integer == Int64(server.processIdentifier)
            }
            try body(state, facts, server)
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `A server that runs is loaded by its folder, or by its address, also after others`() throws {
        try withServer { state, facts, _ in
            let byFolder = try load(["--state-dir", state, "--requests", "500"])
            #expect(byFolder["processor"]?["server_microseconds"]?.integer != nil)
            #expect(check(byFolder, "SQL")?["holds"]?.boolean == true)

            let https = "https://" + (facts["https"]?.string ?? "")
            let key = ["--operator-key-file", state + "/operator.key"]
            let certificate = ["--ca", facts["certificate"]?.string ?? ""]
            let byAddress = try load(["--url", https, "--requests", "500"] + key + certificate)
            #expect(byAddress["processor"]?["server_microseconds"] == .null)
            #expect(check(byAddress, "the server is ready")?["holds"]?.boolean == true)
            let unchecked = try load(["--url", https, "--insecure", "--requests", "100"] + key)
            #expect(unchecked["sound"]?.boolean == true)

            let untrusted = ["load", "--url", https, "--requests", "1"] + key
            let result = try Program.run(Program.path, untrusted, in: folder)
            #expect(result.status == 2 && result.errors.contains("certificate"), "\(result.errors)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `A server that is killed and comes back is survived, and everything acknowledged is there`() throws {
        let elsewhere = try Folder()
        let report = elsewhere.path + "/report.json"
        try withServer { state, facts, server in
            let http = try #require(facts["http"]?.string)
            let arguments = [
                "load", "--state-dir", state, "--duration", "8", "--accounts", "8", "--connections", "2", "--streams",
                "8", "--sample", "50", "--json", report,
            ]
            let result = try Program.run(Program.path, arguments, in: elsewhere) { load in
                usleep(4_000_000)
                kill(server.processIdentifier, SIGKILL)
                server.waitUntilExit()
                try withServer(at: http) { _, _, _ in load.waitUntilExit() }
            }
            #expect(result.status == 0, "\(result.errors)\n\(result.output)")
        }
        let found = try JSONValue(Array(Data(contentsOf: URL(fileURLWithPath: report))))
        #expect((found["losses"]?["connections"]?.integer ?? 0) >= 2)
        #expect(found["sound"]?.boolean == true)
        #expect((found["verification_requests"]?.integer ?? 0) > 0)
    }

    @Test(.timeLimit(.minutes(5)))
    func `A server that does not come back is told, once somebody no longer waits`() throws {
        try withServer { state, _, server in
            let arguments = [
                "load", "--state-dir", state, "--duration", "60", "--accounts", "4", "--connections", "2", "--streams",
                "4",
            ]
            let elsewhere = try Folder()
            let result = try Program.run(Program.path, arguments, in: elsewhere) { load in
                usleep(4_000_000)
                kill(server.processIdentifier, SIGKILL)
                for _ in 0..<2 {
                    usleep(1_000_000)
                    load.interrupt()
                }
            }
            #expect(result.status == 2, "\(result.errors)\n\(result.output)")
            #expect(result.errors.contains("does not answer"), "\(result.errors)")
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `A load that is interrupted reports what it did and leaves nothing behind`() throws {
        let arguments = ["load", "--duration", "600", "--accounts", "4", "--connections", "2", "--streams", "4"]
        let result = try Program.run(Program.path, arguments, in: folder) { load in
            let errors = folder.path + "/errors.txt"
            try waitUntil("the load is under way") {
                try #require(load.isRunning)
                let text = try String(contentsOfFile: errors, encoding: .utf8)
                return text.contains("opening accounts: 26 of 26")
            }
            usleep(2_000_000)
            load.interrupt()
        }
        #expect(result.status == 130, "\(result.errors)\n\(result.output)")
        #expect(result.output.hasPrefix("Load, interrupted: what was done until then"))
        #expect(result.output.contains("Everything that was looked at holds."))
        #expect(remains.isEmpty)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (["--connections", "0"], "--connections is 1 to 20000"), (["--streams", "0"], "--streams is 1 to 1024"),
            (["--threads", "5", "--connections", "4"], "at most --connections"),
            (["--requests", "0"], "--requests is 1 to"), (["--duration", "0"], "--duration is 1 to"),
            (["--rate", "0"], "--rate is 1 to"), (["--ramp=-1"], "--ramp is 0 to"),
            (["--accounts", "1"], "--accounts is 2 to"), (["--models", "0"], "--models is 1 to"),
            (["--deposit", "0"], "--deposit is 1 to"), (["--sample=-1"], "--sample is 0 to"),
            (["--url", "http://x", "--tls"], "--url says by itself"),
            (["--insecure"], "--ca and --insecure are for"), (["--url", "http://x", "--serve", "y"], "--serve is for"),
        ]
    )
    func `Wrong arguments are refused before anything starts`(arguments: [String], words: String) throws {
        let result = try Program.run(Program.path, ["load"] + arguments, in: folder)
        #expect(result.status == 64)
        #expect(result.errors.contains(words), "\(result.errors)")
        #expect(remains.isEmpty)
    }
}
