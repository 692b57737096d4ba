internal import ArgumentParser
internal import Foundation
internal import JSON

/// `bombyx admin measure`.
struct AdminMeasure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure",
        abstract: "Say how an account delivers a model.",
        discussion: """
            The operator's word, until receipts say it; answers show it as measured_by: operator. It takes the place \
            of what was said of this account and model before; what is left out is not measured.
            """
    )

    @Argument(help: "The account, as in a2.")
    var account: AccountArgument

    @Argument(help: "The model's name.")
    var model: String

    @Option(help: "Tokens a second.")
    var throughputTps: Int64?

    @Option(help: "Milliseconds to the first token.")
    var ttftMs: Int64?

    @Option(help: "Time in which it answered, in 1/10,000.")
    var uptimeBp: Int64?

    @Option(help: "Days until it ends, 1 to 3650.")
    var days = 7

    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard (1...3_650).contains(days) else { throw ValidationError("--days is 1 to 3650.") }
    }

    func run() throws {
        let end = Date().addingTimeInterval(Double(days) * 86_400)
        var fields: [(String, JSONValue)] = [("model", .string(model)), ("expires_at", .string(end.ISO8601Format()))]
        let numbers = [("throughput_tps", throughputTps), ("ttft_ms", ttftMs), ("uptime_bp", uptimeBp)]
        for (name, number) in numbers {
            if let number { fields.append((name, .integer(number))) }
        }
        let body = jsonObject(fields)
        try options.run {
            try $0.bytes("PUT", "/v1/accounts/\(account.text)/measurements", body)
        } show: { measurement in
            facts([
                ("account", measurement.shown("account_id")), ("model", measurement.shown("model")),
                ("tokens a second", measurement.shown("throughput_tps")),
                ("ms to the first token", measurement.shown("ttft_ms")),
                ("uptime in 1/10,000", measurement.shown("uptime_bp")), ("ends", measurement.shown("expires_at")),
            ])
        }
    }
}
