internal import ArgumentParser
internal import Cryptography
internal import Marketplace
internal import TON
internal import Toncenter

/// From which wallets `bombyx serve` pays, and who tells it of the chain.
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

    @OptionGroup var count: SubwalletOptions

    @Option(help: "Seconds for which its messages are good: 1…4194303. Part of its address.")
    var walletTimeout: UInt32 = 3_600

    @OptionGroup var provider: ProviderOptions

    func validate() throws {
        guard (1...HighloadWalletV3.timeoutMax).contains(walletTimeout) else {
            throw ValidationError("--wallet-timeout must be in 1…\(HighloadWalletV3.timeoutMax)")
        }
        guard walletKey != nil || provider.chain == nil else { throw ValidationError("--chain needs --wallet-key.") }
        guard walletKey != nil || count.subwallets == 1 else {
            throw ValidationError("--subwallets needs --wallet-key.")
        }
        _ = try count.numbers(from: walletSubwallet)
    }

    /// `nil` when nothing is settled. Reads the key once, so that a wrong file is told before anything is started.
    func settings(_ network: Network) throws -> SettlementSettings? {
        guard let walletKey else { return nil }
        let publicKey = try WalletKeyOptions.load(walletKey).publicKey
        var wallets = try count.numbers(from: walletSubwallet).map { number in
            try HighloadWalletV3(publicKey: publicKey, subwallet: number, timeout: walletTimeout)
        }
        let first = wallets.removeFirst()
        let asked = try provider.settings(network)
        let key: @Sendable () throws -> SigningKey = { try WalletKeyOptions.load(walletKey) }
        return SettlementSettings(wallet: first, others: wallets, key: key) { isCancelled in
            var settings = asked
            settings.isCancelled = isCancelled
            return ToncenterClient(settings)
        }
    }
}
