import Exchange
import Units

/// Requests that were made before get their answer again (DESIGN §2).
extension Engine {
    /// Microseconds of logical time for which a request is remembered at least: the whole window, unless the memory is
    /// full; then as far back as it reaches.
    package var idempotencyWindow: Int64 {
        // One command may have both a key and a client order id.
        guard requests.count + 2 > requestsMax, let oldest = requests.oldest else { return Limits.idempotencyWindow }
        return min(Limits.idempotencyWindow, time.microseconds - oldest.at.microseconds)
    }

    /// What a repetition is answered, or the misuse of a key or client order id; `nil` for a new request.
    func earlierAnswer(to command: Command) -> Event? {
        if let key = command.idempotency,
            let earlier = requests.find(.key, command.account, high: key.high, low: key.low)
        {
            guard earlier.body == key.body else { return .rejected(.idempotencyKeyReused) }
            // A key that came later than the client order id of its body stands for what the id stands for.
            if rules >= 3, case .replayed(let first)? = answer(toNameOf: command), first < earlier.sequence {
                return .replayed(first)
            }
            return .replayed(earlier.sequence)
        }
        return answer(toNameOf: command)
    }

    /// What the command's client order id stands for; `nil` for none, or a new one.
    private func answer(toNameOf command: Command) -> Event? {
        guard let terms = command.orderTerms, let name = terms.clientOrderID else { return nil }
        let hash = name.hash
        if let slot = find(name, hash, of: command.account) {
            let order = SequenceNumber(book.orders[Int(slot)].id.rawValue)
            let isSame = details[Int(slot)].bodyHash == terms.bodyHash
            return isSame ? .replayed(order) : .rejected(.duplicateClientOrderID)
        }
        guard let earlier = requests.find(.clientOrderID, command.account, high: hash.high, low: hash.low) else {
            return nil
        }
        return earlier.body == terms.bodyHash ? .replayed(earlier.sequence) : .rejected(.duplicateClientOrderID)
    }

    /// Whether an answer that was found without carrying the command out is kept under the command's key, which is a
    /// new one. The client order id goes on standing for the command that had it first.
    func isRemembered(_ answer: Event, of command: Command) -> Bool {
        guard let key = command.idempotency else { return false }
        let isNew = requests.find(.key, command.account, high: key.high, low: key.low) == nil
        switch answer {
        // Orders of a batch may share a key: since version 5 it goes on standing for the first of them.
        case .rejected(.duplicateClientOrderID): return rules >= 2 && (isNew || rules < 5)
        case .replayed: return rules >= 3 && isNew
        default: return false
        }
    }

    /// Why the command was rejected that a repetition by client order id is answered with; `nil` when it was not.
    func rejection(ofNameOf command: Command) -> Rejection? {
        guard let hash = command.orderTerms?.clientOrderID?.hash else { return nil }
        let earlier = requests.find(.clientOrderID, command.account, high: hash.high, low: hash.low)
        return earlier.flatMap { Rejection(rawValue: $0.rejection) }
    }

    /// Gives an answer that was found without carrying the command out, and keeps it under a new key.
    mutating func repeatAnswer(_ answer: Event, to command: Command, _ events: inout [Event]) {
        guard isRemembered(answer, of: command) else { return events.append(answer) }
        let isReplay = if case .replayed = answer { true } else { false }
        let rejection = isReplay ? rejection(ofNameOf: command) : .duplicateClientOrderID
        guard makeRoom(for: command.memoryEntries, of: command.account, &events) else {
            // A repetition gets its answer in any case; a refusal may come again as another one.
            return events.append(isReplay ? answer : .rejected(.idempotencyWindowFull))
        }
        events.append(answer)
        remember(command, rejection, named: false, &events)
    }

