internal import ArgumentParser
internal import Demonstration
internal import Foundation
internal import JSON

/// `bombyx admin account`.
struct AdminAccount: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account",
        abstract: "Open accounts and look at them.",
        subcommands: [Create.self, List.self, Show.self]
    )

    /// `bombyx admin account create`.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Open an account for a worker or an app.")

        @Argument(help: "A name for people, at most 64 bytes.")
        var label: String

        @Option(help: "Orders that may rest at once.")
        var openOrdersMax: Int64?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([("label", .string(label)), ("open_orders_max", openOrdersMax.map { .integer($0) })])
            try options.run {
                try $0.bytes("POST", "/v1/accounts", body)
            } show: { account in
                facts([("account", account.shown("id")), ("label", account.shown("label"))])
            }
        }
    }

    /// `bombyx admin account list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the accounts, newest first.")

        @Option(help: "Accounts to show, 1 to 1000.")
        var limit = 100

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
        }

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/accounts?limit=\(limit)")
            } show: { list in
                var table = TextTable("llrl")
                table.row("account", "label", "open orders at most", "opened")
                for account in list["data"]?.elements ?? [] {
                    table.row(
                        account.shown("id"),
                        account.shown("label"),
                        account.shown("open_orders_max"),
                        account.shown("created_at")
                    )
                }
                return list.listed(table)
            }
        }
    }

    /// `bombyx admin account show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show an account's money and orders.")

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/account?account=\(account.text)")
            } show: { account in
                let balances = account["balances"] ?? .null
                let kinds = ["available", "held", "leased", "payable", "in_settlement", "bond"]
                return facts(
                    [("account", account.shown("id")), ("label", account.shown("label"))]
                        + kinds.map { ($0, balances.toncoins($0 + "_nanoton")) }
                        + [
                            ("open orders", account.shown("open_order_count")),
                            ("attested", account["attestation"]?.shown("tees") ?? "–"),
                            ("logs in", account["login"]?.string ?? "–"),
                            ("as of sequence", account.shown("as_of_sequence")),
                        ]
                )
            }
        }
    }
}

/// `bombyx admin key`.
struct AdminKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Make API keys, list, limit and revoke them.",
        subcommands: [Create.self, List.self, Limit.self, Revoke.self]
    )

    /// `bombyx admin key create`.
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an API key for an account.",
            discussion: "The key is shown this once; the exchange keeps a hash of it and nothing else."
        )

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @Option(help: "What it may be used for, with commas: offer, bid, read, withdraw, operator, auditor.")
        var scopes: String

        @Option(help: "A name for people.")
        var label: String?

        @Option(help: "When it ends, as in 2027-01-01T00:00:00Z; by default, never.")
        var expiresAt: String?

        @Option(help: ArgumentHelp("Write the key, and nothing else, to a new file of mode 0600.", valueName: "file"))
        var output: String?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([
                ("scopes", .array(scopes.split(separator: ",").map { .string(String($0)) })),
                ("label", label.map { .string($0) }),
                ("expires_at", expiresAt.map { .string($0) }),
            ])
            try options.run { client in
                // Made before the key is, so that no key is lost for want of a place.
                let file = try output.map { try SecretFile($0) }
                let answer = try client.bytes("POST", "/v1/accounts/\(account.text)/keys", body)
                guard let file else { return answer }
                let key = try JSONValue(answer, limits: .answer)
                do {
                    try file.write(Array(((key["key"]?.string ?? "") + "\n").utf8).span)
                } catch {
                    throw CommandFailure(
                        "\(error); the key \(key.shown("id")) of \(account.text) is made and lost: "
                            + "`bombyx admin key revoke \(account.text) \(key.shown("id"))` ends it"
                    )
                }
                return jsonObject((key.members ?? []).filter { $0.key != "key" }.map { ($0.key, $0.value) })
            } show: { key in
                facts([
                    ("key", key["key"]?.string ?? "written to \(output ?? "")"), ("id", key.shown("id")),
                    ("account", key.shown("account_id")), ("scopes", key.shown("scopes")),
                    ("ends", key["expires_at"]?.string ?? "never"),
                ])
            }
        }
    }
}

/// `bombyx admin deposit`.
struct AdminDeposit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deposit",
        abstract: "Pay money into an account.",
        discussion: "Deposits by command stand in for deposits on TON, which are not watched yet."
    )

    @Argument(help: "The account, as in a2.")
    var account: AccountArgument

    @Argument(help: "The amount: 25TON, 0.5TON, or a whole number of nanoTON.", transform: Self.nanoTON)
    var amount: Int64

    @OptionGroup var options: AdminOptions

    func run() throws {
        let body = jsonObject([("amount_nanoton", .string(String(amount)))])
        try options.run {
            try $0.bytes("POST", "/v1/accounts/\(account.text)/deposits", body)
        } show: { deposit in
            facts([
                ("account", deposit.shown("account_id")), ("deposited", deposit.toncoins("amount_nanoton")),
                ("sequence", deposit.shown("sequence")),
            ])
        }
    }

    /// Exact: at most nine decimals of a toncoin.
    static func nanoTON(_ text: String) throws -> Int64 {
        guard text.hasSuffix("TON") else {
            guard let amount = Int64(text), amount > 0 else {
                throw ValidationError("\(text) is no amount above zero.")
            }
            return amount
        }
        let parts = text.dropLast(3).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? String(parts[1]) : "0"
        let padded = fraction + String(repeating: "0", count: max(0, 9 - fraction.count))
        let isNumber = (parts + [fraction[...]]).allSatisfy { part in
            !part.isEmpty && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
        }
        guard isNumber, fraction.count <= 9, let amount = Int64(parts[0] + padded), amount > 0 else {
            throw ValidationError("\(text) is no amount of TON above zero with at most nine decimals.")
        }
        return amount
    }
}
