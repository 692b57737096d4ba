internal import CSodium

/// Random numbers for secrets, from the kernel by way of libsodium.
package enum SecureRandom {
    /// `count` random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        precondition(isSodiumReady, "the system has no source of randomness")
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            if let start = buffer.baseAddress { unsafe randombytes_buf(start, count) }
            initialized = count
        }
    }

    /// A random number of 64 bits.
    package static func uint64() -> UInt64 {
        bytes(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
package func constantTimeEquals(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe left.withUnsafeBufferPointer { left in
        unsafe right.withUnsafeBufferPointer { right in
            guard let first = left.baseAddress, let second = right.baseAddress else { return true }
            return unsafe sodium_memcmp(first, second, left.count) == 0
        }
    }
}

/// Whether two digests are equal, in constant time.
package func constantTimeEquals(_ left: Digest256, _ right: Digest256) -> Bool {
    constantTimeEquals(left.bytes.span, right.bytes.span)
}

/// libsodium chooses its implementations once, before the first use; doing so again is harmless.
private let isSodiumReady = sodium_init() >= 0
