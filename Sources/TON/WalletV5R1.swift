package import Cryptography

/// A wallet v5r1: up to 255 messages at once, one request after the other by a sequence number.
package struct WalletV5R1: Hashable, Sendable {
    package let publicKey: [UInt8]
    /// Network, workchain and number of the wallet in one.
    package let walletID: UInt32
    package let data: Cell
    package let address: Address

    package static let messagesMax = 255
    private static let signedExternal: UInt64 = 0x7369_676E

    /// The key has 32 bytes; the workchain is 0 or −1, and the number of the wallet has 15 bits.
    package init(publicKey: [UInt8], network: Network, workchain: Int32 = 0, subwallet: UInt32 = 0) {
        precondition(publicKey.count == Ed25519.publicKeyByteCount, "a public key has 32 bytes")
        precondition(subwallet < 1 << 15, "the number of a wallet has 15 bits")
        let context = 1 << 31 | UInt32(UInt8(truncatingIfNeeded: workchain)) << 23 | subwallet
        let walletID = context ^ UInt32(bitPattern: network.globalID)
        self.publicKey = publicKey
        self.walletID = walletID
        data = Cell.fixed { builder in
            builder.store(true)
            builder.store(0, bits: 32)
            builder.store(UInt64(walletID), bits: 32)
            builder.store(publicKey)
            // No extensions.
            builder.store(false)
        }
        guard let address = ContractCode.walletV5R1.address(data: data, workchain: workchain) else {
            preconditionFailure("the workchain is 0 or -1")
        }
        self.address = address
    }

    /// The message that makes the wallet send `actions`. It is good until `validUntil`, in seconds since 1970, and for
    /// one sequence number. The wallet asks that every action ignores errors (137 otherwise).
    package func message(
        _ actions: [SendAction],
        sequenceNumber: UInt32,
        validUntil: UInt32,
        signedBy key: borrowing SigningKey,
        deploying code: Cell? = nil
    ) throws(MessageError) -> ExternalMessage {
        guard (1...Self.messagesMax).contains(actions.count) else { throw .count(max: Self.messagesMax) }
        guard actions.allSatisfy({ $0.mode.contains(.ignoresErrors) }) else { throw .mode }
        let stateInit = try StateInit.of(code, .walletV5R1, data)
        do {
            let list = try SendAction.list(actions)
            var builder = CellBuilder()
            builder.store(Self.signedExternal, bits: 32)
            builder.store(UInt64(walletID), bits: 32)
            builder.store(UInt64(validUntil), bits: 32)
            builder.store(UInt64(sequenceNumber), bits: 32)
            builder.store(maybe: list)
            // No other actions.
            builder.store(false)
            // The signature is of the cell without it, and stands at its end.
            builder.store(key.sign(try builder.cell().hash))
            return ExternalMessage(to: address, stateInit: stateInit, body: try builder.cell())
        } catch {
            throw .size(.depth)
        }
    }
}
