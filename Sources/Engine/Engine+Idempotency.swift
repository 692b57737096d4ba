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
            return earlier.body == key.body ? .replayed(earlier.sequence) : .rejected(.idempotencyKeyReused)
        }
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

    /// Whether a refusal that was found without carrying the command out is kept under the command's key. The client
    /// order id goes on standing for the command that had it first.
    func isRemembered(_ answer: Event, of command: Command) -> Bool {
        rules >= 2 && answer == .rejected(.duplicateClientOrderID) && command.idempotency != nil
    }

    /// Forgets the oldest requests when the memory is full; false when they must still be kept.
    mutating func makeRoom(for command: Command, _ events: inout [Event]) -> Bool {
        let needed = (command.idempotency == nil ? 0 : 1) + (command.orderTerms?.clientOrderID == nil ? 0 : 1)
        let youngest = LogicalTime(microseconds: time.microseconds - Limits.idempotencyWindowMin)
        var isForgotten = SequenceNumber.none
        while requests.count + needed > requestsMax, let oldest = requests.oldest, oldest.at <= youngest {
            isForgotten = forgetOldest()
        }
        if isForgotten != .none { events.append(.forgotten(isForgotten)) }
        return requests.count + needed <= requestsMax
    }

    /// Keeps what will show a repetition of the command.
    mutating func remember(_ command: Command, _ rejection: Rejection?, _ events: inout [Event]) {
        let terms = rejection == .duplicateClientOrderID ? nil : command.orderTerms
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
    var isRepeatable: Bool { idempotency != nil || orderTerms?.clientOrderID != nil }

    /// Of a command that places an order.
    var orderTerms: OrderTerms? {
        switch action {
        case .placeOffer(let terms): terms.order
        case .placeBid(let terms): terms.order
        default: nil
        }
    }
}
