internal import Settlement
internal import TON
internal import Units

/// What the local chain charges: the carriage of messages by their size, as the chain's configuration of June 2026
/// prices it, and a fixed amount of gas for each kind of work, as it was measured with the contracts' own code. Nothing
/// is charged for being stored.
enum ChainPrices {
    static let fees = ChainFees(
        lump: 66_667,
        bitPrice: 4_369_067,
        cellPrice: 436_906_667,
        flatGas: 100,
        flatGasPrice: 6_667,
        gasPrice: 4_369_067
    )

    /// nanoTON for carrying a message.
    static func carriage(_ message: Cell) -> UInt64 {
        let size = message.sizeBelow()
        return carriage(cells: size.cells, bits: size.bits)
    }

    /// The same for a message with so much below its root.
    static func carriage(cells: Int, bits: Int) -> UInt64 {
        UInt64(fees.forward(ChainFees.Size(cells: Int64(cells), bits: Int64(bits))).count)
    }

    /// nanoTON for an amount of gas.
    static func gas(_ units: Int64) -> UInt64 { UInt64(fees.gas(units).count) }
}

/// Gas of what the contracts do.
enum Gas {
    /// A highload wallet with a message from outside, and for each set of query ids beyond the first that it remembers.
    static let highloadOutside: Int64 = 6_700
    static let highloadShift: Int64 = 62
    /// A highload wallet with a message of its own, and with one of others.
    static let highloadInside: Int64 = 1_756
    static let highloadForeign: Int64 = 577
    /// Wallets of users, with a message from outside, for each message that they send, and with one that comes in.
    static let walletV5Outside: Int64 = 4_222
    static let walletV5Message: Int64 = 717
    static let walletV5Inside: Int64 = 725
    static let walletV4Outside: Int64 = 2_666
    static let walletV4Message: Int64 = 642
    static let walletV4Inside: Int64 = 725
    /// A contract that refuses everything.
    static let refusal: Int64 = 200
}
