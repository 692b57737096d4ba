import Foundation
import JSON
import Testing

/// `bombyx bench match`, `engine`, `json`, `projector` and `settlement` from outside: that they measure, and that they
/// notice when something is wrong, not how fast anything is.
@Suite(.serialized, .enabled(if: Program.isBuilt)) struct BenchPartTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// A command, what it measures, and in pairs what it divides by what.
    struct Part: CustomTestStringConvertible {
        let name: String
        let arguments: [String]
        let measurements: [String]
        let ratios: [String]

        var testDescription: String { name }
    }

    static let parts = [
        Part(
            name: "match",
            arguments: ["--orders", "2000", "--classes", "200", "--questions", "400", "--walk", "4000"]
                + ["--previews", "200", "--explanations", "40"],
            measurements: [
                "one_model", "any_model", "near_misses", "unattested", "one_feature_short", "descending_heads",
                "preview", "why_not", "random_walk", "sorted_array",
            ],
            ratios: ["sorted_array/random_walk"]
        ),
        Part(
            name: "engine",
            arguments: ["--open", "50", "1000", "--commands", "2000", "--classes", "100"],
            measurements: ["open_50", "exchange_50", "open_1000", "exchange_1000", "grow_1000"],
            ratios: []
        ),
        Part(
            name: "engine",
            arguments: ["--scale", "1000", "--commands", "1800"],
            measurements: ["scale_1", "scale_10", "scale_100"],
            ratios: ["scale_10/scale_1", "scale_100/scale_1"]
        ),
        Part(
            name: "json",
            arguments: ["--documents", "1000"],
            measurements: [
                "offer", "foundation_offer", "bid", "foundation_bid", "placed", "foundation_placed", "traded",
                "foundation_traded",
            ],
            ratios: [
                "foundation_offer/offer", "foundation_bid/bid", "foundation_placed/placed", "foundation_traded/traded",
            ]
        ),
        Part(
            name: "projector",
            arguments: ["--commands", "3000", "--events", "4000"],
            measurements: ["project", "copy"],
            ratios: ["project/copy"]
        ),
        Part(
            name: "settlement",
            arguments: ["--workers", "600"],
            measurements: ["plan", "sign", "settle"],
            ratios: []
        ),
    ]

    private func bench(_ part: Part, _ options: [String]) throws -> Program.Result {
        let arguments = ["bench", part.name] + part.arguments + ["--rounds", "2"] + options
        let result = try Program.run(Program.path, arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)\n\(result.output)")
        #expect(folder.entries.allSatisfy { !$0.hasPrefix("bombyx-bench") })
        return result
    }

    @Test(.timeLimit(.minutes(5)), arguments: parts)
    func `The report in JSON has every measurement, the machine, and counted allocations`(part: Part) throws {
        let report = try JSONValue(Array(try bench(part, ["--json", "--seed", "7"]).output.utf8))
        #expect(report["bench"]?.string == part.name)
        #expect(report["sound"]?.boolean == true)
        #expect(report["seed"]?.string == "7")
        #expect(report["counts_allocations"]?.boolean == true)
        for fact in ["processor", "kernel", "compiler", "build", "load_average_before"] {
            #expect(report["machine"]?[fact]?.string?.isEmpty == false, "\(fact)")
        }
        let measurements = try #require(report["measurements"]?.elements)
        #expect(measurements.map { $0["name"]?.string } == part.measurements)
        for measurement in measurements {
            let mean = measurement["mean_nanoseconds"]
            let (least, median, most) = (number(mean?["least"]), number(mean?["median"]), number(mean?["most"]))
            #expect(0 < least && least <= median && median <= most, "\(measurement)")
            let p99 = number(measurement["p99_nanoseconds"]?["median"])
            #expect(number(measurement["p50_nanoseconds"]?["median"]) <= p99)
            #expect(p99 <= number(measurement["longest_nanoseconds"]?["median"]))
            #expect((measurement["operations"]?.integer ?? 0) > 0)
            #expect((measurement["operations_per_sample"]?.integer ?? 0) > 0)
            #expect(number(measurement["allocations"]?["median"]) >= 0)
        }
        #expect(report["ratios"]?.elements?.map { $0["name"]?.string } == part.ratios)
    }

    @Test(.timeLimit(.minutes(5)), arguments: parts.filter { !$0.arguments.contains("--scale") })
    func `The report for people has a line for every measurement and ratio`(part: Part) throws {
        let lines = try bench(part, []).output.split(separator: "\n")
        for name in part.measurements {
            #expect(lines.contains { $0.hasPrefix("  \(name)  ") }, "\(name)")
            #expect(lines.contains { $0.hasPrefix("  \(name): ") }, "\(name)")
        }
        for ratio in part.ratios { #expect(lines.contains { $0.hasPrefix("  ratio \(ratio): ") }, "\(ratio)") }
        #expect(lines.contains { $0.contains("seed 1; ") })
    }

    @Test(.timeLimit(.minutes(5)))
    func `The same seed finds the same, another one does not`() throws {
        func facts(_ seed: String) throws -> JSONValue? {
            try JSONValue(Array(try bench(Self.parts[0], ["--json", "--seed", seed]).output.utf8))["facts"]
        }
        let first = try facts("3")
        #expect(try first == facts("3"))
        #expect(try first != facts("4"))
    }

    @Test(.timeLimit(.minutes(5)))
    func `Every worker is paid, in as few messages as there can be`() throws {
        let part = try #require(Self.parts.first { $0.name == "settlement" })
        let facts = try JSONValue(Array(try bench(part, ["--json"]).output.utf8))["facts"]
        #expect(facts?["payouts"]?.integer == 600 && facts?["messages"]?.integer == 3, "254 in each: \(facts as Any)")
        let (paid, fees) = (facts?["paid_nanoton"]?.integer ?? 0, facts?["fees_nanoton"]?.integer ?? 0)
        #expect(paid > 600 * 100_000_000 && fees > 0)
        #expect(facts?["fee_per_payout_nanoton"]?.integer == fees / 600)
        #expect((facts?["chain_seconds"]?.integer ?? 0) > 0 && (facts?["wall_milliseconds"]?.integer ?? 0) > 0)
        for name in ["plan", "sign", "settle"] {
            #expect((facts?["\(name)_payouts_per_second"]?.integer ?? 0) > 0)
        }
    }

    /// JSONDecoder makes arrays, strings and more; a program that counted nothing would say 0.
    @Test(.timeLimit(.minutes(5)))
    func `Foundation's decoder is seen to allocate`() throws {
        let report = try JSONValue(Array(try bench(Self.parts[3], ["--json"]).output.utf8))
        let decoder = report["measurements"]?.elements?.first { $0["name"]?.string == "foundation_offer" }
        #expect(number(decoder?["allocations"]?["median"]) >= 5)
        #expect(number(decoder?["allocated_bytes"]?["median"]) >= 100)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (["match", "--rounds", "0"], "--rounds is 1 to 1000"),
            (["match", "--classes", "15"], "--classes is 16 to 25000"),
            (["match", "--orders", "10"], "--orders is --classes to"),
            (["match", "--previews", "15"], "--previews is 16 to 1000000"),
            (["match", "--previews", "20", "--explanations", "21"], "--explanations is 16 to --previews"),
            (["engine", "--open", "9"], "--open is 10 to"),
            (["engine", "--batch", "0"], "--batch is 1 to"),
            (["engine", "--scale", "999"], "--scale is 1000 to"),
            (["json", "--documents", "0"], "--documents is 1 to"),
            (["projector", "--commands", "1"], "--commands is 2 to"),
            (["settlement", "--workers", "0"], "--workers is 1 to 100000"),
        ]
    )
    func `Wrong arguments are refused before anything is measured`(arguments: [String], words: String) throws {
        let result = try Program.run(Program.path, ["bench"] + arguments, in: folder)
        #expect(result.status == 64)
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    /// A number of the report, -1 for none.
    private func number(_ value: JSONValue?) -> Double {
        switch value {
        case .integer(let value): Double(value)
        case .number(let text): Double(text) ?? -1
        default: -1
        }
    }
}
