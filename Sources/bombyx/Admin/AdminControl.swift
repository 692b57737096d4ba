internal import ArgumentParser
internal import JSON

/// `bombyx admin halt`.
struct AdminHalt: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "halt",
        abstract: "Stop matching, of a model or of the whole market.",
        discussion: "Orders rest meanwhile, and may be cancelled and amended; what cannot rest is refused."
    )

    @OptionGroup var market: MarketOption
    @OptionGroup var options: AdminOptions

    func run() throws { try market.set(halted: true, options) }
}

/// `bombyx admin resume`.
struct AdminResume: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let what was halted go on: its orders arrive again in the order of their places."
    )

    @OptionGroup var market: MarketOption
    @OptionGroup var options: AdminOptions

    func run() throws { try market.set(halted: false, options) }
}

/// Which part of the market is meant.
struct MarketOption: ParsableArguments {
    @Argument(help: "The model; left out, the whole market.")
    var model: String?

    fileprivate var member: (String, JSONValue?) { ("model", model.map { .string($0) }) }

    fileprivate func set(halted: Bool, _ options: AdminOptions) throws {
        let body = jsonObject([member, ("halted", .boolean(halted))])
        try options.run {
            try $0.bytes("PUT", "/v1/market/halt", body)
        } show: { answer in
            facts([("market", Self.name(answer)), ("halted", answer.shown("halted"))])
        }
    }

    fileprivate static func name(_ answer: JSONValue) -> String { answer["model"]?.string ?? "all of it" }
}

/// `bombyx admin band`.
struct AdminBand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "band",
        abstract: "Say between which prices orders may be.",
        discussion: """
            Of a model, or of the whole market: that one is for models without a band of their own, and for bids that \
            name no model. Offers must not be below the low end, bids not above the high one, and market orders need a \
            band. Without --low and --high the band is taken away.
            """
    )

    @OptionGroup var market: MarketOption

    @Option(help: "The low end in nanoTON for 1,000,000 adjusted tokens, a multiple of 1,000.")
    var low: Int64?

    @Option(help: "The high end.")
    var high: Int64?

    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard (low == nil) == (high == nil) else { throw ValidationError("A band needs both --low and --high.") }
    }

    func run() throws {
        var band = JSONValue.null
        if let low, let high {
            band = .object([
                .init("low_nanoton_per_mtok", .integer(low)), .init("high_nanoton_per_mtok", .integer(high)),
            ])
        }
        let body = jsonObject([market.member, ("price_band", band)])
        try options.run {
            try $0.bytes("PUT", "/v1/market/price-band", body)
        } show: { answer in
            let band = answer["price_band"] ?? .null
            return facts([
                ("market", MarketOption.name(answer)), ("low", band.shown("low_nanoton_per_mtok")),
                ("high", band.shown("high_nanoton_per_mtok")),
            ])
        }
    }
}

/// `bombyx admin limits`.
struct AdminLimits: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "limits",
        abstract: "Say what an account may do.",
        discussion: "What is left out becomes what a new account has."
    )

    @Argument(help: "The account, as in a2.")
    var account: AccountArgument

    @Option(help: "Orders that may rest at once.")
    var openOrdersMax: Int64?

    @Option(help: "Most lots of each of its offers that may be leased at once.")
    var offerLotsMax: Int64?

    @Option(help: "Accounts of one group do not trade with each other; 0 for an account on its own.")
    var selfTradeGroup: Int64?

    @Flag(help: "It places and amends nothing; it may still cancel and read.")
    var closed = false

    @OptionGroup var options: AdminOptions

    func run() throws {
        let body = jsonObject([
            ("open_orders_max", openOrdersMax.map { .integer($0) }),
            ("offer_lots_max", offerLotsMax.map { .integer($0) }),
            ("self_trade_group", selfTradeGroup.map { .integer($0) }), ("closed", .boolean(closed)),
        ])
        try options.run {
            try $0.bytes("PUT", "/v1/accounts/\(account.text)/limits", body)
        } show: { limits in
            facts([
                ("account", limits.shown("account_id")), ("open orders", limits.shown("open_orders_max")),
                ("lots of an offer", limits.shown("offer_lots_max")),
                ("self-trade group", limits.shown("self_trade_group")), ("closed", limits.shown("closed")),
            ])
        }
    }
}
