package import Cryptography
package import Engine
internal import Provenance
internal import Settlement
package import TON
internal import Units

/// Why a batch cannot be signed here.
package enum SigningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key, the number of the wallet and its timeout give another address.
    case wallet
    /// What the engine has planned is no message of a highload wallet.
    case message(MessageError)

    package var description: String {
        switch self {
        case .wallet: "the key is not that of the wallet"
        case .message(let error): "the batch gives no message: \(error)"
        }
    }
}

/// The message of a batch. It follows from the plan alone: signing it again gives the same bytes.
package enum BatchMessage {
    /// The wallet of a record.
    package static func wallet(_ terms: WalletTerms) throws(SigningError) -> HighloadWalletV3 {
        guard
            let wallet = try? HighloadWalletV3(
                publicKey: terms.publicKey.bytes,
                subwallet: terms.subwallet,
                timeout: terms.timeout
            ), wallet.address.hash == terms.address.bytes
        else { throw .wallet }
        return wallet
    }

    /// The bytes to send. `payouts` are those of the batch, in order, and `anchor` goes behind them, if the batch has
    /// one.
    package static func bag(
        _ batch: SettlementRecord,
        _ payouts: [PayoutRecord],
        anchor: AnchorRecord? = nil,
        from terms: WalletTerms,
        signedBy key: borrowing SigningKey
    ) throws(SigningError) -> [UInt8] {
        let wallet = try wallet(terms)
        guard key.publicKey == wallet.publicKey, batch.signed.timeout == UInt64(wallet.timeout) else { throw .wallet }
        guard let id = QueryID(place: batch.signed.place), !id.isReserved, batch.signed.value > .zero else {
            throw .message(.mode)
        }
        var list: [Payout] = []
        for payout in payouts {
            guard let address = Address(workchain: 0, hash: payout.destination.address.bytes), payout.amount > .zero
            else { throw .message(.amount) }
            list.append(
                Payout(
                    to: address,
                    amount: Coins(UInt64(payout.amount.count)),
                    comment: payout.comment.isEmpty ? nil : payout.comment,
                    isBounceable: payout.destination.isBounceable
                )
            )
        }
        if let anchor { list.append(try payout(anchor, to: wallet.address)) }
        do {
            let value = Coins(UInt64(batch.signed.value.count))
            let request = try wallet.batch(list, value: value, id, createdAt: batch.signed.createdAt)
            return try wallet.message(request, signedBy: key).bag()
        } catch {
            throw .message(error)
        }
    }

    /// The message by which the wallet says to itself what the log is.
    private static func payout(_ anchor: AnchorRecord, to wallet: Address) throws(SigningError) -> Payout {
        guard let said = anchor.said, anchor.amount > .zero, let body = try? Cell.build({ $0.store(said.bytes) }) else {
            throw .message(.amount)
        }
        var payout = Payout(to: wallet, amount: Coins(UInt64(anchor.amount.count)))
        payout.body = body
        return payout
    }
}
