internal import ArgumentParser
internal import Demonstration
internal import Foundation
internal import JSON

/// `bombyx admin model`.
struct AdminModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "The registry of models.",
        subcommands: [Set.self, List.self]
    )

    /// `bombyx admin model set`.
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enter a model, or change it.",
            discussion: """
                What is left out becomes unknown. Another revision, weights hash or weight set makes a new version, \
                and cancels the resting offers of the old one.
                """
        )

        @Argument(help: "The model's name, as in Qwen/Qwen3-32B.")
        var name: String

        @Option(help: "How tokens of each kind count: standard, ratio-1, ratio-2, ratio-3, ratio-4, ratio-5.")
        var weightSet = "standard"

        @Option(help: "Points, 0 to 100.")
        var quality: Int64?

        @Option(help: "Tokens of context.")
        var contextLength: Int64?

        @Option(help: "The repository on Hugging Face.")
        var huggingFaceID: String?

        @Option(help: "40 hexadecimal digits of a git commit.")
        var revision: String?

        @Option(help: "64 hexadecimal digits: SHA-256 of the weights.")
        var weightsSHA256: String?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([
                ("weight_set", .string(weightSet)),
                ("quality", quality.map { .integer($0) }),
                ("context_length", contextLength.map { .integer($0) }),
                ("hugging_face_id", huggingFaceID.map { .string($0) }),
                ("revision", revision.map { .string($0) }),
                ("weights_sha256", weightsSHA256.map { .string($0) }),
            ])
            try options.run {
                try $0.bytes("PUT", "/v1/models/" + pathEscaped(name), body)
            } show: { model in
                facts([
                    ("model", model.shown("id")), ("version", model.shown("version")),
                    ("weight set", model.shown("weight_set")), ("quality", model.shown("quality")),
                    ("context", model.shown("context_length")),
                ])
            }
        }
    }

    /// `bombyx admin model list`.
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the models with their best prices.")

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/models")
            } show: { list in
                var table = TextTable("lrlrrrr")
                table.row("model", "version", "weight set", "quality", "context", "best offer", "best bid")
                for model in list["data"]?.elements ?? [] {
                    table.row(
                        model.shown("id"),
                        model.shown("version"),
                        model.shown("weight_set"),
                        model.shown("quality"),
                        model.shown("context_length"),
                        model.shown("best_offer_nanoton_per_mtok"),
                        model.shown("best_bid_nanoton_per_mtok")
                    )
                }
                return table.lines(indent: 0) + ["Prices are nanoTON for 1,000,000 adjusted tokens."]
            }
        }
    }
}

/// `bombyx admin fees`.
struct AdminFees: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fees",
        abstract: "What trading costs.",
        subcommands: [Set.self, Show.self]
    )

    /// `bombyx admin fees set`.
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set the fees of orders that come from now on; open orders keep what was frozen in them.",
            discussion: """
                With --effective-at they are announced for then; dearer ones need an hour. Without it they are in \
                force at once, which is for emergencies.
                """
        )

        @Option(help: "What the side that was resting pays, in 1/10,000, 0 to 1000.")
        var makerBps: Int64

        @Option(help: "What the side that came later pays, in 1/10,000, 0 to 1000.")
        var takerBps: Int64

        @Option(help: "The smallest value of an order in nanoTON; left out, it stays as it is.")
        var minimumNotional: Int64?

        @Option(help: "From when on, as in 2027-01-01T00:00:00Z.")
        var effectiveAt: String?

        @OptionGroup var options: AdminOptions

        func run() throws {
            let body = jsonObject([
                ("maker_fee_bps", .integer(makerBps)),
                ("taker_fee_bps", .integer(takerBps)),
                ("minimum_notional_nanoton", minimumNotional.map { .string(String($0)) }),
                ("effective_at", effectiveAt.map { .string($0) }),
            ])
            try options.run {
                try $0.bytes("PUT", "/v1/fees", body)
            } show: {
                AdminFees.shown($0)
            }
        }
    }

    /// `bombyx admin fees show`.
    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show the fees in force.")

        @OptionGroup var options: AdminOptions

        func run() throws {
            try options.run {
                try $0.bytes("GET", "/v1/fees")
            } show: {
                AdminFees.shown($0)
            }
        }
    }

    fileprivate static func shown(_ fees: JSONValue) -> [String] {
        var pairs = rates(fees)
        if let at = fees["effective_at"]?.string { pairs.append(("in force from", at)) }
        guard let next = fees["next"], next != .null else { return facts(pairs) }
        return facts(pairs) + ["", "From \(next.shown("effective_at")) on:"] + facts(rates(next))
    }

    private static func rates(_ fees: JSONValue) -> [(String, String)] {
        [
            ("maker", fees.shown("maker_fee_bps") + " / 10,000"), ("taker", fees.shown("taker_fee_bps") + " / 10,000"),
            ("smallest order", fees.toncoins("minimum_notional_nanoton")),
        ]
    }
}

/// `bombyx admin attest`.
struct AdminAttest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attest",
        abstract: "Say which trusted environments an account's machines run in.",
        discussion: """
            The operator's word, until the exchange checks evidence itself; answers show it as attested_by: operator. \
            Offers that claim one of these environments count as attested while it stands. No environment withdraws it.
            """
    )

    @Argument(help: "The account, as in a2.")
    var account: AccountArgument

    @Argument(help: "tdx, sev-snp, sgx, tdx+nvcc, sev-snp+nvcc.")
    var tees: [String] = []

    @Option(help: "Days until it ends, 1 to 3650.")
    var days = 30

    @Option(help: "State of the platform, as in UpToDate.")
    var tcbStatus: String?

    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard (1...3_650).contains(days) else { throw ValidationError("--days is 1 to 3650.") }
    }

    func run() throws {
        let body = Self.body(tees, days: days, tcbStatus: tcbStatus)
        try options.run {
            try $0.bytes("PUT", "/v1/accounts/\(account.text)/attestation", body)
        } show: { attestation in
            let tees = attestation.shown("tees")
            return facts([
                ("account", attestation.shown("account_id")), ("attested", tees.isEmpty ? "nothing" : tees),
                ("ends", attestation.shown("expires_at")),
            ])
        }
    }

    /// The request's body.
    static func body(_ tees: [String], days: Int, tcbStatus: String? = nil) -> [UInt8] {
        let end = Date().addingTimeInterval(Double(days) * 86_400)
        let status = tcbStatus.map { [("tcb_status", JSONValue.string($0))] } ?? []
        return jsonObject(
            [("tees", .array(tees.map { .string($0) })), ("expires_at", .string(end.ISO8601Format()))] + status
        )
    }
}
