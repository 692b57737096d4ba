package import JSON

/// The trades that somebody was told of, as one value: equal for equal trades in equal order.
package struct TradeChain: Hashable, Sendable {
    package private(set) var count: Int64 = 0
    private var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// No trades.
    package init() {}

    /// The next trade, by its id.
    package mutating func add(_ id: String) {
        count += 1
        // FNV-1a, which depends on the order.
        for byte in id.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
}

/// What one stream of `/v1/stream` (`book`, `trades`, `ticker`) has told, checked as it comes.
///
/// Written after `openapi.yaml` alone: numbers of a channel never go back, each change of the book follows the message
/// before it and has the check sum of the book that a client then has.
package struct StreamCheck: Sendable {
    /// Messages by channel.
    package private(set) var counts: [String: Int64] = [:]
    /// Whole books after the first one: the stream was behind, or came back.
    package private(set) var wholeBooks: Int64 = 0
    /// How often the stream came back with the id of what it had seen.
    package private(set) var resumptions: Int64 = 0
    package private(set) var trades = TradeChain()
    /// The server no longer had what came between; ``trades`` lacks it.
    package private(set) var hasGap = false
    package private(set) var faultCount: Int64 = 0
    /// The first fault.
    package private(set) var fault: String?

    private var offers: [Int64: Int64] = [:]
    private var bids: [Int64: Int64] = [:]
    private var bookSequence: Int64?
    /// The newest of each channel.
    private var sequences: [String: Int64] = [:]
    /// By channel, since the stream began or came back.
    private var newest: [String: Int64] = [:]
    private var isBack = false

    /// A stream that has told nothing.
    package init() {}

    /// The stream has ended and begins again behind what it told last.
    package mutating func resume() {
        resumptions += 1
        bookSequence = nil
        newest = [:]
        isBack = true
    }

    /// Takes one event.
    package mutating func take(_ name: String, _ json: JSONValue) {
        counts[name, default: 0] += 1
        guard let sequence = json["sequence"]?.integer else { return find("\(name) has no sequence number") }
        if let last = newest[name], sequence < last { find("\(name) \(sequence) comes after \(name) \(last)") }
        newest[name] = sequence
        switch name {
        case "open", "draining", "overflow": return
        case "reset":
            if json["channels"]?.elements?.contains(.string("trades")) == true { hasGap = true }
            return
        case "book", "trades", "ticker": break
        default: return find("\(name) was not asked for")
        }
        // What is so now begins with the number of the message before it, or with that of the stream.
        let last = sequences[name] ?? -1
        sequences[name] = max(last, sequence)
        if name == "trades" {
            // An id comes with the last message of its number, so a trade may be told twice to who comes back.
            if sequence > last { return takeTrades(json) }
            if !isBack { find("trades \(sequence) comes after trades \(last)") }
        } else if name == "book" {
            takeBook(json, sequence)
        }
    }

    private mutating func find(_ fault: String) {
        faultCount += 1
        if self.fault == nil { self.fault = fault }
    }

    private mutating func takeTrades(_ json: JSONValue) {
        let all = json["trades"]?.elements ?? []
        if all.isEmpty { find("trades without any") }
        for trade in all { trades.add(trade["id"]?.string ?? "") }
    }

    private mutating func takeBook(_ json: JSONValue, _ sequence: Int64) {
        if json["snapshot"]?.boolean == true {
            if counts["book", default: 0] > 1 { wholeBooks += 1 }
            offers = [:]
            bids = [:]
        } else {
            let previous = json["previous_sequence"]?.integer
            if bookSequence == nil || previous != bookSequence {
                let known = bookSequence.map { "\($0)" } ?? "nothing"
                find("book \(sequence) follows \(previous ?? -1), and \(known) was told before it")
            }
            if let bookSequence, sequence <= bookSequence { find("book \(sequence) comes after book \(bookSequence)") }
        }
        bookSequence = sequence
        Self.set(json["offers"], in: &offers)
        Self.set(json["bids"], in: &bids)
        let text =
            Self.text(offers, offers.keys.sorted()) + ";" + Self.text(bids, bids.keys.sorted(by: >))
        if Int64(Self.checksum(text)) != json["checksum"]?.integer {
            find("the check sum of book \(sequence) is not that of the levels told")
        }
    }

    private static func set(_ levels: JSONValue?, in side: inout [Int64: Int64]) {
        for level in levels?.elements ?? [] {
            guard let price = level[0]?.string.flatMap({ Int64($0) }), let lots = level[1]?.integer else { continue }
            side[price] = lots == 0 ? nil : lots
        }
    }

    /// The best levels that a check sum is over.
    private static let checkedLevels = 10

    private static func text(_ side: [Int64: Int64], _ prices: [Int64]) -> String {
        prices.prefix(checkedLevels).map { "\($0):\(side[$0] ?? 0)" }.joined(separator: ",")
    }

    private static let remainders: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
    }

    /// CRC-32 as in zlib (polynomial 0xEDB88320, reflected).
    private static func checksum(_ text: String) -> UInt32 {
        ~text.utf8.reduce(~0) { $0 >> 8 ^ remainders[Int(($0 ^ UInt32($1)) & 0xFF)] }
    }
}
