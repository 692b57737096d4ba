internal import ArgumentParser
internal import Demonstration
internal import JSON
internal import Measurement

/// `bombyx bench`: measurements that anybody can repeat.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure matching, commands, bodies, requests, tables, memory, streams, receipts, payouts, overload, "
            + "attacks.",
        discussion: """
            match, engine, json and settlement measure a part of the program inside of this process; projector does so \
            with a PostgreSQL of its own. journal, requests, capacity, streams, receipts, overload and attacks start a \
            server of their own on free ports with an empty state folder and are clients of it like any other. None of \
            them leaves anything behind.
            """,
        subcommands: [
            BenchMatch.self, BenchEngine.self, BenchJSON.self, BenchJournal.self, BenchRequests.self,
            BenchProjector.self, BenchCapacity.self, BenchStreams.self, BenchReceipts.self, BenchSettlement.self,
            BenchOverload.self, BenchAttacks.self,
        ]
    )

    /// A report, alone on the standard output.
    static func say(_ report: JSONValue) {
        var writer = JSONWriter()
        writer.value(report)
        put(String(decoding: writer.finish(), as: UTF8.self) + "\n", to: 1)
    }

    /// What is said on the way: to where people read, so that a report in JSON stays alone on the standard output.
    static func tell(_ line: String, besideJSON: Bool) {
        if besideJSON { complain(line) } else { bombyx.say(line) }
    }

    /// Carries a measurement out with a server of its own, and ends that server whatever happens.
    static func measure(options: [String] = [], _ body: (TemporaryServer) throws -> Bool) throws {
        // Before any thread exists, so that all of them leave these signals to the one that waits for them.
        let signals = StopSignals()
        let isSound: Bool
        do {
            isSound = try measured(options, signals, body)
        } catch {
            complain("bombyx bench: \(error)")
            throw ExitCode(2)
        }
        if !isSound { throw ExitCode(1) }
    }

    private static func measured(
        _ options: [String],
        _ signals: StopSignals,
        _ body: (TemporaryServer) throws -> Bool
    ) throws -> Bool {
        let server = try TemporaryServer(of: "bench", options: options)
        let watch = try InterruptWatch(signals, server, keepsFolder: false)
        defer { watch.end() }
        defer { server.end(keepingFolder: false) }
        do {
            return try body(server)
        } catch {
            throw CommandFailure("\(error)\nThe server's last words:\n\(server.logTail)")
        }
    }
}

extension TemporaryServer {
    /// The key of a new account that may have `openOrdersMax` resting orders, to offer and to read with.
    func makeWorker(_ label: String, openOrdersMax: Int64, by operations: ExchangeClient) throws -> String {
        let terms = jsonObject([("label", .string(label)), ("open_orders_max", .integer(openOrdersMax))])
        let id = try operations.json("POST", "/v1/accounts", terms)["id"]?.string ?? ""
        let scopes = jsonObject([("scopes", .array([.string("offer"), .string("read")]))])
        guard let key = try operations.json("POST", "/v1/accounts/\(id)/keys", scopes)["key"]?.string else {
            throw CommandFailure("the server made no key")
        }
        return key
    }

    /// Enters the model that the measurements offer.
    func makeModel(by operations: ExchangeClient) throws {
        let facts = jsonObject([("weight_set", .string("standard")), ("context_length", .integer(1 << 20))])
        _ = try operations.json("PUT", "/v1/models/" + Self.model, facts)
    }

    static let model = "bombyx/bench"
}

extension JSONValue {
    /// An object with its members in order.
    static func members(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { JSONValue.Member($0, $1) })
    }

    /// A number in thousandths.
    static func thousandths(_ value: Int64) -> JSONValue {
        let digits = String(value % 1_000)
        return .number("\(value / 1_000)." + String(repeating: "0", count: 3 - digits.count) + digits)
    }
}

extension Latencies.Summary {
    var json: JSONValue {
        .members([
            ("count", .integer(count)), ("p50_microseconds", .integer(p50)),
            ("p99_microseconds", .integer(p99)), ("longest_microseconds", .integer(max)),
        ])
    }
}
