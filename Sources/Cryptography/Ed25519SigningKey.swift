internal import CSodium

extension Ed25519 {
    package static let seedByteCount = 32

    /// A secret key (RFC 8032). Its bytes lie in memory that is locked and guarded, are wiped when the key goes, and
    /// are shown to nobody.
    @safe package final class SigningKey: Sendable {
        package let publicKey: [UInt8]
        /// Seed and public key, as libsodium keeps them; never changed after it was made.
        private nonisolated(unsafe) let secret: UnsafeMutablePointer<UInt8>

        private static let secretByteCount = 64

        /// The key that `seed` is, in the form of RFC 8032, section 5.1.5; nothing unless it has 32 bytes.
        package init?(seed: [UInt8]) {
            guard seed.count == seedByteCount, isSodiumStarted else { return nil }
            guard let memory = unsafe sodium_malloc(Self.secretByteCount) else { return nil }
            unsafe secret = memory.bindMemory(to: UInt8.self, capacity: Self.secretByteCount)
            var publicKey = [UInt8](repeating: 0, count: publicKeyByteCount)
            let status = unsafe crypto_sign_seed_keypair(&publicKey, secret, seed)
            precondition(status == 0, "every seed gives a key")
            unsafe sodium_mprotect_readonly(memory)
            self.publicKey = publicKey
        }

        deinit { unsafe sodium_free(secret) }

        /// A new random key.
        package static func random() -> SigningKey {
            guard let key = SigningKey(seed: SecureRandom.bytes(seedByteCount)) else {
                preconditionFailure("there is no memory for a key")
            }
            return key
        }

        /// The signature of `message`: 64 bytes, the same each time.
        package func sign(_ message: [UInt8]) -> [UInt8] {
            var signature = [UInt8](repeating: 0, count: signatureByteCount)
            let status = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
            precondition(status == 0, "every message can be signed")
            return signature
        }
    }
}

extension Ed25519.SigningKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The public key only.
    package var description: String { "Ed25519 key \(Hex.encode(publicKey))" }
    /// The public key only.
    package var debugDescription: String { description }
    /// Nothing: a mirror would show the secret.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

private let isSodiumStarted = sodium_init() >= 0
