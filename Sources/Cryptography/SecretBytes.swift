internal import CSodium

/// Why there is no secret or no key.
package enum SecretError: Error, Hashable, Sendable {
    /// The system gives no memory that stays out of the swap file: raise the limit of locked memory (`ulimit -l`).
    case noLockedMemory
    /// A seed has ``SigningKey/seedByteCount`` bytes.
    case seedLength(Int)
}

/// Bytes of a secret: in memory that is locked, surrounded by guard pages, left out of core dumps, and wiped in the
/// end. They are never copied, printed or compared.
@safe package struct SecretBytes: ~Copyable {
    private let start: UnsafeMutablePointer<UInt8>
    package let count: Int

    /// Zeros. Throws ``SecretError/noLockedMemory``.
    package init(count: Int) throws(SecretError) {
        precondition(count > 0, "a secret has bytes")
        guard sodium_init() >= 0, let memory = unsafe sodium_malloc(count) else { throw .noLockedMemory }
        // The allocation goes on when the lock fails; we do not.
        guard unsafe sodium_mlock(memory, count) == 0 else {
            unsafe sodium_free(memory)
            throw .noLockedMemory
        }
        unsafe start = memory.bindMemory(to: UInt8.self, capacity: count)
        unsafe start.initialize(repeating: 0, count: count)
        self.count = count
    }

    /// Random bytes, from the kernel by way of libsodium.
    package static func random(_ count: Int) throws(SecretError) -> SecretBytes {
        let secret = try SecretBytes(count: count)
        unsafe randombytes_buf(secret.start, count)
        return secret
    }

    deinit { unsafe sodium_free(start) }

    /// Reads the bytes.
    package borrowing func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe UnsafeBufferPointer(start: start, count: count).span)
    }

    /// Writes the bytes.
    package mutating func withMutableBytes<Result: ~Copyable, Failure: Error>(
        _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe UnsafeMutableBufferPointer(start: start, count: count).mutableSpan
        return try body(&span)
    }
}

/// Wipes bytes that are no longer needed; the memory stays the caller's.
package func wipe(_ bytes: inout [UInt8]) {
    unsafe bytes.withUnsafeMutableBytes { buffer in
        if let start = buffer.baseAddress { unsafe sodium_memzero(start, buffer.count) }
    }
}
