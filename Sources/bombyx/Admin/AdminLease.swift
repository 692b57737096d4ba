internal import ArgumentParser
internal import Demonstration
internal import JSON

/// A lease's identifier, as in `l4`.
struct LeaseArgument: ExpressibleByArgument {
    let text: String

    init?(argument: String) {
        let digits = argument.dropFirst()
        guard argument.first == "l", !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        text = argument
    }
}

/// `bombyx admin lease`.
struct AdminLease: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lease",
        abstract: "Look at leases, set their rules, pardon breaches.",
        subcommands: [Show.self, List.self, Policy.self, AdminMeasurement.self, Pardon.self, Record.self]
    )

    /// `bombyx admin lease show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show a lease.")

        @Argument(help: "The lease, as in l4.")
        var lease: LeaseArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/leases/\(lease.text)")
            } show: { lease in
                facts([
                    ("lease", lease.shown("id")), ("worker", lease.shown("worker_id")), ("app", lease.shown("app_id")),
                    ("model", lease.shown("model")), ("lots", lease.shown("quantity_lots")),
                    ("state", lease.shown("state")), ("ended by", lease.shown("end_reason")),
                    ("used tokens", lease.shown("used_tokens")), ("locked", lease.toncoins("locked_nanoton")),
                    ("cost", lease.toncoins("cost_nanoton")), ("deadline", lease.shown("deadline_at")),
                    ("countersigned tokens", lease["countersigned"]?.shown("adjusted_tokens") ?? "–"),
                    ("claimed tokens", lease["claim"]?.shown("adjusted_tokens") ?? "–"),
                ])
            }
        }
    }

    /// `bombyx admin lease list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the leases of an account, newest first.")

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @Option(help: "Leases to show, 1 to 1000.")
        var limit = 20

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
        }

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/leases?account=\(account.text)&limit=\(limit)")
            } show: { page in
                var table = TextTable("lllrrll")
                table.row("lease", "worker", "app", "lots", "used tokens", "state", "ended by")
                for lease in page["data"]?.elements ?? [] {
                    table.row(
                        lease.shown("id"),
                        lease.shown("worker_id"),
                        lease.shown("app_id"),
                        lease.shown("quantity_lots"),
                        lease.shown("used_tokens"),
                        lease.shown("state"),
                        lease.shown("end_reason")
                    )
                }
                return table.lines(indent: 0)
            }
        }
    }

    /// `bombyx admin lease policy`.
    struct Policy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the rules for leases, or set them.",
            discussion: "With any option they are set; what is left out becomes the default."
        )

        @Option(help: "Adjusted tokens that a worker may claim without the app's signature.")
        var stepTokens: Int64?

        @Option(help: "Seconds in which the app may dispute a claim.")
        var disputeWindow: Int64?

        @Option(help: "What must be locked for each lot.", transform: AdminDeposit.nanoTON)
        var bondPerLot: Int64?

        @Option(help: "What a breach costs the bond, in 1/10,000 of what was not delivered.")
        var slashBps: Int64?

        @Option(help: "Seconds in which a breach may be pardoned.")
        var appealWindow: Int64?

        @Option(help: "Most open lots of an offer of an account without bond and record.")
        var newcomerLots: Int64?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let members: [(String, JSONValue?)] = [
                ("step_tokens", stepTokens.map { .integer($0) }),
                ("dispute_window_s", disputeWindow.map { .integer($0) }),
                ("bond_per_lot_nanoton", bondPerLot.map { .string(String($0)) }),
                ("slash_share_bps", slashBps.map { .integer($0) }),
                ("appeal_window_s", appealWindow.map { .integer($0) }),
                ("newcomer_lots_max", newcomerLots.map { .integer($0) }),
            ]
            let path = "/v1/market/lease-policy"
            try options.run { client in
                let isRead = members.allSatisfy { $0.1 == nil }
                return try isRead ? client.bytes("GET", path) : client.bytes("PUT", path, jsonObject(members))
            } show: { policy in
                facts([
                    ("step", policy.shown("step_tokens") + " tokens"),
                    ("dispute window", policy.shown("dispute_window_s") + " s"),
                    ("bond per lot", policy.toncoins("bond_per_lot_nanoton")),
                    ("a breach costs", policy.shown("slash_share_bps") + " bps"),
                    ("appeal window", policy.shown("appeal_window_s") + " s"),
                    ("newcomers' lots", policy.shown("newcomer_lots_max")),
                ])
            }
        }
    }

    /// `bombyx admin lease pardon`.
    struct Pardon: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take the strike of a lease back, and what it would cost the worker's bond."
        )

        @Argument(help: "The lease, as in l4.")
        var lease: LeaseArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("POST", "/v1/leases/\(lease.text):pardon", jsonObject([]))
            } show: { answer in
                facts([("pardoned", answer.shown("lease_id")), ("sequence", answer.shown("sequence"))])
            }
        }
    }

    /// `bombyx admin lease record`.
    struct Record: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show how an account has kept its leases, as everybody may."
        )

        @Argument(help: "The account, as in a2.")
        var account: AccountArgument

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/accounts/\(account.text)/record")
            } show: { record in
                facts([
                    ("account", record.shown("account_id")), ("delivered", record.shown("delivered_count")),
                    ("strikes", record.shown("strike_count")), ("disputes", record.shown("dispute_count")),
                ]) + AdminMeasurement.table(record["performance"]?.elements ?? [])
            }
        }
    }
}
