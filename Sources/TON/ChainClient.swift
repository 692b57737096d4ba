/// What a settlement asks of a chain: what is finalized, and one way to send.
///
/// Everything that is read is finalized: the chain does not take it back. What a node says to a message that is sent is
/// proof of nothing; only the history of the account is. The functions change their client, so that one with a
/// connection may be a value too.
package protocol ChainClient {
    /// The last finalized block.
    mutating func head() throws(ChainError) -> ChainHead

    /// An account at the last finalized block; one that nobody has ever sent anything to is empty.
    mutating func account(_ address: Address) throws(ChainError) -> ChainAccount

    /// The transactions of an account behind a logical time, the oldest first and without gaps; at most `limit`. Each
    /// says which one was before it: the reader checks that nothing is missing.
    mutating func transactions(
        of address: Address,
        after logicalTime: UInt64,
        limit: Int
    ) throws(ChainError) -> [ChainTransaction]

    /// The transaction of a message from outside, by its normalized hash (``ExternalMessage/normalizedHash()``); `nil`
    /// if there is none yet, which does not say that there will be none.
    mutating func transaction(ofMessage normalizedHash: [UInt8]) throws(ChainError) -> ChainTransaction?

    /// The transaction that sent a message from account to account, by the hash of the message; `nil` if there is none.
    /// It tells what a payout that came back was an answer to.
    mutating func transaction(sendingMessage hash: [UInt8]) throws(ChainError) -> ChainTransaction?

    /// Sends the bytes of a message from outside (``ExternalMessage/bag()``). After ``ChainError/noAnswer`` nobody
    /// knows whether the chain has it.
    mutating func send(_ bag: [UInt8]) throws(ChainError) -> SendAnswer
}

/// Why a client gives nothing.
package enum ChainError: Error, Hashable, Sendable {
    /// Nobody answered, or not in time.
    case noAnswer
    /// The bytes are no message from outside, or one that no node takes.
    case message
    /// Somebody answered with what cannot be so; the text names the place and the rule. Nothing of it is taken.
    case answer(String)
}

/// What a node says to a message from outside.
package enum SendAnswer: Hashable, Sendable {
    /// It is on its way.
    case taken
    /// The account would refuse it now; `nil` if its code was not even asked: it has none, or no money for it.
    case refused(exitCode: Int64?)
}

/// A finalized block.
package struct ChainHead: Hashable, Sendable {
    /// Its number in the masterchain.
    package var block: UInt64
    /// The chain's clock, in seconds since 1970.
    package var time: UInt64

    package init(block: UInt64, time: UInt64) {
        self.block = block
        self.time = time
    }
}

/// The state of an account.
package struct ChainAccount: Hashable, Sendable {
    package var balance: Coins
    /// Whether it has code.
    package var isActive: Bool
    /// Of its last transaction; 0 and 32 zeros before the first.
    package var lastLogicalTime: UInt64
    package var lastHash: [UInt8]

    package init(balance: Coins, isActive: Bool, lastLogicalTime: UInt64, lastHash: [UInt8]) {
        self.balance = balance
        self.isActive = isActive
        self.lastLogicalTime = lastLogicalTime
        self.lastHash = lastHash
    }
}

