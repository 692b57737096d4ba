internal import ArgumentParser
internal import Cryptography
internal import JSON
internal import TON

/// Which chain of blocks, in which addresses are written and providers looked for.
struct NetworkOptions: ParsableArguments {
    @Option(help: "mainnet, where money is real, or testnet; the local chain is a testnet.")
    var network = Network.testnet

    /// An address that somebody wrote; one for tests only is refused where money is real.
    func address(_ text: String, _ option: String) throws -> Address {
        do {
            return try AddressText(text, on: network).address
        } catch {
            throw ValidationError("\(option): \(error).")
        }
    }

    /// As people write it; a wallet's own address does not bounce, so that it can be paid before it is deployed.
    func written(_ address: Address, isBounceable: Bool = false) -> String {
        AddressText(address, isBounceable: isBounceable, isTestOnly: network == .testnet).text
    }
}

/// Which of the wallets of a key.
struct WalletTermsOptions: ParsableArguments {
    @Option(help: "highload_v3, which the exchange pays from, or a user's v5r1 or v4r2.")
    var kind = WalletKind.highloadV3

    @Option(help: "The number of a highload wallet: 0…4294967295. Several wallets have one key and different numbers.")
    var subwallet = HighloadWalletV3.subwalletDefault

    @Option(help: "Seconds for which a message of a highload wallet is good: 1…4194303. Part of its address.")
    var timeout: UInt32 = 3_600

    func validate() throws {
        guard (1...HighloadWalletV3.timeoutMax).contains(timeout) else {
            throw ValidationError("--timeout must be in 1…\(HighloadWalletV3.timeoutMax)")
        }
    }

    /// The wallet of a public key.
    func wallet(_ publicKey: [UInt8], on network: Network) throws -> AnyWallet {
        switch kind {
        case .highloadV3:
            .highload(try HighloadWalletV3(publicKey: publicKey, subwallet: subwallet, timeout: timeout))
        case .v5r1: .v5(WalletV5R1(publicKey: publicKey, network: network))
        case .v4r2: .v4(WalletV4R2(publicKey: publicKey))
        }
    }
}

/// How many wallets of a key are meant, whose numbers follow each other.
struct SubwalletOptions: ParsableArguments {
    @Option(help: "Wallets with the key's numbers from the first one's on: 1…16. Payouts spread over them.")
    var subwallets = 1

    static let most = 16

    func validate() throws {
        guard (1...Self.most).contains(subwallets) else {
            throw ValidationError("--subwallets must be in 1…\(Self.most)")
        }
    }

    /// The numbers of the wallets.
    func numbers(from first: UInt32) throws -> ClosedRange<UInt32> {
        let (last, isTooMuch) = first.addingReportingOverflow(UInt32(subwallets - 1))
        guard !isTooMuch else { throw ValidationError("--subwallets: the last wallet's number is above 4294967295") }
        return first...last
    }

    /// The terms of each wallet.
    func terms(from first: WalletTermsOptions) throws -> [WalletTermsOptions] {
        guard subwallets == 1 || first.kind == .highloadV3 else {
            throw ValidationError("--subwallets needs --kind highload_v3: the others have no numbers")
        }
        return try numbers(from: first.subwallet).map { number in
            var terms = first
            terms.subwallet = number
            return terms
        }
    }
}

/// The kinds of wallets that a key of ours can have.
enum WalletKind: String, ExpressibleByArgument, CaseIterable {
    case highloadV3 = "highload_v3"
    case v5r1
    case v4r2

    /// The code that is deployed for it.
    var code: ContractCode {
        switch self {
        case .highloadV3: .highloadV3
        case .v5r1: .walletV5R1
        case .v4r2: .walletV4R2
        }
    }
}

/// A wallet of a key.
enum AnyWallet {
    case highload(HighloadWalletV3)
    case v5(WalletV5R1)
    case v4(WalletV4R2)

    var address: Address {
        switch self {
        case .highload(let wallet): wallet.address
        case .v5(let wallet): wallet.address
        case .v4(let wallet): wallet.address
        }
    }

    /// The message that deploys the wallet. A wallet is deployed by a message that it carries out: it sends itself a
    /// little. A highload wallet uses an id for it that is never given out to payouts.
    func deployment(_ code: Cell, time: UInt64, signedBy key: borrowing SigningKey) throws -> ExternalMessage {
        let payout = Payout(to: address, amount: Coins(Self.deploymentNanoTON))
        let until = UInt32(truncatingIfNeeded: time + 300)
        let action = SendAction(try payout.message(), mode: [.paysFees, .ignoresErrors])
        switch self {
        case .highload(let wallet):
            guard let id = QueryID(place: QueryID.ordinary) else { throw CommandFailure("there is no reserved id") }
            return try wallet.message(wallet.direct(payout, id, createdAt: time), signedBy: key, deploying: code)
        case .v5(let wallet):
            return try wallet.message([action], sequenceNumber: 0, validUntil: until, signedBy: key, deploying: code)
        case .v4(let wallet):
            return try wallet.message([action], sequenceNumber: 0, validUntil: until, signedBy: key, deploying: code)
        }
    }

    /// What it sends itself.
    static let deploymentNanoTON: UInt64 = 1_000_000
    /// What it must have for that.
    static let deploymentBalanceMin: UInt64 = 20_000_000
}

extension Network: ExpressibleByArgument {}

extension AnyWallet {
    /// What is known of a wallet without a chain.
    func facts(_ publicKey: [UInt8], _ terms: WalletTermsOptions, _ network: NetworkOptions) -> [(String, JSONValue?)] {
        var found: [(String, JSONValue?)] = [
            ("address", .string(network.written(address))),
            ("address_bounceable", .string(network.written(address, isBounceable: true))),
            ("address_raw", .string("\(address)")), ("network", .string(network.network.rawValue)),
            ("kind", .string(terms.kind.rawValue)), ("public_key", .string(Hex.encode(publicKey))),
        ]
        if case .highload(let wallet) = self {
            found.append(("subwallet", .integer(Int64(wallet.subwallet))))
            found.append(("timeout", .integer(Int64(wallet.timeout))))
        }
        return found
    }
}
