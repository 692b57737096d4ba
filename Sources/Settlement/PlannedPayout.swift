package import Units

/// Money that is to go to somebody on the chain. It is in settlement until the chain has said what became of it.
package struct PlannedPayout: Hashable, Sendable {
    package let id: Int64
    /// The hash of an address in the base chain: 32 bytes.
    package let address: [UInt8]
    /// More than nothing.
    package let amount: NanoTON

    /// `nil` unless the address has 32 bytes and the amount is more than nothing.
    package init?(id: Int64, address: [UInt8], amount: NanoTON) {
        guard address.count == 32, amount > .zero else { return nil }
        self.id = id
        self.address = address
        self.amount = amount
    }
}
