internal import ArgumentParser
internal import Demonstration
internal import Exchange
internal import Units

/// `bombyx bench match`: what finding the best counterparty costs, without money, journal or network.
struct BenchMatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "match",
        abstract: "Time to find the best offer in a full book, for friendly and for hostile books.",
        discussion: """
            The book alone, on one thread. A question is the first step of a taker's way: it is put into the book, its \
            best counterparty is found, and it is taken out again.

            one_model and any_model ask a book of many capability classes of 60 models for random demands, which name \
            one of the models, or none. The hostile books have one model, and in each class one offer: near_misses \
            passes the masks in every class and meets the demand in the dearest one only; unattested meets no demand \
            for a trusted environment; one_feature_short lacks another demanded feature in each class, so that no \
            summary of several classes tells them apart; descending_heads meets the demand in every class, each \
            better than the one before it.

            random_walk places and cancels orders of one class around a wandering price, 60 % and 40 %, and \
            sorted_array does the same with the plainest book that there is: two sorted arrays. Both must trade the \
            same lots and have the same orders left.

            preview asks an engine with as many offers in as many classes what random bids of several offers' size \
            would do, and why_not explains the same bids over the engine's published levels: how many offers each \
            constraint costs, and what would fill the bid. Both belong to one answer of the server, on two threads.

            Answers of all books are compared with a search through every offer.

            Exit codes: 0; 1 when an answer was wrong; 64 for wrong arguments.
            """
    )

    @Option(help: "Resting offers, 1 to 10,000,000.")
    var orders = 1_000_000

    @Option(help: "Capability classes, 16 to 25,000.")
    var classes = 17_500

    @Option(help: "Questions of a round to each book, 16 to 10,000,000; the hostile ones get a twentieth.")
    var questions = 20_000

    @Option(help: "Bids of a round that are previewed, 16 to 1,000,000.")
    var previews = 5_000

    @Option(help: "Bids of a round that are explained, 16 to --previews.")
    var explanations = 200

    @Option(help: "Operations of a round of the random walk, 16 to 100,000,000.")
    var walk = 200_000

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (16...25_000).contains(classes) else { throw ValidationError("--classes is 16 to 25000.") }
        guard (classes...10_000_000).contains(orders) else {
            throw ValidationError("--orders is --classes to 10000000.")
        }
        guard (16...10_000_000).contains(questions) else { throw ValidationError("--questions is 16 to 10000000.") }
        guard (16...1_000_000).contains(previews) else { throw ValidationError("--previews is 16 to 1000000.") }
        guard (16...previews).contains(explanations) else {
            throw ValidationError("--explanations is 16 to --previews.")
        }
        guard (16...100_000_000).contains(walk) else { throw ValidationError("--walk is 16 to 100000000.") }
    }

    func run() throws {
        let sampler = Sampler()
        var report = BenchReport(
            name: "match",
            title: "The best counterparty: pure matching, one thread",
            settings: [
                ("orders", Int64(orders)), ("classes", Int64(classes)), ("questions", Int64(questions)),
                ("previews", Int64(previews)), ("explanations", Int64(explanations)), ("walk_operations", Int64(walk)),
            ],
            options: options,
            sampler: sampler
        )
        complain("  filling the books")
        let stages = makeStages()
        for stage in stages { report.faults += stage.faults() }
        let previewing = PreviewStage(
            orders: orders,
            classes: classes,
            previews: previews,
            explanations: explanations,
            seed: options.seed
        )
        report.faults += previewing.faults()
        let walks = PriceWalk(operations: walk, seed: options.seed)
        let ours = BookWalk()
        let reference = SortedArrayWalk()
        let walking = BenchScenario("random_walk", "an order or a cancel around a wandering price, one class") {
            ours.run(walks, sampler, sampleSize: $0)
        }
        let plain = BenchScenario("sorted_array", "the same with two sorted arrays") {
            reference.run(walks, sampler, sampleSize: $0)
        }
        report.scenarios = stages.map { stage in
            BenchScenario(stage.name, stage.about) { stage.run(sampler, sampleSize: $0) }
        }
        report.scenarios += scenarios(of: previewing, sampler) + [walking, plain]
        try BenchScenario.measure(report.scenarios, rounds: options.rounds, sampler)
        report.ratios = [
            BenchRatio(
                name: "sorted_array/random_walk",
                about: "times longer with two sorted arrays",
                numerator: plain,
                denominator: walking
            )
        ]
        if ours.outcome != reference.outcome {
            report.faults.append("the walk came to \(ours.outcome), with sorted arrays to \(reference.outcome)")
        }
        report.facts = stages.map { ("\($0.name)_answered_of_\($0.count)", Int64($0.answered)) }
        report.facts += [
            ("preview_filled_of_\(previewing.previewed)", Int64(previewing.filled)),
            ("why_not_relaxed_of_\(previewing.explained)", Int64(previewing.relaxed)),
            ("preview_resting_offers", Int64(previewing.orders)), ("why_not_classes", Int64(previewing.classCount)),
            ("walk_traded_lots", ours.outcome.tradedLots), ("walk_resting_orders", ours.outcome.restingOrders),
        ]
        if !report.finish() { throw ExitCode(1) }
    }

    /// Each operation is timed by itself, because the longest one counts.
    private func scenarios(of stage: PreviewStage, _ sampler: Sampler) -> [BenchScenario] {
        let count = "\(Figures.count(orders)) offers in \(Figures.count(classes)) classes"
        return [
            BenchScenario("preview", "what a bid would do, in an engine with \(count)", sampleSize: 1) {
                stage.preview(sampler, sampleSize: $0)
            },
            BenchScenario("why_not", "why it would not be filled, over the levels of those", sampleSize: 1) {
                stage.explain(sampler, sampleSize: $0)
            },
        ]
    }

    private func makeStages() -> [MatchStage] {
        let market = MatchMarket(orders: orders, classes: classes, seed: options.seed)
        var random = SeededGenerator(seed: options.seed, stream: 2)
        let named = (0..<questions).map { _ in market.question(namesModel: true, &random) }
        let unnamed = (0..<questions).map { _ in market.question(namesModel: false, &random) }
        let count = "\(Figures.count(orders)) offers in \(Figures.count(classes)) classes"
        // A book keeps its profiles for ever, so each kind of question has a book of its own.
        let friendly = [
            MatchStage("one_model", "a random bid that names one of 60 models, among \(count)", market.offers, named),
            MatchStage("any_model", "a random bid that names no model, among \(count)", market.offers, unnamed),
        ]
        return friendly + HostileBook.allCases.map { $0.stage(classes: classes, questions: max(1, questions / 20)) }
    }
}
