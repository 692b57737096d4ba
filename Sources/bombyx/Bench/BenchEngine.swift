internal import ArgumentParser
internal import Demonstration
internal import Engine
internal import Units

/// `bombyx bench engine`: what a command costs with everything that the engine does.
struct BenchEngine: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "engine",
        abstract: "Commands a second with holds, ledger, events and digest, in small and in full books.",
        discussion: """
            The engine alone, on one thread, as the server runs it: batches of commands, each batch with its time and \
            its digest, each command with its events. Nothing is written anywhere.

            open_N carries out a mix of 9 gtc orders (half offers, half bids), 3 ioc bids and 6 cancels while about N \
            orders are open. exchange_N is the mix of exchanges: 82 % amendments of the price, which cost an order its \
            place, 9 % gtc, 3 % ioc, 6 % cancels. Every order has a client_order_id. grow_N places N offers in an \
            empty engine and a quarter more: its longest command is one that waits while a table grows.

            --scale N measures instead how the time of a command of the first mix grows: scale_1 is with N open \
            orders, N/100 buying accounts and N/57 capability classes, scale_10 and scale_100 are with ten times and a \
            hundred times as many of each. With 10000 the largest has 1,000,000 orders in some 17,500 classes.

            Every command is timed by itself; a batch's time and digest are in its first and last command.

            Exit codes: 0; 1 when a command was rejected, or the state at the end breaks a rule of the ledger or the \
            book; 64 for wrong arguments.
            """
    )

    @Option(parsing: .upToNextOption, help: "Open orders, 10 to 4,000,000; several sizes may be given.")
    var open = [1_000, 1_000_000]

    @Option(
        help: "Measure how the time grows from so many orders on, 1,000 to 14,000; --open and --classes do not count."
    )
    var scale: Int?

    @Option(help: "Commands of a round in each size, 18 to 10,000,000.")
    var commands = 200_000

    @Option(help: "Commands of a batch, 1 to 100,000.")
    var batch = 256

    @Option(help: "Capability classes at most, 16 to 25,000; a small book has fewer.")
    var classes = 17_500

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard !open.isEmpty, open.allSatisfy({ (10...4_000_000).contains($0) }) else {
            throw ValidationError("--open is 10 to 4000000.")
        }
        guard (1_000...14_000).contains(scale ?? 1_000) else { throw ValidationError("--scale is 1000 to 14000.") }
        guard (18...10_000_000).contains(commands) else { throw ValidationError("--commands is 18 to 10000000.") }
        guard (1...100_000).contains(batch) else { throw ValidationError("--batch is 1 to 100000.") }
        guard (16...25_000).contains(classes) else { throw ValidationError("--classes is 16 to 25000.") }
    }

    func run() throws {
        let sampler = Sampler()
        var report = BenchReport(
            name: "engine",
            title: "Commands with holds, ledger, events and digest: the engine alone, one thread",
            settings: [
                ("commands", Int64(commands)), ("batch", Int64(batch)), ("classes", Int64(classes)),
                ("open_gtc_of_18", 9), ("open_ioc_of_18", 3), ("open_cancel_of_18", 6),
                ("exchange_amend_of_100", 82), ("exchange_gtc_of_100", 9), ("exchange_ioc_of_100", 3),
                ("exchange_cancel_of_100", 6),
            ],
            options: options,
            sampler: sampler
        )
        let loads = makeLoads()
        for load in loads {
            let orders = "about \(Figures.count(load.target)) orders"
            let mixed = load.mix == .orders ? "" : " of an exchange's mix"
            report.scenarios.append(
                BenchScenario(load.name, "a command\(mixed) while \(orders) are open", sampleSize: 1) { [commands] _ in
                    load.run(commands: commands, sampler)
                }
            )
        }
        if scale == nil, let largest = open.max() {
            let orders = largest + largest / 4
            let growth = EngineGrowth(orders: orders, classes: classes(of: largest), batch: batch, seed: options.seed)
            let about = "an offer into an engine that grows from 0 to \(Figures.count(orders)) orders"
            report.scenarios.append(
                BenchScenario("grow_\(largest)", about, sampleSize: 1) { _ in growth.run(sampler) }
            )
        }
        try BenchScenario.measure(report.scenarios, rounds: options.rounds, sampler)
        for load in loads {
            report.faults += load.faults()
            report.facts.append(("\(load.name)_open_orders", Int64(load.openOrders)))
            report.facts.append(("\(load.name)_trades_per_1000_commands", load.tradesPerThousand))
        }
        for scenario in report.scenarios {
            let rate = 1_000_000_000_000 / max(1, scenario.median(\.mean))
            report.facts.append(("\(scenario.name)_commands_per_second", rate))
        }
        if scale != nil { report.ratios = ratios(of: report.scenarios) }
        if !report.finish() { throw ExitCode(1) }
    }

    /// How often longer a command of each larger engine takes than one of the smallest.
    private func ratios(of scenarios: [BenchScenario]) -> [BenchRatio] {
        scenarios.dropFirst().map { larger in
            BenchRatio(
                name: "\(larger.name)/scale_1",
                about: "time of a command, of that in the smallest",
                numerator: larger,
                denominator: scenarios[0]
            )
        }
    }

    /// An engine for each size and mix, filled.
    private func makeLoads() -> [EngineLoad] {
        if let scale {
            return [1, 10, 100].map { factor in
                let orders = scale * factor
                complain("  filling an engine with \(Figures.count(orders)) orders")
                return EngineLoad(
                    open: orders,
                    name: "scale_\(factor)",
                    classes: orders / 57,
                    apps: orders / 100,
                    batch: batch,
                    seed: options.seed
                )
            }
        }
        return open.flatMap { size in
            complain("  filling engines with \(Figures.count(size)) orders")
            return EngineMix.allCases.map { mix in
                EngineLoad(open: size, mix, classes: classes(of: size), batch: batch, seed: options.seed)
            }
        }
    }

    /// A small book has a class for every second order at most.
    private func classes(of size: Int) -> Int { max(8, min(classes, size / 2)) }
}
