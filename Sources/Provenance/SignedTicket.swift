package import Cryptography

/// Names a public key of the exchange: the first eight bytes of the SHA-256 of its 32 bytes.
package struct KeyName: Hashable, Sendable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    /// The name of `publicKey`.
    package init(of publicKey: [UInt8]) { rawValue = SHA256.hash(publicKey).prefix }

    /// The eight bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(rawValue, byteCount: 8)
        return bytes
    }

    /// The name in 16 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }
}

extension Ticket {
    private static let textPrefix = "bxt1."

    /// The ticket as it is given away: `bxt1.BODY.SIGNATURE`, both in base64url. The signature's part is the name of
    /// the key (``KeyName``) and the 64 bytes of the signature of `bx-ticket/v1`, a zero byte and the body. The same
    /// text each time.
    package func signed(by key: Ed25519.SigningKey) -> String {
        let body = bytes
        let signature = key.sign(Self.signingInput(of: body))
        return Self.textPrefix + Base64URL.encode(body) + "."
            + Base64URL.encode(KeyName(of: key.publicKey).bytes + signature)
    }

    /// The ticket that `text` is, if one of `keys` has signed it: the public keys of the exchange, 32 bytes each.
    ///
    /// This is all that a worker has to ask about a ticket's origin; whether its deadline has passed is for the
    /// worker's clock.
    package static func verify(_ text: String, keys: [[UInt8]]) throws(TicketError) -> Ticket {
        guard text.utf8.count <= textBytesMax, text.hasPrefix(textPrefix) else { throw .notATicket }
        let parts = text.dropFirst(textPrefix.count).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let body = Base64URL.decode(String(parts[0])),
            let seal = Base64URL.decode(String(parts[1])), seal.count == 8 + Ed25519.signatureByteCount
        else { throw .notATicket }
        let name = KeyName(rawValue: seal[..<8].reduce(0) { $0 << 8 | UInt64($1) })
        guard let key = keys.first(where: { KeyName(of: $0) == name }) else { throw .unknownKey(name) }
        guard Ed25519.isValid(Array(seal[8...]), of: signingInput(of: body), by: key) else { throw .invalidSignature }
        return try Ticket(bytes: body)
    }

    /// The most characters that a ticket's text has.
    package static let textBytesMax = 1_004

    private static func signingInput(of body: [UInt8]) -> [UInt8] { prefixed("bx-ticket/v1", body) }
}
