package import Cryptography

/// A wallet v4r2: up to four messages at once, one request after the other by a sequence number.
package struct WalletV4R2: Hashable, Sendable {
    package let publicKey: [UInt8]
    package let walletID: UInt32
    package let data: Cell
    package let address: Address

    package static let messagesMax = 4
    /// The number of the first wallet of a key.
    package static let walletIDDefault: UInt32 = 698_983_191

    /// The key has 32 bytes.
    package init(publicKey: [UInt8], walletID: UInt32 = walletIDDefault) {
        precondition(publicKey.count == Ed25519.publicKeyByteCount, "a public key has 32 bytes")
        self.publicKey = publicKey
        self.walletID = walletID
        data = Cell.fixed { builder in
            builder.store(0, bits: 32)
            builder.store(UInt64(walletID), bits: 32)
            builder.store(publicKey)
            // No plugins.
            builder.store(false)
        }
        guard let address = ContractCode.walletV4R2.address(data: data) else { preconditionFailure("0 is a workchain") }
        self.address = address
    }

    /// The message that makes the wallet send `actions`. It is good until `validUntil`, in seconds since 1970, and for
    /// one sequence number.
    package func message(
        _ actions: [SendAction],
        sequenceNumber: UInt32,
        validUntil: UInt32,
        signedBy key: borrowing SigningKey,
        deploying code: Cell? = nil
    ) throws(MessageError) -> ExternalMessage {
        guard (1...Self.messagesMax).contains(actions.count) else { throw .count(max: Self.messagesMax) }
        let stateInit = try StateInit.of(code, .walletV4R2, data)
        do {
            let request = try Cell.build { builder in
                builder.store(UInt64(walletID), bits: 32)
                builder.store(UInt64(validUntil), bits: 32)
                builder.store(UInt64(sequenceNumber), bits: 32)
                // A plain transfer.
                builder.store(0, bits: 8)
                for action in actions {
                    builder.store(UInt64(action.mode.rawValue), bits: 8)
                    builder.store(reference: action.message)
                }
            }
            let signature = key.sign(request.hash)
            let body = try Cell.build { builder in
                builder.store(signature)
                builder.store(contentsOf: request)
            }
            return ExternalMessage(to: address, stateInit: stateInit, body: body)
        } catch {
            throw .size(.depth)
        }
    }
}
