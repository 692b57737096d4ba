internal import CSodium

/// Ed25519 (RFC 8032), by libsodium.
package enum Ed25519 {
    package static let publicKeyByteCount = 32
    package static let signatureByteCount = 64

    /// Whether `signature` is one of `message` by the owner of the key. Keys of small order, points that are not on
    /// the curve and numbers that are not reduced are refused.
    package static func isValid(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount else { return false }
        return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }
}
