internal import ArgumentParser
internal import Demonstration
internal import JSON

/// `bombyx admin settlement`.
struct AdminSettlement: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settlement",
        abstract: "Look at withdrawals and payouts, set their limits, approve, hold, resume and resolve.",
        subcommands: [
            Status.self, Run.self, Terms.self, Withdrawals.self, Approve.self, Suspense.self, Assign.self, Hold.self,
            Resume.self, Resolve.self, Retire.self, Reinstate.self, Anchor.self,
        ]
    )

    /// `bombyx admin settlement status`.
    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show whether payouts are planned, and the wallets.")

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/settlement")
            } show: { status in
                let hold = status["hold"] ?? .null
                var lines = facts([
                    ("held", status.shown("is_held")), ("because of", hold.shown("reason")),
                    ("said", hold.shown("text")), ("expected", hold.toncoins("expected_nanoton")),
                    ("found", hold.toncoins("found_nanoton")),
                    ("withdrawals that wait", status.shown("waiting_withdrawal_count")),
                    ("not approved yet", status.shown("unapproved_withdrawal_count")),
                    ("batches without a verdict", status.shown("undecided_settlement_count")),
                    ("their payouts", status.shown("in_flight_payout_count")),
                    ("which come to", status.toncoins("in_flight_nanoton")),
                    ("the oldest waits since", status.shown("oldest_unsettled_at")),
                    ("money of nobody", status.toncoins("suspense_nanoton")),
                    ("on the chain by the ledger", status.toncoins("chain_nanoton")),
                    ("of it in wallets", status.toncoins("wallets_nanoton")),
                    ("capital", status.toncoins("capital_nanoton")),
                ])
                var table = TextTable("llrll")
                table.row("wallet", "address", "balance", "known to", "in use")
                for wallet in status["wallets"]?.elements ?? [] {
                    table.row(
                        wallet.shown("id"),
                        wallet.shown("address"),
                        wallet.toncoins("balance_nanoton"),
                        wallet.shown("scanned_to"),
                        wallet["is_retired"]?.boolean == true ? "retired" : "yes"
                    )
                }
                lines += [""] + table.lines(indent: 0)
                return lines
            }
        }
    }

    /// `bombyx admin settlement run`.
    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Look at the chain and plan payouts now.",
            discussion: "The server does so every second by itself, and some seconds after a failure."
        )

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("POST", "/v1/settlement:run", jsonObject([]))
            } show: {
                facts([("asked", $0.shown("is_asked"))])
            }
        }
    }

    /// `bombyx admin settlement withdrawals`.
    struct Withdrawals: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List withdrawals, newest first.")

        @Option(help: "Only those of this account, as in a2.")
        var account: AccountArgument?

        @Option(help: "Only those in this state: requested, planned, paid, cancelled or resolved.")
        var state: String?

        @Option(help: "Withdrawals to show, 1 to 1000.")
        var limit = 20

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
            guard ["requested", "planned", "paid", "cancelled", "resolved", nil].contains(state) else {
                throw ValidationError("--state is requested, planned, paid, cancelled or resolved.")
            }
        }

        func run() throws {
            let whose = account.map { "account=\($0.text)" } ?? "all=true"
            let query = "\(whose)&limit=\(limit)" + (state.map { "&state=\($0)" } ?? "")
            try options.run {
                try $0.bytes("GET", "/v1/withdrawals?\(query)")
            } show: { page in
                var table = TextTable("llrllll")
                table.row("withdrawal", "account", "amount", "state", "approval", "due", "address")
                for row in page["data"]?.elements ?? [] {
                    let needsApproval = row["needs_approval"]?.boolean == true
                    let isApproved = row["is_approved"]?.boolean == true
                    table.row(
                        row.shown("id"),
                        row.shown("account_id"),
                        row.toncoins("amount_nanoton"),
                        row.shown("state"),
                        needsApproval ? (isApproved ? "given" : "needed") : "–",
                        row.shown("due_at"),
                        row.shown("address")
                    )
                }
                return page.listed(table)
            }
        }
    }

    /// `bombyx admin settlement approve`.
    struct Approve: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Approve a large withdrawal.")

        @Argument(help: "The withdrawal, as in w40.", transform: { try identifier($0, letter: "w") })
        var withdrawal: String

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("POST", "/v1/withdrawals/\(withdrawal):approve", jsonObject([]))
            } show: { answer in
                facts([("approved", answer.shown("withdrawal_id")), ("sequence", answer.shown("sequence"))])
            }
        }
    }

    /// `bombyx admin settlement suspense`.
    struct Suspense: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List money that arrived and is nobody's yet.")

        @Option(help: "Entries to show, 1 to 1000.")
        var limit = 20

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard (1...1_000).contains(limit) else { throw ValidationError("--limit is 1 to 1000.") }
        }

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/suspense?limit=\(limit)")
            } show: { page in
                var table = TextTable("lrllll")
                table.row("entry", "amount", "reason", "comment", "arrived", "from")
                for row in page["data"]?.elements ?? [] {
                    table.row(
                        row.shown("id"),
                        row.toncoins("amount_nanoton"),
                        row.shown("reason"),
                        row.shown("comment"),
                        row.shown("arrived_at"),
                        row.shown("source")
                    )
                }
                return page.listed(table)
            }
        }
    }

    /// `bombyx admin settlement assign`.
    struct Assign: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whose money of nobody is.")

        @Argument(help: "The entry, as in u33.", transform: { try identifier($0, letter: "u") })
        var entry: String

        @Argument(
            help: "The account, as in a2, or operator for the operator's own.",
            transform: { $0 == "operator" ? $0 : try identifier($0, letter: "a") }
        )
        var account: String

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("POST", "/v1/suspense/\(entry):assign", jsonObject([("account", .string(account))]))
            } show: { answer in
                facts([("assigned", answer.shown("suspense_id")), ("to", answer.shown("account"))])
            }
        }
    }

    /// `bombyx admin settlement hold`.
    struct Hold: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop the planning of payouts.",
            discussion: "Deposits and the verdicts of the chain go on, and so does the exchange."
        )

        @Option(help: "For people, why; at most 128 bytes.")
        var reason: String?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([("reason", reason.map { .string($0) })])
            try options.run {
                try $0.bytes("POST", "/v1/settlement:hold", body)
            } show: {
                facts([("held", $0.shown("is_held"))])
            }
        }
    }

    /// `bombyx admin settlement resume`.
    struct Resume: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Let payouts be planned again.")

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("POST", "/v1/settlement:resume", jsonObject([]))
            } show: {
                facts([("held", $0.shown("is_held"))])
            }
        }
    }

    /// A letter and a number.
    static func identifier(_ text: String, letter: Character) throws -> String {
        let digits = text.dropFirst()
        guard text.first == letter, !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw ValidationError("\(text) is not \(letter) and a number.")
        }
        return text
    }
}

/// `bombyx admin capital`.
struct AdminCapital: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capital",
        abstract: "Book money of the operator's own: it pays the costs of the network.",
        discussion: "Money that a wallet has when it is registered, or that is assigned to operator, is booked already."
    )

    @Argument(help: "The amount: 25TON, 0.5TON, or a whole number of nanoTON.", transform: AdminDeposit.nanoTON)
    var amount: Int64

    @OptionGroup var options: AdminOptions

    func run() throws {
        let body = jsonObject([("amount_nanoton", .string(String(amount)))])
        try options.run {
            try $0.bytes("POST", "/v1/accounts/operator/deposits", body)
        } show: { deposit in
            facts([("capital", deposit.toncoins("amount_nanoton")), ("sequence", deposit.shown("sequence"))])
        }
    }
}
