internal import ArgumentParser
internal import Demonstration
internal import JSON

/// A key's identifier, as in `k3`.
struct KeyArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        let digits = argument.dropFirst()
        guard argument.first == "k", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        text = argument
    }
}

extension AdminKey {
    /// `bombyx admin key list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the keys of an account, newest first.")

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/accounts/\(account.text)/keys")
            } show: { keys in
                var table = TextTable("lllllll")
                table.row("key", "scopes", "label", "ends", "revoked", "networks", "spent in total")
                for key in keys["data"]?.elements ?? [] {
                    table.row(
                        key.shown("id"),
                        key.shown("scopes"),
                        key.shown("label"),
                        key["expires_at"]?.string ?? "never",
                        key.shown("revoked_at"),
                        key["limits"]?.shown("allowed_networks") ?? "",
                        key["spending"]?.toncoins("total_nanoton") ?? "–"
                    )
                }
                return table.lines(indent: 0)
            }
        }
    }

    /// `bombyx admin key revoke`.
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revoke a key at once, with all that it made.",
            discussion: "When this returns, no request with the key succeeds any more."
        )

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @Argument(help: "The key, as in k3.")
        var key: KeyArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("DELETE", "/v1/accounts/\(account.text)/keys/\(key.text)")
            } show: { key in
                facts([("key", key.shown("id")), ("revoked", key.shown("revoked_at"))])
            }
        }
    }

    /// `bombyx admin key limit`.
    struct Limit: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set where a key may be used, and how much it may spend.",
            discussion: """
                All limits are replaced; without an option there is none. Amounts are as 25TON, 0.5TON, or a whole \
                number of nanoTON, of what bids hold when they are accepted.
                """
        )

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @Argument(help: "The key, as in k3.")
        var key: KeyArgument

        @Option(help: "Most that one bid may hold.", transform: AdminDeposit.nanoTON)
        var order: Int64?

        @Option(help: "Most that the bids of one UTC day may hold or have spent.", transform: AdminDeposit.nanoTON)
        var day: Int64?

        @Option(help: "Most that all bids may hold or have spent.", transform: AdminDeposit.nanoTON)
        var total: Int64?

        @Option(
            help: ArgumentHelp(
                "A block of addresses from which it may be used, as in 192.0.2.0/24; may be given 16 times.",
                valueName: "block"
            )
        )
        var network: [String] = []

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([
                ("order_budget_nanoton", order.map { .string(String($0)) }),
                ("day_budget_nanoton", day.map { .string(String($0)) }),
                ("total_budget_nanoton", total.map { .string(String($0)) }),
                ("allowed_networks", .array(network.map { .string($0) })),
            ])
            try options.run {
                try $0.bytes("PUT", "/v1/accounts/\(account.text)/keys/\(key.text)/limits", body)
            } show: { key in
                let limits = key["limits"] ?? .null
                return facts([
                    ("key", key.shown("id")), ("a bid", limits.toncoins("order_budget_nanoton")),
                    ("a day", limits.toncoins("day_budget_nanoton")),
                    ("in total", limits.toncoins("total_budget_nanoton")),
                    ("networks", limits.shown("allowed_networks")),
                ])
            }
        }
    }
}

/// `bombyx admin audit`.
struct AdminAudit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show what operators' keys did, and what they were refused, newest first."
    )

    @Option(help: "Entries, at most 1000.")
    var limit = 20

    @OptionGroup var options: AdminOptions

    func run() throws {
        try options.run {
            try $0.bytes("GET", "/v1/audit?limit=\(limit)")
        } show: { page in
            var table = TextTable("rlllll")
            table.row("sequence", "at", "key", "action", "target", "refused")
            for entry in page["data"]?.elements ?? [] {
                table.row(
                    entry.shown("sequence"),
                    entry.shown("at"),
                    entry.shown("account_id") + " " + entry.shown("key_id"),
                    entry.shown("action"),
                    entry.shown("target"),
                    entry.shown("refused")
                )
            }
            return table.lines(indent: 0)
        }
    }
}
