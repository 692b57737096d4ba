package import Engine
internal import Exchange
internal import JSON
internal import Units

/// One order or receipt of a batch.
package enum BatchItem: Sendable {
    /// It goes to the engine.
    case command(Command)
    /// It is refused before the engine.
    case refused(Problem)
    /// Opens a batch of which all orders are placed, or none; it has no answer of its own.
    case opening(Command)
    /// One of them.
    case announced(Command)

    package var isOpening: Bool { if case .opening = self { true } else { false } }

    /// The commands of some items for the engine, in their order.
    package static func commands(of items: [BatchItem]) -> [Command] {
        items.compactMap { item in
            switch item {
            case .command(let command), .opening(let command): command
            case .announced(let order):
                Command(account: order.account, key: order.key, requestID: order.requestID, action: .placeNext)
            case .refused: nil
            }
        }
    }

    /// All of them, or none: when one cannot even become a command, nothing of the request is for the engine.
    static func together(_ items: [BatchItem]) -> [BatchItem] {
        let orders = items.compactMap { item in
            if case .command(let command) = item { command } else { nil }
        }
        guard let first = orders.first, orders.count == items.count else {
            return items.map { item in
                if case .refused = item { item } else { .refused(Problem(.batchRefused)) }
            }
        }
        var opening = first
        opening.idempotency = nil
        opening.action = .openBatch(AtomicBatch(orders: orders))
        return [.opening(opening)] + orders.map { .announced($0) }
    }
}

/// Many orders in one request: each is its own command, with its own answer.
extension Request {
    func placeBatch(_ principal: Principal) throws(Problem) -> Admission {
        let (bodies, isAtomic) = try Bodies.batch(body)
        let key = head.idempotencyKey
        if let key, !Idempotency.isValid(key) { throw Problem(.badIdempotencyKey) }
        // Once for all of them: a thousand orders may come in a megabyte.
        let wholeHash = key == nil ? 0 : Idempotency.bodyHash(route, path: head.path, body: self.body)
        var items: [BatchItem] = []
        items.reserveCapacity(bodies.count)
        for (index, body) in bodies.enumerated() {
            do throws(Problem) {
                let command = try order(Array(body), index, key, wholeHash, principal)
                if isAtomic { try Self.checkIsCertain(command) }
                items.append(.command(command))
            } catch {
                items.append(.refused(error))
            }
        }
        return .batch(isAtomic ? BatchItem.together(items) : items)
    }

    /// Whether an order is accepted must not depend on what the others of an all-or-nothing batch do.
    private static func checkIsCertain(_ command: Command) throws(Problem) {
        let terms: OrderTerms
        switch command.action {
        case .placeOffer(let offer): terms = offer.order
        case .placeBid(let bid): terms = bid.order
        default: return
        }
        func refusal(_ field: StaticString, _ value: String) -> Problem {
            let detail = "\(field) must not be \(value) in an all-or-nothing batch."
            return Problem(invalid: [FieldError(.pointer("#/\(field)"), .notAllowed, detail)])
        }
        if terms.timeInForce == .fok { throw refusal("time_in_force", "fok") }
        if terms.rules.isPostOnly { throw refusal("post_only", "true") }
    }

    /// The key of an item is the request's with the item's place; the same key with another body is another request,
    /// whichever item differs.
    private func order(
        _ item: [UInt8],
        _ index: Int,
        _ key: ArraySlice<UInt8>?,
        _ wholeHash: UInt64,
        _ principal: Principal
    ) throws(Problem) -> Command {
        let side = try Bodies.side(item)
        try QueryRequests.require(side == .offer ? .offer : .bid, of: principal)
        let identity = key.map { key in
            Idempotency.identity(
                account: principal.account,
                route,
                key: key + [0] + Array(String(index).utf8),
                bodyHash: wholeHash
            )
        }
        let bodyHash = Idempotency.bodyHash(route, path: head.path, body: item)
        func named(_ terms: OrderTerms) -> OrderTerms {
            var terms = terms
            if identity != nil || terms.clientOrderID != nil { terms.bodyHash = bodyHash }
            return terms
        }
        switch side {
        case .offer:
            var terms = try Bodies.offer(item, directory: context.directory, now: judgedAt)
            terms.order = named(terms.order)
            return make(.placeOffer(terms), principal, identity)
        case .bid:
            var terms = try Bodies.bid(item, directory: context.directory, now: judgedAt)
            terms.order = named(terms.order)
            return make(.placeBid(terms), principal, identity)
        }
    }
}

enum BatchField: Int, BodyField {
    case orders, allOrNothing
    static let names: [StaticString] = ["orders", "all_or_nothing"]
}

extension Bodies {
    /// `POST /v1/orders:batch`: the bytes of each order, and whether all of them are placed or none.
    static func batch(_ body: [UInt8]) throws(Problem) -> (orders: [ArraySlice<UInt8>], isAtomic: Bool) {
        let place = BodyPlace.document.field("orders")
        var items: [ArraySlice<UInt8>] = []
        var isAtomic = false
        _ = try read(body, bytesMax: Limits.batchBytesMax) { (reader: inout BodyReader) throws(JSONError) -> Bool? in
            var seen = JSONFieldSet()
            guard try reader.beginObject(at: .document) else { return nil }
            while let field = try reader.nextField(BatchField.self, of: .document, seen: &seen) {
                guard field == .orders else {
                    isAtomic = try reader.boolean(at: .document.field(field.name)) ?? false
                    continue
                }
                let errorsBefore = reader.errors.count
                let isFilled = try reader.elements(at: place, max: Limits.batchOrdersMax) {
                    (reader: inout BodyReader, _) throws(JSONError) in
                    items.append(try reader.value())
                }
                if !isFilled, reader.errors.count == errorsBefore {
                    reader.fail(place, .empty, "orders needs at least one entry.")
                }
            }
            reader.require(BatchField.orders, of: .document, seen: seen)
            return true
        }
        return (items, isAtomic)
    }

    /// The side of an order of a batch, before the rest of it is looked at.
    static func side(_ body: [UInt8]) throws(Problem) -> Side {
        let place = BodyPlace.document.field("side")
        return try read(body) { (reader: inout BodyReader) throws(JSONError) -> Side? in
            var side: Side?
            var isThere = false
            guard try reader.beginObject(at: .document) else { return nil }
            while let isSide = try reader.nextKey(is: "side") {
                if isSide, !isThere {
                    isThere = true
                    side = try reader.choice(of: Vocabularies.side, at: place)
                } else {
                    _ = try reader.value()
                }
            }
            if !isThere { reader.fail(place, .required, "side is required.") }
            return side
        }
    }
}

/// Writes the answer to a batch.
extension Answer {
    /// 200 with the answer to each order or receipt, in the order of the request. `name` is that of an answer that is
    /// no problem.
    package static func batch(_ answers: [APIResponse], of name: StaticString = "order") -> APIResponse {
        let bytes = answers.reduce(64) { $0 + $1.body.count + 64 }
        var writer = JSONWriter(capacity: bytes)
        writer.beginObject()
        writer.key("results")
        writer.beginArray()
        for answer in answers {
            writer.beginObject()
            writer.member("status", Int64(answer.status))
            writer.member("replayed", answer.isReplayed)
            writer.key(answer.contentType == .problem ? "problem" : name)
            writer.raw(answer.body.span)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return APIResponse(status: 200, body: writer.take())
    }
}
