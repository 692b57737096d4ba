internal import JSON

/// Whether answers say what they must. Each check returns what is wrong, in words, or `nil`.
package enum AnswerCheck {
    /// What the answer to a command must look like.
    package struct Expected: Sendable {
        /// What was asked for.
        package let operation: Operation
        /// As in `a2`.
        package let account: String
        /// The order's `client_order_id`, if it has one.
        package let clientOrderID: String?

        /// An expectation of these parts.
        package init(_ operation: Operation, account: String, clientOrderID: String?) {
            self.operation = operation
            self.account = account
            self.clientOrderID = clientOrderID
        }

        /// What the order is called in messages.
        fileprivate var name: String {
            operation.kind == .cancel ? "cancel of o\(operation.order)" : "\(operation.kind.name) \(operation.number)"
        }
    }

    /// The sequence number of an acknowledgement, found without reading the whole document: an order's id is the number
    /// of its command; a cancel ends with its own.
    package static func sequence(of kind: Operation.Kind, in body: Span<UInt8>) -> Int64? {
        if kind.isPlacement {
            // {"id":"o17",
            guard body.count > 9, body[7] == UInt8(ascii: "o") else { return slowSequence(body) }
            return digits(body, from: 8, until: UInt8(ascii: "\"")) ?? slowSequence(body)
        }
        // …"sequence":21}
        var index = body.count - 2
        while index > 0, (0x30...0x39).contains(body[index]) { index -= 1 }
        guard index > 0, body[index] == UInt8(ascii: ":") else { return slowSequence(body) }
        return digits(body, from: index + 1, until: UInt8(ascii: "}")) ?? slowSequence(body)
    }

    private static func digits(_ bytes: Span<UInt8>, from start: Int, until end: UInt8) -> Int64? {
        var number: Int64 = 0
        var index = start
        while index < bytes.count, (0x30...0x39).contains(bytes[index]), index - start < 18 {
            number = number * 10 + Int64(bytes[index] & 15)
            index += 1
        }
        return index > start && index < bytes.count && bytes[index] == end ? number : nil
    }

    private static func slowSequence(_ body: Span<UInt8>) -> Int64? {
        document(bytes(body))?["sequence"]?.integer
    }

    /// The code of a problem document; `no code` for anything else. Found without reading the whole document where its
    /// type, which ends with the code, comes first: a load may be refused as often as it is served.
    package static func problemCode(_ body: Span<UInt8>) -> String {
        var index = 0
        for byte in problemType.utf8 {
            guard index < body.count, body[index] == byte else { return slowProblemCode(body) }
            index += 1
        }
        let start = index
        while index < body.count, body[index] == UInt8(ascii: "_") || (0x61...0x7A).contains(body[index]) { index += 1 }
        guard index > start, index < body.count, body[index] == UInt8(ascii: "\"") else { return slowProblemCode(body) }
        return String(decoding: bytes(body.extracting(start..<index)), as: UTF8.self)
    }

    private static let problemType = #"{"type":"/problems/"#

    private static func slowProblemCode(_ body: Span<UInt8>) -> String {
        document(bytes(body))?["code"]?.string ?? "no code"
    }

    /// The sequence number of a command that the engine refused, if it did.
    package static func rejectedSequence(_ body: Span<UInt8>) -> Int64? { slowSequence(body) }

    private static func bytes(_ span: Span<UInt8>) -> [UInt8] { span.indices.map { span[$0] } }

    private static func document(_ body: [UInt8]) -> JSONValue? {
        try? JSONValue(body, limits: JSONLimits(depthMax: 16, bytesMax: 16 << 20))
    }

    /// The acknowledgement of a command.
    package static func acknowledgement(_ body: [UInt8], of expected: Expected) -> String? {
        guard let answer = document(body) else { return "\(expected.name): the answer is no JSON document" }
        if let fault = terms(of: answer, expected) { return fault }
        if let fault = quantities(of: answer, expected) { return fault }
        let operation = expected.operation
        guard let sequence = answer["sequence"]?.integer, sequence > 0 else {
            return "\(expected.name): the answer has no sequence number"
        }
        guard operation.kind.isPlacement else {
            return answer["state"]?.string == "cancelled" ? nil : "\(expected.name): the order is not cancelled"
        }
        guard answer["id"]?.string == "o\(sequence)" else {
            return "\(expected.name): id and sequence number differ"
        }
        let state = answer["state"]?.string ?? ""
        let allowed = operation.isImmediate ? ["filled", "cancelled"] : ["open", "filled"]
        guard allowed.contains(state) else { return "\(expected.name): the state is \(state)" }
        if operation.isPassive, state != "open" || answer["trade_count"]?.integer != 0 {
            return "\(expected.name): it traded far from the market"
        }
        return trades(of: answer, expected)
    }

    private static func terms(of answer: JSONValue, _ expected: Expected) -> String? {
        let operation = expected.operation
        var facts: [(String, JSONValue?)] = []
        if operation.kind == .cancel {
            facts.append(("id", .string("o\(operation.order)")))
        } else {
            facts += [
                ("side", .string(operation.kind == .offer ? "offer" : "bid")),
                ("price_nanoton_per_mtok", .string(String(operation.price))),
                ("quantity_lots", .integer(operation.lots)),
                ("time_in_force", .string(operation.isImmediate ? "ioc" : "gtc")),
                ("client_order_id", expected.clientOrderID.map { .string($0) } ?? .null),
            ]
        }
        for (name, value) in facts where answer[name] != value {
            return "\(expected.name): \(name) is not what was asked for"
        }
        return nil
    }

    private static func quantities(of answer: JSONValue, _ expected: Expected) -> String? {
        guard let remaining = answer["remaining_lots"]?.integer else {
            return "\(expected.name): remaining_lots is missing"
        }
        guard expected.operation.kind != .cancel else {
            return (0...expected.operation.lots).contains(remaining) ? nil : "\(expected.name): too much was left"
        }
        let filled = answer["filled_lots"]?.integer ?? -1
        guard filled >= 0, remaining >= 0, filled + remaining == expected.operation.lots else {
            return "\(expected.name): filled and remaining lots do not add up"
        }
        return nil
    }

    /// The trades of an answer are what was filled at once, at prices within the order's own.
    private static func trades(of answer: JSONValue, _ expected: Expected) -> String? {
        guard let trades = answer["trades"]?.elements, answer["trade_count"]?.integer == Int64(trades.count) else {
            // A long list is cut off; a sample of those says nothing.
            return nil
        }
        var lots: Int64 = 0
        for trade in trades {
            lots += trade["quantity_lots"]?.integer ?? 0
            guard let price = trade["price_nanoton_per_mtok"]?.string.flatMap({ Int64($0) }) else {
                return "\(expected.name): a trade has no price"
            }
            let limit = expected.operation.price
            guard expected.operation.kind == .offer ? price >= limit : price <= limit else {
                return "\(expected.name): a trade at \(price) is beyond the limit of \(limit)"
            }
        }
        guard lots == answer["filled_lots"]?.integer else {
            return "\(expected.name): the trades are not what was filled"
        }
        return nil
    }

    /// What `GET /v1/orders/{id}` says of an order, after the command was acknowledged with `acknowledged`.
    package static func readBack(_ body: [UInt8], of expected: Expected, acknowledged: [UInt8]) -> String? {
        guard let order = document(body), let answer = document(acknowledged) else {
            return "\(expected.name): asked back, the answer is no JSON document"
        }
        let name = expected.name + ", asked back"
        guard order["account_id"]?.string == expected.account else { return "\(name): it is another account's" }
        for fact in ["id", "side", "price_nanoton_per_mtok", "quantity_lots", "client_order_id", "created_at"] {
            // A cancel's acknowledgement has but some of them.
            if let acknowledged = answer[fact], order[fact] != acknowledged { return "\(name): \(fact) has changed" }
        }
        guard let asOf = order["as_of_sequence"]?.integer, asOf >= answer["sequence"]?.integer ?? .max else {
            return "\(name): the answer is older than the acknowledgement"
        }
        if let fault = quantities(of: order, expected.reading) { return name + fault.dropFirst(expected.name.count) }
        guard let filled = order["filled_lots"]?.integer, filled >= answer["filled_lots"]?.integer ?? 0 else {
            return "\(name): less is filled than before"
        }
        let state = order["state"]?.string ?? ""
        if expected.operation.kind == .cancel {
            return state == "cancelled" ? nil : "\(name): the state is \(state)"
        }
        let before = answer["state"]?.string ?? ""
        guard before == "open" || state == before else { return "\(name): it was \(before) and is \(state)" }
        return nil
    }

    /// The answer to the same request with the same key.
    package static func repetition(
        status: Int,
        _ body: [UInt8],
        isReplayed: Bool,
        of expected: Expected,
        first: (status: Int, body: [UInt8])
    ) -> String? {
        guard isReplayed else { return "\(expected.name), sent again: the answer is not marked as a repetition" }
        guard status == first.status else { return "\(expected.name), sent again: status \(status)" }
        return body == first.body ? nil : "\(expected.name), sent again: another answer came"
    }
}

extension AnswerCheck.Expected {
    /// For the view of an order, also of one that was cancelled: it has the quantities of the order.
    fileprivate var reading: AnswerCheck.Expected {
        var operation = operation
        if operation.kind == .cancel { operation.kind = .offer }
        return AnswerCheck.Expected(operation, account: account, clientOrderID: clientOrderID)
    }
}
