/// What a transaction of a highload wallet v3 says to the one who pays with it.
package enum HighloadEntry: Hashable, Sendable {
    /// The wallet has carried out a request from outside, of which the query id and the time are the name, and has sent
    /// these messages: none means that the id was used up for nothing.
    case request(QueryID, createdAt: UInt64, sent: [ChainMessage])
    /// The wallet has received the message with this hash, which it sent itself. A code that is not 0 says that none of
    /// its actions was carried out.
    case batch(hash: [UInt8], code: Int64, sent: [ChainMessage])
    /// A payout came back in the message with this hash, which is not enough to know which one:
    /// ``ChainClient/transaction(sendingMessage:)`` was the answer to it.
    case returned(hash: [UInt8], from: Address, value: Coins)
    /// Money from somebody.
    case deposit(from: Address, value: Coins, comment: String?)
    /// A request of a form that the wallet is not known to take.
    case unknown

    /// Reads a transaction of the wallet.
    package init(_ transaction: ChainTransaction) {
        let message = transaction.incoming
        guard let source = message.source else {
            guard let request = try? HighloadWalletV3.Request(body: message.body) else {
                self = .unknown
                return
            }
            self = .request(request.queryID, createdAt: request.createdAt, sent: transaction.outgoing)
            return
        }
        if message.isBounced {
            self = .returned(hash: message.hash, from: source, value: message.value)
        } else if source == transaction.account {
            self = .batch(hash: message.hash, code: Self.code(transaction.outcome), sent: transaction.outgoing)
        } else {
            self = .deposit(from: source, value: message.value, comment: Comment.text(in: message.body))
        }
    }

    /// 0 only if everything was carried out. Code that was not run has no exit code, and then there were no actions.
    private static func code(_ outcome: ChainTransaction.Outcome) -> Int64 {
        guard outcome.isAborted else { return 0 }
        return [outcome.actionCode, outcome.exitCode].compactMap { $0 }.first { $0 != 0 } ?? -1
    }
}
