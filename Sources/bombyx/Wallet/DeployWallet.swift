internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import Glibc
internal import JSON
internal import TON
internal import Toncenter

/// `bombyx wallet deploy`.
struct DeployWallet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Put the contract of a wallet, or of several, at its address, which must have a little money.",
        discussion: """
            The contract's code is not part of this program. It comes from a file (--code: a bag of cells, as it is, \
            in base64 or in hexadecimal digits) or from an account that has the same contract (--code-from); either \
            way it is deployed only if it has the known hash. A wallet that is deployed already is left as it is.
            Several wallets are deployed one after the other; it ends with the first that cannot be.
            Exit codes: 0 when they are deployed; 1 when one is not.
            """
    )

    @Option(help: "A file with the contract's code.", completion: .file())
    var code: String?

    @Option(help: "The address of an account with the same contract.")
    var codeFrom: String?

    @Option(help: "Seconds to wait until it is final: 1…3600.")
    var wait: UInt64 = 120

    @OptionGroup var key: WalletKeyOptions
    @OptionGroup var terms: WalletTermsOptions
    @OptionGroup var count: SubwalletOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var provider: ProviderOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard code == nil || codeFrom == nil else {
            throw ValidationError("--code and --code-from exclude each other.")
        }
        guard (1...3_600).contains(wait) else { throw ValidationError("--wait must be in 1…3600") }
        if let codeFrom { _ = try network.address(codeFrom, "--code-from") }
    }

    func run() throws {
        try WalletCommand.run("deploy") {
            let key = try key.load()
            var client = try provider.client(network.network)
            var found: [[(String, JSONValue?)]] = []
            for terms in try count.terms(from: terms) { found.append(try deploy(terms, key, &client)) }
            WalletCommand.show(each: found, json: json)
        }
    }

    /// Deploys one, unless it is; gives what is known of it then.
    private func deploy(
        _ terms: WalletTermsOptions,
        _ key: borrowing SigningKey,
        _ client: inout ToncenterClient
    ) throws -> [(String, JSONValue?)] {
        let wallet = try terms.wallet(key.publicKey, on: network.network)
        let isDone = try state(wallet, &client).isActive
        if !isDone {
            let cell = try foundCode(&client)
            guard terms.kind.code.matches(cell) else {
                throw CommandFailure(
                    "the code has the hash \(Hex.encode(cell.hash)), and that of \(terms.kind.rawValue) is "
                        + "\(Hex.encode(terms.kind.code.hash)): other code is never deployed"
                )
            }
            try deploy(wallet, cell, key, &client)
        }
        let state = try state(wallet, &client)
        var members = wallet.facts(key.publicKey, terms, network)
        members.append(("deployed", .string(isDone ? "before" : "now")))
        members.append(("last_lt", .string(String(state.lastLogicalTime))))
        members.append(("last_hash", .string(Hex.encode(state.lastHash))))
        members.append(("balance_nanoton", .string(String(state.balance.nanoTON))))
        return members
    }

    private func state(_ wallet: AnyWallet, _ client: inout ToncenterClient) throws -> ChainAccount {
        try client.asking { (client) throws(ChainError) in try client.account(wallet.address) }
    }

    /// Sends the message, the same again every ten seconds, until the wallet is there.
    private func deploy(
        _ wallet: AnyWallet,
        _ code: Cell,
        _ key: borrowing SigningKey,
        _ client: inout ToncenterClient
    ) throws {
        let balance = try state(wallet, &client).balance
        guard balance >= Coins(AnyWallet.deploymentBalanceMin) else {
            let least = Coins(AnyWallet.deploymentBalanceMin).written
            throw CommandFailure(
                "the wallet has \(balance.written): send it \(least) or more, to \(network.written(wallet.address))"
            )
        }
        let head = try client.asking { (client) throws(ChainError) in try client.head() }
        let bag = try wallet.deployment(code, time: head.time, signedBy: key).bag()
        for second in 0..<wait {
            if second % 10 == 0 {
                let answer = try? client.asking { (client) throws(ChainError) in try client.send(bag) }
                if case .refused(let code)? = answer, second == 0 {
                    let words = code.map { "exit code \($0)" } ?? "it has no money for it"
                    throw CommandFailure("the chain refuses the message: \(words)")
                }
            }
            sleep(1)
            if try state(wallet, &client).isActive { return }
        }
        throw CommandFailure("the wallet is not deployed after \(wait) seconds; to try again does no harm")
    }

    private func foundCode(_ client: inout ToncenterClient) throws -> Cell {
        if let codeFrom {
            let address = try network.address(codeFrom, "--code-from")
            guard let cell = try client.asking({ (client) throws(ChainError) in try client.code(of: address) }) else {
                throw CommandFailure("the account \(codeFrom) shows no code")
            }
            return cell
        }
        guard let code else { throw CommandFailure("--code or --code-from must say where the contract's code is") }
        guard let data = FileManager.default.contents(atPath: code) else {
            throw CommandFailure("\(code) cannot be read")
        }
        let bytes = Array(data.prefix(4 * BagOfCells.bytesMax))
        let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        for form in [bytes, Hex.decode(text), Base64.decode(text), Base64URL.decode(text)] {
            if let form, let cell = try? BagOfCells.read(form, allowsExotic: true) { return cell }
        }
        throw CommandFailure("\(code) is no bag of cells, as it is, in base64 or in hexadecimal digits")
    }
}
