internal import ArgumentParser
internal import Cryptography
internal import Marketplace
internal import TON
internal import Toncenter

/// From which wallet `bombyx serve` pays, and who tells it of the chain.
struct SettlementOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The highload wallet that takes deposits and pays: a file as of `bombyx wallet new`, of mode 0600.",
            valueName: "file"
        ),
        completion: .file()
    )
    var walletKey: String?

    @Option(help: "The number of that wallet among those of its key: 0…4294967295.")
    var walletSubwallet = HighloadWalletV3.subwalletDefault

    @Option(help: "Seconds for which its messages are good: 1…4194303. Part of its address.")
    var walletTimeout: UInt32 = 3_600

    @OptionGroup var provider: ProviderOptions
    @OptionGroup var second: SecondProviderOptions

    func validate() throws {
        guard (1...HighloadWalletV3.timeoutMax).contains(walletTimeout) else {
            throw ValidationError("--wallet-timeout must be in 1…\(HighloadWalletV3.timeoutMax)")
        }
        guard walletKey != nil || provider.chain == nil else { throw ValidationError("--chain needs --wallet-key.") }
        guard walletKey != nil || second.secondChain == nil else {
            throw ValidationError("--second-chain needs --wallet-key.")
        }
    }

    /// `nil` when nothing is settled. Reads the key once, so that a wrong file is told before anything is started.
    func settings(_ network: Network) throws -> SettlementSettings? {
        guard let walletKey else { return nil }
        let wallet = try HighloadWalletV3(
            publicKey: try WalletKeyOptions.load(walletKey).publicKey,
            subwallet: walletSubwallet,
            timeout: walletTimeout
        )
        let asked = try provider.settings(network)
        let confirming = try second.settings(network, beside: provider)
        return SettlementSettings(wallet: wallet, key: { try WalletKeyOptions.load(walletKey) }) { isCancelled in
            var first = asked
            first.isCancelled = isCancelled
            guard var second = confirming else { return ToncenterClient(first) }
            second.isCancelled = isCancelled
            return AgreeingProviders(first, second)
        }
    }
}
