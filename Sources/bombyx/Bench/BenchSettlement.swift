internal import ArgumentParser
internal import Demonstration
internal import Units

/// `bombyx bench settlement`: what it takes to pay many workers on the chain.
struct BenchSettlement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settlement",
        abstract: "Workers paid on a local chain: plans, signatures and the whole way a second, messages and fees.",
        discussion: """
            The engine, who carries out its plans, and a local chain by TON's rules and prices, all inside of this \
            process on one thread; nothing is written anywhere. Every worker has delivered something and has an \
            address of its own. Three things are measured, each with workers who wait for their money:

            plan is the engine's command alone, batch by batch until nobody waits; sign is the message of each of \
            these batches; settle is the whole way: plan, sign, send, the chain, and what the engine is told of it, \
            until every payout is final. The chain's own work is in it; its clock is turned on by hand, and how far is \
            in the facts.

            Exit codes: 0; 1 when somebody was not paid exactly what he earned, or chain and ledger differ; 64 for \
            wrong arguments.
            """
    )

    @Option(help: "Workers that are paid, 1 to 100,000.")
    var workers = 10_000

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (1...100_000).contains(workers) else { throw ValidationError("--workers is 1 to 100000.") }
    }

    func run() throws {
        let sampler = Sampler()
        complain("  \(Figures.count(workers)) workers earn")
        let stage = try PayoutStage(workers: workers, seed: options.seed)
        var report = BenchReport(
            name: "settlement",
            title: "Workers paid on a local chain: engine, agent and chain, one thread",
            settings: [("workers", Int64(workers))],
            options: options,
            sampler: sampler
        )
        let plan = BenchScenario("plan", "a payout in the engine's plans", sampleSize: 1) { _ in
            try stage.plan(sampler)
        }
        let sign = BenchScenario("sign", "a payout in a message that is signed", sampleSize: 1) { _ in
            try stage.sign(sampler)
        }
        let settle = BenchScenario("settle", "a payout from the plan until it is final", sampleSize: 1) { _ in
            try stage.settle(sampler)
        }
        report.scenarios = [plan, sign, settle]
        try BenchScenario.measure(report.scenarios, rounds: options.rounds, sampler)
        for scenario in report.scenarios {
            let rate = 1_000_000_000_000 / max(1, scenario.median(\.mean))
            report.facts.append(("\(scenario.name)_payouts_per_second", rate))
        }
        let settled = stage.settled
        report.facts += [
            ("messages", settled.messages), ("payouts", settled.payouts), ("paid_nanoton", settled.paid),
            ("fees_nanoton", settled.fees), ("fee_per_payout_nanoton", settled.fees / max(1, settled.payouts)),
            ("wall_milliseconds", settle.median(\.mean) * settled.payouts / 1_000_000_000),
            ("chain_seconds", settled.chainSeconds),
        ]
        report.faults = stage.faults
        if !report.finish() { throw ExitCode(1) }
    }
}
