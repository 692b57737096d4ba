/// A message from outside of the chain to a contract (`ext_in_msg_info`).
package struct ExternalMessage: Hashable, Sendable {
    package var destination: Address
    /// Deploys the contract with the message.
    package var stateInit: StateInit?
    package var body: Cell

    package init(to destination: Address, stateInit: StateInit? = nil, body: Cell) {
        self.destination = destination
        self.stateInit = stateInit
        self.body = body
    }

    /// Its cell: nobody as the source, no import fee, first state and body in cells of their own.
    package func cell() throws(CellError) -> Cell {
        var builder = CellBuilder()
        builder.store(0b10, bits: 2)
        builder.store(nil as Address?)
        builder.store(Optional(destination))
        builder.store(Coins.zero)
        builder.store(stateInit != nil)
        if let stateInit {
            builder.store(true)
            builder.store(reference: try stateInit.cell())
        }
        builder.store(true)
        builder.store(reference: body)
        return try builder.cell()
    }

    /// Reads a message in any of its spellings: with an external source, an import fee, or parts in place.
    package init(_ cell: Cell) throws(CellError) {
        var slice = try CellSlice(cell)
        guard try slice.number(2) == 0b10 else { throw .malformed }
        switch try slice.number(2) {
        case 0b00: break
        case 0b01: _ = try slice.bits(Int(slice.number(9)))
        default: throw .malformed
        }
        destination = try slice.someAddress()
        _ = try slice.coins()
        stateInit = try Message.stateInit(&slice)
        body = try Message.body(&slice)
    }

    /// The hash by which the message is found however it was spelled on its way (TEP-467): that of the same destination
    /// and body, without a first state.
    package func normalizedHash() throws(CellError) -> [UInt8] {
        try ExternalMessage(to: destination, body: body).cell().hash
    }

    /// The bytes to send. Throws ``MessageError/size(_:)`` if no node would take them.
    package func bag() throws(MessageError) -> [UInt8] {
        do {
            let cell = try cell()
            guard cell.depth <= MessageLimits.depthMax else { throw MessageError.size(.depth) }
            let bytes = try BagOfCells.write(cell)
            guard bytes.count <= MessageLimits.bytesMax else { throw MessageError.size(.bytes) }
            return bytes
        } catch let error as MessageError {
            throw error
        } catch {
            throw .size(.cells)
        }
    }
}

/// What a node takes as an external message (ConfigParam 43).
package enum MessageLimits {
    /// Bytes of its bag.
    package static let bytesMax = 65_535
    package static let depthMax = 512
}

/// Why a message is not one that a wallet or a node would carry out.
package enum MessageError: Error, Hashable, Sendable {
    /// See ``MessageLimits``.
    case size(Measure)
    /// No message at all, or more than the wallet sends at once.
    case count(max: Int)
    /// A mode that the wallet refuses, or with which some of a batch could be paid and some not.
    case mode
    /// A timeout that the wallet does not know.
    case timeout
    /// A message with a first state, which the wallet cannot send, or none at all.
    case stateInit
    /// Code that has not the contract's known hash.
    case code
    /// A payout outside of the base chain.
    case workchain
    /// An amount that is no amount.
    case amount
    /// A comment of more than ``Comment/bytesMax`` bytes.
    case comment

    /// What of a message is too much.
    package enum Measure: Hashable, Sendable {
        case bytes
        case depth
        case cells
    }
}
