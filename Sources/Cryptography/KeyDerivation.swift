internal import COpenSSL
internal import CSodium

/// Secrets that follow from other secrets. Nothing of them is left in memory that is not locked.
package enum KeyDerivation {
    /// Bytes of HMAC-SHA-512.
    package static let hmacByteCount = 64

    /// HMAC-SHA-512 (RFC 2104) of a message by a key of any length but 0.
    package static func hmacSHA512(key: Span<UInt8>, message: Span<UInt8>) throws(SecretError) -> SecretBytes {
        precondition(!key.isEmpty, "a key has bytes")
        var result = try SecretBytes(count: hmacByteCount)
        result.withMutableBytes { span in
            unsafe span.withUnsafeMutableBufferPointer { output in
                guard let output = output.baseAddress else { return }
                var state = crypto_auth_hmacsha512_state()
                unsafe key.withUnsafeBufferPointer { key in
                    guard let start = key.baseAddress else { return }
                    _ = unsafe crypto_auth_hmacsha512_init(&state, start, key.count)
                }
                unsafe message.withUnsafeBufferPointer { message in
                    _ = unsafe crypto_auth_hmacsha512_update(&state, message.baseAddress, UInt64(message.count))
                }
                _ = unsafe crypto_auth_hmacsha512_final(&state, output)
                unsafe sodium_memzero(&state, MemoryLayout<crypto_auth_hmacsha512_state>.size)
            }
        }
        return result
    }

    /// PBKDF2 with HMAC-SHA-512 (RFC 8018, section 5.2).
    package static func pbkdf2(
        password: borrowing SecretBytes,
        salt: String,
        iterations: Int32,
        count: Int
    ) throws(SecretError) -> SecretBytes {
        var result = try SecretBytes(count: count)
        let salt = Array(salt.utf8)
        let status = password.withBytes { password in
            result.withMutableBytes { span in
                unsafe span.withUnsafeMutableBufferPointer { output in
                    unsafe password.withUnsafeBufferPointer { password in
                        unsafe password.withMemoryRebound(to: CChar.self) { password in
                            unsafe PKCS5_PBKDF2_HMAC(
                                password.baseAddress,
                                Int32(password.count),
                                salt,
                                Int32(salt.count),
                                iterations,
                                EVP_sha512(),
                                Int32(output.count),
                                output.baseAddress
                            )
                        }
                    }
                }
            }
        }
        precondition(status == 1, "OpenSSL has PBKDF2 with SHA-512")
        return result
    }
}
