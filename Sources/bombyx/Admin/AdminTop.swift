internal import ArgumentParser
internal import Demonstration
internal import JSON

/// `bombyx admin top`.
struct AdminTop: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the book: the best prices of every model, or all prices of one.",
        discussion: "Reads the server again at every interval; q or Ctrl-C ends it."
    )

    @Argument(help: "A model's name: shows its prices, offers above bids.")
    var model: String?

    @Option(help: "Price levels a side, 1 to 100, with a model.")
    var depth = 15

    @Option(help: "Seconds between two looks, 1 to 3600.")
    var interval = 1

    @Flag(help: "Look once and end.")
    var once = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard (1...100).contains(depth) else { throw ValidationError("--depth is 1 to 100.") }
        guard (1...3_600).contains(interval) else { throw ValidationError("--interval is 1 to 3600.") }
    }

    func run() throws {
        try options.withClient { client in
            // JSON is for programs: an answer a line, without a screen.
            let screen = once || options.json ? nil : TerminalScreen()
            defer { screen?.close() }
            repeat {
                let answer = try client.bytes("GET", path)
                if options.json {
                    say(String(decoding: answer, as: UTF8.self))
                } else {
                    let value = try JSONValue(answer, limits: .answer)
                    let trades = try client.json("GET", "/v1/trades?limit=5" + filter)
                    let lines = (model == nil ? Self.models(value) : Self.book(value)) + Self.trades(trades)
                    if let screen { screen.show(lines) } else { lines.forEach(say) }
                }
            } while !once && !(screen?.isEnd(within: interval) ?? TerminalScreen.isEnd(within: interval))
        }
    }

    private var path: String {
        model.map { "/v1/book?depth=\(depth)&requirement=model:in=" + pathEscaped($0) } ?? "/v1/models"
    }

    private var filter: String { model.map { "&model=" + pathEscaped($0) } ?? "" }

    /// One line a model.
    static func models(_ answer: JSONValue) -> [String] {
        var table = TextTable("lrrr")
        table.row("model", "best offer", "best bid", "weight set")
        for model in answer["data"]?.elements ?? [] {
            table.row(
                model.shown("id"),
                model.shown("best_offer_nanoton_per_mtok"),
                model.shown("best_bid_nanoton_per_mtok"),
                model.shown("weight_set")
            )
        }
        return table.lines(indent: 0) + [asOf(answer)]
    }

    /// Offers from the dearest down, then bids: the spread is in the middle.
    static func book(_ answer: JSONValue) -> [String] {
        var table = TextTable("lrrr")
        table.row("", "price", "lots", "orders")
        let sides = [
            ("offer", Array((answer["offers"]?.elements ?? []).reversed())), ("bid", answer["bids"]?.elements ?? []),
        ]
        for (side, levels) in sides {
            for level in levels {
                table.row(
                    side,
                    level.shown("price_nanoton_per_mtok"),
                    level.shown("quantity_lots"),
                    level.shown("order_count")
                )
            }
        }
        return table.lines(indent: 0) + [asOf(answer)]
    }

    private static func trades(_ answer: JSONValue) -> [String] {
        ["", "last trades"] + (answer["data"]?.elements ?? []).map { AdminTail.line(trade: $0) }
    }

    private static func asOf(_ answer: JSONValue) -> String {
        "nanoTON for 1,000,000 adjusted tokens; as of sequence \(answer.shown("as_of_sequence"))"
    }
}
