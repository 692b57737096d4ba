internal import ArgumentParser
internal import Foundation
internal import Glibc
internal import TON
internal import Toncenter

/// Who tells of the chain and takes messages to it.
struct ProviderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A provider of toncenter's interface, version 3; by default toncenter.com, for mainnet or testnet. For "
                + "`bombyx serve` also local: a chain inside of the server, with play money.",
            valueName: "url"
        )
    )
    var chain: String?

    @Option(help: "The file with the provider's API key, of mode 0600.", completion: .file())
    var chainKeyFile: String?

    @Option(help: "Certificates (PEM) to trust instead of the system's.", completion: .file())
    var chainCertificate: String?

    @Option(help: "Requests of a second: 1…1000; by default 1, or 10 with a key.")
    var chainRate: UInt64?

    /// What stands for a chain inside of the server: see ``SettlementOptions``.
    static let local = "local"

    func validate() throws {
        if let chainRate, !(1...1_000).contains(chainRate) { throw ValidationError("--chain-rate must be in 1…1000") }
        if let chain, chain != Self.local {
            do { _ = try ProviderEndpoint(chain) } catch { throw ValidationError("--chain: \(error).") }
        }
    }

    /// The provider as a chain.
    func client(_ network: Network) throws -> ToncenterClient { ToncenterClient(try settings(network)) }

    /// How the provider is asked.
    func settings(_ network: Network) throws -> ToncenterSettings {
        guard chain != Self.local else {
            throw CommandFailure("--chain local is inside of `bombyx serve`: give the URL of its --chain-port")
        }
        let standard =
            network == .mainnet ? "https://toncenter.com/api/v3" : "https://testnet.toncenter.com/api/v3"
        return try settings(chain ?? standard, chainKeyFile, network)
    }

    /// As above, of another provider with a key of its own.
    fileprivate func settings(_ url: String, _ keyFile: String?, _ network: Network) throws -> ToncenterSettings {
        var settings = ToncenterSettings(try ProviderEndpoint(url), network: network)
        if let keyFile { settings.key = try key(keyFile) }
        settings.certificateFile = chainCertificate
        settings.requestsPerSecond = chainRate ?? (settings.key == nil ? 1 : 10)
        settings.burst = settings.requestsPerSecond
        return settings
    }

    private func key(_ path: String) throws -> ProviderKey {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw CommandFailure("\(path) cannot be read: \(WalletSecret.reason())") }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        try WalletSecret.checkMode(file, path)
        let bytes = try handle.read(upToCount: 2 * ProviderKey.bytesMax) ?? Data()
        guard let key = ProviderKey(Array(bytes)) else {
            throw CommandFailure("\(path) holds no API key: 1…\(ProviderKey.bytesMax) visible characters of ASCII")
        }
        return key
    }
}

/// Who must say the same of the chain.
struct SecondProviderOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Another provider, of another operator: what moves money is believed when both say it.",
            valueName: "url"
        )
    )
    var secondChain: String?

    @Option(help: "The file with the second provider's API key, of mode 0600.", completion: .file())
    var secondChainKeyFile: String?

    func validate() throws {
        guard let secondChain else {
            guard secondChainKeyFile == nil else {
                throw ValidationError("--second-chain-key-file needs --second-chain.")
            }
            return
        }
        do { _ = try ProviderEndpoint(secondChain) } catch { throw ValidationError("--second-chain: \(error).") }
    }

    /// How it is asked; `nil` without one.
    func settings(_ network: Network, beside first: ProviderOptions) throws -> ToncenterSettings? {
        guard let secondChain else { return nil }
        return try first.settings(secondChain, secondChainKeyFile, network)
    }
}

/// Two providers that must agree in every transaction that moves money.
typealias AgreeingProviders = AgreeingClient<ToncenterClient, ToncenterClient>

extension AgreeingProviders {
    init(_ first: ToncenterSettings, _ second: ToncenterSettings) {
        self.init(ToncenterClient(first), confirmedBy: ToncenterClient(second), ChainAgreement(above: .zero))
    }
}

extension ToncenterClient {
    /// Does something with the chain; says in words why it gives nothing.
    mutating func asking<Value>(_ ask: (inout Self) throws(ChainError) -> Value) throws -> Value {
        do throws(ChainError) {
            return try ask(&self)
        } catch {
            throw CommandFailure(error, lastTrouble)
        }
    }
}

extension AgreeingProviders {
    /// As with one provider.
    mutating func asking<Value>(_ ask: (inout Self) throws(ChainError) -> Value) throws -> Value {
        do throws(ChainError) {
            return try ask(&self)
        } catch {
            throw CommandFailure(error, first.lastTrouble ?? second.lastTrouble)
        }
    }
}

extension CommandFailure {
    fileprivate init(_ error: ChainError, _ trouble: String?) {
        switch error {
        case .noAnswer: self.init("the chain's provider does not answer: \(trouble ?? "in time")")
        case .message: self.init("the chain's provider does not take the message")
        case .answer(let words): self.init("the chain's provider is not believed: \(words)")
        }
    }
}
