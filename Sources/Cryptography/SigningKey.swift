internal import CSodium

/// A key that signs (Ed25519, RFC 8032). It cannot be copied or printed, and leaves the memory when it is dropped.
package struct SigningKey: ~Copyable {
    private let secret: SecretBytes
    /// 32 bytes.
    package let publicKey: [UInt8]

    package static let seedByteCount = 32
    private static let secretByteCount = 64

    /// The key that follows from a seed, which stays the caller's to wipe.
    package init(seed: Span<UInt8>) throws(SecretError) {
        guard seed.count == Self.seedByteCount else { throw .seedLength(seed.count) }
        var secret = try SecretBytes(count: Self.secretByteCount)
        var publicKey = [UInt8](repeating: 0, count: Ed25519.publicKeyByteCount)
        secret.withMutableBytes { span in
            unsafe span.withUnsafeMutableBufferPointer { secret in
                unsafe seed.withUnsafeBufferPointer { seed in
                    guard let secret = secret.baseAddress, let seed = seed.baseAddress else { return }
                    _ = unsafe crypto_sign_seed_keypair(&publicKey, secret, seed)
                }
            }
        }
        self.secret = secret
        self.publicKey = publicKey
    }

    /// A key of random bytes.
    package static func random() throws(SecretError) -> SigningKey {
        let seed = try SecretBytes.random(seedByteCount)
        return try seed.withBytes { (bytes) throws(SecretError) in try SigningKey(seed: bytes) }
    }

    /// The signature of a message: 64 bytes, the same each time.
    package borrowing func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
        let status = secret.withBytes { secret in
            unsafe secret.withUnsafeBufferPointer { secret in
                guard let secret = secret.baseAddress else { return Int32(-1) }
                return unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
            }
        }
        precondition(status == 0, "signing with a key does not fail")
        return signature
    }
}
