/// Messages of jettons, which are other currencies on TON (TEP-74).
package enum Jetton {
    /// Makes our jetton wallet send (`transfer`).
    package struct Transfer: Hashable, Sendable {
        /// Chosen by us, to know the answer by.
        package var queryID: UInt64
        /// In the jetton's smallest unit.
        package var amount: Coins
        /// The owner who receives, not the owner's jetton wallet.
        package var destination: Address
        /// Who gets back what is left of the TON for fees.
        package var responseDestination: Address?
        /// TON that goes on to the destination with a notification; with 0 there is none.
        package var forwardAmount: Coins
        package var forwardPayload: Cell?

        package init(
            queryID: UInt64,
            amount: Coins,
            destination: Address,
            responseDestination: Address?,
            forwardAmount: Coins,
            forwardPayload: Cell? = nil
        ) {
            self.queryID = queryID
            self.amount = amount
            self.destination = destination
            self.responseDestination = responseDestination
            self.forwardAmount = forwardAmount
            self.forwardPayload = forwardPayload
        }

        static let operation: UInt64 = 0x0F8A_7EA5

        /// The body. The payload is in a cell of its own; none is an empty one in place.
        package func cell() throws(CellError) -> Cell {
            try Cell.build { (builder) throws(CellError) in
                builder.store(Self.operation, bits: 32)
                builder.store(queryID, bits: 64)
                builder.store(amount)
                builder.store(Optional(destination))
                builder.store(responseDestination)
                // No custom payload.
                builder.store(false)
                builder.store(forwardAmount)
                builder.store(maybe: forwardPayload)
            }
        }

        /// Reads a body; a custom payload is ``CellError/malformed``.
        package init(_ body: Cell) throws(CellError) {
            var slice = try CellSlice(body)
            guard try slice.number(32) == Self.operation else { throw .malformed }
            queryID = try slice.number(64)
            amount = try slice.coins()
            destination = try slice.someAddress()
            responseDestination = try slice.address()
            guard try !slice.bit() else { throw .malformed }
            forwardAmount = try slice.coins()
            forwardPayload = try Jetton.payload(&slice)
        }
    }

    /// Tells an owner that jettons have arrived (`transfer_notification`). **It is worth something only when it comes
    /// from the owner's own jetton wallet**: anybody can send such a message.
    package struct Notification: Hashable, Sendable {
        package var queryID: UInt64
        /// In the jetton's smallest unit.
        package var amount: Coins
        /// Who sent the jettons; the chain does not say so in every case.
        package var sender: Address?
        package var forwardPayload: Cell?

        static let operation: UInt64 = 0x7362_D09C

        package init(_ body: Cell) throws(CellError) {
            var slice = try CellSlice(body)
            guard try slice.number(32) == Self.operation else { throw .malformed }
            queryID = try slice.number(64)
            amount = try slice.coins()
            sender = try slice.address()
            forwardPayload = try Jetton.payload(&slice)
        }

        package init(queryID: UInt64, amount: Coins, sender: Address?, forwardPayload: Cell? = nil) {
            self.queryID = queryID
            self.amount = amount
            self.sender = sender
            self.forwardPayload = forwardPayload
        }

        /// The body, as a jetton wallet makes it.
        package func cell() throws(CellError) -> Cell {
            try Cell.build { (builder) throws(CellError) in
                builder.store(Self.operation, bits: 32)
                builder.store(queryID, bits: 64)
                builder.store(amount)
                builder.store(sender)
                builder.store(maybe: forwardPayload)
            }
        }

        /// The text that came with the jettons.
        package var comment: String? { forwardPayload.flatMap(Comment.text) }
    }

    /// What a message to a wallet is, by its first 32 bits; `nil` if it has fewer.
    package static func operation(of body: Cell) -> UInt32? {
        guard body.kind == .ordinary, body.bitCount >= 32 else { return nil }
        return UInt32(body.bits.number(0..<32))
    }

    /// What was left of the TON for fees has come back (`excesses`).
    package static let excessesOperation: UInt32 = 0xD532_76DB

    /// The rest of a body: in place, or in a cell of its own. Nothing at all is no payload.
    private static func payload(_ slice: inout CellSlice) throws(CellError) -> Cell? {
        guard slice.bitsLeft > 0 || slice.referencesLeft > 0 else { return nil }
        let body = try Message.body(&slice)
        return body.bitCount == 0 && body.references.isEmpty ? nil : body
    }
}