    /// Forgets the oldest requests when the memory is full; false when they must still be kept, or when what is left is
    /// for others.
    mutating func makeRoom(for needed: Int, of account: AccountID, _ events: inout [Event]) -> Bool {
        let youngest = LogicalTime(microseconds: time.microseconds - Limits.idempotencyWindowMin)
        var isForgotten = SequenceNumber.none
        while requests.count + needed > requestsMax, let oldest = requests.oldest, oldest.at <= youngest {
            isForgotten = forgetOldest()
        }
        if isForgotten != .none { events.append(.forgotten(isForgotten)) }
        guard requests.count + needed <= requestsMax else { return false }
        return rules < RulesVersion.reservedRequests || leavesReserve(needed, of: account, youngest)
    }

    /// Whether the account would still have little of the memory, or leaves a part of it free of what must be kept.
    /// What it has now and what it needs are looked at as one: so orders of a batch that have room together have it one
    /// after the other.
    private func leavesReserve(_ needed: Int, of account: AccountID, _ youngest: LogicalTime) -> Bool {
        let part = requestsMax / Limits.idempotencyParts
        guard account != .system, requests.count(of: account) + needed > part else { return true }
        let excess = requests.count + needed - (requestsMax - part)
        guard excess > 0 else { return true }
        return requests.time(ofOldest: excess).map { $0 <= youngest } ?? false
    }

    /// Keeps what will show a repetition of the command; `named` says whether its client order id stands for it.
    mutating func remember(_ command: Command, _ rejection: Rejection?, named: Bool, _ events: inout [Event]) {
        let terms = named ? command.orderTerms : nil
        let hash = terms?.clientOrderID?.hash
        let request = RememberedRequest(
            sequence: sequence,
            account: command.account,
            key: command.idempotency,
            clientOrderID: hash,
            bodyHash: hash == nil ? 0 : terms?.bodyHash ?? 0,
            at: time,
            rejection: rejection
        )
        remember(request)
        events.append(.remembered(request))
    }

    mutating func remember(_ request: RememberedRequest) {
        if let key = request.key { remember(.key, key.high, key.low, key.body, request) }
        if let name = request.clientOrderID { remember(.clientOrderID, name.high, name.low, request.bodyHash, request) }
    }

    private mutating func remember(
        _ kind: RequestMemory.Kind,
        _ high: UInt64,
        _ low: UInt64,
        _ body: UInt64,
        _ request: RememberedRequest
    ) {
        let entry = RequestMemory.Entry(
            high: high,
            low: low,
            body: body,
            sequence: request.sequence,
            at: request.at,
            account: request.account,
            rejection: request.rejection?.rawValue ?? 0,
            kind: kind
        )
        requests.append(entry)
        recordSum.add(entry.recordHash)
    }

    /// Forgets what is older than the window.
    mutating func forgetOld(_ events: inout [Event]) {
        var isForgotten = SequenceNumber.none
        while let oldest = requests.oldest,
            oldest.at.microseconds + Limits.idempotencyWindow <= time.microseconds
        {
            isForgotten = forgetOldest()
        }
        if isForgotten != .none { events.append(.forgotten(isForgotten)) }
    }

    /// Forgets the oldest command, its key and its client order id both.
    private mutating func forgetOldest() -> SequenceNumber {
        var forgotten = SequenceNumber.none
        while let oldest = requests.oldest, forgotten == .none || oldest.sequence == forgotten {
            forgotten = oldest.sequence
            recordSum.subtract(requests.removeOldest().recordHash)
        }
        return forgotten
    }
}

extension Command {
    /// It has a key or a client order id, by which a repetition is recognised.
    var isRepeatable: Bool { idempotency != nil || hasName }

    /// What it takes of the memory of requests.
    var memoryEntries: Int { (idempotency == nil ? 0 : 1) + (hasName ? 1 : 0) }

    /// It has a client order id.
    private var hasName: Bool {
        switch action {
        case .placeOffer(let terms): terms.order.clientOrderID != nil
        case .placeBid(let terms): terms.order.clientOrderID != nil
        default: false
        }
    }

    /// Of a command that places an order.
    var orderTerms: OrderTerms? {
        switch action {
        case .placeOffer(let terms): terms.order
        case .placeBid(let terms): terms.order
        default: nil
        }
    }
}
