internal import Cryptography

/// How people may log in, and with what their proofs are checked. A server without it has no logins.
package final class LoginSettings: Sendable {
    /// Names that wallets may have shown their owners, in lower case; empty when no wallet logs in here.
    package let domains: Set<String>
    /// Where the wallets are.
    package let network: TONNetwork
    /// `nil` when nobody logs in from a Mini App.
    package let telegram: TelegramCheck?

    package init(domains: Set<String> = [], network: TONNetwork = .mainnet, telegram: TelegramCheck? = nil) {
        self.domains = domains
        self.network = network
        self.telegram = telegram
    }

    /// Whether `domain` is what a wallet calls an app: a host, with its port unless that is the usual one; lower case,
    /// at most 128 bytes (TON Connect, `ton_proof`).
    package static func isDomain(_ domain: String) -> Bool {
        guard (1...domainBytesMax).contains(domain.utf8.count), let first = domain.utf8.first else { return false }
        let isPlain = domain.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "."), UInt8(ascii: ":"):
                true
            default: false
            }
        }
        return isPlain && first.isAlphanumeric
    }

    static let domainBytesMax = 128
}

/// A network of TON, by the number that TON Connect gives it.
package enum TONNetwork: String, CaseIterable, Sendable {
    case mainnet = "-239"
    case testnet = "-3"
}

/// With what the data of a Mini App are checked.
package enum TelegramCheck: Sendable {
    /// By what only the bot and Telegram know.
    case secret(BotSecret)
    /// By Telegram's own signature for the bot of this number, which needs no secret; or that of its test environment.
    case signature(bot: Int64, isTest: Bool)
}

/// What a bot's token makes of the key of data that are signed for its Mini App. The token itself is not kept, and
/// neither can be printed.
package struct BotSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    let key: Digest256

    /// `nil` unless `token` has the form of one: a number, a colon, and at least 16 of A-Z a-z 0-9 _ -.
    package init?(token: String) {
        let parts = token.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, Array(parts[0].utf8)[...].decimal ?? 0 > 0, (16...128).contains(parts[1].utf8.count),
            parts[1].utf8.allSatisfy({ $0.isAlphanumeric || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
        else { return nil }
        key = HMACSHA256.code(Array(token.utf8), key: Array("WebAppData".utf8))
    }

    /// Nothing of it.
    package var description: String { "the secret of a bot" }
    /// Nothing of it.
    package var debugDescription: String { description }
    /// Nothing: a mirror would show it.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
