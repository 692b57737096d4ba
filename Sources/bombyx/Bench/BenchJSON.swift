internal import API
internal import ArgumentParser

/// `bombyx bench json`: what reading bodies and writing answers costs, beside Foundation.
struct BenchJSON: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "json",
        abstract: "Reading bodies and writing answers, beside Foundation's JSONDecoder and JSONEncoder.",
        discussion: """
            offer and bid are the way of a request from its path and body to a checked command: route, JSON, ranges, \
            vocabulary, registry. foundation_offer and foundation_bid are JSONDecoder alone, on the same bytes, into \
            structures with the same fields, without any check. placed and traded are the answers to an order that \
            rests and to one with ten trades; foundation_placed and foundation_traded are JSONEncoder with the same \
            members.

            Before anything is timed, both sides must read the same values and write the same documents.

            Exit codes: 0; 1 when the two sides differ; 64 for wrong arguments.
            """
    )

    @Option(help: "Bodies and answers of a round, 1 to 100,000,000.")
    var documents = 200_000

    @OptionGroup var options: BenchOptions

    func validate() throws {
        guard (1...100_000_000).contains(documents) else { throw ValidationError("--documents is 1 to 100000000.") }
    }

    func run() throws {
        let sampler = Sampler()
        let bodies = JSONBodies(seed: options.seed)
        let answers = JSONAnswers()
        var report = BenchReport(
            name: "json",
            title: "Bodies and answers, beside Foundation: one thread",
            settings: [
                ("documents", Int64(documents)), ("offer_bytes", Int64(bodies.offers[0].count)),
                ("bid_bytes", Int64(bodies.bids[0].count)),
            ],
            options: options,
            sampler: sampler
        )
        report.faults = bodies.faults() + answers.faults()
        func scenario(_ name: String, _ about: String, _ body: @escaping (Int) -> Void) -> BenchScenario {
            BenchScenario(name, about) { [documents] in
                sampler.measure(operations: documents, sampleSize: $0, body)
            }
        }
        let pairs = [
            (
                scenario("offer", "an offer's body to a checked command") { bodies.readOffer($0) },
                scenario("foundation_offer", "the same bytes with JSONDecoder") { bodies.decodeOffer($0) }
            ),
            (
                scenario("bid", "a bid's body to a checked command") { bodies.readBid($0) },
                scenario("foundation_bid", "the same bytes with JSONDecoder") { bodies.decodeBid($0) }
            ),
            (
                scenario("placed", "the answer to an order that rests") { _ in answers.write(answers.placed) },
                scenario("foundation_placed", "the same members with JSONEncoder") { _ in
                    answers.encode(answers.placedDocument)
                }
            ),
            (
                scenario("traded", "the answer to an order with ten trades") { _ in answers.write(answers.traded) },
                scenario("foundation_traded", "the same members with JSONEncoder") { _ in
                    answers.encode(answers.tradedDocument)
                }
            ),
        ]
        report.scenarios = pairs.flatMap { [$0, $1] }
        report.ratios = pairs.map { ours, theirs in
            BenchRatio(
                name: "\(theirs.name)/\(ours.name)",
                about: "times longer with Foundation",
                numerator: theirs,
                denominator: ours
            )
        }
        try BenchScenario.measure(report.scenarios, rounds: options.rounds, sampler)
        if bodies.failures + answers.failures > 0 {
            report.faults.append("\(bodies.failures + answers.failures) documents were not read or written")
        }
        if !report.finish() { throw ExitCode(1) }
    }
}
