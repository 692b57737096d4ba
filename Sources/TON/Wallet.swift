internal import Cryptography

/// A wallet contract whose first state tells the public key of its owner.
package enum Wallet: CaseIterable, Sendable {
    case v3r2, v4r2, v5r1

    /// The hash of the contract's code.
    var codeHash: String {
        switch self {
        case .v3r2: "84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599"
        case .v4r2: "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0"
        case .v5r1: "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f"
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
        let code = Hex.encode(stateInit.references[0].hash)
        let data = stateInit.references[1]
        guard let wallet = allCases.first(where: { $0.codeHash == code }), data.bitCount == wallet.layout.bits else {
            return nil
        }
        return data.bytes(32, from: wallet.layout.key)
    }
}
