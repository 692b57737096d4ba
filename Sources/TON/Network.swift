/// A chain of blocks: the one where money is real, or the one for tests.
package enum Network: String, CaseIterable, Sendable {
    case mainnet
    case testnet

    /// The number by which its blocks and the wallets v5 know it (`global_id`).
    package var globalID: Int32 {
        switch self {
        case .mainnet: -239
        case .testnet: -3
        }
    }
}
