internal import Cryptography

/// A name of 16 bytes, compared and hashed as two numbers.
package protocol SixteenBytes: Hashable, Sendable {
    /// The first eight bytes, the first the most significant.
    var high: UInt64 { get }
    /// The last eight bytes.
    var low: UInt64 { get }
    init(high: UInt64, low: UInt64)
}

extension SixteenBytes {
    /// The name that `bytes` are; nothing if there are not 16 of them.
    package init?(_ bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard bytes.count == 16, let high = reader.unsigned(8), let low = reader.unsigned(8) else { return nil }
        self.init(high: high, low: low)
    }

    /// The 16 bytes.
    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(high, byteCount: 8)
        bytes.append(low, byteCount: 8)
        return bytes
    }

    /// The name in 32 lower-case hexadecimal digits.
    package var hex: String { Hex.encode(bytes) }
}

/// Who a party of a receipt is: the first 16 bytes of the SHA-256 of its receipt key, which are the 32 bytes of an
/// Ed25519 public key (RFC 8032).
package struct PartyID: SixteenBytes {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The party that signs with `receiptKey`.
    package init(receiptKey: [UInt8]) {
        var reader = ByteReader(SHA256.hash(receiptKey).bytes)
        guard let high = reader.unsigned(8), let low = reader.unsigned(8) else {
            preconditionFailure("a digest has 32 bytes")
        }
        self.init(high: high, low: low)
    }
}

/// The worker's name for the request that a receipt was written for; any 16 bytes, 0 when it gives none.
package struct JobID: SixteenBytes {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
