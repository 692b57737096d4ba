internal import ArgumentParser
internal import Cryptography
internal import Demonstration
internal import Foundation
internal import JSON
internal import TON
internal import Toncenter

/// Whose account is looked at: a wallet of ours, or any address.
struct AccountOptions: ParsableArguments {
    @Option(help: "An address to look at instead of the wallet of a key.")
    var address: String?

    @OptionGroup var key: WalletKeyOptions
    @OptionGroup var terms: WalletTermsOptions
    @OptionGroup var network: NetworkOptions
    @OptionGroup var provider: ProviderOptions
    @OptionGroup var second: SecondProviderOptions

    /// The last block that is final and what the accounts have then. Two providers may be asked a block apart; that
    /// they differ in the money of the same transaction is no matter of time.
    func states(of addresses: [Address]) throws -> (head: ChainHead, accounts: [ChainAccount]) {
        let first = try Self.states(of: addresses, provider.client(network.network))
        guard let settings = try second.settings(network.network, beside: provider) else { return first }
        let second = try Self.states(of: addresses, ToncenterClient(settings))
        for (account, confirmed) in zip(first.accounts, second.accounts) where confirmed != account {
            let (one, two) = (account.balance.written, confirmed.balance.written)
            let (here, there) = (account.lastLogicalTime, confirmed.lastLogicalTime)
            throw CommandFailure("the providers differ: \(one) after \(here), and \(two) after \(there)")
        }
        return (ChainAgreement(above: .zero).agreed(first.head, second.head), first.accounts)
    }

    private static func states(of addresses: [Address], _ client: ToncenterClient) throws
        -> (head: ChainHead, accounts: [ChainAccount])
    {
        var client = client
        let head = try client.asking { (client) throws(ChainError) in try client.head() }
        let accounts = try addresses.map { address in
            try client.asking { (client) throws(ChainError) in try client.account(address) }
        }
        return (head, accounts)
    }

    /// Its final transactions behind a logical time.
    func history(of address: Address, after: UInt64, limit: Int) throws -> [ChainTransaction] {
        let first = try provider.settings(network.network)
        guard let second = try second.settings(network.network, beside: provider) else {
            var client = ToncenterClient(first)
            return try client.asking { (client) throws(ChainError) in
                try client.transactions(of: address, after: after, limit: limit)
            }
        }
        var both = AgreeingProviders(first, second)
        return try both.asking { (client) throws(ChainError) in
            _ = try client.head()
            return try client.transactions(of: address, after: after, limit: limit)
        }
    }

    func found() throws -> Address {
        if let address { return try network.address(address, "--address") }
        return try terms.wallet(try key.load().publicKey, on: network.network).address
    }

    /// The same of several wallets.
    func found(_ count: SubwalletOptions) throws -> [Address] {
        if address != nil { return [try found()] }
        let publicKey = try key.load().publicKey
        return try count.terms(from: terms).map { try $0.wallet(publicKey, on: network.network).address }
    }
}

/// `bombyx wallet balance`.
struct ShowWalletBalance: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balance",
        abstract: "Show what a wallet, or each of several, has at the last final block."
    )

    @OptionGroup var account: AccountOptions
    @OptionGroup var count: SubwalletOptions

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard account.address == nil || count.subwallets == 1 else {
            throw ValidationError("--address and --subwallets exclude each other.")
        }
    }

    func run() throws {
        try WalletCommand.run("balance") {
            let addresses = try account.found(count)
            let (head, states) = try account.states(of: addresses)
            WalletCommand.show(each: zip(addresses, states).map { facts($0, $1, head) }, json: json)
        }
    }

    private func facts(_ address: Address, _ state: ChainAccount, _ head: ChainHead) -> [(String, JSONValue?)] {
        let nanoTON = JSONValue.string(String(state.balance.nanoTON))
        return [
            ("address", .string(account.network.written(address))), ("address_raw", .string("\(address)")),
            ("network", .string(account.network.network.rawValue)),
            json ? ("balance_nanoton", nanoTON) : ("balance", .string(state.balance.written)),
            ("deployed", .boolean(state.isActive)), ("last_lt", .string(String(state.lastLogicalTime))),
            ("last_hash", .string(Hex.encode(state.lastHash))), ("block", .integer(Int64(clamping: head.block))),
            ("time", .integer(Int64(clamping: head.time))),
        ]
    }
}

