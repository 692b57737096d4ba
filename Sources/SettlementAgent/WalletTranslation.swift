package import Engine
package import TON
internal import Units

/// Why a transaction of a wallet cannot be told to the engine. A person must look: nothing behind it is told either.
package enum TranslationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A message from outside that the wallet carried out, and that is none of a highload wallet.
    case request
    /// Money that was sent out of the base chain, which no payout is.
    case workchain
    /// An amount, a time or a number of messages that there cannot be.
    case range(String)

    package var description: String {
        switch self {
        case .request: "the wallet has carried out a message that is no request of a highload wallet"
        case .workchain: "the wallet has sent money out of the base chain"
        case .range(let field): "\(field) is more than there can be"
        }
    }
}

/// What the chain shows of a wallet, in the words of the engine.
package enum WalletTranslation {
    /// The transaction as the engine's command has it.
    ///
    /// `origin` is, for a message that came back, the transaction that sent it (``TON/ChainClient``): what it answered
    /// to is the message that the wallet had sent. It is believed only if it is that transaction.
    package static func transaction(
        _ found: ChainTransaction,
        of wallet: WalletID,
        at address: Address,
        origin: ChainTransaction? = nil
    ) throws(TranslationError) -> WalletTransaction {
        guard found.outgoing.count <= Limits.walletActionsMax else { throw .range("the number of messages") }
        var outgoing: [WalletTransaction.Outgoing] = []
        for message in found.outgoing {
            guard message.destination.workchain == 0 else { throw .workchain }
            outgoing.append(
                WalletTransaction.Outgoing(
                    address: try hash(message.destination.hash),
                    amount: try amount(message.value, "an amount that was sent"),
                    hash: try hash(message.hash)
                )
            )
        }
        guard found.time <= UInt64(Limits.chainTimeMax) else { throw .range("the time") }
        guard found.block <= UInt64(Int64.max) else { throw .range("the block") }
        return WalletTransaction(
            wallet: wallet,
            position: try position(found.logicalTime, found.hash),
            previous: try position(found.previousLogicalTime, found.previousHash),
            time: found.time,
            block: found.block,
            fee: try amount(found.fees, "the fee"),
            balance: try amount(found.balance, "the balance"),
            incoming: try incoming(found.incoming, address, origin),
            outgoing: outgoing,
            code: code(found.outcome),
            skipped: Int64(clamping: min(max(0, found.outcome.skipped), Limits.walletActionsMax))
        )
    }

    /// A place in the history, as the engine's records have it.
    package static func position(
        _ logicalTime: UInt64,
        _ bytes: [UInt8]
    ) throws(TranslationError) -> ChainPosition {
        guard logicalTime <= UInt64(Int64.max) else { throw .range("the logical time") }
        return ChainPosition(logicalTime: logicalTime, hash: try hash(bytes))
    }

    private static func incoming(
        _ message: ChainMessage,
        _ own: Address,
        _ origin: ChainTransaction?
    ) throws(TranslationError) -> WalletTransaction.Incoming {
        guard let source = message.source else {
            guard message.isBodyKnown, let request = try? HighloadWalletV3.Request(body: message.body) else {
                throw .request
            }
            return .external(place: request.queryID.place, createdAt: request.createdAt)
        }
        let amount = try amount(message.value, "the amount that came in")
        if message.isBounced { return .bounced(try sent(message, own, origin), amount) }
        if source == own { return .own(try hash(message.hash), amount) }
        // Somebody of the masterchain, or another operation than a transfer: a person says whose it is.
        guard source.workchain == 0, isTransfer(message) else { return .other(amount) }
        return .deposit(comment: comment(message), source: try hash(source.hash), amount: amount)
    }

    /// The hash of the message that came back.
    private static func sent(
        _ message: ChainMessage,
        _ own: Address,
        _ origin: ChainTransaction?
    ) throws(TranslationError) -> ChainHash? {
        guard let origin, origin.account == message.source, origin.incoming.source == own,
            origin.outgoing.contains(where: { $0.hash == message.hash && $0.isBounced })
        else { return nil }
        return try hash(origin.incoming.hash)
    }

    /// Nothing, a comment, or more than we read: that is a comment too, for all that we know.
    private static func isTransfer(_ message: ChainMessage) -> Bool {
        guard message.isBodyKnown, message.body.bitCount >= 32, var slice = try? CellSlice(message.body) else {
            return true
        }
        return (try? slice.number(32)) == 0
    }

    /// What it says, up to ``Units/Limits/depositCommentBytesMax`` bytes and without zeros, which no table can hold. A
    /// memo is shorter, so a comment that is cut is none.
    private static func comment(_ message: ChainMessage) -> String? {
        guard message.isBodyKnown, let text = Comment.text(in: message.body), !text.isEmpty else { return nil }
        var kept = String.UnicodeScalarView()
        var count = 0
        for scalar in text.unicodeScalars {
            let next: Unicode.Scalar = scalar.value == 0 ? "\u{FFFD}" : scalar
            count += UTF8.width(next)
            guard count <= Limits.depositCommentBytesMax else { break }
            kept.append(next)
        }
        return String(kept)
    }

    /// 0 only if everything was carried out; −1 if the code was not even run.
    private static func code(_ outcome: ChainTransaction.Outcome) -> Int64 {
        if let action = outcome.actionCode, action != 0 { return action }
        guard let exit = outcome.exitCode else { return outcome.isAborted ? -1 : 0 }
        // A contract says success with 1 too.
        return exit == 1 ? 0 : exit
    }

    private static func hash(_ bytes: [UInt8]) throws(TranslationError) -> ChainHash {
        guard let hash = ChainHash(bytes: bytes) else { throw .range("a hash") }
        return hash
    }

    private static func amount(_ coins: Coins, _ field: String) throws(TranslationError) -> NanoTON {
        guard coins.nanoTON <= UInt128(Limits.depositsMax) else { throw .range(field) }
        return NanoTON(Int64(coins.nanoTON))
    }
}
