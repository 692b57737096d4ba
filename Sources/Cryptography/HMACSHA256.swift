internal import CSodium

/// HMAC-SHA256 (RFC 2104), by libsodium.
package enum HMACSHA256 {
    /// The code of `message` under a key of any length.
    package static func code(_ message: [UInt8], key: [UInt8]) -> Digest256 {
        var state = crypto_auth_hmacsha256_state()
        var bytes = [UInt8](repeating: 0, count: Digest256.byteCount)
        unsafe crypto_auth_hmacsha256_init(&state, key, key.count)
        unsafe crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
        unsafe crypto_auth_hmacsha256_final(&state, &bytes)
        guard let code = Digest256(bytes) else { preconditionFailure("a code has 32 bytes") }
        return code
    }
}
