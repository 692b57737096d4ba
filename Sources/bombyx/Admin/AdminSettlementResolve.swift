internal import ArgumentParser
internal import JSON

extension AdminSettlement {
    /// `bombyx admin settlement resolve`.
    struct Resolve: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what has become of the payouts of a batch that the chain contradicts.",
            discussion: """
                Look first: at the batch (GET /v1/settlements/s52), at the wallet (`bombyx wallet history`), and at \
                the addresses on the chain. What is paid leaves settlement and is the operator's, who has borne it: \
                what the wallet sent was booked as a cost. What is not paid goes back: earnings are payable again, a \
                withdrawal is cancelled and its money available. It cannot be taken back.
                """
        )

        @Argument(help: "The batch, as in s52.", transform: { try AdminSettlement.identifier($0, letter: "s") })
        var batch: String

        @Option(help: "A payout that is paid, by its place in the batch: 3 for s52.3. May be repeated.")
        var paid: [Int64] = []

        @Option(help: "A payout that is not paid. May be repeated.")
        var unpaid: [Int64] = []

        @Option(help: "What the open payouts are that are not named: paid, unpaid, or open, as they stay then.")
        var others = "open"

        @Option(help: "By what it is known, such as the hash of a message or a transaction.")
        var reference: String

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard ["paid", "unpaid", "open"].contains(others) else {
                throw ValidationError("--others is paid, unpaid or open.")
            }
        }

        func run() throws {
            let list: ([Int64]) -> JSONValue? = { $0.isEmpty ? nil : .array($0.map { .integer($0) }) }
            let body = jsonObject([
                ("paid", list(paid)), ("unpaid", list(unpaid)), ("others", .string(others)),
                ("reference", .string(reference)),
            ])
            try options.run {
                try $0.bytes("POST", "/v1/settlements/\(batch):resolve", body)
            } show: { answer in
                facts([("resolved", answer.shown("settlement_id")), ("sequence", answer.shown("sequence"))])
            }
        }
    }

    /// `bombyx admin settlement retire`.
    struct Retire: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a wallet out of use: it pays no more and is not shown for deposits; late ones are booked."
        )

        @Argument(help: "The wallet, as in h2.", transform: { try AdminSettlement.identifier($0, letter: "h") })
        var wallet: String

        @OptionGroup var options: AdminOptions

        func run() throws { try AdminSettlement.set(wallet, "retire", options) }
    }

    /// `bombyx admin settlement reinstate`.
    struct Reinstate: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Use a wallet again that was retired.")

        @Argument(help: "The wallet, as in h2.", transform: { try AdminSettlement.identifier($0, letter: "h") })
        var wallet: String

        @OptionGroup var options: AdminOptions

        func run() throws { try AdminSettlement.set(wallet, "reinstate", options) }
    }

    private static func set(_ wallet: String, _ action: String, _ options: AdminOptions) throws {
        try options.run {
            try $0.bytes("POST", "/v1/wallets/\(wallet):\(action)", jsonObject([]))
        } show: { answer in
            facts([("wallet", answer.shown("wallet_id")), ("retired", answer.shown("is_retired"))])
        }
    }
}
