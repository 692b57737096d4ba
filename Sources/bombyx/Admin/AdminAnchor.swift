internal import ArgumentParser
internal import Demonstration
internal import JSON

extension AdminSettlement {
    /// `bombyx admin settlement anchor`.
    struct Anchor: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look at the log's anchors on the chain, ask for one, and say when they are made.",
            subcommands: [List.self, Now.self, Policy.self]
        )

        /// `bombyx admin settlement anchor list`.
        struct List: ParsableCommand {
            static let configuration = CommandConfiguration(abstract: "List anchors, newest first.")

            @Option(help: "Anchors to show, 1 to 1000.")
            var limit = 20

            @OptionGroup var options: AdminOptions

            func validate() throws {
                guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
            }

            func run() throws {
                try options.run {
                    try $0.bytes("GET", "/v1/log/anchors?limit=\(limit)")
                } show: { page in
                    var table = TextTable("lrllll")
                    table.row("batch", "entries", "state", "arrived", "transaction", "root")
                    for row in page["data"]?.elements ?? [] {
                        table.row(
                            row.shown("settlement_id"),
                            row.shown("size"),
                            row.shown("state"),
                            row.shown("arrived_at"),
                            (row["transaction"] ?? .null).shown("hash"),
                            row.shown("root_sha256")
                        )
                    }
                    return page.listed(table)
                }
            }
        }

        /// `bombyx admin settlement anchor now`.
        struct Now: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Ask for an anchor before its time.",
                discussion: "It goes with the next batch, or by itself. `list` shows when the chain has it."
            )

            @OptionGroup var options: AdminOptions

            func run() throws {
                try options.run {
                    try $0.bytes("POST", "/v1/settlement:anchor", jsonObject([]))
                } show: {
                    facts([("requested", $0.shown("is_requested")), ("sequence", $0.shown("sequence"))])
                }
            }
        }

        /// `bombyx admin settlement anchor policy`.
        struct Policy: ParsableCommand {
            static let configuration = CommandConfiguration(
                abstract: "Show when the log is anchored, or change it.",
                discussion: "What is left out stays as it is."
            )

            @Option(help: "Whether the log is anchored without being asked for: true or false.")
            var enabled: Bool?

            @Option(help: "Seconds from one anchor to the next, 1 to 31536000.")
            var interval: Int64?

            @Option(
                help: "What the wallet sends itself with one, 0.001TON to 1TON; it has it again, less the gas.",
                transform: AdminDeposit.nanoTON
            )
            var amount: Int64?

            @OptionGroup var options: AdminOptions

            func run() throws {
                try options.run { client in
                    let now = try client.bytes("GET", "/v1/settlement/anchor-policy")
                    guard enabled != nil || interval != nil || amount != nil else { return now }
                    let policy = try JSONValue(now, limits: .answer)
                    let body = jsonObject([
                        ("is_enabled", enabled.map { .boolean($0) } ?? policy["is_enabled"]),
                        ("interval_s", interval.map { .integer($0) } ?? policy["interval_s"]),
                        ("amount_nanoton", amount.map { .integer($0) } ?? policy["amount_nanoton"]),
                    ])
                    return try client.bytes("PUT", "/v1/settlement/anchor-policy", body)
                } show: { policy in
                    var lines = [
                        ("enabled", policy.shown("is_enabled")), ("every", policy.shown("interval_s") + " s"),
                        ("with", policy.toncoins("amount_nanoton")),
                    ]
                    // A change is answered with what holds from now on, and not with how far the log is.
                    if policy["anchored_size"] != nil {
                        lines.append(("requested", policy.shown("is_requested")))
                        lines.append(("entries on the chain", policy.shown("anchored_size")))
                    }
                    return facts(lines)
                }
            }
        }
    }
}
