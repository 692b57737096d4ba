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

    @Option(
        help: ArgumentHelp(
            "With --chain local, which is inside of the server: serve it on 127.0.0.1 too, as `bombyx chain serve` "
                + "does; 0 takes a free port.",
            valueName: "port"
        )
    )
    var chainPort: UInt16?

    @OptionGroup var provider: ProviderOptions
    @OptionGroup var second: SecondProviderOptions

    /// Whether the chain is inside of the server.
    var isLocal: Bool { provider.chain == ProviderOptions.local }

    func validate() throws {
        guard (1...HighloadWalletV3.timeoutMax).contains(walletTimeout) else {
            throw ValidationError("--wallet-timeout must be in 1…\(HighloadWalletV3.timeoutMax)")
        }
        guard walletKey != nil || provider.chain == nil else { throw ValidationError("--chain needs --wallet-key.") }
        guard walletKey != nil || second.secondChain == nil else {
            throw ValidationError("--second-chain needs --wallet-key.")
        }
        guard walletKey != nil || count.subwallets == 1 else {
            throw ValidationError("--subwallets needs --wallet-key.")
        }
        _ = try count.numbers(from: walletSubwallet)
        guard isLocal || chainPort == nil else { throw ValidationError("--chain-port needs --chain local.") }
        let isAsked = provider.chainKeyFile != nil || provider.chainCertificate != nil || provider.chainRate != nil
        guard !isLocal || !isAsked && second.secondChain == nil else {
            throw ValidationError(
                "--chain local takes no --chain-key-file, --chain-certificate, --chain-rate or --second-chain."
            )
        }
    }

    /// The chain inside of the server, with its state in a file; `nil` when that is not where it settles.
    func localChain(file: String) throws -> EmbeddedChain? {
        guard isLocal, let walletKey else { return nil }
        return try EmbeddedChain(file: file, wallets: wallets(walletKey), port: chainPort)
    }

    /// `nil` when nothing is settled. Reads the key once, so that a wrong file is told before anything is started.
    func settings(_ network: Network, _ local: EmbeddedChain?) throws -> SettlementSettings? {
        guard let walletKey else { return nil }
        var wallets = try wallets(walletKey)
        let first = wallets.removeFirst()
        let key: @Sendable () throws -> SigningKey = { try WalletKeyOptions.load(walletKey) }
        if let local { return SettlementSettings(wallet: first, others: wallets, key: key) { _ in local.client } }
        let asked = try provider.settings(network)
        let confirming = try second.settings(network, beside: provider)
        return SettlementSettings(wallet: first, others: wallets, key: key) { isCancelled in
            var settings = asked
            settings.isCancelled = isCancelled
            guard var second = confirming else { return ToncenterClient(settings) }
            second.isCancelled = isCancelled
            return AgreeingProviders(settings, second)
        }
    }

    private func wallets(_ keyFile: String) throws -> [HighloadWalletV3] {
        let publicKey = try WalletKeyOptions.load(keyFile).publicKey
        return try count.numbers(from: walletSubwallet).map { number in
            try HighloadWalletV3(publicKey: publicKey, subwallet: number, timeout: walletTimeout)
        }
    }
}
