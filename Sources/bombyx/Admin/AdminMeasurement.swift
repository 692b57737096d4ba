internal import ArgumentParser
internal import Demonstration
internal import JSON

/// `bombyx admin lease measurement`.
struct AdminMeasurement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measurement",
        abstract: "Show how workers are measured by countersigned receipts, or set it.",
        discussion: "With any option it is set; what is left out becomes the default."
    )

    @Option(help: "Samples that a number needs before it counts.")
    var samplesMin: Int64?

    @Option(help: "Seconds after which what was counted before counts half.")
    var halfLife: Int64?

    @Option(help: "Seconds between two changes of what offers show.")
    var interval: Int64?

    @Option(help: "Seconds after which a number counts no more unless it was measured again.")
    var lifetime: Int64?

    @OptionGroup var options: AdminOptions

    func run() throws {
        let members: [(String, JSONValue?)] = [
            ("samples_min", samplesMin.map { .integer($0) }), ("half_life_s", halfLife.map { .integer($0) }),
            ("interval_s", interval.map { .integer($0) }), ("lifetime_s", lifetime.map { .integer($0) }),
        ]
        let path = "/v1/market/measurement-policy"
        try options.run { client in
            let isRead = members.allSatisfy { $0.1 == nil }
            return try isRead ? client.bytes("GET", path) : client.bytes("PUT", path, jsonObject(members))
        } show: { policy in
            facts([
                ("samples", policy.shown("samples_min")), ("half-life", policy.shown("half_life_s") + " s"),
                ("interval", policy.shown("interval_s") + " s"), ("lifetime", policy.shown("lifetime_s") + " s"),
            ])
        }
    }

    /// How an account delivers, by model.
    static func table(_ performances: [JSONValue]) -> [String] {
        guard !performances.isEmpty else { return [] }
        var table = TextTable("lrrrr")
        table.row("model", "tokens/s", "first token, ms", "success, bp", "jobs")
        for performance in performances {
            table.row(
                performance.shown("model"),
                performance.shown("throughput_tps"),
                performance.shown("ttft_ms"),
                performance.shown("success_bp"),
                performance.shown("job_count")
            )
        }
        return table.lines(indent: 0)
    }
}