/// `bombyx wallet history`.
struct ShowWalletHistory: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Show a wallet's final transactions, the oldest first and without gaps."
    )

    @OptionGroup var account: AccountOptions

    @Option(help: "Only what is behind this logical time.")
    var after: UInt64 = 0

    @Option(help: "Transactions at most: 1…10000.")
    var limit = 100

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (1...10_000).contains(limit) else { throw ValidationError("--limit must be in 1…10000") }
    }

    func run() throws {
        try WalletCommand.run("history") {
            let address = try account.found()
            let history = try account.history(of: address, after: after, limit: limit)
            if json {
                let list = JSONValue.array(history.map { $0.json(account.network) })
                say(String(decoding: jsonObject([("transactions", list)]), as: UTF8.self))
                return
            }
            var table = TextTable("rllrrrl")
            table.row("lt", "time", "with", "amount", "fee", "balance", "comment")
            for transaction in history { transaction.rows(account.network, in: &table) }
            for line in table.lines(indent: 0) { say(line) }
        }
    }
}

extension Coins {
    /// `1.500000000 TON`.
    var written: String { Figures.decimal(Int128(nanoTON), scale: 9, decimals: 9) + " TON" }
}

extension ChainMessage {
    fileprivate func json(_ network: NetworkOptions) -> JSONValue {
        let members: [(String, JSONValue?)] = [
            ("hash", .string(Hex.encode(hash))), ("hash_norm", normalizedHash.map { .string(Hex.encode($0)) }),
            ("source", source.map { .string(network.written($0)) } ?? .null),
            ("destination", .string(network.written(destination))),
            ("value_nanoton", .string(String(value.nanoTON))), ("bounced", .boolean(isBounced)),
            ("comment", Comment.text(in: body).map { .string($0) } ?? .null),
        ]
        return .object(members.compactMap { key, value in value.map { JSONValue.Member(key, $0) } })
    }

    /// What it says, in a form that does nothing to a terminal, and the beginning of it only.
    fileprivate var shownComment: String {
        let text = isBounced ? "(came back)" : Comment.text(in: body) ?? ""
        let plain = text.unicodeScalars.prefix(40).map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: "·"
            default: String(scalar)
            }
        }
        return plain.joined() + (text.unicodeScalars.count > 40 ? "…" : "")
    }
}

extension ChainTransaction {
    fileprivate func json(_ network: NetworkOptions) -> JSONValue {
        let code: (Int64?) -> JSONValue = { $0.map { .integer($0) } ?? .null }
        return .object(
            [
                ("lt", .string(String(logicalTime))), ("hash", .string(Hex.encode(hash))),
                ("previous_lt", .string(String(previousLogicalTime))), ("time", .integer(Int64(clamping: time))),
                ("block", .integer(Int64(clamping: block))), ("exit_code", code(outcome.exitCode)),
                ("action_code", code(outcome.actionCode)), ("aborted", .boolean(outcome.isAborted)),
                ("fee_nanoton", .string(String(fees.nanoTON))), ("balance_nanoton", .string(String(balance.nanoTON))),
                ("incoming", incoming.json(network)), ("outgoing", .array(outgoing.map { $0.json(network) })),
            ].map { JSONValue.Member($0, $1) }
        )
    }

    /// A row for the message that it answers, and one for each that it sent.
    fileprivate func rows(_ network: NetworkOptions, in table: inout TextTable) {
        let moment = Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
        let from = incoming.source.map { "from " + network.written($0) } ?? "from outside"
        let amount = incoming.source == nil ? "" : "+" + incoming.value.written
        table.row("\(logicalTime)", moment, from, amount, fees.written, balance.written, incoming.shownComment)
        for message in outgoing {
            let to = "to " + network.written(message.destination)
            table.row("", "", to, "−" + message.value.written, "", "", message.shownComment)
        }
    }
}
