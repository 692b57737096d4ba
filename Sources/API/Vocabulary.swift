package import Engine
internal import Exchange
internal import Units

/// A closed list of names with what they stand for.
struct Vocabulary<Value: Sendable>: Sendable {
    /// The names, one behind the other: a search follows no references.
    private let bytes: [UInt8]
    private let entries: [(start: Int, end: Int, value: Value)]

    init(_ entries: [(String, Value)]) {
        var bytes: [UInt8] = []
        self.entries = entries.map { name, value in
            let start = bytes.count
            bytes += name.utf8
            return (start, bytes.count, value)
        }
        self.bytes = bytes
    }

    /// What `name` stands for; `nil` when it is not in the list.
    func value(_ name: ArraySlice<UInt8>) -> Value? {
        let wanted = name.span
        let names = bytes.span
        for index in entries.indices where entries[index].end - entries[index].start == wanted.count {
            let start = entries[index].start
            var offset = 0
            while offset < wanted.count, names[start + offset] == wanted[offset] { offset += 1 }
            if offset == wanted.count { return entries[index].value }
        }
        return nil
    }

    /// Every name, for messages.
    var names: String {
        entries.map { String(decoding: bytes[$0.start..<$0.end], as: UTF8.self) }.joined(separator: ", ")
    }
}

/// The lists of the interface (DESIGN §5: OpenRouter's names where it has one).
enum Vocabularies {
    static let quantization = Vocabulary(Quantization.allCases.map { ($0.name, $0) })
    static let tee = Vocabulary(TEE.allCases.map { ($0.name, $0) })
    /// What can be attested.
    static let attestedTEE = Vocabulary(TEE.allCases.filter { $0 != .none }.map { ($0.name, $0) })
    static let feature = Vocabulary(
        Features.names.enumerated().map { ($1, Features(rawValue: 1 << UInt32($0))) }
    )
    static let timeInForce = Vocabulary(TimeInForce.allCases.map { ($0.name, $0) })
    static let weightSet = Vocabulary(WeightSet.registered.map { ($0.name, $0.id) })
    static let scope = Vocabulary(Scopes.names.enumerated().map { ($1, Scopes(rawValue: 1 << UInt16($0))) })
    static let selfTradePrevention = Vocabulary(SelfTradePrevention.allCases.map { ($0.name, $0) })
    /// Whether it is a market order.
    static let orderType = Vocabulary([("limit", false), ("market", true)])
    static let side = Vocabulary(Side.allCases.map { ($0.name, $0) })
    /// What a taker does: who buys is a bid.
    static let quoteSide = Vocabulary<Side>([("buy", .bid), ("sell", .offer)])
    static let candleInterval = Vocabulary(CandleInterval.allCases.map { ($0.rawValue, $0) })
    static let indexWindow = Vocabulary(IndexWindow.allCases.map { ($0.rawValue, $0) })
    static let listFormat = Vocabulary(ListFormat.allCases.map { ($0.rawValue, $0) })
    static let orderState = Vocabulary(OrderState.allCases.map { ($0.rawValue, $0) })
}

/// Where an order's life is.
package enum OrderState: String, CaseIterable, Sendable {
    case open
    case filled
    /// Closed with something left: cancelled by its owner, by its own terms, or by a rule.
    case cancelled

    /// The state of an order that was closed for this reason; `nil` while it is open.
    package init(_ reason: CloseReason?) {
        switch reason {
        case nil: self = .open
        case .filled: self = .filled
        case .cancelled, .ioc, .selfTrade, .workLimit, .modelSuperseded, .expired, .cancelAfter, .disconnected:
            self = .cancelled
        }
    }
}
