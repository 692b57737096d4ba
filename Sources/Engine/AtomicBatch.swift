import Exchange
import Units

/// Orders of one account that are placed all, or none of them.
///
/// The command that opens the batch checks all of them, each as if those before it had been placed and had neither
/// traded nor given any money back; the commands that follow it, one for each order, place them. After a check that
/// passed nothing can refuse them any more. All of them are in one batch of the journal.
package struct AtomicBatch: Hashable, Sendable {
    /// 1…``Limits/batchOrdersMax`` commands that place orders, each with its own key, of one account.
    package var orders: [Command]

    package init(orders: [Command]) { self.orders = orders }

    /// The commands that carry the batch out: the one that opens it, and one for each order.
    package static func commands(placing orders: [Command]) -> [Command] {
        guard let first = orders.first else { return [] }
        let make = { (action: Command.Action) in
            Command(account: first.account, key: first.key, requestID: first.requestID, action: action)
        }
        return [make(.openBatch(AtomicBatch(orders: orders)))] + orders.map { _ in make(.placeNext) }
    }
}

/// What the following commands place, or refuse. Empty between the batches of the journal, and so no part of the state.
struct PendingOrders: Sendable {
    private(set) var orders: ArraySlice<Command> = []
    private(set) var verdict = Verdict.placed

    /// What the check came to.
    enum Verdict: Sendable {
        /// Nothing refuses them.
        case placed
        /// All of them were asked for before, and get their answers again.
        case repeated
        /// None is placed, because of the one with this index.
        case refused(Int, Rejection)
        /// The memory of requests has no room for all of them; they may come again.
        case memoryFull
    }

    init() {}

    init(_ batch: AtomicBatch, _ verdict: Verdict) {
        orders = batch.orders[...]
        self.verdict = verdict
    }

    var isEmpty: Bool { orders.isEmpty }

    /// The next order and its index.
    mutating func takeNext() -> (index: Int, order: Command)? {
        guard !orders.isEmpty else { return nil }
        return (orders.startIndex, orders.removeFirst())
    }
}

/// What the orders of a batch that were checked so far would take, when none of them trades.
struct CheckedOrders: Sendable {
    /// Those that may rest.
    var resting: Int64 = 0
    /// Lots of offers, for which a bond may have to be there.
    var offeredLots = Lots.zero
    var held = NanoTON.zero
    /// Capabilities and requirements that the account has no order in yet.
    var capabilities: Set<Capability> = []
    var requirements: Set<Requirement> = []
}

// MARK: - Form

// See CommandCodec.swift.
//
//     26 open batch      count u16 · for each: kind u8 (1, 2, 24, 25, 60, 61) · has key u8 [· key high u64 · low u64
//                        · body u64] · as that kind
//     27 place next      nothing

extension AtomicBatch {
    func encode(into bytes: inout [UInt8]) {
        bytes.append(integer: UInt16(orders.count))
        for order in orders {
            bytes.append(order.action.kind)
            bytes.append(optionalKey: order.idempotency)
            order.action.encode(into: &bytes)
        }
    }

    static func decode(
        _ head: Command,
        _ version: UInt8,
        _ bytes: Span<UInt8>,
        _ cursor: inout CommandCursor
    ) throws(CommandDecodingError) -> Self {
        let count: UInt16 = try cursor.integer(bytes)
        guard count >= 1, count <= Limits.batchOrdersMax else { throw .invalid(.orders) }
        var orders: [Command] = []
        for _ in 0..<count {
            let kind: UInt8 = try cursor.integer(bytes)
            guard [1, 2, 24, 25, 60, 61].contains(kind) else { throw .invalid(.orders) }
            var order = head
            order.idempotency = try cursor.optionalKey(bytes)
            order.action = try Command.Action.decode(kind, version, bytes, &cursor)
            orders.append(order)
        }
        return AtomicBatch(orders: orders)
    }
}

extension [UInt8] {
    mutating func append(optionalKey key: IdempotencyKey?) {
        append(key == nil ? 0 : 1)
        guard let key else { return }
        for word in [key.high, key.low, key.body] { append(integer: word) }
    }
}

extension CommandCursor {
    mutating func optionalKey(_ bytes: Span<UInt8>) throws(CommandDecodingError) -> IdempotencyKey? {
        guard try flag(bytes, .hasKey) else { return nil }
        let high: UInt64 = try integer(bytes)
        let low: UInt64 = try integer(bytes)
        return IdempotencyKey(high: high, low: low, body: try integer(bytes))
    }
}
