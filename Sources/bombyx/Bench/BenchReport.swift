internal import ArgumentParser
internal import Demonstration
internal import JSON

/// What every measurement inside of this process takes.
struct BenchOptions: ParsableArguments {
    @Option(help: "How often each thing is measured, in turns; medians are taken of so many, 1 to 1,000.")
    var rounds = 5

    @Option(help: "The seed of all random numbers.")
    var seed: UInt64 = 1

    @Flag(help: "Print the report in JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds is 1 to 1000.") }
    }
}

/// The report of scenarios that were measured in turns.
struct BenchReport {
    /// The command, as in `match`.
    let name: String
    let title: String
    /// The sizes that were measured with, by their names in JSON.
    let settings: [(String, Int64)]
    let options: BenchOptions
    let sampler: Sampler
    let machine = MachineFacts()
    var scenarios: [BenchScenario] = []
    var ratios: [BenchRatio] = []
    /// Figures of another kind, by their names in JSON.
    var facts: [(String, Int64)] = []
    /// What had to hold and did not: then the figures are of something else than they say.
    var faults: [String] = []

    /// Prints the report and says whether everything held.
    func finish() -> Bool {
        if options.json { Bench.say(json) } else { for line in lines { say(line) } }
        return faults.isEmpty
    }
}

/// How many times longer one scenario takes than another, round by round.
struct BenchRatio {
    let name: String
    let about: String
    let numerator: BenchScenario
    let denominator: BenchScenario

    /// In thousandths.
    var spread: Spread {
        Spread(zip(numerator.rounds, denominator.rounds).map { $0.mean * 1_000 / max(1, $1.mean) })
    }
}

// MARK: - For people

extension BenchReport {
    var lines: [String] {
        var lines = [title, "  " + machine.line]
        lines.append("  seed \(options.seed); " + settings.map { "\($0) \(Figures.count($1))" }.joined(separator: ", "))
        lines.append(
            "  a reading of the clock takes \(sampler.clockNanoseconds) ns, which is taken off; what is shorter than "
                + "\(Sampler.overheadsPerSample) of them is timed several at once"
        )
        if MachineFacts.build == "debug" { lines.append("  A DEBUG BUILD: these figures mean nothing") }
        lines += ["", "Medians of \(options.rounds) rounds, with the smallest and the largest mean"]
        var table = TextTable("lrlrrrrr")
        table.row("", "mean", "", "at once", "p50", "p99", "longest", "allocations")
        for scenario in scenarios {
            let mean = scenario.spread(\.mean)
            table.row(
                scenario.name,
                Self.time(mean.median),
                "\(Self.time(mean.least)) – \(Self.time(mean.most))",
                Figures.count(scenario.sampleSize),
                Self.time(scenario.median(\.p50)),
                Self.time(scenario.median(\.p99)),
                Self.time(scenario.median(\.longest)),
                sampler.countsAllocations ? Self.thousandths(scenario.median(\.allocations)) : "–"
            )
        }
        lines += table.lines()
        lines += scenarios.map { "  \($0.name): \($0.about)" }
        for ratio in ratios {
            let spread = ratio.spread
            let range = "(\(Self.thousandths(spread.least)) – \(Self.thousandths(spread.most)))"
            lines.append("  ratio \(ratio.name): \(Self.thousandths(spread.median)) \(range): \(ratio.about)")
        }
        for (name, value) in facts { lines.append("  \(name): \(Figures.count(value))") }
        return lines + faults.map { "  FAULT: \($0)" }
    }

    /// Picoseconds as people read them.
    private static func time(_ picoseconds: Int64) -> String {
        switch picoseconds {
        case ..<1_000_000: Figures.decimal(Int128(picoseconds), scale: 3, decimals: 1) + " ns"
        case ..<1_000_000_000: Figures.decimal(Int128(picoseconds), scale: 6, decimals: 2) + " µs"
        default: Figures.decimal(Int128(picoseconds), scale: 9, decimals: 2) + " ms"
        }
    }

    private static func thousandths(_ value: Int64) -> String { Figures.decimal(Int128(value), scale: 3, decimals: 3) }
}

// MARK: - JSON

extension BenchReport {
    var json: JSONValue {
        .members([
            ("bench", .string(name)),
            ("seed", .string(String(options.seed))),
            ("rounds", .integer(Int64(options.rounds))),
            ("settings", .members(settings.map { ($0, .integer($1)) })),
            ("machine", machine.json),
            ("clock_nanoseconds", .integer(sampler.clockNanoseconds)),
            ("counts_allocations", .boolean(sampler.countsAllocations)),
            ("measurements", .array(scenarios.map(json))),
            ("ratios", .array(ratios.map(Self.json))),
            ("facts", .members(facts.map { ($0, .integer($1)) })),
            ("faults", .array(faults.map(JSONValue.string))),
            ("sound", .boolean(faults.isEmpty)),
        ])
    }

    private func json(_ scenario: BenchScenario) -> JSONValue {
        .members([
            ("name", .string(scenario.name)),
            ("about", .string(scenario.about)),
            ("operations", .integer(scenario.rounds.first?.operations ?? 0)),
            ("operations_per_sample", .integer(Int64(scenario.sampleSize))),
            ("mean_nanoseconds", Self.json(scenario.spread(\.mean))),
            ("p50_nanoseconds", Self.json(scenario.spread(\.p50))),
            ("p99_nanoseconds", Self.json(scenario.spread(\.p99))),
            ("longest_nanoseconds", Self.json(scenario.spread(\.longest))),
            ("allocations", sampler.countsAllocations ? Self.json(scenario.spread(\.allocations)) : .null),
            ("allocated_bytes", sampler.countsAllocations ? Self.json(scenario.spread(\.allocatedBytes)) : .null),
        ])
    }

    private static func json(_ ratio: BenchRatio) -> JSONValue {
        .members([("name", .string(ratio.name)), ("about", .string(ratio.about)), ("ratio", json(ratio.spread))])
    }

    private static func json(_ spread: Spread) -> JSONValue {
        .members([
            ("median", .thousandths(spread.median)),
            ("least", .thousandths(spread.least)),
            ("most", .thousandths(spread.most)),
        ])
    }
}
