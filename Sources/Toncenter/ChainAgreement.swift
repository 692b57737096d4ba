package import TON

/// When two providers must say the same: a value that compares.
///
/// A provider that invents a transaction could have deposits credited that nobody made, and one that hides a
/// transaction could have a payout made twice. Where both have a transaction, they must agree in all of it; where one
/// has it and the other not, that is enough for sums up to ``above`` only.
package struct ChainAgreement: Hashable, Sendable {
    /// The largest sum for which the first provider's word is enough.
    package let above: Coins

    package init(above: Coins) { self.above = above }

    /// What is agreed of two histories that begin behind the same place: as far as it can be acted on. Throws
    /// ``TON/ChainError/answer(_:)`` where the providers contradict each other, or where the first has not a large
    /// transaction that the second has.
    package func agreed(
        _ first: [ChainTransaction],
        _ second: [ChainTransaction]
    ) throws(ChainError) -> [ChainTransaction] {
        for (one, other) in zip(first, second) {
            if let field = Self.difference(one, other) {
                throw .answer("the providers differ in the transaction at \(one.logicalTime): \(field)")
            }
        }
        let common = min(first.count, second.count)
        if let hidden = second.dropFirst(first.count).first(where: isLarge) {
            throw .answer("the first provider has no transaction at \(hidden.logicalTime), which the second has")
        }
        // What the second has not yet waits until it has.
        let rest = first.dropFirst(common).prefix { !isLarge($0) }
        return Array(first.prefix(common) + rest)
    }

    /// What is agreed of one transaction that was looked for.
    package func agreed(
        _ first: ChainTransaction?,
        _ second: ChainTransaction?
    ) throws(ChainError) -> ChainTransaction? {
        try agreed(first.map { [$0] } ?? [], second.map { [$0] } ?? []).first
    }

    /// What both know everything up to. The number and the time by themselves: a provider that lies about one of them
    /// takes neither along.
    package func agreed(_ first: ChainHead, _ second: ChainHead) -> ChainHead {
        ChainHead(block: min(first.block, second.block), time: min(first.time, second.time))
    }

    /// Whether one provider is not believed: for what it moves, or because it came from outside. That is a message of
    /// the exchange, and what became of it decides whether those are paid again who were to be paid by it.
    package func isLarge(_ transaction: ChainTransaction) -> Bool {
        if transaction.incoming.source == nil { return true }
        var sent: UInt128 = 0
        for message in transaction.outgoing { sent += message.value.nanoTON }
        return max(sent, transaction.incoming.value.nanoTON) > above.nanoTON
    }

    /// The first field in which two transactions differ, by its name in ``TON/ChainTransaction``; `nil` if in none.
    package static func difference(_ one: ChainTransaction, _ other: ChainTransaction) -> String? {
        let fields: [(String, Bool)] = [
            ("account", one.account == other.account), ("logicalTime", one.logicalTime == other.logicalTime),
            ("hash", one.hash == other.hash), ("previousHash", one.previousHash == other.previousHash),
            ("previousLogicalTime", one.previousLogicalTime == other.previousLogicalTime),
            ("time", one.time == other.time), ("block", one.block == other.block),
            ("incoming", one.incoming == other.incoming), ("outgoing", one.outgoing == other.outgoing),
            ("outcome", one.outcome == other.outcome), ("fees", one.fees == other.fees),
            ("balance", one.balance == other.balance),
        ]
        return fields.first { !$0.1 }?.0
    }
}

/// Two providers as one chain: the first is asked and sent to, the second confirms (``ChainAgreement``).
package struct AgreeingClient<First: ChainClient, Second: ChainClient>: ChainClient {
    package var first: First
    package var second: Second
    private let agreement: ChainAgreement
    /// Of the last head that was given, in seconds since 1970.
    private var headTime: UInt64 = 0

    package init(_ first: First, confirmedBy second: Second, _ agreement: ChainAgreement) {
        self.first = first
        self.second = second
        self.agreement = agreement
    }

    /// The earlier of both.
    package mutating func head() throws(ChainError) -> ChainHead {
        let head = agreement.agreed(try first.head(), try second.head())
        headTime = head.time
        return head
    }

    /// What the first says: a balance is for people to see, and is decided on by nobody.
    package mutating func account(_ address: Address) throws(ChainError) -> ChainAccount { try first.account(address) }

    /// What is agreed; it may be fewer than there are behind the last head. Up to that head it is all, or it throws:
    /// whoever asks concludes from what is not there, too.
    package mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction] {
        let one = try first.transactions(of: address, after: logicalTime, limit: limit)
        let other = try second.transactions(of: address, after: logicalTime, limit: limit)
        let agreed = try agreement.agreed(one, other)
        if let hidden = one.dropFirst(agreed.count).first, hidden.time <= headTime {
            throw .answer("the second provider has no transaction at \(hidden.logicalTime), which the first has")
        }
        return agreed
    }

    /// What is agreed.
    package mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        let one = try first.transaction(ofMessage: normalizedHash)
        return try agreement.agreed(one, try second.transaction(ofMessage: normalizedHash))
    }

    /// What is agreed.
    package mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction? {
        let one = try first.transaction(sendingMessage: hash)
        return try agreement.agreed(one, try second.transaction(sendingMessage: hash))
    }

    /// By the first; by the second if nobody answers. The same bytes twice are one message.
    package mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer {
        do throws(ChainError) {
            return try first.send(bag)
        } catch {
            guard error == .noAnswer else { throw error }
            return try second.send(bag)
        }
    }
}
