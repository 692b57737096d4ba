/// A wallet contract whose first state tells the public key of its owner.
package enum Wallet: CaseIterable, Sendable {
    case v3r2, v4r2, v5r1

    /// The contract's code.
    package var code: ContractCode {
        switch self {
        case .v3r2: .walletV3R2
        case .v4r2: .walletV4R2
        case .v5r1: .walletV5R1
        }
    }

    /// Bits of its first data, and where the key begins in them.
    private var layout: (bits: Int, key: Int) {
        switch self {
        case .v3r2: (320, 64)
        case .v4r2: (321, 64)
        case .v5r1: (322, 65)
        }
    }

    /// The wallet's public key, from a first state (`StateInit` with code and data and nothing else) that has this
    /// hash, and so is the one of this address. `nil` for any other state and for contracts that are not known.
    static func publicKey(of address: Address, stateInit: Cell) -> [UInt8]? {
        // No split depth, no special account, code, data, no libraries: 00110.
        guard stateInit.hash == address.hash, stateInit.bitCount == 5, stateInit.data == [0x30],
            stateInit.references.count == 2
        else { return nil }
        let code = stateInit.references[0]
        let data = stateInit.references[1]
        guard let wallet = allCases.first(where: { $0.code.matches(code) }), data.bitCount == wallet.layout.bits else {
            return nil
        }
        return data.bytes(32, from: wallet.layout.key)
    }
}
