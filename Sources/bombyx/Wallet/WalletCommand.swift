internal import ArgumentParser
internal import Cryptography
internal import Foundation
internal import Glibc
internal import JSON
internal import TON

/// `bombyx wallet`: the wallet that the exchange pays from.
struct WalletCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wallet",
        abstract: "The exchange's wallet on TON: make, import, deploy and look at it.",
        discussion: """
            A wallet is a key and a contract at an address that follows from it. Whoever has the words has the money: \
            they are in a file of mode 0600, are never an argument, and are shown only by `wallet new --show-words`. \
            Write them down and keep them apart from this machine.

            The usual order: new, then pay a little to the address, then deploy.
            Exit codes: 0 when it is done; 1 when it cannot be.
            """,
        subcommands: [
            NewWallet.self, ImportWallet.self, ShowWalletAddress.self, DeployWallet.self, ShowWalletBalance.self,
            ShowWalletHistory.self,
        ]
    )

    /// Carries out a command; says what went wrong, if anything does.
    static func run(_ name: String, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error where !(error is ExitCode) && !(error is ValidationError) {
            complain("bombyx wallet \(name): \(error)")
            throw ExitCode(1)
        }
    }

    /// Prints one wallet as ``show(_:json:)`` does, several one after the other; in JSON then as `wallets`.
    static func show(each wallets: [[(String, JSONValue?)]], json: Bool) {
        guard wallets.count > 1 else { return show(wallets.first ?? [], json: json) }
        if json {
            let list = wallets.map { members in
                JSONValue.object(members.compactMap { key, value in value.map { JSONValue.Member(key, $0) } })
            }
            return show([("wallets", .array(list))], json: true)
        }
        for (index, members) in wallets.enumerated() {
            if index > 0 { say("") }
            show(members, json: false)
        }
    }

    /// Prints members as JSON or as a table.
    static func show(_ members: [(String, JSONValue?)], json: Bool) {
        if json {
            say(String(decoding: jsonObject(members), as: UTF8.self))
        } else {
            let object = JSONValue.object(members.compactMap { key, value in value.map { JSONValue.Member(key, $0) } })
            for line in facts(members.map { ($0.0, object.shown($0.0)) }) { say(line) }
        }
    }
}

/// `bombyx wallet new`.
struct NewWallet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Make a wallet: 24 random words in a new file, and the address that follows.",
        discussion: "An existing file is never replaced."
    )

    @Option(help: "The file to make, of mode 0600.", completion: .file())
    var keyFile = ".bombyx/wallet.key"

    @Flag(help: "Print the words too, once, for whoever writes them down. Nothing else ever shows them.")
    var showWords = false

    @OptionGroup var terms: WalletTermsOptions
    @OptionGroup var network: NetworkOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard !showWords || !json else { throw ValidationError("--show-words and --json exclude each other.") }
    }

    func run() throws {
        try WalletCommand.run("new") {
            let mnemonic = try Mnemonic.random()
            let key = try mnemonic.key()
            let wallet = try terms.wallet(key.publicKey, on: network.network)
            try mnemonic.withText { words in Result { try WalletSecret.write(words, to: keyFile) } }.get()
            var members = wallet.facts(key.publicKey, terms, network)
            members.insert(("key_file", .string(keyFile)), at: 0)
            WalletCommand.show(members, json: json)
            if showWords {
                mnemonic.withText { words in
                    unsafe words.withUnsafeBufferPointer { _ = unsafe write(1, $0.baseAddress, $0.count) }
                }
                say("")
            }
        }
    }
}

/// `bombyx wallet import`.
struct ImportWallet: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take a wallet that exists: 24 words or a seed, from the standard input, into a new file.",
        discussion: "Words with a password are not taken. An existing file is never replaced."
    )

    @Option(help: "The file to make, of mode 0600.", completion: .file())
    var keyFile = ".bombyx/wallet.key"

    @Option(help: "The file descriptor to read; 0 is the standard input.")
    var fromFd: Int32 = 0

    @OptionGroup var terms: WalletTermsOptions
    @OptionGroup var network: NetworkOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard fromFd >= 0 else { throw ValidationError("--from-fd is 0 or more.") }
    }

    func run() throws {
        try WalletCommand.run("import") {
            let name = fromFd == 0 ? "the standard input" : "descriptor \(fromFd)"
            let secret = try WalletSecret(reading: fromFd, named: name)
            let key = try secret.key()
            let wallet = try terms.wallet(key.publicKey, on: network.network)
            try secret.write(to: keyFile)
            var members = wallet.facts(key.publicKey, terms, network)
            members.insert(("key_file", .string(keyFile)), at: 0)
            WalletCommand.show(members, json: json)
        }
    }
}

/// `bombyx wallet address`.
struct ShowWalletAddress: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "address",
        abstract: "Show the addresses and the public key of a wallet, or of several; no chain is asked."
    )

    @OptionGroup var key: WalletKeyOptions
    @OptionGroup var terms: WalletTermsOptions
    @OptionGroup var count: SubwalletOptions
    @OptionGroup var network: NetworkOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try WalletCommand.run("address") {
            let publicKey = try key.load().publicKey
            let wallets = try count.terms(from: terms).map { terms in
                try terms.wallet(publicKey, on: network.network).facts(publicKey, terms, network)
            }
            WalletCommand.show(each: wallets, json: json)
        }
    }
}
