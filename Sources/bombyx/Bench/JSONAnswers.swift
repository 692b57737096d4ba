internal import API
internal import Engine
internal import Exchange
internal import Foundation
internal import JSON
internal import Units

/// Answers to orders, written by the interface and by Foundation.
final class JSONAnswers {
    let placed: Outcome
    let traded: Outcome
    let placedDocument: OrderDocument
    let tradedDocument: OrderDocument
    /// Answers that one of the sides did not write.
    private(set) var failures = 0
    private let encoder = JSONEncoder()

    private static let trades = 10
    /// 2026-11-21T08:00:00.123456Z.
    private static let time = LogicalTime(microseconds: 1_795_248_000_123_456)

    init() {
        let resting = Self.order(id: 123_456, lots: 500)
        let remaining = Lots(500)
        placed = Outcome(
            sequence: SequenceNumber(123_456),
            events: [.accepted(resting), .rested(resting.id, remaining)],
            requestID: 1
        )
        let order = Self.order(id: 123_457, lots: 500)
        var events: [Event] = [.accepted(order)]
        for number in 1...Self.trades { events.append(.traded(Self.trade(number, of: order))) }
        events.append(.closed(order.id, .filled, .zero))
        traded = Outcome(sequence: SequenceNumber(123_457), events: events[...], requestID: 1)
        placedDocument = OrderDocument(resting, remaining: 500, state: "open", trades: [])
        tradedDocument = OrderDocument(
            order,
            remaining: 0,
            state: "filled",
            trades: (1...Self.trades).map { TradeDocument(Self.trade($0, of: order)) }
        )
    }

    private static func order(id: Int64, lots: Int64) -> OrderRecord {
        OrderRecord(
            id: OrderID(id),
            account: AccountID(3),
            side: .offer,
            price: Price(nanoTONPerMTok: 20_123_000),
            lots: Lots(lots),
            remaining: Lots(lots),
            timeInForce: .gtc,
            clientOrderID: ClientOrderID(Array("my-order-number-1".utf8)),
            bodyHash: 1,
            rates: FeeTerms.initial.rates,
            classID: ClassID(1),
            profileID: ProfileID(0),
            claimedTEE: .none,
            maxOpenLots: nil,
            openLots: .zero,
            createdAt: time,
            closeReason: nil,
            lastSequence: SequenceNumber(id)
        )
    }

    private static func trade(_ number: Int, of order: OrderRecord) -> Trade {
        Trade(
            id: TradeID(Int64(77_000 + number)),
            bid: OrderID(Int64(number)),
            offer: order.id,
            buyer: AccountID(4),
            seller: order.account,
            lots: Lots(50),
            price: Price(nanoTONPerMTok: 21_000_000 + Int64(number) * 1_000),
            takerSide: .offer,
            bidRemaining: .zero,
            offerRemaining: Lots(order.lots.count - Int64(number) * 50),
            locked: NanoTON(1_053_150),
            buyerRate: order.rates.maker,
            sellerRate: order.rates.taker,
            model: ModelID(1),
            modelVersion: 1,
            weightSet: .standard
        )
    }

    // MARK: Writing

    func write(_ outcome: Outcome) {
        if Answer.render(.placed, outcome).status != 201 { failures += 1 }
    }

    func encode(_ document: OrderDocument) {
        if (try? encoder.encode(document)) == nil { failures += 1 }
    }

    /// Where the two sides write different documents.
    func faults() -> [String] {
        [("placed", placed, placedDocument), ("traded", traded, tradedDocument)].compactMap { name, outcome, document in
            do {
                let ours = try JSONValue(Answer.render(.placed, outcome).body)
                let theirs = try JSONValue(Array(encoder.encode(document)))
                return Self.same(ours, theirs) ? nil : "\(name): \(ours) instead of \(theirs)"
            } catch {
                return "\(name): \(error)"
            }
        }
    }

    /// Equal but for the order of members, of which Foundation promises none.
    private static func same(_ one: JSONValue, _ other: JSONValue) -> Bool {
        switch (one, other) {
        case (.object(let members), .object(let others)):
            members.count == others.count
                && members.allSatisfy { member in other[member.key].map { same(member.value, $0) } ?? false }
        case (.array(let elements), .array(let others)):
            elements.count == others.count && zip(elements, others).allSatisfy { same($0, $1) }
        default: one == other
        }
    }
}

/// The answer to an order as somebody would write it down for JSONEncoder.
struct OrderDocument: Encodable {
    let id: String
    let side = "offer"
    let state: String
    let close_reason: String?
    let price_nanoton_per_mtok: String
    let quantity_lots: Int64
    let filled_lots: Int64
    let remaining_lots: Int64
    let time_in_force = "gtc"
    let client_order_id: String?
    let held_nanoton: String
    let maker_fee_bps: Int64
    let taker_fee_bps: Int64
    let created_at: String
    let sequence: Int64
    let trade_count: Int
    let trades: [TradeDocument]

    init(_ order: OrderRecord, remaining: Int64, state: String, trades: [TradeDocument]) {
        id = order.id.text
        self.state = state
        close_reason = remaining == 0 ? "filled" : nil
        price_nanoton_per_mtok = String(order.price.nanoTONPerMTok)
        quantity_lots = order.lots.count
        filled_lots = order.lots.count - remaining
        remaining_lots = remaining
        client_order_id = order.clientOrderID?.text
        held_nanoton = "0"
        maker_fee_bps = order.rates.maker.count
        taker_fee_bps = order.rates.taker.count
        created_at = "2026-11-21T08:00:00.123456Z"
        sequence = order.id.rawValue
        trade_count = trades.count
        self.trades = trades
    }

    // Written by hand for one reason: the one that the compiler makes leaves out what is nil.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(side, forKey: .side)
        try container.encode(state, forKey: .state)
        try container.encode(close_reason, forKey: .close_reason)
        try container.encode(price_nanoton_per_mtok, forKey: .price_nanoton_per_mtok)
        try container.encode(quantity_lots, forKey: .quantity_lots)
        try container.encode(filled_lots, forKey: .filled_lots)
        try container.encode(remaining_lots, forKey: .remaining_lots)
        try container.encode(time_in_force, forKey: .time_in_force)
        try container.encode(client_order_id, forKey: .client_order_id)
        try container.encode(held_nanoton, forKey: .held_nanoton)
        try container.encode(maker_fee_bps, forKey: .maker_fee_bps)
        try container.encode(taker_fee_bps, forKey: .taker_fee_bps)
        try container.encode(created_at, forKey: .created_at)
        try container.encode(sequence, forKey: .sequence)
        try container.encode(trade_count, forKey: .trade_count)
        try container.encode(trades, forKey: .trades)
    }

    private enum CodingKeys: String, CodingKey {
        case id, side, state, close_reason, price_nanoton_per_mtok, quantity_lots, filled_lots, remaining_lots
        case time_in_force, client_order_id, held_nanoton, maker_fee_bps, taker_fee_bps, created_at, sequence
        case trade_count, trades
    }
}

/// A trade in it.
struct TradeDocument: Encodable {
    let id: String
    let lease_id: String
    let price_nanoton_per_mtok: String
    let quantity_lots: Int64
    let value_nanoton: String

    init(_ trade: Trade) {
        id = trade.id.text
        lease_id = "l\(trade.id.rawValue)"
        price_nanoton_per_mtok = String(trade.price.nanoTONPerMTok)
        quantity_lots = trade.lots.count
        value_nanoton = String(trade.price.value(of: trade.lots).count)
    }
}
