internal import ArgumentParser
internal import JSON

extension AdminSettlement {
    /// `bombyx admin settlement terms`.
    struct Terms: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the limits of withdrawals and payouts, or change them.",
            discussion: "Amounts are 25TON, 0.5TON, or a whole number of nanoTON. What is left out stays as it is."
        )

        @Option(help: "The smallest payout.", transform: Self.sum)
        var payoutMinimum: Int64?

        @Option(help: "What stays in each wallet.", transform: Self.sum)
        var walletReserve: Int64?

        @Option(help: "Capital and fees less the network's costs never fall below it by a batch.", transform: Self.sum)
        var capitalReserve: Int64?

        @Option(help: "What an account may withdraw in one day of UTC.", transform: Self.sum)
        var accountDayMax: Int64?

        @Option(help: "Withdrawals of this or more wait for an approval.", transform: Self.sum)
        var approvalThreshold: Int64?

        @Option(help: "Seconds for which nothing goes to a new address, 0 to 2592000.")
        var coolingOff: Int64?

        @Option(help: "Deposits below this are nobody's until they are assigned.", transform: Self.sum)
        var dustLimit: Int64?

        @Option(help: "What a payee bears of the costs of a payout.", transform: Self.sum)
        var payeeFee: Int64?

        @OptionGroup var options: AdminOptions

        private var changes: [(String, Int64?)] {
            [
                ("payout_minimum_nanoton", payoutMinimum), ("wallet_reserve_nanoton", walletReserve),
                ("capital_reserve_nanoton", capitalReserve), ("account_day_max_nanoton", accountDayMax),
                ("approval_threshold_nanoton", approvalThreshold), ("cooling_off_s", coolingOff),
                ("dust_limit_nanoton", dustLimit), ("payee_fee_nanoton", payeeFee),
            ]
        }

        func run() throws {
            try options.run { client in
                let now = try client.bytes("GET", "/v1/settlement/terms")
                guard changes.contains(where: { $0.1 != nil }) else { return now }
                let terms = try JSONValue(now, limits: .answer)
                let members = changes.map { name, change in (name, change.map { JSONValue.integer($0) } ?? terms[name])
                }
                let body = jsonObject(members)
                return try client.bytes("PUT", "/v1/settlement/terms", body)
            } show: { terms in
                facts([
                    ("smallest payout", terms.toncoins("payout_minimum_nanoton")),
                    ("reserve of a wallet", terms.toncoins("wallet_reserve_nanoton")),
                    ("reserve of capital", terms.toncoins("capital_reserve_nanoton")),
                    ("of an account in a day", terms.toncoins("account_day_max_nanoton")),
                    ("approval from", terms.toncoins("approval_threshold_nanoton")),
                    ("cooling off", terms.shown("cooling_off_s") + " s"),
                    ("dust below", terms.toncoins("dust_limit_nanoton")),
                    ("fee of a payee", terms.toncoins("payee_fee_nanoton")),
                ])
            }
        }

        /// An amount that may be nothing.
        private static func sum(_ text: String) throws -> Int64 {
            text == "0" || text == "0TON" ? 0 : try AdminDeposit.nanoTON(text)
        }
    }
}
