internal import ArgumentParser
internal import JSON

/// `bombyx admin tail`.
struct AdminTail: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Print trades as they happen, and with --account what happens to its orders.",
        discussion: """
            Asks the server at every interval for what is new; q or Ctrl-C ends it. Of an account, its 1,000 newest \
            orders are watched. With --json each event is a line of JSON as the server writes it.
            """
    )

    @Option(help: "Only trades and orders of this account, as in a2.")
    var account: AccountArgument?

    @Option(help: "Earlier events to begin with, 0 to 1000.")
    var last = 10

    @Option(help: "Seconds between two questions, 1 to 3600.")
    var interval = 1

    @Flag(help: "Print the earlier events and end.")
    var once = false

    @OptionGroup var options: AdminOptions

    func validate() throws {
        guard (0...1_000).contains(last) else { throw ValidationError("--last is 0 to 1000.") }
        guard (1...3_600).contains(interval) else { throw ValidationError("--interval is 1 to 3600.") }
    }

    func run() throws {
        try options.withClient { client in
            var news = News(client, account: account?.text)
            var events = try news.next().suffix(last)
            while true {
                for event in events { say(options.json ? event.json : event.line) }
                if once || TerminalScreen.isEnd(within: interval) { return }
                events = try news.next()[...]
            }
        }
    }

    /// Something that happened.
    struct Event {
        let sequence: Int64
        let line: String
        let json: String
    }

    /// Asks again and again, and tells only what it has not told yet.
    struct News {
        private let client: ExchangeClient
        private let account: String?
        private var lastTrade: Int64 = 0
        private var lastOrderSequence: Int64 = 0
        private var isFirst = true

        init(_ client: ExchangeClient, account: String?) {
            self.client = client
            self.account = account
        }

        /// What is new, the oldest first.
        mutating func next() throws -> [Event] {
            var events = try trades()
            if let account { events += try orders(of: account) }
            isFirst = false
            return events.sorted { $0.sequence < $1.sequence }
        }

        /// Page by page back to what was told; the first time, one page is enough.
        private mutating func trades() throws -> [Event] {
            let filter = account.map { "&mine=true&account=\($0)" } ?? ""
            var events: [Event] = []
            var cursor = ""
            var newest = lastTrade
            repeat {
                let page = try client.json("GET", "/v1/trades?limit=1000" + filter + cursor)
                let rows = page["data"]?.elements ?? []
                let fresh = rows.filter { AdminTail.number($0) > lastTrade }
                events += fresh.map { trade in
                    Event(
                        sequence: trade["sequence"]?.integer ?? 0,
                        line: AdminTail.line(trade: trade),
                        json: AdminTail.text(trade)
                    )
                }
                newest = max(newest, fresh.map(AdminTail.number).max() ?? 0)
                let isLast = isFirst || fresh.count < rows.count
                cursor = isLast ? "" : page["next_cursor"]?.string.map { "&cursor=" + $0 } ?? ""
            } while !cursor.isEmpty
            lastTrade = newest
            return events
        }

        private mutating func orders(of account: String) throws -> [Event] {
            let page = try client.json("GET", "/v1/orders?limit=1000&account=\(account)")
            let told = lastOrderSequence
            let events = (page["data"]?.elements ?? []).compactMap { order -> Event? in
                guard let sequence = order["last_sequence"]?.integer, sequence > told else { return nil }
                return Event(sequence: sequence, line: AdminTail.line(order: order), json: AdminTail.text(order))
            }
            lastOrderSequence = max(told, events.map(\.sequence).max() ?? 0)
            return events
        }
    }

    /// A trade as a line.
    static func line(trade: JSONValue) -> String {
        let parts = [
            trade.shown("traded_at"), "#" + trade.shown("sequence"), "trade", trade.shown("id"), trade.shown("model"),
            trade.shown("quantity_lots") + " lots at " + trade.shown("price_nanoton_per_mtok"),
            "taken by the \(trade.shown("taker_side"))",
        ]
        return parts.joined(separator: "  ")
    }

    /// What an order is now, as a line.
    static func line(order: JSONValue) -> String {
        let reason = order["close_reason"]?.string.map { " (\($0))" } ?? ""
        let parts = [
            order.shown("created_at"), "#" + order.shown("last_sequence"), order.shown("side"), order.shown("id"),
            order.shown("state") + reason,
            order.shown("remaining_lots") + " of " + order.shown("quantity_lots") + " lots at "
                + order.shown("price_nanoton_per_mtok"),
        ]
        return parts.joined(separator: "  ")
    }

    /// The number of `t17`.
    fileprivate static func number(_ trade: JSONValue) -> Int64 {
        trade["id"]?.string.flatMap { Int64($0.dropFirst()) } ?? 0
    }

    fileprivate static func text(_ value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return String(decoding: writer.finish(), as: UTF8.self)
    }
}
