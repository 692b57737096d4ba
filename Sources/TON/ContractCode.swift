internal import Cryptography

/// The code of a contract, known by its hash. The depth of its cells is the other thing that an address needs.
package struct ContractCode: Hashable, Sendable {
    /// 32 bytes.
    package let hash: [UInt8]
    package let depth: Int

    package static let highloadV3 = ContractCode(
        "11acad7955844090f283bf238bc1449871f783e7cc0979408d3f4859483e8525",
        depth: 6
    )
    package static let walletV3R2 = ContractCode(
        "84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599",
        depth: 0
    )
    package static let walletV4R2 = ContractCode(
        "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0",
        depth: 7
    )
    package static let walletV5R1 = ContractCode(
        "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f",
        depth: 6
    )

    private init(_ hash: String, depth: Int) {
        guard let hash = Digest256(hex: hash) else { preconditionFailure("a hash has 32 bytes") }
        self.hash = hash.bytes
        self.depth = depth
    }

    /// The code of a cell.
    package init(_ cell: Cell) {
        hash = cell.hash
        depth = cell.depth
    }

    /// Whether `cell` is this code; other code is never deployed.
    package func matches(_ cell: Cell) -> Bool { ContractCode(cell) == self }

    /// The address at which a contract with this code and first data is: that of `StateInit` with code and data only.
    /// The code itself is not needed. `workchain` is 0 or −1.
    package func address(data: Cell, workchain: Int32 = 0) -> Address? {
        // No split depth, no special account, code, data, no libraries: 00110, and the bit that ends a byte.
        let hash = Cell.representationHash(2, 5, [0x34], [(depth, hash), (data.depth, data.hash)])
        return Address(workchain: workchain, hash: hash)
    }
}