/// A message as the history of an account shows it.
package struct ChainMessage: Hashable, Sendable {
    /// 32 bytes: the hash of its cell.
    package var hash: [UInt8]
    /// Of one from outside (TEP-467), and `nil` of one from an account.
    package var normalizedHash: [UInt8]?
    /// `nil` from outside.
    package var source: Address?
    package var destination: Address
    package var value: Coins
    /// What its way costs beyond what the validators of the sender have got; 0 from outside.
    package var forwardFee: Coins
    package var isBounceable: Bool
    /// Whether it came back.
    package var isBounced: Bool
    /// When it was sent, among all messages and transactions; 0 from outside.
    package var logicalTime: UInt64
    /// What it says; an empty cell if that is more than is read.
    package var body: Cell
    /// Whether ``body`` is what it says. Everybody can send us a message that is larger than we read: it brings its
    /// money and says nothing.
    package var isBodyKnown = true

    /// A message from account to account, as it was sent.
    package init(_ message: InternalMessage) throws(CellError) {
        hash = try message.cell().hash
        source = message.source
        destination = message.destination
        value = message.value
        forwardFee = message.forwardFee
        isBounceable = message.isBounceable
        isBounced = message.isBounced
        logicalTime = message.createdLT
        if let body = message.body { self.body = body } else { body = try CellBuilder().cell() }
    }

    /// A message from outside.
    package init(_ message: ExternalMessage, hash: [UInt8]) throws(CellError) {
        self.hash = hash
        normalizedHash = try message.normalizedHash()
        destination = message.destination
        value = .zero
        forwardFee = .zero
        isBounceable = false
        isBounced = false
        logicalTime = 0
        body = message.body
    }

    /// A message as somebody else shows it; without a body, one that is larger than we read.
    package init(
        hash: [UInt8],
        normalizedHash: [UInt8]?,
        source: Address?,
        destination: Address,
        value: Coins,
        forwardFee: Coins,
        isBounceable: Bool,
        isBounced: Bool,
        logicalTime: UInt64,
        body: Cell?
    ) {
        self.hash = hash
        self.normalizedHash = normalizedHash
        self.source = source
        self.destination = destination
        self.value = value
        self.forwardFee = forwardFee
        self.isBounceable = isBounceable
        self.isBounced = isBounced
        self.logicalTime = logicalTime
        self.body = body ?? Cell.fixed { _ in }
        isBodyKnown = body != nil
    }
}

/// What an account did with a message.
package struct ChainTransaction: Hashable, Sendable {
    package var account: Address
    /// Its place in the order of everything; grows within an account.
    package var logicalTime: UInt64
    /// 32 bytes.
    package var hash: [UInt8]
    /// Of the one before it; 0 and 32 zeros if it is the first.
    package var previousLogicalTime: UInt64
    package var previousHash: [UInt8]
    /// The chain's clock, in seconds since 1970.
    package var time: UInt64
    /// The block of the masterchain with which it is finalized.
    package var block: UInt64
    package var incoming: ChainMessage
    /// In the order in which they were sent.
    package var outgoing: [ChainMessage]
    package var outcome: Outcome
    /// What the account has paid for it, with the carriage of what it sent.
    package var fees: Coins
    /// What the account has then.
    package var balance: Coins

    /// How it went. Only ``ChainTransaction/outgoing`` tells what was paid.
    package struct Outcome: Hashable, Sendable {
        /// Of the code; `nil` if it was not run. Also one that is not 0 may have been carried out.
        package var exitCode: Int64?
        /// Of the actions; `nil` if there was no such phase.
        package var actionCode: Int64?
        package var isAborted: Bool
        /// Actions that were left out without a word.
        package var skipped: Int

        package init(exitCode: Int64?, actionCode: Int64?, isAborted: Bool, skipped: Int) {
            self.exitCode = exitCode
            self.actionCode = actionCode
            self.isAborted = isAborted
            self.skipped = skipped
        }
    }

    package init(
        account: Address,
        logicalTime: UInt64,
        hash: [UInt8],
        previousLogicalTime: UInt64,
        previousHash: [UInt8],
        time: UInt64,
        block: UInt64,
        incoming: ChainMessage,
        outgoing: [ChainMessage],
        outcome: Outcome,
        fees: Coins,
        balance: Coins
    ) {
        self.account = account
        self.logicalTime = logicalTime
        self.hash = hash
        self.previousLogicalTime = previousLogicalTime
        self.previousHash = previousHash
        self.time = time
        self.block = block
        self.incoming = incoming
        self.outgoing = outgoing
        self.outcome = outcome
        self.fees = fees
        self.balance = balance
    }
}
