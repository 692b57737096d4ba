internal import HTTP2
package import JSON

/// What a client makes of a stream's messages: the book, its own orders, its money, and the trades. Written apart from
/// the server's own code, after `openapi.yaml`.
package struct StreamReplica: Sendable {
    /// Price to lots and number of orders.
    package private(set) var offers: [Int64: [Int64]] = [:]
    package private(set) var bids: [Int64: [Int64]] = [:]
    package private(set) var bookSequence: Int64 = -1
    /// Orders by id.
    package private(set) var orders: [String: Order] = [:]
    /// Balances by name.
    package private(set) var balances: [String: String] = [:]
    /// Trades by id: how often each was told.
    package private(set) var trades: [String: Int] = [:]
    /// What does not fit together.
    package private(set) var faults: [String] = []
    /// Messages of books whose check sum was right.
    package private(set) var checkedBooks = 0

    package struct Order: Equatable, Sendable {
        package var remaining: Int64
        package var isOpen: Bool
        /// Everything up to this sequence number is in it.
        var sequence: Int64
    }

    package init() {}

    /// Takes one event.
    package mutating func take(_ name: String, _ json: JSONValue) {
        switch name {
        case "book": takeBook(json)
        case "orders": takeOrders(json)
        case "balances":
            for member in json["balances"]?.members ?? [] { balances[member.key] = member.value.string ?? "" }
        case "trades":
            for trade in json["trades"]?.elements ?? [] { trades[trade["id"]?.string ?? "", default: 0] += 1 }
        case "open", "reset", "draining", "overflow", "revoked", "expired", "ticker": break
        default: faults.append("an event \(name)")
        }
    }

    private mutating func takeBook(_ json: JSONValue) {
        let sequence = json["sequence"]?.integer ?? -1
        if json["snapshot"]?.boolean == true {
            offers = [:]
            bids = [:]
        } else if json["previous_sequence"]?.integer != bookSequence {
            faults.append("book \(sequence) does not follow \(bookSequence)")
        }
        bookSequence = sequence
        Self.set(json["offers"], in: &offers)
        Self.set(json["bids"], in: &bids)
        if Int64(Self.checksum(of: checkedText)) == json["checksum"]?.integer {
            checkedBooks += 1
        } else {
            faults.append("the check sum of book \(sequence)")
        }
    }

    private static func set(_ levels: JSONValue?, in side: inout [Int64: [Int64]]) {
        for level in levels?.elements ?? [] {
            let price = level[0]?.string.flatMap { Int64($0) } ?? -1
            let lots = level[1]?.integer ?? -1
            side[price] = lots == 0 ? nil : [lots, level[2]?.integer ?? -1]
        }
    }

    private var checkedText: String {
        func text(_ side: [Int64: [Int64]], _ prices: [Int64]) -> String {
            prices.prefix(10).map { "\($0):\(side[$0]?[0] ?? 0)" }.joined(separator: ",")
        }
        return text(offers, offers.keys.sorted()) + ";" + text(bids, bids.keys.sorted(by: >))
    }

    /// CRC-32, bit by bit.
    private static func checksum(of text: String) -> UInt32 {
        var checksum: UInt32 = ~0
        for byte in text.utf8 {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~checksum
    }

    private mutating func takeOrders(_ json: JSONValue) {
        let sequence = json["sequence"]?.integer ?? -1
        let events = json["events"]?.elements ?? []
        func id(_ event: JSONValue) -> String { event["order_id"]?.string ?? event["order"]?["id"]?.string ?? "" }
        // What a page has told already comes again in the stream.
        let known = Set(events.map(id).filter { orders[$0].map { $0.sequence >= sequence } ?? false })
        for event in events where !known.contains(id(event)) {
            let id = id(event)
            switch event["type"]?.string {
            case "accepted":
                let lots = event["order"]?["remaining_lots"]?.integer ?? -1
                orders[id] = Order(remaining: lots, isOpen: true, sequence: sequence)
            case "rested", "traded", "closed", "amended", "reduced":
                if orders[id]?.isOpen != true { faults.append("\(sequence): \(id) is not open") }
                orders[id]?.remaining = event["remaining_lots"]?.integer ?? -1
                if event["type"]?.string == "closed" { orders[id]?.isOpen = false }
                orders[id]?.sequence = sequence
            case "reclassified", "shown":
                if orders[id]?.isOpen != true { faults.append("\(sequence): \(id) is not open") }
            default: faults.append("\(event)")
            }
        }
    }

    /// Takes rows of `GET /v1/orders`, which say how orders were as of some sequence number.
    package mutating func take(orders rows: [JSONValue]) {
        for row in rows {
            let id = row["id"]?.string ?? ""
            let sequence = row["last_sequence"]?.integer ?? -1
            if let known = orders[id], known.sequence > sequence { continue }
            orders[id] = Order(
                remaining: row["remaining_lots"]?.integer ?? -1,
                isOpen: row["state"]?.string == "open",
                sequence: sequence
            )
        }
    }

    /// Takes rows of `GET /v1/trades`.
    package mutating func take(trades rows: [JSONValue]) {
        for row in rows { trades[row["id"]?.string ?? ""] = max(1, trades[row["id"]?.string ?? "", default: 0]) }
    }
}

/// A stream that a test reads, and comes back to.
package final class StreamClient {
    private let client: TestClient
    private let request: RequestID
    private var reader: ServerSentEventReader
    /// The events that have come and were not taken.
    private var events: [ServerSentEvent] = []
    /// The status, once it is there.
    package private(set) var status = 0
    /// The answer has ended.
    package private(set) var hasEnded = false
    /// What came instead of a stream.
    package private(set) var refusal: TestClient.Answer?

    /// Asks for a stream over a connection, as somebody who has seen `lastID`.
    package init(_ client: TestClient, _ query: String, key: String? = nil, lastID: String? = nil) throws {
        self.client = client
        reader = ServerSentEventReader(lastID: lastID)
        let fields = lastID.map { [(name: "last-event-id", value: $0)] } ?? []
        request = try client.connection.send(
            TestClient.request("GET", "/v1/stream?\(query)", key: key, fields: fields)
        )
    }

    /// The newest id: where to resume.
    package var lastID: String? { reader.lastID }
    /// Heartbeats so far.
    package var heartbeats: Int { reader.commentCount }
    /// The newest heartbeat.
    package var lastHeartbeat: String { reader.lastComment }

    /// The events that came within so long; at once when there are any.
    package func take(timeoutMilliseconds: UInt64) throws -> [(name: String, json: JSONValue)] {
        if events.isEmpty, !hasEnded {
            client.connection.wait(timeoutMilliseconds: timeoutMilliseconds)
            collect()
        }
        defer { events = [] }
        return try events.map {
            (name: $0.name, json: try JSONValue($0.data, limits: JSONLimits(depthMax: 16, bytesMax: 1 << 24)))
        }
    }

    /// The events up to one for which `isLast` holds, that one included; those so far when the stream ends or the time
    /// is over.
    package func take(
        seconds: Double = 10,
        until isLast: (String, JSONValue) -> Bool
    ) throws -> [(name: String, json: JSONValue)] {
        var all: [(name: String, json: JSONValue)] = []
        var rounds = Int(seconds * 20)
        while rounds > 0, !hasEnded || !events.isEmpty {
            let some = try take(timeoutMilliseconds: 50)
            all += some
            if some.contains(where: { isLast($0.name, $0.json) }) { break }
            if some.isEmpty { rounds -= 1 }
        }
        return all
    }

    private func collect() {
        if let (status, bytes) = client.connection.takeContent(of: request) {
            self.status = status
            events += reader.take(bytes)
            return
        }
        hasEnded = true
        for completion in client.connection.receive(timeoutMilliseconds: 0) where completion.id == request {
            guard let response = try? completion.result.get() else { continue }
            status = response.status
            if response.status == 200 {
                events += reader.take(response.body)
            } else {
                refusal = try? TestClient.answer(response)
            }
        }
    }

    /// Gives it up.
    package func cancel() { client.connection.cancel(request) }
}
