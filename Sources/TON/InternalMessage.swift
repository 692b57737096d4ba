/// A message from contract to contract, or from one that has yet to be sent (`MessageRelaxed`).
package struct InternalMessage: Hashable, Sendable {
    /// Whether it shall come back when nobody is there to take it.
    package var isBounceable: Bool
    /// Whether it is one that came back.
    package var isBounced = false
    /// `nil` before it is sent: the chain fills it in.
    package var source: Address?
    package var destination: Address
    package var value: Coins
    /// Amounts of other currencies; a dictionary that we do not read.
    package var otherCurrencies: Cell?
    /// Flags for the form of bounces; `ihr_fee` before 2025.
    package var extraFlags = Coins.zero
    package var forwardFee = Coins.zero
    package var createdLT: UInt64 = 0
    /// Seconds since 1970.
    package var createdAt: UInt32 = 0
    package var stateInit: StateInit?
    /// `nil` is an empty cell, which is written in place.
    package var body: Cell?

    /// A message to be sent.
    package init(
        to destination: Address,
        value: Coins,
        isBounceable: Bool,
        stateInit: StateInit? = nil,
        body: Cell? = nil
    ) {
        self.destination = destination
        self.value = value
        self.isBounceable = isBounceable
        self.stateInit = stateInit
        self.body = body
    }

    /// Its cell. A first state stands in a cell of its own, the body in place if there is room for it.
    package func cell() throws(CellError) -> Cell {
        var builder = CellBuilder()
        // An internal message, without hypercube routing.
        builder.store(0b01, bits: 2)
        builder.store(isBounceable)
        builder.store(isBounced)
        builder.store(source)
        builder.store(Optional(destination))
        builder.store(value)
        builder.store(maybe: otherCurrencies)
        builder.store(extraFlags)
        builder.store(forwardFee)
        builder.store(createdLT, bits: 64)
        builder.store(UInt64(createdAt), bits: 32)
        builder.store(stateInit != nil)
        if let stateInit {
            builder.store(true)
            builder.store(reference: try stateInit.cell())
        }
        try Message.store(body, in: &builder)
        return try builder.cell()
    }

    /// Reads a message in any of its spellings.
    package init(_ cell: Cell) throws(CellError) {
        var slice = try CellSlice(cell)
        guard try !slice.bit() else { throw .malformed }
        // Whether it takes part in hypercube routing, which there is not.
        _ = try slice.bit()
        isBounceable = try slice.bit()
        isBounced = try slice.bit()
        source = try slice.address()
        destination = try slice.someAddress()
        value = try slice.coins()
        otherCurrencies = try slice.maybeReference()
        extraFlags = try slice.coins()
        forwardFee = try slice.coins()
        createdLT = try slice.number(64)
        createdAt = UInt32(try slice.number(32))
        stateInit = try Message.stateInit(&slice)
        body = try Message.body(&slice)
    }
}

/// What the kinds of messages have in common.
enum Message {
    /// A body in place, or in a cell of its own if there is no room for it.
    static func store(_ body: Cell?, in builder: inout CellBuilder) throws(CellError) {
        guard let body else {
            builder.store(false)
            return
        }
        let isInPlace =
            body.kind == .ordinary && body.bitCount < builder.bitsLeft
            && body.references.count <= builder.referencesLeft
        builder.store(!isInPlace)
        if isInPlace {
            builder.store(contentsOf: body)
        } else {
            builder.store(reference: body)
        }
    }

    static func stateInit(_ slice: inout CellSlice) throws(CellError) -> StateInit? {
        guard try slice.bit() else { return nil }
        return try slice.bit() ? StateInit(slice.reference()) : StateInit(&slice)
    }

    /// The rest of a message.
    static func body(_ slice: inout CellSlice) throws(CellError) -> Cell {
        guard try slice.bit() else { return try slice.rest() }
        let body = try slice.reference()
        try slice.end()
        return body
    }
}
