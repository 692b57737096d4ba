/// The secret by which a client proves who it is: `bx_` and 43 characters of base64url, which are 32 random bytes.
///
/// Only its digest is stored. 256 random bits cannot be guessed, so a fast hash without salt is enough.
package struct APIKey: Sendable {
    /// How many characters a key has: 3 of the prefix and 43 of base64url.
    package static let characterCount = 46

    /// The key itself, to be shown once to its owner and never logged.
    package let secret: String

    private init(secret: String) { self.secret = secret }

    /// A new random key.
    package static func random() -> APIKey {
        APIKey(secret: "bx_" + Base64URL.encode(SecureRandom.bytes(32)))
    }

    /// The key that `text` is; nothing if it has not the form of one.
    package init?(_ text: String) {
        guard Self.isWellFormed(Array(text.utf8).span) else { return nil }
        secret = text
    }

    /// Whether `text` has the form of a key, in the only way to write its 32 bytes.
    package static func isWellFormed(_ text: Span<UInt8>) -> Bool {
        guard text.count == characterCount else { return false }
        guard text[0] == UInt8(ascii: "b"), text[1] == UInt8(ascii: "x"), text[2] == UInt8(ascii: "_") else {
            return false
        }
        return Base64URL.decode(text.extracting(3...)) != nil
    }

    /// What is stored of the key: ``hash(of:)`` of its characters.
    package var digest: Digest256 { Self.hash(of: Array(secret.utf8).span) }

    /// The SHA-256 of a key's 46 characters, prefix included.
    package static func hash(of text: Span<UInt8>) -> Digest256 { SHA256.hash(text) }
}

extension APIKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Only the prefix, so that a key cannot reach a log by accident.
    package var description: String { "bx_…" }
    /// Only the prefix.
    package var debugDescription: String { description }
    /// Nothing: a mirror would show the secret.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
