package import Units

/// What the chain charges, as its configuration says (parameters 20, 21, 24 and 25): never known beforehand.
package struct ChainFees: Hashable, Sendable {
    /// nanoTON of a message, before its size.
    package var lump: Int64
    /// 1/65,536 nanoTON for each bit and each cell of a message but those of its root.
    package var bitPrice: Int64
    package var cellPrice: Int64
    /// Gas that costs ``flatGasPrice`` nanoTON together, and 1/65,536 nanoTON for each unit beyond.
    package var flatGas: Int64
    package var flatGasPrice: Int64
    package var gasPrice: Int64

    package init(
        lump: Int64,
        bitPrice: Int64,
        cellPrice: Int64,
        flatGas: Int64,
        flatGasPrice: Int64,
        gasPrice: Int64
    ) {
        self.lump = lump
        self.bitPrice = bitPrice
        self.cellPrice = cellPrice
        self.flatGas = flatGas
        self.flatGasPrice = flatGasPrice
        self.gasPrice = gasPrice
    }

    /// How large a message is: the cells below its root, equal ones once, and their bits.
    package struct Size: Hashable, Sendable {
        package var cells: Int64
        package var bits: Int64

        package init(cells: Int64, bits: Int64) {
            self.cells = cells
            self.bits = bits
        }
    }

    /// For carrying a message.
    package func forward(_ size: Size) -> NanoTON {
        NanoTON(lump + Self.share(bitPrice * size.bits + cellPrice * size.cells))
    }

    /// For computing.
    package func gas(_ units: Int64) -> NanoTON {
        NanoTON(flatGasPrice + Self.share(gasPrice * max(0, units - flatGas)))
    }

    /// The most that one set of query ids in use adds to the gas of a message from outside.
    private static let gasPerShift: Int64 = 75
    /// Gas of a message from outside and of one to itself, at the highest that was measured, and a tenth more.
    private static let gasOutside: Int64 = 7_730
    private static let gasInside: Int64 = 1_940

    /// What a highload wallet pays for a batch, rounded up: for the message from outside, the one to itself, and one
    /// for each payout. `shifts` is the number of sets of query ids that it remembers.
    package func batch(outside: Size, inside: Size, payouts: [Size], shifts: Int64) -> NanoTON {
        let messages = payouts.reduce(forward(outside) + forward(inside)) { $0 + forward($1) }
        return messages + gas(Self.gasOutside + Self.gasPerShift * shifts) + gas(Self.gasInside)
    }

    private static func share(_ amount: Int64) -> Int64 { (amount + 65_535) >> 16 }
}
