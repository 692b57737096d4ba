internal import API
internal import ArgumentParser
internal import Foundation
internal import Marketplace
internal import TON
internal import Units

/// Who may log in to `bombyx serve` without a key of the operator's.
struct LoginOptions: ParsableArguments {
    @Option(help: "A domain for which TON wallets may log in, as in market.example.com; may be given several times.")
    var loginDomain: [String] = []

    @Option(
        name: [.customLong("login-network"), .customLong("network")],
        help: "The network of these wallets, of addresses that money goes to, and of --chain: mainnet or testnet."
    )
    var loginNetwork = LoginNetwork.mainnet

    @Option(help: ArgumentHelp("The token of the bot whose Mini App's users may log in.", valueName: "file"))
    var telegramBotTokenFile: String?

    @Option(
        name: .customLong("telegram-bot-id"),
        help: "The number of that bot, when Telegram's own signature is checked; then no token is needed."
    )
    var telegramBotID: Int64?

    @Flag(help: "With --telegram-bot-id: the signature is that of Telegram's test environment.")
    var telegramTest = false

    @Option(help: "Requests of logins a minute of each address; off for no limit.")
    var loginRate = String(Limits.loginRequestsPerMinuteDefault)

    func validate() throws {
        for domain in loginDomain where !LoginSettings.isDomain(domain) {
            throw ValidationError("--login-domain is a host in lower case like market.example.com, without https://.")
        }
        guard telegramBotTokenFile == nil || telegramBotID == nil else {
            throw ValidationError("--telegram-bot-token-file and --telegram-bot-id exclude each other.")
        }
        if let telegramBotID, telegramBotID < 1 { throw ValidationError("--telegram-bot-id is a number above zero.") }
        guard !telegramTest || telegramBotID != nil else {
            throw ValidationError("--telegram-test needs --telegram-bot-id.")
        }
        guard loginRate == "off" || Int64(loginRate).flatMap({ RateLimit(loginsPerMinute: $0) }) != nil else {
            throw ValidationError("--login-rate is off or a number from 1 to 1000000.")
        }
    }

    /// `nil` when nobody logs in.
    func settings() throws -> LoginSettings? {
        let telegram = try telegram()
        guard telegram != nil || !loginDomain.isEmpty else { return nil }
        return LoginSettings(domains: Set(loginDomain), network: network, telegram: telegram)
    }

    var network: TONNetwork { loginNetwork == .mainnet ? .mainnet : .testnet }

    /// The same, as the chain calls it.
    var chainNetwork: Network { loginNetwork == .mainnet ? .mainnet : .testnet }

    var limit: RateLimit? { Int64(loginRate).flatMap { RateLimit(loginsPerMinute: $0) } }

    private func telegram() throws -> TelegramCheck? {
        if let telegramBotID { return .signature(bot: telegramBotID, isTest: telegramTest) }
        guard let file = telegramBotTokenFile else { return nil }
        guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
            throw ServeError("--telegram-bot-token-file: \(file) cannot be read")
        }
        guard let secret = BotSecret(token: text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ServeError("--telegram-bot-token-file: \(file) holds no token like 123456789:AAExample")
        }
        return .secret(secret)
    }
}

/// As people name TON's networks.
enum LoginNetwork: String, ExpressibleByArgument {
    case mainnet, testnet
}
