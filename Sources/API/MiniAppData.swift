internal import Cryptography
internal import JSON
internal import Units

/// What Telegram hands to the page of a Mini App (`initData`): who the user is, signed for the bot whose app it is, and
/// by Telegram for everybody.
struct MiniAppData {
    /// Decoded, in the order of their names.
    private let fields: [(name: String, value: String)]

    private static let fieldsMax = 64

    /// `nil` unless it is a query string that has each name once, at most ``Limits/miniAppBytesMax`` long.
    init?(_ text: ArraySlice<UInt8>) {
        guard !text.isEmpty, text.count <= Limits.miniAppBytesMax else { return nil }
        var fields: [(name: String, value: String)] = []
        for part in text.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard fields.count < Self.fieldsMax, let equals = part.firstIndex(of: UInt8(ascii: "=")),
                let name = Self.decode(part[..<equals]), let value = Self.decode(part[equals...].dropFirst()),
                // A line of what is signed is one field.
                !name.isEmpty, !name.utf8.contains(UInt8(ascii: "\n")), !name.utf8.contains(UInt8(ascii: "=")),
                !value.utf8.contains(UInt8(ascii: "\n")), !fields.contains(where: { $0.name == name })
            else { return nil }
            fields.append((name, value))
        }
        self.fields = fields.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> String? {
        text.percentDecoded().flatMap { String(validating: $0, as: UTF8.self) }
    }

    private func value(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    /// One `name=value` a line, without the fields that sign the others.
    private func checkedText(without signatures: Set<String>) -> String {
        fields.filter { !signatures.contains($0.name) }.map { "\($0.name)=\($0.value)" }.joined(separator: "\n")
    }

    /// Whether it is signed for the bot, by a check that takes as long for any wrong signature.
    func isSigned(by check: TelegramCheck) -> Bool {
        switch check {
        case .secret(let secret): isSigned(by: secret)
        case .signature(let bot, let isTest): isSigned(forBot: bot, by: isTest ? Self.testKey : Self.productionKey)
        }
    }

    /// HMAC-SHA256 with the key that the bot's token makes; in constant time.
    private func isSigned(by secret: BotSecret) -> Bool {
        guard let stated = value("hash").flatMap({ Digest256(hex: $0) }) else { return false }
        let code = HMACSHA256.code(Array(checkedText(without: ["hash"]).utf8), key: secret.key.bytes)
        return constantTimeEquals(code, stated)
    }

    /// Ed25519 by Telegram, over the bot's number too.
    func isSigned(forBot number: Int64, by publicKey: [UInt8]) -> Bool {
        guard let signature = value("signature").flatMap({ Base64URL.decode($0) }) else { return false }
        let text = "\(number):WebAppData\n" + checkedText(without: ["hash", "signature"])
        return Ed25519.isValid(signature, of: Array(text.utf8), by: publicKey)
    }

    /// Telegram's keys for third parties (core.telegram.org/bots/webapps).
    static let productionKey = key("e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d")
    static let testKey = key("40055058a4ee38156a06562e52eece92a771bcd8346a8c4615cb7376eddf72ec")

    private static func key(_ hex: String) -> [UInt8] {
        guard let bytes = Hex.decode(hex) else { preconditionFailure("a key is hexadecimal") }
        return bytes
    }

    /// Of what is signed, so that the same data have one digest however they are encoded.
    var digest: Digest256 { SHA256.hash(Array(checkedText(without: ["hash", "signature"]).utf8)) }

    /// When it was signed, in seconds since 1970.
    var authDate: Int64? { value("auth_date").flatMap { Array($0.utf8)[...].decimal } }

    /// The user's number, above zero; `nil` for data of a chat without a user.
    var user: Int64? {
        guard let user = value("user"), let json = try? JSONValue(Array(user.utf8)), let id = json["id"]?.integer else {
            return nil
        }
        return id > 0 ? id : nil
    }
}
